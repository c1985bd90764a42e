"""`extend` and `shrink`: the preset's own vocabulary, longer or shorter."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import keras_hub
import numpy as np

from bridge.alignment import Alignment, MatchKind
from bridge.alignment.reference import with_reference
from bridge.embedding.own_tokens import basic_tokens, spell_tokens
from bridge.embedding.plan import make_plan
from bridge.embedding.source import RowSource
from bridge.embedding.usage import count_uses
from bridge.embedding.weighting import check_weights
from bridge.errors import BackboneError, TextInputError
from bridge.keras.backbone import check_plain
from bridge.keras.embedding import check_trainable
from bridge.keras.result import TransplantResult
from bridge.keras.spec import describe
from bridge.keras.tables import backbone_of, token_layer
from bridge.keras.transplant import build_twin
from bridge.ragged import Ragged
from bridge.spec import BackboneSpec
from bridge.tokenizers.base import Tokenizer
from bridge.tokenizers.editing import add_tokens, keep_tokens
from bridge.tokenizers.load import load_tokenizer
from bridge.tokenizers.reference import rebuild_reference

if TYPE_CHECKING:
    from tokenizers import AddedToken


def extend(
    model: Any,  # noqa: ANN401  Keras has no types
    tokenizer: Any,  # noqa: ANN401  whatever `load_tokenizer` takes
    tokens: Sequence["str | AddedToken"],
    *,
    weights: str = "char_length",
    calibrate: bool = False,
    trainable: str = "all",
    seed: int = 0,
) -> TransplantResult:
    """Add words to the vocabulary that a model already has.

    Every old row and id stays as it is, bit for bit, in every table of the model and
    of a task's head. A new row is composed from the pieces that the tokenizer cuts
    the word into today, read at the start of a word.

    Args:
        model: A KerasHub backbone or task; not changed.
        tokenizer: The tokenizer whose ids it takes, or anything that
            `bridge.load_tokenizer` takes; run by Hugging Face's library, and not
            changed.
        tokens: New words, or `tokenizers.AddedToken` objects. In byte-level
            vocabularies the space before an added token stays a token of its own;
            `AddedToken(word, lstrip=True)` takes it in.
        weights: Weights of the pieces, as in `transplant`.
        calibrate: Whether a new row of the input table gets the norm of old ones, as
            in `transplant`.
        trainable: As in `transplant`; `"new"` keeps every old row exactly.
        seed: Seed of rows that no pieces spell.

    Returns:
        The new model, and as `result.tokenizer` the longer tokenizer; old texts without
        the new words get the ids they had.

    Raises:
        UnsupportedTokenizerError: If another library runs the tokenizer.
        VocabularyError: If a token is empty, doubled, or not new.
        BackboneError: If the model has fewer rows than the tokenizer has ids, is
            quantized or has LoRA adapters.
        ValueError: If `weights` or `trainable` is unknown.

    Example:
        >>> result = extend(backbone, "tokenizer.json", ["tachycardia"])
        >>> result.tokenizer.encode_batch(["tachycardia"]).to_lists()
        [[30522]]
    """
    check_weights("weights", weights)
    check_trainable(trainable)
    reference = _load(tokenizer)
    rows = _check_rows(model, reference)
    longer = add_tokens(reference, tokens)
    size = longer.vocabulary.size
    known = reference.vocabulary.size
    new = [str(token) for token in longer.vocabulary.tokens[known:]]
    kept = [[row] for row in range(known)]
    # Rows behind the vocabulary, up to a round number, stay where they are.
    spare = [[row] for row in range(size, rows)]
    pieces = [*kept, *spell_tokens(reference, new), *spare]
    alignment = _align(model, longer, reference, pieces=pieces)
    return _rebuild(
        model,
        alignment,
        spec=replace(alignment.spec, vocabulary_size=len(pieces)),
        weights=weights,
        calibrate=calibrate,
        trainable=trainable,
        seed=seed,
    )


def shrink(
    model: Any,  # noqa: ANN401
    tokenizer: Any,  # noqa: ANN401
    texts: Sequence[str],
    *,
    minimum: int = 1,
    trainable: str = "all",
) -> TransplantResult:
    """Keep only the tokens that texts use: a smaller table, the same outputs on them.

    Special and added tokens, bytes and single characters always stay, so that any
    text can still be encoded that could be. Vocabulary trimming: Ushio, Zhou and
    Camacho-Collados 2023, arXiv:2305.15020.

    Args:
        model: A KerasHub backbone or task; not changed.
        tokenizer: The tokenizer whose ids it takes, or anything that
            `bridge.load_tokenizer` takes; run by Hugging Face's library, and not
            changed.
        texts: Texts like those the model will read.
        minimum: Uses from which on a token is kept.
        trainable: As in `transplant`.

    Returns:
        The smaller model, and as `result.tokenizer` the shorter tokenizer. Every row
        is copied bit for bit.

    Raises:
        UnsupportedTokenizerError: If another library runs the tokenizer.
        BackboneError: If the model has fewer rows than the tokenizer has ids, is
            quantized or has LoRA adapters.
        ValueError: If `trainable` is unknown.
        TextInputError: If there is no text, or one is not a usable `str`.

    Example:
        >>> result = shrink(backbone, "tokenizer.json", ["a fine day", "a mess"])
        >>> result.vocabulary.size < 30522
        True
    """
    check_trainable(trainable)
    reference = _load(tokenizer)
    _check_rows(model, reference)
    uses = count_uses(reference, texts)
    if not uses.any():
        raise TextInputError(
            "A vocabulary is cut down to what texts use. Received: texts without any "
            "token. Pass texts like those the model will read."
        )
    kept = (uses >= minimum) | basic_tokens(reference.vocabulary)
    shorter = keep_tokens(reference, np.flatnonzero(kept).tolist())
    pieces = [
        [row]
        for token in shorter.vocabulary.tokens
        if token is not None and (row := reference.vocabulary.id(token)) is not None
    ]
    alignment = _align(model, shorter, reference, pieces=pieces)
    return _rebuild(
        model,
        alignment,
        spec=alignment.spec.with_vocabulary(shorter.vocabulary.roles, len(pieces)),
        trainable=trainable,
    )


def _load(tokenizer: Any) -> Tokenizer:  # noqa: ANN401
    if isinstance(tokenizer, keras_hub.tokenizers.Tokenizer):
        # KerasHub's own often cuts differently from what its checkpoint was trained on.
        return rebuild_reference(tokenizer)
    return load_tokenizer(tokenizer)


def _check_rows(model: Any, reference: Tokenizer) -> int:  # noqa: ANN401
    check_plain(model)
    rows = int(token_layer(backbone_of(model)).input_dim)
    if rows < reference.vocabulary.size:
        raise BackboneError(
            "The tokenizer must be the one whose ids the model takes. Received: "
            f"{reference.vocabulary.size} ids for a token embedding of {rows} rows. "
            "Connect another tokenizer with `bridge.transplant`."
        )
    return rows


def _align(
    model: Any,  # noqa: ANN401
    tokenizer: Tokenizer,
    reference: Tokenizer,
    *,
    pieces: list[list[int]],
) -> Alignment:
    """Align a tokenizer with the one it was made from: row by row, nothing looked up.

    Tokens of equal bytes would otherwise change places.
    """
    kinds = np.full(len(pieces), MatchKind.EXACT, np.uint8)
    kinds[list(tokenizer.vocabulary.roles.values())] = MatchKind.ROLE
    # Never a copy, also where one piece spells it: a new row is a row to train.
    kinds[reference.vocabulary.size : tokenizer.vocabulary.size] = MatchKind.COMPOSED
    kinds[tokenizer.vocabulary.size :] = MatchKind.UNUSED
    rows = Ragged.from_lists(pieces)
    return Alignment(
        tokenizer=tokenizer,
        reference=reference,
        reference_note="the tokenizer it was made from",
        spec=with_reference(describe(model), reference),
        kinds=kinds,
        pieces=rows,
        continuation_pieces=rows,
    )


def _rebuild(
    model: Any,  # noqa: ANN401
    alignment: Alignment,
    *,
    spec: BackboneSpec,
    trainable: str,
    weights: str = "char_length",
    calibrate: bool = False,
    seed: int = 0,
) -> TransplantResult:
    """Give a model the longer or shorter vocabulary of an alignment's tokenizer."""
    vocabulary = alignment.tokenizer.vocabulary
    # A token reads the same everywhere: how often it starts a word does not matter.
    shares = np.ones(len(alignment.kinds), np.float32)
    plan = make_plan(
        RowSource(alignment, shares, seed=seed),
        vocabulary,
        preset_rows=int(token_layer(backbone_of(model)).input_dim),
        weights=(weights, weights),
        calibrate=calibrate,
    )
    return build_twin(
        model,
        plan,
        vocabulary,
        spec=spec,
        tokenizer=alignment.tokenizer,
        trainable=trainable,
    )
