"""Reads manifests as docs/formats.md describes them, written apart from the C++ code."""
from dataclasses import dataclass, field


@dataclass
class Manifest:
    claim: bool = False
    genesis: bytes = b""
    term: int = 0
    sequence: int = 0
    previous_hash: int = 0
    written_ms: int = 0
    input_topic: str = ""
    labels_topic: str = ""
    scores: int = 0
    alerts: int = 0
    dead_letters: int = 0
    ranges: list = field(default_factory=list)  # (topic, partition, first, end, applied, rejected)
    positions: dict = field(default_factory=dict)  # (topic, partition) -> next offset


class Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, size):
        assert self.at + size <= len(self.data)
        self.at += size
        return self.data[self.at - size:self.at]

    def fixed(self, size):
        return int.from_bytes(self.take(size), "little")

    def varint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def text(self):
        return self.take(self.varint()).decode()


def decode(data):
    reader = Reader(data[:-8])  # the last eight bytes are the checksum
    assert reader.take(4) == b"WSM1" and reader.fixed(2) == 1
    manifest = Manifest()
    manifest.claim = reader.fixed(2) & 1 == 1
    manifest.genesis = reader.take(16)
    manifest.term = reader.fixed(8)
    manifest.sequence = reader.fixed(8)
    manifest.previous_hash = reader.fixed(8)
    manifest.written_ms = reader.fixed(8)
    manifest.input_topic = reader.text()
    manifest.labels_topic = reader.text()
    manifest.scores = reader.varint()
    manifest.alerts = reader.varint()
    manifest.dead_letters = reader.varint()
    ends = {}
    for _ in range(reader.varint()):
        lane = reader.varint()
        first = ends.get(lane, 0) + reader.varint()
        ends[lane] = first + reader.varint()
        manifest.ranges.append((lane % 2, lane // 2, first, ends[lane], reader.varint(),
                                reader.varint()))
    for _ in range(reader.varint()):
        lane = reader.varint()
        manifest.positions[(lane % 2, lane // 2)] = reader.varint()
    assert reader.at == len(reader.data)
    return manifest


def applied_order(manifests):
    """(partition, offset) of every input offset in the order applied; checks the chain."""
    order = []
    for number, manifest in enumerate(manifests):
        assert manifest.sequence == number, f"manifest {manifest.sequence} at place {number}"
        assert manifest.genesis == manifests[0].genesis
        for topic, partition, first, end, _, _ in manifest.ranges:
            if topic == 0:
                order.extend((partition, offset) for offset in range(first, end))
    assert len(order) == len(set(order)), "an offset was applied twice"
    return order
