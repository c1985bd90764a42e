"""`bridge demo`: the main job on real input, with the proof that it was done right."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bridge.cli.accents import SENTENCES
from bridge.cli.command import Answer
from bridge.cli.comparison import SEQUENCE_LENGTH, Result, fine_tune
from bridge.cli.labelled import Split, split
from bridge.cli.progress import bars
from bridge.cli.quiet import import_keras
from bridge.cli.training import Budget
from bridge.cli.tweets import Material, find_material, read_tweets
from bridge.errors import BridgeError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from bridge.facade import Bridge

# Texts to train on, to test on, and passes over the former.
_FULL = (3_000, 5_000, 1)
_QUICK = (640, 640, 1)
# Tweets that the audit reads on a small sample, instead of all.
_QUICK_AUDIT = 4_000
# Retokenized ids must be the reference's own on this share of the texts.
_MIN_EQUAL = 0.999


@dataclass(frozen=True, slots=True)
class Row:
    """A way to feed the model: its name, its tokens, and how to build the task."""

    name: str
    ids: Any
    make_task: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a row led to, and the row that was trained in its place."""

    row: Row
    result: Result
    twin: str | None

    def to_dict(self) -> dict[str, Any]:
        return {"ids": self.row.name, **asdict(self.result), "trained_as": self.twin}


def run_demo(console: "Console", *, quick: bool, seed: int) -> Answer:
    """Run the demo.

    Args:
        console: Where to print what is found on the way.
        quick: Whether to use a small sample.
        seed: Of the split and of training.

    Returns:
        The scores of every way to feed the model.

    Raises:
        MissingDependencyError: If the model or data packages are not installed.
        BridgeError: If retokenized ids are not the reference's.
    """
    material = find_material()
    train, test, epochs = _QUICK if quick else _FULL
    tweets = read_tweets(material.tweets)
    data = split(tweets, train=train, test=test, seed=seed)
    console.print(
        f"Tweets: {tweets.read:,} read; dropped {tweets.unusable:,} that are not "
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
    audited = list(tweets.texts)[:_QUICK_AUDIT] if quick else list(tweets.texts)
    _show_audit(console, material, link, audited)
    console.rule("Does GPT-2's tokenizer fit MiniLM?", align="left")
    console.print(str(link.report), markup=False, highlight=False)
    console.print(f"Strategy taken: {link.strategy}", style="bold")
    rows = _rows(material, link, data, seed)
    _assert_retokenized(console, rows)
    return _compare(console, rows, data, Budget(epochs, seed=seed))


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

    def connected(
        strategy: Any,  # noqa: ANN401
        tokenizer: Any,  # noqa: ANN401
        *,
        words: bool = False,
    ) -> Callable[[], Any]:
        def make() -> Any:  # noqa: ANN401
            return bridge.connect(
                tokenizer,
                str(material.preset),
                strategy=strategy,
                texts=data.train_texts,
                words=words,
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
        Row(
            "GPT-2 ids, transplanted, words",
            own,
            connected("transplant", gpt2, words=True),
        ),
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
    console: "Console", rows: list[Row], data: Split, budget: Budget
) -> Answer:
    results: list[_Outcome] = []
    console.rule("Fine-tuning, the same examples and steps for every row", align="left")
    with bars("batches", console) as progress:
        for row in rows:
            twin = _trained_on_same_ids(row, results)
            if twin is not None:
                results.append(_Outcome(row, twin.result, twin.row.name))
                continue
            bar = progress.add_task(f"{row.name:<32}", total=budget.steps(data))
            result = fine_tune(
                row.make_task,
                data,
                budget,
                advance=lambda bar=bar: progress.advance(bar),  # type: ignore[misc]
            )
            results.append(_Outcome(row, result, None))
    for outcome in results:
        if outcome.twin is not None:
            console.print(
                f"{outcome.row.name!r}: all ids equal those of {outcome.twin!r}, so "
                "one training serves both.",
                highlight=False,
            )
    return Answer(_table(results), {"rows": [outcome.to_dict() for outcome in results]})


def _trained_on_same_ids(row: Row, results: list[_Outcome]) -> _Outcome | None:
    for other in results:
        if other.twin is None and row.ids is not None and row.ids == other.row.ids:
            return other
    return None


def _table(results: list[_Outcome]) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table("ids", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("accuracy", "macro-F1", "tokens/text", "train s"):
        table.add_column(column, justify="right")
    for outcome in results:
        result = outcome.result
        table.add_row(
            outcome.row.name,
            f"{result.accuracy:.4f}",
            f"{result.macro_f1:.4f}",
            f"{result.tokens_per_text:.2f}",
            f"{result.seconds:.0f}" if outcome.twin is None else "same",
        )
    return table
