"""What every id of a tokenizer means to a preset, and the three remaps."""

from bridge.alignment.alignment import Alignment
from bridge.alignment.kinds import MatchKind

__all__ = ["Alignment", "MatchKind"]
