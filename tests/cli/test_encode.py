"""`bridge encode`: the shell over `encode_corpus` and `verify_corpus`."""

import json
from functools import partial

import numpy as np
import pytest

import bridge
from bridge.cli import encode as encode_module
from bridge.ragged import Ragged
from tests.corpus.making import contents, stored, write_jsonl
from tests.factories import CORPUS, bpe_tokenizer, wordpiece_tokenizer


@pytest.fixture
def encode(run):
    return partial(run, "encode")


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "tokenizer.json"
    wordpiece_tokenizer().save(str(path))
    return path


def test_files_become_what_the_call_makes(encode, saved, tmp_path):
    path = write_jsonl(tmp_path / "a.jsonl", CORPUS)
    path.open("a").write("{}\n")
    options = ["--layout", "packed", "--sequence-length", 16, "--format", "npy"]
    result = encode(saved, path, "-o", tmp_path / "out", "--workers", 1, *options)
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
    checked = encode("--verify", tmp_path / "out", "--json")
    assert json.loads(checked.stdout) == counts


def test_a_fixed_width_tells_what_it_cuts(encode, saved, tmp_path):
    path = write_jsonl(tmp_path / "a.jsonl", CORPUS)
    options = ["--sequence-length", 5, "--format", "npy", "--workers", 1]
    result = encode(saved, path, "-o", tmp_path / "out", *options)
    assert "tokens had no room in rows of one width." in result.stdout


def test_the_standard_input_is_one(encode, saved, tmp_path):
    lines = "\n".join(CORPUS)
    result = encode(saved, "-", "-o", tmp_path / "out", "--workers", 1, input=lines)
    assert result.exit_code == 0, result.output
    assert len(stored(tmp_path / "out")) == len(CORPUS)


def test_workers_are_one_a_core(encode, saved, tmp_path, monkeypatch):
    monkeypatch.setattr(encode_module, "_cores", lambda: 2)
    path = write_jsonl(tmp_path / "a.jsonl", CORPUS)
    result = encode(saved, path, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert len(stored(tmp_path / "out")) == len(CORPUS)


@pytest.mark.keras
def test_ids_are_remapped_to_a_preset(encode, preset, tmp_path):
    saved = tmp_path / "tokenizer.json"
    bpe_tokenizer().save(str(saved))
    path = write_jsonl(tmp_path / "a.jsonl", CORPUS)
    options = ["--preset", preset, "--method", "expand", "--sequence-length", 32]
    result = encode(saved, path, "-o", tmp_path / "out", "--workers", 1, *options)
    assert result.exit_code == 0, result.output
    alignment = bridge.align(str(saved), str(preset))
    encoder = bridge.Encoder(
        str(saved), alignment=alignment, strategy="expand", sequence_length=32
    )
    rows = bridge.EncodeBatch(encoder)({"text": CORPUS})["token_ids"]
    assert stored(tmp_path / "out") == Ragged.from_lists(rows)


def test_wrong_usage_and_failures(encode, saved, tmp_path):
    result = encode(saved, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "TOKENIZER, at least one INPUT and -o are needed." in result.stderr
    result = encode(
        saved, tmp_path / "none.txt", "-o", tmp_path / "out", "--workers", 1
    )
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Error: An input must be there. Received: " in result.stderr
    result = encode(saved, saved, "-o", tmp_path / "out", "--verify", tmp_path)
    assert result.exit_code == 2
    assert "--verify DIR stands alone." in result.stderr
    result = encode("--verify", tmp_path)
    assert result.exit_code == 1
    assert "A saved folder holds a readable bridge_corpus.json." in result.stderr


PAIRS = [{"text": text, "other": text[::-1]} for text in CORPUS]


@pytest.fixture
def pairs(tmp_path):
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in PAIRS))
    return path


@pytest.mark.parametrize("paired", [False, True])
def test_arrays_are_the_encoders(encode, saved, pairs, tmp_path, paired):
    out = tmp_path / "made" / "out.npz"
    options = ["--pairs", "other"] if paired else []
    result = encode(saved, pairs, "-o", out, "--sequence-length", 16, *options)
    assert result.exit_code == 0, result.output
    second = [row["other"] for row in PAIRS] if paired else None
    expected = bridge.Encoder(str(saved), sequence_length=16)(CORPUS, second)
    with np.load(out, allow_pickle=False) as arrays:
        assert sorted(arrays) == sorted(expected)
        for key, array in expected.items():
            assert arrays[key].dtype == array.dtype
            assert np.array_equal(arrays[key], array)
    assert result.stdout == (
        "30 rows of 16 columns (token_ids, padding_mask, segment_ids): " + f"{out}\n"
    )
    assert [path.name for path in out.parent.iterdir()] == ["out.npz"]


def test_pairs_come_through_the_standard_input(encode, saved, pairs, tmp_path):
    options = ["--form", "jsonl", "--pairs", "other", "--sequence-length", 16]
    for name, source in (("a", pairs), ("b", "-")):
        out = tmp_path / f"{name}.npz"
        result = encode(saved, source, "-o", out, *options, input=pairs.read_bytes())
        assert result.exit_code == 0, result.output
    a, b = (np.load(tmp_path / f"{name}.npz")["token_ids"] for name in "ab")
    assert a.any()
    assert np.array_equal(a, b)


def test_arrays_of_a_tokenizer_without_a_pad_token(encode, pairs, tmp_path):
    saved = tmp_path / "tokenizer.json"
    bpe_tokenizer().save(str(saved))
    result = encode(saved, pairs, "-o", tmp_path / "out.npz")
    assert result.exit_code == 0, result.output


def test_a_row_without_a_text_makes_no_arrays(encode, saved, pairs, tmp_path):
    pairs.open("a").write("{}\n")
    out = tmp_path / "out.npz"
    result = encode(saved, pairs, "-o", out)
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: Arrays need a text in every row of the inputs. Received: "
        f"{pairs.as_posix()}, line 31: no field 'text'. Mend it, or write a folder, "
        "where such rows go to rejects.jsonl.\n"
    )
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--pairs", "other", "-o", "out"], "--pairs is for arrays: name a FILE.npz"),
        (["--stride", 2, "-o", "a.npz"], "--stride is for a folder, not for a"),
        (["--format", "npy", "--strict", "-o", "a.npz"], "--format, --strict is for"),
    ],
)
def test_what_does_not_go_together(encode, saved, pairs, options, message):
    result = encode(saved, pairs, *options)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
