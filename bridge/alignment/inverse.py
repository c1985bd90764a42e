"""`invert`: the same two tokenizers, the other way round."""

from typing import TYPE_CHECKING

from bridge.alignment.align import align_vocabularies
from bridge.alignment.own_model import model_of
from bridge.alignment.reference import with_reference
from bridge.spec import BackboneSpec

if TYPE_CHECKING:
    from bridge.alignment.alignment import Alignment


def invert(alignment: "Alignment") -> "Alignment":
    """Align the preset's vocabulary with the tokenizer's; see `Alignment.inverse`."""
    from bridge.alignment.alignment import Alignment

    mine, theirs = alignment.reference, alignment.tokenizer
    kinds, pieces, continuation_pieces = align_vocabularies(
        mine.vocabulary,
        theirs.vocabulary,
        normalize=theirs.normalize,
        encode=model_of(theirs),
    )
    return Alignment(
        tokenizer=mine,
        reference=theirs,
        reference_note="the inverse of an alignment",
        spec=with_reference(BackboneSpec(), theirs),
        kinds=kinds,
        pieces=pieces,
        continuation_pieces=continuation_pieces,
    )
