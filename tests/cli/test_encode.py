"""`bridge encode`: the shell over `encode_corpus` and `verify_corpus`."""

import json

import pytest
import typer
from typer.testing import CliRunner

import bridge
from bridge.cli import encode as encode_module
from bridge.cli.command import command
from bridge.cli.encode import encode
from bridge.ragged import Ragged
from tests.corpus.making import contents, stored, write_jsonl
from tests.factories import CORPUS, bpe_tokenizer, wordpiece_tokenizer


@pytest.fixture
def run():
    app = typer.Typer(rich_markup_mode=None)
    app.command()(command(encode))

    def invoke(*arguments, **options):
        runner = CliRunner(env={"COLUMNS": "80"})
        return runner.invoke(app, list(map(str, arguments)), **options)

    return invoke


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "tokenizer.json"
    wordpiece_tokenizer().save(str(path))
    return path


def test_files_become_what_the_call_makes(run, saved, tmp_path):
    path = write_jsonl(tmp_path / "a.jsonl", CORPUS)
    path.open("a").write("{}\n")
    options = ["--layout", "packed", "--sequence-length", 16, "--format", "npy"]
    result = run(saved, path, "-o", tmp_path / "out", "--workers", 1, *options)
    assert result.exit_code == 0, result.output
    counts = bridge.encode_corpus(
        path, tmp_path / "own", saved, layout="packed", sequence_length=16, format="npy"
    )
    assert contents(tmp_path / "out") == contents(tmp_path / "own")
    assert result.stdout.splitlines() == [
        f"30 documents, {counts['tokens']} tokens in {counts['rows']} rows, 0.0 MB "
        f"in 1 shards: {tmp_path / 'out'}",
        f"1 rows are no texts: {tmp_path / 'out' / 'rejects.jsonl'}",
    ]
    checked = run("--verify", tmp_path / "out", "--json")
    assert json.loads(checked.stdout) == counts


def test_a_fixed_width_tells_what_it_cuts(run, saved, tmp_path):
    path = write_jsonl(tmp_path / "a.jsonl", CORPUS)
    options = ["--sequence-length", 5, "--format", "npy", "--workers", 1]
    result = run(saved, path, "-o", tmp_path / "out", *options)
    assert "tokens had no room in rows of one width." in result.stdout


def test_the_standard_input_is_one(run, saved, tmp_path):
    lines = "\n".join(CORPUS)
    result = run(saved, "-", "-o", tmp_path / "out", "--workers", 1, input=lines)
    assert result.exit_code == 0, result.output
    assert len(stored(tmp_path / "out")) == len(CORPUS)


def test_workers_are_one_a_core(run, saved, tmp_path, monkeypatch):
    monkeypatch.setattr(encode_module, "_cores", lambda: 2)
    path = write_jsonl(tmp_path / "a.jsonl", CORPUS)
    result = run(saved, path, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert len(stored(tmp_path / "out")) == len(CORPUS)


@pytest.mark.keras
def test_ids_are_remapped_to_a_preset(run, preset, tmp_path):
    saved = tmp_path / "tokenizer.json"
    bpe_tokenizer().save(str(saved))
    path = write_jsonl(tmp_path / "a.jsonl", CORPUS)
    options = ["--preset", preset, "--method", "expand", "--sequence-length", 32]
    result = run(saved, path, "-o", tmp_path / "out", "--workers", 1, *options)
    assert result.exit_code == 0, result.output
    alignment = bridge.align(str(saved), str(preset))
    encoder = bridge.Encoder(
        str(saved), alignment=alignment, strategy="expand", sequence_length=32
    )
    rows = bridge.EncodeBatch(encoder)({"text": CORPUS})["token_ids"]
    assert stored(tmp_path / "out") == Ragged.from_lists(rows)


def test_wrong_usage_and_failures(run, saved, tmp_path):
    result = run(saved, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "TOKENIZER, at least one INPUT and -o DIR are needed." in result.stderr
    result = run(saved, tmp_path / "none.txt", "-o", tmp_path / "out", "--workers", 1)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Error: An input must be there. Received: " in result.stderr
    result = run("--verify", tmp_path)
    assert result.exit_code == 1
    assert "A saved folder holds a readable bridge_corpus.json." in result.stderr
