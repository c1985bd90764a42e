"""Every text backbone of KerasHub through the one mechanism of `transplant`.

A permuted vocabulary must give the same numbers to the last bit, for a vocabulary of
equal size (where shapes tell nothing) and for a larger one.
"""

import numpy as np
import pytest

from bridge.alignment import Alignment
from bridge.alignment.align import align_vocabularies
from bridge.spec import BackboneSpec
from bridge.tokenizers.load import load_tokenizer

pytestmark = [
    pytest.mark.keras,
    pytest.mark.slow,
    # KerasHub 0.32's T5 says so of itself while it is built.
    pytest.mark.filterwarnings("ignore:Layer '.*:UserWarning"),
]

SIZE = 53
SPECIAL = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]"}
TOKENS = [*SPECIAL.values(), "[MASK]", *(f"w{i}" for i in range(SIZE - 5))]

ENCODER = {"num_layers": 2, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 12}
LIMITED = {**ENCODER, "max_sequence_length": 16}
DECODER = {
    "num_layers": 2,
    "num_query_heads": 2,
    "num_key_value_heads": 1,
    "hidden_dim": 8,
    "intermediate_dim": 12,
}
EXPERTS = {"num_experts": 2, "top_k": 1, "moe_intermediate_dim": 8}
TEXT_ONLY = {"head_dim": 4, "image_size": 16, "vision_encoder": None}
FULL = {"layer_types": ["full_attention"] * 2}


def both_sides(**sizes):
    return {
        f"{side}_{k}": v for side in ("encoder", "decoder") for k, v in sizes.items()
    }


GEMMA_PAIR = {
    **both_sides(
        hidden_dim=8,
        intermediate_dim=12,
        num_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=4,
        layer_types=["full_attention"] * 2,
    ),
    "cross_attention_hidden_size": 8,
}

ZOO = {
    "Albert": {**LIMITED, "embedding_dim": 4},
    "Bart": LIMITED,
    "Bert": LIMITED,
    "Bloom": ENCODER,
    "DebertaV3": {**LIMITED, "bucket_size": 8},
    "DistilBert": LIMITED,
    "EdRec": {
        "num_layers_enc": 2,
        "num_layers_dec": 2,
        "num_heads": 2,
        "hidden_dim": 8,
        "intermediate_dim": 12,
    },
    "Electra": {**LIMITED, "embedding_dim": 4},
    "ESM": ENCODER,
    "FNet": {k: v for k, v in LIMITED.items() if k != "num_heads"},
    "Falcon": {
        "num_layers": 2,
        "num_attention_heads": 2,
        "hidden_dim": 8,
        "intermediate_dim": 12,
    },
    "GPT2": LIMITED,
    "GPTNeoX": {**ENCODER, "hidden_dim": 16},
    "Gemma": {**DECODER, "head_dim": 4},
    "Gemma3": {**DECODER, **TEXT_ONLY},
    "Gemma4": {**DECODER, **TEXT_ONLY},
    "Gemma4 per layer": {
        **DECODER,
        **TEXT_ONLY,
        "hidden_size_per_layer_input": 4,
        "vocab_size_per_layer_input": SIZE,
    },
    "GptOss": {**DECODER, "num_experts": 2, "head_dim": 4},
    "Llama": DECODER,
    "Llama3": DECODER,
    "Llama3 tied": {**DECODER, "tie_word_embeddings": True},
    "Mistral": DECODER,
    "Mixtral": {**DECODER, "num_experts": 2},
    "OPT": LIMITED,
    "Phi3": DECODER,
    "Qwen": DECODER,
    "Qwen3": {**DECODER, "head_dim": 4},
    "Qwen3Moe": {**DECODER, **EXPERTS, "head_dim": 4},
    "Qwen3_5": {**DECODER, **FULL, "head_dim": 8},
    "Qwen3_5Moe": {
        **{k: v for k, v in DECODER.items() if k != "intermediate_dim"},
        **EXPERTS,
        **FULL,
        "head_dim": 8,
        "shared_expert_intermediate_size": 8,
    },
    "QwenMoe": {**DECODER, **EXPERTS, "shared_expert_intermediate_dim": 8},
    "RWKV7": {
        "hidden_size": 8,
        "head_size": 4,
        "num_layers": 2,
        "intermediate_dim": 12,
        **dict.fromkeys(("gate_lora", "mv_lora", "aaa_lora", "decay_lora"), 4),
    },
    "Roberta": LIMITED,
    "RoformerV2": {**ENCODER, "head_size": 4},
    "SmolLM3": {
        "hidden_dim": 8,
        "intermediate_dim": 12,
        "num_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "attention_bias": False,
        "attention_dropout": 0.0,
        "rope_layer_enabled_list": [True, True],
        "layer_types": ["attention"] * 2,
        "mlp_bias": False,
        "layer_norm_epsilon": 1e-6,
        "max_position_embeddings": 16,
        "rope_theta": 1e4,
        "partial_rotary_factor": 1.0,
    },
    "T5": ENCODER,
    "T5 untied": {**ENCODER, "tie_embedding_weights": False},
    "T5Gemma": GEMMA_PAIR,
    "T5Gemma2": GEMMA_PAIR,
    "XLMRoberta": LIMITED,
    "XLNet": ENCODER,
    # With sound or images beside the text.
    "Whisper": {
        **ENCODER,
        "max_encoder_sequence_length": 16,
        "max_decoder_sequence_length": 16,
    },
    "Moonshine": {
        "filter_dim": 8,
        "hidden_dim": 8,
        "intermediate_dim": 12,
        **both_sides(num_layers=1, num_heads=2),
    },
    "PaliGemma": {
        **DECODER,
        "head_dim": 4,
        "image_size": 16,
        "vit_patch_size": 8,
        "vit_num_heads": 2,
        "vit_hidden_dim": 8,
        "vit_num_layers": 1,
        "vit_intermediate_dim": 12,
    },
    # Keeps its tables two layers deep, and writes other names for its sizes.
    "Gemma3n": {
        "text_hidden_size": 8,
        "num_hidden_layers": 2,
        "pad_token_id": 0,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 8,
        "intermediate_size": [12, 12],
        "hidden_activation": "gelu_approximate",
        **FULL,
        "sliding_window": 4,
        "rope_theta": 1e4,
        "max_position_embeddings": 16,
        "vocab_size_per_layer_input": SIZE,
        "hidden_size_per_layer_input": 2,
        "altup_num_inputs": 2,
        "laurel_rank": 1,
        "image_token_id": SIZE - 1,  # no image encoder reads it
    },
}

# Names of the sizes that differ from `vocabulary_size`.
SIZES = {"EdRec": "vocab_size", "Electra": "vocab_size", "Gemma3n": "text_vocab_size"}


MORE_THAN_TEXT = ("Whisper", "Moonshine", "PaliGemma")


def build(name):
    import keras_hub

    cls = getattr(keras_hub.models, f"{name.split()[0]}Backbone")
    model = cls(**{SIZES.get(name, "vocabulary_size"): SIZE}, **ZOO[name])
    rng = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(rng.standard_normal(weight.shape))
    return model


def tokenizers(*, more):
    """The preset's and one with permuted ids; 0 stays, as RoFormer V2 pads with it."""
    order = 1 + np.random.default_rng(1).permutation(SIZE - 1 + more)
    permuted = {token: int(i) for token, i in zip(TOKENS[1:], order, strict=False)}
    mask = {**SPECIAL, "mask": "[MASK]"}
    return (
        load_tokenizer({token: i for i, token in enumerate(TOKENS)}, roles=mask),
        load_tokenizer({TOKENS[0]: 0, **permuted}, roles=mask),
    )


def align(reference, tokenizer):
    fates = align_vocabularies(tokenizer.vocabulary, reference.vocabulary)
    spec = BackboneSpec(vocabulary_size=SIZE, roles=reference.vocabulary.roles)
    return Alignment(tokenizer, reference, "test", spec, *fates)


def inputs(model, ids):
    wanted = model.input
    if not isinstance(wanted, dict):  # Gemma 3n lists its inputs
        wanted = {tensor.name: tensor for tensor in wanted}
    return {key: value_for(key, wanted[key], ids) for key in wanted}


def value_for(key, tensor, ids):
    if key.endswith("token_ids"):
        return ids
    if key == "position_ids":
        return np.tile(np.arange(ids.shape[1], dtype="int32"), (len(ids), 1))
    if str(tensor.dtype).startswith("float"):  # sound or images
        free = iter((16, 8, 8))
        shape = [len(ids), *(n or next(free) for n in tensor.shape[1:])]
        if key == "encoder_input_values":
            shape = [len(ids), 2_048, 1]
        return np.random.default_rng(5).standard_normal(shape).astype("float32")
    filled = np.ones_like if key.endswith("padding_mask") else np.zeros_like
    return filled(ids).astype(tensor.dtype)


def outputs(model, ids):
    import keras

    flat = keras.tree.flatten(model(inputs(model, ids), training=False))
    return [keras.ops.convert_to_numpy(part) for part in flat]


@pytest.mark.parametrize("more", [0, 7])
@pytest.mark.parametrize("name", ZOO)
def test_permuted_vocabulary(name, more):
    from bridge.keras.transplant import transplant

    model = build(name)
    before = [np.array(weight) for weight in model.weights]
    reference, tokenizer = tokenizers(more=more)
    result = transplant(model, align(reference, tokenizer))

    assert type(result.model) is type(model)
    assert result.vocabulary.size == tokenizer.vocabulary.size
    ids = np.random.default_rng(2).integers(1, SIZE, (3, 9)).astype("int32")
    ids[0, 7:] = 0
    moved = np.array([tokenizer.vocabulary.id(token) for token in TOKENS])[ids]
    for old, new in zip(outputs(model, ids), outputs(result.model, moved), strict=True):
        if old.shape[-1] == SIZE:  # RWKV7 ends in its head
            new = new[..., [tokenizer.vocabulary.id(token) for token in TOKENS]]
        assert np.isfinite(old).all()
        np.testing.assert_array_equal(old, new)
    for weight, value in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(np.array(weight), value)
    report = result.check()
    assert report.equal_weights == len(before) - len(report.tables)
    assert report.hidden.largest == 0.0
    assert bool(report.hidden.positions) == (name not in MORE_THAN_TEXT)


@pytest.mark.parametrize(
    "name", ["Llama", "GptOss", "T5 untied", "Llama3 tied", "GPT2"]
)
def test_output_head_follows_the_rows(name):
    import keras

    from bridge.keras.transplant import transplant

    model = build(name)
    reference, tokenizer = tokenizers(more=7)
    twin = transplant(model, align(reference, tokenizer)).model
    hidden = np.random.default_rng(3).standard_normal((2, 8)).astype("float32")
    order = [tokenizer.vocabulary.id(token) for token in TOKENS]

    old, new = (
        keras.ops.convert_to_numpy(m.token_embedding(hidden, reverse=True))
        for m in (model, twin)
    )

    np.testing.assert_allclose(new[:, order], old, rtol=1e-6)
    assert twin.token_embedding.tie_weights == model.token_embedding.tie_weights
