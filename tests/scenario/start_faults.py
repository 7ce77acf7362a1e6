"""What can be wrong at the start: each gives a clear line in five seconds and its exit code."""
import socket
import subprocess
import sys
import time

from harness import SERVERS, Service, check, kafka, make_transactions, produce, say

UNAVAILABLE, CONFIGURATION = 69, 78


def topic_missing(folder):
    service = Service("missing", folder, topics=False)
    for kind in ("in", "scores", "alerts", "dead", "changelog"):
        service.start()
        check(service.wait(8) == CONFIGURATION, f"exit code without {kind}")
        line = [each for each in service.log_text().splitlines() if " error " in each][-1]
        check(f'there is no topic' in line and service.topic(kind) in line and "--create" in line,
              f"the line does not say how to mend it: {line}")
        kafka("topic", service.topic(kind))
        say(f"without the topic {kind}: exit code 78, and the line says how to create it")
    service.start()
    service.wait_for_log("running partitions", 10)
    check(service.terminate() == 0, "with all topics it runs")


def wrong_property(folder):
    service = Service("property", folder, topics=False)
    text = service.config.read_text().replace(
        "[input]\n", "[kafka.properties]\n\"linger.msec\" = \"5\"\n[input]\n", 1)
    service.config.write_text(text)
    service.start()
    check(service.wait(8) == CONFIGURATION, "exit code with an unknown property")
    check("linger.msec" in service.log_text(), f"the line names it: {service.log_text()}")
    say("an unknown librdkafka property: exit code 78, named")


def broker_down(folder):
    with socket.socket() as taken:  # a port at which nobody answers
        taken.bind(("127.0.0.1", 0))
        servers = f"127.0.0.1:{taken.getsockname()[1]}"
    service = Service("down", folder, servers=servers, topics=False)
    started = time.monotonic()
    service.start()
    service.wait_for_log(f"waiting for Kafka bootstrap_servers={servers}", 5.5)
    say(f"no broker: told after {time.monotonic() - started:.1f} s, with the servers' names")
    check(service.wait(45) == UNAVAILABLE, "exit code without a broker")
    say(f"exit code 69 after {time.monotonic() - started:.0f} s")
    service.start()
    service.wait_for_log("waiting for Kafka", 6, after=len(service.log_text()))
    check(service.terminate(6) == 0, "SIGTERM while waiting")
    say("SIGTERM while it waits: exit code 0")


def changelog_created_anew(folder):
    service = Service("anew", folder)
    produce(service.topic("in"), make_transactions(100, seed=1))
    service.start()
    service.wait_for_count("scores", 100, 20)
    check(service.terminate() == 0, "exit code")
    # A record of somebody else in the changelog.
    subprocess.run(["kcat", "-P", "-b", SERVERS, "-t", service.topic("changelog"), "-p", "0"],
                   input=b"not a manifest\n", check=True)
    service.start()
    check(service.wait(10) == CONFIGURATION, "exit code with a foreign record in the changelog")
    check(service.topic("changelog") in service.log_text().splitlines()[-1], "the topic is named")
    say("a foreign record in the changelog: exit code 78, the topic is named")
    # Another input with the same changelog.
    other = Service("other", folder)
    other.config.write_text(other.config.read_text()
                            .replace(f'group = "{other.name}"', f'group = "{other.name}-moved"'))
    kafka("topic", f"{other.name}-moved-changelog")
    produce(other.topic("in"), make_transactions(100, seed=1))
    other.start()
    other.wait_for_count("scores", 100, 20)
    check(other.terminate() == 0, "exit code")
    other.config.write_text(other.config.read_text()
                            .replace(other.topic("in"), service.topic("in")))
    other.start()
    check(other.wait(10) == CONFIGURATION, "exit code with the changelog of another input")
    check(other.topic("in") in other.log_text().splitlines()[-1], "the old input is named")
    say("the changelog of another input: exit code 78, both are named")


def main(folder):
    topic_missing(folder)
    wrong_property(folder)
    changelog_created_anew(folder)
    broker_down(folder)


if __name__ == "__main__":
    main(sys.argv[1])
