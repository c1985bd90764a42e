"""A sentencepiece model under the ids of a preset."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bridge
from bridge import MatchKind
from bridge.errors import VocabularyError
from bridge.tokenizers import load_tokenizer
from bridge.vocabulary import TokenKind
from tests.core.messages import exactly
from tests.factories import (
    HARD_TEXTS,
    byte_fallback_proto,
    keras_xlm_roberta,
    sentencepiece_processor,
    sentencepiece_proto,
)

PLAIN = load_tokenizer(sentencepiece_processor())
FAIRSEQ = load_tokenizer(sentencepiece_processor(), vocabulary="fairseq")
BYTES = load_tokenizer(sentencepiece_processor(byte_fallback_proto()))


@pytest.mark.keras
@pytest.mark.real_model
def test_fairseqs_ids_are_those_of_kerashubs_xlm_roberta():
    keras = keras_xlm_roberta()
    ids = FAIRSEQ.encode_batch(HARD_TEXTS)
    assert ids.to_lists() == [list(map(int, keras.tokenize(t))) for t in HARD_TEXTS]
    assert list(FAIRSEQ.vocabulary.tokens) == keras.get_vocabulary()
    assert FAIRSEQ.vocabulary.roles == load_tokenizer(keras).vocabulary.roles


def test_the_order_of_fairseq():
    tokens = FAIRSEQ.vocabulary.tokens
    assert tokens[:4] == ("<s>", "<pad>", "</s>", "<unk>")
    assert tokens[4:-1] == PLAIN.vocabulary.tokens[3:]
    assert tokens[-1] == "<mask>"
    special = np.flatnonzero(FAIRSEQ.vocabulary.kinds == TokenKind.SPECIAL)
    assert special.tolist() == [0, 1, 2, 3, len(tokens) - 1]


@given(st.permutations(range(BYTES.vocabulary.size)), st.sampled_from(HARD_TEXTS))
def test_any_order_of_ids(order, text):
    numbers = {BYTES.vocabulary.tokens[i]: place for place, i in enumerate(order)}
    tokenizer = load_tokenizer(
        sentencepiece_processor(byte_fallback_proto()), vocabulary=numbers
    )
    own = BYTES.encode_batch([text])
    ids = tokenizer.encode_batch([text])
    assert [order[i] for i in ids.values] == own.values.tolist()
    assert tokenizer.decode_batch(ids) == BYTES.decode_batch(own)
    kinds = [tokenizer.vocabulary.kinds[order.index(i)] for i in range(len(order))]
    assert kinds == BYTES.vocabulary.kinds.tolist()


def test_offsets_and_words_are_those_of_the_model():
    spans, own = (each.encode_offsets(HARD_TEXTS) for each in (FAIRSEQ, PLAIN))
    assert np.array_equal(spans.offsets, own.offsets)
    assert np.array_equal(spans.words, own.words)
    assert spans.ids == FAIRSEQ.encode_batch(HARD_TEXTS)


def test_tokens_that_the_model_lacks_are_decoded_as_they_are_spelled():
    ids = FAIRSEQ.encode_batch(["the fox"])[0].tolist()
    mask = FAIRSEQ.vocabulary.roles["mask"]
    rows = bridge.Ragged.from_lists([[*ids, mask], ids])
    assert FAIRSEQ.decode_batch(rows) == ["the fox<mask>", "the fox"]


def test_a_file_and_a_save(tmp_path):
    path = tmp_path / "m.model"
    path.write_bytes(sentencepiece_proto())
    tokenizer = load_tokenizer(path, vocabulary="fairseq", roles={"pad": "<mask>"})
    tokenizer.save(tmp_path / "saved")
    again = load_tokenizer(tmp_path / "saved")
    assert again.vocabulary.roles == tokenizer.vocabulary.roles
    assert again.vocabulary.roles["pad"] == again.vocabulary.size - 1
    assert again.encode_batch(HARD_TEXTS) == FAIRSEQ.encode_batch(HARD_TEXTS)


def test_it_aligns_with_its_own_model():
    alignment = bridge.align(FAIRSEQ, PLAIN)
    assert (alignment.kinds[4:-1] == MatchKind.EXACT).all()
    pieces = [row.tolist() for row in alignment.pieces][4:-1]
    assert pieces == [[i] for i in range(3, PLAIN.vocabulary.size)]
    assert [alignment.kinds[i] for i in (0, 2, 3)] == [MatchKind.ROLE] * 3
    assert [alignment.kinds[i] for i in (1, -1)] == [MatchKind.UNMAPPED] * 2


def test_a_table_that_lacks_tokens():
    numbers = {t: i for i, t in enumerate(PLAIN.vocabulary.tokens)}
    gone = [numbers.pop(token) for token in ("e", "▁the")]
    shown = PLAIN.vocabulary.text(min(gone))
    message = exactly(
        "Other ids must be given for every token that a text can become. Received: "
        f"none for {shown!r} (id {min(gone)}, 2 such tokens). Pass token to id for "
        "all, spelled as the tokenizer has them."
    )
    with pytest.raises(VocabularyError, match=message):
        load_tokenizer(sentencepiece_processor(), vocabulary=numbers)


def test_the_unk_piece_can_be_given_by_a_text():
    numbers = {t: i for i, t in enumerate(PLAIN.vocabulary.tokens)}
    del numbers["<unk>"]
    with pytest.raises(VocabularyError, match="none for '<unk>' \\(id 0, 1 such"):
        load_tokenizer(sentencepiece_processor(), vocabulary=numbers)


def test_a_model_that_is_not_made_as_fairseqs_are():
    proto = sentencepiece_proto(pad_id=0, unk_id=1, bos_id=2, eos_id=3)
    message = exactly(
        "fairseq's ids are for models that begin with <unk>, <s>, </s>. Received: one "
        "that begins with <pad>, <unk>, <s>. Pass token to id."
    )
    with pytest.raises(VocabularyError, match=message):
        load_tokenizer(sentencepiece_processor(proto), vocabulary="fairseq")
