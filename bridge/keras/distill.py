"""`distill`: a transplanted model, trained without labels to be as the original."""

import os
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import islice
from time import monotonic

import numpy as np

from bridge.embedding.provenance import Rule
from bridge.keras.distilling.bar import training_bar
from bridge.keras.distilling.budget import Budget
from bridge.keras.distilling.course import Course
from bridge.keras.distilling.curriculum import Curriculum
from bridge.keras.distilling.cut_words import find_cut_words
from bridge.keras.distilling.distillation import Distillation
from bridge.keras.distilling.lessons import Lesson
from bridge.keras.distilling.options import check_options
from bridge.keras.distilling.precision import computing_in
from bridge.keras.distilling.preparing import prepare
from bridge.keras.distilling.saved import FILE, load_state, save_state
from bridge.keras.distilling.trainer import Trainer
from bridge.keras.result import TransplantResult
from bridge.keras.tables import vocabulary_tables
from bridge.keras.word_lookup import word_lookup
from bridge.tokenizers.saving import check_replaceable

__all__ = ["Distillation", "distill"]

# The held-out texts are looked at before training and after every tenth of it.
_MEASURES = 10
_PATIENCE = 3  # measures without a better one that end it


def distill(
    result: TransplantResult,
    texts: Iterable[str],
    *,
    steps: int | None = None,
    seconds: float | None = None,
    val_texts: Iterable[str] | None = None,
    layers: Sequence[str] = (),
    until: str | None = None,
    trainable: str = "new",
    cut_words: bool = False,
    text_weight: float = 1.0,
    copied: float = 0.0,
    min_uses: int = 2,
    learning_rate: float = 0.2,
    body_learning_rate: float = 3e-4,
    batch_size: int = 64,
    sequence_length: int = 96,
    compute_dtype: str | None = None,
    seed: int = 0,
    state: str | os.PathLike[str] | None = None,
    save_every: float = 60.0,
) -> Distillation:
    """Train the new rows of a transplant to say what the original model says.

    Both models read the same texts, each in its own tokens, and the new rows of the
    token embedding learn to give the hidden states of the original one: over every
    segment of text that both tokenizers cut out, at the special tokens, and in the
    mean over a text. Nothing else of the model moves, unless `trainable="all"` asks for
    it. It needs no labels (Token Distillation, Dobler et al. 2025, arXiv:2505.20133,
    does so for single tokens).

    States of a segment are averaged where the model reads in both directions; a causal
    model's last state in it is taken, and its scores of shared tokens are compared too.
    Special tokens never train, nor do rows of words (`transplant(words=True)`); the row
    of their tokens that have nothing more to say trains as a new one. Norms of rows
    that train stay in the band of those that were copied, since a tied output head
    scores by them. A step costs what the rows of its batch cost, however long the
    table is.

    Args:
        result: What `bridge.transplant` returned; its model gets the trained rows.
        texts: Texts like those the model will read, best one sentence each: what is
            longer than `sequence_length` is cut. Any iterable; read as needed, and
            again from what was read when it ends.
        steps: Most steps.
        seconds: Most seconds. The learning rate falls to 0 towards whichever limit
            comes first; only `steps` alone makes equal runs equal.
        val_texts: Texts that do not train. On these the models are compared ten times:
            the best rows are kept, and training ends when they no longer get better.
        layers: Names of layers of the backbone whose states are compared beside the
            last ones.
        until: Name of the layer at which both models end here, instead of the last one:
            with the second of six a step costs a third, and with `trainable="all"` only
            layers up to it train. Losses and agreements are those of its states.
        trainable: `"new"`: only new rows of the token embedding; `"all"`: also those
            weights of the body that Keras calls trainable. A row cannot say what the
            body never learned: a word that the original tokenizer has whole and the
            other one cuts. The body is not the preset's then, and
            `Distillation.result.check()` says so; a head keeps its weights.
        cut_words: Whether every second batch is of such words, eight to a text: the
            vocabulary lists them all, where `texts` hold few of them. Those that stand
            early in it come more often, since they are frequent ones. For a body that
            trains. With `val_texts`, models are compared on as many lists of words too.
        text_weight: Weight of the means over whole texts in the loss, beside 1 for
            segments and special tokens together; higher where the model serves as one
            that gives a vector for a text.
        copied: How far rows that are copied may move too, as a share of their norm.
            They are no copies then.
        min_uses: Batches in which a token must occur, or its row stays as it was.
        learning_rate: Of Adam, as a share of the spread of copied rows.
        body_learning_rate: Of Adam for the body, as it is; with `trainable="all"`.
        batch_size: Texts of a batch; those of about one length go together.
        sequence_length: Most tokens of a text in either tokenizer, special ones
            included.
        compute_dtype: What both models compute in while they train: `"bfloat16"` saves
            a third or more of a step where the processor multiplies in it, as x86 with
            AMX does; `"float32"`; or `None` for what they compute in else. Weights
            keep their own dtype.
        seed: Of the order of the texts.
        state: Folder from which an interrupted run goes on, given the same texts and
            options, and in which it is saved; with `trainable="all"` four times as
            large as the weights that train.
        save_every: Seconds between saves.

    Returns:
        The transplant with its provenance brought up to date, and how training went.

    Raises:
        ArgumentTypeError: If `result` is no result of a transplant.
        ValueError: If there is no limit, or an option is out of range or unknown.
        TextInputError: If there are no texts, or one is not a usable `str`.
        BackboneError: If the backbone reads anything but one text, has no such layer,
            or nothing in it trains with `trainable="all"`.
        SequenceLengthError: If no token fits beside the special ones.
        SavedFormatError: If the saved state is of another run, or damaged, or `state`
            holds other files.
        NotImplementedError: If a tokenizer cannot tell where its tokens stand.

    Example:
        >>> result = bridge.transplant(link.backbone, link.alignment)
        >>> done = bridge.distill(result, texts, steps=3)
        >>> print(done)
        3 steps in ... s: ... rows trained, ... seen too rarely
    """
    check_options(
        trainable=trainable,
        compute_dtype=compute_dtype,
        copied=copied,
        text_weight=text_weight,
        min_uses=min_uses,
        learning_rate=learning_rate,
        body_learning_rate=body_learning_rate,
    )
    budget = Budget(steps, seconds)
    if state is not None:
        check_replaceable(state, owner=FILE)
    trainer, lessons = prepare(
        result,
        layers,
        until=until,
        trainable=trainable,
        text_weight=text_weight,
        copied=copied,
        batch_size=batch_size,
        sequence_length=sequence_length,
        seed=seed,
    )
    words = _find_words(result) if cut_words else {}
    curriculum = Curriculum(lessons, words, seed)
    held_out = [] if val_texts is None else curriculum.held_out(val_texts)
    settings = {
        "rows": zlib.crc32(trainer.limits.start.tobytes()),
        "layers": list(layers),
        "until": until,
        "trainable": trainable,
        "cut_words": cut_words,
        "text_weight": text_weight,
        "copied": copied,
        "learning_rate": learning_rate,
        "body_learning_rate": body_learning_rate,
        "batch_size": batch_size,
        "sequence_length": sequence_length,
        "compute_dtype": compute_dtype,
        "seed": seed,
    }
    stream = curriculum.stream(texts)
    untrained = trainer.body_adam.read()
    course = Course() if state is None else load_state(state, trainer, settings)

    def save() -> None:
        if state is not None:
            save_state(state, course, trainer, settings)

    models = (trainer.body.model, trainer.teacher.body.model)
    try:
        with computing_in(compute_dtype, models):
            _train(
                trainer,
                islice(stream, len(course.losses), None),
                held_out,
                course,
                budget,
                peaks=(learning_rate * trainer.limits.spread(), body_learning_rate),
                save=save,
                save_every=save_every,
            )
        if not held_out:
            course.keep(trainer)
        save()
    except BaseException:
        # Rows are written at the end, so until then the body stays as it was too.
        trainer.body_adam.write(untrained)
        raise
    return _finish(result, trainer, course, min_uses)


def _find_words(result: TransplantResult) -> dict[str, float]:
    reference = result._plan.source.alignment.reference
    return find_cut_words(reference, result.tokenizer)


def _train(
    trainer: Trainer,
    lessons: Iterable[Lesson],
    held_out: Sequence[Lesson],
    course: Course,
    budget: Budget,
    *,
    peaks: tuple[float, float],
    save: Callable[[], None],
    save_every: float,
) -> None:
    """Train until the budget is used up or the held-out texts gain no more."""
    begun = monotonic() - course.seconds
    saved = course.seconds
    with training_bar() as show:
        for lesson in lessons:
            step, course.seconds = len(course.losses), monotonic() - begun
            spent = budget.spent(step, course.seconds)
            if held_out and spent * _MEASURES >= len(course.agreements):
                course.note(trainer.evaluate(held_out), trainer)
            if spent >= 1 or course.measures_since_best() >= _PATIENCE:
                break
            share = budget.rate(step, course.seconds)
            rate, body_rate = (share * peak for peak in peaks)
            loss = trainer.step(lesson, rate=rate, body_rate=body_rate)
            course.losses.append(loss)
            show(spent, course, int(np.count_nonzero(trainer.adam.steps)))
            if course.seconds - saved >= save_every:
                saved = course.seconds
                save()


def _finish(
    result: TransplantResult, trainer: Trainer, course: Course, min_uses: int
) -> Distillation:
    """Write the best weights into the model, and whose rows into the record."""
    often = trainer.adam.steps[course.best_ids] >= min_uses
    trained = course.best_ids[often]
    rows = trainer.limits.start
    rows[trained] = course.best_rows[often]
    size = result.vocabulary.size
    vocabulary_tables(result.model)[0].write(rows[:size])
    lookup = word_lookup(result.model)
    if lookup is not None:
        lookup.embeddings.assign(rows[size:])
    trained = trained[trained < size]
    trainer.body_adam.write(course.best_body)
    rules = result.provenance.rules.copy()
    rules[trained] = Rule.DISTILLED
    rare = trainer.limits.free[:size].copy()
    rare[trained] = False
    return Distillation(
        result=replace(result, provenance=replace(result.provenance, rules=rules)),
        losses=np.array(course.losses, np.float32),
        agreements=tuple(course.agreements),
        best_step=course.best_step,
        trained=trained,
        rare=np.flatnonzero(rare),
        body=trainer.body_adam.size if course.best_step else 0,
        seconds=course.seconds,
    )
