"""`align`: a tokenizer against a preset, however either is given."""

import os
from collections.abc import Mapping
from typing import Any

from bridge.alignment import Alignment
from bridge.alignment.align import Override, align_vocabularies
from bridge.alignment.own_model import model_of
from bridge.alignment.reference import with_reference
from bridge.alignment.untrained import find_untrained
from bridge.spec import BackboneSpec
from bridge.tokenizers import Tokenizer, load_tokenizer
from bridge.vocabulary import Token


def align(
    tokenizer: Any,  # noqa: ANN401  whatever load_tokenizer takes
    preset: Any,  # noqa: ANN401  name, folder, KerasHub object, tokenizer, Vocabulary
    *,
    reference: Any = None,  # noqa: ANN401  whatever load_tokenizer takes
    overrides: Mapping[int | Token, Override] | None = None,
    weights: Any = None,  # noqa: ANN401  whatever numpy reads
) -> Alignment:
    """Find out what every id of a tokenizer means to a preset.

    Args:
        tokenizer: The external tokenizer, or anything `load_tokenizer` takes.
        preset: The pretrained side: a preset's name or folder, a KerasHub task,
            preprocessor or tokenizer, a `Vocabulary`, or another tokenizer.
        reference: The tokenizer the checkpoint was trained with, where it is known
            better than from the preset.
        overrides: Token or id of the tokenizer to what it means in the preset: an id,
            a token, a text to be spelt, or several.
        weights: The preset's token embedding, `(rows, dimensions)`, which shows the
            rows that training never touched: of tokens with the same bytes a trained
            one is taken, and `alignment.dead` counts the others.

    Returns:
        The alignment; every id has exactly one `MatchKind`.

    Raises:
        MissingVocabularyError: If the preset has no vocabulary (a bare backbone).
        BackboneError: If the preset cannot be loaded.
        VocabularyError: If an override names what does not exist, or `weights` have
            fewer rows than the preset has ids.

    Example:
        >>> bridge.align(tokenizer, preset)
        Alignment(50,257 ids: ROLE=1, EXACT=18,161, NORMALIZED=11,213, ...)
    """
    external = load_tokenizer(tokenizer)
    if _is_keras_side(preset):
        from bridge.keras.presets import read_preset

        read = read_preset(preset, reference=reference)
        pretrained = (read.reference, read.reference_note, read.spec)
        return _align(external, *pretrained, overrides=overrides, weights=weights)
    found = load_tokenizer(preset if reference is None else reference)
    note = "given as the preset" if reference is None else "given as reference="
    spec = with_reference(BackboneSpec(), found)
    return _align(external, found, note, spec, overrides=overrides, weights=weights)


def _align(
    tokenizer: Tokenizer,
    reference: Tokenizer,
    note: str,
    spec: BackboneSpec,
    *,
    overrides: Mapping[int | Token, Override] | None,
    weights: Any,  # noqa: ANN401
) -> Alignment:
    untrained = None
    if weights is not None:
        untrained = find_untrained(weights, reference.vocabulary)
    kinds, pieces, continuation_pieces = align_vocabularies(
        tokenizer.vocabulary,
        reference.vocabulary,
        normalize=reference.normalize,
        encode=model_of(reference),
        overrides=overrides,
        dead=untrained,
    )
    return Alignment(
        tokenizer=tokenizer,
        reference=reference,
        reference_note=note,
        spec=spec,
        kinds=kinds,
        pieces=pieces,
        continuation_pieces=continuation_pieces,
        untrained=untrained,
    )


def _is_keras_side(preset: Any) -> bool:  # noqa: ANN401
    """Tell a preset's name and KerasHub's objects from tokenizers of other libraries.

    An object of a library can only exist where that library is loaded, so its classes'
    modules say it without an import.
    """
    if isinstance(preset, (str, os.PathLike)):
        return True
    owners = {cls.__module__.partition(".")[0] for cls in type(preset).__mro__}
    return bool(owners & {"keras", "keras_hub", "keras_nlp"})
