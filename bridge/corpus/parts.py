"""`Part`: what one shard is made from."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one input.

    Attributes:
        name: Of the input: its path, or what stands for it.
        form: How it is read: a name in `reading.READERS`.
        size: About how many bytes it has.
        begin: Byte, row group or row where it begins.
        end: The one behind its last; `None` for all there are.
        row: Line or row of the input where it begins.
        data: What is read, where that is no file: bytes or texts.
        sha256: Of the data of a stream, which cannot be hashed before it is read.
    """

    name: str
    form: str
    size: int
    begin: int = 0
    end: int | None = None
    row: int = 0
    data: Any = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """What one shard is made from. Parts are the same whoever works on them.

    Attributes:
        index: Its number, which is its shard's.
        pieces: Stretches of inputs, in order.
    """

    index: int
    pieces: tuple[Piece, ...]

    @property
    def size(self) -> int:
        """About how many bytes it has."""
        return sum(piece.size for piece in self.pieces)

    @property
    def digests(self) -> list[str]:
        """Hashes of the pieces that come from streams."""
        return [x.sha256 for x in self.pieces if x.sha256 is not None]


def make_parts(pieces: Iterable[Piece], size: int) -> Iterator[Part]:
    """Put pieces together until they have the size of a part.

    Args:
        pieces: Stretches of inputs, none much longer than a part where it can be cut.
        size: Bytes of a part.

    Yields:
        The parts, in order.
    """
    held: list[Piece] = []
    index = filled = 0
    for piece in pieces:
        if held and filled + piece.size > size:
            yield Part(index, tuple(held))
            held, index, filled = [], index + 1, 0
        held.append(piece)
        filled += piece.size
    if held:
        yield Part(index, tuple(held))
