"""check_layers.py is silent on what is allowed and catches each kind of planted include."""
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / ".ci"))
import check_layers  # noqa: E402


def faults(name: str, include: str) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.parent.mkdir(parents=True)
        path.write_text(f"// A planted file.\n#include {include}\n")
        return check_layers.check(Path(folder))


class CheckLayersTest(unittest.TestCase):
    def test_allowed(self):
        for name, include in [
            ("ingest/decode.cpp", '"base/lane.h"'),
            ("ingest/decode.cpp", '"ingest/decode.h"'),
            ("ingest/decode.cpp", "<simdjson.h>"),
            ("ingest/decode.cpp", "<vector>"),
            ("base/kafka.cpp", "<librdkafka/rdkafka.h>"),
            ("kernels/pass_tbb.cpp", "<thrust/sort.h>"),
            ("kernels/queue.cu", "<cuda_runtime_api.h>"),
            ("kernels/queue.cuh", "<cooperative_groups.h>"),
            ("kernels/queue.cu", "<cub/device/device_radix_sort.cuh>"),
            ("scoring/engine.cu", '"kernels/queue.cuh"'),
            ("base/shared_word.h", "<cuda/atomic>"),
            ("scoring/engine.cpp", '"kernels/queue.h"'),
            ("service/pipeline.cpp", '"publish/committer.h"'),
            ("service/config.cpp", "<toml++/toml.h>"),
            ("tests/base/ring_test.cpp", "<gtest/gtest.h>"),
            ("bench/micro/ring_bench.cpp", "<benchmark/benchmark.h>"),
        ]:
            self.assertEqual(faults(name, include), [], f"{name} {include}")

    def test_caught(self):
        for name, include in [
            ("base/ring.h", '"ingest/decode.h"'),
            ("ingest/decode.cpp", '"kernels/queue.h"'),
            ("kernels/queue.cpp", '"scoring/engine.h"'),
            ("publish/encode.cpp", '"failover/role.h"'),
            ("ingest/decode.cpp", '"tests/support/oracle.h"'),
            ("ingest/decode.cpp", "<librdkafka/rdkafka.h>"),
            ("base/batch.cpp", "<librdkafka/rdkafka.h>"),
            ("ingest/batch_reader.cpp", "<cuda_runtime_api.h>"),
            ("kernels/queue.h", "<cuda_runtime_api.h>"),
            ("kernels/queue.cpp", "<cooperative_groups/scan.h>"),
            ("kernels/queue_tbb.cpp", "<cub/cub.cuh>"),
            ("scoring/engine.cpp", '"kernels/queue.cuh"'),
            ("scoring/engine.cu", '"publish/encode.h"'),
            ("scoring/engine.cuh", '"publish/encode.h"'),
            ("base/atomics.h", "<cuda/atomic>"),
            ("tests/kernels/queue_test.cpp", "<cuda_runtime_api.h>"),
            ("ingest/batch_reader.cpp", "  <thrust/sort.h>"),
            ("publish/encode.cpp", "<simdjson.h>"),
            ("service/pipeline.cpp", "<tbb/task_arena.h>"),
            ("ingest/decode.cpp", "<CLI/CLI.hpp>"),
            ("scoring/rules.cpp", "<toml++/toml.h>"),
            ("scoring/rules.cpp", "<gtest/gtest.h>"),
            ("ingest/decode.cpp", '"decode.h"'),
            ("elsewhere/decode.cpp", "<vector>"),
        ]:
            self.assertEqual(len(faults(name, include)), 1, f"{name} {include}")


if __name__ == "__main__":
    unittest.main()
