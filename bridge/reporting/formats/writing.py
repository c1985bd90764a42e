"""Files that are written beside their place and renamed, so none is half there."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def replace_file(path: str | os.PathLike[str]) -> Iterator[TextIO]:
    """Write a file as a whole: it appears complete, or the old one stays.

    Args:
        path: Where it shall be; its folder is made where missing.

    Yields:
        A text file beside `path` to write into, UTF-8, line ends as written.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            yield stream
        Path(beside).chmod(0o644)
        Path(beside).replace(target)
    finally:
        Path(beside).unlink(missing_ok=True)
