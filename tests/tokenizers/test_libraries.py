"""tokenizers, sentencepiece, tiktoken and transformers, against themselves."""

import json
import re

import numpy as np
import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from bridge.errors import UnsupportedTokenizerError, VocabularyError
from bridge.ragged import Ragged
from bridge.spec import Template
from bridge.tokenizers import HuggingFaceTokenizer, load_tokenizer
from bridge.tokenizers.decoding import decode_runs
from bridge.tokenizers.patterns import CL100K, O200K, QWEN, word_pattern
from bridge.tokenizers.rows import surround
from bridge.vocabulary import Convention, TokenKind
from tests.factories import (
    HARD_TEXTS,
    albert_proto,
    bpe_tokenizer,
    byte_fallback_proto,
    sentencepiece_processor,
    sentencepiece_proto,
    tiktoken_encoding,
    transformers_fast,
    transformers_slow,
    unigram_tokenizer,
    wordlevel_tokenizer,
    wordpiece_tokenizer,
)


def whole(message):
    return f"^{re.escape(message)}$"


def words(vocabulary):
    tokenizer = Tokenizer(models.WordLevel(vocabulary))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return tokenizer


@pytest.mark.parametrize(
    "build",
    [wordpiece_tokenizer, bpe_tokenizer, unigram_tokenizer, wordlevel_tokenizer],
)
def test_ids_are_those_of_the_library(build):
    source = build()
    wrapped = load_tokenizer(source)
    source.no_padding()
    source.no_truncation()
    for special in (False, True):
        ours = wrapped.encode_batch(HARD_TEXTS, add_special_tokens=special).to_lists()
        theirs = source.encode_batch(HARD_TEXTS, add_special_tokens=special)
        assert ours == [encoding.ids for encoding in theirs]


def test_baked_in_padding_and_truncation_stay_with_the_object():
    source = wordpiece_tokenizer()
    wrapped = load_tokenizer(source)
    assert len(wrapped.encode_batch(["a b c d e f g h i j k l"])[0]) == 12
    assert source.padding["length"] == 32
    assert source.truncation["max_length"] == 8
    assert len(source.encode("a").ids) == 32


def test_dropout_is_off_in_the_copy():
    source = bpe_tokenizer()
    source.model.dropout = 0.9
    wrapped = load_tokenizer(source)
    assert wrapped.encode_batch(HARD_TEXTS) == load_tokenizer(
        bpe_tokenizer()
    ).encode_batch(HARD_TEXTS)
    assert source.model.dropout == pytest.approx(0.9)


def test_special_tokens_in_text_follow_the_object(tmp_path):
    source = wordpiece_tokenizer()
    assert load_tokenizer(source).encode_batch(["[SEP]"]).to_lists() == [[3]]
    source.encode_special_tokens = True
    wrapped = load_tokenizer(source)
    assert len(wrapped.encode_batch(["[SEP]"])[0]) > 1
    wrapped.save(tmp_path / "saved")
    loaded = load_tokenizer(tmp_path / "saved")
    assert len(loaded.encode_batch(["[SEP]"])[0]) > 1


def test_a_python_component_cannot_be_copied():
    class Split:
        def pre_tokenize(self, pretok):
            pretok.split(lambda _, text: [text])

    source = words({"a": 0})
    source.pre_tokenizer = pre_tokenizers.PreTokenizer.custom(Split())
    with pytest.raises(UnsupportedTokenizerError, match="must be serialisable"):
        load_tokenizer(source)


def test_a_model_without_unk_names_the_text():
    source = Tokenizer(models.Unigram([("a", -1.0), ("[UNK]", -2.0)], unk_id=None))
    message = (
        "A text must be made of known pieces where the tokenizer's model has no unk "
        "token. Received: 'zz' at position 1 of 2 (Encountered an unknown token but "
        '`unk_id` is missing). Name one: `load_tokenizer(..., roles={"unk": '
        "token})`."
    )
    with pytest.raises(VocabularyError, match=whole(message)):
        load_tokenizer(source).encode_batch(["a", "zz"])
    for unk in ("[UNK]", 1):
        named = load_tokenizer(source, roles={"unk": unk})
        assert named.encode_batch(["a", "zz"]).to_lists() == [[0], [1]]
    with pytest.raises(VocabularyError, match="A role must name a token"):
        load_tokenizer(source, roles={"unk": "missing"})


@pytest.mark.parametrize("model", [models.WordLevel, models.WordPiece])
def test_a_missing_unk_token_can_be_named(model, tmp_path):
    source = Tokenizer(model({"a": 0, "oov": 1}))
    source.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    with pytest.raises(VocabularyError, match="model has no unk token"):
        load_tokenizer(source).encode_batch(["zz"])
    for unk in ("oov", 1):
        named = load_tokenizer(source, roles={"unk": unk})
        assert named.encode_batch(["a zz"]).to_lists() == [[0, 1]]
    named.save(tmp_path / "saved")
    loaded = load_tokenizer(tmp_path / "saved")
    assert loaded.encode_batch(["a zz"]).to_lists() == [[0, 1]]


def test_added_and_special_tokens_have_their_kinds():
    source = bpe_tokenizer()
    source.add_tokens(["\u0120literal"])
    vocabulary = load_tokenizer(source).vocabulary
    added = vocabulary.id("\u0120literal")
    assert vocabulary.kinds[added] == TokenKind.ADDED
    assert vocabulary.keys[added] == "\u0120literal".encode()
    assert vocabulary.kinds[0] == TokenKind.SPECIAL


@pytest.mark.parametrize(
    ("build", "convention"),
    [
        (wordpiece_tokenizer, Convention.WORDPIECE),
        (bpe_tokenizer, Convention.BYTE_LEVEL),
        (unigram_tokenizer, Convention.METASPACE),
        (wordlevel_tokenizer, Convention.WORDS),
    ],
)
def test_conventions_are_read_off_the_parts(build, convention):
    assert load_tokenizer(build()).vocabulary.convention == convention


def test_clip_like_models_mark_the_end_of_words():
    source = Tokenizer(
        models.BPE(vocab={"a</w>": 0}, merges=[], end_of_word_suffix="</w>")
    )
    source.pre_tokenizer = pre_tokenizers.ByteLevel()
    assert load_tokenizer(source).vocabulary.convention == Convention.END_OF_WORD


def test_an_empty_spelling_is_no_unk_token():
    source = Tokenizer(models.BPE(vocab={"": 0, "a": 1}, merges=[]))
    assert "unk" not in load_tokenizer(source).vocabulary.roles


@pytest.mark.parametrize(
    ("single", "pair", "template"),
    [
        ("$A", "$A $B", Template((), (), ())),
        ("<s> $A", "<s> $A $B", Template((0,), (), ())),
        ("$A </s>", "$A </s> $B </s>", Template((), (1,), (1,))),
        ("<s> $A </s>", "<s> $A </s> </s> $B </s>", Template((0,), (1, 1), (1,))),
        ("<s> $A", "$A <s> $B", None),
        ("$A </s>", "$B $A </s>", None),
        ("$A <s>", "$A $B </s>", None),
    ],
)
def test_templates_are_found_by_probing(single, pair, template):
    source = words({"<s>": 0, "</s>": 1, "a": 2, "b": 3})
    source.post_processor = processors.TemplateProcessing(
        single=single, pair=pair, special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    wrapped = load_tokenizer(source)
    assert wrapped.template == template
    # Where it cannot be described the library still applies it.
    row = wrapped.encode_batch(["a b"], add_special_tokens=True)[0].tolist()
    assert row == source.encode("a b").ids


def test_a_template_is_found_with_another_script_and_not_without_any_token():
    source = words({"<s>": 0, "1": 1, "2": 2})
    source.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", 0)]
    )
    assert load_tokenizer(source).template == Template((0,), (), ())
    assert load_tokenizer(words({"<s>": 0, "\u0915": 1})).template is None


def test_normalize_shows_spaces_as_spaces():
    source = words({"a": 0})
    source.normalizer = normalizers.Sequence(
        [
            normalizers.Prepend("\u2581"),
            normalizers.Replace(" ", "\u2581"),
            normalizers.Lowercase(),
        ]
    )
    wrapped = load_tokenizer(source)
    assert wrapped.normalize("A b") == "a b"
    assert wrapped.normalize(" A") == " a"  # its own space stays, the mark does not
    assert load_tokenizer(words({"a": 0})).normalize("A b") == "A b"


def test_surround_puts_the_template_around_every_row():
    rows = Ragged.from_lists([[5], [], [6, 7]])
    template = Template((1, 2), (), (3,))
    expected = [[1, 2, 5, 3], [1, 2, 3], [1, 2, 6, 7, 3]]
    assert surround(rows, template).to_lists() == expected
    assert surround(rows, Template()) == rows
    assert len(surround(Ragged.from_lists([]), template)) == 0


def test_decode_runs_keeps_literals_in_place():
    texts = {0: "<s>", 9: ""}
    assert decode_runs([0, 1, 2, 9, 3, 0], texts, str) == "<s>[1, 2][3]<s>"


@pytest.mark.parametrize(
    "proto", [sentencepiece_proto, byte_fallback_proto, albert_proto]
)
def test_sentencepiece_ids_are_those_of_the_library(proto):
    source = sentencepiece_processor(proto())
    wrapped = load_tokenizer(source)
    assert wrapped.encode_batch(HARD_TEXTS).to_lists() == source.encode(HARD_TEXTS)
    ids = wrapped.encode_batch(["the fox, \u65e5\u672c"])
    if proto is byte_fallback_proto:
        assert wrapped.decode_batch(ids) == source.decode(ids.to_lists())


def test_sentencepiece_kinds_come_from_the_model_and_not_from_spellings():
    proto = sentencepiece_proto(
        model_type="bpe",
        byte_fallback=True,
        vocab_size=420,
        control_symbols="[hidden]",
        user_defined_symbols="<s2>,<0xZZ>",
    )
    source = sentencepiece_processor(proto)
    vocabulary = load_tokenizer(source).vocabulary
    kind = {vocabulary.text(i): vocabulary.kinds[i] for i in range(vocabulary.size)}
    assert kind["<s>"] == kind["<unk>"] == kind["[hidden]"] == TokenKind.SPECIAL
    assert kind["<s2>"] == kind["<0xZZ>"] == TokenKind.NORMAL
    assert sum(vocabulary.kinds == TokenKind.BYTE) == 256
    assert vocabulary.convention == Convention.METASPACE
    # Without a byte fallback the same spelling is text.
    named = sentencepiece_proto(user_defined_symbols="<0x41>")
    plain = load_tokenizer(sentencepiece_processor(named)).vocabulary
    assert plain.kinds[plain.id("<0x41>")] == TokenKind.NORMAL


def test_sentencepiece_roles_are_those_the_model_has():
    assert load_tokenizer(sentencepiece_processor()).vocabulary.roles == {
        "unk": 0,
        "bos": 1,
        "eos": 2,
    }
    proto = sentencepiece_proto(pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    t5 = load_tokenizer(sentencepiece_processor(proto)).vocabulary
    assert t5.roles == {"pad": 0, "eos": 1, "unk": 2}


def test_sentencepiece_settings_of_the_object_do_not_count():
    import sentencepiece

    source = sentencepiece.SentencePieceProcessor(
        model_proto=sentencepiece_proto(), add_bos=True, add_eos=True, reverse=True
    )
    plain = sentencepiece_processor()
    assert load_tokenizer(source).encode_batch(HARD_TEXTS).to_lists() == plain.encode(
        HARD_TEXTS
    )


def test_sentencepiece_normalizes_as_its_model():
    wrapped = load_tokenizer(sentencepiece_processor())
    assert wrapped.normalize("\ufb01ne  \u2460") == "fine 1"


def test_a_processor_without_a_model_is_refused():
    import sentencepiece

    with pytest.raises(UnsupportedTokenizerError, match="must hold a model"):
        load_tokenizer(sentencepiece.SentencePieceProcessor())


def test_tiktoken_ids_are_those_of_the_library():
    source = tiktoken_encoding()
    wrapped = load_tokenizer(source)
    expected = [source.encode_ordinary(text) for text in HARD_TEXTS]
    assert wrapped.encode_batch(HARD_TEXTS).to_lists() == expected
    assert wrapped.decode_batch(wrapped.encode_batch(HARD_TEXTS)) == HARD_TEXTS


def test_tiktoken_vocabulary_has_gaps_bytes_and_special_tokens():
    vocabulary = load_tokenizer(tiktoken_encoding()).vocabulary
    assert vocabulary.size == 272
    assert len(vocabulary) == 266
    assert vocabulary.tokens[265] is None
    assert vocabulary.tokens[258] == b" the"
    assert vocabulary.tokens[270] == "<|endoftext|>"
    assert vocabulary.roles == {"bos": 270, "eos": 270, "unk": 270, "pad": 271}
    decoded = load_tokenizer(tiktoken_encoding()).decode_batch(
        Ragged.from_lists([[258, 265, 270, 0xC3]])
    )
    assert decoded == [" the<|endoftext|>\ufffd"]


def test_transformers_fast_is_its_engine_with_the_stated_roles():
    source = transformers_fast()
    wrapped = load_tokenizer(source)
    assert isinstance(wrapped, HuggingFaceTokenizer)
    for text, row in zip(
        HARD_TEXTS,
        wrapped.encode_batch(HARD_TEXTS, add_special_tokens=True),
        strict=True,
    ):
        assert row.tolist() == source(text)["input_ids"]
    assert wrapped.vocabulary.roles == {
        "pad": 0,
        "unk": 1,
        "cls": 2,
        "sep": 3,
        "mask": 4,
    }
    named = load_tokenizer(source, roles={"bos": "the"})
    assert named.vocabulary.roles["bos"] == wrapped.vocabulary.id("the")


def test_transformers_slow_is_driven_as_it_is():
    source = transformers_slow()
    wrapped = load_tokenizer(source)
    for special in (False, True):
        for text, row in zip(
            HARD_TEXTS,
            wrapped.encode_batch(HARD_TEXTS, add_special_tokens=special),
            strict=True,
        ):
            assert row.tolist() == source.encode(text, add_special_tokens=special)
    assert wrapped.template == Template((), (1,), (1,))
    vocabulary = wrapped.vocabulary
    assert vocabulary.roles == {"pad": 0, "eos": 1, "unk": 2}
    # ByT5 spells bytes as Latin-1 characters: a probe tells, not the class.
    assert vocabulary.convention == Convention.BYTES
    assert vocabulary.keys[3 + 0xC3] == b"\xc3"
    assert vocabulary.tokens[3 + 0x41] == b"A"


def test_a_slow_tokenizer_from_files(tmp_path):
    from transformers import CTRLTokenizer

    vocab = {"<unk>": 0, "a": 1, "b": 2, "b</w>": 3, "ab</w>": 4}
    (tmp_path / "vocab.json").write_text(json.dumps(vocab), encoding="utf-8")
    (tmp_path / "merges.txt").write_text("#version: 0.2\na b</w>\n", encoding="utf-8")
    source = CTRLTokenizer(tmp_path / "vocab.json", tmp_path / "merges.txt")
    wrapped = load_tokenizer(source)
    texts = ["ab ba", "zz ab"]
    expected = [source.encode(text, add_special_tokens=False) for text in texts]
    assert wrapped.encode_batch(texts).to_lists() == expected
    wrapped.save(tmp_path / "saved")
    loaded = load_tokenizer(tmp_path / "saved")
    assert loaded.encode_batch(texts).to_lists() == expected
    assert loaded.vocabulary == wrapped.vocabulary


def test_a_class_of_ones_own_is_not_saved(tmp_path):
    from transformers import ByT5Tokenizer

    class Own(ByT5Tokenizer):
        pass

    with pytest.raises(UnsupportedTokenizerError, match="holds no Python code"):
        load_tokenizer(Own()).save(tmp_path / "saved")


@pytest.mark.parametrize("name", ["os.system", "AutoModel", "__import__", "logging"])
def test_a_saved_class_is_looked_up_in_transformers_only(tmp_path, name):
    load_tokenizer(transformers_slow()).save(tmp_path / "saved")
    path = tmp_path / "saved" / "bridge_tokenizer.json"
    text = path.read_text("utf-8").replace("ByT5Tokenizer", name)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="must name a tokenizer of transformers"):
        load_tokenizer(tmp_path / "saved")


@pytest.mark.slow
def test_characters_told_by_a_probe():
    from transformers import CanineTokenizer

    wrapped = load_tokenizer(CanineTokenizer())
    assert wrapped.vocabulary.size == 0x110000
    assert wrapped.vocabulary.convention == Convention.PIECES
    ids = wrapped.encode_batch(["h\u00e9 x"])
    assert ids.to_lists() == [[0x68, 0xE9, 0x20, 0x78]]
    assert wrapped.decode_batch(ids) == ["h\u00e9 x"]


def byte_level(texts):
    from bridge.vocabulary.surface import CHARACTER_OF_BYTE

    return ["".join(CHARACTER_OF_BYTE[b] for b in text.encode()) for text in texts]


JOINED = [f"({a}{b}" for a in "abcdef" for b in "abcdef"]


@pytest.mark.parametrize(
    ("texts", "pattern"),
    [
        (["the", " the", "2023", "'t"], None),
        ([*JOINED[:5], "a"], None),  # a few oddities prove nothing
        ([*JOINED, "1", "2"], QWEN),
        ([*JOINED, "12", "123"], CL100K),
        ([*JOINED, "12", " don't", " we'll"], O200K),
    ],
)
def test_the_split_is_told_from_the_vocabulary(texts, pattern):
    assert word_pattern(byte_level(texts)) == pattern


@pytest.mark.parametrize("pattern", [CL100K, QWEN, O200K])
def test_published_expressions_cover_every_text(pattern):
    from tokenizers import Regex

    split = pre_tokenizers.Split(Regex(pattern), behavior="isolated")
    for text in HARD_TEXTS:
        parts = [part for part, _ in split.pre_tokenize_str(text)]
        assert "".join(parts) == text


def test_cl100k_is_tiktokens_own():
    # From tiktoken_ext/openai_public.py; possessive there, which changes no match.
    published = (
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+"
        r"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
    )
    import tiktoken

    ranks = {bytes([byte]): byte for byte in range(256)}
    ranks |= {
        b"1000": 256,
        b"100": 257,
        b"10": 258,
        b"00": 259,
        b"(a": 260,
        b"!\n": 261,
    }
    encodings = [
        tiktoken.Encoding(
            "x", pat_str=pattern, mergeable_ranks=ranks, special_tokens={}
        )
        for pattern in (published, CL100K)
    ]
    for text in [*HARD_TEXTS, "x = 1000000 (a!\n\n b"]:
        first, second = (encoding.encode_ordinary(text) for encoding in encodings)
        assert first == second


def test_ids_are_int32_whatever_the_library_returns():
    for source in (
        wordpiece_tokenizer(),
        sentencepiece_processor(),
        tiktoken_encoding(),
    ):
        assert load_tokenizer(source).encode_batch(["a"]).values.dtype == np.int32
