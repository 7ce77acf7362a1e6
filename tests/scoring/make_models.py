"""Trains small random models with XGBoost and writes them with inputs and XGBoost's own margins.

For tests/scoring/xgboost_test.cpp, which must find every margin bit for bit. Per model NAME in the
output folder: NAME.json, NAME.ubj, NAME.json.gz, NAME.ubj.gz, NAME.x (rows x features float32, row
by row), NAME.margin (float32), NAME.prob (float32). `models.txt` lists NAME FEATURES ROWS TREES,
one line each, TREES being those up to the best iteration; it is written last.
"""

import gzip
import pathlib
import sys

import numpy as np
import xgboost as xgb

ROWS_TRAIN = 3000
ROWS_SCORED = 50000

# One thread: with more, OpenMP spins where the machine is shared, and minutes pass.
BASE = {"objective": "binary:logistic", "nthread": 1, "verbosity": 0, "learning_rate": 0.3}

# name, parameters beside BASE, rounds, features, share of missing values, early stopping
MODELS = [
    ("depth1", {"max_depth": 1}, 20, 5, 0.0, False),
    ("depth2", {"max_depth": 2}, 30, 7, 0.1, False),
    ("depth3", {"max_depth": 3, "base_score": 0.01}, 40, 12, 0.0, False),
    ("depth4", {"max_depth": 4, "base_score": 0.3}, 40, 20, 0.3, False),
    ("depth5", {"max_depth": 5, "base_score": 0.999}, 30, 15, 0.05, False),
    ("depth6", {"max_depth": 6, "base_score": 0.5}, 60, 30, 0.0, False),
    ("depth6_missing", {"max_depth": 6, "base_score": 0.5}, 60, 30, 0.5, False),
    ("depth7", {"max_depth": 7, "min_child_weight": 0.1}, 20, 10, 0.1, False),
    ("depth8", {"max_depth": 8, "min_child_weight": 0}, 20, 40, 0.1, False),
    ("depth9", {"max_depth": 9, "min_child_weight": 0, "reg_lambda": 0}, 15, 8, 0.0, False),
    ("depth10", {"max_depth": 10, "min_child_weight": 0, "reg_lambda": 0}, 15, 12, 0.2, False),
    ("deep", {"max_depth": 0, "grow_policy": "lossguide", "max_leaves": 600,
              "min_child_weight": 0, "reg_lambda": 0, "objective": "reg:logistic"},
     8, 9, 0.1, False),
    ("leaves20", {"max_depth": 0, "grow_policy": "lossguide", "max_leaves": 20},
     40, 16, 0.1, False),
    ("leaves70", {"max_depth": 0, "grow_policy": "lossguide", "max_leaves": 70,
                  "min_child_weight": 0.1}, 20, 16, 0.1, False),
    ("exact", {"tree_method": "exact", "max_depth": 6, "base_score": 0.5}, 25, 10, 0.1, False),
    ("pruned", {"tree_method": "exact", "max_depth": 7, "gamma": 3.0}, 25, 10, 0.1, False),
    ("many_bins", {"max_depth": 8, "max_bin": 2000, "min_child_weight": 0}, 60, 2, 0.02, False),
    ("parallel", {"max_depth": 4, "num_parallel_tree": 4, "subsample": 0.6,
                  "colsample_bynode": 0.6}, 10, 12, 0.1, False),
    ("early", {"max_depth": 6, "learning_rate": 0.8}, 60, 10, 0.1, True),
    ("early_parallel", {"max_depth": 5, "learning_rate": 0.9, "num_parallel_tree": 3,
                        "subsample": 0.7}, 40, 10, 0.0, True),
    ("reg", {"max_depth": 5, "objective": "reg:logistic", "base_score": 0.2}, 30, 10, 0.1, False),
    ("weighted", {"max_depth": 6, "scale_pos_weight": 20, "learning_rate": 1.0},
     30, 10, 0.1, False),
]


def make_rows(random, rows, features, missing):
    """Columns of the kinds a payment model has: amounts, counts, flags, ratios, huge and tiny."""
    kinds = [
        lambda: random.lognormal(3.0, 1.5, rows),
        lambda: random.poisson(3.0, rows),
        lambda: random.integers(0, 2, rows),
        lambda: random.normal(0.0, 1.0, rows),
        lambda: random.normal(0.0, 1.0, rows) * 10.0 ** random.integers(-30, 30, rows),
    ]
    columns = [kinds[f % len(kinds)]() for f in range(features)]
    x = np.stack(columns, axis=1).astype(np.float32)
    x[random.random(x.shape) < missing] = np.nan
    return x


def make_labels(random, x):
    filled = np.nan_to_num(x, nan=-1.0, posinf=0.0, neginf=0.0)
    signal = np.sin(filled[:, 0]) + np.tanh(filled).sum(axis=1) * 0.7 - np.cos(3 * filled[:, -1])
    return (signal + random.normal(0.0, 0.5, len(x)) > np.median(signal)).astype(np.float32)


def rows_to_score(random, x, thresholds):
    """Fresh rows, of which some sit exactly on thresholds, and some are infinite or -0."""
    x = x.copy()
    hits = random.random(x.shape) < 0.1
    x[hits] = random.choice(thresholds, hits.sum())
    x[random.random(x.shape) < 0.005] = -0.0
    x[random.random(x.shape) < 0.002] = np.inf
    x[random.random(x.shape) < 0.002] = -np.inf
    return x


def thresholds_of(booster):
    frame = []
    for tree in booster.get_dump(dump_format="text"):
        for line in tree.splitlines():
            if "<" in line:
                frame.append(float(line.split("<")[1].split("]")[0]))
    return np.array(frame or [0.0], dtype=np.float32)


def write_model(folder, seed, name, parameters, rounds, features, missing, early):
    random = np.random.default_rng(seed)
    x = make_rows(random, ROWS_TRAIN, features, missing)
    train = xgb.DMatrix(x, make_labels(random, x))
    options = {}
    if early:
        other = make_rows(random, ROWS_TRAIN, features, missing)
        watch = xgb.DMatrix(other, make_labels(random, other))
        options = {"evals": [(watch, "watch")], "early_stopping_rounds": 5, "verbose_eval": False}
    booster = xgb.train({**BASE, **parameters, "seed": seed}, train, rounds, **options)

    for form in ("json", "ubj"):
        raw = bytes(booster.save_raw(form))
        (folder / f"{name}.{form}").write_bytes(raw)
        (folder / f"{name}.{form}.gz").write_bytes(gzip.compress(raw, 6))

    fresh = make_rows(random, ROWS_SCORED, features, missing)
    fresh = rows_to_score(random, fresh, thresholds_of(booster))
    last = booster.best_iteration + 1 if early else 0
    span = {"iteration_range": (0, last)} if early else {}
    # inplace_predict takes infinite values, which a DMatrix would refuse.
    margin = booster.inplace_predict(fresh, predict_type="margin", **span)
    prob = booster.inplace_predict(fresh, predict_type="value", **span)
    fresh.tofile(folder / f"{name}.x")
    margin.astype(np.float32).tofile(folder / f"{name}.margin")
    prob.astype(np.float32).tofile(folder / f"{name}.prob")
    trees = len((booster[:last] if early else booster).get_dump())
    return f"{name} {features} {ROWS_SCORED} {trees}\n"


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "models.txt").unlink(missing_ok=True)
    lines = [write_model(folder, 100 + i, *model) for i, model in enumerate(MODELS)]
    (folder / "models.txt").write_text("".join(lines))
    print(f"{len(lines)} models with XGBoost {xgb.__version__} in {folder}")


if __name__ == "__main__":
    main()
