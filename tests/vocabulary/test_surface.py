"""Conventions told by content, roles by spelling, and the byte alphabet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.vocabulary.roles import guess_roles
from bridge.vocabulary.surface import (
    BYTE_OF_CHARACTER,
    CHARACTER_OF_BYTE,
    Convention,
    byte_level_bytes,
    detect,
    is_isolated,
    read_byte_piece,
    utf8,
)
from tests.alignment import oracle


def test_the_alphabet_is_gpt2s():
    assert {chr(c): b for c, b in BYTE_OF_CHARACTER.items()} == oracle.alphabet()


@given(st.binary(max_size=8))
def test_every_byte_string_has_one_byte_level_spelling(content):
    spelling = "".join(CHARACTER_OF_BYTE[byte] for byte in content)
    assert byte_level_bytes(spelling) == content


def test_a_token_outside_the_alphabet_is_literal():
    assert byte_level_bytes("caf\u00e9 \u4e2d") == "caf\u00e9 \u4e2d".encode()


@given(st.text(max_size=4))
def test_utf8_never_fails(text):
    assert utf8(text).decode("utf-8", "surrogatepass") == text


def test_a_lone_surrogate_in_a_spelling():
    assert utf8("\ud800") == b"\xed\xa0\x80"


@given(st.characters(exclude_categories=["Cs"]))
def test_isolated_as_bert_says(character):
    assert is_isolated(character) == oracle.isolated(character)


@pytest.mark.parametrize("text", ["", "!!", "a", " ", "\x00", "1", "\u0301", "\u3042"])
def test_not_isolated(text):
    assert not is_isolated(text)


@pytest.mark.parametrize(
    ("tokens", "convention"),
    [
        (["\u0120the", "a", "##"], "byte_level"),
        (["\u2581the", "a", "##x"], "metaspace"),
        (["the", "##ing", "\u0120"], "wordpiece"),
        (["the</w>", "a"], "end_of_word"),
        ([*oracle.alphabet(), "the</w>"], "byte_level_end_of_word"),
        ([b"a", b" the", "<s>"], "bytes"),
        (["the", "fox"], "words"),
        (list(oracle.alphabet()), "byte_level"),
        ([], "words"),
        (["", "\u0120", "\u010a"], "words"),
    ],
)
def test_conventions_are_told_by_content(tokens, convention):
    assert detect(tokens) == Convention(convention)


@pytest.mark.parametrize(
    ("token", "byte"),
    [("<0x0A>", b"\n"), ("<0xff>", b"\xff"), ("<0x0>", None), (b"<0x0A>", None)],
)
def test_byte_pieces(token, byte):
    assert read_byte_piece(token) == byte


def test_one_token_for_everything():
    assert guess_roles({"<|endoftext|>": 7}) == {"bos": 7, "eos": 7, "unk": 7}
    assert guess_roles({"<|endoftext|>": 7, "<|im_end|>": 8}) == {}


def test_what_the_tokenizer_states_wins():
    special = {"<s>": 0, "</s>": 2, "<mask>": 4, "<unk>": 3}
    known = {"unk": 9}
    assert guess_roles(special, known=known) == {
        "bos": 0,
        "eos": 2,
        "mask": 4,
        "unk": 9,
        "cls": 0,
        "sep": 2,
    }


def test_no_mask_no_classifier_roles():
    assert "cls" not in guess_roles({"<s>": 0, "</s>": 2})
