"""`encoder.as_hf()`: what the encoder knows, by transformers' names."""

import numpy as np

import bridge
from bridge.huggingface import HuggingFaceCall
from bridge.spec import BackboneSpec, Template
from tests import factories

LARGE = int(1e30)


def spec(*keys, limit=None):
    return BackboneSpec(
        keys=keys,
        vocabulary_size=400,
        template=Template(("cls",), ("sep",), ("sep",)),
        max_sequence_length=limit,
    )


def test_without_a_backbone_it_is_transformers_default():
    call = bridge.Encoder(factories.wordpiece_tokenizer()).as_hf()
    assert isinstance(call, HuggingFaceCall)
    assert call.model_input_names == ["input_ids", "attention_mask"]
    assert call.model_max_length == LARGE
    assert (call.padding_side, call.truncation_side) == ("right", "right")


def test_a_backbone_names_inputs_and_limit():
    tokenizer = factories.wordpiece_tokenizer()
    inputs = spec("token_ids", "padding_mask", "segment_ids", limit=8)
    call = bridge.Encoder(tokenizer, backbone=inputs, sequence_length=8).as_hf()
    assert call.model_input_names == ["input_ids", "token_type_ids", "attention_mask"]
    result = call(
        ["the quick brown fox jumps over the lazy dog", "a"],
        padding="max_length",
        truncation=True,
        return_tensors="np",
    )
    assert list(result) == call.model_input_names
    assert result["input_ids"].shape == (2, 8)
    arrays = bridge.Encoder(tokenizer, backbone=inputs, sequence_length=8)(
        ["the quick brown fox jumps over the lazy dog", "a"]
    )
    assert np.array_equal(result["input_ids"], arrays["token_ids"])
    assert np.array_equal(result["attention_mask"], arrays["padding_mask"])
    two = spec("token_ids", "padding_mask")
    call = bridge.Encoder(tokenizer, backbone=two).as_hf()
    assert call.model_input_names == ["input_ids", "attention_mask"]
    assert call.model_max_length == LARGE


def test_a_remap_keeps_the_tokenizer_s_own_ids():
    words = bridge.load_tokenizer(
        {"<pad>": 0, "<unk>": 1, "the": 2, "fox": 3}, split="whitespace"
    )
    preset = bridge.load_tokenizer(factories.wordpiece_tokenizer())
    alignment = bridge.align(words, preset)
    encoder = bridge.Encoder(words, alignment=alignment, strategy="retokenize")
    assert encoder(["the fox"])["token_ids"][0, 1] != 2
    call = encoder.as_hf()
    assert call("the fox")["input_ids"] == [2, 3]
    assert call.pad_token == "<pad>"
    assert len(call) == 4


def test_a_transplant_adds_its_special_tokens():
    tokenizer = bridge.load_tokenizer(factories.bpe_tokenizer())
    extended = tokenizer.vocabulary.with_roles({"pad": "[PAD]"}, append=["[PAD]"])
    encoder = bridge.Encoder(
        tokenizer,
        strategy="transplant",
        backbone=spec("token_ids", "padding_mask").with_vocabulary(
            extended.roles, extended.size
        ),
        vocabulary=extended,
        specials=None,
    )
    call = encoder.as_hf()
    assert call.pad_token_id == tokenizer.vocabulary.size
    rows = call(["the fox", "a"], padding=True)["input_ids"]
    assert rows[1][-1] == tokenizer.vocabulary.size
    assert len(call) == extended.size


def test_importing_it_needs_no_library_of_tokenizers():
    from tests.house.test_import_hygiene import heavy_modules_after

    assert heavy_modules_after("import bridge.huggingface") == []
