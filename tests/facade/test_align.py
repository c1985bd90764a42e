"""`bridge.align`: every form of the pretrained side."""

import pytest

import bridge
from bridge.errors import MissingVocabularyError, UnsupportedTokenizerError
from bridge.vocabulary import Vocabulary
from tests.core.messages import exactly
from tests.factories import bpe_tokenizer, keras_bert, wordpiece_tokenizer

WORDS = {"<unk>": 0, "the": 1, "fox": 2}


@pytest.fixture(scope="module")
def expected():
    return bridge.align(bpe_tokenizer(), wordpiece_tokenizer())


def test_another_tokenizer_is_the_reference(expected):
    assert expected.reference_note == "given as the preset"
    assert expected.spec.vocabulary_size == expected.reference.vocabulary.size
    assert expected.spec.roles == expected.reference.vocabulary.roles
    assert expected.spec.template.start == ("cls",)


def test_reference_goes_before_the_preset(expected):
    alignment = bridge.align(
        bpe_tokenizer(), Vocabulary.from_tokens(WORDS), reference=wordpiece_tokenizer()
    )
    assert alignment.reference_note == "given as reference="
    assert alignment.diff(expected) == {}


def test_a_bare_vocabulary_allows_all_but_retokenize(expected):
    vocabulary = expected.reference.vocabulary
    alignment = bridge.align(bpe_tokenizer(), vocabulary)
    assert alignment.counts()["EXACT"] == expected.counts()["EXACT"]
    ids = alignment.tokenizer.encode_batch(["the fox"])
    assert alignment.remap(ids, method="expand") == expected.remap(ids)
    with pytest.raises(UnsupportedTokenizerError, match="cannot encode text"):
        alignment.remap(ids)


def test_dicts_and_vocabularies_on_the_tokenizers_side():
    for tokenizer in (WORDS, Vocabulary.from_tokens(WORDS)):
        alignment = bridge.align(tokenizer, wordpiece_tokenizer())
        assert alignment.counts()["EXACT"] == 2


@pytest.mark.keras
def test_keras_hubs_tokenizer_is_rebuilt_as_its_checkpoint_had_it(expected):
    alignment = bridge.align(bpe_tokenizer(), keras_bert())
    assert alignment.reference_note == (
        "rebuilt from BertTokenizer's vocabulary and options"
    )
    texts = ["th\u00e9 quick fox"]
    ids = alignment.tokenizer.encode_batch(texts)
    assert alignment.remap(ids) == expected.remap(ids)


@pytest.mark.keras
def test_a_bare_backbone_says_what_is_missing():
    import keras_hub

    backbone = keras_hub.models.BertBackbone(300, 1, 1, 4, 4, max_sequence_length=8)
    message = (
        "Ids can only be aligned with a preset whose vocabulary is known. Received: a "
        "BertBackbone, which has no tokenizer. Pass the tokenizer its checkpoint was "
        "trained with as `reference=`."
    )
    with pytest.raises(MissingVocabularyError, match=exactly(message)):
        bridge.align(bpe_tokenizer(), backbone)
    alignment = bridge.align(bpe_tokenizer(), backbone, reference=wordpiece_tokenizer())
    assert alignment.spec.vocabulary_size == 300
    assert alignment.spec.max_sequence_length == 8
    assert alignment.spec.keys == ("token_ids", "segment_ids", "padding_mask")
