"""Composed pieces against the preset's own tokenizer on the same words."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bridge
from bridge.alignment import MatchKind
from bridge.alignment.own_model import OwnModel, model_of
from bridge.alignment.segment import Speller, Spelling
from bridge.errors import VocabularyError
from bridge.ragged import Ragged
from bridge.vocabulary import Vocabulary
from tests.factories import (
    CORPUS,
    bpe_tokenizer,
    byte_fallback_proto,
    sentencepiece_processor,
    sentencepiece_proto,
    tiktoken_encoding,
    unigram_tokenizer,
    wordpiece_tokenizer,
)

WORDS = sorted({word for line in CORPUS for word in line.split() if word.isalpha()})
# Their pieces, their joints and words that no corpus holds.
STRANGE = [a[:3] + b[-4:] for a, b in itertools.pairwise(WORDS)]


def end_of_word_tokenizer(*, byte_level):
    """A BPE that marks where words end: CLIP's in bytes, GPT-1's in characters."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>", unk_token="<unk>"))
    alphabet = []
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    if byte_level:
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        split = pre_tokenizers.Split(" ", "removed")
        words = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, words])
    trainer = trainers.BpeTrainer(
        vocab_size=len(alphabet) + 220,
        initial_alphabet=alphabet,
        special_tokens=["<unk>"],
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


REFERENCES = {
    "wordpiece": wordpiece_tokenizer,
    "bpe": bpe_tokenizer,
    "unigram": unigram_tokenizer,
    "sentencepiece_bpe": lambda: sentencepiece_processor(byte_fallback_proto()),
    "sentencepiece_unigram": lambda: sentencepiece_processor(sentencepiece_proto()),
    "tiktoken": tiktoken_encoding,
    "end_of_word": lambda: end_of_word_tokenizer(byte_level=False),
    "byte_level_end_of_word": lambda: end_of_word_tokenizer(byte_level=True),
}


@pytest.fixture(scope="module", params=REFERENCES)
def reference(request):
    return bridge.load_tokenizer(REFERENCES[request.param]())


def as_words(words):
    """A vocabulary of whole words, each with a space in front."""
    return Vocabulary.from_tokens(
        [f"\u2581{word}" for word in words], convention="metaspace"
    )


def words_of(reference, words):
    """Ids of words as they stand behind a space, one row a word."""
    # Here the space belongs to the word's first token.
    spaced = reference.vocabulary.convention in ("byte_level", "bytes")
    return reference.encode_batch([f" {word}" if spaced else word for word in words])


def test_a_whole_word_is_cut_as_the_reference_cuts_it(reference):
    words = list(dict.fromkeys([*WORDS, *STRANGE]))
    alignment = bridge.align(as_words(words), reference)
    unk = reference.vocabulary.roles.get("unk")
    expected = words_of(reference, words).to_lists()
    composed = np.flatnonzero(alignment.kinds == MatchKind.COMPOSED).tolist()
    known = [i for i in composed if unk not in expected[i]]
    assert len(known) > 60
    assert [alignment.pieces[i].tolist() for i in known] == [expected[i] for i in known]


def by_merges(text, scores):
    """Join the pair with the best score, the first of equals, until none is left."""
    pieces = list(text)
    while True:
        joined = [a + b for a, b in itertools.pairwise(pieces)]
        known = [i for i, piece in enumerate(joined) if piece in scores]
        if not known:
            return pieces
        best = max(known, key=lambda i: (scores[joined[i]], -i))
        pieces[best : best + 2] = [joined[best]]


def by_score(text, scores):
    """The way through a text whose pieces' scores have the greatest sum."""
    best = {0: (0.0, [])}
    for end in range(1, len(text) + 1):
        ways = [
            (
                best[begin][0] + scores[text[begin:end]],
                [*best[begin][1], text[begin:end]],
            )
            for begin in range(end)
            if begin in best and text[begin:end] in scores
        ]
        if ways:
            best[end] = max(ways, key=lambda way: way[0])
    return best[len(text)][1]


@pytest.mark.parametrize(
    ("proto", "cut"),
    [(byte_fallback_proto, by_merges), (sentencepiece_proto, by_score)],
)
def test_inside_a_word_merges_and_scores_decide_too(proto, cut):
    """The library alone would put a space before every text."""
    model = sentencepiece_processor(proto())
    scores = {
        model.id_to_piece(i): model.get_score(i)
        for i in range(model.get_piece_size())
        if not (model.is_control(i) or model.is_unknown(i) or model.is_byte(i))
    }
    rests = sorted({word[1:] for word in [*WORDS, *STRANGE] if len(word) > 3})
    rests = [rest for rest in rests if set(rest) <= set(scores)]
    mine = Vocabulary.from_tokens(
        [f"##{rest}" for rest in rests], convention="wordpiece"
    )
    alignment = bridge.align(mine, model)
    composed = np.flatnonzero(alignment.kinds == MatchKind.COMPOSED).tolist()
    assert len(composed) > 60
    for i in composed:
        pieces = [model.id_to_piece(j) for j in alignment.pieces[i].tolist()]
        assert pieces == cut(rests[i], scores)


def test_merges_and_scores_differ_from_the_longest_match():
    """So that the tests above could fail."""
    differing = {}
    for name in ("bpe", "sentencepiece_bpe", "sentencepiece_unigram"):
        reference = bridge.load_tokenizer(REFERENCES[name]())
        words = [Spelling(word.encode(), inside=False) for word in [*WORDS, *STRANGE]]
        asked = Speller.build(reference.vocabulary, encode=reference.encode_batch)
        greedy = Speller.build(reference.vocabulary)
        mine, theirs = asked.spell(words), greedy.spell(words)
        differing[name] = sum(mine[word] != theirs[word] for word in words)
    assert all(differing.values()), differing


def test_parts_of_characters_are_cut_by_bytes():
    reference = bridge.load_tokenizer(bpe_tokenizer())
    table = Vocabulary.from_tokens([b"\xe2\x80", b" \xe2\x80ab"], convention="bytes")
    alignment = bridge.align(table, reference)
    keys = reference.vocabulary.keys
    for i, content in enumerate((b"\xe2\x80", b"\xe2\x80ab")):
        pieces = alignment.pieces[i].tolist()
        assert b"".join(keys[piece] for piece in pieces).replace(b" ", b"") == content


def test_never_through_unk_nor_a_special_token():
    reference = bridge.load_tokenizer(unigram_tokenizer())
    unk, eos = reference.vocabulary.id("<unk>"), reference.vocabulary.id("</s>")
    alignment = bridge.align(as_words(["fox\u2603", "ab</s>"]), reference)
    assert alignment.kinds[0] == MatchKind.UNMAPPED
    assert not {unk, eos} & set(alignment.pieces.values.tolist())
    bpe = bridge.load_tokenizer(bpe_tokenizer())
    alignment = bridge.align(as_words(["ab<|endoftext|>"]), bpe)
    assert alignment.kinds[0] == MatchKind.COMPOSED
    assert bpe.vocabulary.id("<|endoftext|>") not in alignment.pieces[0]


def test_a_model_without_unk_refuses_texts_and_still_cuts_the_others():
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    pieces = [("\u2581", -1.0), ("ab", -9.0), ("a", -2.0), ("b", -2.0)]
    engine = Tokenizer(models.Unigram([*pieces, ("\u2581c", -3.0)]))
    engine.pre_tokenizer = pre_tokenizers.Metaspace()
    engine.decoder = decoders.Metaspace()
    reference = bridge.load_tokenizer(engine)
    with pytest.raises(VocabularyError, match="known pieces"):
        reference.encode_batch(["a\u2603"])
    alignment = bridge.align(as_words(["aab", "a\u2603", "cab"]), reference)
    # By score `a` + `b` beats the longer match.
    assert alignment.pieces.to_lists() == [[0, 2, 2, 3], [], [4, 2, 3]]


def test_functions_lists_of_words_and_vocabularies_are_not_asked():
    def refuse(text):
        raise AssertionError(text)

    mine = {"ab": 0}
    for reference in (
        bridge.load_tokenizer(refuse, vocabulary={"a": 0, "b": 1}),
        bridge.load_tokenizer({"a": 0, "b": 1}, split="whitespace"),
        bridge.load_tokenizer({"a": 0, "b": 1}),
    ):
        assert model_of(reference) is None
        assert bridge.align(mine, reference).counts()["UNMAPPED"] == 1


def test_a_tokenizer_that_spells_no_letter_of_its_own_is_not_asked():
    vocabulary = Vocabulary.from_tokens(["\u0120a", "a", "b"], convention="byte_level")

    def wrong(texts):
        return Ragged.from_lists([[2, 2] for _ in texts])

    assert OwnModel.find(vocabulary, wrong) is None
    empty = Vocabulary.from_tokens(["\u0120"], convention="byte_level")
    assert (
        OwnModel.find(empty, lambda texts: Ragged.from_lists([[] for _ in texts]))
        is None
    )


@given(st.lists(st.binary(min_size=1, max_size=6), max_size=8), st.booleans())
def test_whatever_is_asked_the_pieces_spell_it(contents, inside):
    reference = bridge.load_tokenizer(tiktoken_encoding())
    speller = Speller.build(reference.vocabulary, encode=reference.encode_batch)
    wanted = [Spelling(content, inside) for content in contents]
    tokens = reference.vocabulary.tokens
    for spelling, pieces in speller.spell(wanted).items():
        spelt = b"".join(tokens[piece] for piece in pieces)
        assert spelt == (b"" if inside else b" ") + spelling.content


@pytest.mark.real_model
def test_real_words_are_cut_as_mistral_and_gpt2_cut_them(real_alignment):
    """What text can produce as a word is cut as the preset's tokenizer cuts it."""
    for mine, theirs, spaced in (("gpt2", "mistral", ""), ("mistral", "gpt2", " ")):
        alignment = real_alignment(mine, theirs)
        reference, vocabulary = alignment.reference, alignment.tokenizer.vocabulary
        words = {
            i: vocabulary.keys[i].decode()
            for i in np.flatnonzero(alignment.kinds == MatchKind.COMPOSED).tolist()
            if vocabulary.positions[i] == 0 and vocabulary.keys[i].isalpha()
        }
        expected = reference.encode_batch([spaced + word for word in words.values()])
        found = alignment.pieces.take(np.array(list(words)))
        assert len(words) > 1_000
        assert found == expected
