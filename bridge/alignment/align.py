"""`align_vocabularies`: what every id of a tokenizer means in a preset."""

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from bridge.alignment.kinds import MatchKind
from bridge.alignment.matching import Match, Matcher, Override
from bridge.alignment.own_model import Encode
from bridge.errors import VocabularyError
from bridge.ragged import Ragged
from bridge.vocabulary import Token, Vocabulary

__all__ = ["Override", "align_vocabularies"]


def align_vocabularies(
    tokenizer: Vocabulary,
    reference: Vocabulary,
    *,
    normalize: Callable[[str], str] = lambda text: text,
    encode: Encode | None = None,
    overrides: Mapping[int | Token, Override] | None = None,
    dead: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.uint8], Ragged, Ragged]:
    """Give every id of the tokenizer exactly one fate.

    Args:
        tokenizer: The external vocabulary.
        reference: The preset's vocabulary.
        normalize: The preset's normaliser, text to text.
        encode: The preset's tokenizer, texts to ids: composed pieces are cut as it
            cuts them. By the longest match if `None`.
        overrides: Token or id of the tokenizer to what it means in the preset.
        dead: Ids of the preset whose rows were never trained, `(reference.size,)`; of
            equal tokens a live one goes before them.

    Returns:
        `kinds`, `(size,)` uint8 of `MatchKind`; `pieces`, backbone ids of every id
        read at a word start; `continuation_pieces`, the same read inside a word.

    Raises:
        VocabularyError: If an override names a token that does not exist.
    """
    matcher = Matcher(
        tokenizer, reference, normalize=normalize, encode=encode, dead=dead
    )
    with _no_collection():
        matches = matcher.match(range(tokenizer.size))
    for token, wanted in (overrides or {}).items():
        token_id = token if isinstance(token, int) else tokenizer.id(token)
        if token_id is None or not 0 <= token_id < tokenizer.size:
            raise VocabularyError(
                "An override must name a token or id of the tokenizer. Received: "
                f"{token!r}, which it does not have (size {tokenizer.size}). Check "
                "the spelling: marks such as 'Ġ' or '▁' belong to it."
            )
        pieces = matcher.override(wanted)
        matches[token_id] = Match(MatchKind.OVERRIDE, pieces, pieces)
    return (
        np.array([match.kind for match in matches], np.uint8),
        Ragged.from_lists([match.pieces for match in matches]),
        Ragged.from_lists([match.continuation_pieces for match in matches]),
    )


@contextmanager
def _no_collection() -> Iterator[None]:
    """Hold the collector back: of a million new tuples it would find none to free."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
