"""`transplant` on the families of the first slice, in small, and its refusals."""

import subprocess
import sys

import numpy as np
import pytest

from bridge.alignment import Alignment, MatchKind
from bridge.alignment.align import align_vocabularies
from bridge.embedding import Rule
from bridge.errors import BackboneError
from bridge.spec import BackboneSpec, Template
from bridge.tokenizers.load import load_tokenizer

pytestmark = pytest.mark.keras

ROLES = {role: f"[{role.upper()}]" for role in ("pad", "unk", "cls", "sep", "mask")}
WORDS = ("play", "ing", "horn", "un", "ed", "do", "s", "the", "cat", "sat")
TOKENS = [*ROLES.values(), *WORDS, *(f"##{word}" for word in WORDS)]
SIZE = len(TOKENS)
ENCODER = {
    "num_layers": 2,
    "num_heads": 2,
    "hidden_dim": 8,
    "intermediate_dim": 12,
    "max_sequence_length": 16,
}
BACKBONES = {
    "Bert": ENCODER,
    "DistilBert": ENCODER,
    "Roberta": ENCODER,
    "Albert": {**ENCODER, "embedding_dim": 4},
    "GPT2": ENCODER,
}
CLASSIFIERS = ("Bert", "DistilBert", "Roberta", "Albert")


def filled(model):
    """Random weights: with fresh ones, zero biases would hide a wrong row."""
    rng = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(rng.standard_normal(weight.shape))
    return model


def backbone(name="Bert", **options):
    import keras_hub

    cls = getattr(keras_hub.models, f"{name}Backbone")
    return filled(cls(vocabulary_size=SIZE, **BACKBONES[name], **options))


def task(kind, name, **options):
    import keras_hub

    cls = getattr(keras_hub.models, f"{name}{kind}")
    return filled(cls(backbone=backbone(name), preprocessor=None, **options))


REFERENCE = load_tokenizer({token: i for i, token in enumerate(TOKENS)}, roles=ROLES)


def align(tokens, *, roles=ROLES, size=SIZE, **options):
    tokenizer = load_tokenizer(tokens, roles=roles, **options)
    fates = align_vocabularies(
        tokenizer.vocabulary, REFERENCE.vocabulary, normalize=str.lower
    )
    spec = BackboneSpec(
        vocabulary_size=size,
        template=Template(("cls",), ("sep",), ("sep",)),
        roles=REFERENCE.vocabulary.roles,
    )
    return Alignment(tokenizer, REFERENCE, "test", spec, *fates)


def permuted(more=0):
    order = np.random.default_rng(1).permutation(SIZE + more).tolist()
    return {token: i for token, i in zip(TOKENS, order, strict=False)}  # noqa: C416


def foreign():
    """A vocabulary with copies, compositions, a hole and an unknown token."""
    return {"the": 0, "playing": 1, "Cat": 2, "doing": 4, "日": 5, "horn": 6}


def transplant(*args, **options):
    from bridge.keras.transplant import transplant

    return transplant(*args, **options)


def run(model, ids, **more):
    import keras

    ids = np.asarray(ids, "int32")
    known = {
        "token_ids": ids,
        "padding_mask": np.ones_like(ids),
        "segment_ids": np.zeros_like(ids),
        **more,
    }
    keys = model.input
    outputs = model({key: known[key] for key in keys}, training=False)
    flat = keras.tree.flatten(outputs)
    return [keras.ops.convert_to_numpy(output) for output in flat]


IDS = np.random.default_rng(2).integers(0, SIZE, (3, 7))


@pytest.mark.parametrize("more", [0, 5])
@pytest.mark.parametrize("name", BACKBONES)
def test_permuted_ids_give_the_same_bits(name, more):
    model = backbone(name)
    before = [np.array(weight) for weight in model.weights]
    tokens = permuted(more)

    result = transplant(model, align(tokens))

    moved = np.array([tokens[token] for token in TOKENS])[IDS]
    for old, new in zip(run(model, IDS), run(result.model, moved), strict=True):
        np.testing.assert_array_equal(old, new)
    assert type(result.model) is type(model)
    assert result.model.vocabulary_size == max(tokens.values()) + 1
    for weight, value in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(np.array(weight), value)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_classifier_keeps_its_head(name):
    model = task("TextClassifier", name, num_classes=3)
    tokens = permuted(more=4)

    result = transplant(model, align(tokens))

    moved = np.array([tokens[token] for token in TOKENS])[IDS]
    np.testing.assert_array_equal(run(model, IDS)[0], run(result.model, moved)[0])
    assert type(result.model) is type(model)
    assert result.model.num_classes == 3
    assert result.model.preprocessor is None


def test_a_preprocessor_is_left_behind():
    import keras_hub

    models = keras_hub.models
    preprocessor = models.BertTextClassifierPreprocessor(
        models.BertTokenizer(vocabulary=TOKENS), sequence_length=8
    )
    model = models.BertTextClassifier(backbone(), 2, preprocessor=preprocessor)
    model.backbone.get_layer("transformer_layer_0").trainable = False

    twin = transplant(model, align(permuted(3))).model

    assert twin.preprocessor is None
    assert model.preprocessor is preprocessor
    assert not twin.backbone.get_layer("transformer_layer_0").trainable
    assert len(twin.trainable_weights) == len(model.trainable_weights)


def test_a_causal_model_scores_the_same_tokens():
    model = task("CausalLM", "GPT2")
    tokens = permuted(more=4)

    result = transplant(model, align(tokens))

    order = [tokens[token] for token in TOKENS]
    new = run(result.model, np.array(order)[IDS])[0]
    assert new.shape[-1] == max(order) + 1
    np.testing.assert_allclose(
        new[..., order], run(model, IDS)[0], rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("more", [0, 4])
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_bias_of_a_masked_model_follows_its_rows(name, more):
    model = task("MaskedLM", name)
    tokens = permuted(more)
    places = np.array([[1, 3]] * len(IDS), "int32")

    result = transplant(model, align(tokens))

    order = [tokens[token] for token in TOKENS]
    old = run(model, IDS, mask_positions=places)[0]
    new = run(result.model, np.array(order)[IDS], mask_positions=places)[0]
    if not more:  # a softmax over more tokens is another one
        np.testing.assert_allclose(new[..., order], old, rtol=1e-4, atol=1e-6)
    bias, moved = (m.masked_lm_head._bias.numpy() for m in (model, result.model))
    np.testing.assert_array_equal(moved[order], bias)


def test_a_foreign_vocabulary():
    model = backbone()
    result = transplant(model, align(foreign(), roles={}))
    table, rows = (m.token_embedding.embeddings.numpy() for m in (model, result.model))
    ids = {token: i for i, token in enumerate(TOKENS)}

    assert [Rule(rule).name for rule in result.provenance.rules] == [
        *("COPY", "COMPOSED", "NORMALIZED", "LAST_RESORT", "COMPOSED", "LAST_RESORT"),
        *("COPY", "ROLE", "ROLE", "ROLE", "ROLE", "ROLE"),
    ]
    assert result.vocabulary.tokens[7:] == (
        *("[CLS]", "[SEP]", "[PAD]", "[MASK]", "[UNK]"),
    )
    np.testing.assert_array_equal(rows[0], table[ids["the"]])
    np.testing.assert_array_equal(rows[2], table[ids["cat"]])
    np.testing.assert_array_equal(rows[7], table[ids["[CLS]"]])
    playing = (table[ids["play"]] * 4 + table[ids["##ing"]] * 3) / 7
    np.testing.assert_allclose(rows[1], playing, rtol=1e-5)
    assert result.provenance[1].rows == (ids["play"], ids["##ing"])
    assert not np.isclose(rows[[3, 5]], table[ids["[UNK]"]]).all(axis=1).any()
    assert len(result.provenance) == result.spec.vocabulary_size == 12
    assert result.spec.pad_id == result.vocabulary.roles["pad"] == 9


def test_what_check_verifies():
    result = transplant(backbone(), align(foreign(), roles={}))

    report = result.check()

    assert [table.rows for table in report.tables] == [12]
    assert report.tables[0].copied == 8
    assert report.equal_weights == len(result.model.weights) - 1
    low, high = report.tables[0].band
    assert str(report) == (
        "token_embedding/embeddings: 12 rows, 8 equal to the preset's bit for bit, "
        f"norms of those {low:.3g} to {high:.3g}, {len(report.tables[0].outliers)} new "
        f"rows outside\n{report.equal_weights} other weights: equal\n"
        "hidden states at 64 shared tokens: equal bit for bit"
    )


def test_check_refuses_a_copied_row_that_moved():
    result = transplant(backbone(), align(foreign(), roles={}))
    table = result.model.token_embedding.embeddings
    table.assign(table * 2)

    with pytest.raises(BackboneError, match="copied from") as error:
        result.check()
    assert str(error.value) == (
        "A transplanted row of token_embedding/embeddings equals the row it was copied "
        "from. Received: 8 that do not, such as ids 0, 2, 6, 7, 8. If the model was "
        "trained since, transplant with `trainable='new'` to keep copied rows; "
        "otherwise look at their `result.provenance[id]`."
    )


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "mixed_bfloat16"])
def test_dtype_and_policy_are_kept(dtype):
    model = backbone(dtype=dtype)

    result = transplant(model, align(permuted(3)))

    assert result.model.dtype_policy.name == model.dtype_policy.name
    old, new = (m.token_embedding.embeddings for m in (model, result.model))
    assert new.dtype == old.dtype
    result.check()


def test_trainable_flags_are_kept():
    model = task("TextClassifier", "Bert", num_classes=2)
    model.backbone.get_layer("transformer_layer_0").trainable = False
    model.backbone.token_embedding.trainable = False
    flags = [weight.trainable for weight in model.weights]
    frozen = len(model.trainable_weights)

    twin = transplant(model, align(permuted(3))).model

    assert [weight.trainable for weight in twin.weights] == flags
    assert len(twin.trainable_weights) == frozen
    assert not twin.backbone.get_layer("transformer_layer_0").trainable
    assert not all(flags)


def train(model, steps=3):
    """Take large steps with weight decay, which moves rows without a gradient too."""
    import keras

    model.compile(
        optimizer=keras.optimizers.AdamW(0.1, weight_decay=0.1),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    ids = np.arange(12, dtype="int32").reshape(2, 6)
    inputs = {
        "token_ids": ids,
        "padding_mask": np.ones_like(ids),
        "segment_ids": np.zeros_like(ids),
    }
    for _ in range(steps):
        model.train_on_batch(
            {key: inputs[key] for key in model.input}, np.array([0, 1])
        )


def moved(before, model):
    return {
        weight.path
        for old, weight in zip(before, model.weights, strict=True)
        if not np.array_equal(old, np.array(weight))
    }


@pytest.mark.parametrize("name", ["Bert", "DistilBert"])
@pytest.mark.parametrize("trainable", ["all", "embedding", "new", "none"])
def test_what_trains(name, trainable):
    model = task("TextClassifier", name, num_classes=2)
    result = transplant(model, align(foreign(), roles={}), trainable=trainable)
    before = [np.array(weight) for weight in result.model.weights]
    table = result.model.backbone.token_embedding.embeddings
    rows = table.numpy()

    train(result.model)

    paths = moved(before, result.model)
    body = {p for p in paths if "transformer_layer" in p or "/position_embedding" in p}
    head = {p for p in paths if "logits" in p}
    assert head
    assert (table.path in paths) == (trainable != "none")
    assert bool(body) == (trainable == "all")
    if trainable == "new":
        copied = result.provenance.copied
        np.testing.assert_array_equal(table.numpy()[copied], rows[copied])
        assert (table.numpy()[~copied] != rows[~copied]).any(axis=1).all()
        result.check()


def test_pinned_rows_stay_when_the_body_is_freed():
    model = task("TextClassifier", "Bert", num_classes=2)
    result = transplant(model, align(foreign(), roles={}), trainable="new")
    result.model.trainable = False  # on TensorFlow, True on True is skipped
    result.model.trainable = True
    before = [np.array(weight) for weight in result.model.weights]

    train(result.model)

    assert len(moved(before, result.model)) > 10
    assert result.check().tables[0].copied == 8


def test_the_draw_depends_on_the_seed_alone():
    alignment = align(foreign(), roles={})
    tables = [
        transplant(
            backbone(), alignment, seed=seed
        ).model.token_embedding.embeddings.numpy()
        for seed in (0, 0, 1)
    ]

    np.testing.assert_array_equal(tables[0], tables[1])
    assert not np.array_equal(tables[0][5], tables[2][5])
    np.testing.assert_array_equal(tables[0][:3], tables[2][:3])


def test_random_rows_for_comparison():
    result = transplant(backbone(), align(foreign(), roles={}), init="random")

    assert result.provenance.counts()["LAST_RESORT"] == 7
    assert result.check().tables[0].copied == 5


SAVED = """
import sys
import keras, keras_hub, numpy as np

model = getattr(keras_hub.models, sys.argv[2]).from_preset(sys.argv[1], **{options})
ids = np.arange(6, dtype="int32")[None]
inputs = {{"token_ids": ids, "padding_mask": ids * 0 + 1, "segment_ids": ids * 0}}
output = model({{key: inputs[key] for key in model.input}}, training=False)
output = output["pooled_output"] if isinstance(output, dict) else output
np.save(sys.argv[3], keras.ops.convert_to_numpy(output))
assert "bridge" not in sys.modules
"""


@pytest.mark.parametrize(
    ("cls", "options"), [("Backbone", {}), ("TextClassifier", {"preprocessor": None})]
)
def test_a_saved_preset_loads_without_bridge(tmp_path, cls, options):
    model = backbone()
    if cls == "TextClassifier":
        model = task(cls, "Bert", num_classes=2)
    result = transplant(model, align(foreign(), roles={}), trainable="new")
    result.model.save_to_preset(str(tmp_path / "preset"))

    code = SAVED.format(options=options)
    out = tmp_path / "out.npy"
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "preset"), cls, str(out)],
        check=True,
        cwd=tmp_path,
        capture_output=True,
        env=clean_environment(),
    )

    here = run(result.model, np.arange(6)[None])
    wanted = here[0] if here[0].ndim == 2 else here[-1]
    np.testing.assert_allclose(np.load(out), wanted, rtol=1e-5, atol=1e-6)


def clean_environment():
    import os

    return {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}


def error_of(*args, **options):
    with pytest.raises(BackboneError, match="Received") as error:
        transplant(*args, **options)
    return str(error.value)


@pytest.mark.filterwarnings("ignore:Layer .* does not have a .quantize:UserWarning")
def test_an_int8_model_is_refused():
    model = backbone()
    model.quantize("int8")

    message = error_of(model, align(permuted()))

    assert message == (
        "A transplant needs float weights: rows of a quantized table cannot be "
        f"averaged. Received: layer {message.split(chr(39))[1]!r}, quantized to int8. "
        "Transplant the float model, then call `result.model.quantize(...)`."
    )


def test_a_model_with_adapters_is_refused():
    model = backbone()
    model.enable_lora(2)

    message = error_of(model, align(permuted()))

    assert message == (
        "A transplant needs a model without LoRA adapters. Received: layer "
        f"{message.split(chr(39))[1]!r} with LoRA of rank 2. Transplant first, then "
        "call `enable_lora(...)` and set `token_embedding.trainable = True`; or merge "
        "the adapters by `save_weights` and `load_weights` into a model without them."
    )


def test_a_model_of_another_family_is_refused():
    assert error_of(backbone(), align(permuted(), size=30522)) == (
        "The model must be the one the tokenizer was aligned with. Received: a token "
        f"embedding of {SIZE} rows for an alignment with a vocabulary of 30522. Align "
        "with this model's preset: `bridge.align(tokenizer, preset)`."
    )


def test_no_kerashub_model():
    import keras

    assert error_of(keras.Sequential(), align(permuted())) == (
        "A transplant takes a KerasHub backbone with a token embedding, or a task with "
        "one. Received: Sequential. For any other Keras model build a layer with "
        "`bridge.token_embedding(...)`."
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"init": "focus"},
            "`init` must be one of 'copy', 'compose', 'anchors', 'omp', 'mean', "
            "'random', a method such as `bridge.Anchors(...)`, a function, or a list "
            "of these. Received: 'focus'.",
        ),
        (
            {"trainable": "some"},
            "`trainable` must be one of 'all', 'new', 'embedding', 'none'. Received: "
            "'some'.",
        ),
    ],
)
def test_unknown_options(options, message):
    with pytest.raises(ValueError, match="must be one of") as error:
        transplant(backbone(), align(permuted()), **options)
    assert str(error.value) == message


def roformer():
    import keras_hub

    return filled(
        keras_hub.models.RoformerV2Backbone(
            vocabulary_size=SIZE,
            num_layers=1,
            num_heads=2,
            hidden_dim=8,
            head_size=4,
            intermediate_dim=12,
        )
    )


# KerasHub's own code on torch: newer versions warn of how it indexes.
@pytest.mark.filterwarnings("ignore:Using a non-tuple sequence")
def test_padding_in_the_code_of_a_backbone():
    assert error_of(roformer(), align(foreign(), roles={})) == (
        "RoformerV2Backbone takes token id 0 for padding in its code, so id 0 must be "
        "the pad token. Received: a vocabulary whose id 0 is 'the' and whose pad token "
        "is id 9. Take a tokenizer that pads with id 0, or remap its ids with "
        "`alignment.remap`."
    )


def esm(**options):
    import keras_hub

    return filled(
        keras_hub.models.ESMBackbone(
            vocabulary_size=SIZE,
            num_layers=1,
            num_heads=2,
            hidden_dim=8,
            intermediate_dim=12,
            **options,
        )
    )


def test_padding_in_a_config_moves_with_its_token():
    result = transplant(esm(pad_token_id=0), align(foreign(), roles={}))

    assert result.model.get_config()["pad_token_id"] == 9


def test_an_id_in_a_config_without_a_token_is_refused():
    from bridge.keras.transplant import _IdMover

    result = transplant(backbone(), align(foreign(), roles={}))
    mover = _IdMover(result.vocabulary, result.provenance)

    assert mover.move("mask_token_id", 4) == 10
    with pytest.raises(BackboneError, match="config") as error:
        mover.move("image_token_id", 20)
    assert str(error.value) == (
        "A token id in a backbone's config needs a token in the new vocabulary. "
        "Received: image_token_id=20, which no token of the tokenizer stands for. Name "
        "one in `bridge.align(..., overrides={token: 20})`."
    )


def test_an_unknown_weight_by_vocabulary_is_refused(monkeypatch):
    monkeypatch.setattr("bridge.keras.tables._task_tables", lambda *_: [])

    message = error_of(task("MaskedLM", "Bert"), align(permuted(4)))

    assert message == (
        "Every weight that depends on the vocabulary must be known. Received: "
        f"mlm_head/output_bias of BertMaskedLM, which goes from shape ({SIZE},) to "
        f"({SIZE + 4},). Please report this model."
    )


def test_fates_of_the_foreign_vocabulary():
    kinds = align(foreign(), roles={}).kinds

    assert [MatchKind(kind).name for kind in kinds] == [
        *("EXACT", "COMPOSED", "NORMALIZED", "UNUSED", "COMPOSED", "UNMAPPED", "EXACT")
    ]
