"""`warpscore features` against the published Handbook data of ../shared: every row, every bit.

Usage: handbook_test.py WARPSCORE SHARED [ON_THREADS]

ON_THREADS is the program whose GPU is made of host threads: the GPU's engine gives the CPU's bytes.
Where WARPSCORE finds a GPU, that one must give them too.
Skips with a sentence (exit 77) where the data is not there; ctest knows that code.
"""

import csv
import gzip
import io
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

SKIP = 77
INTEGER_COLUMNS = ["c1_n", "c1_sum", "c7_n", "c7_sum", "c30_n", "c30_sum",
                   "t1_n", "t1_f", "t7_n", "t7_f", "t30_n", "t30_f", "weekend", "night"]
# The logistic model's names of its inputs, and ours.
LOGISTIC_FEATURES = {
    "TX_AMOUNT": "amount_units",
    "TX_DURING_WEEKEND": "weekend",
    "TX_DURING_NIGHT": "night",
    **{f"CUSTOMER_ID_NB_TX_{d}DAY_WINDOW": f"c{d}_n" for d in (1, 7, 30)},
    **{f"CUSTOMER_ID_AVG_AMOUNT_{d}DAY_WINDOW": f"c{d}_avg" for d in (1, 7, 30)},
    **{f"TERMINAL_ID_NB_TX_{d}DAY_WINDOW": f"t{d}_n" for d in (1, 7, 30)},
    **{f"TERMINAL_ID_RISK_{d}DAY_WINDOW": f"t{d}_risk" for d in (1, 7, 30)},
}

failures = []


def fail(sentence):
    failures.append(sentence)
    print("FAILED:", sentence, flush=True)


def float32_bits(text):
    return struct.pack("<f", float(text))


def run_features(warpscore, config, transactions, output, *options):
    command = [warpscore, "features", str(config), str(transactions), "-o", str(output), *options]
    print("+", " ".join(command), flush=True)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(done.stdout[-2000:], done.stderr[-2000:])
        sys.exit(f"warpscore features exited with {done.returncode}")


def read_gzip_csv(path):
    return csv.DictReader(io.TextIOWrapper(gzip.open(path, "rb"), encoding="ascii"))


def day_of_rows(path):
    """The UTC date of each tx_id, as a number of days."""
    days = []
    for row in csv.reader(io.TextIOWrapper(gzip.open(path, "rb"), encoding="ascii")):
        if row[0] != "tx_id":
            days.append(int(row[1]) // 86_400_000)
    return days


def read_sample(path):
    sample = {}
    for row in csv.reader(io.TextIOWrapper(gzip.open(path, "rb"), encoding="ascii")):
        if row[0] != "tx_id":
            sample[row[0]] = row[1:]
    return sample


class DailyFigures:
    """Row counts, sums and crc32 of the integer columns, day by day."""

    def __init__(self):
        self.days = {}

    def add(self, day, tx_id, values):
        figures = self.days.setdefault(day, [0, 0, [0] * len(values)])
        line = tx_id + "," + ",".join(values) + "\n"
        figures[0] += 1
        figures[1] = zlib.crc32(line.encode(), figures[1])
        sums = figures[2]
        for i, value in enumerate(values):
            sums[i] += int(value)

    def compare(self, path):
        expected = list(csv.DictReader(open(path, encoding="ascii")))
        if len(expected) != len(self.days):
            fail(f"{len(self.days)} days instead of {len(expected)}")
        for row, day in zip(expected, sorted(self.days)):
            rows, crc, sums = self.days[day]
            if rows != int(row["rows"]):
                fail(f"{row['date']}: {rows} rows instead of {row['rows']}")
            for column, total in zip(INTEGER_COLUMNS, sums):
                if total != int(row[column]):
                    fail(f"{row['date']}: sum of {column} is {total}, not {row[column]}")
            if f"{crc:08x}" != row["crc32"]:
                fail(f"{row['date']}: crc32 is {crc:08x}, not {row['crc32']}")
        return len(expected)


def compare_integers(data, output):
    days = day_of_rows(data / "handbook_h1_tx.csv.gz")
    sample = read_sample(data / "handbook_h1_features_sample.csv.gz")
    daily = DailyFigures()
    compared = different = rows = 0
    with open(output, encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        if header[0] != "tx_id":
            fail(f"the first column is {header[0]}, not the id under its name in the input")
        places = [header.index(column) for column in INTEGER_COLUMNS]
        for row in reader:
            values = [row[place] for place in places]
            daily.add(days[int(row[0])], row[0], values)
            rows += 1
            expected = sample.get(row[0])
            if expected is None:
                continue
            compared += 1
            if values != expected:
                different += 1
                if different <= 3:
                    fail(f"tx_id {row[0]}: {values}, expected {expected}")
    if rows != len(days):
        fail(f"{rows} rows came out of {len(days)}")
    if compared != len(sample) or different:
        fail(f"sample: {different} of {compared} rows differ ({len(sample)} expected)")
    count = daily.compare(data / "handbook_h1_features_daily.csv")
    print(f"integer features: {rows} rows in {count} days, {compared} rows of the sample")


def compare_scores(data, output, margin_column, score_column, margins_equal, score_tolerance):
    expected = {row["tx_id"]: row for row in read_gzip_csv(data / "model_h1" / "scores_h1.csv.gz")}
    compared = different = 0
    worst = 0.0
    with open(output, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            published = expected.get(row["tx_id"])
            if published is None:
                continue
            compared += 1
            distance = abs(float(row["score"]) - float(published[score_column]))
            worst = max(worst, distance)
            equal = margins_equal(row["margin"], published[margin_column])
            if equal and distance <= score_tolerance:
                continue
            different += 1
            if different <= 3:
                fail(f"tx_id {row['tx_id']}: margin {row['margin']}, score {row['score']}; "
                     f"published {published[margin_column]}, {published[score_column]}")
    if compared != len(expected) or different:
        fail(f"{margin_column}: {different} of {compared} rows differ ({len(expected)} expected)")
    print(f"{margin_column}: {compared} rows, scores within {worst:.3g}")


def write_logistic_config(data, folder):
    """handbook.toml with the logistic model in place of the forest, its inputs by name."""
    text = (data / "handbook.toml").read_text(encoding="utf-8")
    start = text.index("[model]")
    end = text.index("[[alerts]]")
    model = data / "model_h1" / "lr_h1.json"
    names = json.loads(model.read_text(encoding="utf-8"))["features"]
    table = "\n".join(f'{name} = "{LOGISTIC_FEATURES[name]}"' for name in names)
    text = text[:start] + f'[model]\npath = "{model}"\n[model.features]\n{table}\n' + text[end:]
    path = folder / "logistic.toml"
    path.write_text(text, encoding="utf-8")
    return path


def same_bytes(left, right):
    with open(left, "rb") as a, open(right, "rb") as b:
        while True:
            chunk = a.read(1 << 20)
            if chunk != b.read(1 << 20):
                return False
            if not chunk:
                return True


def programs_with_gpu(warpscore, on_threads):
    versions = subprocess.run([warpscore, "version"], capture_output=True, text=True, check=True)
    line = next((line.strip() for line in versions.stdout.splitlines() if "cuda: " in line), "")
    print(f"GPU: {line}", flush=True)
    usable = line and "not usable" not in line
    return ([warpscore] if usable else []) + on_threads


def main():
    warpscore, shared = sys.argv[1], pathlib.Path(sys.argv[2])
    data = (shared / "data" / "handbook").resolve()
    transactions = data / "handbook_h1_tx.csv.gz"
    if not transactions.exists():
        print(f"skipped: the Handbook's data is not at {data}")
        return SKIP
    with tempfile.TemporaryDirectory(prefix="warpscore-handbook-") as name:
        folder = pathlib.Path(name)
        one, two, logistic = (folder / f"{n}.csv" for n in ("one", "two", "logistic"))
        run_features(warpscore, data / "handbook.toml", transactions, one, "--device", "cpu",
                     "--threads", "1")
        compare_integers(data, one)
        compare_scores(data, one, "xgb_margin", "xgb_prob",
                       lambda ours, theirs: float32_bits(ours) == float32_bits(theirs), 1e-6)
        run_features(warpscore, data / "handbook.toml", transactions, two, "--device", "cpu",
                     "--threads", "2")
        if not same_bytes(one, two):
            fail("two threads give other bytes than one")
        for program in programs_with_gpu(warpscore, sys.argv[3:]):
            run_features(program, data / "handbook.toml", transactions, two, "--device", "cuda")
            if not same_bytes(one, two):
                fail(f"{program}: the GPU's engine gives other bytes than the CPU's")
        run_features(warpscore, write_logistic_config(data, folder), transactions, logistic)
        compare_scores(data, logistic, "lr_z", "lr_prob",
                       lambda ours, theirs: abs(float(ours) - float(theirs)) <= 1e-9, 1e-9)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
