"""`OwnModel`: a preset's tokenizer, asked which pieces it cuts given bytes into."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.alignment.index import Pieces, spelled_keys
from bridge.errors import BridgeError
from bridge.ragged import Ragged, take_slices
from bridge.tokenizers.base import Tokenizer
from bridge.vocabulary import Convention, Position, TokenKind, Vocabulary

Encode = Callable[[Sequence[str]], Ragged]

# WordPiece takes the longest match and a list of words the word, as the index does.
_BY_LONGEST_MATCH = (Convention.WORDPIECE, Convention.WORDS)

# What stands before bytes without a space in front, where the tokenizer would add one.
# The first lies in hardly any vocabulary, so that no piece reaches across it.
_CARRIERS = ("\ue000", "\u2603", "\n", "x")

# A vocabulary may lack any one letter, or normalise it.
_MOST_LETTERS = 16
_MOST_BYTES = 4  # of a character

# What a special token spells: bytes that no text has.
_NO_TEXT = b"\xff\xff"


def model_of(reference: Tokenizer) -> Encode | None:
    """Return how a preset's tokenizer encodes, or `None` where no library does.

    A vocabulary cannot encode; a user's function or a list of words is no model that
    cuts words, and may refuse a part of one.

    Args:
        reference: The tokenizer the checkpoint was trained with.

    Returns:
        Texts to ids.
    """
    if reference.engine in ("none", "python"):
        return None
    # RWKV: KerasHub takes the longest match, and fails at a byte without a token.
    is_rwkv = reference.vocabulary.convention == Convention.BYTES
    if reference.engine == "keras_hub" and is_rwkv:
        return None
    return reference.encode_batch


class _Question(NamedTuple):
    """Text to encode, and the ids of the carrier that it begins with."""

    text: str
    carrier_ids: Pieces = ()


@dataclass(frozen=True, slots=True)
class OwnModel:
    """A preset's tokenizer, asked for pieces that spell given bytes.

    Attributes:
        encode: Texts to ids.
        spelled: What every id spells, spaces included.
        in_front: The space that the tokenizer puts before every text (Llama), or none.
        behind: The one it puts behind every text (CLIP), or none.
        carrier: What to put before bytes that have no space in front, where the
            tokenizer would add it; without one, such bytes are not asked for.
    """

    encode: Encode
    spelled: tuple[bytes, ...]
    in_front: bytes = b""
    behind: bytes = b""
    carrier: _Question | None = None

    @classmethod
    def find(cls, vocabulary: Vocabulary, encode: Encode) -> "OwnModel | None":
        """Find out by probing what a tokenizer puts around a text.

        Args:
            vocabulary: Its vocabulary.
            encode: Texts to ids.

        Returns:
            The model; `None` where the longest match is its algorithm, or where it
            does not spell a letter of its own vocabulary.
        """
        if vocabulary.convention in _BY_LONGEST_MATCH:
            return None
        model = cls(encode, _spell_out(vocabulary))
        letters = _letters(vocabulary)
        try:
            rows = encode(letters).to_lists()
        except BridgeError:
            return None
        for letter, ids in zip(letters, rows, strict=True):
            before, found, after = model._join(ids).partition(letter.encode())
            if found and (before, after) in ((b"", b""), (b" ", b""), (b"", b" ")):
                framed = replace(model, in_front=before, behind=after)
                return framed._with_carrier(letter) if before else framed
        return None

    def _with_carrier(self, letter: str) -> "OwnModel":
        for carrier in _CARRIERS:
            try:
                rows = self.encode([carrier, carrier + letter]).to_lists()
            except BridgeError:
                continue  # a model without unk refuses what it does not know
            alone, carrying = map(tuple, rows)
            begin, rest = carrying[: len(alone)], carrying[len(alone) :]
            if begin == alone and self._join(rest) == letter.encode():
                return replace(self, carrier=_Question(carrier, alone))
        return self

    def read(self, targets: Sequence[bytes]) -> list[Pieces]:
        """Cut bytes as the tokenizer cuts them in running text.

        Cutting a carrier off changes nothing: a merge, or a piece of the best path,
        that reached across the border would show in the ids around it, and without
        one each side is cut as it would be alone.

        Args:
            targets: What the pieces are to spell, spaces included.

        Returns:
            For each its pieces; none where the tokenizer does not spell it: parts of
            characters, unknown ones, what it takes for a special token.

        Raises:
            BridgeError: If the tokenizer refuses a text.
        """
        questions = [self._ask(target) for target in targets]
        asked = [place for place, each in enumerate(questions) if each is not None]
        carrier = self.carrier.carrier_ids if self.carrier is not None else ()
        carries = np.array(
            [bool(each.carrier_ids) for each in questions if each is not None], bool
        )
        rows = self.encode([each.text for each in questions if each is not None])
        skipped = np.where(carries, len(carrier), 0)
        right = rows.lengths >= skipped
        for place, expected in enumerate(carrier):
            behind = np.flatnonzero(right & carries)
            found = rows.values[rows.offsets[behind] + place]
            right[behind] &= found == expected
        skipped[~right] = 0
        pieces = take_slices(
            rows.values, rows.offsets[:-1] + skipped, rows.lengths - skipped
        )
        right &= self._spells(pieces, [targets[place] for place in asked])
        answers: list[Pieces] = [()] * len(targets)
        for row in np.flatnonzero(right).tolist():
            answers[asked[row]] = tuple(pieces[row].tolist())
        return answers

    def _spells(self, pieces: Ragged, targets: Sequence[bytes]) -> NDArray[np.bool_]:
        """Tell which rows of pieces spell exactly their targets."""
        lengths = np.array([len(each) for each in self.spelled], np.int64)
        ends = np.concatenate([[0], np.cumsum(lengths[pieces.values])])
        wanted = np.array([len(target) for target in targets], np.int64)
        right = np.diff(ends[pieces.offsets]) == wanted
        # Rows of the right length stand below one another: all bytes at once.
        kept = np.flatnonzero(right)
        found = b"".join(
            map(self.spelled.__getitem__, pieces.take(kept).values.tolist())
        )
        expected = b"".join(targets[row] for row in kept.tolist())
        differs = np.frombuffer(found, np.uint8) != np.frombuffer(expected, np.uint8)
        count = np.concatenate([[0], np.cumsum(differs)])
        bounds = np.concatenate([[0], np.cumsum(wanted[kept])])
        right[kept] = np.diff(count[bounds]) == 0
        return np.asarray(right, bool)

    def _ask(self, target: bytes) -> _Question | None:
        try:
            text = target.removesuffix(self.behind).decode("utf-8")
        except UnicodeDecodeError:
            return None
        if self.behind and not target.endswith(self.behind):
            return None
        if not self.in_front:
            return _Question(text)
        if target.startswith(self.in_front) and target != self.in_front:
            return _Question(text[1:])
        if self.carrier is None:
            return None
        return _Question(self.carrier.text + text, self.carrier.carrier_ids)

    def _join(self, ids: Sequence[int]) -> bytes:
        return b"".join(map(self.spelled.__getitem__, ids))


def _spell_out(vocabulary: Vocabulary) -> tuple[bytes, ...]:
    spaced = np.zeros(vocabulary.size, bool)
    if vocabulary.convention.keeps_spaces:
        spaced = vocabulary.positions == Position.START
    is_text = vocabulary.kinds <= TokenKind.ADDED
    return tuple(
        (b" " + key if space else key) if text else _NO_TEXT
        for key, space, text in zip(
            spelled_keys(vocabulary), spaced.tolist(), is_text.tolist(), strict=True
        )
    )


def _letters(vocabulary: Vocabulary) -> list[str]:
    """List some letters that are tokens, lower case first: it survives normalisers."""
    normal = (vocabulary.kinds == TokenKind.NORMAL).tolist()
    texts = {
        key.decode("utf-8", "replace")
        for key, is_normal in zip(vocabulary.keys, normal, strict=True)
        if is_normal and len(key) <= _MOST_BYTES
    }
    letters = [text for text in texts if len(text) == 1 and text.isalpha()]
    return sorted(letters, key=lambda c: (not c.islower(), c))[:_MOST_LETTERS]
