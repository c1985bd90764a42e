"""Rows of an embedding for another vocabulary, and where each came from."""

from bridge.embedding.anchors import Anchors
from bridge.embedding.check import RowCheck
from bridge.embedding.omp import MatchingPursuit
from bridge.embedding.provenance import Provenance, Rule

__all__ = ["Anchors", "MatchingPursuit", "Provenance", "RowCheck", "Rule"]
