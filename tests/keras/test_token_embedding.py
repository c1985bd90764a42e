import numpy as np
import pytest

from bridge.alignment import Alignment
from bridge.alignment.align import align_vocabularies
from bridge.errors import BackboneError
from bridge.spec import BackboneSpec
from bridge.tokenizers.load import load_tokenizer

pytestmark = pytest.mark.keras

TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *(f"w{i}" for i in range(40)), "##x"]
ROLES = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]"}


def token_embedding(*args, **options):
    from bridge.keras.embedding import token_embedding

    return token_embedding(*args, **options)


@pytest.fixture(scope="module")
def backbone():
    import keras_hub

    model = keras_hub.models.BertBackbone(
        vocabulary_size=len(TOKENS),
        num_layers=1,
        num_heads=2,
        hidden_dim=8,
        intermediate_dim=12,
    )
    rng = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(rng.standard_normal(weight.shape))
    return model


@pytest.fixture(scope="module")
def alignment():
    reference = load_tokenizer({t: i for i, t in enumerate(TOKENS)}, roles=ROLES)
    tokenizer = load_tokenizer({"w3": 0, "w3x": 1, "w7": 4, "?": 5})
    fates = align_vocabularies(tokenizer.vocabulary, reference.vocabulary)
    spec = BackboneSpec(vocabulary_size=len(TOKENS), roles=reference.vocabulary.roles)
    return Alignment(tokenizer, reference, "test", spec, *fates)


def test_rows_are_the_largest_id_and_one():
    layer = token_embedding({"how": 3, "are": 6, "you": 15}, output_dim=8)

    assert layer.embeddings.shape == (16, 8)
    assert layer.mask_zero is False
    assert layer(np.array([[15, 3]])).shape == (1, 2, 8)
    values = layer.embeddings.numpy()
    assert np.abs(values).max() <= 0.05
    assert len(np.unique(values, axis=0)) == 16


def test_fresh_rows_depend_on_the_seed_alone():
    tables = [
        token_embedding({"a": 0, "b": 9}, output_dim=4, seed=seed).embeddings.numpy()
        for seed in (0, 0, 1)
    ]

    np.testing.assert_array_equal(tables[0], tables[1])
    assert not np.array_equal(tables[0], tables[2])


def test_rows_start_as_in_a_transplant(alignment, backbone):
    from bridge.keras.transplant import transplant

    result = transplant(backbone, alignment)
    alone = token_embedding(alignment.tokenizer, alignment=alignment, backbone=backbone)
    extended = token_embedding(
        alignment.tokenizer,
        alignment=alignment,
        backbone=backbone,
        vocabulary=result.vocabulary,
    )

    wanted = result.model.token_embedding.embeddings.numpy()
    assert alone.embeddings.shape == (6, 8)
    np.testing.assert_array_equal(extended.embeddings.numpy(), wanted)
    np.testing.assert_array_equal(alone.embeddings.numpy(), wanted[:6])


def trained(layer):
    import keras

    model = keras.Sequential([layer, keras.layers.Dense(1)])
    model.compile(keras.optimizers.AdamW(0.1, weight_decay=0.1), "mse")
    before = layer.embeddings.numpy()
    model.train_on_batch(np.array([[0, 1, 4, 5]]), np.ones((1, 4, 1)))
    return (layer.embeddings.numpy() != before).any(axis=1)


@pytest.mark.parametrize(
    ("trainable", "moves"),
    [
        ("all", [True] * 6),
        ("embedding", [True] * 6),
        ("new", [False, True, True, True, False, True]),
        ("none", [False] * 6),
    ],
)
def test_what_trains(alignment, backbone, trainable, moves):
    layer = token_embedding(
        alignment.tokenizer, alignment=alignment, backbone=backbone, trainable=trainable
    )

    assert trained(layer).tolist() == moves


def test_a_pin_can_be_saved():
    import keras

    from bridge.keras.embedding import PinRows

    values = np.arange(6, dtype="float32").reshape(3, 2)
    pin = PinRows([True, False, True], values)
    again = keras.constraints.deserialize(keras.constraints.serialize(pin))

    wanted = [[0, 1], [9, 9], [4, 5]]
    for one in (pin, again):
        np.testing.assert_array_equal(one(np.full((3, 2), 9.0, "float32")), wanted)
    columns = PinRows([True, False, True], values.T, axis=1)
    np.testing.assert_array_equal(
        columns(np.full((2, 3), 9.0, "float32")), np.transpose(wanted)
    )


def test_an_lstm_masks_what_the_padding_mask_says():
    import keras

    ids = keras.Input((None,), dtype="int32")
    mask = keras.Input((None,), dtype="bool")
    x = token_embedding({"hi": 0, "you": 1}, output_dim=4)(ids)
    model = keras.Model([ids, mask], keras.layers.LSTM(3)(x, mask=mask))

    short = model.predict_on_batch([np.array([[0, 1]]), np.array([[True, True]])])
    padded = model.predict_on_batch(
        [np.array([[0, 1, 0]]), np.array([[True, True, False]])]
    )

    np.testing.assert_allclose(short, padded, rtol=1e-6)


def test_a_width_is_needed():
    with pytest.raises(ValueError, match="width") as error:
        token_embedding({"a": 0})
    assert str(error.value) == (
        "A table without a backbone needs its width. Received: output_dim=None. Pass "
        "`output_dim=`, or `alignment=` and `backbone=`."
    )


def test_half_of_a_start(alignment, backbone):
    for options, name in (
        ({"alignment": alignment}, "alignment"),
        ({"backbone": backbone}, "backbone"),
    ):
        with pytest.raises(ValueError, match="only") as error:
            token_embedding(alignment.tokenizer, **options)
        assert str(error.value) == (
            "Rows are started from a backbone through an alignment. Received: only "
            f"`{name}=`. Pass both, or `output_dim=` alone for a table without a "
            "backbone."
        )


def test_another_width_than_the_backbone(alignment, backbone):
    with pytest.raises(BackboneError, match="width") as error:
        token_embedding(
            alignment.tokenizer, output_dim=4, alignment=alignment, backbone=backbone
        )
    assert str(error.value) == (
        "A table started from a backbone has its width. Received: output_dim=4 for a "
        "table of width 8. Leave `output_dim=` out."
    )


def test_unknown_trainable():
    with pytest.raises(ValueError, match="trainable") as error:
        token_embedding({"a": 0}, output_dim=2, trainable="some")
    assert str(error.value) == (
        "`trainable` must be one of 'all', 'new', 'embedding', 'none'. Received: "
        "'some'."
    )
