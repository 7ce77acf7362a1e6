"""Transactions in, scores out: each once, equal to the file's; lag 0; SIGTERM; a restart."""
import json
import sys
import time

import manifests
from harness import (PARTITIONS, Service, check, check_ids, compare_scores, features_of_file,
                     make_transactions, produce, read_bytes, read_topic, say, wait_for_lag_zero)


def transactions_in_applied_order(service):
    """The input as the manifests say it was applied."""
    by_source = {}
    for line in read_topic(service.topic("in"), form="%p\t%o\t%s"):
        partition, offset, value = line.split("\t", 2)
        by_source[(int(partition), int(offset))] = json.loads(value)
    chain = [manifests.decode(record) for record in read_bytes(service.topic("changelog"))]
    order = manifests.applied_order(chain)
    return [by_source[source] for source in order if source in by_source], chain


def main(folder):
    service = Service("end", folder)
    first = make_transactions(60_000, seed=1)
    say(f"producing {len(first)} transactions to {PARTITIONS} partitions")
    produce(service.topic("in"), first)
    service.start()
    service.wait_for_count("scores", len(first), 60)
    say("all are scored")
    rows = features_of_file(service, first)
    compared = compare_scores(service.scores(), rows, ("c1",))
    say(f"{compared} feature values of keys in one partition equal the file's")
    check(compared == len(first) * 12, "features are missing in the scores")

    started = time.monotonic()
    wait_for_lag_zero(service, 20)
    say(f"kafka-consumer-groups shows lag 0 everywhere ({time.monotonic() - started:.1f} s, most "
        "of it the tool's own start)")

    started = time.monotonic()
    code = service.terminate()
    check(code == 0, f"exit code {code} after SIGTERM:\n{service.log_text()[-2000:]}")
    say(f"SIGTERM: exit code 0 after {time.monotonic() - started:.2f} s")

    second = make_transactions(20_000, seed=2, first_id=len(first),
                               start_ms=first[-1]["ts_ms"])
    produce(service.topic("in"), second)
    service.start()
    service.wait_for_log("the state is rebuilt", 60)
    service.wait_for_count("scores", len(first) + len(second), 60)
    check(service.terminate() == 0, "exit code after the second SIGTERM")
    say("stopped, more produced, started again, state rebuilt, went on")

    scores = service.scores()
    check_ids(scores, range(len(first) + len(second)))
    order, chain = transactions_in_applied_order(service)
    check([each.term for each in chain if each.claim] == [1, 2], "one claim per process")
    check(sum(each.scores for each in chain) == len(scores), "the manifests count the scores")
    rows = features_of_file(service, order)
    compared = compare_scores(scores, rows, ("c1", "t1"))
    say(f"{compared} feature values, those of keys that span partitions too, equal a file in the "
        "order that the manifests tell")
    alerts = [json.loads(line) for line in read_topic(service.topic("alerts"))]
    wanted = {each["tx_id"] for each in first + second if each["amount_cents"] > 45_000}
    check(sorted(each["id"] for each in alerts) == sorted(wanted), "alerts")
    say(f"{len(alerts)} alerts, as they should be")


if __name__ == "__main__":
    main(sys.argv[1])
