"""The three remaps: laws, word borders, special tokens, policies, refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bridge
from bridge.alignment.borders import WordBorders, continues_word
from bridge.errors import (
    MissingRoleError,
    TokenIdError,
    UnmappedTokenError,
    UnsupportedTokenizerError,
    VocabularyError,
)
from bridge.ragged import Ragged
from bridge.vocabulary import Position, Vocabulary
from tests.alignment.making import as_alignment, vocabularies
from tests.core.messages import exactly
from tests.core.reference import continues
from tests.factories import bpe_tokenizer, unigram_tokenizer, wordpiece_tokenizer

TOKENS = [
    "<end>",
    "\u0120play",
    "ing",
    "\u0120",
    "\u010a",
    "x",
    "\u00e2",
    "\u0120zz",
    "!",
]
PIECES = [
    "[UNK]",
    "[SEP]",
    "play",
    "##ing",
    "ing",
    "z",
    "##z",
    "!",
    "[PAD]",
    "##x",
    "x",
]


@pytest.fixture(scope="module")
def alignment():
    mine = Vocabulary.from_tokens(TOKENS, roles={"eos": 0}, convention="byte_level")
    roles = {"unk": 0, "sep": 1, "pad": 8}
    return as_alignment(mine, Vocabulary.from_tokens(PIECES, roles=roles))


@pytest.fixture(scope="module")
def trained():
    """Byte-level ids to WordPiece ids, both tokenizers complete."""
    return bridge.align(bpe_tokenizer(), wordpiece_tokenizer())


def rows_of(vocabulary):
    ids = st.integers(0, vocabulary.size - 1)
    return st.lists(st.lists(ids, max_size=6), max_size=4).map(Ragged.from_lists)


@given(vocabularies(), vocabularies(), st.data())
def test_ids_come_out_inside_the_preset_or_not_at_all(mine, theirs, data):
    alignment = as_alignment(mine, theirs)
    ids = data.draw(rows_of(mine))
    for method in ("lookup", "expand"):
        for policy in ("unk", "drop", "raise"):
            try:
                result = alignment.remap(ids, method=method, on_unmapped=policy)
            except (MissingRoleError, UnmappedTokenError):
                continue
            assert len(result) == len(ids)
            assert ((result.values >= 0) & (result.values < theirs.size)).all()
            if method == "lookup" and policy == "unk":
                assert result.lengths.tolist() == ids.lengths.tolist()


@given(vocabularies(), vocabularies(), st.data())
def test_rows_do_not_see_each_other(mine, theirs, data):
    alignment = as_alignment(mine, theirs)
    ids = data.draw(rows_of(mine))
    for method in ("lookup", "expand"):
        whole = alignment.remap(ids, method=method, on_unmapped="drop")
        for place, row in enumerate(ids):
            alone = Ragged.from_lists([row.tolist()])
            single = alignment.remap(alone, method=method, on_unmapped="drop")
            assert single[0].tolist() == whole[place].tolist()


def test_position_is_told_by_the_neighbours(alignment):
    # "play" + "ing", " " + "ing", "!" + "ing", "ing" first
    ids = Ragged.from_lists([[1, 2], [3, 2], [8, 2], [2]])
    result = alignment.remap(ids, method="lookup").to_lists()
    assert result == [[2, 3], [0, 4], [7, 4], [4]]


def test_expand_emits_nothing_for_what_the_preset_drops(alignment):
    ids = Ragged.from_lists([[1, 3, 4, 2], [7, 7], [4]])
    assert alignment.remap(ids, method="expand").to_lists() == [
        [2, 4],
        [5, 6, 5, 6],
        [],
    ]


def test_a_token_with_only_a_start_form_is_spelt_inside_a_word():
    mine = Vocabulary.from_tokens(["\u0120x", "ing"], convention="byte_level")
    theirs = Vocabulary.from_tokens(["x", "ing", "##i", "##ng"])
    alignment = as_alignment(mine, theirs)
    assert alignment.counts()["BOUNDARY"] == 1
    assert alignment.pieces.to_lists() == [[0], [1]]
    assert alignment.continuation_pieces.to_lists() == [[0], [2, 3]]
    ids = Ragged.from_lists([[0, 1], [1]])
    assert alignment.remap(ids, method="expand").to_lists() == [[0, 2, 3], [1]]
    assert alignment.remap(ids, method="lookup").to_lists() == [[0, 1], [1]]


def test_white_space_in_front_ends_the_word_even_if_it_is_stripped():
    mine = Vocabulary.from_tokens(["x", "\u010aing"], convention="byte_level")
    theirs = Vocabulary.from_tokens(["x", "i", "##ng", "##i"])
    alignment = as_alignment(mine, theirs, normalize=str.strip)
    assert alignment.continuation_pieces.to_lists()[1] == [1, 2]


def test_a_special_token_goes_by_its_role_and_ends_the_word(alignment):
    ids = Ragged.from_lists([[1, 0, 2], [0]])
    for method in ("lookup", "expand"):
        assert alignment.remap(ids, method=method).to_lists() == [[2, 1, 4], [1]]


def test_retokenize_cuts_text_at_special_tokens(trained):
    mine, theirs = trained.tokenizer.vocabulary, trained.reference
    end = mine.roles["eos"]
    first, second = trained.tokenizer.encode_batch(
        ["the quick", " brown fox"]
    ).to_lists()
    ids = Ragged.from_lists([[*first, end, *second], [end], [], [*first, end]])
    quick, fox = theirs.encode_batch(["the quick", "brown fox"]).to_lists()
    sep = theirs.vocabulary.roles["sep"]
    assert trained.remap(ids).to_lists() == [
        [*quick, sep, *fox],
        [sep],
        [],
        [*quick, sep],
    ]


def test_nothing_in_nothing_out(trained):
    for method in ("lookup", "expand", "retokenize"):
        for rows in ([], [[]], [[], []]):
            ids = Ragged.from_lists(rows)
            assert trained.remap(ids, method=method).to_lists() == rows


@given(vocabularies(), st.data())
def test_word_borders_are_those_of_the_loop(vocabulary, data):
    ids = data.draw(rows_of(vocabulary))
    found = continues_word(vocabulary, ids)
    names = {Position.START: "start", Position.CONTINUATION: "inside"}
    slow = []
    for row in ids:
        texts, places = [], []
        for i in row.tolist():
            text = vocabulary.kinds[i] < 3
            # A mark of a word's end is a space to the token behind it.
            space = b" " * int(text and str(vocabulary.tokens[i]).endswith("</w>"))
            texts.append(vocabulary.keys[i] + space if text else b" ")
            place = names.get(Position(vocabulary.positions[i]), "either")
            places.append(place if text else "start")
        slow += continues(texts, places)
    assert found.tolist() == slow


def test_vowel_signs_belong_to_the_word():
    # Devanagari "ka" + sign "aa": the sign is no letter to Unicode.
    vocabulary = Vocabulary.from_tokens(
        ["\u0915\u093e", "\u092e", "\u4e2d", "-"], convention="metaspace"
    )
    borders = WordBorders.of(vocabulary)
    ids = Ragged.from_lists([[0, 1], [2, 1], [3, 1]])
    assert borders.continues(ids).tolist() == [False, True, False, False, False, False]


def test_drop_leaves_out_and_keeps_rows(alignment):
    ids = Ragged.from_lists([[6, 1], [], [6], [6, 8]])
    for method in ("lookup", "expand"):
        result = alignment.remap(ids, method=method, on_unmapped="drop")
        assert result.to_lists() == [[2], [], [], [7]]


@pytest.mark.parametrize(
    ("method", "ids", "shown"),
    [
        (
            "lookup",
            [[1, 4, 7], [4]],
            "3 ids without one, such as 4 ('\\n'), 7 ('\u2423zz')",
        ),
        ("expand", [[1, 4, 6], [7]], "1 ids without one, such as 6 ('\\xe2')"),
    ],
)
def test_raise_says_which(alignment, method, ids, shown):
    message = (
        f"Every id must have a counterpart for `{method}`. Received: {shown}. Use "
        "`method='retokenize'`, pass `overrides=` to `bridge.align`, or choose "
        "`on_unmapped='unk'` or 'drop'."
    )
    with pytest.raises(UnmappedTokenError, match=exactly(message)):
        alignment.remap(Ragged.from_lists(ids), method=method, on_unmapped="raise")


def test_policies_hold_for_retokenize_too(trained):
    text = "the quick \u2603 fox"
    ids = trained.tokenizer.encode_batch(["fox", text])
    unk = trained.reference.vocabulary.roles["unk"]
    assert trained.remap(ids) == trained.reference.encode_batch(["fox", text])
    dropped = trained.remap(ids, on_unmapped="drop")
    assert dropped == trained.reference.encode_batch(["fox", "the quick fox"])
    assert unk not in dropped.values
    message = (
        "Every word must have pieces in the preset for `retokenize`. Received: 1 words "
        f"without, the first in '{text}'. Choose `on_unmapped='unk'` or 'drop', or "
        "another preset."
    )
    with pytest.raises(UnmappedTokenError, match=exactly(message)):
        trained.remap(ids, on_unmapped="raise")


def test_a_preset_without_unk():
    mine = Vocabulary.from_tokens(["a", "b"], convention="words")
    theirs = Vocabulary.from_tokens(["a"], convention="words")
    message = (
        "A token without a counterpart becomes the preset's unk token. Received: a "
        "preset without one. Pass `on_unmapped='raise'` or `'drop'`, or use "
        "`method='retokenize'`."
    )
    alignment = as_alignment(mine, theirs)
    for method in ("lookup", "expand"):
        with pytest.raises(MissingRoleError, match=exactly(message)):
            alignment.remap(Ragged.from_lists([[0, 1]]), method=method)


def test_ids_outside_the_tokenizer(alignment):
    message = (
        "Every token id must be in [0, 9). Received: 2 ids outside it, such as 9, -1. "
        "Encode with the tokenizer that belongs to this vocabulary, or give its "
        "missing tokens ids first."
    )
    for method in ("lookup", "expand", "retokenize"):
        with pytest.raises(TokenIdError, match=exactly(message)):
            alignment.remap(Ragged.from_lists([[9, -1]]), method=method)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"method": "auto"},
            "`method` must be one of 'lookup', 'expand', 'retokenize'. Received: "
            "'auto'.",
        ),
        (
            {"on_unmapped": "keep"},
            "`on_unmapped` must be one of 'unk', 'raise', 'drop'. Received: 'keep'.",
        ),
    ],
)
def test_unknown_options(alignment, options, message):
    with pytest.raises(ValueError, match=exactly(message)):
        alignment.remap(Ragged.from_lists([[0]]), **options)


def test_retokenize_onto_a_bare_vocabulary(alignment):
    with pytest.raises(UnsupportedTokenizerError, match="cannot encode text"):
        alignment.remap(Ragged.from_lists([[1]]), method="retokenize")


OVERRIDES = {
    "a": ([5], "an id"),
    "b": (["z", "##z"], "pieces"),
    2: ("zzz", "a text to be spelt"),
}


def test_overrides_by_token_and_by_id_with_several_pieces():
    mine = Vocabulary.from_tokens(["a", "b", "c", "[unused0]"], convention="words")
    theirs = Vocabulary.from_tokens(PIECES, roles={"unk": 0})
    overrides = {token: wanted for token, (wanted, _) in OVERRIDES.items()}
    alignment = bridge.align(mine, theirs, overrides={**overrides, "[unused0]": []})
    assert alignment.counts()["OVERRIDE"] == 4
    assert alignment.pieces.to_lists() == [[5], [5, 6], [5, 6, 6], []]
    assert alignment.continuation_pieces == alignment.pieces
    # No pieces at all: the user said that nothing is meant.
    ids = Ragged.from_lists([[3, 0]])
    assert alignment.remap(ids, method="expand").to_lists() == [[5]]


@pytest.mark.parametrize("token", ["nothing", 4, -1])
def test_an_override_of_nothing(token):
    message = (
        "An override must name a token or id of the tokenizer. Received: "
        f"{token!r}, which it does not have (size 4). Check the spelling: marks such "
        "as '\u0120' or '\u2581' belong to it."
    )
    mine = Vocabulary.from_tokens(["a", "b", "c", "d"])
    with pytest.raises(VocabularyError, match=exactly(message)):
        bridge.align(mine, mine, overrides={token: "a"})


def test_an_override_that_cannot_be_spelt():
    message = (
        "An override must be spelt with the preset's pieces. Received: 'q', which has "
        "none. Name tokens of the preset instead."
    )
    mine = Vocabulary.from_tokens(["a"])
    with pytest.raises(VocabularyError, match=exactly(message)):
        bridge.align(mine, mine, overrides={"a": "q"})


def test_an_override_by_an_id_that_is_no_row():
    message = (
        "Every token id must be in [0, 1). Received: 1 ids outside it, such as 7. "
        "Encode with the tokenizer that belongs to this vocabulary, or give its "
        "missing tokens ids first."
    )
    mine = Vocabulary.from_tokens(["a"])
    with pytest.raises(TokenIdError, match=exactly(message)):
        bridge.align(mine, mine, overrides={"a": np.int64(7)})


@pytest.mark.real_model
def test_a_text_begins_as_a_word_does_for_a_preset_with_a_space_in_front(
    real_alignment,
):
    alignment = real_alignment("gpt2", "mistral")
    texts = ["The quick dog", "The", "\nThe", "", "\u00e9"]
    ids = alignment.tokenizer.encode_batch(texts)
    expected = alignment.reference.encode_batch(texts)
    assert alignment.remap(ids, method="expand") == expected
    vocabulary = alignment.reference.vocabulary
    at_start, elsewhere = vocabulary.id("\u2581The"), vocabulary.id("The")
    looked_up = alignment.remap(ids, method="lookup")
    assert [looked_up[0][0], looked_up[1][0]] == [at_start, at_start]
    assert looked_up[2][-1] == elsewhere


def test_a_text_begins_behind_a_special_token_too():
    alignment = bridge.align(bpe_tokenizer(), unigram_tokenizer())
    (row,) = alignment.tokenizer.encode_batch(["the quick fox"]).to_lists()
    end = alignment.tokenizer.vocabulary.roles["eos"]
    ids = Ragged.from_lists([[*row, end, *row]])
    for method in ("lookup", "expand", "retokenize"):
        once = alignment.remap(Ragged.from_lists([row]), method=method)[0].tolist()
        found = alignment.remap(ids, method=method)[0].tolist()
        assert found[: len(once)] == once
        assert found[len(once) + 1 :] == once
