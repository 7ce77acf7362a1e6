"""Our forest against XGBoost's inplace_predict: same rows, same model, one core, in turns.

    .tools/venv/bin/python bench/micro/forest_vs_xgboost.py build/forest_rate [MODEL.json.gz ...]

Trains 100 and 300 trees of depth 6 and 500 of depth 8 on 64 features (hist, as users do), adds the
models named, and runs five pairs: XGBoost, ours, XGBoost, ours, ... Prints the median ratio of rows
per CPU second with the pairs' spread and the load average. A time counts only after all margins
have agreed bit for bit.
"""

import gzip
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import xgboost as xgb

FEATURES = 64
ROWS_TRAIN = 60_000
ROWS_SCORED = 100_352
PAIRS = 5
SHAPES = [(100, 6), (300, 6), (500, 8)]


def rows_of(random, rows, features):
    x = random.lognormal(0.0, 1.0, (rows, features)).astype(np.float32)
    x[:, ::4] = np.round(x[:, ::4] * 5)  # counts
    x[random.random(x.shape) < 0.02] = np.nan
    return x


def train(random, trees, depth, path):
    x = rows_of(random, ROWS_TRAIN, FEATURES)
    filled = np.nan_to_num(x, nan=-1.0)
    signal = np.sin(filled @ random.normal(0, 0.5, (FEATURES, 8))).sum(axis=1)
    label = signal + random.normal(0, 0.5, ROWS_TRAIN) > 0
    parameters = {"objective": "binary:logistic", "max_depth": depth, "learning_rate": 0.1,
                  "min_child_weight": 0.01, "nthread": 2}
    xgb.train(parameters, xgb.DMatrix(x, label), trees).save_model(path)


def xgboost_rate(booster, x):
    start = time.process_time()
    margins = booster.inplace_predict(x, predict_type="margin")
    return len(x) / (time.process_time() - start), margins


def our_rates(program, model, rows_file, margins_file):
    output = subprocess.run([program, model, rows_file, "3", margins_file], check=True,
                            capture_output=True, text=True).stdout
    return {name: float(rate) for name, rate in (line.split() for line in output.splitlines())}


def compare(program, model, folder, random):
    booster = xgb.Booster({"nthread": 1}, model_file=str(model))
    x = rows_of(random, ROWS_SCORED, booster.num_features())
    rows_file, margins_file = folder / "rows.x", folder / "margins.out"
    np.ascontiguousarray(x.T).tofile(rows_file)
    xgboost_rate(booster, x[:1000])
    ratios, theirs, ours = [], [], []
    for _ in range(PAIRS):
        rate, margins = xgboost_rate(booster, x)
        rates = our_rates(program, str(model), str(rows_file), str(margins_file))
        best = list(rates)[-1]
        if margins.astype(np.float32).tobytes() != margins_file.read_bytes():
            sys.exit(f"{model}: margins differ; no time counts")
        theirs.append(rate)
        ours.append(rates[best])
        ratios.append(rates[best] / rate)
    spread = (max(ratios) - min(ratios)) / statistics.median(ratios)
    others = ", ".join(f"{name} {rate / 1e6:.3f}" for name, rate in rates.items() if name != best)
    print(f"{model.name}: {best} {statistics.median(ours) / 1e6:.2f} M rows/s, "
          f"XGBoost {xgb.__version__} {statistics.median(theirs) / 1e6:.3f}, ratio "
          f"{statistics.median(ratios):.1f} (spread {spread:.0%}); {others}; "
          f"load {os.getloadavg()[0]:.1f}", flush=True)


def main():
    random = np.random.default_rng(7)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        models = [pathlib.Path(path) for path in sys.argv[2:]]
        for trees, depth in SHAPES:
            models.append(folder / f"{trees}xd{depth}.json")
            train(random, trees, depth, models[-1])
        for model in models:
            if model.suffix == ".gz":
                plain = folder / model.stem
                plain.write_bytes(gzip.decompress(model.read_bytes()))
                model = plain
            compare(sys.argv[1], model, folder, random)


if __name__ == "__main__":
    main()
