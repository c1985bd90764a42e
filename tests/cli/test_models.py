"""`bridge transplant`, `finetune` and `predict` on a tiny preset."""

import csv
import json
import sys
from unittest.mock import Mock

import numpy as np
import pytest

import bridge
from bridge.cli import finetuning, transplanting
from bridge.errors import MissingDependencyError
from bridge.reporting import plots
from tests.core.messages import exactly
from tests.factories import CORPUS, wordpiece_tokenizer

pytestmark = pytest.mark.keras


def labelled_file(folder):
    """Texts that a word tells apart, a few repeated or without a label."""
    file = folder / "data.csv"
    texts = {f"{line} {end}": end for line in CORPUS for end in ("bread", "river")}
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text", "label"])
        writer.writerows(texts.items())
        writer.writerows([*list(texts.items())[:3], ("nothing", "")])
    return file


@pytest.fixture(scope="module")
def data_file(tmp_path_factory):
    return labelled_file(tmp_path_factory.mktemp("data"))


def test_transplant_writes_a_preset(run, tokenizer, preset, texts, tmp_path):
    import keras_hub

    out = tmp_path / "moved"
    result = run("transplant", tokenizer, preset, "-o", out, "--texts", texts, "--json")
    assert result.exit_code == 0
    data = json.loads(result.stdout)
    tokenizer_ = keras_hub.tokenizers.Tokenizer.from_preset(str(out))
    backbone = keras_hub.models.Backbone.from_preset(str(out))
    rows = backbone.token_embedding.input_dim
    assert type(backbone) is keras_hub.models.BertBackbone
    assert sum(data["rows"].values()) == rows == tokenizer_.vocabulary_size()
    with (out / "provenance.csv").open(encoding="utf-8", newline="") as stream:
        assert [int(row["id"]) for row in csv.DictReader(stream)] == [*range(rows)]
    assert "<!DOCTYPE html>" in (out / "report.html").read_text("utf-8")
    own = bridge.load_tokenizer(tokenizer).encode_batch(CORPUS).to_lists()
    assert tokenizer_.tokenize(CORPUS) == own
    # The other commands take it for a preset whose ids are the tokenizer's own.
    report = json.loads(run("report", tokenizer, out, "--json").stdout)
    assert report["recommendation"]["strategy"] == "identity"
    # Again, over the older one, as text.
    again = run("transplant", tokenizer, preset, "-o", out, "--init", "copy")
    assert f"Saved {out}: a KerasHub preset" in again.stdout


def test_a_preset_that_knows_words_is_fine_tuned_and_predicts(
    run, tokenizer, preset, data_file, texts, tmp_path
):
    moved, tuned = tmp_path / "moved", tmp_path / "tuned"
    result = run("transplant", tokenizer, preset, "-o", moved, "--words")
    assert "words by their tokens: rows equal the preset's" in result.stdout
    result = run(
        "finetune", tokenizer, moved, "--data", data_file, "-o", tuned, "--epochs", 1
    )
    assert result.exit_code == 0
    lines = run("predict", tuned, texts).stdout.splitlines()
    assert len(lines) == len(texts.read_text("utf-8").splitlines())
    import keras_hub

    task = keras_hub.models.TextClassifier.from_preset(str(tuned))
    assert type(task.backbone).__name__ == "BertBackboneWithWords"


def test_a_tokenizer_that_cuts_no_words_says_so(run, preset, tmp_path):
    file = tmp_path / "tokenizer.json"
    wordpiece_tokenizer().save(str(file))
    result = run("transplant", file, preset, "-o", tmp_path / "moved", "--words")
    lines = result.stdout.splitlines()
    assert lines[1] == "No words: the tokenizer cuts none that the preset has whole."


def test_rows_are_distilled_on_the_texts(run, tokenizer, preset, texts, tmp_path):
    more = ["--texts", texts, "--distill-seconds", 1]
    result = run("transplant", tokenizer, preset, "-o", tmp_path / "moved", *more)
    assert result.exit_code == 0
    assert "rows trained" in result.stdout
    assert "held-out texts: cosine to the original" in result.stdout


def test_a_model_that_knows_words_is_distilled_as_a_whole(
    run, tokenizer, preset, texts, tmp_path
):
    more = ["--words", "--texts", texts, "--distill-seconds", 1]
    result = run("transplant", tokenizer, preset, "-o", tmp_path / "moved", *more)
    assert result.exit_code == 0, result.stderr
    assert "weights of the body trained too" in result.stdout
    assert "words by their tokens: rows equal the preset's" in result.stdout


@pytest.mark.parametrize("name", ["transplant", "finetune"])
def test_a_folder_of_others_is_refused_before_the_work(
    run, tokenizer, preset, data_file, tmp_path, monkeypatch, name
):
    for room in (transplanting, finetuning):
        monkeypatch.setattr(room, "import_keras", Mock(side_effect=AssertionError))
    (tmp_path / "thesis.tex").touch()
    more = ["--data", data_file] if name == "finetune" else []
    result = run(name, tokenizer, preset, "-o", tmp_path, *more)
    assert result.exit_code == 1
    assert "which holds other files and no" in result.stderr


def test_an_interrupt_leaves_nothing(run, tokenizer, preset, tmp_path, monkeypatch):
    report = Mock(to_html=Mock(side_effect=KeyboardInterrupt))
    monkeypatch.setattr(bridge, "report", Mock(return_value=report))
    result = run("transplant", tokenizer, preset, "-o", tmp_path / "moved")
    assert result.exit_code == 130
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def tuned(tmp_path_factory, tokenizer, preset, data_file):
    """A saved classifier, and what the command answered."""
    from bridge.cli.training import Budget

    out = tmp_path_factory.mktemp("tuned") / "model"
    answer = finetuning.finetune(
        tokenizer,
        preset,
        data=finetuning.Data(data_file, "text", "label", 0.25),
        strategy="retokenize",
        budget=Budget(epochs=2, batch_size=8, learning_rate=0.01),
        sequence_length=None,
        output=out,
    )
    return out, answer


def test_finetune_says_what_was_done(tuned):
    out, answer = tuned
    data = answer.data
    assert data["labels"] == ["bread", "river"]
    assert data["dropped"] == {"unusable": 1, "doubled": 3, "conflicting": 0}
    assert (data["training_texts"], data["held_out_texts"]) == (45, 15)
    assert [set(epoch) for epoch in data["epochs"]] == [
        {"loss", "accuracy", "macro_f1", "seconds"}
    ] * 2
    assert "dropped 1 unusable, 3 doubled" in answer.text
    assert f"Try: bridge predict {out} FILE" in answer.text
    names = {path.name for path in out.iterdir()}
    assert names >= {"finetune.json", "learning_curve.png", "report.html", "task.json"}
    assert json.loads((out / "finetune.json").read_text("utf-8")) == data


def test_predict_gives_the_scores_of_the_training(run, tuned, data_file, tmp_path):
    out, answer = tuned
    labelled = finetuning.read_labelled(
        data_file.read_text("utf-8"),
        name="",
        text_column="text",
        label_column="label",
    )
    held_out = finetuning.split(labelled, train=45, test=15, seed=0)
    file = tmp_path / "held_out.txt"
    file.write_text("\n".join(held_out.test_texts), encoding="utf-8")
    result = run("predict", out, file, "--json")
    found = json.loads(result.stdout)["predictions"]
    assert [line["text"] for line in found] == held_out.test_texts
    right = [
        line["label"] == labelled.names[label]
        for line, label in zip(found, held_out.test_labels, strict=True)
    ]
    assert np.mean(right) == answer.data["epochs"][-1]["accuracy"]
    lines = run("predict", out, file).stdout.splitlines()
    assert [line.split("\t") for line in lines] == [
        [line["label"], f"{line['probability']:.4f}", line["text"]] for line in found
    ]


def test_predict_refuses_another_folder(run, preset, texts):
    result = run("predict", preset, texts)
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: Labels are given by what `bridge finetune -o DIR` wrote. Received: "
        f"{preset}, which holds no finetune.json. Name that folder.\n"
    )


def test_the_command_takes_the_options(run, tokenizer, preset, data_file, tmp_path):
    arguments = ["--epochs", 1, "--strategy", "lookup", "--sequence-length", 12]
    result = run(
        "finetune",
        tokenizer,
        preset,
        "--data",
        data_file,
        "-o",
        tmp_path / "model",
        *arguments,
    )
    assert "strategy lookup, 12 tokens a text" in result.stdout
    assert "tokenizer-bridge[plot]" not in result.stdout


def test_without_matplotlib_there_is_a_hint(tuned, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    epochs = [finetuning.Epoch(1.0, 0.5, 0.5, 1.0)]
    file = tmp_path / "curve.png"
    assert not finetuning._plot(epochs, file)
    assert not file.exists()
    text = finetuning._describe(tuned[1].data, tmp_path, plotted=False)
    assert text.endswith("For a plot: pip install 'tokenizer-bridge[plot]'")


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_both_parts_must_hold_texts(run, tokenizer, preset, data_file, tmp_path, share):
    arguments = ["--data", data_file, "-o", tmp_path / "x", "--held-out", share]
    result = run("finetune", tokenizer, preset, *arguments)
    assert result.stderr == (
        "Error: Texts are needed to train on and to test on. Received: 60 usable "
        f"texts, of which {round(60 * share)} are held out. Give more texts, or "
        "another --held-out.\n"
    )


def test_a_family_without_classifier_is_refused(run, data_file, tokenizer, tmp_path):
    from tests.keras.families import make_preset

    gpt2 = make_preset("GPT2", tmp_path / "gpt2")
    arguments = ["--data", data_file, "-o", tmp_path / "x", "--strategy", "transplant"]
    result = run("finetune", tokenizer, gpt2, *arguments)
    assert result.stderr == (
        "Error: KerasHub must have a text classifier for the preset. Received: a "
        "GPT2Backbone, which has none. Use a preset of another family, such as BERT "
        "or RoBERTa, or build a head of your own on `link.backbone`.\n"
    )


def test_lengths_are_chosen_by_the_texts(tokenizer, preset):
    link = bridge.connect(tokenizer, preset, strategy="retokenize")
    most = link.spec.max_sequence_length
    assert finetuning._fitting_length(link, ["a"]) == min(16, most)
    assert finetuning._fitting_length(link, ["word " * 900]) == most


def test_plots_name_their_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    message = (
        "Plots need matplotlib. Received: it is not installed. Install it with "
        "`pip install 'tokenizer-bridge[plot]'`."
    )
    with pytest.raises(MissingDependencyError, match=exactly(message)):
        plots.plot_learning_curve([])


def test_coverage_is_drawn(tokenizer, preset):
    report = bridge.report(bridge.align(tokenizer, preset), CORPUS)
    axes = plots.plot_coverage(report).axes[0]
    # Both bars are whole.
    ends = {}
    for patch in axes.patches:
        ends[patch.get_y()] = patch.get_x() + patch.get_width()
    assert len(ends) == 2
    np.testing.assert_allclose(list(ends.values()), 100, atol=1e-6)
