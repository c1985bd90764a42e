"""`Beginnings`: what ids mean at the very beginning of a text."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from bridge.alignment.kinds import MatchKind
from bridge.alignment.own_model import model_of
from bridge.alignment.segment import Speller, Spelling
from bridge.ragged import OffsetArray, Ragged
from bridge.vocabulary import Position, TokenKind

if TYPE_CHECKING:
    from bridge.alignment.alignment import Alignment

# Their match does not go by bytes.
_OTHERWISE = (MatchKind.UNUSED, MatchKind.OVERRIDE, MatchKind.ROLE)


@dataclass(frozen=True, slots=True, eq=False)
class Beginnings:
    """Pieces of a preset that puts a space in front of every text (sentencepiece).

    To it a text begins as any word does, so that the first token without a space of a
    GPT-2 text has the piece with one: `The` is `▁The` there, and `The` elsewhere.

    Attributes:
        pieces: Backbone ids of every id where a text begins with it.
        is_text: Whether an id stands for text; one that does not ends a text.
    """

    pieces: Ragged
    is_text: NDArray[np.bool_]

    @classmethod
    def of(cls, alignment: "Alignment") -> Self | None:
        """Read them off an alignment; `None` where a beginning is no place of its own.

        Args:
            alignment: The alignment.

        Returns:
            The pieces.
        """
        vocabulary = alignment.tokenizer.vocabulary
        preset = alignment.reference.vocabulary
        encode = model_of(alignment.reference)
        if encode is None or not (
            vocabulary.convention.keeps_spaces and preset.convention.keeps_spaces
        ):
            return None
        speller = Speller.build(preset, dead=alignment.untrained, encode=encode)
        if speller.model is None or not speller.model.in_front:
            return None
        is_text = vocabulary.kinds < TokenKind.SPECIAL
        spaceless = vocabulary.positions == Position.EITHER
        spaceless &= is_text & ~np.isin(alignment.kinds, _OTHERWISE)
        ids = np.flatnonzero(spaceless)
        normalize = alignment.reference.normalize
        wanted = [
            _spelling(vocabulary.keys[token_id], normalize) for token_id in ids.tolist()
        ]
        found = speller.spell(each for each in wanted if each is not None)
        pieces = [() if each is None else found[each] for each in wanted]
        spelt = np.array([bool(each) for each in pieces], bool)
        order = np.arange(vocabulary.size)
        order[ids[spelt]] = vocabulary.size + np.flatnonzero(spelt)
        both = Ragged.concatenate([alignment.pieces, Ragged.from_lists(pieces)])
        return cls(both.take(order), is_text)

    def places(self, ids: Ragged) -> OffsetArray:
        """Find where texts begin: with a row, and behind a special token.

        Args:
            ids: Running ids of the tokenizer.

        Returns:
            Places in `ids.values`, rising.
        """
        begins = np.zeros(ids.values.size + 1, bool)
        begins[ids.offsets] = True
        begins[1:] |= ~self.is_text.take(ids.values)
        return np.flatnonzero(begins[:-1])


def _spelling(key: bytes, normalize: Callable[[str], str]) -> Spelling | None:
    """Return what is to be spelt; `None` where the normaliser leaves nothing."""
    with suppress(UnicodeError):  # a part of a character stays as it is
        key = normalize(key.decode("utf-8")).encode("utf-8")
    return Spelling(key, inside=False) if key else None
