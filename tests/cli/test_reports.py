"""`bridge report` and `bridge audit` on a tiny preset."""

import csv
import json
from pathlib import Path
from unittest.mock import Mock

import pytest

import bridge
from bridge.cli import reports

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def expected(tokenizer, preset):
    return bridge.report(bridge.align(tokenizer, preset))


def test_report_is_the_library_s(run, tokenizer, preset, expected):
    result = run("report", tokenizer, preset)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.rstrip() == str(expected)
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_json_reads_back(run, tokenizer, preset, expected):
    result = run("report", tokenizer, preset, "--json")
    assert bridge.RemapReport.from_dict(json.loads(result.stdout)) == expected
    assert run("report", tokenizer, preset, "--format", "json").stdout == result.stdout


def test_texts_are_measured(run, tokenizer, preset, texts):
    result = run("report", tokenizer, preset, "--texts", texts, "--json")
    assert json.loads(result.stdout)["text"]["sample"] == "the texts given"


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("out.html", "<!DOCTYPE html>"),
        ("out.md", "# "),
        ("out.json", "{\n"),
        ("out.txt", "Tokenizer: 400 ids."),
    ],
)
def test_the_ending_tells_the_format(run, tokenizer, preset, tmp_path, name, start):
    file = tmp_path / "new folder" / name
    result = run("report", tokenizer, preset, "-o", file)
    assert result.stdout == f"Wrote {file}.\n"
    assert file.read_text("utf-8").startswith(start)


def test_csv_has_a_row_for_every_token(run, tokenizer, preset, tmp_path):
    file = tmp_path / "tokens"
    run("report", tokenizer, preset, "-o", file, "--format", "csv")
    with file.open(encoding="utf-8", newline="") as stream:
        assert [int(row["id"]) for row in csv.DictReader(stream)] == [*range(400)]


def test_the_page_is_opened(run, tokenizer, preset, tmp_path, monkeypatch):
    launch = Mock()
    monkeypatch.setattr(reports.typer, "launch", launch)
    file = tmp_path / "page.html"
    assert run("report", tokenizer, preset, "-o", file, "--open").exit_code == 0
    launch.assert_called_once_with(str(file))


def test_an_interrupt_leaves_the_old_file(
    run, tokenizer, preset, tmp_path, monkeypatch
):
    file = tmp_path / "page.md"
    file.write_text("old", encoding="utf-8")
    monkeypatch.setitem(
        reports._WRITERS, "markdown", Mock(side_effect=KeyboardInterrupt)
    )
    assert run("report", tokenizer, preset, "-o", file).exit_code == 130
    assert [path.name for path in tmp_path.iterdir()] == ["page.md"]
    assert file.read_text("utf-8") == "old"


def test_audit_is_the_library_s(run, preset, texts):
    reference = str(Path(preset))
    result = run("audit", preset, reference, "--texts", texts)
    lines = reports.read_texts(texts)
    assert result.stdout.rstrip() == str(bridge.audit(preset, reference, lines))
    # The preset's own tokenizer keeps accents; the reference strips them.
    data = json.loads(
        run("audit", preset, reference, "--texts", texts, "--json").stdout
    )
    assert data["causes"] == {"accents": 1}


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        (
            "bert_tiny_en_uncased",
            ["https://www.kaggle.com/models/keras/bert ", "pass that folder."],
        ),
        (
            "hf://google-bert/bert-base-uncased",
            ["https://huggingface.co/google-bert/bert-base-uncased into a folder"],
        ),
        ("no_such_preset", ["Check the spelling"]),
    ],
)
def test_without_a_network_it_says_what_to_download(
    run, tokenizer, monkeypatch, name, parts
):
    import keras_hub

    refused = Mock(side_effect=ConnectionError("no route\nto host"))
    monkeypatch.setattr(keras_hub.models.Backbone, "from_preset", refused)
    result = run("report", tokenizer, name)
    assert (result.exit_code, result.stdout) == (1, "")
    message = result.stderr
    assert message.startswith(
        "Error: A preset is a KerasHub name, an hf:// or kaggle:// handle, or a folder "
        f"with a config.json. Received: {name!r}, which could not be loaded "
        "(ConnectionError: no route). "
    )
    for part in parts:
        assert part in message
