"""`Encoder`: batches, pairs, ids from elsewhere, and every refusal."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bridge
from bridge.errors import (
    BackboneError,
    MissingRoleError,
    MissingVocabularyError,
    SequenceLengthError,
    TextInputError,
    TokenIdError,
)
from bridge.spec import BackboneSpec, Template
from tests.core.messages import exactly
from tests.factories import wordpiece_tokenizer

WORDS = {"<pad>": 0, "<unk>": 1, "the": 2, "fox": 3, "runs": 4, "!": 9}
ROLES = {"pad": 0, "unk": 1}
TEXT = st.lists(st.sampled_from([*WORDS, "other"]), max_size=6).map(" ".join)


@pytest.fixture(scope="module")
def words():
    return bridge.load_tokenizer(WORDS, split="whitespace", roles=ROLES)


@pytest.fixture(scope="module")
def bert():
    return bridge.load_tokenizer(wordpiece_tokenizer())


@pytest.fixture(scope="module")
def spec():
    return BackboneSpec(
        keys=("token_ids", "padding_mask"),
        vocabulary_size=400,
        template=Template(("cls",), ("sep",), ("sep",)),
        max_sequence_length=16,
    )


@pytest.fixture(scope="module")
def alignment(words, bert):
    return bridge.align(words, bert)


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=5), st.booleans())
def test_a_batch_is_its_singles(rows, paired):
    encoder = make(sequence_length=9)
    texts = [a for a, _ in rows]
    pairs = [b for _, b in rows] if paired else None
    batch = encoder(texts, pairs)
    singles = [encoder([a], [b] if paired else None) for a, b in rows]
    for key, array in batch.items():
        assert array.tolist() == [single[key][0].tolist() for single in singles]


@given(st.lists(TEXT, min_size=1, max_size=5))
def test_ids_computed_elsewhere_give_the_same_arrays(texts):
    encoder = make(sequence_length=9)
    ids = encoder.tokenizer.encode_batch(texts)
    width = max(1, ids.lengths.max())
    mask = np.arange(width) < ids.lengths[:, None]
    cells = np.zeros((len(ids), width), np.int64)
    cells[mask] = ids.values
    expected = encoder(texts)
    made = [encoder.from_ids(ids), encoder.from_ids(ids.to_lists())]
    # A text that spells the pad token looks like a mask that was forgotten.
    if encoder.pad_id not in ids.values:
        made.append(encoder.from_ids(cells, mask=mask.astype(int)))
    for arrays in made:
        assert all(np.array_equal(arrays[key], expected[key]) for key in expected)


def make(**options):
    tokenizer = bridge.load_tokenizer(WORDS, split="whitespace", roles=ROLES)
    return bridge.Encoder(tokenizer, **options)


def test_with_neither_backbone_nor_alignment(bert):
    arrays = bridge.Encoder(bert, sequence_length=6)(["the fox"], ["runs"])
    assert list(arrays) == ["token_ids", "padding_mask", "segment_ids"]
    ids = [bert.vocabulary.id(t) for t in ("[CLS]", "the", "fox", "[SEP]")]
    assert arrays["token_ids"][0, :4].tolist() == ids
    assert arrays["segment_ids"].tolist() == [[0, 0, 0, 0, 1, 1]]


def test_exactly_the_backbones_keys(bert, spec):
    arrays = bridge.Encoder(bert, backbone=spec, sequence_length=6)(["the fox"])
    assert list(arrays) == ["token_ids", "padding_mask"]


def test_a_remap_emits_the_presets_ids_and_specials(words, alignment, bert):
    encoder = bridge.Encoder(
        words, alignment=alignment, strategy="retokenize", sequence_length=6
    )
    tokens = bert.vocabulary.tokens
    row = encoder(["the other fox"])["token_ids"][0]
    assert [tokens[i] for i in row] == [
        "[CLS]",
        "the",
        "[UNK]",
        "fox",
        "[SEP]",
        "[PAD]",
    ]


def test_a_remap_for_a_given_backbone_knows_its_special_tokens(words, alignment, spec):
    encoder = bridge.Encoder(
        words,
        alignment=alignment,
        strategy="lookup",
        backbone=spec,
        sequence_length=4,
    )
    assert encoder.pad_id == alignment.reference.vocabulary.roles["pad"]
    assert encoder.template == Template((2,), (3,), (3,))


def test_a_preset_without_a_pad_token_pads_as_its_backbone_does(words):
    theirs = bridge.load_tokenizer({"!": 0, "the": 1}, split="whitespace")
    alignment = bridge.align(words, theirs)
    alignment = replace(alignment, spec=replace(alignment.spec, pad_id=1))
    encoder = bridge.Encoder(
        words, alignment=alignment, strategy="lookup", backbone=BackboneSpec()
    )
    assert encoder.pad_id == 1
    assert encoder.spec.pad_is_text


def test_no_specials(bert):
    encoder = bridge.Encoder(bert, specials=None, sequence_length=4)
    assert encoder(["the fox"])["padding_mask"].sum() == 2


def test_own_special_tokens_stay_and_the_last_one_survives_the_cut(bert):
    cls, sep = bert.vocabulary.roles["cls"], bert.vocabulary.roles["sep"]
    the = bert.vocabulary.id("the")
    row = [cls, *[the] * 6, sep]
    encoder = bridge.Encoder(bert, sequence_length=4)
    arrays = encoder.from_ids([row, [cls, the, sep]], has_specials=True)
    assert arrays["token_ids"].tolist() == [[cls, the, the, sep], [cls, the, sep, 0]]
    assert arrays["padding_mask"].sum(axis=1).tolist() == [4, 3]


def test_decode_undoes_encode(bert, words, alignment):
    for encoder in (
        bridge.Encoder(bert, sequence_length=8),
        bridge.Encoder(
            words, alignment=alignment, strategy="retokenize", sequence_length=8
        ),
    ):
        arrays = encoder(["the fox runs", "fox"])
        assert encoder.decode(arrays["token_ids"]) == ["the fox runs", "fox"]


def test_decode_with_a_mask_where_padding_is_text():
    tokenizer = bridge.load_tokenizer({"!": 0, "a": 1}, split="whitespace")
    encoder = bridge.Encoder(
        tokenizer, backbone=BackboneSpec(pad_id=0), sequence_length=4
    )
    arrays = encoder(["a !"])
    assert encoder.decode(arrays["token_ids"]) == ["a ! ! !"]
    mask = arrays["padding_mask"]
    assert encoder.decode(arrays["token_ids"], mask=mask) == ["a !"]


def test_the_empty_text_is_a_row():
    arrays = make(sequence_length=3)([""])
    assert arrays["token_ids"].tolist() == [[0, 0, 0]]
    assert arrays["padding_mask"].sum() == 0


def test_an_empty_batch():
    message = (
        "A batch must hold at least one text. Received: an empty list. Skip the call, "
        "or pass `['']` for one empty text."
    )
    with pytest.raises(TextInputError, match=exactly(message)):
        make()([])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            None,
            "Every text must be a str. Received: None (NoneType) at position 1 of 2. "
            "Drop it, or replace it by `''` if an empty text is meant.",
        ),
        (
            b"the",
            "Every text must be a str. Received: b'the' (bytes) at position 1 of 2. "
            "Decode it first: `text.decode('utf-8')`.",
        ),
        (
            "a\ud800b",
            "Every text must be valid Unicode. Received: a lone surrogate '\\ud800' at "
            "character 1 of the text at position 1. Clean it first: "
            "`text.encode('utf-8', 'replace').decode('utf-8')`.",
        ),
    ],
)
def test_texts_that_are_none(text, message):
    with pytest.raises(TextInputError, match=exactly(message)):
        make()(["the", text])


def test_ids_outside_the_vocabulary():
    message = (
        "Every token id must be in [0, 10). Received: 3 ids outside it, such as -1, "
        "10. Encode with the tokenizer that belongs to this vocabulary, or give its "
        "missing tokens ids first."
    )
    encoder = make()
    for ids, pairs in (([[2, -1], [10, 10]], None), ([[2]], [[-1, 10, 10]])):
        with pytest.raises(TokenIdError, match=exactly(message)):
            encoder.from_ids(ids, pairs)
    with pytest.raises(TokenIdError, match=exactly(message)):
        encoder.decode([[2, -1], [10, 10]])


def test_ids_above_the_backbones_rows_are_named(words):
    small = BackboneSpec(vocabulary_size=4)
    message = (
        "Every token id must be in [0, 4). Received: 2 ids outside it, such as 4 "
        "('runs'), 9 ('!'). Encode with the tokenizer that belongs to this "
        "vocabulary, or give its missing tokens ids first."
    )
    with pytest.raises(TokenIdError, match=exactly(message)):
        bridge.Encoder(words, backbone=small)(["fox runs !"])


@pytest.mark.parametrize(
    ("length", "limit"), [(0, 16), (17, 16), (-1, None), (0, None)]
)
def test_lengths_the_backbone_does_not_take(words, length, limit):
    most = "" if limit is None else " and at most 16, the backbone's limit"
    message = (
        f"The sequence length must be at least 1{most}. Received: "
        f"sequence_length={length}. Pass another length."
    )
    spec = BackboneSpec(max_sequence_length=limit)
    with pytest.raises(SequenceLengthError, match=exactly(message)):
        bridge.Encoder(words, backbone=spec, sequence_length=length)


def test_no_room_for_the_specials(bert):
    message = (
        "A row must hold the special tokens and at least one more. Received: "
        "sequence_length=2 for 2 special tokens. Pass at least 3."
    )
    with pytest.raises(SequenceLengthError, match=exactly(message)):
        bridge.Encoder(bert, sequence_length=2)(["the"])


def test_no_pad_token_where_no_backbone_is_known():
    message = (
        "Unused cells need a pad id. Received: a tokenizer without a pad token (roles: "
        "{'unk': 0}) and no backbone that has one. Name one with "
        "`bridge.load_tokenizer(..., roles={'pad': 0})` (0 or any other id serves, "
        "since the mask is made from lengths), or pass `backbone=` or `alignment=`."
    )
    tokenizer = bridge.load_tokenizer(
        {"?": 0, "a": 1}, split="whitespace", roles={"unk": 0}
    )
    with pytest.raises(MissingRoleError, match=exactly(message)):
        bridge.Encoder(tokenizer)
    assert bridge.Encoder(tokenizer, backbone=BackboneSpec()).pad_id == 0


def test_a_remap_without_an_alignment(words):
    message = (
        "Strategy 'lookup' needs to know what the ids mean to the preset. Received: "
        "alignment=None. Pass `alignment=bridge.align(tokenizer, preset)`."
    )
    with pytest.raises(MissingVocabularyError, match=exactly(message)):
        bridge.Encoder(words, strategy="lookup")


def test_specials_of_a_preset_that_is_unknown(words):
    message = (
        "`specials='preset'` needs a preset that has a template. Received: none is "
        "known. Pass `alignment=` or a backbone of a KerasHub family, or use "
        "'tokenizer' or None."
    )
    with pytest.raises(MissingRoleError, match=exactly(message)):
        bridge.Encoder(words, specials="preset")


def test_specials_of_a_tokenizer_that_has_none(words):
    message = (
        "`specials='tokenizer'` needs a tokenizer with a template of its own, and ids "
        "that are its own. Received: strategy='identity' and no such template. Use "
        "'preset' or None."
    )
    with pytest.raises(MissingRoleError, match=exactly(message)):
        bridge.Encoder(words, specials="tokenizer")


def test_the_presets_template_over_a_tokenizer_without_its_roles(words, spec):
    message = (
        "The template needs a 'cls' token. Received: a vocabulary whose roles are "
        "{'pad': 0, 'unk': 1}. Name one with "
        "`bridge.load_tokenizer(..., roles={'cls': token})`, or pass `specials=None` "
        "to add no special tokens."
    )
    with pytest.raises(MissingRoleError, match=exactly(message)):
        bridge.Encoder(words, backbone=spec, sequence_length=8)


def test_a_backbone_with_other_inputs(words):
    message = (
        "An Encoder makes token_ids, padding_mask and segment_ids. Received: a "
        "backbone that takes encoder_token_ids, padding_mask. Use the task's own "
        "preprocessor with `bridge.KerasTokenizer(tokenizer)`."
    )
    spec = BackboneSpec(keys=("encoder_token_ids", "padding_mask"))
    with pytest.raises(BackboneError, match=exactly(message)):
        bridge.Encoder(words, backbone=spec)


def test_a_mask_beside_pairs():
    message = (
        "A mask covers `ids` alone. Received: mask and pairs, whose padding would pass "
        "for tokens. Pass both as rows of their real ids, without mask."
    )
    with pytest.raises(ValueError, match=exactly(message)):
        make().from_ids([[2, 0]], [[3, 0]], mask=[[1, 0]])


def test_joined_rows_beside_pairs():
    message = (
        "Ids that hold their special tokens are one row a text. Received: "
        "has_specials=True and pairs. Pass the joined rows, or segments without "
        "special tokens."
    )
    with pytest.raises(ValueError, match=exactly(message)):
        make().from_ids([[2]], [[3]], has_specials=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"strategy": "auto"},
            "`strategy` must be one of 'identity', 'lookup', 'expand', 'retokenize', "
            "'transplant'. Received: 'auto'.",
        ),
        (
            {"specials": "both"},
            "`specials` must be one of 'auto', 'preset', 'tokenizer', None. Received: "
            "'both'.",
        ),
    ],
)
def test_unknown_options(options, message):
    with pytest.raises(ValueError, match=exactly(message)):
        make(**options)
