"""The answer to an end of transaction is lost, or the request was: the changelog tells whether it
was committed. Nothing is written twice, nothing is missing."""
import sys
import time

from end_to_end import transactions_in_applied_order
from harness import (PORT, Service, check, check_ids, compare_scores, features_of_file,
                     make_transactions, produce, say)
from proxy import END_TRANSACTION, Proxy


def main(folder):
    proxy = Proxy(int(PORT))
    service = Service("lost", folder, servers=f"127.0.0.1:{proxy.port}")
    transactions = make_transactions(30_000, seed=31)
    produce(service.topic("in"), transactions[:2_000])
    service.start()
    service.wait_for_count("scores", 2_000, 30)
    done = 2_000
    for lose, what, known in ((proxy.lose_answers, "answers", "in_doubt=1 found=1"),
                              (proxy.lose_requests, "requests", "in_doubt=1 found=0")):
        before = len(service.log_text())
        lose(END_TRANSACTION)
        for _ in range(10):
            produce(service.topic("in"), transactions[done:done + 200])
            done += 200
            time.sleep(0.03)
        service.wait_for_log("Kafka transaction in doubt", 30, after=before)
        proxy.heal()
        say(f"{what} to end a transaction are lost; the service asks the changelog")
        produce(service.topic("in"), transactions[done:done + 500])
        done += 500
        service.wait_for_count("scores", done, 60)
        service.wait_for_log(known, 1, after=before)
        say(f"it tells: {known}; all goes on")
    check(service.terminate() == 0, "exit code")
    log = service.log_text()
    check(log.count("starting name=") == 1, "it was one process all the time")
    scores = service.scores()
    check_ids(scores, range(done))
    order, chain = transactions_in_applied_order(service)
    compared = compare_scores(scores, features_of_file(service, order), ("c1", "t1"))
    say(f"{len(scores)} transactions scored exactly once, {compared} feature values right, "
        f"{len(chain)} manifests")


if __name__ == "__main__":
    main(sys.argv[1])
