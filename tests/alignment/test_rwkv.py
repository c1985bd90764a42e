"""RWKV's vocabulary: bytes, listed by KerasHub as lines of Python literals."""

from types import SimpleNamespace

import pytest

import bridge
from bridge.alignment import MatchKind
from bridge.tokenizers.keras_vocabulary import keras_vocabulary
from bridge.vocabulary import Convention

pytestmark = pytest.mark.keras

WORDS = [
    "'the' 3",
    "' the' 4",
    "b'\\xe4\\xb8' 2",
    "'\\n\\n' 2",
    "'\u00e9' 2",
    "'1 2' 3",
]


@pytest.fixture(scope="module")
def rwkv():
    import keras_hub

    # Ids count from 1: 0 is the end of a text, and no token.
    tokens = [*(f"{bytes([byte])!r} 1" for byte in range(256)), *WORDS]
    lines = [f"{i} {token}\n" for i, token in enumerate(tokens, 1)]
    return keras_hub.models.RWKVTokenizer(vocabulary=lines)


def test_lines_are_read_as_the_bytes_they_stand_for(rwkv):
    tokenizer = bridge.load_tokenizer(rwkv)
    vocabulary = tokenizer.vocabulary
    assert vocabulary.convention == Convention.BYTES
    assert vocabulary.tokens[0] is None
    assert vocabulary.tokens[1:257] == tuple(bytes([byte]) for byte in range(256))
    assert vocabulary.tokens[257:] == (
        b"the",
        b" the",
        b"\xe4\xb8",
        b"\n\n",
        "\u00e9".encode(),
        b"1 2",
    )
    # KerasHub counts lines, and the largest id is one more.
    assert rwkv.vocabulary_size() == 262
    assert vocabulary.size == 263
    assert dict(vocabulary.roles) == {}
    for text in ("the the\u4e2d\u00e9", "1 2\n\n"):
        (ids,) = tokenizer.encode_batch([text]).to_lists()
        assert b"".join(vocabulary.tokens[i] for i in ids) == text.encode()


def test_as_a_preset(rwkv):
    mine = {
        "\u2581the": 0,
        "\u2581then": 1,
        "\u2581\u4e2d": 2,
        "\u00e9": 3,
        "\u2581": 4,
    }
    alignment = bridge.align(mine, rwkv)
    tokens = alignment.reference.vocabulary.tokens
    assert [[tokens[i] for i in row] for row in alignment.pieces] == [
        [b" the"],
        [b" the", b"n"],
        [b" ", b"\xe4\xb8", b"\xad"],
        ["\u00e9".encode()],
        [b" "],
    ]
    composed = [MatchKind(kind).name for kind in alignment.kinds]
    assert composed == ["EXACT", "COMPOSED", "COMPOSED", "EXACT", "EXACT"]


def test_as_a_tokenizer(rwkv):
    alignment = bridge.align(rwkv, {"\u2581the": 0, "\u00e9": 1, "\u2581a": 2})
    tokens = alignment.tokenizer.vocabulary.tokens
    exact = {tokens[i] for i, k in enumerate(alignment.kinds) if k == MatchKind.EXACT}
    assert exact == {b" the", "\u00e9".encode()}
    assert alignment.counts()["UNUSED"] == 1


def test_a_table_without_every_byte_is_aligned_too():
    import keras_hub

    few = keras_hub.models.RWKVTokenizer(
        vocabulary=["0 'a' 1\n", "1 b'b' 1", "2 ' a' 2"]
    )
    alignment = bridge.align({"\u2581ax": 0, "\u2581ab": 1}, few)
    assert alignment.pieces.to_lists() == [[], [2, 1]]


@pytest.mark.parametrize("line", ["0 'a' 2", "0 1 1", "0 os.name 1", "0 ( 1", "zero"])
def test_other_lists_are_spellings(line):
    for lines in ([line], ["0 'a' 1", line]):
        listed = SimpleNamespace(get_vocabulary=lambda lines=lines: lines)
        assert keras_vocabulary(listed).tokens == tuple(lines)
