"""`SampleText`: a few texts in the tokens of both, and in those of every remap."""

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from bridge.alignment import MatchKind
from bridge.reporting.numbers.reading import METHODS, Reading
from bridge.reporting.numbers.token_text import token_text, token_texts

_TEXTS = 8
_LONGEST = 160
# Texts whose beginnings are read where all are longer than that.
_TRIED = 100

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ShownToken:
    """One running token.

    Attributes:
        token_id: Its id.
        token: Its text, readable.
        kind: Name of its `MatchKind`; empty for a token of the preset.
        pieces: Texts of the preset's pieces for it, read where it stands in its word;
            empty for a token of the preset.
    """

    token_id: int
    token: str
    kind: str
    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SampleText:
    """One text.

    Attributes:
        text: The text.
        tokenizer: Tokens of the tokenizer.
        preset: Tokens of the preset's reference tokenizer.
        remapped: For every remap, the preset's tokens that it gives.
        exact: For every remap, whether these are the reference's own.
    """

    text: str
    tokenizer: tuple[ShownToken, ...]
    preset: tuple[ShownToken, ...]
    remapped: dict[str, tuple[ShownToken, ...]]
    exact: dict[str, bool]


def show_side_by_side(reading: Reading) -> tuple[SampleText, ...]:
    """Take a few texts, half of them such that `expand` gets wrong.

    Args:
        reading: Texts and both tokenizers.

    Returns:
        At most eight texts of at most 160 characters, in their order, or beginnings
        where all are longer; none where a side is only a vocabulary.
    """
    if not reading.has_both:
        return ()
    if all(len(text.strip()) > _LONGEST for text in reading.sample.texts):
        reading = _of_beginnings(reading)
    return tuple(_show(reading, place) for place in _chosen(reading))


def _of_beginnings(reading: Reading) -> Reading:
    """Read the beginnings of some texts, cut at a space."""
    cut = [text.strip()[:_LONGEST] for text in _evenly(reading.sample.texts, _TRIED)]
    texts = [text.rpartition(" ")[0] or text for text in cut]
    weights = np.ones(len(texts), np.int64)
    return Reading.of(
        reading.alignment, replace(reading.sample, texts=texts, weights=weights)
    )


def _chosen(reading: Reading) -> list[int]:
    texts = reading.sample.texts
    fits = np.array([0 < len(text.strip()) <= _LONGEST for text in texts], bool)
    # Texts of at least three words show more than single ones, where there are any.
    long = fits & np.array([text.count(" ") > 1 for text in texts], bool)
    fits = long if long.any() else fits
    wrong = fits & ~reading.exact_rows(reading.remapped["expand"])
    half = _evenly(np.flatnonzero(wrong).tolist(), _TEXTS // 2)
    others = [place for place in np.flatnonzero(fits).tolist() if place not in half]
    return sorted([*half, *_evenly(others, _TEXTS - len(half))])


def _evenly(items: list[T], most: int) -> list[T]:
    step = max(1, -(-len(items) // most))
    return items[::step][:most]


def _show(reading: Reading, place: int) -> SampleText:
    reference = reading.reference_ids[place]
    remapped = {method: reading.remapped[method][place] for method in METHODS}
    return SampleText(
        text=reading.sample.texts[place],
        tokenizer=_tokenizer_tokens(reading, place),
        preset=_preset_tokens(reading, reference.tolist()),
        remapped={
            method: _preset_tokens(reading, ids.tolist())
            for method, ids in remapped.items()
        },
        exact={
            method: bool(np.array_equal(ids, reference))
            for method, ids in remapped.items()
        },
    )


def _tokenizer_tokens(reading: Reading, place: int) -> tuple[ShownToken, ...]:
    alignment = reading.alignment
    ids = reading.ids.take([place])
    tables = (alignment.pieces, alignment.continuation_pieces)
    preset = alignment.reference.vocabulary
    return tuple(
        ShownToken(
            token_id,
            token_text(alignment.tokenizer.vocabulary, token_id),
            MatchKind(int(alignment.kinds[token_id])).name,
            token_texts(preset, tables[is_inside][token_id].tolist()),
        )
        for token_id, is_inside in zip(
            ids.values.tolist(),
            alignment.tables.borders.continues(ids).tolist(),
            strict=True,
        )
    )


def _preset_tokens(reading: Reading, ids: list[int]) -> tuple[ShownToken, ...]:
    texts = token_texts(reading.alignment.reference.vocabulary, ids)
    return tuple(
        ShownToken(token_id, text, "", ())
        for token_id, text in zip(ids, texts, strict=True)
    )
