"""`bridge.audit`: whether two tokenizers agree, and on what they do not."""

import importlib.util
import json

import pytest

import bridge
from bridge.errors import SavedFormatError, TextInputError
from bridge.reporting.auditing import audit as audit_room
from bridge.reporting.auditing.report import (
    AuditReport,
    Cosine,
    Difference,
    Example,
    Paths,
    Remedy,
)
from tests.core.messages import exactly
from tests.factories import wordpiece_tokenizer

ONE = {"<unk>": 0, "a": 1, "b": 2, "c\u202e": 3}
TWO = {"<unk>": 0, "a": 1, "b": 3, "c\u202e": 3 - 1}


def tables():
    return [
        bridge.load_tokenizer(table, split="whitespace", roles={"unk": 0})
        for table in (ONE, TWO)
    ]


@pytest.fixture(scope="module")
def report():
    return bridge.audit(*tables(), ["a a", "a b", "", "x a c\u202e b", "a"])


def test_which_texts_differ_and_their_smallest_pieces(report):
    assert (report.texts, report.differing) == (5, (1, 3))
    assert (report.classified, report.causes) == (2, {"other": 2})
    assert [example.text for example in report.examples] == ["b"]
    assert report.examples[0].preset_tokens == ("b",)
    assert report.examples[0].reference_tokens == ("b",)
    assert report.examples[0].smallest.preset_ids == (2,)
    # The tokens look the same, so their ids are shown.
    assert str(report).endswith("  preset     b (2)\n  reference  b (3)")
    # No KerasHub, no TensorFlow, no backbone: nothing is said of them.
    assert (report.paths, report.cosine, report.remedies) == (None, None, ())


FULL = AuditReport(
    texts=12_000,
    differing=tuple(range(2_000)),
    classified=1_000,
    causes={"accents": 900, "paths": 1, "other": 3},
    examples=(
        Example(
            "accents",
            Difference("\u00e9", ("\u00e9",), ("e",), (3,), (4,)),
            Difference("Caf\u00e9", ("[UNK]",), ("cafe",), (0,), (5,)),
            0.5,
        ),
        Example(
            "paths",
            Difference(
                "\x1b[2J", ("a", "[red]b"), (), (1, 2), (), ("\u202e", "<none>")
            ),
            Difference(
                "\x1b[2J", ("a", "[red]b"), (), (1, 2), (), ("\u202e", "<none>")
            ),
        ),
        Example(
            "other",
            Difference("\u65e5", ("x",), ("y",), (1,), (2,)),
            Difference("\u65e5" * 41, ("x",), ("y",), (1,), (2,)),
        ),
    ),
    paths=Paths(texts=100, differing=1, eager=99, graph=98),
    cosine=Cosine(texts=64, mean=0.98765, lowest=-0.25),
    remedies=(
        Remedy("`strip_accents=True`", 14),
        Remedy("`bridge.KerasTokenizer`", 0),
    ),
)

SHOWN = """\
2,000 of 12,000 texts get other ids from the preset's own tokenizer than from
its reference.

 cause     texts   what the preset's own tokenizer does
 ─────────────────────────────────────────────────────────────
 accents     900   accents are kept; the reference strips them
 paths         1   eager calls and tf.data give different ids
 other         3   no probe takes the difference away

accents: '\u00e9', as in 'Caf\u00e9' (cosine 0.500)
  preset     [UNK]
  reference  cafe
paths: '\\x1b[2J'
  preset     a | [red]b
  tf.data    \\u202e | <none>
  reference  (nothing)
other: '\u65e5'
  preset     x
  reference  y
Causes were searched for in 1,000 of the 2,000.
Of 100 texts tried, differing ones first, 1 gets other ids in tf.data than in
eager calls; 99 differ from the reference eagerly and 98 in tf.data.
Pooled outputs of the backbone for both id sequences: cosine 0.988 on average,
-0.250 at worst, over 64 differing texts.
Remedies: `strip_accents=True` reduces 2,000 to 14; `bridge.KerasTokenizer` to
0."""


def test_the_whole_text():
    assert str(FULL) == SHOWN
    assert all(len(line) <= 80 for line in str(FULL).splitlines())


def test_token_text_is_harmless():
    report = bridge.audit(*tables(), ["c\u202e"])
    assert "\u202e" not in str(report)
    assert "other: 'c\\u202e'\n  preset     c\\u202e (3)\n" in str(report)


@pytest.mark.parametrize("stored", [FULL, "small"])
def test_it_can_be_stored(stored, report):
    stored = report if stored == "small" else stored
    assert AuditReport.from_dict(json.loads(stored.to_json())) == stored
    assert AuditReport.from_dict(stored.to_dict()) == stored
    assert stored.to_dict()["format_version"] == 1


def test_meanings_are_stored_for_readers_of_the_file():
    assert FULL.to_dict()["meanings"]["other"] == "no probe takes the difference away"


@pytest.mark.parametrize("version", [0, 2, None])
def test_another_format_is_refused(version):
    message = (
        "This version of bridge reads audits of format 1. "
        f"Received: format {version!r}. Make the audit again."
    )
    with pytest.raises(SavedFormatError, match=exactly(message)):
        AuditReport.from_dict({**FULL.to_dict(), "format_version": version})


def test_a_damaged_audit_is_refused():
    message = (
        "A saved audit holds every field of its format. Received: one that cannot be "
        "read (TypeError: '7' is not int). Make the audit again."
    )
    with pytest.raises(SavedFormatError, match=exactly(message)):
        AuditReport.from_dict({**FULL.to_dict(), "texts": "7"})


def test_half_characters_of_tokens_can_be_stored():
    half = Difference("x", ("\ud800",), ("x",), (1,), (2,))
    audit = AuditReport(1, (0,), 1, {}, (Example("other", half, half),))
    text = audit.to_json().encode("utf-8")
    assert AuditReport.from_dict(json.loads(text)) == audit


def test_equal_tokenizers():
    report = bridge.audit(wordpiece_tokenizer(), wordpiece_tokenizer(), ["the fox"])
    assert report.differing == report.examples == ()
    assert report.causes == {}
    assert str(report) == (
        "0 of 1 text gets other ids from the preset's own tokenizer than from its\n"
        "reference."
    )


def test_no_texts():
    report = bridge.audit(wordpiece_tokenizer(), wordpiece_tokenizer(), [])
    assert (report.texts, report.differing) == (0, ())


def test_a_text_that_differs_only_as_a_whole():
    split, characters = (
        bridge.load_tokenizer({"?": 0, "a": 1}, split=way, roles={"unk": 0})
        for way in ("whitespace", "characters")
    )
    report = bridge.audit(split, characters, ["a a"])
    assert [example.text for example in report.examples] == [" "]
    assert report.examples[0].preset_tokens == ()
    assert report.examples[0].reference_tokens == ("?",)


def test_how_many_were_searched_for_causes_is_said(monkeypatch):
    monkeypatch.setattr(audit_room, "_CLASSIFIED", 2)
    report = bridge.audit(*tables(), ["b", "a b", "b b"])
    assert (report.classified, report.causes) == (2, {"other": 2})
    assert "Causes were searched for in 2 of the 3." in str(report)


def test_a_file_is_a_tokenizer_and_no_preset(tmp_path, monkeypatch):
    def fail():
        raise AssertionError("Keras is not needed for a file")

    monkeypatch.setattr(audit_room, "keras_room", fail)
    path = tmp_path / "tokenizer.json"
    wordpiece_tokenizer().save(str(path))
    assert bridge.audit(path, str(path), ["the fox"]).differing == ()


def test_without_keras_hub_a_folder_is_a_tokenizer(tmp_path, monkeypatch):
    monkeypatch.setattr(
        audit_room,
        "find_spec",
        lambda name: None if name == "keras_hub" else importlib.util.find_spec(name),
    )
    wordpiece_tokenizer().save(str(tmp_path / "tokenizer.json"))
    assert bridge.audit(tmp_path, tmp_path, ["the fox"]).differing == ()


def test_texts_are_checked():
    message = (
        "Every text must be a str. Received: None (NoneType) at position 0 of 1. Drop "
        "it, or replace it by `''` if an empty text is meant."
    )
    with pytest.raises(TextInputError, match=exactly(message)):
        bridge.audit(wordpiece_tokenizer(), wordpiece_tokenizer(), [None])
