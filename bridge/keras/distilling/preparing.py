"""`prepare`: two models and two tokenizers, made ready to learn from each other."""

from collections.abc import Sequence
from typing import Any

import keras
import keras_hub
import numpy as np
from numpy.typing import NDArray

from bridge.batches.batching import Batching
from bridge.errors import ArgumentTypeError
from bridge.keras.distilling.body import Body, is_causal
from bridge.keras.distilling.lessons import Lessons
from bridge.keras.distilling.limits import RowLimits
from bridge.keras.distilling.readings import Reader
from bridge.keras.distilling.teacher import Teacher
from bridge.keras.distilling.trainer import Trainer
from bridge.keras.result import TransplantResult
from bridge.keras.tables import backbone_of, vocabulary_tables
from bridge.keras.word_lookup import word_lookup
from bridge.spec import Template
from bridge.vocabulary import TokenKind

# Tokens whose scores are compared, drawn from those that both models have.
_SCORED = 2_048


def prepare(
    result: TransplantResult,
    layers: Sequence[str],
    *,
    until: str | None,
    trainable: str,
    text_weight: float,
    copied: float,
    batch_size: int,
    sequence_length: int,
    seed: int,
) -> tuple[Trainer, Lessons]:
    """Prepare the models of a transplant and the way in which they read.

    Args:
        result: The transplant.
        layers: As `distill` takes them.
        until: As `distill` takes it.
        trainable: As `distill` takes it.
        text_weight: As `distill` takes it.
        copied: As `distill` takes it.
        batch_size: As `distill` takes it.
        sequence_length: As `distill` takes it.
        seed: As `distill` takes it.

    Returns:
        What trains, and what makes its batches.

    Raises:
        ArgumentTypeError: If `result` is no result of a transplant.
        BackboneError: If the backbone reads anything but one text, has no such layer,
            or nothing in it trains that should.
    """
    _check_kind(result)
    original, transplanted = (
        Body.of(backbone_of(model), layers, until=until)
        for model in (result._source, result.model)
    )
    teacher = Teacher(original, vocabulary_tables(result._source)[0].read())
    trainer = Trainer.of(
        transplanted,
        teacher,
        _limits(result, copied),
        text_weight=text_weight,
        # A head scores by the last states of the backbone only.
        heads=_heads(result, seed) if until is None else (),
        weights=transplanted.trainable_weights() if trainable == "all" else (),
    )
    limit = result.spec.max_sequence_length
    lessons = Lessons(
        _readers(result, last=is_causal(original)),
        Batching(batch_size=batch_size, seed=seed),
        sequence_length if limit is None else min(sequence_length, limit),
    )
    return trainer, lessons


def _check_kind(result: Any) -> None:  # noqa: ANN401  whatever the user passed
    if not isinstance(result, TransplantResult):
        raise ArgumentTypeError(
            "`distill` trains what `bridge.transplant` returned. Received: "
            f"{type(result).__name__}. Pass that result, not its model; after "
            "`bridge.connect` it is `link.transplant`."
        )


def _readers(result: TransplantResult, *, last: bool) -> tuple[Reader, Reader]:
    """Return how the original model reads texts, and how the transplanted one does."""
    alignment = result._plan.source.alignment
    template = (
        Template() if alignment.spec.template is None else alignment.spec.template
    )
    known = (
        (alignment.reference, alignment.spec, alignment.reference.vocabulary, None),
        (result.tokenizer, result.spec, result.vocabulary, result.words),
    )
    first, second = (
        Reader(
            tokenizer,
            template.resolve(vocabulary.roles),
            # The mask says what is padding, so any row will do.
            0 if spec.pad_id is None else spec.pad_id,
            last,
            words,
        )
        for tokenizer, spec, vocabulary, words in known
    )
    return first, second


def _limits(result: TransplantResult, reach: float) -> RowLimits:
    vocabulary = result.vocabulary
    special = np.flatnonzero(vocabulary.kinds >= TokenKind.SPECIAL)
    fixed = np.union1d(special, list(vocabulary.roles.values())).astype(np.int64)
    rows, copied = vocabulary_tables(result.model)[0].read(), result.provenance.copied
    lookup = word_lookup(result.model)
    if lookup is not None:
        of_words = keras.ops.convert_to_numpy(lookup.embeddings)
        # The first is of tokens that have nothing more to say; the others stay copies.
        words = np.arange(len(rows) + 1, len(rows) + len(of_words))
        fixed = np.union1d(fixed, words)
        rows = np.concatenate([rows, of_words])
        copied = np.concatenate([copied, np.arange(len(of_words)) > 0])
    return RowLimits.of(rows, copied, fixed=fixed, reach=reach)


def _heads(result: TransplantResult, seed: int) -> tuple[NDArray[np.float32], ...]:
    """Return rows of a causal model's output head for some tokens that both have."""
    if not isinstance(result.model, keras_hub.models.CausalLM):
        return ()
    tables = vocabulary_tables(result.model)
    head = next((table for table in tables if table.kind == "head"), tables[0])
    shared = np.flatnonzero(result.provenance.copied)
    drawn = np.random.default_rng(seed).permutation(shared)[:_SCORED]
    return (head.read()[drawn].astype(np.float32),)
