"""Each remap against the preset's own encoding: counted again by slow code."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bridge
from bridge.reporting.numbers.fidelity import Fidelity, count_common
from bridge.reporting.numbers.reading import METHODS
from tests.factories import CORPUS, bpe_tokenizer, wordpiece_tokenizer
from tests.reporting.making import by_words

IDS = st.lists(st.integers(0, 4), max_size=30)


def slow_common(first, second):
    """The longest common subsequence by its textbook table."""
    above = [0] * (len(second) + 1)
    for mine in first:
        row = [0]
        for place, theirs in enumerate(second):
            best = max(row[-1], above[place + 1])
            row.append(above[place] + 1 if mine == theirs else best)
        above = row
    return above[-1]


@given(IDS, IDS)
def test_common_ids_as_the_textbook_counts_them(first, second):
    assert count_common(first, second) == slow_common(first, second)
    assert count_common(second, first) == count_common(first, second)
    assert count_common(first, first) == len(first)


def test_rows_longer_than_a_machine_word():
    first = list(range(200)) * 2
    second = list(range(100, 300)) * 2
    assert count_common(first, second) == slow_common(first, second) == 200


@pytest.fixture(scope="module")
def alignment():
    return bridge.align(bpe_tokenizer(), wordpiece_tokenizer())


@pytest.fixture(scope="module")
def report(alignment):
    return bridge.report(alignment, CORPUS)


@pytest.mark.parametrize("method", METHODS)
def test_counted_text_by_text(alignment, report, method):
    exact = agreeing = longest = 0
    for text in CORPUS:
        ids = alignment.tokenizer.encode_batch([text])
        mine = alignment.remap(ids, method=method).values.tolist()
        theirs = alignment.reference.encode_batch([text]).values.tolist()
        exact += mine == theirs
        agreeing += slow_common(mine, theirs)
        longest += max(len(mine), len(theirs))
    assert report.text.remaps[method] == Fidelity(
        exact / len(CORPUS), agreeing / longest
    )


def test_only_retokenize_gives_the_presets_own_ids(report):
    found = report.text.remaps
    assert found["retokenize"] == Fidelity(1, 1)
    for method in ("lookup", "expand"):
        assert 0 < found[method].texts < found[method].ids < 1


def test_known_ids():
    mine = by_words(["[UNK]", "a", "b"], unk="[UNK]")
    theirs = by_words(["[UNK]", "a", "c"], unk="[UNK]")
    found = bridge.report(bridge.align(mine, theirs), ["a a", "a c", "b"]).text.remaps
    # `c` is unknown to the tokenizer and `b` to the preset: [a, UNK] for [a, c].
    assert found["lookup"] == Fidelity(2 / 3, 4 / 5)


def test_words_count_as_often_as_they_occur():
    mine = by_words(["[UNK]", "a"], unk="[UNK]")
    theirs = by_words(["[UNK]", "a", "c"], unk="[UNK]")
    report = bridge.report(bridge.align(mine, theirs), frequencies={"a": 9, "c": 1})
    assert report.text.remaps["lookup"] == Fidelity(0.9, 0.9)


def test_texts_without_ids_agree():
    words = by_words(["[UNK]", "a"], unk="[UNK]")
    found = bridge.report(bridge.align(words, words), [" "]).text.remaps
    assert found["expand"] == Fidelity(1, 1)


def test_every_output_shows_both_numbers(report):
    outputs = (
        str(report),
        html.unescape(report.to_markdown()),
        report.to_html(),
        report._repr_html_(),
    )
    for method in METHODS:
        found = report.text.remaps[method]
        assert report.to_dict()["text"]["remaps"][method] == {
            "texts": found.texts,
            "ids": found.ids,
        }
        for shown in outputs:
            assert f"{found.texts:.2%}" in shown
            assert f"{found.ids:.2%}" in shown
