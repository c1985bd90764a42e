"""`KerasTokenizer` in KerasHub's stock preprocessors, tasks, pipelines and files."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import keras_hub
import numpy as np
import pytest
import tensorflow as tf
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

from bridge.errors import (
    MissingRoleError,
    MissingVocabularyError,
    SavedFormatError,
    TextInputError,
    TokenIdError,
    TokenizerFileError,
    UnsupportedTokenizerError,
    VocabularyError,
)
from bridge.facade import align
from bridge.keras import assets
from bridge.keras.tokenizer import ASSET, KerasTokenizer
from bridge.ragged import Ragged
from bridge.spec import BackboneSpec, Template
from bridge.tokenizers.load import load_tokenizer

pytestmark = pytest.mark.keras

WORDS = ["the", "a", "cat", "dog", "sat", "on", "mat", "ran", "play", "good", "bad"]
WORDS += ["cafe"]
TEXTS = ["The cat sat.", "", "good dogs playing!", "a café [MASK] xyz", "the mat"]
LABELS = [0, 1, 1, 0, 1]
PLAIN = ["the cat sat", "good dog!", "a bad play", "ran on the mat"]


def raises(error, message):
    return pytest.raises(error, match=f"^{re.escape(message)}$")


def wordpiece():
    """BERT in small: every part that the real one has."""
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokens = [*specials, *WORDS, "##ing", "##s", "!", "."]
    table = {token: i for i, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.WordPiece(table, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens(specials)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return tokenizer


def byte_level(*specials):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=list(specials),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    corpus = [" ".join(WORDS), " the cat sat on the mat. good dog!"]
    tokenizer.train_from_iterator(corpus * 3, trainer)
    return tokenizer


def gpt2():
    """GPT-2 in small: id 0 is `!`, and one token plays every role."""
    trained = json.loads(byte_level().to_str())["model"]
    table = {**trained["vocab"], "<|endoftext|>": len(trained["vocab"])}
    merges = [tuple(pair) for pair in trained["merges"]]
    tokenizer = Tokenizer(models.BPE(table, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|endoftext|>"])
    return tokenizer


def roberta():
    tokenizer = byte_level("<s>", "<pad>", "</s>", "<unk>", "<mask>")
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), trim_offsets=False, add_prefix_space=False
    )
    return tokenizer


GPT2_SPEC = BackboneSpec(
    template=Template(("bos",), (), ("eos",)), pad_id=0, pad_is_text=True
)

# Family: tokenizer, preprocessor, task, and arguments of a tiny backbone.
CLASSIFIERS = {
    "bert": (
        wordpiece,
        keras_hub.models.BertTextClassifierPreprocessor,
        keras_hub.models.BertTextClassifier,
    ),
    "distil_bert": (
        wordpiece,
        keras_hub.models.DistilBertTextClassifierPreprocessor,
        keras_hub.models.DistilBertTextClassifier,
    ),
    "roberta": (
        roberta,
        keras_hub.models.RobertaTextClassifierPreprocessor,
        keras_hub.models.RobertaTextClassifier,
    ),
}
families = pytest.mark.parametrize("family", CLASSIFIERS)


def backbone(cls, rows):
    return cls(
        vocabulary_size=rows,
        num_layers=1,
        num_heads=2,
        hidden_dim=8,
        intermediate_dim=16,
        max_sequence_length=32,
        dropout=0.0,
    )


def eager(model):
    """Texts go the same ways, and nothing is compiled for a handful of batches."""
    model.compile(run_eagerly=True)
    return model


def classifier(family, tokenizer=None, sequence_length=12):
    make, preprocessor, task = CLASSIFIERS[family]
    tokenizer = KerasTokenizer(make()) if tokenizer is None else tokenizer
    keras.utils.set_random_seed(0)
    model = task(
        backbone(task.backbone_cls, tokenizer.vocabulary_size()),
        num_classes=2,
        preprocessor=preprocessor(tokenizer, sequence_length=sequence_length),
    )
    # Fresh weights are so small that all texts would look alike.
    draw = np.random.default_rng(0)
    model.set_weights([draw.normal(size=w.shape) for w in model.get_weights()])
    return eager(model)


def causal_lm(tokenizer):
    keras.utils.set_random_seed(0)
    return keras_hub.models.GPT2CausalLM(
        backbone(keras_hub.models.GPT2Backbone, tokenizer.vocabulary_size()),
        preprocessor=keras_hub.models.GPT2CausalLMPreprocessor(
            tokenizer, sequence_length=12
        ),
    )


def reference_ids(make, texts=TEXTS):
    encodings = make().encode_batch(texts, add_special_tokens=False)
    return [encoding.ids for encoding in encodings]


def same(first, second):
    first, second = (keras.tree.map_structure(np.asarray, x) for x in (first, second))
    keras.tree.map_structure(np.testing.assert_array_equal, first, second)


@pytest.fixture(params=["grain", "no grain"])
def pipeline(request, monkeypatch):
    """Both ways in which tasks feed raw texts; yields whether a graph is used."""
    if request.param == "no grain":
        # Exactly what KerasHub sets where `import grain` fails.
        monkeypatch.setattr("keras_hub.src.utils.pipeline_model.grain", None)
    return request.param


# --- texts to ids ------------------------------------------------------------------


@pytest.mark.parametrize("make", [wordpiece, roberta, gpt2])
@pytest.mark.parametrize(
    "convert",
    [
        list,
        tuple,
        np.array,
        lambda texts: np.array(texts, object),
        lambda texts: [text.encode() for text in texts],
        lambda texts: np.array([text.encode() for text in texts]),
        lambda texts: [np.str_(text) for text in texts],
        lambda texts: [tf.constant(text) for text in texts],
        tf.constant,
    ],
    ids=["list", "tuple", "U", "O", "bytes", "S", "str_", "scalars", "tensor"],
)
def test_a_batch_gives_the_ids_of_the_tokenizer(make, convert):
    assert KerasTokenizer(make())(convert(TEXTS)) == reference_ids(make)


@pytest.mark.parametrize(
    "convert",
    [str, str.encode, np.str_, np.array, tf.constant, lambda t: np.bytes_(t, "utf8")],
)
def test_one_text_gives_one_row(convert):
    ids = KerasTokenizer(wordpiece())(convert(TEXTS[3]))
    assert isinstance(ids, np.ndarray)
    assert ids.dtype == np.int32
    assert ids.tolist() == reference_ids(wordpiece)[3]


def test_nothing_gives_nothing():
    tokenizer = KerasTokenizer(wordpiece())
    assert tokenizer([]) == []
    assert tokenizer(["", ""]) == [[], []]
    assert tokenizer("").shape == (0,)


def test_special_tokens_in_texts_follow_the_tokenizer():
    tokenizer = KerasTokenizer(wordpiece())
    assert tokenizer(["[MASK] cat [SEP]"]) == [[4, 7, 3]]
    # The same text through KerasHub's own class is cut into pieces.
    native = keras_hub.models.BertTokenizer(tokenizer.get_vocabulary(), lowercase=True)
    assert len(native(["[MASK] cat [SEP]"])[0]) > 3


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (
            ["fine", None],
            "Every text must be a str. Received: None (NoneType) at position 1 of 2. "
            "Drop it, or replace it by `''` if an empty text is meant.",
        ),
        (
            np.array(["fine", float("nan")], object),
            "Every text must be a str. Received: nan (float) at position 1 of 2. "
            "Drop it, or replace it by `''` if an empty text is meant.",
        ),
        (
            [["nested"]],
            "Every text must be a str. Received: ['nested'] (list) at position 0 of 1."
            " Texts of pairs are two lists, one an argument; lists of words are for "
            "`Encoder.with_word_ids`.",
        ),
        (
            ["fine", b"caf\xe9"],
            "Every text must be UTF-8. Received: b'caf\\xe9' at position 1 of 2 "
            "(unexpected end of data at byte 3). Decode it with its own encoding "
            "first.",
        ),
        (
            ["a\ud800"],
            "Every text must be valid Unicode. Received: a lone surrogate '\\ud800' at "
            "character 1 of the text at position 0. Clean it first: "
            "`text.encode('utf-8', 'replace').decode('utf-8')`.",
        ),
        (
            7,
            "Pass a text, or a list or tensor of texts. Received: 7 (int). Take the "
            "texts out first.",
        ),
        (
            None,
            "Pass a text, or a list or tensor of texts. Received: None (NoneType). "
            "Take the texts out first.",
        ),
    ],
)
def test_a_bad_text_raises_as_itself(texts, message):
    tokenizer = KerasTokenizer(wordpiece())
    with raises(TextInputError, message):
        tokenizer.tokenize(texts)
    if texts is not None:  # Keras itself asks a layer for an input
        with raises(TextInputError, message):
            tokenizer(texts)
    preprocessor = keras_hub.models.BertTextClassifierPreprocessor(
        tokenizer, sequence_length=8
    )
    if texts is not None:
        with raises(TextInputError, message):
            preprocessor(texts)


def test_ids_outside_the_backbone_raise():
    tokenizer = KerasTokenizer(wordpiece(), spec=BackboneSpec(vocabulary_size=8))
    assert tokenizer(["the cat"]) == [[5, 7]]
    with raises(
        TokenIdError,
        "Every token id must be in [0, 8). Received: 2 ids outside it, such as 15 "
        "('bad'), 8 ('dog'). Encode with the tokenizer that belongs to this "
        "vocabulary, or give its missing tokens ids first.",
    ):
        tokenizer(["bad dog"])


# --- graphs ------------------------------------------------------------------------


@pytest.mark.parametrize("make", [wordpiece, roberta])
def test_tf_data_unbatched(make):
    dataset = tf.data.Dataset.from_tensor_slices(TEXTS).map(KerasTokenizer(make()))
    assert dataset.element_spec == tf.TensorSpec([None], tf.int32)
    assert [row.tolist() for row in dataset.as_numpy_iterator()] == reference_ids(make)


@pytest.mark.parametrize("make", [wordpiece, roberta])
def test_tf_data_batched(make):
    tokenizer = KerasTokenizer(make())
    dataset = tf.data.Dataset.from_tensor_slices(TEXTS)
    rows = [row for batch in dataset.batch(2).map(tokenizer) for row in batch.to_list()]
    assert rows == reference_ids(make)
    fixed = dataset.batch(2, drop_remainder=True).map(tokenizer)
    assert fixed.element_spec == tf.RaggedTensorSpec([2, None], tf.int32)


def test_tf_function():
    tokenizer = KerasTokenizer(wordpiece())
    graph = tf.function(lambda texts: tokenizer(texts))
    assert graph(tf.constant(TEXTS)).to_list() == reference_ids(wordpiece)
    assert graph(tf.constant(TEXTS[2])).numpy().tolist() == reference_ids(wordpiece)[2]
    inside = tf.function(lambda: tokenizer(TEXTS))
    assert inside().to_list() == reference_ids(wordpiece)


@pytest.mark.parametrize(
    ("tensor", "received"),
    [
        (tf.constant([["a"], ["b"]]), "a string tensor of shape (2, 1)"),
        (tf.constant([1, 2]), "a int32 tensor of shape (2,)"),
    ],
)
def test_a_graph_refuses_what_is_no_batch_of_texts(tensor, received):
    dataset = tf.data.Dataset.from_tensors(tensor)
    message = (
        "TextInputError: In a graph, pass one string or a batch of them. Received: "
        f"{received}. Reshape texts to `(batch_size,)`."
    )
    # TensorFlow has a class of its own for errors while a graph is made.
    with pytest.raises(Exception, match=re.escape(message)):
        dataset.map(KerasTokenizer(wordpiece()))


def test_a_graph_says_what_is_wrong_with_a_text():
    dataset = tf.data.Dataset.from_tensor_slices([b"fine", b"caf\xe9"])
    message = re.escape(
        "TextInputError: Every text must be UTF-8. Received: b'caf\\xe9' at position 1 "
        "of 2"
    )
    with pytest.raises(tf.errors.OpError, match=message):
        list(dataset.batch(2).map(KerasTokenizer(wordpiece())))


# --- what it says about its ids ----------------------------------------------------


def test_the_ids_of_a_wordpiece_tokenizer():
    tokenizer = KerasTokenizer(wordpiece())
    assert tokenizer.start_token_id == tokenizer.cls_token_id == 2
    assert tokenizer.end_token_id == tokenizer.sep_token_id == 3
    assert (tokenizer.pad_token_id, tokenizer.mask_token_id) == (0, 4)
    assert tokenizer.start_token == tokenizer.cls_token == "[CLS]"
    assert tokenizer.end_token == tokenizer.sep_token == "[SEP]"
    assert (tokenizer.pad_token, tokenizer.mask_token) == ("[PAD]", "[MASK]")
    assert tokenizer.special_token_ids == [2, 3, 0, 4]
    assert tokenizer.special_tokens == ["[CLS]", "[SEP]", "[PAD]", "[MASK]"]
    assert tokenizer.pad_is_text is False
    assert tokenizer.vocabulary_size() == len(tokenizer.get_vocabulary()) == 21
    assert tokenizer.get_vocabulary()[7] == tokenizer.id_to_token(7) == "cat"
    assert tokenizer.token_to_id("cat") == 7


def test_a_decoder_starts_with_bos_and_ends_with_eos():
    tokenizer = KerasTokenizer(gpt2())
    last = tokenizer.vocabulary_size() - 1
    assert tokenizer.start_token_id == tokenizer.end_token_id == last
    assert tokenizer.start_token == "<|endoftext|>"
    assert tokenizer.special_token_ids == [last]


@pytest.mark.parametrize(
    ("attribute", "asked", "role"),
    [
        ("start_token_id", "'cls' or 'bos'", "cls"),
        ("start_token", "'cls' or 'bos'", "cls"),
        ("end_token_id", "'sep' or 'eos'", "sep"),
        ("end_token", "'sep' or 'eos'", "sep"),
        ("pad_token_id", "'pad'", "pad"),
        ("mask_token_id", "'mask'", "mask"),
    ],
)
def test_a_missing_role_is_named(attribute, asked, role):
    tokenizer = KerasTokenizer(byte_level())
    with raises(
        MissingRoleError,
        f"A preprocessor needs a {asked} token. Received: a vocabulary whose roles are "
        f"{{}}. Name one with `bridge.load_tokenizer(..., roles={{'{role}': token}})`, "
        "or transplant, which appends what is missing: "
        "`bridge.KerasTokenizer(tokenizer, vocabulary=result.vocabulary)`.",
    ):
        getattr(tokenizer, attribute)
    assert tokenizer.special_token_ids == []
    assert tokenizer.pad_is_text is False


def test_a_preprocessor_hears_of_a_missing_role():
    preprocessor = keras_hub.models.GPT2CausalLMPreprocessor(
        KerasTokenizer(gpt2()), sequence_length=8
    )
    last = KerasTokenizer(gpt2()).end_token_id
    with raises(
        MissingRoleError,
        "A preprocessor needs a 'pad' token. Received: a vocabulary whose roles are "
        f"{{'bos': {last}, 'eos': {last}, 'unk': {last}}}. Name one with "
        "`bridge.load_tokenizer(..., roles={'pad': token})`, or transplant, which "
        "appends what is missing: "
        "`bridge.KerasTokenizer(tokenizer, vocabulary=result.vocabulary)`.",
    ):
        preprocessor(["the cat"])


def test_a_start_that_the_template_does_without_is_none():
    spec = BackboneSpec(template=Template((), (), ("eos",)), pad_id=0)
    named = load_tokenizer(byte_level()).with_roles({"eos": "z"})
    tokenizer = KerasTokenizer(named, spec=spec)
    assert tokenizer.start_token_id is None
    assert tokenizer.start_token is None
    assert tokenizer.end_token == "z"
    preprocessor = keras_hub.models.QwenCausalLMPreprocessor(
        tokenizer, sequence_length=5, add_start_token=False
    )
    ids = preprocessor(["a"])[0]["token_ids"]
    assert np.asarray(ids).tolist() == [
        [tokenizer.token_to_id("a"), tokenizer.end_token_id, 0, 0, 0]
    ]


@pytest.mark.parametrize(("roles", "is_text"), [({"pad": "a"}, False), ({}, True)])
def test_a_pad_token_that_is_also_something_else_is_text(roles, is_text):
    named = load_tokenizer(gpt2()).with_roles({"pad": "<|endoftext|>", **roles})
    tokenizer = KerasTokenizer(named)
    assert tokenizer.pad_is_text is is_text
    assert tokenizer.pad_token == roles.get("pad", "<|endoftext|>")


def test_a_pad_id_that_is_text_can_be_read_and_is_not_special():
    tokenizer = KerasTokenizer(gpt2(), spec=GPT2_SPEC)
    assert tokenizer.pad_is_text is True
    assert (tokenizer.pad_token_id, tokenizer.pad_token) == (0, "!")
    assert 0 not in tokenizer.special_token_ids


def test_holes_and_unknown_tokens_are_refused():
    tokenizer = KerasTokenizer(
        {"a": 0, "[UNK]": 3}, spec=BackboneSpec(vocabulary_size=6)
    )
    assert tokenizer.get_vocabulary() == ["a", None, None, "[UNK]", None, None]
    assert tokenizer.vocabulary_size() == 6
    for token_id in (1, 5, 6, -1):
        with raises(
            TokenIdError,
            f"A token id must have a token. Received: {token_id}, which has none in a "
            "vocabulary of 6 ids. Use an id that is in `get_vocabulary()`.",
        ):
            tokenizer.id_to_token(token_id)
    with raises(
        VocabularyError,
        "A token must be in the vocabulary. Received: 'b', which is not among its 2 "
        "tokens. Check the spelling: marks such as 'Ġ', '▁' or '##' belong to it.",
    ):
        tokenizer.token_to_id("b")


# --- options -----------------------------------------------------------------------


def test_options_that_exclude_one_another():
    tokenizer, other = load_tokenizer(wordpiece()), load_tokenizer(roberta())
    alignment = align(tokenizer, other)
    with raises(
        ValueError,
        "`method` must be one of 'lookup', 'expand', 'retokenize'. Received: 'guess'. "
        "Leave it out for 'retokenize'.",
    ):
        KerasTokenizer(tokenizer, method="guess")
    with raises(
        ValueError,
        "Token ids are int32, whatever a model computes in. Received: "
        "dtype='float16'. Leave `dtype` out.",
    ):
        KerasTokenizer(tokenizer, dtype="float16")
    with raises(
        ValueError,
        "`alignment` and `vocabulary` belong to a tokenizer. Received: tokenizer=None. "
        "Pass `alignment.tokenizer`, or the tokenizer that `vocabulary` extends.",
    ):
        KerasTokenizer(alignment=alignment)
    with raises(
        ValueError,
        "An alignment says whose ids come out and what the backbone expects. Received: "
        "`alignment` together with `vocabulary` or `spec`. After a transplant leave "
        "`alignment` out.",
    ):
        KerasTokenizer(tokenizer, alignment=alignment, vocabulary=tokenizer.vocabulary)
    with raises(
        VocabularyError,
        "An alignment belongs to one tokenizer. Received: an alignment of "
        f"{tokenizer!r} for {other!r}. Pass `alignment.tokenizer`, or align this one.",
    ):
        KerasTokenizer(other, alignment=alignment)
    with raises(
        VocabularyError,
        "`vocabulary` must extend the tokenizer's own, id by id. Received: "
        f"{other.vocabulary!r} for {tokenizer.vocabulary!r}. Pass `result.vocabulary` "
        "of a transplant of this tokenizer.",
    ):
        KerasTokenizer(tokenizer, vocabulary=other.vocabulary)


def test_the_users_object_stays_as_it_is():
    theirs = wordpiece()
    theirs.enable_padding(length=9)
    theirs.enable_truncation(2)
    before = theirs.to_str()
    tokenizer = KerasTokenizer(theirs)
    assert tokenizer(["the cat sat on"]) == [[5, 7, 9, 10]]
    assert theirs.to_str() == before


# --- ids back to text --------------------------------------------------------------


@pytest.mark.parametrize(
    "convert",
    [
        list,
        np.array,
        tf.constant,
        lambda rows: tf.ragged.constant(rows, dtype=tf.int32),
        lambda rows: Ragged.from_lists(rows),
        lambda rows: [np.array(row) for row in rows],
        keras.ops.convert_to_tensor,
    ],
    ids=["list", "array", "tensor", "ragged", "Ragged", "rows", "keras"],
)
def test_detokenize_a_batch(convert):
    tokenizer = KerasTokenizer(wordpiece())
    assert tokenizer.detokenize(convert([[2, 5, 7], [13, 17, 4]])) == [
        "[CLS] the cat",
        "playing [MASK]",
    ]


@pytest.mark.parametrize("convert", [list, tuple, np.array, tf.constant])
def test_detokenize_one_row(convert):
    assert KerasTokenizer(wordpiece()).detokenize(convert([5, 7])) == "the cat"


def test_detokenize_small_things():
    tokenizer = KerasTokenizer(wordpiece())
    assert tokenizer.detokenize([]) == ""
    assert tokenizer.detokenize([[], [7]]) == ["", "cat"]
    assert tokenizer.detokenize(7) == "cat"
    assert tokenizer.detokenize(np.zeros((0, 4), int)) == []
    assert tokenizer.detokenize(tf.zeros((0, 4), tf.int32)) == []
    assert tokenizer.detokenize([np.int64(5), np.int32(7)]) == "the cat"


def test_detokenize_inverts_a_lossless_tokenizer():
    tokenizer = KerasTokenizer(roberta())
    assert tokenizer.detokenize(tokenizer(TEXTS)) == TEXTS


def test_detokenize_in_a_graph():
    tokenizer = KerasTokenizer(roberta())
    dataset = tf.data.Dataset.from_tensor_slices(TEXTS)
    batched = (
        dataset.batch(2, drop_remainder=True).map(tokenizer).map(tokenizer.detokenize)
    )
    assert batched.element_spec == tf.TensorSpec([2], tf.string)
    texts = [text.decode() for batch in batched for text in batch.numpy()]
    assert texts == TEXTS[:4]
    single = dataset.map(tokenizer).map(tokenizer.detokenize)
    assert single.element_spec == tf.TensorSpec([], tf.string)
    assert [text.decode() for text in single.as_numpy_iterator()] == TEXTS
    dense = tf.data.Dataset.from_tensors([[5, 7]]).map(
        KerasTokenizer(wordpiece()).detokenize
    )
    assert list(dense.as_numpy_iterator()) == [[b"the cat"]]


@pytest.mark.parametrize("ids", [["the cat"], [[1.5]], [[[1]]], "the cat"])
def test_detokenize_refuses_what_is_no_ids(ids):
    with raises(
        TextInputError,
        "Ids must be one row of integers, or rows of them. Received: "
        f"{ids!r} ({type(ids).__name__}). Pass `token_ids` as they came out of a "
        "tokenizer.",
    ):
        KerasTokenizer(wordpiece()).detokenize(ids)


def test_detokenize_refuses_ids_of_another_vocabulary():
    with raises(
        TokenIdError,
        "Every token id must be in [0, 21). Received: 1 ids outside it, such as 99. "
        "Encode with the tokenizer that belongs to this vocabulary, or give its "
        "missing tokens ids first.",
    ):
        KerasTokenizer(wordpiece()).detokenize([[5, 99]])


# --- an extended vocabulary, as after a transplant ---------------------------------


def extended():
    tokenizer = load_tokenizer(gpt2())
    size = tokenizer.vocabulary.size
    vocabulary = tokenizer.vocabulary.with_roles(
        {"cls": size, "sep": size + 1, "pad": size + 2},
        append=["<cls>", "<sep>", "<pad>"],
    )
    return KerasTokenizer(tokenizer, vocabulary=vocabulary)


def test_appended_tokens_serve_preprocessors():
    tokenizer = extended()
    size = load_tokenizer(gpt2()).vocabulary.size
    assert tokenizer(PLAIN) == reference_ids(gpt2, PLAIN)
    assert tokenizer.vocabulary_size() == size + 3
    assert (tokenizer.start_token, tokenizer.end_token) == ("<cls>", "<sep>")
    assert tokenizer.pad_token_id == size + 2
    assert tokenizer.pad_is_text is False
    packed = keras_hub.models.BertTextClassifierPreprocessor(
        tokenizer, sequence_length=8
    )(["!"])
    # GPT-2's id 0 is `!`: with a pad id of its own it is not masked.
    assert np.asarray(packed["token_ids"]).tolist() == [
        [size, 0, size + 1, *[size + 2] * 5]
    ]
    assert np.asarray(packed["padding_mask"]).tolist() == [[True] * 3 + [False] * 5]


def test_appended_tokens_are_decoded():
    tokenizer = extended()
    ids = tokenizer(["a cat"])[0]
    row = [tokenizer.start_token_id, *ids, tokenizer.end_token_id]
    assert tokenizer.detokenize([row, ids]) == ["<cls>a cat<sep>", "a cat"]


# --- an alignment: the ids of the preset -------------------------------------------


@pytest.fixture
def remapped():
    preset = keras_hub.models.BertTokenizer(
        [
            token
            for token, _ in sorted(wordpiece().get_vocab().items(), key=lambda x: x[1])
        ],
        lowercase=True,
    )
    return KerasTokenizer(
        gpt2(), alignment=align(gpt2(), preset, reference=wordpiece())
    )


def test_remapped_ids_are_those_of_the_reference(remapped):
    assert remapped(PLAIN) == reference_ids(wordpiece, PLAIN)
    assert remapped("the cat").tolist() == [5, 7]
    dataset = tf.data.Dataset.from_tensor_slices(PLAIN).batch(3).map(remapped)
    rows = [row for batch in dataset for row in batch.to_list()]
    assert rows == reference_ids(wordpiece, PLAIN)


def test_remapped_ids_are_shown_as_the_presets(remapped):
    own = KerasTokenizer(wordpiece())
    for name in (
        "start_token_id",
        "end_token_id",
        "pad_token_id",
        "mask_token_id",
        "start_token",
        "special_token_ids",
        "pad_is_text",
    ):
        assert getattr(remapped, name) == getattr(own, name)
    assert remapped.vocabulary_size() == 21
    assert remapped.get_vocabulary() == own.get_vocabulary()
    assert remapped.id_to_token(7) == "cat"
    assert remapped.token_to_id("cat") == 7
    assert remapped.detokenize(remapped(PLAIN)) == own.detokenize(own(PLAIN))


def test_detokenize_inverts_a_remap_onto_a_lossless_preset():
    tokenizer = KerasTokenizer(gpt2(), alignment=align(gpt2(), roberta()))
    ids = tokenizer(TEXTS)
    assert ids == reference_ids(roberta) != KerasTokenizer(gpt2())(TEXTS)
    assert tokenizer.detokenize(ids) == TEXTS


def test_the_size_is_the_backbones():
    preset = classifier(
        "bert", KerasTokenizer(wordpiece(), spec=BackboneSpec(vocabulary_size=30))
    )
    alignment = align(gpt2(), preset, reference=wordpiece())
    tokenizer = KerasTokenizer(gpt2(), alignment=alignment)
    assert tokenizer.vocabulary_size() == 30
    assert tokenizer.get_vocabulary()[21:] == [None] * 9


def test_other_methods_remap_too():
    alignment = align(wordpiece(), roberta())
    lookup = KerasTokenizer(wordpiece(), alignment=alignment, method="lookup")
    expand = KerasTokenizer(wordpiece(), alignment=alignment, method="expand")
    ids = Ragged.from_lists(reference_ids(wordpiece, PLAIN))
    assert lookup(PLAIN) == alignment.remap(ids, method="lookup").to_lists()
    assert expand(PLAIN) == alignment.remap(ids, method="expand").to_lists()


# --- stock preprocessors -----------------------------------------------------------


@families
def test_a_packed_batch_is_what_hugging_face_gives(family):
    make, preprocessor, _ = CLASSIFIERS[family]
    theirs = make()
    pad_id = KerasTokenizer(make()).pad_token_id
    theirs.enable_padding(length=12, pad_id=pad_id)
    theirs.enable_truncation(12)
    packed = preprocessor(KerasTokenizer(make()), sequence_length=12)(TEXTS)
    expected = theirs.encode_batch(TEXTS)
    same(packed["token_ids"], np.array([encoding.ids for encoding in expected]))
    same(packed["padding_mask"], np.array([e.attention_mask for e in expected], bool))
    if family == "bert":
        same(packed["segment_ids"], np.array([e.type_ids for e in expected]))


@families
def test_pairs_are_two_segments(family):
    make, preprocessor, _ = CLASSIFIERS[family]
    theirs = make()
    pad_id = KerasTokenizer(make()).pad_token_id
    theirs.enable_padding(length=16, pad_id=pad_id)
    pair = (["the cat", "a"], ["good dog!", "bad mat"])
    packed = preprocessor(KerasTokenizer(make()), sequence_length=16)(pair, y=None)
    expected = theirs.encode_batch(list(zip(*pair, strict=True)))
    same(packed["token_ids"], np.array([encoding.ids for encoding in expected]))
    if family == "bert":
        same(packed["segment_ids"], np.array([e.type_ids for e in expected]))


@families
def test_tf_data_packs_as_eager_code_does(family):
    make, preprocessor, _ = CLASSIFIERS[family]
    layer = preprocessor(KerasTokenizer(make()), sequence_length=12)
    eager = layer(TEXTS)
    dataset = tf.data.Dataset.from_tensor_slices(TEXTS)
    (batched,) = dataset.batch(5).map(layer)
    same(batched, eager)
    (rebatched,) = dataset.map(layer).batch(5)
    same(rebatched, eager)
    pairs = tf.data.Dataset.from_tensor_slices((TEXTS, TEXTS[::-1])).batch(5)
    (batched,) = pairs.map(lambda a, b: layer((a, b), y=None))
    same(batched, layer((TEXTS, TEXTS[::-1]), y=None))


def test_masked_lm_leaves_special_tokens_alone():
    tokenizer = KerasTokenizer(wordpiece())
    layer = keras_hub.models.BertMaskedLMPreprocessor(
        tokenizer, sequence_length=12, mask_selection_rate=1.0, mask_selection_length=8
    )
    plain = keras_hub.models.BertTextClassifierPreprocessor(
        tokenizer, sequence_length=12
    )
    x, y, weights = keras.tree.map_structure(np.asarray, layer(PLAIN))
    ids = np.asarray(plain(PLAIN)["token_ids"])
    hidden = np.take_along_axis(ids, x["mask_positions"], 1)
    chosen = weights.astype(bool)
    assert chosen.sum() == sum(map(len, tokenizer(PLAIN)))
    same(hidden[chosen], y[chosen])
    assert not np.isin(hidden[chosen], tokenizer.special_token_ids).any()
    (graph,) = tf.data.Dataset.from_tensor_slices(PLAIN).batch(4).map(layer)
    assert not np.isin(graph[1].numpy()[graph[2].numpy() > 0], [0, 2, 3, 4]).any()


# --- tasks on raw texts ------------------------------------------------------------


@families
def test_fit_and_predict_on_texts(family, pipeline, monkeypatch):
    seen = []
    original = KerasTokenizer.tokenize

    def spy(self, inputs):
        seen.append(tf.is_tensor(inputs))
        return original(self, inputs)

    monkeypatch.setattr(KerasTokenizer, "tokenize", spy)
    task = classifier(family)
    packed = task.preprocessor(TEXTS)
    seen.clear()
    task.fit(TEXTS, LABELS, batch_size=2, verbose=0)
    predictions = task.predict(TEXTS, batch_size=2, verbose=0)
    assert set(seen) == {pipeline == "no grain"}
    assert predictions.shape == (5, 2)
    task.preprocessor = None
    same(task.predict(packed, batch_size=2, verbose=0), predictions)


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_pairs_and_datasets_of_texts(family, pipeline):
    assert pipeline
    task = classifier(family)
    pairs = (TEXTS, TEXTS[::-1])
    task.fit(pairs, LABELS, batch_size=2, verbose=0)
    assert task.predict(pairs, verbose=0).shape == (5, 2)
    dataset = tf.data.Dataset.from_tensor_slices((TEXTS, LABELS)).batch(2)
    task.fit(dataset, verbose=0)
    texts = tf.data.Dataset.from_tensor_slices(TEXTS).batch(2)
    np.testing.assert_allclose(
        task.predict(texts, verbose=0),
        task.predict(TEXTS, batch_size=2, verbose=0),
        rtol=1e-6,
    )


@pytest.mark.filterwarnings("ignore:Gradients do not exist:UserWarning")  # the pooler
def test_masked_lm_trains_on_texts(pipeline):
    assert pipeline
    tokenizer = KerasTokenizer(wordpiece())
    task = keras_hub.models.BertMaskedLM(
        backbone(keras_hub.models.BertBackbone, 21),
        preprocessor=keras_hub.models.BertMaskedLMPreprocessor(
            tokenizer, sequence_length=12, mask_selection_length=4
        ),
    )
    history = eager(task).fit(PLAIN, batch_size=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def test_a_causal_lm_trains_and_generates(pipeline):
    assert pipeline
    task = causal_lm(KerasTokenizer(gpt2(), spec=GPT2_SPEC))
    task.fit(PLAIN, batch_size=2, verbose=0)
    task.compile(sampler="greedy")
    single = task.generate("the cat", max_length=10)
    assert isinstance(single, str)
    assert single.startswith("the cat")
    batch = task.generate(["the cat", "wow!! a"], max_length=10)
    assert batch[0] == single
    # `!` is also the pad id: it must neither be masked nor cut out of the text.
    assert batch[1].startswith("wow!! a")
    assert task.generate(["the cat"], max_length=10, strip_prompt=True) != [single]


def test_generation_stops_at_the_end_token():
    tokenizer = extended()
    task = causal_lm(tokenizer)
    end = tokenizer.end_token_id

    class Stopper(keras_hub.samplers.Sampler):
        def get_next_token(self, probabilities):
            return keras.ops.full(probabilities.shape[:1], end)

    task.compile(sampler=Stopper())
    assert task.generate("the cat", max_length=10) == "the cat"


# --- files -------------------------------------------------------------------------


def all_kinds():
    alignment = align(gpt2(), wordpiece())
    cased = wordpiece()
    cased.normalizer = normalizers.BertNormalizer(lowercase=False)
    return {
        "own ids": KerasTokenizer(wordpiece()),
        "extended": extended(),
        "spec": KerasTokenizer(gpt2(), spec=GPT2_SPEC),
        "remapped": KerasTokenizer(gpt2(), alignment=alignment),
        # The alignment's vocabulary, but not its pipeline.
        "cased": KerasTokenizer(cased, alignment=align(wordpiece(), roberta())),
        "lookup": KerasTokenizer(
            alignment.tokenizer, alignment=alignment, method="lookup"
        ),
    }


def state(tokenizer):
    return (
        tokenizer(TEXTS),
        tokenizer.detokenize(tokenizer(TEXTS)),
        tokenizer.get_vocabulary(),
        tokenizer.special_token_ids,
        tokenizer.pad_token_id if tokenizer.codec.space.pad_id is not None else None,
        tokenizer.pad_is_text,
        tokenizer.method,
        tokenizer.codec.space.roles,
        tokenizer.codec.space.template,
    )


@pytest.mark.parametrize("kind", all_kinds())
def test_a_saved_tokenizer_comes_back(kind, tmp_path):
    tokenizer = all_kinds()[kind]
    tokenizer.save_to_preset(tmp_path / "first")
    loaded = KerasTokenizer.from_preset(tmp_path / "first")
    assert state(loaded) == state(tokenizer)
    # Nothing may depend on the folder it was read from.
    loaded.save_to_preset(tmp_path / "second")
    again = KerasTokenizer.from_preset(str(tmp_path / "second"))
    assert state(again) == state(tokenizer)
    first, second = (
        (tmp_path / name / "assets" / "tokenizer" / ASSET)
        for name in ("first", "second")
    )
    assert first.read_bytes() == second.read_bytes()


def test_the_config_is_plain_data(tmp_path):
    tokenizer = KerasTokenizer(gpt2(), spec=GPT2_SPEC)
    config = tokenizer.get_config()
    assert json.loads(json.dumps(config["spec"])) == GPT2_SPEC.to_dict()
    assert config["requires"] == "import bridge"
    tokenizer.save_to_preset(tmp_path)
    files = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")]
    assert sorted(files) == [f"assets/tokenizer/{ASSET}", "tokenizer.json"]


@families
@pytest.mark.parametrize("kind", ["own ids", "remapped"])
def test_a_preset_comes_back_with_equal_predictions(family, kind, tmp_path):
    make = CLASSIFIERS[family][0]
    tokenizer = KerasTokenizer(make())
    if kind == "remapped":
        tokenizer = KerasTokenizer(gpt2(), alignment=align(gpt2(), make()))
    task = classifier(family, tokenizer)
    task.fit(TEXTS, LABELS, batch_size=2, verbose=0)
    predictions = task.predict(TEXTS, verbose=0)
    assert len(np.unique(predictions[:, 0])) > 3
    task.save_to_preset(str(tmp_path))

    ids = tokenizer(TEXTS)
    loaded = keras_hub.models.TextClassifier.from_preset(str(tmp_path))
    assert type(loaded) is type(task)
    same(eager(loaded).predict(TEXTS, verbose=0), predictions)
    for loader in (
        keras_hub.tokenizers.Tokenizer,
        type(task.preprocessor).tokenizer_cls,
        KerasTokenizer,
    ):
        assert loader.from_preset(str(tmp_path))(TEXTS) == ids
    layer = keras_hub.models.TextClassifierPreprocessor.from_preset(str(tmp_path))
    same(layer(TEXTS), task.preprocessor(TEXTS))


@pytest.mark.parametrize("kind", ["own ids", "remapped"])
def test_a_keras_file_comes_back_with_equal_predictions(kind, tmp_path):
    task = classifier("bert", all_kinds()[kind])
    task.fit(TEXTS, LABELS, batch_size=2, verbose=0)
    predictions = task.predict(TEXTS, verbose=0)
    task.save(tmp_path / "task.keras")
    loaded = keras.saving.load_model(tmp_path / "task.keras")
    assert loaded.preprocessor.tokenizer(TEXTS) == task.preprocessor.tokenizer(TEXTS)
    same(eager(loaded).predict(TEXTS, verbose=0), predictions)


def test_a_causal_lm_preset_generates_the_same(tmp_path):
    task = causal_lm(KerasTokenizer(gpt2(), spec=GPT2_SPEC))
    task.compile(sampler="greedy")
    expected = task.generate(["the cat", "a!"], max_length=10)
    task.save_to_preset(str(tmp_path))
    loaded = keras_hub.models.CausalLM.from_preset(str(tmp_path))
    loaded.compile(sampler="greedy")
    assert loaded.generate(["the cat", "a!"], max_length=10) == expected


FRESH = """
import sys
import keras_hub
{extra}
task = keras_hub.models.TextClassifier.from_preset(sys.argv[1])
print(task.preprocessor.tokenizer(["the cat"]))
"""


def run_fresh(folder, extra=""):
    root = Path(__file__).resolve().parents[2]
    return subprocess.run(
        [sys.executable, "-c", FRESH.format(extra=extra), str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(root)},
    )


def test_a_fresh_process_needs_bridge_and_is_told_so(tmp_path):
    classifier("bert").save_to_preset(str(tmp_path))
    without = run_fresh(tmp_path)
    assert without.returncode == 1
    last = without.stderr.strip().splitlines()[-1]
    assert "Could not locate class 'KerasTokenizer'" in last
    assert "'requires': 'import bridge'" in last
    loaded = run_fresh(tmp_path, "import bridge; bridge.KerasTokenizer")
    assert loaded.returncode == 0, loaded.stderr
    assert loaded.stdout.strip() == "[[5, 7]]"


def test_a_preset_with_another_tokenizer_is_refused(tmp_path):
    native = keras_hub.models.BertTokenizer(
        KerasTokenizer(wordpiece()).get_vocabulary()
    )
    native.save_to_preset(str(tmp_path))
    with raises(
        TokenizerFileError,
        "The preset's tokenizer.json must hold a tokenizer of bridge. Received: "
        f"'keras_hub>BertTokenizer' in {tmp_path}. Load it with "
        "`keras_hub.tokenizers.Tokenizer.from_preset`.",
    ):
        KerasTokenizer.from_preset(tmp_path)


def test_a_function_is_never_saved(tmp_path):
    def letters(text):
        return ["ab".index(letter) for letter in text]

    tokenizer = KerasTokenizer(load_tokenizer(letters, vocabulary={"a": 0, "b": 1}))
    assert tokenizer(["abba"]) == [[0, 1, 1, 0]]
    with raises(
        UnsupportedTokenizerError,
        "A saved tokenizer holds no Python code. Received: the function "
        "test_a_function_is_never_saved.<locals>.letters. Keep it in your own code and "
        "call `bridge.load_tokenizer(function, vocabulary=...)` again.",
    ):
        tokenizer.save_to_preset(tmp_path)
    assert list((tmp_path / "assets" / "tokenizer").iterdir()) == []


def test_without_assets_there_is_no_vocabulary(tmp_path):
    config = KerasTokenizer(wordpiece()).get_config()
    tokenizer = KerasTokenizer.from_config(config)
    message = (
        "A KerasTokenizer works once it has a tokenizer. Received: one built from a "
        "config, whose assets are not loaded. Load the preset or the `.keras` file as "
        "a whole, or call `load_assets`."
    )
    for use in (
        lambda: tokenizer(["a"]),
        lambda: tokenizer.detokenize([5]),
        lambda: tokenizer.vocabulary_size(),
        lambda: tokenizer.pad_token_id,
        lambda: tokenizer.save_assets(tmp_path),
    ):
        with raises(MissingVocabularyError, message):
            use()


# --- hostile and damaged assets ----------------------------------------------------


def load_zip(folder, entries):
    with zipfile.ZipFile(folder / ASSET, "w") as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name), content)
    KerasTokenizer.from_config({}).load_assets(folder)


def refusal(folder, received):
    return raises(
        SavedFormatError,
        "A saved tokenizer is one zip file of plain files, written by "
        f"`save_to_preset` or `save`. Received: {folder / ASSET} ({received}). Save it "
        "again.",
    )


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "tokenizer/../../evil",
        "/evil",
        "C:\\evil",
        "C:evil",
        "..\\evil",
        ".",
    ],
)
def test_no_path_leaves_the_folder(name, tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    with refusal(inner, f"the path {name!r}, which leaves its folder"):
        load_zip(inner, [("tokenizer/fine", b""), (name, b"evil")])
    assert [path.name for path in tmp_path.rglob("*")] == ["inner", ASSET]


def test_an_archive_without_a_tokenizer_is_refused(tmp_path):
    with raises(
        SavedFormatError,
        "A saved tokenizer holds a tokenizer or an alignment. Received: "
        f"{tmp_path / ASSET}, which holds neither. Save it again.",
    ):
        load_zip(tmp_path, [("other", b"")])


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_refused(tmp_path):
    with refusal(tmp_path, "two files of one name"):
        load_zip(tmp_path, [("a", b"1"), ("a", b"2")])


def test_an_archive_has_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(assets, "SIZE_LIMIT", 1_000)
    with refusal(
        tmp_path, "1 files of 1,001 bytes, more than 1,000 files or 1,000 bytes"
    ):
        load_zip(tmp_path, [("a", bytes(1_001))])
    monkeypatch.setattr(assets, "ENTRY_LIMIT", 1)
    with refusal(tmp_path, "2 files of 0 bytes, more than 1 files or 1,000 bytes"):
        load_zip(tmp_path, [("a", b""), ("b", b"")])


def test_a_link_comes_out_as_a_plain_file(tmp_path):
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / ASSET, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with assets.unpack(tmp_path / ASSET) as folder:
        assert not (folder / "link").is_symlink()
        assert (folder / "link").read_text() == "/etc/passwd"


def test_a_missing_or_damaged_asset_is_named(tmp_path):
    file = tmp_path / ASSET
    tokenizer = KerasTokenizer.from_config({})
    with refusal(tmp_path, f"[Errno 2] No such file or directory: '{file}'"):
        tokenizer.load_assets(tmp_path)
    file.write_bytes(b"no zip")
    with refusal(tmp_path, "File is not a zip file"):
        tokenizer.load_assets(tmp_path)
    KerasTokenizer(wordpiece()).save_assets(tmp_path)
    content = bytearray(file.read_bytes())
    content[100] ^= 0xFF
    file.write_bytes(content)
    with pytest.raises(SavedFormatError, match=r"^A saved tokenizer is one zip file"):
        tokenizer.load_assets(tmp_path)


def test_a_failed_save_keeps_the_older_one(tmp_path):
    KerasTokenizer(wordpiece()).save_assets(tmp_path)
    before = (tmp_path / ASSET).read_bytes()
    callable_one = load_tokenizer(len, vocabulary={"a": 0})
    with pytest.raises(UnsupportedTokenizerError, match="holds no Python code"):
        KerasTokenizer(callable_one).save_assets(tmp_path)
    assert (tmp_path / ASSET).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [ASSET]
