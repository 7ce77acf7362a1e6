"""The Handbook's first weeks through Kafka: scored once each and as in the file, kill -9 ten times
and the broker once on the way. Skips (exit 77) where ../shared is not there."""
import csv
import gzip
import itertools
import random
import sys
import time

from end_to_end import transactions_in_applied_order
from harness import (REPOSITORY, SERVERS, Service, check, check_ids, compare_scores,
                     features_of_file, kafka, produce, say)

HANDBOOK = REPOSITORY.parent / "shared" / "data" / "handbook"
TRANSACTIONS = 200_000  # three weeks: windows of a day and a week fill, labels of a week ago count
KILLS = 10
SKIP = 77


def read_transactions():
    with gzip.open(HANDBOOK / "handbook_h1_tx.csv.gz", "rt") as file:
        rows = itertools.islice(csv.DictReader(file), TRANSACTIONS)
        numbers = ("tx_id", "ts_ms", "amount_cents", "fraud")
        return [{**{name: int(row[name]) for name in numbers}, "customer": row["customer"],
                 "terminal": row["terminal"]} for row in rows]


def write_config(service):
    """The Handbook's own configuration, with topics, and its model by an absolute path."""
    text = (HANDBOOK / "handbook.toml").read_text()
    text = text.replace('format = "csv"', f'format = "json"\ntopic = "{service.topic("in")}"\n'
                                          f'group = "{service.name}"')
    text = text.replace('path = "model_h1/', f'path = "{HANDBOOK}/model_h1/')
    service.config.write_text(text + f"""
[kafka]
bootstrap_servers = ["{SERVERS}"]
[output]
scores = {{ topic = "{service.topic("scores")}", include = ["features"] }}
alerts = {{ topic = "{service.topic("alerts")}" }}
dead_letters = {{ topic = "{service.topic("dead")}" }}
commit = "20ms"
""")


def disturb(service, rng):
    for number in range(KILLS):
        time.sleep(rng.uniform(0.2, 1.5))
        service.kill()
        if number == KILLS // 2:
            say("kill -9 of the broker")
            kafka("kill")
            kafka("start", quiet=False)
        service.start()


def compare_models(scores, rows):
    for score in scores:
        row = rows[str(score["id"])]
        for name in ("margin", "score"):
            check(float(row[name]) == score[name],
                  f"transaction {score['id']}: {name} is {score[name]}, in the file {row[name]}")


def main(folder):
    if not HANDBOOK.exists():
        print(f"skipped: {HANDBOOK} is not there")
        sys.exit(SKIP)
    seed = int(time.time())
    say(f"seed {seed}")
    service = Service("handbook", folder)
    write_config(service)
    transactions = read_transactions()
    produce(service.topic("in"), transactions)
    say(f"{len(transactions)} transactions are in 8 partitions, by customer")
    service.start()
    disturb(service, random.Random(seed))
    service.wait_for_count("scores", len(transactions), 120)
    check(service.terminate() == 0, "exit code at the end")
    say(f"killed {KILLS} times, and the broker once; all are scored")
    scores = service.scores()
    check_ids(scores, range(len(transactions)))
    compared = compare_scores(scores, features_of_file(service, transactions), ("c", "weekend"))
    say(f"{compared} feature values of customers, who live in one partition, equal the file's")
    order, _ = transactions_in_applied_order(service)
    rows = features_of_file(service, order)
    compared = compare_scores(scores, rows, ("c", "t1", "t7", "t30", "night", "amount"))
    compare_models(scores, rows)
    say(f"{compared} feature values, every margin and every score equal the file in the order that "
        "the manifests tell")


if __name__ == "__main__":
    main(sys.argv[1])
