"""Tiny tokenizers of every kind, built in memory; nothing is downloaded."""

import io
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

CORPUS = [
    "the quick brown fox jumps over the lazy dog",
    "a lazy dog sleeps while the fox runs away",
    "brown dogs and quick foxes play in the garden",
    "playing children run through the green garden",
    "she plays the piano and he plays the violin",
    "they walked slowly along the quiet river bank",
    "walking along the river is a quiet pleasure",
    "the bank opens at nine and closes at five",
    "prices closed at 1250 points in 2023, up 3.5 percent",
    "we don't know what they'll say, do we?",
    "it's a fine day; isn't it? yes, it's fine!",
    "reading books makes long evenings short",
    "the reader reads what the writer wrote",
    "writers write, readers read, and printers print",
    "printing was invented a long time ago",
    "inventors invent new things all the time",
    "new things become old things in time",
    "old houses stand along the narrow street",
    "narrow streets lead down to the harbour",
    "ships leave the harbour early in the morning",
    "every morning the baker bakes fresh bread",
    "fresh bread and salted butter taste well",
    "tasting is believing, the old baker said",
    "he said that she said that they said so",
    "numbers such as 7, 42 and 365 are common",
    "common words are short and short words common",
    "longer words are uncommonly unbelievable",
    "unbelievable stories are told at midnight",
    "at midnight the quiet street was dark",
    "dark nights end when the bright morning comes",
]

# What goes wrong somewhere: accents, combining marks, CJK, joined emoji, control and
# zero-width characters, final sigma, dotted I, ligatures, special tokens as text.
HARD_TEXTS = [
    "the quick brown fox",
    "",
    " ",
    "  two  spaces \n\n and\ttabs\r\n",
    "Caf\u00e9 na\u00efve \u00c0\u00c9",
    "e\u0301 combining",
    "\u65e5\u672c\u8a9e\u3068\u4e2d\u6587",
    "family \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f",
    "a\u00adb zero\u200bwidth \x00 \x07 \ufeff",
    "\u039f\u0394\u039f\u03a3 \u0130stanbul stra\u00dfe \ufb01ne \u00bd",
    "don't 'test' they'll 1234567 x.\n\nY",
    "[CLS] a [MASK] b [SEP] <s></s> <|endoftext|> <unk>",
    "\u2581 already marked ##ing \u0120the <0x41>",
    "word" * 60,
    "\u2028line\u0085breaks\u3000",
]

BERT_SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
ROBERTA_SPECIALS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
GPT2_PATTERN = (
    r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
)


@dataclass
class Made:
    """A tokenizer as a user has it, and what `load_tokenizer` needs to know of it."""

    source: Any
    options: dict[str, Any] = field(default_factory=dict)
    saves: bool = True


@lru_cache
def wordpiece_vocabulary() -> tuple[str, ...]:
    """Specials, letters with and without the mark, and the words of the corpus."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    words = sorted({word for line in CORPUS for word in line.split() if word.isalpha()})
    pieces = [
        "##ing",
        "##s",
        "##ed",
        "##er",
        "play",
        "walk",
        "read",
        "\u65e5",
        "\u672c",
    ]
    tokens = [*BERT_SPECIALS, *letters, *(f"##{c}" for c in letters), *".,;!?'-[]<>|/#"]
    return tuple(dict.fromkeys([*tokens, *pieces, *words]))


@lru_cache
def byte_pair_parts(specials: tuple[str, ...]) -> tuple[dict[str, int], tuple]:
    """A byte-level vocabulary with its merges, learnt from the corpus."""
    import json

    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=list(specials),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return dict(model["vocab"]), tuple(tuple(merge) for merge in model["merges"])


def wordpiece_tokenizer():
    """A `tokenizers` WordPiece with padding and truncation left on, as people do."""
    from tokenizers import (
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
        processors,
    )

    vocabulary = {token: i for i, token in enumerate(wordpiece_vocabulary())}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    tokenizer.add_special_tokens(BERT_SPECIALS)
    tokenizer.enable_padding(length=32)
    tokenizer.enable_truncation(8)
    return tokenizer


def bpe_tokenizer(special_tokens=("<|endoftext|>",)):
    """A `tokenizers` byte-level BPE with one special token, as GPT-2 has."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    vocabulary, merges = byte_pair_parts(special_tokens)
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=list(merges)))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(special_tokens))
    return tokenizer


def unigram_tokenizer():
    """A `tokenizers` unigram with metaspace marks and byte-free unk."""
    from tokenizers import (
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
        trainers,
    )

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=200,
        special_tokens=["<pad>", "</s>", "<unk>"],
        unk_token="<unk>",
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def wordlevel_tokenizer():
    """A `tokenizers` word-level model."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = sorted({word for line in CORPUS for word in line.split()})
    vocabulary = {token: i for i, token in enumerate(["[UNK]", "[PAD]", *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens(["[UNK]", "[PAD]"])
    return tokenizer


@lru_cache
def sentencepiece_proto(**options: Any) -> bytes:
    """A sentencepiece model, trained on the corpus once per run and option set."""
    import sentencepiece

    writer = io.BytesIO()
    settings = {"vocab_size": 150, "model_type": "unigram", "minloglevel": 3, **options}
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS), model_writer=writer, **settings
    )
    return writer.getvalue()


def byte_fallback_proto() -> bytes:
    """A sentencepiece BPE with the 256 byte pieces, as Llama's."""
    return sentencepiece_proto(model_type="bpe", byte_fallback=True, vocab_size=400)


def byte_fallback_bpe(vocabulary: dict[str, int], merges: list[tuple[str, str]]):
    """BPE as Llama's `tokenizer.json` has it: metaspace marks, bytes for the rest."""
    from tokenizers import Tokenizer, decoders, models, normalizers

    engine = Tokenizer(
        models.BPE(
            vocab=vocabulary,
            merges=merges,
            unk_token="<unk>",
            fuse_unk=True,
            byte_fallback=True,
        )
    )
    engine.normalizer = normalizers.Sequence(
        [normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")]
    )
    engine.decoder = decoders.Sequence(
        [
            decoders.Replace("\u2581", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    engine.add_special_tokens(["<unk>", "<s>", "</s>"])
    return engine


def albert_proto() -> bytes:
    """A sentencepiece model with ALBERT's special pieces."""
    return sentencepiece_proto(
        pad_id=0,
        unk_id=1,
        bos_id=2,
        eos_id=3,
        pad_piece="<pad>",
        unk_piece="<unk>",
        bos_piece="[CLS]",
        eos_piece="[SEP]",
        user_defined_symbols="[MASK]",
    )


def sentencepiece_processor(proto: bytes | None = None):
    """A processor object as a user has it."""
    import sentencepiece

    return sentencepiece.SentencePieceProcessor(
        model_proto=sentencepiece_proto() if proto is None else proto
    )


def tiktoken_ranks() -> dict[bytes, int]:
    """All bytes and a few merges."""
    ranks = {bytes([byte]): byte for byte in range(256)}
    for token in (b"th", b"the", b" the", b"in", b"ing", b" a", b"er", b"\xc3\xa9"):
        ranks[token] = len(ranks)
    return ranks


def tiktoken_encoding():
    """A `tiktoken.Encoding` with a gap between its ranks and its special tokens."""
    import tiktoken

    return tiktoken.Encoding(
        "tiny",
        pat_str=GPT2_PATTERN,
        mergeable_ranks=tiktoken_ranks(),
        special_tokens={"<|endoftext|>": 270, "<|pad|>": 271},
    )


def word_table() -> dict[str, int]:
    """A dict of one's own, with gaps in its ids."""
    words = sorted({word for line in CORPUS for word in line.split()})
    return {"<pad>": 0, "<unk>": 1, **{word: 5 + 2 * i for i, word in enumerate(words)}}


def character_table() -> dict[str, int]:
    """A dict of single characters."""
    characters = sorted(set("".join(CORPUS)))
    return {"[UNK]": 0, **{char: i + 1 for i, char in enumerate(characters)}}


def letters_to_ids(text: str) -> list[int]:
    """A function of one's own: letters by place in the alphabet, 0 for the rest."""
    return [
        ord(char) - 96 if "a" <= char <= "z" else 0 for char in text.lower() if char
    ]


LETTERS = {"?": 0, **{chr(96 + i): i for i in range(1, 27)}}


def transformers_fast():
    """A fast tokenizer of transformers with roles said outright."""
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(
        tokenizer_object=wordpiece_tokenizer(),
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        mask_token="[MASK]",
    )


def transformers_slow():
    """A tokenizer of transformers that is written in Python and needs no file."""
    from transformers import ByT5Tokenizer

    return ByT5Tokenizer()


def keras_bert(**options: Any):
    """A KerasHub BERT tokenizer."""
    import keras_hub

    options = {"lowercase": True, **options}
    return keras_hub.models.BertTokenizer(
        vocabulary=list(wordpiece_vocabulary()), **options
    )


def keras_byte_pair(name: str, specials: tuple[str, ...], **options: Any):
    """A KerasHub byte-pair tokenizer of the named class."""
    import keras_hub

    vocabulary, merges = byte_pair_parts(specials)
    return getattr(keras_hub.models, name)(
        vocabulary=vocabulary, merges=[" ".join(merge) for merge in merges], **options
    )


def keras_gpt2(**options: Any):
    """A KerasHub GPT-2 tokenizer."""
    return keras_byte_pair("GPT2Tokenizer", ("!", "<|endoftext|>"), **options)


def keras_roberta(**options: Any):
    """A KerasHub RoBERTa tokenizer."""
    return keras_byte_pair("RobertaTokenizer", tuple(ROBERTA_SPECIALS), **options)


def keras_albert(**options: Any):
    """A KerasHub ALBERT tokenizer."""
    import keras_hub

    return keras_hub.models.AlbertTokenizer(proto=albert_proto(), **options)


def keras_xlm_roberta(**options: Any):
    """A KerasHub XLM-R tokenizer, whose ids are the model's + 1."""
    import keras_hub

    proto = sentencepiece_proto(unk_id=0, bos_id=1, eos_id=2)
    return keras_hub.models.XLMRobertaTokenizer(proto=proto, **options)


def _vocab_txt(folder: Path) -> Made:
    path = folder / "vocab.txt"
    path.write_text("\n".join(wordpiece_vocabulary()) + "\n", encoding="utf-8")
    return Made(path, {"lowercase": True})


def _ranks_file(folder: Path) -> Made:
    import base64

    path = folder / "tiny.tiktoken"
    lines = [
        f"{base64.b64encode(token).decode()} {rank}\n"
        for token, rank in tiktoken_ranks().items()
    ]
    path.write_text("".join(lines), encoding="utf-8")
    return Made(path, {"split": GPT2_PATTERN})


def _merges(_: Path) -> Made:
    vocabulary, merges = byte_pair_parts(tuple(ROBERTA_SPECIALS))
    return Made(vocabulary, {"merges": merges})


CORE_KINDS = {
    "wordpiece": lambda _: Made(wordpiece_tokenizer()),
    "bpe": lambda _: Made(bpe_tokenizer()),
    "unigram": lambda _: Made(unigram_tokenizer()),
    "wordlevel": lambda _: Made(wordlevel_tokenizer()),
    "vocabulary_and_merges": _merges,
    "vocab_txt": _vocab_txt,
    "sentencepiece_unigram": lambda _: Made(sentencepiece_processor()),
    "sentencepiece_bpe": lambda _: Made(sentencepiece_processor(byte_fallback_proto())),
    "sentencepiece_fairseq": lambda _: Made(
        sentencepiece_processor(), {"vocabulary": "fairseq"}
    ),
    "tiktoken": lambda _: Made(tiktoken_encoding()),
    "tiktoken_ranks": _ranks_file,
    "dict_of_words": lambda _: Made(word_table(), {"split": "whitespace"}),
    "dict_of_characters": lambda _: Made(character_table(), {"split": "characters"}),
    "dict_with_expression": lambda _: Made(word_table(), {"split": r"\w+|[^\w\s]"}),
    "callable": lambda _: Made(letters_to_ids, {"vocabulary": LETTERS}, saves=False),
    "transformers_fast": lambda _: Made(transformers_fast()),
    "transformers_slow": lambda _: Made(transformers_slow()),
}
KERAS_KINDS = {
    "keras_bert": lambda _: Made(keras_bert()),
    "keras_gpt2": lambda _: Made(keras_gpt2()),
    "keras_roberta": lambda _: Made(keras_roberta()),
    "keras_albert": lambda _: Made(keras_albert()),
    "keras_xlm_roberta": lambda _: Made(keras_xlm_roberta()),
}
