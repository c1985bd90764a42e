"""`result.check()`: what it compares, and what it catches."""

import re

import numpy as np
import pytest

from bridge.errors import BackboneError
from tests.keras.test_transplant import (
    TOKENS,
    align,
    backbone,
    filled,
    foreign,
    permuted,
    task,
    transplant,
)

pytestmark = pytest.mark.keras

LAYERS = {"num_layers": 1, "num_query_heads": 2, "num_key_value_heads": 1}
DECODER = {**LAYERS, "hidden_dim": 8, "intermediate_dim": 12}


def test_hidden_states_of_shared_tokens_are_equal():
    hidden = transplant(backbone(), align(foreign(), roles={})).check().hidden

    assert (hidden.positions, hidden.largest, hidden.note) == (64, 0.0, "")
    assert str(hidden) == "hidden states at 64 shared tokens: equal bit for bit"


@pytest.mark.parametrize("name", ["GPT2", "DistilBert", "Albert", "Roberta"])
def test_families(name):
    result = transplant(backbone(name), align(permuted(3)))

    assert result.check().hidden.largest == 0.0


def test_a_task_is_compared_by_its_backbone():
    result = transplant(task("MaskedLM", "Bert"), align(permuted(3)))

    assert result.check().hidden.positions == 64


def test_a_wrong_body_is_caught():
    """As if the body had been rebuilt with other options, which no weight shows."""
    result = transplant(backbone(), align(permuted(3)))
    result.model.get_layer("transformer_layer_0")._feedforward_layer_norm.epsilon = 1.0

    with pytest.raises(BackboneError, match="same hidden states") as error:
        result.check()
    shape = re.fullmatch(
        "A transplanted model gives the same hidden states for tokens that it shares "
        r"with its preset\. Received: ([0-9.e-]+) between two of them, where rounding "
        r"explains ([0-9.e-]+)\. Look for a weight that was changed since, or please "
        r"report this model\.",
        str(error.value),
    )
    assert float(shape[1]) > float(shape[2]) > 0


def test_a_wrong_row_is_caught():
    """The rows of two tokens changed places, in the table and in its record."""
    result = transplant(backbone(), align(permuted()))
    table = result.model.token_embedding.embeddings
    first, second = (result.vocabulary.id(token) for token in ("the", "cat"))
    rows = table.numpy()
    rows[[first, second]] = rows[[second, first]]
    table.assign(rows)

    with pytest.raises(BackboneError, match="copied from"):
        result.check()
    with pytest.raises(BackboneError, match="same hidden states"):
        result._check_hidden()


def test_a_trained_body_is_not_compared():
    result = transplant(backbone(), align(permuted(3)))
    layer = result.model.get_layer("transformer_layer_1")
    layer.weights[0].assign(layer.weights[0] * 2)

    report = result.check()

    assert report.hidden.positions == 0
    assert str(report).splitlines()[-1] == (
        "hidden states: not compared, since 1 weights of the body were trained"
    )
    assert report.equal_weights == len(result.model.weights) - 2


def test_nothing_is_shared():
    hidden = transplant(backbone(), align({"\u65e5": 0}, roles={})).check().hidden

    assert str(hidden) == (
        "hidden states: not compared, since no token of text is shared"
    )


def test_a_model_of_images_is_not_compared():
    import keras_hub

    model = keras_hub.models.PaliGemmaBackbone(
        vocabulary_size=len(TOKENS),
        **DECODER,
        head_dim=4,
        image_size=16,
        vit_patch_size=8,
        vit_num_heads=2,
        vit_hidden_dim=8,
        vit_num_layers=1,
        vit_intermediate_dim=12,
    )

    hidden = transplant(filled(model), align(permuted(2))).check().hidden

    assert str(hidden) == (
        "hidden states: not compared, since the model reads more than text"
    )


def test_held_out_tokens_are_scored_in_every_table():
    import keras_hub

    model = filled(
        keras_hub.models.LlamaBackbone(vocabulary_size=len(TOKENS) + 32, **DECODER)
    )
    letters = [f"{a}{b}" for a in "wxyz" for b in "wxyz"]
    tokens = [*TOKENS, *"wxyz", *(f"##{c}" for c in "wxyz"), *letters]
    tokens += [f"spare{i}" for i in range(8)]
    result = permute(model, tokens)

    looked_up, scored = (table.held_out for table in result.check().tables)

    assert looked_up.tokens == scored.tokens == len(letters)
    assert looked_up != scored
    assert result.check(held_out=0).tables[0].held_out is None
    assert str(result.check()).count("held out, 16 copied tokens made anew") == 2


def permute(model, tokens):
    """Give a model a permuted vocabulary of these tokens."""
    from bridge.alignment import Alignment
    from bridge.alignment.align import align_vocabularies
    from bridge.spec import BackboneSpec
    from bridge.tokenizers.load import load_tokenizer

    order = np.random.default_rng(0).permutation(len(tokens)).tolist()
    reference = load_tokenizer({token: i for i, token in enumerate(tokens)})
    tokenizer = load_tokenizer(dict(zip(tokens, order, strict=True)))
    fates = align_vocabularies(tokenizer.vocabulary, reference.vocabulary)
    spec = BackboneSpec(vocabulary_size=len(tokens))
    return transplant(model, Alignment(tokenizer, reference, "test", spec, *fates))


@pytest.mark.filterwarnings("ignore:Layer .* does not have a .quantize:UserWarning")
@pytest.mark.parametrize("change", ["quantize", "lora"])
def test_a_model_that_was_altered_since(change):
    result = transplant(backbone(), align(permuted()))
    if change == "quantize":
        result.model.quantize("int8")
        state = ", quantized to int8"
    else:
        result.model.enable_lora(2)
        state = " with LoRA of rank 2"

    with pytest.raises(BackboneError, match="as the transplant made them") as error:
        result.check()
    message = str(error.value)
    assert message == (
        "A check compares weights as the transplant made them. Received: layer "
        f"{message.split(chr(39))[1]!r}{state}. Call `result.check()` before "
        "`quantize` and `enable_lora`."
    )
