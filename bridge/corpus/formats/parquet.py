"""Shards in Parquet."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bridge.corpus.formats.base import ShardFormat, ShardWriter, Stored
from bridge.corpus.rows import Rows
from bridge.ragged import Ragged, as_int32, offsets_of

if TYPE_CHECKING:
    import pyarrow


class ParquetFormat(ShardFormat):
    """One row a row: `token_ids` list<int32>, `length`, `source`, `row`, `start`."""

    @contextmanager
    def create(
        self, folder: Path, name: str, sources: list[str]
    ) -> Iterator[ShardWriter]:
        """Begin a shard; see `ShardFormat.create`."""
        writer = TableWriter(folder / f"{name}.parquet", sources, with_ids=True)
        try:
            yield writer
        finally:
            writer.close()

    def read(self, folder: Path, name: str) -> Stored:
        """Read a shard; see `ShardFormat.read`."""
        table = read_table(folder / f"{name}.parquet")
        begins = ragged_of(table, "begins") if "begins" in table.column_names else None
        return Stored(ragged_of(table, "token_ids"), begins)


class TableWriter:
    """Writes rows, with their ids or only what else is known of them.

    Args:
        path: The file.
        sources: Names of the inputs that rows give by number.
        with_ids: Whether `token_ids` is one of the columns.
    """

    def __init__(self, path: Path, sources: list[str], *, with_ids: bool) -> None:
        self._path = path
        self._names = [name.encode() for name in sources]
        self._with_ids = with_ids
        self._writer: pyarrow.parquet.ParquetWriter | None = None

    def write(self, rows: Rows) -> None:
        """Add rows as a row group."""
        import pyarrow.parquet

        table = self._table(rows)
        if self._writer is None:
            # A dictionary makes ids as small as zstd alone does, and in less time.
            # BYTE_STREAM_SPLIT is quicker and smaller yet, but for integers it is too
            # new for many readers.
            self._writer = pyarrow.parquet.ParquetWriter(
                self._path,
                table.schema,
                compression="zstd",
                use_dictionary=["token_ids.list.element", "source"],
                write_statistics=False,
            )
        self._writer.write_table(table)

    def close(self) -> None:
        """End the file; one without rows is a file too."""
        if self._writer is None:
            self.write(Rows.nothing())
        if self._writer is not None:
            self._writer.close()

    def _table(self, rows: Rows) -> "pyarrow.Table":
        import pyarrow

        # Not as a dictionary of arrow's: Parquet would be given memory that nobody
        # wrote, and the bytes of the file would be others every time.
        names = [self._names[i] for i in rows.source.tolist()]
        sizes = np.fromiter(map(len, names), np.int64, len(names))
        columns = {
            "length": _array(as_int32(rows.ids.lengths)),
            "source": pyarrow.StringArray.from_buffers(
                len(names),
                _buffer(as_int32(offsets_of(sizes))),
                pyarrow.py_buffer(b"".join(names)),
            ),
            "row": _array(rows.row.astype(np.int64)),
            "start": _array(rows.start.astype(np.int64)),
        }
        if self._with_ids:
            columns = {"token_ids": _column(rows.ids), **columns}
        if rows.begins is not None:
            columns["begins"] = _column(rows.begins)
        return pyarrow.table(columns)


def _column(rows: Ragged) -> "pyarrow.Array":
    import pyarrow

    offsets = _array(as_int32(rows.offsets))
    return pyarrow.ListArray.from_arrays(offsets, _array(rows.values))


def _array(values: np.ndarray) -> "pyarrow.Array":
    # `pyarrow.array` imports pandas first, a quarter of a second in every process.
    import pyarrow

    kind = pyarrow.from_numpy_dtype(values.dtype)
    return pyarrow.Array.from_buffers(kind, values.size, [None, _buffer(values)])


def _buffer(values: np.ndarray) -> "pyarrow.Buffer":
    import pyarrow

    return pyarrow.py_buffer(np.ascontiguousarray(values))


def read_table(path: Path) -> "pyarrow.Table":
    """Read what `TableWriter` wrote.

    Args:
        path: The file.

    Returns:
        The columns that training needs.
    """
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(path) as file:
        wanted = {"token_ids", "length", "begins"} & set(file.schema_arrow.names)
        return file.read(sorted(wanted))


def ragged_of(table: "pyarrow.Table", name: str) -> Ragged:
    """Read a column of lists of ids.

    Args:
        table: The table.
        name: The column.

    Returns:
        Its rows.
    """
    parts = []
    for chunk in table.column(name).chunks:
        offsets = np.asarray(chunk.offsets, np.int64)
        parts.append(Ragged(chunk.flatten().to_numpy(), offsets - offsets[:1]))
    return Ragged.concatenate(parts)
