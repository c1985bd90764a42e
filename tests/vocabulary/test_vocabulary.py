"""`Vocabulary`: what is read from tokens, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import TokenIdError, VocabularyError
from bridge.vocabulary import Convention, Position, TokenKind, Vocabulary
from tests.core.messages import exactly

TOKEN = st.text("ab\u0120\u2581#!\u4e2d ", max_size=4)


@given(st.dictionaries(TOKEN, st.integers(0, 40)))
def test_a_dict_in_any_order(tokens):
    tokens = {t: i for i, t in {i: t for t, i in tokens.items()}.items()}
    vocabulary = Vocabulary.from_tokens(tokens)
    assert vocabulary == Vocabulary.from_tokens(dict(reversed(tokens.items())))
    assert vocabulary.size == max(tokens.values(), default=-1) + 1
    assert len(vocabulary) == len(tokens)
    assert all(vocabulary.id(t) == i for t, i in tokens.items())
    assert all(vocabulary.tokens[i] == t for t, i in tokens.items())
    assert all(len(x) == vocabulary.size for x in (vocabulary.keys, vocabulary.kinds))


def test_holes_are_unused_and_count():
    vocabulary = Vocabulary.from_tokens({"a": 1, "b": 3})
    assert vocabulary.tokens == (None, "a", None, "b")
    assert (vocabulary.size, len(vocabulary)) == (4, 2)
    assert vocabulary.kinds.tolist() == [TokenKind.UNUSED, 0, TokenKind.UNUSED, 0]
    assert vocabulary.text(0) == "<hole>"


def test_an_empty_vocabulary():
    vocabulary = Vocabulary.from_tokens({})
    assert (vocabulary.size, len(vocabulary), vocabulary.keys) == (0, 0, ())
    assert vocabulary.convention == Convention.WORDS


@pytest.mark.parametrize(
    ("convention", "token", "key", "position"),
    [
        ("byte_level", "\u0120the", b"the", "START"),
        ("byte_level", "the", b"the", "EITHER"),
        ("byte_level", "\u010a", b"\n", "EITHER"),
        ("byte_level", "\u0120", b" ", "EITHER"),
        ("byte_level", "\u0120\u0120", b" ", "START"),
        ("byte_level", "\u00c3\u00a9", "\u00e9".encode(), "EITHER"),
        ("byte_level", "\u00e9", b"\xe9", "EITHER"),
        ("metaspace", "\u00e9", "\u00e9".encode(), "EITHER"),
        ("metaspace", "\u2581of\u2581the", b"of the", "START"),
        ("bytes", b" the", b"the", "START"),
        ("bytes", b"\xe2\x80", b"\xe2\x80", "EITHER"),
        ("wordpiece", "the", b"the", "START"),
        ("wordpiece", "##ing", b"ing", "CONTINUATION"),
        ("wordpiece", "##", b"##", "START"),
        ("wordpiece", "!", b"!", "EITHER"),
        ("wordpiece", "\u5929", "\u5929".encode(), "EITHER"),
        ("wordpiece", "##!", b"!", "CONTINUATION"),
        ("end_of_word", "the</w>", b"the", "EITHER"),
        ("end_of_word", "th", b"th", "EITHER"),
        ("end_of_word", "\u00e9</w>", "\u00e9".encode(), "EITHER"),
        ("byte_level_end_of_word", "\u00c3\u00a9</w>", "\u00e9".encode(), "EITHER"),
        ("byte_level_end_of_word", "\u00e9</w>", b"\xe9", "EITHER"),
        ("byte_level_end_of_word", "</w>", b"</w>", "EITHER"),
        ("words", "##ing", b"##ing", "START"),
        ("pieces", "ing", b"ing", "EITHER"),
    ],
)
def test_what_a_spelling_stands_for(convention, token, key, position):
    vocabulary = Vocabulary.from_tokens([token], convention=convention)
    assert vocabulary.keys == (key,)
    assert vocabulary.positions.tolist() == [Position[position]]


def test_special_and_added_tokens_are_literal():
    vocabulary = Vocabulary.from_tokens(
        ["\u0120Salah", "\u0120x", "\u0120y"],
        special=[0],
        added=[1],
        convention="byte_level",
    )
    assert vocabulary.keys == ("\u0120Salah".encode(), "\u0120x".encode(), b"y")
    assert vocabulary.kinds.tolist() == [TokenKind.SPECIAL, TokenKind.ADDED, 0]


def test_byte_pieces_count_only_when_all_256_are_there():
    some = [f"<0x{byte:02X}>" for byte in range(255)]
    assert not (Vocabulary.from_tokens(some).kinds == TokenKind.BYTE).any()
    complete = Vocabulary.from_tokens([*some, "<0xFF>", "\u2581a"])
    assert (complete.kinds == TokenKind.BYTE).sum() == 256
    assert complete.keys[10] == b"\n"


@pytest.mark.parametrize(
    "token",
    [
        "[unused12]",
        "<extra_id_3>",
        "<unused5>",
        "<|reserved_special_token_3|>",
        "<|reserved_200000|>",
        "<SPECIAL_36>",
        "<\uff5cplace\u2581holder\u2581no\u25817\uff5c>",
        "madeupword0001",
    ],
)
def test_reserved_rows(token):
    assert Vocabulary.from_tokens([token]).kinds.tolist() == [TokenKind.UNUSED]
    # A reserved row that was given a role is in use.
    used = Vocabulary.from_tokens([token], roles={"pad": 0})
    assert used.kinds.tolist() == [TokenKind.SPECIAL]
    assert Vocabulary.from_tokens([token]).with_roles({"pad": 0}).kinds.tolist() == [
        TokenKind.SPECIAL
    ]


def test_forms_that_bert_never_produces_are_dead():
    tokens = ["!", "##!", "##ing", "##\u5929", "##\u00e9"]
    vocabulary = Vocabulary.from_tokens(tokens)
    assert vocabulary.dead.tolist() == [False, True, False, True, False]
    assert not Vocabulary.from_tokens(tokens, convention="words").dead.any()


def test_roles_by_token_or_id_and_shared():
    vocabulary = Vocabulary.from_tokens(
        {"<s>": 0, "a": 1}, roles={"bos": "<s>", "pad": np.int64(0)}
    )
    assert vocabulary.roles == {"bos": 0, "pad": 0}
    assert vocabulary.role_id("cls") == 0
    assert vocabulary.role_id("sep") is None


def test_appended_tokens_get_the_next_ids():
    vocabulary = Vocabulary.from_tokens({"a": 0, "b": 3})
    longer = vocabulary.with_roles({"pad": "[P]", "cls": 0}, append=["[P]"])
    assert (longer.size, longer.id("[P]")) == (5, 4)
    assert longer.kinds.tolist() == [3, 4, 4, 0, 3]
    assert vocabulary.size == 4
    assert vocabulary.roles == {}


def test_an_appended_token_that_exists():
    message = (
        "An appended token must be new. Received: 'a', which is id 0. Give it another "
        "spelling."
    )
    with pytest.raises(VocabularyError, match=exactly(message)):
        Vocabulary.from_tokens(["a"]).with_roles({}, append=["a"])


@pytest.mark.parametrize(
    ("convention", "token", "text"),
    [
        ("byte_level", "\u0120the", "\u2423the"),
        ("byte_level", "\u0120\u00e2\u0122", "\u2423\\xe2\\x80"),
        ("byte_level", "\u010a", "\n"),
        ("byte_level", "\u00c3\u00a9", "\u00e9"),
        ("metaspace", "\u2581of\u2581the", "\u2423of\u2423the"),
        ("bytes", b" \xff", "\u2423\\xff"),
        ("wordpiece", "##ing", "##ing"),
        ("words", "New York", "New York"),
    ],
)
def test_text_for_people(convention, token, text):
    assert Vocabulary.from_tokens([token], convention=convention).text(0) == text


def test_special_tokens_are_shown_as_they_are():
    vocabulary = Vocabulary.from_tokens(
        ["<\u0120x>", "a"], special=[0], convention="byte_level"
    )
    assert vocabulary.text(0) == "<\u0120x>"


def test_ids_in_messages_are_harmless_to_look_at():
    vocabulary = Vocabulary.from_tokens(
        ["\u010a", "\u0120\u00e2\u0122", "it's", "\u202e"], convention="byte_level"
    )
    assert vocabulary.show([0, 1, 0, 2, 3, 7]) == (
        "0 ('\\n'), 1 ('\u2423\\xe2\\x80'), 2 (\"it's\"), 3 ('\\u202e'), 7"
    )


def test_ids_that_are_no_rows():
    message = (
        "Every token id must be in [0, 2). Received: 3 ids outside it, such as -1, 2. "
        "Encode with the tokenizer that belongs to this vocabulary, or give its "
        "missing tokens ids first."
    )
    with pytest.raises(TokenIdError, match=exactly(message)):
        Vocabulary.from_tokens(["a", "b"]).check_ids(np.array([[0, -1], [2, 2]]))


REFUSED = [
    (
        {"a": 0, "b": 0},
        "Every id must occur once. Received: 1 doubled, such as 0 (one of them 'b'). "
        "Keep one entry for each.",
    ),
    (
        ["a", "b", "a", "a"],
        "Every token must occur once. Received: 1 doubled, such as 'a'. Keep one entry "
        "for each.",
    ),
    (
        {"a": -1},
        "Token ids count from 0; a negative id would read the table from its end. "
        "Received: 'a' -> -1. Give it a free id.",
    ),
    (
        {"a": True},
        "A vocabulary maps tokens to integer ids. Received: 'a' -> True. Use "
        "`{token: id}`.",
    ),
    (
        {"a": 1.0},
        "A vocabulary maps tokens to integer ids. Received: 'a' -> 1.0. Use "
        "`{token: id}`.",
    ),
    (
        {"a": "0"},
        "A vocabulary maps tokens to integer ids. Received: 'a' -> '0'. Use "
        "`{token: id}`.",
    ),
    (
        {"a": 10**12},
        "A vocabulary has at most 10,000,000 ids. Received: id 1000000000000 for 'a'. "
        "Check that the mapping is token to id and that this id is meant.",
    ),
    (
        {0: "a"},
        "A token must be a str or bytes. Received: 0 (int). Use `{token: id}`, not "
        "`{id: token}`, or spellings in id order.",
    ),
    (
        ["a", 1],
        "A token must be a str or bytes. Received: 1 (int). Use `{token: id}`, not "
        "`{id: token}`, or spellings in id order.",
    ),
]


@pytest.mark.parametrize(("tokens", "message"), REFUSED)
def test_tokens_that_are_refused(tokens, message):
    with pytest.raises(VocabularyError, match=exactly(message)):
        Vocabulary.from_tokens(tokens)


@pytest.mark.parametrize("entry", ["missing", 7, -1, True, None, 0.0])
def test_a_role_that_names_no_token(entry):
    message = (
        f"A role must name a token of the vocabulary. Received: 'pad' -> {entry!r}, "
        "which is not among its 2 tokens. Add the token or name another."
    )
    with pytest.raises(VocabularyError, match=exactly(message)):
        Vocabulary.from_tokens(["a", "b"], roles={"pad": entry})


def test_an_unknown_role():
    message = (
        "A role must be one of cls, sep, bos, eos, pad, mask, unk. Received: 'start'. "
        "Other special tokens need no role."
    )
    with pytest.raises(VocabularyError, match=exactly(message)):
        Vocabulary.from_tokens(["a"], roles={"start": 0})


@pytest.mark.parametrize("name", ["special", "added"])
def test_places_that_do_not_exist(name):
    message = (
        f"`{name}` must hold ids in [0, 2). Received: 2 others, such as -1. Add their "
        "tokens, or leave them out."
    )
    with pytest.raises(VocabularyError, match=exactly(message)):
        Vocabulary.from_tokens(["a", "b"], **{name: [0, 2, -1]})


def test_which_tokens_end_a_word():
    tokens = ["th", "the</w>", "</w>", "<end></w>", "a</w>"]
    vocabulary = Vocabulary.from_tokens(
        tokens, special=[3], roles={}, convention="end_of_word"
    )
    assert vocabulary.ends_word.tolist() == [False, True, False, False, True]
    bare = Vocabulary.from_tokens(tokens, convention="words")
    assert not bare.ends_word.any()
