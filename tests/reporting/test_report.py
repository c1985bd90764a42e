"""`bridge.report`: numbers by type and by text, and the strategy they lead to."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from rich.cells import cell_len

import bridge
from bridge.errors import ArgumentTypeError, SavedFormatError, TextInputError
from bridge.reporting.numbers.fidelity import Fidelity
from bridge.reporting.recommendation import Recommendation, recommend
from bridge.reporting.report import RemapReport
from bridge.reporting.sample import PROBE_TEXTS, own_words
from bridge.vocabulary import Vocabulary
from tests.core.messages import exactly
from tests.factories import CORPUS, bpe_tokenizer, wordpiece_tokenizer
from tests.reporting.making import REPORTS


@pytest.fixture(scope="module")
def alignment():
    return bridge.align(bpe_tokenizer(), wordpiece_tokenizer())


@pytest.fixture(scope="module")
def report(alignment):
    return bridge.report(alignment, CORPUS)


@given(REPORTS)
def test_a_report_survives_a_dict_and_json(report):
    assert RemapReport.from_dict(report.to_dict()) == report
    assert RemapReport.from_dict(json.loads(report.to_json())) == report


@settings(max_examples=30)
@given(REPORTS)
def test_any_report_can_be_shown(report):
    text = str(replace(report, examples=()))
    # Columns of a terminal: marks that combine take none.
    assert all(cell_len(line) <= 80 for line in text.splitlines())
    assert f"Recommended: {report.recommendation.strategy}" in text
    for kind, count in report.kinds.items():
        assert (kind in text) == (count > 0)


def test_counts_add_up(alignment, report):
    assert sum(report.kinds.values()) == alignment.tokenizer.vocabulary.size
    assert sum(report.text.running.kinds.values()) == pytest.approx(1)
    assert report.kinds == alignment.counts()


def test_numbers_of_the_corpus(alignment, report):
    words = sum(len(text.split()) for text in CORPUS)
    ids = alignment.tokenizer.encode_batch(CORPUS)
    assert (report.text.texts, report.text.words) == (len(CORPUS), words)
    assert report.text.tokenizer.tokens_per_word == ids.values.size / words
    assert report.text.running.round_trip == 1
    assert report.text.remaps["retokenize"] == Fidelity(1, 1)
    assert report.text.same_ids is False
    assert report.recommendation.strategy == "retokenize"
    assert "[SEP]" in str(report)


def test_white_space_that_the_preset_drops_is_not_lost_to_expand(alignment):
    report = bridge.report(alignment, ["the fox\n\nthe dog "])
    assert report.text.running.kinds["UNMAPPED"] > 0
    assert report.text.running.lookup_lost > 0
    assert report.text.running.expand_lost == 0
    assert report.text.remaps["expand"] == Fidelity(1, 1)
    assert ("\n", 2) in report.text.running.lost_tokens


def test_partial_characters_are_lost_to_expand(alignment):
    report = bridge.report(alignment, ["a \u2603"])
    assert report.text.running.expand_lost > 0
    assert ("\\xe2", 1) in report.text.running.lost_tokens


def test_without_texts_own_words_stand_in(alignment):
    report = bridge.report(alignment)
    assert report.text.sample == (
        "words of the tokenizer's own vocabulary, for want of texts"
    )
    words = own_words(alignment.tokenizer.vocabulary)
    assert report.text.texts == len(words)
    assert "playing" not in words
    assert "the" in words


def test_probes_stand_in_for_a_vocabulary_without_words():
    assert own_words(Vocabulary.from_tokens(["a", "!", "7"])) == list(PROBE_TEXTS)


def test_many_texts_are_taken_evenly(alignment):
    report = bridge.report(alignment, ["a", "the fox"] * 15_000)
    assert report.text.texts == 15_000
    assert report.text.sample == "the texts given, 1 in 2"


def test_the_same_tokenizer_is_the_identity():
    alignment = bridge.align(wordpiece_tokenizer(), wordpiece_tokenizer())
    recommendation = bridge.report(alignment, CORPUS).recommendation
    assert recommendation == Recommendation(
        "identity",
        ("both tokenizers give the same ids on all 30 texts and on the hard probes",),
    )


def changed(measures, *, round_trip=1.0, unknown=0.0, ratio=1.0):
    return replace(
        measures,
        running=replace(measures.running, round_trip=round_trip),
        tokenizer=replace(measures.tokenizer, tokens_per_word=2.0),
        preset=replace(measures.preset, unknown=unknown, tokens_per_word=2 * ratio),
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"round_trip": 0.99},
            "the tokenizer gives back 99.00% of the texts unchanged (at least 99.9% "
            "needed)",
        ),
        (
            {"unknown": 0.02},
            "the preset's tokenizer has no token for 2.00% of the words (at most 1% "
            "allowed)",
        ),
        (
            {"ratio": 1.6},
            "the preset's tokenizer needs 1.60 x as many tokens (at most 1.5 x "
            "allowed)",
        ),
    ],
)
def test_one_failed_threshold_means_transplant(report, changes, reason):
    measures = changed(report.text, **changes)
    assert recommend(measures) == Recommendation("transplant", (reason,))


def test_thresholds_are_inclusive(report):
    measures = changed(report.text, round_trip=0.999, unknown=0.01, ratio=1.5)
    assert recommend(measures).strategy == "retokenize"
    assert len(recommend(measures).reasons) == 3


def test_token_text_cannot_act_on_the_terminal():
    tokens = {"\x1b[2J": 0, "\u202egnp.exe": 1, "[red]x[/red]": 2, "ok": 3}
    alignment = bridge.align(
        bridge.load_tokenizer(
            tokens, split="whitespace", roles={"unk": "[red]x[/red]"}
        ),
        bridge.load_tokenizer({"ok": 0, "?": 1}, split="whitespace", roles={"unk": 1}),
    )
    text = str(bridge.report(alignment, ["\x1b[2J \u202egnp.exe ok"]))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\\x1b[2J" in text
    assert "[red]x[/red]" in text


def test_no_texts():
    message = (
        "A report on texts needs at least one. Received: an empty list. Leave `texts` "
        "out to measure on the tokenizer's own words."
    )
    alignment = bridge.align(wordpiece_tokenizer(), wordpiece_tokenizer())
    with pytest.raises(TextInputError, match=exactly(message)):
        bridge.report(alignment, [])


def test_one_string_is_no_list_of_texts(alignment):
    message = "Pass a list of texts. Received: one str, 'the'. Wrap it: `[text]`."
    with pytest.raises(TextInputError, match=exactly(message)):
        bridge.report(alignment, "the")


@pytest.mark.parametrize("version", [None, 1, 3])
def test_a_report_of_another_version(report, version):
    message = (
        "This version of bridge reads reports of format 2. Received: format "
        f"{version!r}. Make the report again."
    )
    data = {**report.to_dict(), "format_version": version}
    with pytest.raises(SavedFormatError, match=exactly(message)):
        RemapReport.from_dict(data)


def test_a_damaged_report(report):
    message = (
        "A saved report holds every field of its format. Received: one that cannot be "
        "read (KeyError: 'text'). Make the report again."
    )
    data = report.to_dict()
    del data["text"]
    with pytest.raises(SavedFormatError, match=exactly(message)):
        RemapReport.from_dict(data)


def test_a_report_is_made_from_an_alignment():
    message = (
        "A report is made from an alignment. Received: a str. Make one by "
        "`bridge.align(tokenizer, preset)`; a link of `bridge.connect` has its "
        "report, `link.report`."
    )
    with pytest.raises(ArgumentTypeError, match=exactly(message)):
        bridge.report("bert_tiny_en_uncased")
