"""`bridge demo`: the main job on real input, with the proof that it was done right."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bridge.cli.accents import SENTENCES
from bridge.cli.comparison import SEQUENCE_LENGTH, Result, fine_tune, steps
from bridge.cli.quiet import import_keras
from bridge.cli.tweets import Material, Split, find_material, read_tweets, split
from bridge.errors import BridgeError

if TYPE_CHECKING:
    from rich.console import Console

    from bridge.facade import Bridge

# Texts to train on, to test on, and passes over the former.
_FULL = (3_000, 5_000, 1)
_QUICK = (640, 640, 1)
# Retokenized ids must be the reference's own on this share of the texts.
_MIN_EQUAL = 0.999


@dataclass(frozen=True, slots=True)
class Row:
    """A way to feed the model: its name, its tokens, and how to build the task."""

    name: str
    ids: Any
    make_task: Callable[[], Any]


def run_demo(console: "Console", *, quick: bool, seed: int) -> None:
    """Run the demo.

    Args:
        console: Where to print.
        quick: Whether to use a small sample.
        seed: Of the split and of training.

    Raises:
        MissingDependencyError: If the model or data packages are not installed.
        BridgeError: If retokenized ids are not the reference's.
    """
    material = find_material()
    train, test, epochs = _QUICK if quick else _FULL
    tweets = read_tweets(material.tweets)
    data = split(tweets, train=train, test=test, seed=seed)
    console.print(
        f"Tweets: {tweets.read:,} read; dropped {tweets.not_ascii:,} that are not "
        f"ASCII, {tweets.doubled:,} repetitions and {tweets.conflicting:,} with "
        f"conflicting labels; {len(tweets.texts):,} left. "
        f"{train:,} to train on, {test:,} to test on, seed {seed}.",
        highlight=False,
    )
    with console.status("Loading Keras, MiniLM and GPT-2's tokenizer"):
        import_keras()
        import bridge

        _deterministic()
        link = bridge.connect(
            str(material.tokenizer),
            str(material.preset),
            texts=[*data.train_texts, *data.test_texts],
            seed=seed,
        )
    _show_audit(console, material, link, list(tweets.texts))
    console.rule("Does GPT-2's tokenizer fit MiniLM?", align="left")
    console.print(str(link.report), markup=False, highlight=False)
    console.print(f"Strategy taken: {link.strategy}", style="bold")
    rows = _rows(material, link, data, seed)
    _assert_retokenized(console, rows)
    _compare(console, rows, data, epochs=epochs, seed=seed)


def _deterministic() -> None:
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()


def _show_audit(
    console: "Console", material: Material, link: "Bridge", tweets: list[str]
) -> None:
    import bridge
    from bridge.keras.presets import load_native_tokenizer

    native = load_native_tokenizer(material.preset)
    console.rule("Does MiniLM's own KerasHub tokenizer give its ids?", align="left")
    for name, texts in (("tweets", tweets), ("accented sentences", list(SENTENCES))):
        found = bridge.audit(native, link.alignment.reference, texts)
        console.print(f"{name}: {found}", markup=False, highlight=False)


def _rows(material: Material, link: "Bridge", data: Split, seed: int) -> list[Row]:
    """Describe five ways to feed the same checkpoint."""
    import keras_hub

    import bridge
    from bridge.keras.presets import load_backbone, load_native_tokenizer

    def classifier(tokenizer: Any, backbone: Any) -> Any:  # noqa: ANN401
        return keras_hub.models.BertTextClassifier(
            backbone=backbone,
            preprocessor=keras_hub.models.BertTextClassifierPreprocessor(
                tokenizer=tokenizer, sequence_length=SEQUENCE_LENGTH
            ),
            num_classes=3,
        )

    def connected(strategy: Any, tokenizer: Any) -> Callable[[], Any]:  # noqa: ANN401
        def make() -> Any:  # noqa: ANN401
            return bridge.connect(
                tokenizer,
                str(material.preset),
                strategy=strategy,
                texts=data.train_texts,
                seed=seed,
            ).task(
                keras_hub.models.BertTextClassifier,
                num_classes=3,
                sequence_length=SEQUENCE_LENGTH,
            )

        return make

    def random() -> Any:  # noqa: ANN401
        result = bridge.transplant(
            load_backbone(material.preset), link.alignment, init="random", seed=seed
        )
        tokenizer = bridge.KerasTokenizer(gpt2, vocabulary=result.vocabulary)
        return classifier(tokenizer, result.model)

    gpt2, reference = link.tokenizer, link.alignment.reference
    native = load_native_tokenizer(material.preset)
    texts = [*data.train_texts, *data.test_texts]
    own = gpt2.encode_batch(texts)
    return [
        Row(
            "preset's own tokenizer",
            bridge.load_tokenizer(native).encode_batch(texts),
            lambda: classifier(native, load_backbone(material.preset)),
        ),
        Row(
            "reference tokenizer (identity)",
            reference.encode_batch(texts),
            connected("identity", reference),
        ),
        Row(
            "GPT-2 ids, retokenize",
            link.alignment.remap(own),
            connected("retokenize", gpt2),
        ),
        Row("GPT-2 ids, transplanted", own, connected("transplant", gpt2)),
        Row("GPT-2 ids, random embedding", None, random),
    ]


def _assert_retokenized(console: "Console", rows: list[Row]) -> None:
    _, reference, retokenized, *_ = rows
    equal = sum(map(np.array_equal, reference.ids, retokenized.ids))
    total = len(reference.ids)
    console.print(
        f"Retokenized ids are the reference's own on {equal:,} of {total:,} texts.",
        highlight=False,
    )
    if equal < _MIN_EQUAL * total:
        raise BridgeError(
            f"Retokenized ids must be the reference's on {_MIN_EQUAL:.1%} of the "
            f"texts. Received: {equal} of {total}. Please report this as a defect."
        )


def _compare(
    console: "Console", rows: list[Row], data: Split, *, epochs: int, seed: int
) -> None:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    results: list[tuple[Row, Result, str | None]] = []
    console.rule("Fine-tuning, the same examples and steps for every row", align="left")
    with Progress(
        TextColumn("{task.description:<32}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("batches"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as progress:
        for row in rows:
            twin = _trained_on_same_ids(row, results)
            if twin is not None:
                results.append((row, twin[1], twin[0].name))
                continue
            bar = progress.add_task(row.name, total=steps(data, epochs=epochs))
            result = fine_tune(
                row.make_task,
                data,
                epochs=epochs,
                seed=seed,
                advance=lambda bar=bar: progress.advance(bar),  # type: ignore[misc]
            )
            results.append((row, result, None))
            if not console.is_terminal:
                console.print(f"{row.name}: {result.seconds:.0f} s", highlight=False)
    _show_results(console, results)


def _trained_on_same_ids(
    row: Row, results: list[tuple[Row, Result, str | None]]
) -> tuple[Row, Result] | None:
    for other, result, twin in results:
        if twin is None and row.ids is not None and row.ids == other.ids:
            return other, result
    return None


def _show_results(
    console: "Console", results: list[tuple[Row, Result, str | None]]
) -> None:
    from rich import box
    from rich.table import Table

    table = Table("ids", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("accuracy", "macro-F1", "tokens/text", "train s"):
        table.add_column(column, justify="right")
    for row, result, twin in results:
        table.add_row(
            row.name,
            f"{result.accuracy:.4f}",
            f"{result.macro_f1:.4f}",
            f"{result.tokens_per_text:.2f}",
            f"{result.seconds:.0f}" if twin is None else "same",
        )
    console.print(table)
    for row, _, twin in results:
        if twin is not None:
            console.print(
                f"{row.name!r}: all ids equal those of {twin!r}, so one training "
                "serves both.",
                highlight=False,
            )
