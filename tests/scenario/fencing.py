"""Two processes of one name: the later one takes over, the earlier one is fenced and ends; one
that was stopped and comes back can add nothing."""
import signal
import sys
import time

from end_to_end import transactions_in_applied_order
from harness import (Service, check, check_ids, compare_scores, features_of_file,
                     make_transactions, produce, say)

FENCED = 75


def main(folder):
    service = Service("fence", folder)
    transactions = make_transactions(12_000, seed=11)
    produce(service.topic("in"), transactions[:4_000])
    service.start()
    service.wait_for_count("scores", 4_000, 30)
    first = service.process
    produce(service.topic("in"), transactions[4_000:8_000])
    before = len(service.log_text())
    service.start()  # a second one, beside it
    second = service.process
    service.wait_for_log("running partitions", 30, after=before)
    produce(service.topic("in"), transactions[8_000:10_000])  # the first learns of it, if not yet
    service.process = first
    check(service.wait(20) == FENCED, f"exit code of the first:\n{service.log_text()[-3000:]}")
    say("a second process took over; the first ended with exit code 75")
    service.process = second
    service.wait_for_count("scores", 10_000, 30)

    second.send_signal(signal.SIGSTOP)
    service.start()
    third = service.process
    produce(service.topic("in"), transactions[10_000:])
    service.wait_for_count("scores", 12_000, 30)
    second.send_signal(signal.SIGCONT)
    # It learns of it with its next transaction.
    extra = make_transactions(500, seed=12, first_id=12_000, start_ms=transactions[-1]["ts_ms"])
    produce(service.topic("in"), extra)
    service.process = second
    check(service.wait(20) == FENCED, f"exit code of the zombie:\n{service.log_text()[-3000:]}")
    service.process = third
    service.wait_for_count("scores", 12_500, 20)
    time.sleep(0.3)
    check(service.terminate() == 0, "exit code of the third")
    say("one that was stopped and went on was fenced as well")

    scores = service.scores()
    check_ids(scores, range(12_500))
    order, chain = transactions_in_applied_order(service)
    compared = compare_scores(scores, features_of_file(service, order), ("c1", "t1"))
    say(f"12,500 transactions scored exactly once, {compared} feature values right, "
        f"{chain[-1].term} terms")


if __name__ == "__main__":
    main(sys.argv[1])
