"""Trains model.json: python train.py PAYMENTS.csv FEATURES.csv MODEL.json (see train.sh)."""
import sys

import numpy as np
import pandas as pd
import xgboost as xgb

DAY_MS = 86_400_000
TRAIN_DAYS = range(40, 60)
TEST_DAYS = range(67, 74)  # labels of the training days are known by then
PARAMETERS = {
    "objective": "binary:logistic",
    "max_depth": 4,
    "eta": 0.15,
    "tree_method": "hist",
    "seed": 1,
    "nthread": 1,
}


def average_precision(label, score):
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(label[order])
    return float(np.sum(hits / np.arange(1, len(label) + 1) * label[order]) / max(label.sum(), 1))


def main(payments_file, features_file, model_file):
    payments = pd.read_csv(payments_file)
    features = pd.read_csv(features_file)
    names = ["amount_cents", "weekend", "night"]
    names += [n for n in features.columns if n.startswith(("c_", "t_"))]
    names += ["times_mean"]
    table = features.assign(amount_cents=payments.amount_cents)[names].astype(np.float32)
    label = payments.fraud.to_numpy()
    day = ((payments.ts_ms - payments.ts_ms.iloc[0]) // DAY_MS).to_numpy()
    train, test = np.isin(day, TRAIN_DAYS), np.isin(day, TEST_DAYS)
    model = xgb.train(
        PARAMETERS,
        xgb.DMatrix(table[train].to_numpy(), label[train], feature_names=names),
        num_boost_round=60,
    )
    score = model.predict(xgb.DMatrix(table[test].to_numpy(), feature_names=names))
    for name, days in [("train", train), ("test", test)]:
        print(f"{name}: {days.sum()} rows, {label[days].sum()} frauds")
    print(f"average precision {average_precision(label[test], score):.3f}")
    alerts = score >= 0.5
    print(f"alerts at 0.5: {alerts.sum()}, of them frauds {label[test][alerts].sum()}")
    model.save_model(model_file)


if __name__ == "__main__":
    main(*sys.argv[1:])
