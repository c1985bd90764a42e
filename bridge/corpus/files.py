"""`find_files`: the files that names, directories and patterns stand for."""

import os
from collections.abc import Iterator, Sequence
from glob import glob
from pathlib import Path

from bridge.corpus.reading import unreadable
from bridge.errors import CorpusError


def find_files(names: Sequence[str | os.PathLike[str]]) -> list[Path]:
    """Find files.

    Args:
        names: Files, directories and glob patterns.

    Returns:
        Files in the order they are named, those of a directory or pattern sorted. Each
        is there once, however many paths or links lead to it.

    Raises:
        CorpusError: If a name stands for none, or a directory cannot be listed.
    """
    if not names:
        raise CorpusError(
            "An input must be there. Received: an empty list. Name a file."
        )
    found: dict[Path, Path] = {}
    for path in (path for name in names for path in _named(name)):
        found.setdefault(path.resolve(), path)
    return list(found.values())


def _named(name: str | os.PathLike[str]) -> list[Path]:
    path = Path(name)
    try:
        if path.is_dir():
            found = list(_inside(path))
        elif path.is_file():
            found = [path]
        else:
            # As a shell reads it: no hidden files, unless the pattern names them.
            matched = map(Path, glob(os.fspath(name), recursive=True))
            found = [each for each in matched if each.is_file()]
    except OSError as error:
        raise unreadable(path, error) from error
    if not found:
        raise CorpusError(
            f"An input must be there. Received: {os.fspath(name)!r}, which is no file, "
            "no directory with files, and a pattern of none. Check the path; texts "
            "themselves are passed as `iter(texts)`."
        )
    return sorted(found)


def _inside(directory: Path) -> Iterator[Path]:
    """Yield the files in a directory, but hidden ones, which are a system's own."""
    seen: set[str] = set()
    for place, folders, files in os.walk(directory, onerror=_refuse, followlinks=True):
        real = os.path.realpath(place)
        # Links may lead round in circles.
        folders[:] = [] if real in seen else sorted(filter(_is_plain, folders))
        seen.add(real)
        for path in (Path(place, name) for name in filter(_is_plain, files)):
            # A link that leads nowhere is opened later, and told; a pipe is no file.
            if path.is_file() or path.is_symlink():
                yield path


def _is_plain(name: str) -> bool:
    return not name.startswith(".")


def _refuse(error: OSError) -> None:
    raise error
