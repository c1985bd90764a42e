"""Inputs hashed and cut into pieces that can be read apart."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from bridge.corpus.documents import text_of
from bridge.corpus.parts import Piece
from bridge.corpus.reading import check_column, is_compressed
from bridge.errors import CorpusError

# Behind what a file may be cut. In CSV a line end may stand inside a cell.
_ENDS = {
    "lines": (b"\n",),
    "jsonl": (b"\n",),
    "paragraphs": (b"\n\n", b"\n\r\n"),
}
_BLOCK = 2**23

Cut = tuple[str, list[Piece]]


def cut_file(path: Path, form: str, *, column: str, size: int) -> Cut:
    """Hash a file and cut it.

    Args:
        path: The file.
        form: How it is read.
        column: Column that a Parquet table must have.
        size: Bytes of a piece. A compressed file or a CSV stays whole: nothing tells
            where a row begins in its middle.

    Returns:
        Its SHA-256, and pieces that together are the file.

    Raises:
        CorpusError: If a table has no such column.
        OSError: If it cannot be read.
    """
    if form in _ENDS and not is_compressed(path.name):
        return _cut_text(path, form, size)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if form == "parquet":
        return digest, _cut_parquet(path, column)
    return digest, [Piece(path.as_posix(), form, path.stat().st_size)]


def _cut_text(path: Path, form: str, size: int) -> Cut:
    digest = hashlib.sha256()
    position = row = 0
    cuts = [(0, 0)]
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            while (target := cuts[-1][0] + size) <= position + len(block):
                end = _first_end(block, form, max(0, target - position - 1))
                if end is None:
                    break
                cuts.append((position + end, row + block.count(b"\n", 0, end)))
            row += block.count(b"\n")
            position += len(block)
    ends = [begin for begin, _ in cuts[1:]] + [position]
    pieces = [
        Piece(path.as_posix(), form, end - begin, begin, end, row)
        for (begin, row), end in zip(cuts, ends, strict=True)
        if end > begin
    ]
    return digest.hexdigest(), pieces


def _first_end(block: bytes, form: str, begin: int) -> int | None:
    ends = _ENDS[form]
    found = [(block.find(end, begin), len(end)) for end in ends]
    return min((at + length for at, length in found if at >= 0), default=None)


def _cut_parquet(path: Path, column: str) -> list[Piece]:
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(path) as file:
        metadata, names = file.metadata, file.schema_arrow.names
    check_column(column, names, path)
    pieces: list[Piece] = []
    row = 0
    for index in range(metadata.num_row_groups):
        group = metadata.row_group(index)
        place = (index, index + 1, row)
        pieces.append(Piece(path.as_posix(), "parquet", group.total_byte_size, *place))
        row += group.num_rows
    return pieces


def cut_stream(stream: BinaryIO, form: str, *, size: int) -> Iterator[Piece]:
    """Cut a stream, reading as far as pieces are asked for.

    Args:
        stream: Such as the standard input.
        form: How it is read.
        size: Bytes of a piece.

    Yields:
        Pieces that hold their bytes.

    Raises:
        CorpusError: If that form cannot be cut.
    """
    if form not in _ENDS:
        raise CorpusError(
            "The standard input is read as 'lines', 'paragraphs' or 'jsonl'. Received: "
            f"form={form!r}. Name a file instead."
        )
    held, row = b"", 0
    while block := stream.read(size):
        held += block
        found = [(held.rfind(end), len(end)) for end in _ENDS[form]]
        cut = max((at + length for at, length in found if at >= 0), default=0)
        if cut and len(held) >= size:
            yield _held(form, held[:cut], row)
            row += held.count(b"\n", 0, cut)
            held = held[cut:]
    if held:
        yield _held(form, held, row)


def _held(form: str, data: bytes, row: int) -> Piece:
    digest = hashlib.sha256(data).hexdigest()
    return Piece("<stdin>", form, len(data), row=row, data=data, sha256=digest)


def cut_values(values: Iterable[Any], column: str, *, size: int) -> Iterator[Piece]:
    """Cut an iterable of texts or records, reading as far as pieces are asked for.

    Args:
        values: Texts, or mappings that hold one.
        column: Member of a mapping.
        size: Bytes of a piece.

    Yields:
        Pieces that hold their texts.
    """
    held: list[Any] = []
    length = row = 0
    for value in values:
        text = value if isinstance(value, str) else text_of(value, column)
        held.append(text)
        length += len(text) if isinstance(text, str) else 0
        if length >= size:
            yield _texts(held, row, length)
            held, length, row = [], 0, row + len(held)
    if held:
        yield _texts(held, row, length)


def _texts(values: list[Any], row: int, size: int) -> Piece:
    digest = hashlib.sha256(repr(values).encode()).hexdigest()
    return Piece("<texts>", "values", size, row=row, data=values, sha256=digest)
