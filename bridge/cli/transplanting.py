"""`bridge transplant`: the preset's body over the tokenizer's vocabulary, saved."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from bridge.cli.command import Answer
from bridge.cli.files import read_texts
from bridge.cli.options import Init
from bridge.cli.progress import waiting
from bridge.cli.quiet import import_keras
from bridge.reporting.plain import to_json
from bridge.tokenizers.saving import check_replaceable, replace_folder

# Marks a folder of ours.
MANIFEST = "transplant.json"
FORMAT_VERSION = 1

# One text in so many tells when rows no longer get better.
_HELD_OUT = 20


def transplant(
    tokenizer: str,
    preset: str,
    *,
    init: Init,
    texts: Path | None,
    words: bool,
    distill_seconds: float | None,
    seed: int,
    output: Path,
) -> Answer:
    """Give a preset the vocabulary of a tokenizer, and write a preset.

    Args:
        tokenizer: What `load_tokenizer` takes, as text.
        preset: Name, handle or folder.
        init: What makes rows that are not copied.
        texts: File of texts like those the model will read.
        words: Whether the embedding knows words that the tokenizer cuts.
        distill_seconds: How long to train on them, without labels: the new rows, or
            the whole model where it knows words.
        seed: Of the drawn rows.
        output: Folder to write: a KerasHub backbone, which loads without `bridge` if
            it knows no words, its tokenizer, the origin of every row, and the report.

    Returns:
        How the rows were made, and what was verified.

    Raises:
        SavedFormatError: If the folder holds other files.
        BackboneError: If the model cannot be transplanted.
    """
    if distill_seconds is not None and texts is None:
        raise typer.BadParameter("rows are trained on texts: add `--texts FILE`.")
    if init == "anchors" and texts is None:
        raise typer.BadParameter("anchors are made from texts: add `--texts FILE`.")
    check_replaceable(output, owner=MANIFEST)
    given = None if texts is None else read_texts(texts)
    with waiting("Loading Keras, the tokenizer and the preset"):
        import_keras()
        import bridge
        from bridge.keras.presets import load_backbone

        alignment = bridge.align(tokenizer, preset)
        backbone = load_backbone(preset)
    with waiting("Measuring and making rows"):
        report = bridge.report(alignment, given)
        result = bridge.transplant(
            backbone, alignment, init=init, texts=given, words=words, seed=seed
        )
    notes = []
    if words and result.words is None:
        notes.append("No words: the tokenizer cuts none that the preset has whole.")
    if distill_seconds is not None and given is not None:
        knows_words = result.words is not None
        done = bridge.distill(
            result,
            seconds=distill_seconds,
            seed=seed,
            **(_whole_model(given) if knows_words else _new_rows(given)),
        )
        result = done.result
        notes.append(str(done))
    with waiting("Checking"):
        notes.append(str(result.check()))
    counts = result.provenance.counts()
    rows = {name.lower(): count for name, count in counts.items() if count}
    data = {"output": str(output), "rows": rows, "notes": notes}
    with waiting(f"Writing {output}"), replace_folder(output, owner=MANIFEST) as made:
        result.model.save_to_preset(str(made))
        bridge.KerasTokenizer(
            result.tokenizer, vocabulary=result.vocabulary, spec=result.spec
        ).save_to_preset(str(made))
        result.provenance.to_csv(made / "provenance.csv")
        report.to_html(made / "report.html")
        content = to_json({"format_version": FORMAT_VERSION, **data})
        (made / MANIFEST).write_text(content, "utf-8")
    return Answer("\n".join(_describe(data)), data)


def _new_rows(texts: Sequence[str]) -> dict[str, Any]:
    return {
        "texts": [text for i, text in enumerate(texts) if i % _HELD_OUT],
        "val_texts": texts[::_HELD_OUT],
    }


def _whole_model(texts: Sequence[str]) -> dict[str, Any]:
    # Nothing is held out: a body gets worse before it gets better. The options are
    # those that did best where they were measured (benchmarks/transfer).
    return {
        "texts": texts,
        "trainable": "all",
        "cut_words": True,
        "text_weight": 5.0,
        "learning_rate": 0.05,
    }


def _describe(data: Mapping[str, Any]) -> Iterator[str]:
    rows, output = data["rows"], data["output"]
    made_of = ", ".join(f"{count:,} {name}" for name, count in rows.items())
    yield f"{sum(rows.values()):,} rows: {made_of}."
    yield from data["notes"]
    yield f"Saved {output}: a KerasHub preset, provenance.csv, report.html. To load it:"
    yield "  import bridge, keras_hub"
    yield f'  keras_hub.models.Backbone.from_preset("{output}")'
    yield f'  keras_hub.tokenizers.Tokenizer.from_preset("{output}")'
