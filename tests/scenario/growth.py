"""The input topic grows: new partitions are found and read from their beginning, without a restart;
partitions that get little are served while others are flooded."""
import json
import subprocess
import sys
import time

from harness import (REPOSITORY, SERVERS, Service, check, check_ids, make_transactions, produce,
                     produce_lines, say)


def grow(topic, partitions):
    subprocess.run(["java", "-XX:TieredStopAtLevel=1", "-cp",
                    str(REPOSITORY / ".tools" / "kafka" / "*"),
                    "org.apache.kafka.tools.TopicCommand", "--bootstrap-server", SERVERS, "--alter",
                    "--topic", topic, "--partitions", str(partitions)],
                   check=True, capture_output=True)


def main(folder):
    service = Service("growth", folder)
    flood = make_transactions(60_000, seed=21)
    for each in flood:
        each["customer"] = "c0"  # one key, so one partition has it all
    few = make_transactions(200, seed=22, first_id=len(flood))
    produce(service.topic("in"), flood)
    produce(service.topic("in"), few)
    service.start()
    service.wait_for_count("scores", len(flood) + len(few), 60)
    check_ids(service.scores(), range(len(flood) + len(few)))
    say("a flooded partition and some with little: all scored")

    grow(service.topic("in"), 12)
    late = make_transactions(100, seed=23, first_id=len(flood) + len(few),
                             start_ms=flood[-1]["ts_ms"])
    time.sleep(1)
    for partition, share in ((8, late[::2]), (11, late[1::2])):
        produce_lines(service.topic("in"), partition,
                      [f"new{partition}\t{json.dumps(each)}" for each in share])
    started = time.monotonic()
    total = len(flood) + len(few) + len(late)
    service.wait_for_count("scores", total, 40)
    say(f"transactions of new partitions are scored, {time.monotonic() - started:.1f} s later")
    check("new partitions, read from their beginning" in service.log_text(), "it is in the log")
    service.kill()
    service.start()
    service.wait_for_log("the state is rebuilt", 30)
    time.sleep(1)
    check(service.terminate() == 0, "exit code")
    check_ids(service.scores(), range(total))
    say("and only once, after kill -9 too")


if __name__ == "__main__":
    main(sys.argv[1])
