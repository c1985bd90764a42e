"""The formats of shards: Parquet, TFRecord and numpy's memory maps."""

from collections.abc import Mapping

from bridge.corpus.formats.base import ShardFormat, ShardWriter, Stored
from bridge.corpus.formats.npy import NpyFormat
from bridge.corpus.formats.parquet import ParquetFormat
from bridge.corpus.formats.tfrecord import TFRecordFormat

FORMATS: Mapping[str, type[ShardFormat]] = {
    "parquet": ParquetFormat,
    "tfrecord": TFRecordFormat,
    "npy": NpyFormat,
}

__all__ = ["FORMATS", "ShardFormat", "ShardWriter", "Stored"]
