"""kill -9 ten times at random moments, and the broker once: every input scored exactly once, and
the scores are what they would have been."""
import random
import sys
import threading
import time

from end_to_end import transactions_in_applied_order
from harness import (Service, check, check_ids, compare_scores, features_of_file, kafka,
                     make_transactions, produce, say)

KILLS = 10


def produce_slowly(service, transactions, chunk):
    for start in range(chunk * 40, len(transactions), chunk):
        produce(service.topic("in"), transactions[start:start + chunk])
        time.sleep(0.1)


def main(folder):
    seed = int(time.time())
    say(f"seed {seed}")
    rng = random.Random(seed)
    service = Service("crash", folder, commit="20ms")
    chunk = 600
    transactions = make_transactions(60 * chunk, seed=seed)
    produce(service.topic("in"), transactions[:chunk * 20])
    feeder = None
    service.start()
    killed_broker = False
    for number in range(KILLS):
        time.sleep(rng.uniform(0.3, 2.0))
        service.kill()
        service.start()
        if number == KILLS // 2:
            killed_broker = True
            before = len(service.log_text())
            time.sleep(rng.uniform(0.3, 1.2))
            produce(service.topic("in"), transactions[chunk * 20:chunk * 40])
            time.sleep(rng.uniform(0.0, 0.3))
            say("kill -9 of the broker")
            kafka("kill")
            time.sleep(1.0)
            check(service.process.poll() is None or "running" not in service.log_text()[before:],
                  "a service that ran ended because the broker went away")
            kafka("start", quiet=False)
            say("the broker is back")
            if service.process.poll() is not None:
                say(f"the service had not begun yet and ended with {service.process.poll()}")
                service.start()
        say(f"kill -9 number {number + 1} is survived")
        if number == KILLS // 2 + 2:
            feeder = threading.Thread(target=produce_slowly, args=(service, transactions,
                                                                        chunk))
            feeder.start()
    check(killed_broker, "the broker was not killed")
    feeder.join()
    service.wait_for_count("scores", len(transactions), 90)
    check(service.terminate() == 0, "exit code at the end")
    scores = service.scores()
    check_ids(scores, range(len(transactions)))
    say(f"{len(scores)} transactions, each scored exactly once")
    order, chain = transactions_in_applied_order(service)
    check(len(order) == len(transactions), "the manifests name every input once")
    say(f"{len(chain)} manifests in an unbroken chain, {chain[-1].term} terms")
    compared = compare_scores(scores, features_of_file(service, transactions), ("c1",))
    compared += compare_scores(scores, features_of_file(service, order), ("t1",))
    say(f"{compared} feature values equal those of an undisturbed run")


if __name__ == "__main__":
    main(sys.argv[1])
