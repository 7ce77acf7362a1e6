"""The style as a test: sizes, blanks, left-over notes, headers' first lines, foreign addresses.

usage: tidy.py [ROOT]       exit code 1: something to mend; one line for each
"""
import re
import sys
from pathlib import Path

from cpp_functions import functions
from source_files import is_cpp, source_files

COLUMNS_MAX = 100
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 500

# Files that may be longer, and why.
LONG_FILES: dict[str, str] = {}

# Written by tools or for them: their bytes are the test.
DATA_FOLDERS = ("tests/fuzz/corpus/", "tests/golden/", "bench/results/")
CODE_SUFFIXES = {".h", ".cpp", ".cu", ".cuh", ".py", ".sh", ".cmake", ".js", ".css", ".xml",
                 ".toml"}
CODE_NAMES = {"CMakeLists.txt"}
CODE_FOLDERS = ("scripts/", ".ci/")
TEXT_SUFFIXES = {".md", ".service", ".yml"}

LEFT_OVER = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
# Where packages come from is the machine's business; a tree that names it works in one place only.
REGISTRY = re.compile(
    r"pypi\.org|pythonhosted\.org|repo1?\.maven|maven\.apache\.org|maven\.org|deb\.debian\.org"
    r"|crates\.io|npmjs\.org|anaconda\.org|(index|extra-index)-url|ghcr\.io|docker\.io"
)


def is_code(name: str) -> bool:
    path = Path(name)
    return (
        path.suffix in CODE_SUFFIXES
        or path.name in CODE_NAMES
        or (name.startswith(CODE_FOLDERS) and path.suffix in {"", ".py"})
    )


def line_faults(line: str, code: bool) -> list[str]:
    faults = []
    if code and len(line) > COLUMNS_MAX:
        faults.append(f"{len(line)} columns; at most {COLUMNS_MAX}")
    if code and "\t" in line:
        faults.append("a tab")
    if line != line.rstrip():
        faults.append("blanks at the end of the line")
    if LEFT_OVER.search(line):
        faults.append("a note of work left over; do it or file an issue")
    if REGISTRY.search(line):
        faults.append("names a package registry")
    return faults


def header_faults(name: str, lines: list[str]) -> list[str]:
    faults = []
    if not lines or not lines[0].startswith("// "):
        faults.append(f"{name}:1: a header begins with a comment that says what it is for")
    if "#pragma once" not in lines:
        faults.append(f"{name}:1: a header has #pragma once")
    return faults


def file_faults(name: str, text: str) -> list[str]:
    code = is_code(name)
    lines = text.split("\n")
    faults = []
    for number, line in enumerate(lines, 1):
        faults += [f"{name}:{number}: {fault}" for fault in line_faults(line, code)]
    if text and (lines.pop() != "" or (lines and lines[-1] == "")):
        faults.append(f"{name}:{len(lines)}: a file ends with one newline")
    if code and len(lines) > FILE_LINES_MAX and name not in LONG_FILES:
        faults.append(f"{name}:1: {len(lines)} lines; at most {FILE_LINES_MAX}")
    if name.endswith((".h", ".cuh")):
        faults += header_faults(name, lines)
    if is_cpp(name):
        for first, last in functions(text):
            if last - first + 1 > FUNCTION_LINES_MAX:
                size = f"a function of {last - first + 1} lines; at most {FUNCTION_LINES_MAX}"
                faults.append(f"{name}:{first}: {size}")
    return faults


def check(root: Path) -> list[str]:
    faults = []
    for path, name in source_files(root):
        if name.startswith(DATA_FOLDERS):
            continue
        if is_code(name) or Path(name).suffix in TEXT_SUFFIXES:
            faults += file_faults(name, path.read_text())
    return faults


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    faults = check(root)
    print("\n".join(faults) if faults else "tidy: nothing to mend")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
