"""Labels from a topic of their own: applied in order, kept over a restart; those that find no
transaction are dead letters."""
import json
import sys
import time

from harness import (RUN, Service, check, check_ids, kafka, make_transactions, produce,
                     produce_lines, say)

LABELS = '[labels]\ntopic = "{0}"\nid = "tx_id"\nvalue = "fraud"\n'
FEATURES = """\
[[features]]
name = "f{days}_{op}"
key = "customer"
value = "label"
ops = ["count", "sum"]
windows = ["30d"]
delay = "1h"
"""
HOUR_MS = 3_600_000


def label_of(transaction, fraud):
    return json.dumps({**{name: transaction[name] for name in
                          ("tx_id", "ts_ms", "customer", "terminal")}, "fraud": fraud})


def probe(service, transactions, first_id, customers):
    """One transaction more for each customer, long after: its features tell their labels."""
    late_ms = max(each["ts_ms"] for each in transactions) + 2 * HOUR_MS
    probes = [{"tx_id": first_id + number, "ts_ms": late_ms, "customer": customer,
               "terminal": "t1", "amount_cents": 1} for number, customer in enumerate(customers)]
    produce(service.topic("in"), probes)
    return probes


def expect(service, probes, frauds):
    by_id = {score["id"]: score["features"] for score in service.scores()}
    for each in probes:
        wanted = frauds.get(each["customer"], (0, 0))
        features = by_id[each["tx_id"]]
        seen = (features["f30_count"], features["f30_sum"])
        check(seen == wanted, f"{each['customer']}: labels (count, sum) {seen}, not {wanted}")


def main(folder):
    topic = f"labels-{RUN}-labels"
    kafka("topic", topic, "--partitions", "2")
    service = Service("labels", folder, labels=LABELS.format(topic), features=FEATURES)
    transactions = make_transactions(3_000, seed=9)
    produce(service.topic("in"), transactions)
    service.start()
    service.wait_for_count("scores", len(transactions), 30)

    frauds = {}
    lines = [[], []]
    for number, each in enumerate(transactions[:600]):
        fraud = number % 3 == 0
        lines[number % 2].append(f"{each['customer']}\t{label_of(each, fraud)}")
        count, total = frauds.get(each["customer"], (0, 0))
        frauds[each["customer"]] = (count + 1, total + fraud)
    lines[0].append(f"x\t{label_of({**transactions[0], 'tx_id': 777_777}, True)}")
    lines[1].append("x\tnot json")
    for partition, each in enumerate(lines):
        produce_lines(topic, partition, each)
    service.wait_for_count("dead", 2, 20)
    time.sleep(0.5)
    reasons = sorted(letter["reason"] for letter in service.dead_letters())
    check(reasons == ["label_unmatched", "not_json"], f"dead letters: {reasons}")
    say("600 labels applied; the one without its transaction and the broken one are dead letters")

    customers = sorted({each["customer"] for each in transactions[:200]})
    probes = probe(service, transactions, len(transactions), customers)
    service.wait_for_count("scores", len(transactions) + len(probes), 20)
    expect(service, probes, frauds)
    say(f"the features of {len(customers)} customers count them")

    service.kill()
    service.start()
    service.wait_for_log("the state is rebuilt", 30)
    again = probe(service, transactions + probes, len(transactions) + len(probes), customers)
    total = len(transactions) + len(probes) + len(again)
    service.wait_for_count("scores", total, 20)
    expect(service, again, frauds)
    say("and after kill -9 and a rebuild they still do")
    check(service.terminate() == 0, "exit code")
    check_ids(service.scores(), range(total))
    check(service.count("dead") == 2, "no dead letter is written twice")


if __name__ == "__main__":
    main(sys.argv[1])
