"""`Speller`: bytes to pieces, by the preset's own algorithm where it has one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.alignment.index import PieceIndex, Pieces
from bridge.alignment.own_model import Encode, OwnModel
from bridge.errors import BridgeError
from bridge.vocabulary import Vocabulary


class Spelling(NamedTuple):
    """Bytes to spell, and where in a word they stand.

    Attributes:
        content: Normalised as the preset would, without the marks of a word's start
            and end; not UTF-8 where a token is part of a character.
        inside: Whether they continue a word.
        ends: Whether a word ends with them.
    """

    content: bytes
    inside: bool
    ends: bool = True


@dataclass(frozen=True, slots=True)
class Speller:
    """Finds pieces for bytes.

    Byte-pair encoding cuts by its merges and a unigram model by the best score, which
    may differ from the longest match. So the preset's model is asked, and its answer
    counts if the pieces spell exactly these bytes at this place. What it cannot be
    asked (a part of a character) or does not spell (unknown to it, a special token) is
    cut by the longest match over the preset's keys.

    Attributes:
        index: The preset's pieces.
        model: The preset's own algorithm, or `None` where that is the longest match.
    """

    index: PieceIndex
    model: OwnModel | None

    @classmethod
    def build(
        cls,
        vocabulary: Vocabulary,
        *,
        dead: NDArray[np.bool_] | None = None,
        encode: Encode | None = None,
    ) -> "Speller":
        """Index the preset's pieces and find out how to ask its model.

        Args:
            vocabulary: The preset's.
            dead: Ids whose rows were never trained, `(vocabulary.size,)`.
            encode: The preset's tokenizer, texts to ids; `None` where it has none.

        Returns:
            The speller.
        """
        model = None if encode is None else OwnModel.find(vocabulary, encode)
        return cls(PieceIndex.build(vocabulary, dead=dead), model)

    def spell(self, wanted: Iterable[Spelling]) -> dict[Spelling, Pieces]:
        """Find pieces for many bytes at once.

        Args:
            wanted: What to spell.

        Returns:
            Pieces of each; none where no pieces spell it.
        """
        asked = list(dict.fromkeys(wanted))
        answers = self._answers(asked)
        return {s: answers.get(s) or self._longest_match(s) for s in asked}

    def _answers(self, asked: list[Spelling]) -> dict[Spelling, Pieces]:
        if self.model is None:
            return {}
        try:
            return self._read(self.model, asked)
        except BridgeError:
            # A model without unk refuses all for one unknown character.
            known = [spelling for spelling in asked if self._longest_match(spelling)]
        try:
            return self._read(self.model, known)
        except BridgeError:
            return {}

    def _read(self, model: OwnModel, asked: list[Spelling]) -> dict[Spelling, Pieces]:
        targets = [
            self.index.target(s.content, inside=s.inside, ends=s.ends) for s in asked
        ]
        return dict(zip(asked, model.read(targets), strict=True))

    def _longest_match(self, wanted: Spelling) -> Pieces:
        content, inside, ends = wanted
        return self.index.segment(content, inside=inside, ends=ends) or ()
