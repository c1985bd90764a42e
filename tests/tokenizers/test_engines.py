"""Fast engines: exactly the reference's ids, or not at all; bounded, and safe."""

import copy
import os
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bridge
from bridge.errors import MissingDependencyError, TextInputError
from bridge.packing import pack
from bridge.ragged import Ragged
from bridge.spec import Template
from bridge.tokenizers import bounded, fast, gigatoken, load_tokenizer, nanotoken
from bridge.tokenizers.bounded import Bounded
from bridge.tokenizers.nanotoken import Nanotoken
from bridge.tokenizers.newest import NEWEST
from bridge.tokenizers.padding import Padding
from bridge.tokenizers.patterns import CL100K
from bridge.tokenizers.probe import first_difference, probe_texts
from bridge.tokenizers.texts import check_texts
from tests.core.messages import around, exactly
from tests.factories import (
    BERT_SPECIALS,
    HARD_TEXTS,
    bpe_tokenizer,
    byte_fallback_proto,
    sentencepiece_processor,
    sentencepiece_proto,
    unigram_tokenizer,
    wordpiece_tokenizer,
)

CHARACTER = st.one_of(
    st.sampled_from("the fox'S.,!\n\t 019"),
    st.sampled_from(
        "\u00e9\u0301\u0130\u03a3\u00df\ufb01\u4e2d\u3042\u0928\u094d\u200d\u00ad"
    ),
    st.characters(exclude_categories=("Cs",)),
)
PIECE = st.one_of(
    st.text(CHARACTER, max_size=12),
    st.sampled_from(["the", " the", "unbelievable", "[MASK]", "<|endoftext|>", "</s>"]),
)
TEXTS = st.lists(st.lists(PIECE, max_size=6).map("".join), max_size=5)


def plain_proto():
    """A sentencepiece BPE as Mistral's: byte pieces, and text left as it is."""
    return sentencepiece_proto(
        model_type="bpe",
        byte_fallback=True,
        vocab_size=400,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
    )


def white_space_unigram():
    """A unigram that splits at white space as XLM-R's does."""
    from tokenizers import AddedToken, pre_tokenizers

    tokenizer = unigram_tokenizer()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    mask = AddedToken("[MASK]", lstrip=True, normalized=False)
    tokenizer.add_special_tokens([mask])
    return tokenizer


def split_bpe():
    """A BPE that splits as Llama 3 does, with added tokens that see white space."""
    from tokenizers import AddedToken, Regex, normalizers, pre_tokenizers

    tokenizer = bpe_tokenizer()
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(CL100K), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.add_tokens(
        [
            AddedToken("   ", normalized=True),
            AddedToken("[MASK]", lstrip=True, normalized=False),
            AddedToken("</s>", rstrip=True, normalized=False),
            AddedToken("fox", single_word=True, normalized=True),
            AddedToken(" the", single_word=True, normalized=False),
        ]
    )
    return tokenizer


def many_splits_bpe():
    """A BPE that splits several times, as DeepSeek does, and adds spaces."""
    from tokenizers import Regex, normalizers, pre_tokenizers

    tokenizer = bpe_tokenizer()
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\p{N}{1,3}"), "isolated"),
            pre_tokenizers.Split(Regex("[\u4e00-\u9fa5\u3040-\u30ff]+"), "isolated"),
            pre_tokenizers.Punctuation("contiguous"),
            pre_tokenizers.ByteLevel(add_prefix_space=True),
        ]
    )
    return tokenizer


# A template of one side.
START = Template((4, 1))

MAKERS = {
    "wordpiece": (wordpiece_tokenizer, "nanotoken"),
    "bpe": (bpe_tokenizer, "gigatoken"),
    "sentencepiece_bpe": (
        lambda: sentencepiece_processor(plain_proto()),
        "gigatoken",
    ),
    "unigram": (unigram_tokenizer, "words"),
    "unigram_by_white_space": (white_space_unigram, "words"),
    "wordpiece_by_words": (wordpiece_tokenizer, "words"),
    "bpe_by_words": (bpe_tokenizer, "words"),
    "split_bpe": (split_bpe, "words"),
    "many_splits_bpe": (many_splits_bpe, "words"),
}


@pytest.fixture(scope="module", params=MAKERS)
def pair(request):
    """The same tokenizer with its own library and with a fast one."""
    make, name = MAKERS[request.param]
    if name != "words":
        pytest.importorskip(name)
    # Once: the library's unigram trainer does not give the same model twice.
    source = make()
    return load_tokenizer(source, engine="reference"), load_tokenizer(
        source, engine="words" if name == "words" else "auto"
    )


@pytest.fixture
def wordpiece():
    pytest.importorskip("nanotoken")
    return load_tokenizer(wordpiece_tokenizer())


@pytest.fixture
def byte_pairs():
    pytest.importorskip("gigatoken")
    return load_tokenizer(bpe_tokenizer())


def test_auto_takes_the_fast_engine_and_says_so(pair):
    reference, quick = pair
    assert quick.engine in ("gigatoken", "nanotoken", "words")
    assert quick.engine_note.startswith(
        f"the tokenizer's own library; {quick.engine} gives the same ids on "
    )
    assert quick.engine_note.endswith(" probe texts")
    assert reference.engine in ("tokenizers", "sentencepiece")
    assert reference.engine_note == "the tokenizer's own library"
    assert quick.without_engine().engine == reference.engine
    assert quick.without_engine().engine_note == reference.engine_note


@settings(max_examples=300)
@given(texts=TEXTS)
def test_ids_are_those_of_the_reference(pair, texts):
    reference, quick = pair
    assert quick.encode_batch(texts) == reference.encode_batch(texts)
    assert quick.encode_batch(texts, add_special_tokens=True) == (
        reference.encode_batch(texts, add_special_tokens=True)
    )


def by_words(source):
    """The tokenizer as it is loaded where nothing is installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast, "find_spec", lambda _: None)
        return load_tokenizer(source)


FLAGS = st.fixed_dictionaries(
    {
        name: st.booleans()
        for name in ("lstrip", "rstrip", "normalized", "special", "single_word")
    }
)
# No token of white space: with `lstrip` and `rstrip` tokenizers 0.23 itself panics.
ADDED = st.sampled_from(["<x>", "fox", "##q", "Caf\u00e9", "a b", "<|im|>", "\u4e2d"])


@settings(max_examples=60)
@given(
    kind=st.sampled_from(["wordpiece", "bpe"]),
    added=st.dictionaries(ADDED, FLAGS, min_size=1, max_size=3),
    texts=TEXTS,
)
def test_added_tokens_of_all_kinds(kind, added, texts):
    from tokenizers import AddedToken

    make, name = MAKERS[kind]
    pytest.importorskip(name)
    source = make()
    source.add_tokens([AddedToken(text, **flags) for text, flags in added.items()])
    quick = load_tokenizer(source)
    reference = load_tokenizer(source, engine="reference")
    texts = [*texts, *(f"a{text} {text}b{text}{text}" for text in added)]
    assert quick.encode_batch(texts) == reference.encode_batch(texts)
    if kind == "bpe" and any(flags["single_word"] for flags in added.values()):
        assert quick.engine in ("words", "tokenizers")
    # What serves where those are not installed, or not exact.
    words = by_words(source)
    assert words.engine in ("words", "tokenizers")
    assert words.encode_batch(texts) == reference.encode_batch(texts)


@settings(max_examples=100)
@given(
    texts=TEXTS.filter(bool),
    length=st.integers(5, 12),
    template=st.sampled_from([None, Template(), Template((1,), (), (2, 3)), START]),
    dtype=st.sampled_from([np.int32, np.int64]),
)
def test_arrays_of_an_engine_are_those_of_pack(pair, texts, length, template, dtype):
    reference, quick = pair
    template = reference.template or Template() if template is None else template
    padded = quick.encode_padded(texts, Padding(template, length, 7, dtype))
    expected = pack(
        reference.encode_batch(texts),
        template=template,
        sequence_length=length,
        pad_id=7,
    )
    if padded is None:
        assert quick.engine == "words" or check_texts(texts).find_newest()
        return
    token_ids, lengths = padded
    assert token_ids.dtype == dtype
    assert token_ids.tolist() == expected.token_ids.tolist()
    assert lengths.tolist() == expected.padding_mask.sum(axis=1).tolist()


@pytest.mark.parametrize("specials", [None, "tokenizer"])
def test_an_encoder_is_the_same_with_both(pair, specials):
    for length in (4, 64):
        first, second = (
            bridge.Encoder(
                tokenizer.with_roles({"pad": 0}),
                sequence_length=length,
                specials=specials if tokenizer.template else None,
            )(HARD_TEXTS)
            for tokenizer in pair
        )
        assert first.keys() == second.keys()
        for key in first:
            assert first[key].dtype == second[key].dtype
            assert np.array_equal(first[key], second[key])


@pytest.mark.parametrize("strategy", ["identity", "lookup", "expand", "retokenize"])
@pytest.mark.parametrize("paired", [False, True])
def test_parts_in_threads_are_the_rows_of_one(pair, strategy, paired, monkeypatch):
    reference, quick = (tokenizer.with_roles({"pad": 0}) for tokenizer in pair)
    options = {"sequence_length": 16, "specials": None}
    if strategy != "identity":
        options["alignment"] = bridge.align(reference, wordpiece_tokenizer())
        options |= {"strategy": strategy, "specials": "auto"}
    encoder = bridge.Encoder(quick, **options)
    # Left padding keeps the engine from filling the array itself.
    plain = bridge.Encoder(quick, **options, padding_side="left")
    second = HARD_TEXTS[::-1] if paired else None
    whole = [encoder(HARD_TEXTS, second), plain(HARD_TEXTS, second)]
    monkeypatch.setattr("bridge.encoder.PART", 7)
    monkeypatch.setattr("bridge.threads.cores", lambda: 2)
    for made, expected in zip((encoder, plain), whole, strict=True):
        arrays = made(HARD_TEXTS, second)
        for key in expected:
            assert np.array_equal(arrays[key], expected[key])
    can = quick.engine != "words" and strategy != "retokenize"
    assert encoder.source.is_parallel == can


def test_an_engine_by_name():
    pytest.importorskip("nanotoken")
    tokenizer = load_tokenizer(wordpiece_tokenizer(), engine="nanotoken")
    assert tokenizer.engine == "nanotoken"
    again = load_tokenizer(tokenizer, engine="reference")
    assert again.engine == "tokenizers"
    assert load_tokenizer(tokenizer) is tokenizer
    assert load_tokenizer(again, engine="nanotoken").engine == "nanotoken"


def test_an_engine_of_another_kind():
    message = (
        "`engine='gigatoken'` must give the ids of the tokenizer's own library. "
        "Received: it reads BPE and this is HuggingFaceTokenizer(engine='tokenizers', "
    )
    end = "). Leave `engine` out, or pass 'reference'."
    with pytest.raises(ValueError, match=around(message, end)):
        load_tokenizer(wordpiece_tokenizer(), engine="gigatoken")
    with pytest.raises(ValueError, match=r"it reads WordPiece and this is"):
        load_tokenizer({"a": 0}, split="whitespace", engine="nanotoken")
    with pytest.raises(ValueError, match=r"it reads tokenizers that see words one by"):
        load_tokenizer(sentencepiece_processor(), engine="words")


def test_an_engine_that_is_not_installed(monkeypatch):
    monkeypatch.setattr(fast, "find_spec", lambda _: None)
    tokenizer = load_tokenizer(wordpiece_tokenizer())
    assert tokenizer.engine == "words"
    probed = len(probe_texts(tokenizer.vocabulary, BERT_SPECIALS))
    assert tokenizer.engine_note == (
        "the tokenizer's own library; nanotoken is not installed; words gives the "
        f"same ids on {probed} probe texts"
    )
    message = (
        "`engine='nanotoken'` needs that package. Received: nanotoken is not "
        "installed. Run `pip install 'tokenizer-bridge[fast]'`, or leave `engine` out."
    )
    with pytest.raises(MissingDependencyError, match=exactly(message)):
        load_tokenizer(wordpiece_tokenizer(), engine="nanotoken")


def test_single_word_excludes_gigatoken():
    pytest.importorskip("gigatoken")
    from tokenizers import AddedToken

    source = bpe_tokenizer()
    source.add_tokens([AddedToken("fox", single_word=True)])
    tokenizer = load_tokenizer(source)
    assert tokenizer.engine == "words"
    assert tokenizer.engine_note.startswith(
        "the tokenizer's own library; gigatoken is not used: an added token has "
        "`single_word`, which it ignores; words gives the same ids on "
    )
    message = (
        "`engine='gigatoken'` must give the ids of the tokenizer's own library. "
        "Received: gigatoken is not used: an added token has `single_word`, which it "
        "ignores. Leave `engine` out, or pass 'reference'."
    )
    with pytest.raises(ValueError, match=exactly(message)):
        load_tokenizer(source, engine="gigatoken")


def test_special_tokens_that_are_text_exclude_it():
    source = wordpiece_tokenizer()
    source.encode_special_tokens = True
    tokenizer = load_tokenizer(source)
    assert tokenizer.engine == "words"
    assert tokenizer.engine_note.startswith(
        "the tokenizer's own library; nanotoken is not used: special tokens are "
        "encoded as text, which it never does; words gives the same ids on "
    )
    reference = load_tokenizer(source, engine="reference")
    assert tokenizer.encode_batch(HARD_TEXTS) == reference.encode_batch(HARD_TEXTS)


def test_a_difference_falls_back(monkeypatch):
    pytest.importorskip("nanotoken")
    run = Nanotoken._run

    def wrong(self, *arguments):
        ids = run(self, *arguments)
        values = ids.values.copy()
        values[-1:] += 1
        return Ragged(values, ids.offsets)

    monkeypatch.setattr(Nanotoken, "_run", wrong)
    tokenizer = load_tokenizer(wordpiece_tokenizer())
    assert tokenizer.engine == "words"
    assert "; nanotoken is not used: it differs on '" in tokenizer.engine_note
    assert "; words gives the same ids on " in tokenizer.engine_note


def test_what_a_library_cannot_read_falls_back():
    pytest.importorskip("gigatoken")
    tokenizer = load_tokenizer(sentencepiece_processor())
    assert tokenizer.engine == "sentencepiece"
    assert tokenizer.engine_note == (
        "the tokenizer's own library; gigatoken is not used: it cannot read this "
        "tokenizer (only BPE sentencepiece models are supported, got model_type "
        "'unigram')"
    )


def test_a_normaliser_that_differs_falls_back():
    pytest.importorskip("gigatoken")
    tokenizer = load_tokenizer(sentencepiece_processor(byte_fallback_proto()))
    assert tokenizer.engine == "sentencepiece"
    assert "; gigatoken is not used: it differs on '" in tokenizer.engine_note


def rows(count):
    return lambda texts: Ragged.from_lists([[1]] * (len(texts) + count))


def refuse(texts):
    raise RuntimeError(f"not {len(texts)}")


@pytest.mark.parametrize(
    ("reference", "engine", "reason"),
    [
        (rows(0), rows(0), None),
        (rows(0), rows(1), "it returns another number of rows"),
        (refuse, rows(0), "the tokenizer refuses a text of the probe (not 2)"),
        (rows(0), refuse, "it refuses a text of the probe (not 2)"),
    ],
)
def test_what_a_probe_can_find(reference, engine, reason):
    assert first_difference(["a", "b"], reference, engine) == reason


def test_the_probe_holds_the_added_tokens(wordpiece):
    texts = probe_texts(wordpiece.vocabulary, ["<x>"])
    assert {"", "<x>", "a<x>b", "A <x> b", "<x><x>", "<X>"} <= set(texts)
    assert texts == probe_texts(wordpiece.vocabulary, ["<x>"])


@pytest.mark.parametrize("texts", [[b"the"], ["the", b"fox"], [None], "the"])
def test_no_engine_sees_what_is_no_text(pair, texts, monkeypatch):
    _, quick = pair

    def fail(*_, **__):
        raise AssertionError("the engine was called")

    for method in ("_run", "_pad"):
        monkeypatch.setattr(type(quick.fast), method, fail)
    with pytest.raises(TextInputError, match=r"Every text must be|Pass a list"):
        quick.encode_batch(texts)
    with pytest.raises(TextInputError, match=r"Every text must be|Pass a list"):
        bridge.Encoder(quick.with_roles({"pad": 0}))(texts)


def test_a_text_that_a_part_refuses_is_named_by_its_place_in_the_batch(
    pair, monkeypatch
):
    monkeypatch.setattr("bridge.threads.cores", lambda: 2)
    _, quick = pair
    encoder = bridge.Encoder(quick.with_roles({"pad": 0}), specials=None)
    texts = ["the fox"] * 30_000
    first, second = texts.copy(), texts.copy()
    first[9_000], first[29_000], second[11_000] = b"fox", None, "\udc80"
    for bad in ([first], [first, second], [first, texts]):
        with pytest.raises(
            TextInputError, match=r"b'fox' .* at position 9000 of 30000"
        ):
            encoder(*bad)
    with pytest.raises(TextInputError, match=r"'\\udc80' .* at position 11000\."):
        encoder(texts, second)
    with pytest.raises(TextInputError, match="position 28999 of 30000") as error:
        encoder.as_hf()(
            [*texts[:9_000], *first[9_001:], "the"],
            padding="max_length",
            truncation=True,
            max_length=8,
            return_tensors="np",
        )
    assert error.value.__context__ is None


def test_characters_that_are_too_new_go_to_the_reference(byte_pairs, monkeypatch):
    newest = [chr(first) for first, _ in NEWEST]
    texts = ["the fox", f"a{newest[0]}b", "\u00e9", *newest, "runs"]
    assert check_texts(texts).find_newest() == [1, *range(3, 3 + len(newest))]
    assert check_texts(["", "ab", "\u4e2d\U0001f600\u2014"]).find_newest() == []
    seen = []

    def encode(self, texts):
        seen.extend(texts)
        return original(self, texts)

    original = type(byte_pairs)._encode
    monkeypatch.setattr(type(byte_pairs), "_encode", encode)
    ids = byte_pairs.encode_batch(texts)
    assert seen == [texts[1], *newest]
    assert ids == byte_pairs.without_engine().encode_batch(texts)


def test_every_character_of_the_table_is_found():
    table = {code for first, last in NEWEST for code in range(first, last + 1)}
    others = {code + step for code in table for step in (-1, 1)} - table
    assert all(check_texts([chr(code)]).find_newest() == [0] for code in table)
    assert not any(check_texts([f"{chr(code)} "]).find_newest() for code in others)


class Counted:
    """Counts how often it is built."""

    def __init__(self):
        self.built = 0

    def __call__(self):
        self.built += 1
        return self.built


def test_it_is_rebuilt_when_the_process_has_grown(monkeypatch):
    memory = [100]
    monkeypatch.setattr(bounded, "resident_memory", lambda: memory[0])
    build = Counted()
    monkeypatch.setattr(bounded, "_max_growth", 0)  # put back afterwards
    bounded.limit_growth(1000)
    held = Bounded(build)
    assert [held.get(5), held.get(bounded.CHECK_EVERY)] == [1, 1]
    memory[0] += 999
    assert held.get(bounded.CHECK_EVERY) == 1
    memory[0] += 1
    assert held.get(1) == 2
    # From where it is now.
    assert [held.get(bounded.CHECK_EVERY), held.get(1)] == [2, 2]
    bounded.limit_growth()
    memory[0] += 2000
    assert [held.get(bounded.CHECK_EVERY), held.get(1)] == [2, 2]


def test_without_a_measure_the_text_is_counted(monkeypatch):
    monkeypatch.setattr(bounded, "resident_memory", lambda: None)
    held = Bounded(Counted())
    assert [held.get(bounded.CHECK_EVERY) for _ in range(5)] == [1, 1, 2, 2, 3]


def test_many_cores_are_left_to_nanotoken(wordpiece, monkeypatch):
    monkeypatch.setattr(fast, "cores", lambda: 16)
    monkeypatch.setattr(nanotoken, "PADDED_PART", 3)
    texts, padding = ["the fox", "", "a", "quick"], Padding(Template(), 4, 0)
    assert wordpiece.encode_padded(texts, padding) is None
    assert wordpiece.encode_padded(texts[:3], padding)[1].tolist() == [2, 0, 1]
    monkeypatch.setattr(fast, "cores", lambda: 2)
    assert wordpiece.encode_padded(texts, padding)[1].tolist() == [2, 0, 1, 1]


def test_long_batches_are_cut(byte_pairs, monkeypatch):
    monkeypatch.setattr(gigatoken.Gigatoken, "at_once", 50)
    texts = ["the quick brown fox " * 5, "fox", "", *["lazy dogs"] * 30, "the"]
    parts = list(fast._split(texts, 50))
    assert [text for part, _ in parts for text in part] == texts
    assert [size for _, size in parts] == [sum(map(len, part)) for part, _ in parts]
    assert all(size <= 50 or len(part) == 1 for part, size in parts)
    assert len(parts) > 3
    reference = byte_pairs.without_engine()
    assert byte_pairs.encode_batch(texts) == reference.encode_batch(texts)
    options = {"template": Template(), "sequence_length": 9, "pad_id": 3}
    token_ids, lengths = byte_pairs.encode_padded(texts, Padding(**options))
    packed = pack(reference.encode_batch(texts), **options)
    assert np.array_equal(token_ids, packed.token_ids)
    assert np.array_equal(lengths, packed.padding_mask.sum(axis=1))


@pytest.fixture
def twins(byte_pairs, monkeypatch):
    """A tokenizer whose engine has read so much that each thread gets its own."""
    monkeypatch.setattr("bridge.threads.cores", lambda: 2)
    monkeypatch.setattr(fast, "cores", lambda: 2)
    monkeypatch.setattr(bounded, "resident_memory", lambda: 1)
    monkeypatch.setattr(bounded, "TWINS_AFTER", 0)
    monkeypatch.setattr(fast, "_PART", 7)
    monkeypatch.setattr(fast, "PADDED_PART", 5)
    tokenizer = copy.deepcopy(byte_pairs)
    tokenizer.encode_batch(["the"])
    return tokenizer


@pytest.mark.parametrize("few", [-1, gigatoken._FEW])
def test_every_thread_encodes_with_an_object_of_its_own(twins, few, monkeypatch):
    monkeypatch.setattr(gigatoken, "_FEW", few)
    reference = twins.without_engine()
    texts = [*HARD_TEXTS, "", "the quick brown fox", *HARD_TEXTS[::-1]]
    assert twins.encode_batch(texts) == reference.encode_batch(texts)
    options = {"template": Template((1,), (), (2,)), "sequence_length": 9, "pad_id": 3}
    # Those with the newest characters are not padded by the engine.
    known = [text for text in texts if not check_texts([text]).may_be_new]
    token_ids, lengths = twins.encode_padded(known, Padding(**options))
    packed = pack(reference.encode_batch(known), **options)
    assert np.array_equal(token_ids, packed.token_ids)
    assert np.array_equal(lengths, packed.padding_mask.sum(axis=1))
    assert sorted(twins.fast._bounded._objects) == [0, 1]


def test_objects_of_threads_are_dropped_together(monkeypatch):
    memory = [100]
    monkeypatch.setattr(bounded, "resident_memory", lambda: memory[0])
    monkeypatch.setattr(bounded, "_max_growth", 1000)
    held = Bounded(Counted())
    assert [held.get(1), held.get(1, twin=1), held.get(bounded.CHECK_EVERY)] == [
        1,
        2,
        1,
    ]
    memory[0] += 1000
    assert [held.get(1, twin=1), held.get(1), held.get(1, twin=1)] == [3, 4, 3]


@pytest.mark.parametrize("seen", [0, 1])
def test_twins_wait_until_they_pay(seen, monkeypatch):
    monkeypatch.setattr(bounded, "resident_memory", lambda: 1)
    held = Bounded(Counted())
    assert not held.allows_twins
    held.get(bounded.TWINS_AFTER - 1 + seen)
    assert held.allows_twins == bool(seen)
    # A forked child begins anew.
    monkeypatch.setattr(os, "getpid", lambda: -1)
    held.get(1)
    assert not held.allows_twins


def test_no_twins_where_memory_cannot_be_measured(monkeypatch):
    monkeypatch.setattr(bounded, "resident_memory", lambda: None)
    held = Bounded(Counted())
    held.get(bounded.TWINS_AFTER)
    assert not held.allows_twins


def test_many_cores_are_left_to_the_engine(twins, monkeypatch):
    assert twins.fast._has_twins
    monkeypatch.setattr(fast, "cores", lambda: 5)
    assert not twins.fast._has_twins


def test_copies_and_pickles_build_their_own(pair):
    reference, quick = pair
    expected = reference.encode_batch(HARD_TEXTS)
    for twin in (copy.deepcopy(quick), pickle.loads(pickle.dumps(quick.fast))):
        if twin is not quick.fast and hasattr(twin, "encode_batch"):
            assert twin.encode_batch(HARD_TEXTS) == expected
        else:
            assert twin.encode(HARD_TEXTS, reference=reference.encode_batch) == expected


def test_it_is_safe_in_threads(pair):
    reference, quick = pair
    texts = HARD_TEXTS * 40
    expected = reference.encode_batch(texts)
    wrong = []

    def work():
        wrong.extend(i for i in range(5) if quick.encode_batch(texts) != expected)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    assert wrong == []


LONG_WORDS = [
    "x" * 100_000,
    f"the {'fox' * 30_000} runs, {'.' * 10_000} a",
    "\u4e2d\u6587\u6ca1\u6709\u7a7a\u683c\u3002" * 200,
    " " * 5_000,
    "\n\t \u00a0\u3000" * 500 + "fox",
    "1234567890" * 500,
]


def test_words_of_any_length(pair):
    reference, quick = pair
    # So many that the library is asked for them in long texts.
    numbered = [f"w{i} don't{i}\u00e9, ~{i}\n{i}" for i in range(0, 2_000, 7)]
    texts = [*LONG_WORDS, *HARD_TEXTS, *numbered, " ".join(numbered)]
    expected = reference.encode_batch(texts)
    for _ in range(2):
        assert quick.encode_batch(texts) == expected


FORKING = """
import os, sys, threading, time
from bridge.tokenizers import bounded, fast, load_tokenizer
from tests.factories import HARD_TEXTS, bpe_tokenizer, wordpiece_tokenizer

# Each thread encodes with an object of its own, in the child too.
bounded.TWINS_AFTER, fast._PART = 1, 200
tokenizers = [load_tokenizer(wordpiece_tokenizer()), load_tokenizer(bpe_tokenizer())]
tokenizers.append(load_tokenizer(bpe_tokenizer(), engine="words"))
texts = HARD_TEXTS * 200
expected = [each.encode_batch(texts) for each in tokenizers]
running = True

def work():
    while running:
        for each in tokenizers:
            each.encode_batch(texts)

threads = [threading.Thread(target=work, daemon=True) for _ in range(2)]
for thread in threads:
    thread.start()
codes = []
for _ in range(4):
    child = os.fork()
    if child == 0:
        same = [each.encode_batch(texts) for each in tokenizers] == expected
        os._exit(0 if same else 1)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
running = False
for thread in threads:
    thread.join()
print(codes)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_it_is_safe_in_forked_children():
    pytest.importorskip("nanotoken")
    pytest.importorskip("gigatoken")
    # In an interpreter of its own: children of the test run would inherit its threads.
    result = subprocess.run(
        [sys.executable, "-c", FORKING],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.stdout.strip() == "[0, 0, 0, 0]", result.stderr[-2000:]


def test_a_child_builds_its_own(monkeypatch):
    build = Counted()
    held = Bounded(build)
    held.get(1)
    held._lock.acquire()  # as if another thread were in it at the fork
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert held.get(1) == 2


def test_a_saved_tokenizer_chooses_anew(wordpiece, tmp_path):
    wordpiece.save(tmp_path / "saved")
    loaded = load_tokenizer(tmp_path / "saved")
    assert loaded.engine == "nanotoken"
    assert loaded.engine_note == wordpiece.engine_note
    slow = load_tokenizer(tmp_path / "saved", engine="reference")
    assert slow.engine == "tokenizers"
    assert slow.engine_note == "the tokenizer's own library"


IMPORTS = """
import sys
import bridge
bridge.load_tokenizer({"a": 0}, split="whitespace")
bridge.load_tokenizer(SOURCE, engine="reference")
print(sorted({"gigatoken", "nanotoken", "awkward"} & set(sys.modules)))
"""


def test_no_engine_is_imported_before_it_is_needed(tmp_path):
    wordpiece_tokenizer().save(str(tmp_path / "tokenizer.json"))
    program = IMPORTS.replace("SOURCE", repr(str(tmp_path / "tokenizer.json")))
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


@pytest.mark.slow
def test_every_character_of_unicode(pair):
    reference, quick = pair
    codes = [*range(0xD800), *range(0xE000, 0x34000), *range(0xE0000, 0xE0200)]
    for begin in range(0, len(codes), 20_000):
        characters = map(chr, codes[begin : begin + 20_000])
        texts = [f"{c}the{c}fox {c} {c}{c} 1{c}.{c}" for c in characters]
        assert quick.encode_batch(texts) == reference.encode_batch(texts)
