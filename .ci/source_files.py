"""The source files of the tree, as check_layers.py and tidy.py see them."""
from collections.abc import Iterator
from pathlib import Path

SKIPPED_FOLDERS = {".git", ".tools", ".cache", "__pycache__"}
CPP_SUFFIXES = {".h", ".cpp", ".cu", ".cuh"}


def source_files(root: Path) -> Iterator[tuple[Path, str]]:
    """(absolute path, path from the root) of every file that is not built or fetched."""
    for path in sorted(root.iterdir()):
        if path.name in SKIPPED_FOLDERS or path.is_symlink():
            continue
        if path.is_file():
            yield path, path.name
        elif path.is_dir() and not path.name.startswith("build"):
            for inner, name in source_files(path):
                yield inner, f"{path.name}/{name}"


def is_cpp(name: str) -> bool:
    return Path(name).suffix in CPP_SUFFIXES
