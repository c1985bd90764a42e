"""What a token means: its bytes, its place in a word, its role."""

from bridge.vocabulary.kinds import Token, TokenKind
from bridge.vocabulary.surface import Convention, Position
from bridge.vocabulary.vocabulary import Vocabulary

__all__ = ["Convention", "Position", "Token", "TokenKind", "Vocabulary"]
