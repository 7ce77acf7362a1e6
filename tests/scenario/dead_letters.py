"""Bad input becomes a dead letter with its reason, exactly once, and disturbs nobody else."""
import json
import sys

from harness import (Service, check, check_ids, compare_scores, features_of_file,
                     make_transactions, partition_of, produce, produce_lines, read_topic, say)

YEAR_MS = 365 * 86_400_000


def bad_values(good):
    """(value, the reason it must get)"""
    def with_(**changes):
        return json.dumps({**good, **changes})
    return [
        ("{\"tx_id\": 1, ", "not_json"),
        ("hello", "not_json"),
        ("[1, 2]", "not_json"),
        (with_(amount_cents="12.50"), "wrong_type"),
        (with_(amount_cents=1.5), "wrong_type"),
        (with_(amount_cents=2**70), "number_overflow"),
        (with_(customer=None), "missing_field"),
        (json.dumps({key: good[key] for key in good if key != "terminal"}), "missing_field"),
        (with_(ts_ms="yesterday"), "bad_time"),
        (with_(ts_ms=good["ts_ms"] + 50 * YEAR_MS), "time_in_future"),
        (with_(note="x" * 70_000), "too_long"),
        (with_(note="x" * 500_000), "too_long"),
        (with_(note="[" * 100_000), "too_long"),
        (json.dumps({**good, "deep": json.loads("[" * 20 + "]" * 20)}), "too_deep"),
    ]


def main(folder):
    service = Service("dead", folder)
    good = make_transactions(2_000, seed=5)
    bad = bad_values(good[0])
    produce(service.topic("in"), good[:1_000])
    for number, (value, _) in enumerate(bad):
        produce_lines(service.topic("in"), number % 8, [f"key{number}\t{value}"])
    produce(service.topic("in"), good[1_000:])
    say(f"produced {len(good)} good transactions and {len(bad)} bad ones between them")
    service.start()
    service.wait_for_count("scores", len(good), 30)
    service.wait_for_count("dead", len(bad), 10)
    # A restart decides in the same way about what it reads again.
    service.kill()
    more = make_transactions(500, seed=6, first_id=len(good), start_ms=good[-1]["ts_ms"])
    produce(service.topic("in"), more)
    service.start()
    service.wait_for_log("the state is rebuilt", 30)
    service.wait_for_count("scores", len(good) + len(more), 30)
    check(service.terminate() == 0, "exit code")

    letters = service.dead_letters()
    check(len(letters) == len(bad), f"{len(letters)} dead letters for {len(bad)} bad transactions")
    sources = {}
    for line in read_topic(service.topic("in"), form="%p\t%o\t%k"):
        partition, offset, key = line.split("\t")
        sources[(int(partition), int(offset))] = key
    reasons = {}
    for letter in letters:
        source = letter["source"]
        key = sources[(source["partition"], source["offset"])]
        check(key.startswith("key"), f"a good transaction is a dead letter: {letter}")
        reasons[int(key[3:])] = letter["reason"]
    for number, (value, reason) in enumerate(bad):
        check(reason is None or reasons[number] == reason,
              f"{value[:60]}: {reasons[number]}, not {reason}")
        say(f"{reasons[number]:16} {value[:70]}")
    scores = service.scores()
    check_ids(scores, range(len(good) + len(more)))
    rows = features_of_file(service, good + more)
    compared = compare_scores(scores, rows, ("c1",))
    say(f"all others are scored exactly once, {compared} feature values right")


if __name__ == "__main__":
    main(sys.argv[1])
