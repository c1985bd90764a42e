"""Training in two steps, and refusals that need a model."""

import numpy as np
import pytest

from bridge.errors import BackboneError
from tests.keras.test_transplant import (
    align,
    backbone,
    filled,
    foreign,
    task,
    transplant,
)

pytestmark = pytest.mark.keras


def data():
    ids = np.arange(12, dtype="int32").reshape(2, 6)
    inputs = {
        "token_ids": ids,
        "padding_mask": np.ones_like(ids),
        "segment_ids": np.zeros_like(ids),
    }
    return inputs, np.array([0, 1])


def compiled(model):
    import keras

    model.compile(
        optimizer=keras.optimizers.AdamW(0.1, weight_decay=0.1),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    return model


class Moves:
    """Notes after every step which parts of a model moved."""

    def __init__(self, model):
        self.model, self.steps = model, []
        self.before = [np.array(w) for w in model.weights]

    def note(self):
        now = [np.array(weight) for weight in self.model.weights]
        self.steps.append(
            {
                weight.path
                for weight, old, new in zip(
                    self.model.weights, self.before, now, strict=True
                )
                if not np.array_equal(old, new)
            }
        )
        self.before = now


def fit(model, **options):
    import keras

    from bridge.keras.training import fit_in_two_steps

    moves = Moves(model)
    note = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: moves.note())
    inputs, labels = data()
    histories = fit_in_two_steps(
        model, inputs, labels, callbacks=[note], verbose=0, **options
    )
    return histories, moves.steps


def is_body(path):
    return "transformer_layer" in path or "/position_embedding" in path


@pytest.mark.parametrize("trainable", ["all", "new"])
def test_the_vocabulary_first_and_then_what_may_train(trainable):
    model = task("TextClassifier", "Bert", num_classes=2)
    result = transplant(model, align(foreign(), roles={}), trainable=trainable)
    compiled(result.model)
    table = result.model.backbone.token_embedding.embeddings
    flags = [weight.trainable for weight in result.model.weights]
    pinned = table.numpy()[result.provenance.copied]

    histories, steps = fit(result.model, embedding_epochs=2, epochs=1)

    assert [len(history.epoch) for history in histories] == [2, 1]
    assert table.path in steps[0]
    assert not any(map(is_body, steps[0] | steps[1]))
    assert any(map(is_body, steps[2])) == (trainable == "all")
    assert [weight.trainable for weight in result.model.weights] == flags
    if trainable == "new":
        np.testing.assert_array_equal(table.numpy()[result.provenance.copied], pinned)


def test_what_was_frozen_stays_frozen():
    model = compiled(task("TextClassifier", "Bert", num_classes=2))
    model.backbone.get_layer("transformer_layer_0").trainable = False

    _, steps = fit(model)

    assert any("transformer_layer_1" in path for path in steps[1])
    assert not any("transformer_layer_0" in path for path in steps[1])


def test_each_step_may_be_compiled_anew():
    import keras

    rates = iter([0.1, 0.001])
    model = task("TextClassifier", "Bert", num_classes=2)

    fit(
        model,
        compile_with=lambda: {
            "optimizer": keras.optimizers.SGD(next(rates)),
            "loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        },
    )

    assert float(model.optimizer.learning_rate) == pytest.approx(0.001)


def test_a_model_must_be_compiled():
    from bridge.keras.training import fit_in_two_steps

    with pytest.raises(BackboneError, match="compiled") as error:
        fit_in_two_steps(backbone(), *data())
    assert str(error.value) == (
        "A model is trained with the loss and optimizer it was compiled with. "
        "Received: a BertBackbone that is not compiled. Compile it, or pass "
        "`compile_with=`."
    )


def test_tables_for_another_vocabulary_are_refused():
    import keras_hub

    model = filled(
        keras_hub.models.Gemma4Backbone(
            vocabulary_size=25,
            num_layers=1,
            num_query_heads=2,
            num_key_value_heads=1,
            hidden_dim=8,
            intermediate_dim=12,
            head_dim=4,
            image_size=16,
            vision_encoder=None,
            hidden_size_per_layer_input=4,
            vocab_size_per_layer_input=20,
        )
    )

    with pytest.raises(BackboneError, match="row for each token") as error:
        transplant(model, align(foreign(), roles={}))
    assert str(error.value) == (
        "Every table of a model must have a row for each token, or ids without one "
        "would silently read another's. Received: 'per_layer_token_embedding' with 20 "
        "rows beside 25 of the token embedding. Remap ids onto this model's own "
        "vocabulary instead, with `alignment.remap`."
    )


def test_options_reach_the_rows():
    result = transplant(
        backbone(),
        align(foreign(), roles={}),
        init=["copy", "compose"],
        weights="uniform",
        head_weights="first",
        calibrate=True,
    )
    table = result.model.token_embedding.embeddings.numpy()
    norms = np.linalg.norm(table, axis=1)

    assert result.provenance[1].weights == (0.5, 0.5)
    assert result.head_provenance[1].weights == (1.0,)
    copied = result.provenance.copied
    np.testing.assert_allclose(norms[[1, 4]], np.median(norms[copied]), rtol=1e-5)
    result.check()


def test_an_untied_head_is_made_apart():
    import keras_hub

    model = filled(
        keras_hub.models.LlamaBackbone(
            vocabulary_size=25,
            num_layers=1,
            num_query_heads=2,
            num_key_value_heads=1,
            hidden_dim=8,
            intermediate_dim=12,
        )
    )
    layer = model.token_embedding

    result = transplant(
        model, align(foreign(), roles={}), weights="uniform", head_weights="first"
    )

    twin = result.model.token_embedding
    first, second = result.provenance[1].rows
    table, head = layer.embeddings.numpy(), layer.reverse_embeddings.numpy()
    np.testing.assert_allclose(
        twin.embeddings.numpy()[1], (table[first] + table[second]) / 2, rtol=1e-5
    )
    np.testing.assert_array_equal(twin.reverse_embeddings.numpy()[:, 1], head[:, first])
    assert len(result.check().tables) == 2


@pytest.mark.parametrize("rows", [26, 64])
def test_rows_of_another_model_are_refused(rows):
    model = backbone()

    with pytest.raises(BackboneError, match="aligned with"):
        transplant(model, align(foreign(), roles={}, size=rows))


@pytest.mark.parametrize("trainable", ["all", "new"])
def test_adapters_and_the_new_rows_train_together(trainable):
    """The recipe that the refusal of a model with adapters names."""
    model = task("TextClassifier", "Bert", num_classes=2)
    result = transplant(model, align(foreign(), roles={}), trainable=trainable)
    twin, copied = result.model, result.provenance.copied
    table = twin.backbone.token_embedding.embeddings
    twin.backbone.enable_lora(2)
    assert not table.trainable
    twin.backbone.token_embedding.trainable = True
    before = [(weight, np.array(weight)) for weight in twin.weights]
    rows = table.numpy()

    compiled(twin).train_on_batch(*data())

    moved = {w.path for w, old in before if not np.array_equal(old, np.array(w))}
    body = {path.rpartition("/")[2] for path in moved if is_body(path)}
    assert table.path in moved
    assert body <= {"lora_kernel_a", "lora_kernel_b", "bias"}
    assert "lora_kernel_b" in body
    same = (table.numpy() == rows).all(axis=1)
    assert same[copied].all() == (trainable == "new")
    assert not same[~copied].any()


def test_adapters_leave_what_the_model_says():
    result = transplant(backbone(), align(foreign(), roles={}))
    inputs, _ = data()
    before = result.model.predict(inputs, verbose=0)["pooled_output"]

    result.model.enable_lora(2)

    after = result.model.predict(inputs, verbose=0)["pooled_output"]
    np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore:Layer .* does not have a .quantize:UserWarning")
def test_a_transplanted_model_can_be_quantized():
    """The way out that the refusal of an int8 model names."""
    result = transplant(backbone(), align(foreign(), roles={}))
    inputs, _ = data()
    before = result.model.predict(inputs, verbose=0)["sequence_output"]

    result.model.quantize("int8")

    table = result.model.token_embedding
    assert table.quantization_mode == "int8"
    assert tuple(table.embeddings.shape) == (result.vocabulary.size, 8)
    after = result.model.predict(inputs, verbose=0)["sequence_output"]
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.95
