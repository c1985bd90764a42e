"""Words kept with their ids: when they stand for a text, and when they do not."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, Regex, models, normalizers, pre_tokenizers

from bridge.ragged import Ragged
from bridge.tokenizers import load_tokenizer, word_memo
from bridge.tokenizers.word_cutter import END, WordCutter
from bridge.tokenizers.word_memo import WordMemo
from bridge.tokenizers.word_rule import WordRule
from tests.factories import bpe_tokenizer, unigram_tokenizer

APART = WordRule(whitespace=False, added=("<pad>",))
RUNS = WordRule(whitespace=True, added=("<pad>",))
IN_FRONT = WordRule(whitespace=False, added=("<pad>",), borders=" \n")
WORD = st.sampled_from(["", "a", "bc", "def", "<pad>", "\u0301x", "\u00e9", "e\u0301"])


def letters(texts):
    """A library that has an id for every letter, and none for white space."""
    return Ragged.from_lists(
        [[ord(c) for c in text if not c.isspace()] for text in texts]
    )


class Library:
    """Counts what it is asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, texts):
        self.asked += texts
        return letters(texts)


TEXTS = st.lists(st.lists(WORD, max_size=6).map(" ".join), max_size=6)


@given(TEXTS, st.sampled_from([RUNS, APART, IN_FRONT]))
def test_every_text_is_its_words_or_is_named(texts, rule):
    memo = WordMemo(rule)
    for _ in range(2):
        ids, doubtful = memo.encode(texts, letters)
        right = letters(texts)
        assert len(ids) == len(texts)
        assert doubtful.tolist() == sorted(set(doubtful.tolist()))
        for place in set(range(len(texts))) - set(doubtful.tolist()):
            assert ids[place].tolist() == right[place].tolist()


def test_a_word_is_asked_for_once():
    library, memo = Library(), WordMemo(APART)
    for _ in range(2):
        ids, doubtful = memo.encode(["a bc a", "bc"], library)
        assert ids.to_lists() == [[97, 98, 99, 97], [98, 99]]
        assert not doubtful.size
    assert library.asked == ["a", "bc"]


@pytest.mark.parametrize(
    "word",
    [
        "",
        "<pad>",
        "x<pad>y",
        "\u0301a",  # a mark clings to the space in front
        "\u200da",
        "\u0e33",  # a vowel sign that counts as a letter
        "a\u0d4e",  # a letter that clings to what follows
        "\uff9e",
        "\u203e",  # normalised to a space and a mark
        "\u00b4",
        "\u2581a",
        "\ta",
        "a\n",
        "\x07",
        "\U000e0041",
    ],
)
def test_words_that_need_their_text(word):
    memo = WordMemo(APART)
    assert memo.encode([f"a {word} b", "c"], letters)[1].tolist() == [0]
    assert memo.encode(["c", f"a {word} b"], letters)[1].tolist() == [1]


@pytest.mark.parametrize("word", ["", "<pad>", "x<pad>", "\n", "a\nb"])
def test_words_that_need_it_only_where_spaces_count(word):
    ids, doubtful = WordMemo(RUNS).encode([f"a {word} b"], letters)
    assert not doubtful.size
    assert ids == letters([f"a {word} b"])


SPACES = st.text(st.sampled_from("ab \n\t\u00a0\u3000\x00"), max_size=9)


@given(st.lists(SPACES, max_size=5), st.sampled_from([" ", " \n"]))
def test_words_begin_at_borders_behind_what_is_visible(texts, borders):
    cutter = WordCutter(WordRule(whitespace=False, added=(), borders=borders))
    held = [text.replace(END, "") for text in texts]
    pattern = rf"(?<=\S)(?=[{borders}])"
    expected = [
        word for text in held for word in [*re.split(pattern, text), END] if word
    ]
    assert cutter.cut(held) == expected
    # A text that holds the mark of the ends is encoded whole.
    ids, doubtful = WordMemo(IN_FRONT).encode(texts, letters)
    assert doubtful.tolist() == [i for i, text in enumerate(texts) if END in text]
    assert len(ids) == len(texts)


def test_long_words_are_not_kept():
    library, memo = Library(), WordMemo(IN_FRONT)
    long = "x" * 33
    for _ in range(2):
        ids, doubtful = memo.encode([f"a {long}", long, "b"], library)
        assert ids == letters([f"a {long}", long, "b"])
        assert not doubtful.size
    assert library.asked == ["a", "b", f" {long}", long, f" {long}", long]


def test_many_ids_are_forgotten(monkeypatch):
    monkeypatch.setattr(word_memo, "MOST_IDS", 8)
    memo, library = WordMemo(APART), Library()
    for text in ("abc", "x" * 40, "abc"):
        assert memo.encode([text], library)[0] == letters([text])
    assert library.asked == ["abc", "x" * 40, "abc"]


def test_words_are_forgotten_when_there_are_too_many(monkeypatch):
    monkeypatch.setattr(word_memo, "MOST_WORDS", 3)
    memo, library = WordMemo(APART), Library()
    texts = ["a b", "c d", "e f", "a b c d e f"]
    for text in texts:
        assert memo.encode([text], library)[0] == letters([text])
    # Four were kept when "e f" came; what was forgotten is asked for again.
    assert library.asked == [*"abcdef", *"abcd"]


def test_batches_of_new_words_are_left_to_the_library(monkeypatch):
    monkeypatch.setattr(word_memo, "ENOUGH", 4)
    memo, asked = WordMemo(APART), []
    for number in range(40):
        library, text = Library(), f"{'a' * number}b {'a' * number}c x"
        ids, doubtful = memo.encode([text], library)
        assert ids == letters([text])
        assert not doubtful.size
        asked.append(library.asked == [text])
    # Cut into words: the first, and one behind 1, 2, 4, 8, 16 and 16 others.
    cut = [place for place, whole in enumerate(asked) if not whole]
    assert cut == [0, 2, 5, 10, 19, 36]

    # Words that are known, and the next batches are cut again; few words tell nothing.
    for text in ["b c x"] * 18 + ["new words", "more words", "x"]:
        library = Library()
        assert memo.encode([text], library)[0] == letters([text])
        asked.append(library.asked == [text])
    assert asked[40:] == [True] * 13 + [False] * 8


def test_a_library_that_refuses_leaves_nothing_behind():
    memo = WordMemo(APART)

    def refuse(texts):
        raise RuntimeError(f"refused {texts}")

    with pytest.raises(RuntimeError, match=r"^refused \['a', 'b'\]$"):
        memo.encode(["a b"], refuse)
    assert memo.encode(["a b"], letters)[0] == letters(["a b"])


def changed(**stages):
    tokenizer = unigram_tokenizer()
    for name, stage in stages.items():
        setattr(tokenizer, name, stage)
    return tokenizer


def with_added(**flags):
    tokenizer = unigram_tokenizer()
    tokenizer.add_tokens([AddedToken(flags.pop("content", "<x>"), **flags)])
    return tokenizer


BORDERS = "its words are not encoded one by one"
NORMALISER = "its normaliser may look at several words at once"
ADDED = "an added token may stand for several words"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: changed(pre_tokenizer=pre_tokenizers.Metaspace(split=False)), BORDERS),
        (
            lambda: changed(
                pre_tokenizer=pre_tokenizers.Metaspace(prepend_scheme="first")
            ),
            BORDERS,
        ),
        (lambda: changed(pre_tokenizer=pre_tokenizers.Punctuation()), BORDERS),
        (lambda: changed(normalizer=normalizers.Prepend("x")), NORMALISER),
        (
            lambda: changed(normalizer=normalizers.Replace(Regex(r"\s+x"), "y")),
            NORMALISER,
        ),
        (lambda: changed(normalizer=normalizers.Replace(" x", "y")), NORMALISER),
        (lambda: changed(normalizer=normalizers.Replace("x", "")), NORMALISER),
        (lambda: with_added(normalized=True), ADDED),
        (lambda: with_added(content="<x y>", normalized=False), ADDED),
    ],
)
def test_tokenizers_whose_words_are_not_alone(make, reason):
    tokenizer = load_tokenizer(make())
    assert tokenizer.engine == "tokenizers"
    assert tokenizer.engine_note == (
        f"the tokenizer's own library; words is not used: {reason}"
    )


def changed_bpe(*added, **stages):
    tokenizer = bpe_tokenizer()
    for name, stage in stages.items():
        setattr(tokenizer, name, stage)
    tokenizer.add_tokens(list(added))
    return tokenizer


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (
            lambda: changed_bpe(
                pre_tokenizer=pre_tokenizers.ByteLevel(use_regex=False)
            ),
            BORDERS,
        ),
        (
            lambda: changed_bpe(
                pre_tokenizer=pre_tokenizers.Split(Regex(r"a b|\s+"), "isolated")
            ),
            BORDERS,
        ),
        (lambda: changed_bpe(normalizer=normalizers.Strip()), NORMALISER),
        (lambda: changed_bpe(normalizer=normalizers.StripAccents()), NORMALISER),
        (lambda: changed_bpe(normalizer=normalizers.BertNormalizer()), NORMALISER),
        (lambda: changed_bpe(normalizer=normalizers.Prepend(" ")), NORMALISER),
        (lambda: changed_bpe(AddedToken("a b")), ADDED),
        (lambda: changed_bpe(AddedToken("a ")), ADDED),
        # Normalised to a space and a mark.
        (lambda: changed_bpe(AddedToken("a\u00b4")), ADDED),
        (
            lambda: changed_bpe(
                AddedToken("<x>", rstrip=True, normalized=True),
                normalizer=normalizers.NFC(),
            ),
            ADDED,
        ),
    ],
)
def test_byte_pairs_whose_words_are_not_alone(make, reason):
    with pytest.raises(ValueError, match=f"words is not used: {reason}. Leave"):
        load_tokenizer(make(), engine="words")


@pytest.mark.parametrize(
    "token",
    [
        AddedToken("   "),
        AddedToken("<x>", lstrip=True),
        AddedToken("<x>", rstrip=True),
        AddedToken("<x>", single_word=True),
        AddedToken(" x", single_word=True),
    ],
)
def test_added_tokens_whose_words_are_alone_or_named(token):
    source = changed_bpe(token)
    words = load_tokenizer(source, engine="words")
    reference = load_tokenizer(source, engine="reference")
    content = token.content
    texts = [
        f"the{left}{content}{right}fox {content}{content} a"
        for left in ("", " ", "   ", "\n", " \n ", "\t")
        for right in ("", " ", "   ", "\n", " \n ", "\t")
    ]
    for _ in range(2):
        assert words.encode_batch(texts) == reference.encode_batch(texts)


def test_no_pre_tokenizer_is_no_border():
    assert load_tokenizer(
        changed(pre_tokenizer=pre_tokenizers.Sequence([]))
    ).engine_note.endswith(BORDERS)
    model = models.Unigram([("<unk>", 0.0), ("a", -1.0)], unk_id=0)
    from tokenizers import Tokenizer

    assert load_tokenizer(Tokenizer(model)).engine_note.endswith(BORDERS)


def test_rules_come_back_from_text():
    assert WordRule.from_json(APART.to_json()) == APART
    assert WordRule.from_json(RUNS.to_json().encode()) == RUNS
    assert WordRule.from_json(IN_FRONT.to_json()) == IN_FRONT


def test_rows_stay_right_while_the_store_grows():
    memo, generator = WordMemo(RUNS), np.random.default_rng(0)
    for _ in range(20):
        words = ["".join(map(chr, row)) for row in generator.integers(97, 123, (9, 3))]
        texts = [" ".join(words[:4]), " ".join(words[4:])]
        assert memo.encode(texts, letters)[0] == letters(texts)
