"""One vocabulary in two file formats is one vocabulary: every text id is exact."""

import base64
import json

import numpy as np
import pytest

import bridge
from bridge.alignment import MatchKind
from bridge.vocabulary import TokenKind
from tests.alignment import oracle
from tests.factories import (
    CORPUS,
    GPT2_PATTERN,
    HARD_TEXTS,
    byte_fallback_bpe,
    byte_fallback_proto,
    byte_pair_parts,
    sentencepiece_processor,
)

TEXTS = [*CORPUS, *(text for text in HARD_TEXTS if "<|endoftext|>" not in text)]


def write_as_ranks(folder):
    """The vocabulary and merges of a BPE as tiktoken has them."""
    tokens, merges = byte_pair_parts(("<|endoftext|>",))
    (folder / "vocab.json").write_text(json.dumps(tokens), "utf-8")
    lines = ["#version: 0.2", *(" ".join(merge) for merge in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", "utf-8")
    alphabet = oracle.alphabet()
    letters = [token for token in tokens if len(token) == 1]
    joined = ["".join(merge) for merge in merges]
    spelt = [bytes(alphabet[c] for c in token) for token in (*letters, *joined)]
    (folder / "ranks.tiktoken").write_text(
        "".join(
            f"{base64.b64encode(token).decode()} {rank}\n"
            for rank, token in enumerate(spelt)
        ),
        "utf-8",
    )
    return {token: rank for rank, token in enumerate((*letters, *joined))}


def write_as_json(folder):
    """A sentencepiece BPE with byte fallback as `tokenizers` has it."""
    proto = byte_fallback_proto()
    (folder / "tokenizer.model").write_bytes(proto)
    model = sentencepiece_processor(proto)
    pieces = [model.id_to_piece(i) for i in range(model.get_piece_size())]
    ids = {piece: i for i, piece in enumerate(pieces)}
    # A piece was made by joining the two parts whose ids came first.
    merges = [
        (piece[:cut], piece[cut:])
        for i, piece in enumerate(pieces)
        if not (model.is_byte(i) or model.is_control(i) or model.is_unknown(i))
        for cut in range(1, len(piece))
        if piece[:cut] in ids and piece[cut:] in ids
    ]
    engine = byte_fallback_bpe(ids, merges)
    engine.save(str(folder / "tokenizer.json"))


def check_equal(mine, theirs, *, renamed):
    """Every id that stands for text is the very same token on the other side."""
    alignment = bridge.align(mine, theirs)
    text = np.flatnonzero(mine.vocabulary.kinds <= TokenKind.ADDED)
    assert text.size > 250
    assert set(alignment.kinds[text]) == {MatchKind.EXACT}
    found = alignment.pieces.take(text)
    assert found == alignment.continuation_pieces.take(text)
    assert found.to_lists() == [[renamed(i)] for i in text.tolist()]
    return alignment


def test_tiktoken_ranks_equal_vocabulary_and_merges(tmp_path):
    ranks = write_as_ranks(tmp_path)
    plain = bridge.load_tokenizer(tmp_path / "vocab.json")
    packed = bridge.load_tokenizer(tmp_path / "ranks.tiktoken", split=GPT2_PATTERN)
    names = {rank: plain.vocabulary.id(token) for token, rank in ranks.items()}
    there = check_equal(packed, plain, renamed=names.__getitem__)
    back = {i: rank for rank, i in names.items()}
    check_equal(plain, packed, renamed=back.__getitem__)
    ids, expected = packed.encode_batch(TEXTS), plain.encode_batch(TEXTS)
    for method in ("lookup", "expand", "retokenize"):
        assert there.remap(ids, method=method) == expected


def test_a_sentencepiece_model_equals_its_tokenizer_json(tmp_path):
    write_as_json(tmp_path)
    model = bridge.load_tokenizer(tmp_path / "tokenizer.model")
    converted = bridge.load_tokenizer(tmp_path / "tokenizer.json")
    assert converted.vocabulary.size == model.vocabulary.size
    there = check_equal(model, converted, renamed=int)
    check_equal(converted, model, renamed=int)
    # Both have `a` and `<0x61>`; by its name each goes to itself.
    assert not there.tied.any()
    lines = model.encode_batch(CORPUS)
    assert lines == converted.encode_batch(CORPUS)
    assert there.remap(lines, method="lookup") == lines


@pytest.mark.real_model
def test_gpt2_as_ranks_equals_gpt2(tmp_path, real):
    """The published file, rewritten: its ids are those of GPT-2."""
    tokens = [content for meaning in oracle.gpt2().values() for content in meaning]
    (tmp_path / "gpt2.tiktoken").write_text(
        "".join(
            f"{base64.b64encode(token).decode()} {rank}\n"
            for rank, token in enumerate(tokens)
        ),
        "utf-8",
    )
    packed = bridge.load_tokenizer(tmp_path / "gpt2.tiktoken", split=GPT2_PATTERN)
    check_equal(packed, real("gpt2"), renamed=int)
    check_equal(real("gpt2"), packed, renamed=int)
