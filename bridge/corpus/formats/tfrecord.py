"""Shards as TFRecord files of `tf.train.Example`s."""

import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from bridge.corpus.formats.base import ShardFormat, ShardWriter, Stored
from bridge.corpus.formats.varints import read_varints, write_varints
from bridge.corpus.rows import Rows
from bridge.ragged import Ragged

# Numbers of the fields in TensorFlow's example.proto and feature.proto.
_BYTES_LIST, _INT64_LIST = 1, 3


class TFRecordFormat(ShardFormat):
    """One `Example` a row, with the features that Parquet has as columns."""

    @contextmanager
    def create(
        self, folder: Path, name: str, sources: list[str]
    ) -> Iterator[ShardWriter]:
        """Begin a shard; see `ShardFormat.create`."""
        with (folder / f"{name}.tfrecord").open("wb") as file:
            yield _Writer(file, sources)

    def read(self, folder: Path, name: str) -> Stored:
        """Read a shard; see `ShardFormat.read`."""
        rows = [_features(data) for data in _records(folder / f"{name}.tfrecord")]
        columns = {
            key: read_varints([row[key] for row in rows])
            for key in ("token_ids", "begins")
            if not rows or key in rows[0]
        }
        return Stored(columns["token_ids"], columns.get("begins"))


class _Writer:
    """Writes what TensorFlow's reader takes; TensorFlow itself is not needed."""

    def __init__(self, file: IO[bytes], sources: list[str]) -> None:
        self._file = file
        self._sources = [
            _feature("source", _BYTES_LIST, name.encode()) for name in sources
        ]

    def write(self, rows: Rows) -> None:
        """Add rows."""
        ones = np.ones(len(rows), np.int64)
        integers = {
            "token_ids": rows.ids,
            "length": Ragged.from_lengths(rows.ids.lengths, ones),
        }
        if rows.begins is not None:
            integers["begins"] = rows.begins
        columns = [
            [
                _feature(name, _INT64_LIST, data)
                for data in write_varints(values.values, values.lengths)
            ]
            for name, values in integers.items()
        ]
        # Lines may be more than int32 can count.
        for name, places in (("row", rows.row), ("start", rows.start)):
            column = write_varints(places, ones)
            columns.append([_feature(name, _INT64_LIST, data) for data in column])
        columns.append([self._sources[number] for number in rows.source])
        for features in zip(*columns, strict=True):
            self._file.write(_record(_field(1, b"".join(features))))


def _feature(name: str, kind: int, data: bytes) -> bytes:
    """Make an entry of the map of an example's features."""
    value = _field(2, _field(kind, _field(1, data)))
    return _field(1, _field(1, name.encode()) + value)


def _field(number: int, data: bytes) -> bytes:
    """Make a field of bytes: its number and kind, its length, itself."""
    length, size = bytearray(), len(data)
    while size > 127:
        length.append(size & 127 | 128)
        size >>= 7
    return bytes([number << 3 | 2, *length, size]) + data


def _features(example: bytes) -> Mapping[str, bytes]:
    """Read the packed values of every feature."""
    features = _fields(example)[0]
    return {
        key.decode(): _fields(_fields(value)[0])[0]
        for key, value in map(_fields, _fields(features))
    }


def _fields(data: bytes) -> list[bytes]:
    """Read a message all of whose fields are bytes."""
    fields, place = [], 0
    while place < len(data):
        size = shift = 0
        place += 1
        while True:
            digit = data[place]
            place += 1
            size |= (digit & 127) << shift
            shift += 7
            if digit < 128:
                break
        fields.append(data[place : place + size])
        place += size
    return fields


def _record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + _checksum(length) + data + _checksum(data)


def _records(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while head := file.read(12):
            data = end = b""
            if head[8:] == _checksum(head[:8]):
                data = file.read(*struct.unpack("<Q", head[:8]))
                end = file.read(4)
            if end != _checksum(data):
                raise ValueError(f"{path.name}: a record has another checksum")
            yield data


def _checksum(data: bytes) -> bytes:
    """Return TensorFlow's masked CRC-32C."""
    import google_crc32c

    crc = google_crc32c.value(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)
