"""What the scenarios share: a broker, topics, transactions, the service as a process, and checks.

Every scenario uses topics of its own, named by its prefix, so that all can share one broker.
WARPSCORE is the executable, KAFKA_PORT and KAFKA_DIR say which broker of scripts/kafka is used.
"""
import json
import os
import random
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PORT = os.environ.get("KAFKA_PORT", "29292")
SERVERS = f"127.0.0.1:{PORT}"
WARPSCORE = os.environ.get("WARPSCORE", str(REPOSITORY / "build" / "warpscore"))
PARTITIONS = 8
MINUTE_MS = 60_000
START = time.monotonic()
RUN = format(int(time.time()) % 36**5, "x")  # topics of an earlier run on this broker are not ours


def say(text):
    print(f"[{time.monotonic() - START:6.1f} s] {text}", flush=True)


def check(condition, text):
    if not condition:
        say(f"FAILED: {text}")
        sys.exit(1)


def kafka(*arguments, quiet=True):
    """scripts/kafka with this suite's broker."""
    command = [str(REPOSITORY / "scripts" / "kafka"), *arguments, "--port", PORT]
    if os.environ.get("KAFKA_DIR"):
        command += ["--dir", os.environ["KAFKA_DIR"]]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0 and not quiet:
        say(done.stdout + done.stderr)
    check(done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


def read_topic(topic, form="%s", isolation="read_committed"):
    """All records of a topic, as kcat's format string says, one per line."""
    done = subprocess.run(
        ["kcat", "-C", "-b", SERVERS, "-t", topic, "-e", "-q", "-X",
         f"isolation.level={isolation}", "-X", "check.crcs=true", "-f", form + "\n"],
        capture_output=True, check=True)
    return done.stdout.decode().splitlines()


def read_bytes(topic):
    """The values of a topic's records with partition 0, as bytes."""
    done = subprocess.run(
        ["kcat", "-C", "-b", SERVERS, "-t", topic, "-p", "0", "-e", "-q", "-X",
         "isolation.level=read_committed", "-f", "%S\n%s"], capture_output=True, check=True)
    records, rest = [], done.stdout
    while rest:
        size, rest = rest.split(b"\n", 1)
        records.append(rest[:int(size)])
        rest = rest[int(size):]
    return records


def partition_of(customer):
    return zlib.crc32(customer.encode()) % PARTITIONS


def make_transactions(count, seed, first_id=0, start_ms=1_600_000_000_000):
    """Customers live in one partition each, terminals in all of them."""
    rng = random.Random(seed)
    time_ms = start_ms
    made = []
    for number in range(first_id, first_id + count):
        time_ms += rng.randrange(0, 400)
        made.append({
            "tx_id": number,
            "ts_ms": time_ms - (rng.randrange(0, 90_000) if rng.random() < 0.05 else 0),
            "customer": f"c{min(int(rng.expovariate(0.01)), 999)}",
            "terminal": f"t{rng.randrange(50)}",
            "amount_cents": rng.randrange(100, 50_000),
        })
    return made


def produce_lines(topic, partition, lines):
    """Lines are "key TAB value"."""
    subprocess.run(["kcat", "-P", "-b", SERVERS, "-t", topic, "-p", str(partition), "-K", "\t"],
                   input="\n".join(lines).encode() + b"\n", check=True)


def produce(topic, transactions):
    lines = [[] for _ in range(PARTITIONS)]
    for transaction in transactions:
        customer = transaction["customer"]
        lines[partition_of(customer)].append(f"{customer}\t{json.dumps(transaction)}")
    for partition, each in enumerate(lines):
        if each:
            produce_lines(topic, partition, each)


CONFIG = """\
version = 1
[kafka]
bootstrap_servers = ["{servers}"]
[input]
topic = "{name}-in"
group = "{name}"
format = "json"
[input.fields]
id       = "tx_id"
time     = {{ field = "ts_ms", type = "epoch_ms" }}
customer = {{ field = "customer", type = "key" }}
terminal = {{ field = "terminal", type = "key" }}
amount   = {{ field = "amount_cents", type = "integer" }}
{labels}
[[features]]
name = "c{{window}}_{{op}}"
key = "customer"
value = "amount"
ops = ["count", "sum", "mean", "max"]
windows = ["1m", "1h", "1d"]
[[features]]
name = "t{{window}}_{{op}}"
key = "terminal"
value = "amount"
ops = ["count", "sum"]
windows = ["10m", "1d"]
{features}
[[alerts]]
name = "big"
when = "amount > 45000"
severity = "high"
reason = "an amount of {{amount}}"
[output]
scores = {{ topic = "{name}-scores", include = ["score", "features"] }}
alerts = {{ topic = "{name}-alerts" }}
dead_letters = {{ topic = "{name}-dead" }}
commit = "{commit}"
"""


class Service:
    """A deployment: its topics, its configuration, its process."""

    def __init__(self, name, folder, labels="", features="", commit="50ms", servers=SERVERS,
                 topics=True):
        self.name = name = f"{name}-{RUN}"
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config = self.folder / f"{name}.toml"
        self.config.write_text(CONFIG.format(name=name, servers=servers, labels=labels,
                                             features=features, commit=commit))
        self.log = self.folder / f"{name}.log"
        self.log.write_text("")
        self.process = None
        if topics:
            kafka("topic", f"{name}-in", f"{name}-scores", f"{name}-alerts", f"{name}-dead",
                  "--partitions", str(PARTITIONS))
            kafka("topic", f"{name}-changelog")

    def start(self):
        with self.log.open("a") as log:
            self.process = subprocess.Popen([WARPSCORE, "run", str(self.config)], stdout=log,
                                            stderr=log)

    def log_text(self):
        return self.log.read_text()

    def wait_for_log(self, text, seconds, after=0):
        deadline = time.monotonic() + seconds
        while text not in self.log_text()[after:]:
            check(time.monotonic() < deadline,
                  f"no \"{text}\" in the log within {seconds} s:\n{self.log_text()[-3000:]}")
            time.sleep(0.05)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def wait(self, seconds):
        """Its exit code."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            check(False, f"the process did not end within {seconds} s:\n{self.log_text()[-3000:]}")

    def terminate(self, seconds=8):
        self.process.send_signal(signal.SIGTERM)
        return self.wait(seconds)

    def topic(self, kind):
        return f"{self.name}-{kind}"

    def count(self, kind):
        """Records that a read_committed reader sees."""
        return len(read_topic(self.topic(kind), form="%o"))

    def wait_for_count(self, kind, wanted, seconds):
        deadline = time.monotonic() + seconds
        while True:
            seen = self.count(kind)
            if seen >= wanted:
                return
            check(self.process.poll() is None, f"the service ended:\n{self.log_text()[-3000:]}")
            check(time.monotonic() < deadline,
                  f"{seen} of {wanted} records in {self.topic(kind)} after {seconds} s:\n"
                  f"{self.log_text()[-3000:]}")
            time.sleep(0.2)

    def scores(self):
        return [json.loads(line) for line in read_topic(self.topic("scores"))]

    def dead_letters(self):
        return [json.loads(line) for line in read_topic(self.topic("dead"))]

    def lag(self):
        """Partition -> lag, as Kafka's own group tool tells it."""
        lags = {}
        for line in kafka("groups", self.name).splitlines():
            words = line.split()
            if len(words) > 5 and words[0] == self.name and words[1] == self.topic("in"):
                lags[int(words[2])] = words[5]
        return lags


def wait_for_lag_zero(service, seconds):
    deadline = time.monotonic() + seconds
    while True:
        lags = service.lag()
        if len(lags) == PARTITIONS and all(lag == "0" for lag in lags.values()):
            return
        check(time.monotonic() < deadline, f"lag is not 0 after {seconds} s: {lags}")
        time.sleep(0.5)


def check_ids(scores, wanted):
    """Each input transaction scored exactly once."""
    ids = [score["id"] for score in scores]
    check(len(ids) == len(set(ids)), f"{len(ids) - len(set(ids))} transactions are scored twice")
    check(set(ids) == set(wanted),
          f"{len(set(wanted) - set(ids))} transactions are not scored, "
          f"{len(set(ids) - set(wanted))} scores answer to none")


def features_of_file(service, transactions):
    """id -> {feature: text}, by `warpscore features` on a file in this order."""
    source = service.folder / f"{service.name}-file.jsonl"
    target = service.folder / f"{service.name}-file.csv"
    source.write_text("".join(json.dumps(each) + "\n" for each in transactions))
    done = subprocess.run([WARPSCORE, "features", str(service.config), str(source), "-o",
                           str(target)], capture_output=True, text=True)
    check(done.returncode == 0, f"warpscore features: {done.stderr}")
    lines = target.read_text().splitlines()
    header = lines[0].split(",")
    rows = (dict(zip(header, line.split(","))) for line in lines[1:])
    return {row["tx_id"]: row for row in rows}


def compare_scores(scores, file_rows, prefixes):
    """Every feature whose name begins with one of `prefixes` is the same number."""
    compared = 0
    for score in scores:
        row = file_rows[str(score["id"])]
        for name, text in row.items():
            if not name.startswith(prefixes):
                continue
            value = score["features"].get(name)
            same = (value is None) == (text == "") and (value is None or float(text) == value)
            check(same, f"transaction {score['id']}: {name} is {value}, in the file {text}")
            compared += 1
    return compared
