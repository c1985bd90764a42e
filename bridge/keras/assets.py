"""Saved folders as one file, since Keras fetches a layer's assets by file name."""

import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from bridge.errors import SavedFormatError

# The largest published tokenizers unpack to about 100 MB. A few bytes of an archive
# can unpack to far more than a disk holds.
SIZE_LIMIT = 1_000_000_000
ENTRY_LIMIT = 1_000

# The oldest date a zip can hold: the same content gives the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)


@contextmanager
def pack(file: str | os.PathLike[str]) -> Iterator[Path]:
    """Write a folder as one zip file.

    Args:
        file: The zip file; replaced only when the folder is complete.

    Yields:
        An empty folder to write into.
    """
    target = Path(file)
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)
        beside = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            _zip(Path(name), beside)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)


def _zip(folder: Path, file: Path) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _DATE)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                with path.open("rb") as source, archive.open(entry, "w") as sink:
                    shutil.copyfileobj(source, sink)


@contextmanager
def unpack(file: str | os.PathLike[str]) -> Iterator[Path]:
    """Read what `pack` wrote; nothing is written outside the folder.

    Args:
        file: The zip file.

    Yields:
        A folder with its content, removed afterwards.

    Raises:
        SavedFormatError: If it is missing, damaged or too large, or holds a path that
            leaves the folder.
    """
    path = Path(file)
    with tempfile.TemporaryDirectory() as name:
        try:
            with zipfile.ZipFile(path) as archive:
                entries = archive.infolist()
                _check(path, entries)
                for entry in entries:
                    _extract(archive, entry, Path(name))
        except (
            OSError,
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,  # a compression that is not supported
            RuntimeError,  # encrypted
        ) as error:
            raise _refusal(path, str(error)) from error
        yield Path(name)


def _check(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    # The sizes stated are upper bounds: `zipfile` reads no more than they say.
    size = sum(entry.file_size for entry in entries)
    if size > SIZE_LIMIT or len(entries) > ENTRY_LIMIT:
        raise _refusal(
            path,
            f"{len(entries):,} files of {size:,} bytes, more than {ENTRY_LIMIT:,} "
            f"files or {SIZE_LIMIT:,} bytes",
        )
    names = [entry.filename for entry in entries]
    for name in names:
        parts = PurePosixPath(name).parts
        # A drive letter and a backslash mean something else on Windows.
        if not parts or name.startswith("/") or ".." in parts or set(name) & {*":\\"}:
            raise _refusal(path, f"the path {name!r}, which leaves its folder")
    if len(set(names)) < len(names):
        raise _refusal(path, "two files of one name")


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path) -> None:
    if entry.is_dir():
        return
    place = folder / entry.filename
    place.parent.mkdir(parents=True, exist_ok=True)
    # A link would come out as an ordinary file that holds its target's name.
    with archive.open(entry) as source, place.open("xb") as sink:
        shutil.copyfileobj(source, sink)


def _refusal(path: Path, received: str) -> SavedFormatError:
    return SavedFormatError(
        "A saved tokenizer is one zip file of plain files, written by "
        f"`save_to_preset` or `save`. Received: {path} ({received}). Save it again."
    )
