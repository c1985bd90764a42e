"""Shards as numpy arrays of one width, which can be mapped into memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from bridge.corpus.formats.base import ShardFormat, ShardWriter, Stored
from bridge.corpus.formats.parquet import TableWriter, ragged_of, read_table
from bridge.corpus.rows import Rows
from bridge.packing import pack
from bridge.places import mask_of
from bridge.ragged import Ragged
from bridge.spec import Template


class NpyFormat(ShardFormat):
    """`(rows, width)` int32, padded; beside it a table of lengths and places."""

    @contextmanager
    def create(
        self, folder: Path, name: str, sources: list[str]
    ) -> Iterator[ShardWriter]:
        """Begin a shard; see `ShardFormat.create`."""
        table = TableWriter(folder / f"{name}.parquet", sources, with_ids=False)
        with (folder / f"{name}.npy").open("wb") as file:
            writer = _Writer(self, file, table)
            yield writer
            writer.end()
        table.close()

    def read(self, folder: Path, name: str) -> Stored:
        """Read a shard; see `ShardFormat.read`."""
        cells = np.load(folder / f"{name}.npy", mmap_mode="r")
        table = read_table(folder / f"{name}.parquet")
        lengths = table.column("length").to_numpy().astype(np.int64)
        begins = ragged_of(table, "begins") if "begins" in table.column_names else None
        return Stored(Ragged.from_padded(cells, self.mask(lengths)), begins)

    def mask(self, lengths: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which cells of rows are real.

        Args:
            lengths: Real cells of every row.

        Returns:
            `(rows, width)` bool.
        """
        mask = mask_of(lengths, self.width)
        return mask if self.padding_side == "right" else mask[:, ::-1]


class _Writer:
    """Writes the header again at the end, when the number of rows is known."""

    def __init__(self, form: NpyFormat, file: IO[bytes], table: TableWriter) -> None:
        self._form = form
        self._file = file
        self._table = table
        self._count = 0
        self._write_header()

    def write(self, rows: Rows) -> None:
        """Add rows, none longer than the width."""
        form = self._form
        packed = pack(
            rows.ids,
            template=Template(),
            sequence_length=form.width,
            pad_id=form.pad_id,
            padding_side=form.padding_side,
        )
        self._file.write(packed.token_ids.astype("<i4", copy=False).tobytes())
        self._table.write(rows)
        self._count += len(rows)

    def end(self) -> None:
        """Say how many rows there are."""
        self._file.seek(0)
        self._write_header()

    def _write_header(self) -> None:
        # numpy leaves room for a longer number, so that the header keeps its length.
        shape = (self._count, self._form.width)
        header: dict[str, Any] = {
            "descr": "<i4",
            "fortran_order": False,
            "shape": shape,
        }
        np.lib.format.write_array_header_1_0(self._file, header)
