"""`beside`: files that appear complete, survive a crash, or never were there."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PREFIX = ".bridge-writing-"


@contextmanager
def beside(folder: Path) -> Iterator[Path]:
    """Write files that replace those of the same name in a folder, all at the end.

    Args:
        folder: Where they shall be.

    Yields:
        An empty folder inside it to write into. If that fails it is removed; if the
        process is killed it stays until `sweep`.
    """
    made = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder))
    try:
        yield made
        files = sorted(made.iterdir())
        for file in files:
            file.chmod(0o644)
            _flush(file)
        for file in files:
            file.replace(folder / file.name)
        _flush(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Remove what killed processes left.

    Args:
        folder: The folder they wrote to.
    """
    for left in folder.glob(f"{_PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)


def _flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
