"""`form_words`: words that texts lack, formed as those that they hold."""

from collections import Counter

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

import bridge
from bridge.embedding import word_forms
from bridge.embedding.word_forms import form_words
from bridge.embedding.word_list import find_word_rows, whole_words
from tests.factories import bpe_tokenizer

STEMS = ("walk", "talk", "jump", "hop", "go", "r2d2", "strum", "milk")
ENDINGS = ("##ed", "##ing", "##s", "##ping", "##med")


@pytest.fixture
def reference():
    """Whole words, endings, and letters for all else."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789("
    tokens = ["[UNK]", *STEMS, *ENDINGS, *letters, *(f"##{x}" for x in letters)]
    model = models.WordPiece({t: i for i, t in enumerate(tokens)}, unk_token="[UNK]")
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return bridge.load_tokenizer(tokenizer)


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """One word is enough for an ending, in texts of a handful."""
    monkeypatch.setattr(word_forms, "_FEWEST", 1)


def formed(reference, text):
    words = list(whole_words(reference.vocabulary))
    return form_words(reference, words, Counter(text.split()))


def test_endings_go_behind_the_letters_they_were_seen_behind(reference):
    # Of four words that have k there, one has `ed` behind it and one `ing`; of one that
    # has p there, all have `ping`. 5 more than its times: talk counts 6, the others 5.
    found = formed(reference, "walk walked walking walk walk talk hopping")

    assert found == ["jumpping", "talked", "talking", "milked", "milking"]


def test_what_comes_more_often_is_likelier(reference):
    # Two of four words with k there have `ed`, and the one with p.
    found = formed(reference, "walked walk milk talked hoped jump jump")
    assert found == ["jumped", "milked"]  # 7 and 3
    found = formed(reference, f"walked talked hoped {15 * 'milk '}")
    assert found == ["milked", "jumped"]  # 40 / 3 and 5


def test_capitals_count_as_small_letters(reference):
    assert formed(reference, "Walked WALK Talk") == formed(
        reference, "walked walk talk"
    )


def test_short_words_and_digits_take_no_endings(reference):
    assert formed(reference, "going r2d2s walking") == ["milking", "talking"]


def test_an_ending_of_few_words_is_chance(reference, monkeypatch):
    monkeypatch.setattr(word_forms, "_FEWEST", 2)
    assert formed(reference, "walked hopping") == []
    assert formed(reference, "walked talked hopping") == ["milked"]


def test_no_texts_form_nothing(reference):
    assert formed(reference, "") == []
    assert formed(reference, "talk walk") == []


def test_the_likeliest_are_kept(reference, monkeypatch):
    text = "walk walked walking talk hopping"
    every = formed(reference, text)
    monkeypatch.setattr(word_forms, "_MOST", 2)
    assert formed(reference, text) == every[:2] != every


def test_formed_words_are_known_by_their_tokens(reference):
    """The embedding gives `talking` the preset's rows, though no text held it."""
    tokenizer = bridge.load_tokenizer(bpe_tokenizer())
    ids = tokenizer.encode_batch(["a talking a", "a Talking a", "a walking a"])

    def known(texts):
        words = find_word_rows(
            reference, tokenizer, tokenizer.vocabulary, silent=0, texts=texts
        )
        pairs = zip(ids, words.write(ids), strict=True)
        return [a.tolist() != b.tolist() for a, b in pairs]

    assert known([]) == [False, False, False]
    assert known(["walking"]) == [True, True, True]
