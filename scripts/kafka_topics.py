"""Creates topics on a test broker: one CreateTopics request, in milliseconds.

Kafka's own tool takes a Java start of 1.5 s for each topic, kcat creates none. Version 4 of the
request is the last one in the plain encoding, and brokers from 2.4 to 4.x take it.
"""
import argparse
import socket
import struct
import sys

CREATE_TOPICS, VERSION = 19, 4
TOPIC_ALREADY_EXISTS = 36
TIMEOUT_MS = 30_000


def text(value: str) -> bytes:
    encoded = value.encode()
    return struct.pack(">h", len(encoded)) + encoded


def array(items: list[bytes]) -> bytes:
    return struct.pack(">i", len(items)) + b"".join(items)


def create_request(names: list[str], partitions: int, configs: list[tuple[str, str]]) -> bytes:
    settings = array([text(key) + text(value) for key, value in configs])
    topics = [
        text(name) + struct.pack(">ih", partitions, 1) + array([]) + settings for name in names
    ]
    header = struct.pack(">hhi", CREATE_TOPICS, VERSION, 1) + text("warpscore-scripts")
    body = header + array(topics) + struct.pack(">i?", TIMEOUT_MS, False)
    return struct.pack(">i", len(body)) + body


def parse_response(response: bytes) -> list[tuple[str, int, str]]:
    """(name, error code, error message) of each topic."""
    at = 8  # after the correlation id and the throttle time

    def take(form: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from(form, response, at)
        at += struct.calcsize(form)
        return value

    def take_text() -> str:
        nonlocal at
        size = max(take(">h"), 0)  # -1 is null
        at += size
        return response[at - size : at].decode()

    return [(take_text(), take(">h"), take_text()) for _ in range(take(">i"))]


def exchange(address: str, request: bytes) -> bytes:
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=TIMEOUT_MS / 1000) as connection:
        connection.sendall(request)
        with connection.makefile("rb") as stream:
            (size,) = struct.unpack(">i", stream.read(4))
            return stream.read(size)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("address", help="HOST:PORT")
    parser.add_argument("names", nargs="+")
    parser.add_argument("--partitions", type=int, default=1)
    parser.add_argument("--config", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args()
    configs = [tuple(each.split("=", 1)) for each in options.config]
    try:
        response = exchange(
            options.address, create_request(options.names, options.partitions, configs)
        )
    except (OSError, struct.error) as error:
        print(f"kafka: no answer from {options.address}: {error}", file=sys.stderr)
        return 1
    failed = False
    for name, code, message in parse_response(response):
        if code == 0:
            print(f"kafka: topic {name}: created, {options.partitions} partition(s)")
        elif code == TOPIC_ALREADY_EXISTS:
            print(f"kafka: topic {name}: exists already")
        else:
            print(f"kafka: topic {name}: error {code}: {message}", file=sys.stderr)
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
