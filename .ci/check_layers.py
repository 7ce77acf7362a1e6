"""Holds includes to the flow of the data: ingest -> kernels -> scoring -> publish, failover beside.

usage: check_layers.py [ROOT]       exit code 1: an include that the tables do not allow
"""
import re
import sys
from pathlib import Path

from source_files import is_cpp, source_files

ALL = {"base", "ingest", "kernels", "scoring", "publish", "failover", "console", "service"}

# Folder -> folders whose headers it may include, beside its own.
MAY_INCLUDE = {
    "base": set(),
    "ingest": {"base"},
    "kernels": {"base"},
    "scoring": {"base", "kernels"},
    "publish": {"base", "scoring"},
    "failover": {"base", "kernels"},
    "console": {"base"},
    "service": ALL,
    "tests": ALL | {"tests"},
    "bench": ALL | {"bench", "tests"},
    "examples": ALL,
}
UNLIMITED_THIRD_PARTY = {"tests", "bench", "examples"}

# What nvcc reads, and the one header that both compilers read: in every folder, the tests' too.
DEVICE_CODE = (".cu", ".cuh", "base/shared_word.h")
DEVICE_HEADERS = ("cuda", "cooperative_groups", "cub/")

# What an include begins with -> the folders, or files without suffix, that may have it.
THIRD_PARTY = {
    "librdkafka/": {"base/kafka", "base/kafka_handle"},
    "thrust/": {"kernels", "scoring"},
    "simdjson": {"ingest", "scoring"},
    "tbb/": {"kernels", "scoring"},
    "oneapi/": {"kernels", "scoring"},
    "CLI/": {"service"},
    "toml++/": {"service"},
    "gtest/": set(),
    "gmock/": set(),
    "benchmark/": set(),
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def fault(name: str, bracket: str, included: str) -> str | None:
    """Why this file may not include that, or nothing."""
    folder = name.split("/", 1)[0]
    other = included.split("/", 1)[0]
    if bracket == '"' and "/" not in included:
        return "ours are included by their path from the root"
    if included.endswith(".cuh") or (bracket == "<" and included.startswith(DEVICE_HEADERS)):
        if not name.endswith(DEVICE_CODE):
            return f"only in: {', '.join(DEVICE_CODE)}"
    if other in MAY_INCLUDE and bracket == '"':
        if other != folder and other not in MAY_INCLUDE[folder]:
            return f"{folder} may include: {', '.join(sorted(MAY_INCLUDE[folder])) or 'nobody'}"
        return None
    if folder in UNLIMITED_THIRD_PARTY:
        return None
    for prefix, allowed in THIRD_PARTY.items():
        if included.startswith(prefix) and not {folder, name.rsplit(".", 1)[0]} & allowed:
            return f"only in: {', '.join(sorted(allowed)) or 'tests, bench, examples'}"
    return None


def check(root: Path) -> list[str]:
    faults = []
    for path, name in source_files(root):
        if not is_cpp(name):
            continue
        if name.split("/", 1)[0] not in MAY_INCLUDE:
            faults.append(f"{name}: no folder of the flow; add it to check_layers.py")
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = INCLUDE.match(line)
            why = found and fault(name, *found.groups())
            if why:
                faults.append(f"{name}:{number}: includes {found[2]}: {why}")
    return faults


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    faults = check(root)
    print("\n".join(faults) if faults else "check_layers: every include follows the flow")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
