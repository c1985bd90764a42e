"""Rows of an embedding for another vocabulary, and where each came from."""

from bridge.embedding.check import RowCheck
from bridge.embedding.provenance import Provenance, Rule

__all__ = ["Provenance", "RowCheck", "Rule"]
