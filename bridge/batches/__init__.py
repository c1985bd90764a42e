"""Texts as batches of arrays with little padding. Knows no framework."""

from bridge.batches.batching import Batch, Batching, PaddingWaste
from bridge.batches.collating import Collator, ColumnEncoder
from bridge.batches.rows import EncodedRows

__all__ = [
    "Batch",
    "Batching",
    "Collator",
    "ColumnEncoder",
    "EncodedRows",
    "PaddingWaste",
]
