"""`retokenize` word by word: the same ids as without a cache, whatever comes in."""

from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

import bridge
from bridge.alignment import word_cache
from bridge.alignment.retokenizer import Retokenizer
from bridge.alignment.word_cuts import WordCuts
from bridge.alignment.word_hash import WordHash
from bridge.alignment.word_table import WordTable
from bridge.ragged import Ragged
from bridge.tokenizers.probe import HARD_TEXTS
from bridge.vocabulary import TokenKind
from tests.alignment import oracle
from tests.factories import CORPUS, bpe_tokenizer, wordpiece_tokenizer

PAIRS = [
    ("gpt2", "bert"),
    ("mistral", "gpt2"),
    ("deepseek", "mistral"),
    ("deepseek", "bert"),
]


def cached(alignment):
    retokenizer = Retokenizer(alignment.tokenizer, alignment.reference)
    retokenizer(Ragged.from_lists([[]]))
    assert retokenizer._cache is not None
    return retokenizer


def different(retokenizer, ids):
    """Rows that do not get the ids they get without a cache."""
    found, expected = retokenizer(ids), retokenizer.directly(ids)
    return [
        row.tolist()
        for row, mine, right in zip(ids, found, expected, strict=True)
        if not np.array_equal(mine, right)
    ]


def text_ids(tokenizer):
    return np.flatnonzero(tokenizer.vocabulary.kinds < TokenKind.SPECIAL)


@pytest.mark.real_model
@pytest.mark.parametrize("names", PAIRS, ids="-".join)
def test_real_texts_get_the_ids_that_they_get_without_a_cache(real_alignment, names):
    alignment = real_alignment(*names)
    retokenizer = cached(alignment)
    special = alignment.tokenizer.vocabulary.kinds >= TokenKind.SPECIAL
    texts = [*HARD_TEXTS, *oracle.tweets()[::20], *oracle.turkish_sentences()[::20]]
    ids = alignment.tokenizer.encode_batch(texts)
    rows = [row.tolist() for row in ids if not special[row].any()]
    for _ in range(2):  # everything is new, then nothing is
        assert different(retokenizer, Ragged.from_lists(rows)) == []


@pytest.mark.real_model
@pytest.mark.parametrize("names", PAIRS, ids="-".join)
def test_ids_that_no_text_gives_get_them_too(real_alignment, names):
    alignment = real_alignment(*names)
    retokenizer = cached(alignment)
    rng = np.random.default_rng(0)
    lengths = rng.integers(0, 20, 500)
    values = rng.choice(text_ids(alignment.tokenizer), lengths.sum())
    assert different(retokenizer, Ragged.from_lengths(values, lengths)) == []


@pytest.fixture(scope="module")
def trained():
    return bridge.align(bpe_tokenizer(), wordpiece_tokenizer())


@settings(max_examples=200)
@given(st.data())
def test_any_rows_in_any_batches(trained, data):
    retokenizer = cached(trained)
    drawn = st.sampled_from(text_ids(trained.tokenizer).tolist())
    for _ in range(3):
        rows = data.draw(st.lists(st.lists(drawn, max_size=9), max_size=5))
        assert different(retokenizer, Ragged.from_lists(rows)) == []


def test_a_batch_longer_than_a_chunk(trained, monkeypatch):
    ids = trained.tokenizer.encode_batch(CORPUS * 3)
    expected = trained.remap(ids)
    for size in (1, 2, 7, 64):
        monkeypatch.setattr(word_cache, "_CHUNK", size)
        retokenizer = cached(trained)
        assert retokenizer(ids) == expected
        assert retokenizer(ids) == expected


def test_a_full_table_is_begun_anew(trained, monkeypatch):
    monkeypatch.setattr(word_cache, "_MOST_WORDS", 20)
    retokenizer = cached(trained)
    first = retokenizer._cache.table
    for text in CORPUS:
        assert different(retokenizer, trained.tokenizer.encode_batch([text])) == []
    assert retokenizer._cache.table is not first
    assert len(retokenizer._cache.table) < 20 + 60


def test_every_word_is_encoded_once(trained):
    retokenizer = cached(trained)
    ids = trained.tokenizer.encode_batch(CORPUS)
    retokenizer(ids)
    seen = []
    cache = retokenizer._cache
    directly = cache.directly
    cache.directly = lambda ids: seen.append(len(ids)) or directly(ids)
    retokenizer(ids)
    assert seen == []


def test_threads_that_share_a_cache(trained):
    retokenizer = cached(trained)
    batches = [trained.tokenizer.encode_batch(CORPUS[i::7]) for i in range(7)] * 20
    expected = [retokenizer.directly(ids) for ids in batches]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(retokenizer, batches)) == expected


def test_a_lock_that_was_held_at_a_fork_stops_nobody(trained):
    retokenizer = cached(trained)
    ids = trained.tokenizer.encode_batch(CORPUS)
    expected = retokenizer.directly(ids)
    with retokenizer._cache.lock:
        assert retokenizer(ids) == expected


def test_it_travels_to_another_process(trained):
    retokenizer = cached(trained)
    ids = trained.tokenizer.encode_batch(CORPUS)
    with get_context("spawn").Pool(1) as pool:
        assert pool.apply(retokenizer, (ids,)) == retokenizer(ids)


def spaced(tokens, **options):
    """A reference that splits at spaces, with added tokens."""
    words = {word: i for i, word in enumerate(["[UNK]", "the", "quick", "fox", "dog"])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.add_tokens([AddedToken(token, **options) for token in tokens])
    return tokenizer


@pytest.mark.parametrize("options", [{"rstrip": True}, {"lstrip": True}, {}])
def test_added_tokens_of_the_preset_are_read_with_their_neighbours(options):
    reference = spaced(["quick", "Dog"], **options)
    alignment = bridge.align(bpe_tokenizer(), reference)
    retokenizer = cached(alignment)
    texts = ["the quick fox", "quick", "the quick", "a Dog  the", "quick quick  dog"]
    ids = alignment.tokenizer.encode_batch(texts)
    assert alignment.tokenizer.decode_batch(ids) == texts
    assert retokenizer(ids) == alignment.reference.encode_batch(texts)
    entries = np.arange(len(retokenizer._cache.table), dtype=np.int32)
    assert retokenizer._cache.table.odd(entries).any()


def callable_reference():
    letters = {chr(97 + i): i for i in range(26)}
    return bridge.load_tokenizer(
        lambda text: [letters[c] for c in text if c in letters], vocabulary=letters
    )


def words_of_two():
    """Byte-level BPE without words: its merges may span a space."""
    tokenizer = Tokenizer(
        models.BPE(
            {**{c: i for i, c in enumerate("ab\u0120")}, "a\u0120": 3, "a\u0120b": 4},
            [("a", "\u0120"), ("a\u0120", "b")],
        )
    )
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(
        add_prefix_space=False, use_regex=False
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param(callable_reference, id="code"),
        pytest.param(lambda: spaced(["quick fox"]), id="an added token of two words"),
        pytest.param(words_of_two, id="a piece of two words"),
    ],
)
def test_no_cache_where_words_depend_on_others(reference):
    alignment = bridge.align(bpe_tokenizer(), reference())
    retokenizer = Retokenizer(alignment.tokenizer, alignment.reference)
    ids = alignment.tokenizer.encode_batch(["a b", "the quick fox"])
    assert retokenizer(ids) == retokenizer.directly(ids)
    assert retokenizer._cache is None


def test_no_cache_for_ids_that_do_not_hold_spaces():
    alignment = bridge.align(wordpiece_tokenizer(), bpe_tokenizer())
    retokenizer = Retokenizer(alignment.tokenizer, alignment.reference)
    ids = alignment.tokenizer.encode_batch(CORPUS)
    assert retokenizer(ids) == retokenizer.directly(ids)
    assert retokenizer._cache is None


def test_ids_of_a_tokenizer_that_is_only_a_vocabulary(trained):
    bare = bridge.load_tokenizer(trained.tokenizer.vocabulary)
    alignment = bridge.align(bare, trained.reference)
    assert different(cached(alignment), trained.tokenizer.encode_batch(CORPUS)) == []


def test_no_cache_without_an_id_to_stand_in_front():
    bare = bridge.Vocabulary.from_tokens(["\u0120x", "y"], convention="byte_level")
    alignment = bridge.align(bare, wordpiece_tokenizer())
    retokenizer = Retokenizer(alignment.tokenizer, alignment.reference)
    ids = Ragged.from_lists([[0, 1, 0]])
    assert retokenizer(ids) == alignment.reference.encode_batch([" xy x"])
    assert retokenizer._cache is None


def test_words_are_cut_before_a_space_and_a_visible_character(trained):
    cuts = WordCuts.of(trained.tokenizer, trained.reference)
    ids = trained.tokenizer.encode_batch(["the quick  brown\n fox \u00e9! the"])
    begins = cuts.begins(ids)
    words = Ragged(ids.values, np.append(np.flatnonzero(begins), begins.size))
    parts = trained.tokenizer.decode_batch(words)
    # Not behind white space, and not where a character is cut.
    assert parts == ["the", " quick  brown\n fox \u00e9!", " the"]


@given(
    st.lists(
        st.dictionaries(
            st.integers(0, 2**64 - 1), st.lists(st.integers(0, 9), max_size=4)
        ),
        max_size=6,
    ),
    st.integers(0, 63),
)
def test_a_table_is_a_dict(batches, shared_bits):
    """Also where hashes share their upper bits and crowd one slot."""
    mask = (1 << shared_bits) - 1
    table, expected = WordTable(), {}
    for batch in batches:
        new = {h & mask: p for h, p in batch.items() if h & mask not in expected}
        table.add(
            np.array(list(new), np.uint64),
            Ragged.from_lists(new.values()),
            np.array([len(p) == 2 for p in new.values()], bool),
        )
        expected |= new
        known = np.array(list(expected), np.uint64)
        entries = table.find(known)
        assert (entries >= 0).all()
        assert table.take(entries).to_lists() == list(expected.values())
        assert table.odd(entries).tolist() == [len(p) == 2 for p in expected.values()]
        others = np.array([h ^ 1 for h in expected if h ^ 1 not in expected], np.uint64)
        assert (table.find(others) == -1).all()
        assert len(table) == len(expected)
        assert table.pieces == sum(map(len, expected.values()))


def test_a_table_grows():
    rng = np.random.default_rng(0)
    hashes = np.unique(rng.integers(0, 1 << 64, 60_000, np.uint64))
    pieces = np.arange(hashes.size, dtype=np.int32)
    table = WordTable()
    for part in np.array_split(pieces, 9):
        ones = Ragged.from_lengths(part, np.ones(part.size))
        table.add(hashes[part], ones, np.zeros(part.size, bool))
    assert table.take(table.find(hashes)).values.tolist() == pieces.tolist()


@given(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=5), min_size=1))
def test_words_share_a_hash_only_if_they_are_the_same(words):
    rows = Ragged.from_lists(words)
    first = np.array([i % 2 for i in range(len(words))], bool)
    hashes = WordHash(4).of_words(rows.values, rows.offsets[:-1], first).tolist()
    keys = [(tuple(word), place) for word, place in zip(words, first, strict=True)]
    for i, key in enumerate(keys):
        for j, other in enumerate(keys):
            assert (key == other) == (hashes[i] == hashes[j])
