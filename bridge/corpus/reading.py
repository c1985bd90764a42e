"""`read_part`: the texts of a part, as a stream of small batches."""

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from bridge.corpus.documents import (
    Documents,
    Fault,
    Stretch,
    decode_lines,
    sift,
    text_of,
)
from bridge.corpus.parts import Part, Piece
from bridge.errors import CorpusError

# Bytes of input that are texts at a time. The bytes of shards depend on it.
HINT = 4 * 2**20
# And texts, where their bytes are not known before.
_TEXTS = 4096
# Bytes of text in a byte of a compressed file: seldom more.
_PACKED = 10
_MARK = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
COMPRESSED = (".gz", ".zst")

Batches = Iterator[tuple[Sequence[int], list[Any]]]


def read_part(part: Part, field: str) -> Iterator[Documents]:
    """Read the texts of a part.

    Args:
        part: Which.
        field: Member of a JSON object, column of a table.

    Yields:
        Some texts at a time, in order, with what is refused between them.

    Raises:
        CorpusError: If a table has no such column.
        OSError: If an input cannot be read, or is cut short.
    """
    names = [piece.name for piece in part.pieces]
    # Small files are read together: encoded and written one by one they would take
    # fifty times as long.
    held: list[Stretch] = []
    count = size = 0
    for source, piece in enumerate(part.pieces):
        for rows, values in READERS[piece.form](piece, field):
            held.append(Stretch(source, rows, values))
            count += len(rows)
            size += piece.size * (_PACKED if is_compressed(piece.name) else 1)
            if size >= HINT or count >= _TEXTS:
                yield sift(held, names)
                held, count, size = [], 0, 0
    if held:
        yield sift(held, names)


def is_compressed(name: str) -> bool:
    """Tell whether an input is compressed, so that it is read from its beginning."""
    return name.endswith(COMPRESSED)


def check_column(column: str, names: Sequence[str], path: object) -> None:
    """Refuse a table that has no such column.

    Args:
        column: Column of the texts.
        names: Columns that there are.
        path: The table.

    Raises:
        CorpusError: If it is none of them.
    """
    if column not in names:
        raise CorpusError(
            f"The texts must be in the column that is named. Received: {column!r} for "
            f"{path}, which has columns {sorted(names)}. Pass `text=`."
        )


def unreadable(path: object, why: object) -> CorpusError:
    """Return the error for an input that cannot be read.

    Args:
        path: The input.
        why: What is wrong with it.

    Returns:
        The error.
    """
    return CorpusError(
        f"Every input must be readable. Received: {path}, which is not ({why}). "
        "Repair the file, or leave it out."
    )


def _open(piece: Piece) -> BinaryIO:
    if piece.data is not None:
        return io.BytesIO(piece.data)
    if is_compressed(piece.name):
        import pyarrow

        # Unlike Python's, it reads zstd too, and refuses a file that is cut short.
        return io.BufferedReader(pyarrow.input_stream(piece.name, compression="detect"))
    file = Path(piece.name).open("rb")  # noqa: SIM115  the caller closes it
    file.seek(piece.begin)
    return file


def _raw_lines(piece: Piece) -> Iterator[tuple[int, list[bytes]]]:
    """Yield lines without their ends, and the number of the first of them."""
    row = piece.row
    with _open(piece) as file:
        left = sys.maxsize if piece.end is None else piece.end - piece.begin
        while block := file.read(min(HINT, left)):
            if len(block) < left and not block.endswith(b"\n"):
                block += file.readline()
            left -= len(block)
            if not row:
                block = _without_mark(piece, block)
            lines = block.removesuffix(b"\n").split(b"\n") if block else []
            yield row, [line.removesuffix(b"\r") for line in lines]
            row += len(lines)


def _without_mark(piece: Piece, block: bytes) -> bytes:
    if block.startswith(_UTF16):
        # Its lines would pass for UTF-8, with a null character before each letter.
        raise unreadable(piece.name, "it begins as UTF-16, and is read as UTF-8")
    return block.removeprefix(_MARK)


def _read_lines(piece: Piece, field: str) -> Batches:  # noqa: ARG001
    for first, lines in _raw_lines(piece):
        yield range(first, first + len(lines)), list(decode_lines(lines))


def _read_paragraphs(piece: Piece, field: str) -> Batches:  # noqa: ARG001
    held: list[bytes] = []
    begin = piece.row
    for first, lines in _raw_lines(piece):
        rows: list[int] = []
        found: list[bytes] = []
        for row, line in enumerate(lines, first):
            if line.strip():
                begin = begin if held else row
                held.append(line)
            elif held:
                rows.append(begin)
                found.append(b"\n".join(held))
                held = []
        yield rows, list(decode_lines(found))
    if held:
        yield [begin], list(decode_lines([b"\n".join(held)]))


def _read_jsonl(piece: Piece, field: str) -> Batches:
    for first, lines in _raw_lines(piece):
        rows = [row for row, line in enumerate(lines, first) if line.strip()]
        yield rows, [_of_json(lines[row - first], field) for row in rows]


def _of_json(line: bytes, field: str) -> object:
    try:
        return text_of(json.loads(line), field)
    except (ValueError, RecursionError) as error:
        return Fault(f"no JSON: {error}", repr(line[:80]))


def _read_csv(piece: Piece, field: str) -> Batches:
    # Python's limit is 128 kB a field, and it is one for the whole process.
    csv.field_size_limit(2**31 - 1)
    with _open(piece) as file:
        # A byte that is no UTF-8 becomes a lone surrogate, which is refused later.
        text = io.TextIOWrapper(file, "utf-8-sig", "surrogateescape", newline="")
        delimiter = "\t" if ".tsv" in Path(piece.name).suffixes else ","
        lines = _csv_rows(csv.reader(text, delimiter=delimiter, strict=True))
        header = next(lines, (0, [field]))[1]
        if isinstance(header, Fault):
            raise unreadable(piece.name, f"its first line is {header.reason}")
        check_column(field, header, piece.name)
        rows: list[int] = []
        values: list[object] = []
        size = 0
        for row, cells in lines:
            value: object = cells
            if not isinstance(cells, Fault):
                value = text_of(dict(zip(header, cells, strict=False)), field)
            rows.append(row)
            values.append(value)
            size += len(value) if isinstance(value, str) else 0
            if len(rows) == _TEXTS or size >= HINT:
                yield rows, values
                rows, values, size = [], [], 0
        yield rows, values


def _csv_rows(reader: Any) -> Iterator[tuple[int, list[str] | Fault]]:  # noqa: ANN401
    """Yield the cells of each row that has some, and the line where it begins."""
    while True:
        row = reader.line_num
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield row, Fault(f"no CSV: {error}", "")
            continue
        if cells:
            yield row, cells


def _read_parquet(piece: Piece, field: str) -> Batches:
    import pyarrow.parquet

    groups = range(piece.begin, piece.begin + 1 if piece.end is None else piece.end)
    with pyarrow.parquet.ParquetFile(piece.name) as file:
        check_column(field, file.schema_arrow.names, piece.name)
        count = sum(file.metadata.row_group(group).num_rows for group in groups)
        fitting = HINT * count // max(piece.size, 1)
        row = piece.row
        for batch in file.iter_batches(
            max(1, min(_TEXTS, fitting)), row_groups=list(groups), columns=[field]
        ):
            values = _of_column(batch.column(0))
            yield range(row, row + len(values)), values
            row += len(values)


def _of_column(column: Any) -> list[Any]:  # noqa: ANN401  a pyarrow array
    try:
        values: list[Any] = column.to_pylist()
    except UnicodeDecodeError:
        raw = column.cast("binary").to_pylist()
        return [None if x is None else next(decode_lines([x])) for x in raw]
    return values


def _read_values(piece: Piece, field: str) -> Batches:  # noqa: ARG001
    for begin in range(0, len(piece.data), _TEXTS):
        values = piece.data[begin : begin + _TEXTS]
        row = piece.row + begin
        yield range(row, row + len(values)), values


READERS: Mapping[str, Callable[[Piece, str], Batches]] = {
    "lines": _read_lines,
    "paragraphs": _read_paragraphs,
    "jsonl": _read_jsonl,
    "csv": _read_csv,
    "parquet": _read_parquet,
    "values": _read_values,
}
