"""kill -9 of the broker in the middle of the work, twice, once for longer than a transaction lasts:
the service waits, resumes by itself, and nothing is lost or doubled."""
import sys
import time

from end_to_end import transactions_in_applied_order
from harness import (Service, check, check_ids, compare_scores, features_of_file, kafka,
                     make_transactions, produce, say)


def main(folder):
    service = Service("broker", folder, commit="20ms")
    transactions = make_transactions(90_000, seed=3)
    produce(service.topic("in"), transactions[:30_000])
    service.start()
    service.wait_for_log("running partitions", 30)
    for pause, part in ((0.0, 1), (13.0, 2)):
        produce(service.topic("in"), transactions[part * 30_000:part * 30_000 + 30_000])
        say("kill -9 of the broker, in the middle of the work")
        kafka("kill")
        time.sleep(pause)
        check(service.process.poll() is None, "the service waits")
        kafka("start", quiet=False)
        back = time.monotonic()
        say(f"the broker is back after {pause:.0f} s and its own start")
        service.wait_for_count("scores", (part + 1) * 30_000, 60)
        say(f"all that was produced so far is scored, {time.monotonic() - back:.1f} s after the "
            "broker came back")
    check(service.terminate() == 0, "exit code at the end")
    check(service.log_text().count("starting name=") == 1, "it was one process all the time")
    say(f"recoveries: {service.log_text().count('Kafka transactions go on')}")
    scores = service.scores()
    check_ids(scores, range(len(transactions)))
    order, chain = transactions_in_applied_order(service)
    compared = compare_scores(scores, features_of_file(service, order), ("c1", "t1"))
    say(f"{len(scores)} transactions scored exactly once, {compared} feature values right, "
        f"{len(chain)} manifests")


if __name__ == "__main__":
    main(sys.argv[1])
