"""Files and folders written beside their place and renamed: nothing is half there."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from bridge.errors import SavedFormatError


def check_replaceable(directory: str | os.PathLike[str], *, owner: str) -> None:
    """Refuse a folder that `replace_folder` would not replace.

    A long job asks before it begins.

    Args:
        directory: Where something shall be saved.
        owner: File that marks a folder of ours.

    Raises:
        SavedFormatError: If `directory` is a file, or there, not empty and not ours,
            or holds the working directory.
    """
    target = Path(directory)
    if Path.cwd().is_relative_to(target.resolve()):
        raise SavedFormatError(
            "A save replaces a whole folder, which cannot be the one you are in. "
            f"Received: {target}. Name another folder."
        )
    check_owned(target, owner=owner)


def check_owned(directory: str | os.PathLike[str], *, owner: str) -> None:
    """Refuse a folder with files of others.

    Args:
        directory: Where something shall be saved.
        owner: File that marks a folder of ours.

    Raises:
        SavedFormatError: If `directory` is a file, or there, not empty and not ours.
    """
    target = Path(directory)
    if target.exists() and not target.is_dir():
        raise SavedFormatError(
            f"A save is a folder. Received: {target}, which is a file. Name another "
            "place."
        )
    if target.exists() and not (target / owner).is_file() and any(target.iterdir()):
        raise SavedFormatError(
            f"A save replaces an empty folder or an older save. Received: {target}, "
            f"which holds other files and no {owner}. Name another folder."
        )


@contextmanager
def replace_folder(directory: str | os.PathLike[str], *, owner: str) -> Iterator[Path]:
    """Write a folder as a whole: it appears complete, or the old one stays.

    Args:
        directory: Where it shall be.
        owner: File that marks a folder of ours; an existing folder with other content
            is not replaced.

    Yields:
        An empty folder beside `directory` to write into.

    Raises:
        SavedFormatError: As `check_replaceable`.
    """
    check_replaceable(directory, owner=owner)
    target = Path(directory)
    target.parent.mkdir(parents=True, exist_ok=True)
    room = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    new, old = room / "new", room / "old"
    new.mkdir()
    try:
        yield new
        if target.exists():
            target.rename(old)
        new.rename(target)
    finally:
        # Whatever came between the two, an interrupt too, takes no older save along.
        if old.exists() and not target.exists():
            old.rename(target)
        shutil.rmtree(room, ignore_errors=True)


@contextmanager
def replace_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Write a file as a whole: it appears complete, or the old one stays.

    Args:
        path: Where it shall be; its folder is made where missing.

    Yields:
        An empty file beside `path` to write to, with the same ending.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(
        prefix=f".{target.stem}-", suffix=target.suffix, dir=target.parent
    )
    os.close(handle)
    beside = Path(name)
    try:
        yield beside
        beside.chmod(0o644)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def replace_file(path: str | os.PathLike[str]) -> Iterator[TextIO]:
    """Write a text file as a whole; see `replace_path`.

    Args:
        path: Where it shall be; its folder is made where missing.

    Yields:
        A text file beside `path` to write into, UTF-8, line ends as written.
    """
    with (
        replace_path(path) as beside,
        beside.open("w", encoding="utf-8", newline="") as stream,
    ):
        yield stream
