"""Borders of words, read off pre-tokenizers: where they are, and where none is safe."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Regex, pre_tokenizers

from bridge.tokenizers.patterns import CL100K, O200K, QWEN
from bridge.tokenizers.split_pattern import GPT2, find_borders

LIBRARY = {
    pattern: pre_tokenizers.Split(Regex(pattern), "isolated")
    for pattern in (GPT2, CL100K, QWEN, O200K)
}


def split(pattern, behavior="Isolated"):
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": behavior}


BYTES = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True}
NO_CUT = BYTES | {"use_regex": False}


@pytest.mark.parametrize(
    ("stages", "borders"),
    [
        ([BYTES], " \n"),
        ([BYTES | {"add_prefix_space": True}], " "),
        ([split(GPT2), NO_CUT | {"add_prefix_space": True}], " "),
        ([split(CL100K), NO_CUT], " "),
        ([split(QWEN), NO_CUT], " "),
        ([split(O200K), NO_CUT], " "),
        ([split(CL100K, "Removed"), NO_CUT], " "),
        ([{"type": "Digits"}, BYTES], " \n"),
        ([{"type": "Punctuation", "behavior": "Isolated"}, BYTES], " \n"),
        ([split("[0-9]{1,3}"), split("[\u4e00-\u9fa5]+"), BYTES], " \n"),
        ([{**split(""), "pattern": {"String": "-"}}, BYTES], " \n"),
        ([split(r"\S+|\s+")], " \n"),
        ([split(r" ?\p{L}+|(?:'s)+|\s")], " \n"),
        # Nothing cuts at all, or not at every space.
        ([], ""),
        ([NO_CUT], ""),
        ([{"type": "Digits"}], ""),
        ([split(r"\S+")], ""),
        ([split(r" ?\p{L}+|\s+(?!\S)")], ""),
        ([split(r"\n")], ""),
        # A match goes on behind a space.
        ([split(r"a b|\s+")], ""),
        ([split(r"[a ]+|\s+")], ""),
        ([split(r"(?: a)+|\s+")], ""),
        ([split(r"\p{L}+\s*|\s+")], ""),
        ([split("a b"), BYTES], ""),
        # It sees more than its characters, or its syntax is not read.
        ([split(r"\s+$|\s+")], ""),
        ([split(r"\s+(?=a)|\s+")], ""),
        ([split(r"(?<=a) |\s+")], ""),
        ([split(r"\b\S+|\s+")], ""),
        ([split(r".+|\s+")], ""),
        ([split(r"[a-z&&[^b]]+|\s+")], ""),
        # Pieces are put together again.
        ([split(r"\s+", "MergedWithPrevious"), BYTES], ""),
        ([{"type": "Punctuation", "behavior": "MergedWithNext"}, BYTES], ""),
        # What comes later could see where in its text a word stands.
        ([BYTES, {"type": "Metaspace", "prepend_scheme": "first"}], ""),
    ],
)
def test_borders(stages, borders):
    assert find_borders(stages) == borders


TEXT = st.text(
    st.one_of(
        st.sampled_from("  \n\t\r\u00a0\u3000aB'sd1,!\u00e9\u0301\u4e2d\u200d"),
        st.characters(exclude_categories=("Cs",)),
    ),
    max_size=12,
)


@given(st.sampled_from(sorted(LIBRARY)), TEXT, TEXT)
def test_nothing_depends_on_the_other_side_of_a_border(pattern, left, right):
    cut = LIBRARY[pattern].pre_tokenize_str
    for border in find_borders([split(pattern)]):
        before, behind = f"{left}x", f"{border}{right}"
        # Any visible character may stand in front.
        if left and not left[-1].isspace():
            before = left
        words = [word for part in (before, behind) for word, _ in cut(part)]
        assert [word for word, _ in cut(before + behind)] == words
