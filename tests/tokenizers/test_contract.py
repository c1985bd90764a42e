"""What every adapter promises, over all kinds of tokenizer."""

import copy
import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.errors import TextInputError, TokenIdError, UnsupportedTokenizerError
from bridge.ragged import Ragged
from bridge.tokenizers import load_tokenizer
from bridge.vocabulary import TokenKind
from tests.factories import CORE_KINDS, HARD_TEXTS, KERAS_KINDS

KINDS = [
    *CORE_KINDS,
    *(pytest.param(kind, marks=pytest.mark.keras) for kind in KERAS_KINDS),
]


@pytest.fixture(scope="module", params=KINDS)
def made(request):
    with tempfile.TemporaryDirectory() as folder:
        yield {**CORE_KINDS, **KERAS_KINDS}[request.param](Path(folder))


@pytest.fixture(scope="module")
def tokenizer(made):
    return load_tokenizer(made.source, **made.options)


def state(source):
    """What can be seen of a user's object."""
    backend = getattr(source, "backend_tokenizer", source)
    if hasattr(backend, "to_str"):
        return backend.to_str(), backend.padding, backend.truncation
    if hasattr(source, "serialized_model_proto"):
        return source.serialized_model_proto()
    if hasattr(source, "get_config"):
        return source.get_config(), list(source.get_vocabulary())
    if hasattr(source, "get_vocab"):
        return source.get_vocab(), source.special_tokens_map
    if hasattr(source, "_mergeable_ranks"):
        return dict(source._mergeable_ranks), dict(source._special_tokens)
    return copy.copy(source)


def test_batch_is_the_map_of_singles(tokenizer):
    batch = tokenizer.encode_batch(HARD_TEXTS)
    singles = [tokenizer.encode_batch([text])[0].tolist() for text in HARD_TEXTS]
    assert batch.to_lists() == singles
    assert batch.values.dtype == np.int32
    assert batch.offsets.dtype == np.int64


def test_every_emitted_id_has_a_token(tokenizer):
    ids = tokenizer.encode_batch(HARD_TEXTS, add_special_tokens=True).values
    assert ids.min() >= 0
    assert ids.max() < tokenizer.vocabulary.size
    assert all(tokenizer.vocabulary.tokens[i] is not None for i in set(ids.tolist()))


def test_no_row_is_padded_or_cut(tokenizer):
    long = "the quick brown fox " * 100
    (row,) = tokenizer.encode_batch([long])
    assert len(row) >= 400
    assert len(tokenizer.encode_batch(["the", long])[0]) < 10


def test_empty_text_and_empty_list(tokenizer):
    assert tokenizer.encode_batch([""]).to_lists() == [[]]
    assert len(tokenizer.encode_batch([])) == 0
    assert tokenizer.decode_batch(Ragged.from_lists([])) == []
    assert tokenizer.decode_batch(Ragged.from_lists([[]])) == [""]


def test_it_is_deterministic(made, tokenizer):
    first = tokenizer.encode_batch(HARD_TEXTS)
    assert tokenizer.encode_batch(HARD_TEXTS) == first
    again = load_tokenizer(made.source, **made.options)
    assert again.encode_batch(HARD_TEXTS) == first
    assert again.vocabulary == tokenizer.vocabulary


def test_special_tokens_are_the_template(tokenizer):
    bare = tokenizer.encode_batch(["the fox", ""])
    full = tokenizer.encode_batch(["the fox", ""], add_special_tokens=True)
    if tokenizer.template is None:
        assert full == bare
        return
    start, end = list(tokenizer.template.start), list(tokenizer.template.end)
    expected = [[*start, *row, *end] for row in bare.to_lists()]
    assert full.to_lists() == expected


def test_plain_text_survives_a_round_trip(tokenizer):
    text = "the quick brown fox"
    decoded = tokenizer.decode_batch(tokenizer.encode_batch([text]))
    if tokenizer.kind == "callable":  # to a bare dict, single letters are words
        assert decoded == [" ".join("the?quick?brown?fox")]
    else:
        assert decoded == [text]


def test_every_id_decodes_alone(tokenizer):
    ids = range(tokenizer.vocabulary.size)
    texts = tokenizer.decode_batch(Ragged.from_lists([[i] for i in ids]))
    assert all(isinstance(text, str) for text in texts)


def test_special_tokens_are_kept_when_decoding(tokenizer):
    kinds = tokenizer.vocabulary.kinds
    for token_id in np.flatnonzero(kinds == TokenKind.SPECIAL).tolist():
        (text,) = tokenizer.decode_batch(Ragged.from_lists([[token_id]]))
        assert text.strip() == tokenizer.vocabulary.text(token_id)


def test_the_object_stays_as_it_was(made):
    before = copy.deepcopy(state(made.source))
    tokenizer = load_tokenizer(made.source, **made.options)
    tokenizer.encode_batch(HARD_TEXTS, add_special_tokens=True)
    tokenizer.normalize("Caf\u00e9")
    tokenizer.with_roles({"pad": 0})
    assert state(made.source) == before


def test_save_and_load_give_the_same_tokenizer(made, tokenizer, tmp_path):
    if not made.saves:
        with pytest.raises(UnsupportedTokenizerError, match="holds no Python code"):
            tokenizer.save(tmp_path / "saved")
        assert not (tmp_path / "saved").exists()
        return
    tokenizer.save(tmp_path / "saved")
    loaded = load_tokenizer(tmp_path / "saved")
    assert type(loaded) is type(tokenizer)
    assert loaded.encode_batch(HARD_TEXTS) == tokenizer.encode_batch(HARD_TEXTS)
    assert loaded.vocabulary == tokenizer.vocabulary
    assert loaded.vocabulary.keys == tokenizer.vocabulary.keys
    assert loaded.template == tokenizer.template
    assert loaded.engine_note == tokenizer.engine_note


def test_roles_can_be_set_and_are_saved(made, tokenizer, tmp_path):
    before = dict(tokenizer.vocabulary.roles)
    marked = tokenizer.with_roles({"mask": 7})
    assert marked.vocabulary.roles == {**before, "mask": 7}
    assert dict(tokenizer.vocabulary.roles) == before
    if made.saves:
        marked.save(tmp_path / "saved")
        loaded = load_tokenizer(tmp_path / "saved")
        assert loaded.vocabulary == marked.vocabulary


def test_nothing_saved_needs_pickle(made, tokenizer, tmp_path):
    if made.saves:
        tokenizer.save(tmp_path / "saved")
        suffixes = {p.suffix for p in (tmp_path / "saved").rglob("*") if p.is_file()}
        assert suffixes <= {".json", ".txt", ".model", ".tiktoken", ".spm"}


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("one", "Pass a list of texts. Received: one str, 'one'. Wrap it: `[text]`."),
        (b"x", "Pass a list of texts. Received: one bytes, b'x'. Wrap it: `[text]`."),
        (
            None,
            "Pass a list of texts. Received: NoneType. Pass `[]` where there is no "
            "text.",
        ),
        (
            ["a", None],
            "Every text must be a str. Received: None (NoneType) at position 1 of 2. "
            "Drop it, or replace it by `''` if an empty text is meant.",
        ),
        (
            [b"a"],
            "Every text must be a str. Received: b'a' (bytes) at position 0 of 1. "
            "Decode it first: `text.decode('utf-8')`.",
        ),
        (
            (["a"], ["b"]),
            "Every text must be a str. Received: ['a'] (list) at position 0 of 2. "
            "Texts of pairs are two lists, one an argument; lists of words are for "
            "`Encoder.with_word_ids`.",
        ),
        (
            ["a", "b\ud800c"],
            "Every text must be valid Unicode. Received: a lone surrogate '\\ud800' at "
            "character 1 of the text at position 1. Clean it first: "
            "`text.encode('utf-8', 'replace').decode('utf-8')`.",
        ),
        (
            ["\ud83d", "\ude00"],
            "Every text must be valid Unicode. Received: a lone surrogate '\\ud83d' at "
            "character 0 of the text at position 0. Clean it first: "
            "`text.encode('utf-8', 'replace').decode('utf-8')`.",
        ),
    ],
)
def test_what_is_no_text_is_refused(tokenizer, texts, message):
    with pytest.raises(TextInputError, match=f"^{re.escape(message)}$"):
        tokenizer.encode_batch(texts)


def test_an_id_outside_the_vocabulary_is_refused(tokenizer):
    size = tokenizer.vocabulary.size
    message = f"Every token id must be in [0, {size}). Received: 1 ids outside it"
    with pytest.raises(TokenIdError, match=re.escape(message)):
        tokenizer.decode_batch(Ragged.from_lists([[0, size]]))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(max_size=20), max_size=4))
def test_any_text_can_be_encoded_and_decoded(tokenizer, texts):
    ids = tokenizer.encode_batch(texts)
    assert len(ids) == len(texts)
    assert len(tokenizer.decode_batch(ids)) == len(texts)
    for text, row in zip(texts, ids, strict=True):
        assert tokenizer.encode_batch([text])[0].tolist() == row.tolist()
