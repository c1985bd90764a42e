"""`distill` on tiny models: what learns, what stays, what is recorded and refused."""

import keras
import numpy as np
import pytest

import bridge
from bridge.embedding import Rule
from bridge.errors import (
    ArgumentTypeError,
    BackboneError,
    SavedFormatError,
    SequenceLengthError,
    TextInputError,
)
from bridge.keras.distilling.cut_words import find_cut_words
from bridge.keras.distilling.precision import computing_in
from bridge.keras.distilling.trainer import Agreement, Trainer
from bridge.keras.tables import backbone_of, vocabulary_tables
from tests.core.messages import around, exactly
from tests.factories import CORPUS
from tests.keras.families import external, find_class

pytestmark = pytest.mark.keras

TRAIN, HELD_OUT = CORPUS[:24], CORPUS[24:]
OPTIONS = {"batch_size": 8, "learning_rate": 0.3, "min_uses": 1}


def transplanted(presets, family, kind=None, **options):
    alignment = bridge.align(external(family), presets[family])
    model = find_class(family, "Backbone").from_preset(presets[family])
    if kind is not None:
        task = find_class(family, kind)
        model = task(backbone=model, preprocessor=None, **options)
    return bridge.transplant(model, alignment)


def table_of(model):
    return vocabulary_tables(model)[0].read()


def body_of(model):
    tables = {id(table.variable) for table in vocabulary_tables(model)}
    return [np.array(weight) for weight in model.weights if id(weight) not in tables]


def same_weights(model, other):
    for mine, theirs in zip(model.weights, other.weights, strict=True):
        np.testing.assert_array_equal(np.array(mine), np.array(theirs))


@pytest.mark.parametrize("family", ["Bert", "GPT2", "Albert"])
def test_new_rows_come_nearer_and_nothing_else_moves(family_presets, family):
    result = transplanted(family_presets, family)
    before, body = table_of(result.model), body_of(result.model)
    copied = result.provenance.copied

    # So few texts teach nothing about others: measured on some that train.
    done = bridge.distill(result, TRAIN, steps=40, val_texts=TRAIN[:8], **OPTIONS)

    first, best = done.agreements[0][1], dict(done.agreements)[done.best_step]
    assert best.loss < 0.7 * first.loss
    assert np.mean(done.losses[-3:]) < np.mean(done.losses[:3])
    after = table_of(result.model)
    moved = np.flatnonzero((after != before).any(axis=1))
    np.testing.assert_array_equal(moved, done.trained)
    assert not copied[done.trained].any()
    for old, new in zip(body, body_of(result.model), strict=True):
        np.testing.assert_array_equal(new, old)


def test_the_record_names_what_was_trained(family_presets):
    result = transplanted(family_presets, "Bert")
    rules = result.provenance.rules.copy()

    done = bridge.distill(result, TRAIN, steps=6, **OPTIONS)

    assert done.result.model is result.model
    found = done.result.provenance
    assert set(found.rules[done.trained]) == {Rule.DISTILLED}
    rest = np.setdiff1d(np.arange(len(rules)), done.trained)
    np.testing.assert_array_equal(found.rules[rest], rules[rest])
    assert found.rows == result.provenance.rows
    np.testing.assert_array_equal(result.provenance.rules, rules)
    new = np.flatnonzero(~found.copied & (found.rules != Rule.ROLE))
    np.testing.assert_array_equal(np.union1d(done.trained, done.rare), new)
    assert done.best_step == len(done.losses) == 6
    assert done.agreements == ()
    checked = done.result.check().tables[0]
    assert not set(checked.outliers) & set(done.trained.tolist())
    assert str(done) == (
        f"6 steps in {done.seconds:.0f} s: {len(done.trained)} rows trained, "
        f"{len(done.rare)} seen too rarely"
    )


def test_what_the_summary_says_of_held_out_texts(family_presets):
    result = transplanted(family_presets, "Bert")

    done = bridge.distill(result, TRAIN, steps=4, val_texts=HELD_OUT, **OPTIONS)

    measured = dict(done.agreements)
    first, best = measured[0], measured[done.best_step]
    assert str(done).partition("\n")[2] == (
        f"held-out texts: cosine to the original {first.cosine:.4f} before, "
        f"{best.cosine:.4f} after {done.best_step} steps; loss {first.loss:.4f} and "
        f"{best.loss:.4f}"
    )


@pytest.mark.parametrize("trainable", ["new", "all"])
def test_equal_seeds_give_equal_weights(family_presets, trainable):
    models = []
    for seed in (0, 0, 1):
        result = transplanted(family_presets, "Bert")
        options = {**OPTIONS, "seed": seed, "trainable": trainable}
        bridge.distill(result, TRAIN, steps=9, **options)
        models.append(result.model)

    same_weights(models[0], models[1])
    assert not np.array_equal(table_of(models[0]), table_of(models[2]))


@pytest.mark.parametrize("trainable", ["new", "all"])
def test_an_interrupted_run_goes_on_as_if_it_had_not_been(
    family_presets, tmp_path, monkeypatch, trainable
):
    options = {**OPTIONS, "steps": 14, "val_texts": HELD_OUT, "trainable": trainable}
    options["cut_words"] = trainable == "all"
    whole = transplanted(family_presets, "Bert")
    undisturbed = bridge.distill(whole, TRAIN, **options)
    options |= {"state": tmp_path / "state", "save_every": 0.0}
    step = Trainer.step

    def fail(self, lesson, **rates):
        if self.adam.steps.max() == 8:
            raise KeyboardInterrupt("now")
        return step(self, lesson, **rates)

    broken, fresh = (transplanted(family_presets, "Bert") for _ in range(2))
    monkeypatch.setattr(Trainer, "step", fail)
    with pytest.raises(KeyboardInterrupt, match="now"):
        bridge.distill(broken, TRAIN, **options)
    monkeypatch.undo()
    same_weights(broken.model, fresh.model)

    again = bridge.distill(broken, TRAIN, **options)

    same_weights(broken.model, whole.model)
    np.testing.assert_array_equal(again.losses, undisturbed.losses)
    assert again.agreements == undisturbed.agreements
    np.testing.assert_array_equal(again.trained, undisturbed.trained)
    # What is finished is not begun again.
    third = bridge.distill(fresh, TRAIN, **options)
    same_weights(third.result.model, whole.model)


def test_the_best_weights_are_kept_and_getting_worse_ends_it(
    family_presets, monkeypatch
):
    losses = iter([5.0, 2.0, 3.0, 4.0, 5.0])
    kept = []

    def evaluate(self, lessons):
        assert sum(map(len, lessons)) == len(HELD_OUT)
        kept.append((self.adam.rows.copy(), self.body_adam.read()))
        return Agreement(next(losses), 0.5)

    monkeypatch.setattr(Trainer, "evaluate", evaluate)
    result = transplanted(family_presets, "Bert")
    options = {**OPTIONS, "trainable": "all"}

    done = bridge.distill(result, TRAIN, steps=20, val_texts=HELD_OUT, **options)

    assert [step for step, _ in done.agreements] == [0, 2, 4, 6, 8]
    assert done.best_step == 2
    rows, weights = kept[1]
    np.testing.assert_array_equal(
        table_of(result.model)[done.trained], rows[done.trained]
    )
    assert not np.array_equal(rows, kept[4][0])
    found = {weight.tobytes() for weight in body_of(result.model)}
    assert {weight.tobytes() for weight in weights} <= found
    assert not {weight.tobytes() for weight in kept[4][1]} <= found


def test_rare_tokens_keep_their_rows(family_presets):
    result = transplanted(family_presets, "Bert")
    before = table_of(result.model)

    done = bridge.distill(result, TRAIN, steps=3, **{**OPTIONS, "min_uses": 3})

    assert 0 < len(done.trained) < len(done.rare)
    np.testing.assert_array_equal(table_of(result.model)[done.rare], before[done.rare])
    # Three batches of eight are one pass over the texts.
    ids = result.tokenizer.encode_batch(TRAIN)
    seen = {token for row in ids.to_lists() for token in set(row)}
    assert set(done.trained.tolist()) < seen


def test_copied_rows_may_move_a_little(family_presets):
    result = transplanted(family_presets, "Bert")
    before, copied = table_of(result.model), result.provenance.copied
    special = list(result.vocabulary.roles.values())

    done = bridge.distill(result, TRAIN, steps=6, copied=0.1, **OPTIONS)

    after = table_of(result.model)
    moved = np.linalg.norm(after - before, axis=1) / np.linalg.norm(before, axis=1)
    assert 0 < moved[copied].max() <= 0.1 * (1 + 1e-5)
    np.testing.assert_array_equal(after[special], before[special])
    assert done.result.provenance.copied.sum() < copied.sum()
    done.result.check()


def test_other_layers_count_where_they_are_named(family_presets):
    losses = []
    for layers in ((), ("transformer_layer_0",), ("embeddings_layer_norm",)):
        result = transplanted(family_presets, "Bert")
        done = bridge.distill(result, TRAIN, steps=1, layers=layers, **OPTIONS)
        losses.append(float(done.losses[0]))

    # The tiny preset has one layer, whose states are the last ones.
    assert losses[0] == losses[1]
    assert losses[2] != pytest.approx(losses[0], rel=1e-2)


@pytest.mark.parametrize(
    ("family", "kind", "options"),
    [
        ("Bert", "TextClassifier", {"num_classes": 2}),
        ("Bert", "MaskedLM", {}),
        ("GPT2", "CausalLM", {}),
        ("Llama", "CausalLM", {}),
    ],
)
def test_tasks(family_presets, family, kind, options):
    result = transplanted(family_presets, family, kind, **options)
    heads = [t.read() for t in vocabulary_tables(result.model)[1:]]
    body = body_of(result.model)

    done = bridge.distill(result, TRAIN, steps=20, val_texts=TRAIN[:8], **OPTIONS)

    best = dict(done.agreements)[done.best_step]
    assert best.loss < done.agreements[0][1].loss
    for old, table in zip(heads, vocabulary_tables(result.model)[1:], strict=True):
        np.testing.assert_array_equal(table.read(), old)
    for old, new in zip(body, body_of(result.model), strict=True):
        np.testing.assert_array_equal(new, old)
    done.result.check()


@pytest.mark.parametrize(
    ("family", "kind"),
    [("Bert", "MaskedLM"), ("GPT2", "CausalLM"), ("Albert", None), ("Llama", None)],
)
def test_a_body_that_trains_too_comes_nearer_than_rows_alone(
    family_presets, family, kind
):
    losses = {}
    for trainable in ("new", "all"):
        result = transplanted(family_presets, family, kind)
        before, inside = body_of(result.model), body_of(backbone_of(result.model))
        heads = [t.read() for t in vocabulary_tables(result.model)[1:]]
        options = {**OPTIONS, "trainable": trainable, "body_learning_rate": 0.01}
        done = bridge.distill(result, TRAIN, steps=30, val_texts=TRAIN[:8], **options)
        losses[trainable] = dict(done.agreements)[done.best_step].loss

    assert losses["all"] < losses["new"]
    after = body_of(result.model)
    moved = [not np.array_equal(*pair) for pair in zip(before, after, strict=True)]
    # Only what the last states depend on: neither a pooler nor a task's layers.
    assert 0 < sum(moved) <= len(inside)
    assert done.body >= sum(w.size for w, m in zip(after, moved, strict=True) if m) > 0
    assert f"; {done.body:,} weights of the body trained too\n" in str(done)
    for old, table in zip(heads, vocabulary_tables(result.model)[1:], strict=True):
        np.testing.assert_array_equal(table.read(), old)
    checked = done.result.check()
    assert checked.equal_weights == moved.count(False)
    assert checked.hidden.note == f"{sum(moved)} weights of the body were trained"


def test_cut_words_learn_though_no_text_holds_them(family_presets):
    texts = ["the cat sat"] * 8
    trained, losses = {}, {}
    for cut_words in (False, True):
        result = transplanted(family_presets, "Bert")
        reference = result._plan.source.alignment.reference
        words = list(find_cut_words(reference, result.tokenizer))
        options = {**OPTIONS, "trainable": "all", "cut_words": cut_words}
        lists = [" ".join(words[place : place + 6]) for place in range(8)]
        done = bridge.distill(result, texts, steps=40, val_texts=lists, **options)
        after = bridge.distill(
            done.result, texts, steps=1, val_texts=lists, **OPTIONS
        ).agreements
        trained[cut_words], losses[cut_words] = set(done.trained), after[0][1].loss

    assert losses[True] < 0.9 * losses[False]
    pieces = set(result.tokenizer.encode_batch(words).values.tolist())
    assert len(pieces & trained[True]) > 10 * len(trained[False])


def test_held_out_texts_are_joined_by_cut_words(family_presets):
    losses = []
    for cut_words in (False, True):
        result = transplanted(family_presets, "Bert")
        done = bridge.distill(
            result,
            TRAIN,
            steps=1,
            val_texts=("the the the" for _ in range(8)),
            cut_words=cut_words,
            **OPTIONS,
        )
        losses.append(done.agreements[0][1].loss)
    # Both tokenizers have "the", and its row is a copy: only words make a difference.
    assert 50 * losses[0] < losses[1]


def test_without_a_cut_word_all_batches_are_of_texts(family_presets):
    preset = family_presets["Bert"]
    reference = bridge.align(external("Bert"), preset).reference
    losses = []
    for cut_words in (False, True):
        backbone = find_class("Bert", "Backbone").from_preset(preset)
        result = bridge.transplant(backbone, bridge.align(reference, preset))
        options = {**OPTIONS, "copied": 0.1, "cut_words": cut_words}
        losses.append(bridge.distill(result, TRAIN, steps=4, **options).losses)
    np.testing.assert_array_equal(*losses)


@pytest.mark.parametrize("trainable", ["new", "all"])
def test_both_models_may_end_at_a_layer(family_presets, trainable):
    result = transplanted(family_presets, "Bert", "MaskedLM")
    behind = result.model.backbone.get_layer("transformer_layer_0")
    before = [np.array(weight) for weight in behind.weights]
    options = {**OPTIONS, "trainable": trainable, "until": "embeddings_layer_norm"}

    done = bridge.distill(result, TRAIN, steps=20, val_texts=TRAIN[:8], **options)

    best = dict(done.agreements)[done.best_step]
    assert best.loss < done.agreements[0][1].loss
    assert (done.body > 0) == (trainable == "all")
    for old, new in zip(before, behind.weights, strict=True):
        np.testing.assert_array_equal(np.array(new), old)
    done.result.check()


def test_scores_are_not_compared_before_the_last_layer(family_presets):
    result = transplanted(family_presets, "GPT2", "CausalLM")
    alone = transplanted(family_presets, "GPT2")
    options = {**OPTIONS, "steps": 3, "until": "embeddings_add"}
    found = [bridge.distill(made, TRAIN, **options).losses for made in (result, alone)]
    np.testing.assert_array_equal(*found)


def test_a_body_without_trainable_weights_is_refused(family_presets):
    result = transplanted(family_presets, "Bert")
    result.model.trainable = False
    with pytest.raises(
        BackboneError,
        match=exactly(
            "With `trainable='all'` the body trains where Keras lets it. Received: a "
            "model without trainable weights. Set `model.trainable = True`, or train "
            "new rows only, with `trainable='new'`."
        ),
    ):
        bridge.distill(result, TRAIN, steps=1, trainable="all")
    bridge.distill(result, TRAIN, steps=1, **OPTIONS)


def test_weights_that_keras_freezes_stay(family_presets):
    result = transplanted(family_presets, "Bert")
    layer = result.model.get_layer("transformer_layer_0")
    layer.trainable = False
    before = [np.array(weight) for weight in layer.weights]

    done = bridge.distill(result, TRAIN, steps=3, trainable="all", **OPTIONS)

    assert done.body > 0
    for old, new in zip(before, layer.weights, strict=True):
        np.testing.assert_array_equal(np.array(new), old)


def test_what_may_train(family_presets):
    with pytest.raises(
        ValueError,
        match=exactly("`trainable` must be 'new' or 'all'. Received: 'body'."),
    ):
        bridge.distill(
            transplanted(family_presets, "Bert"), TRAIN, steps=1, trainable="body"
        )


def test_training_in_bfloat16_leaves_layers_as_they_were(family_presets):
    done = {}
    for dtype in ("float32", "bfloat16"):
        result = transplanted(family_presets, "Bert")
        layers = result.model._flatten_layers()
        before = [layer.dtype_policy for layer in layers]
        options = {**OPTIONS, "trainable": "all", "compute_dtype": dtype}

        done[dtype] = bridge.distill(result, TRAIN, steps=20, **options)

        assert [layer.dtype_policy for layer in layers] == before
        assert {weight.dtype for weight in result.model.weights} == {"float32"}
    first, second = (run.losses for run in done.values())
    assert np.abs(first - second).max() > 0
    np.testing.assert_allclose(second, first, rtol=0.05)


def test_layers_compute_as_before_after_an_error():
    model = keras.Sequential([keras.layers.Dense(2), keras.layers.Dense(2)])
    model.build((None, 2))
    plain, quantized = model.layers
    quantized.quantize("int8")
    before = [layer.dtype_policy for layer in model.layers]

    def fail():
        with computing_in("bfloat16", [model]):
            assert plain.compute_dtype == "bfloat16"
            assert quantized.dtype_policy is before[1]
            raise ArithmeticError("stop")

    with pytest.raises(ArithmeticError, match="stop"):
        fail()
    assert [layer.dtype_policy for layer in model.layers] == before


def test_what_it_may_compute_in(family_presets):
    result = transplanted(family_presets, "Bert")
    with pytest.raises(
        ValueError,
        match=exactly(
            "`compute_dtype` must be 'float32' or 'bfloat16'. Received: 'float16'. "
            "Leave it out to compute as the model does."
        ),
    ):
        bridge.distill(result, TRAIN, steps=1, compute_dtype="float16")


def test_a_causal_model_scores_shared_tokens_more_like_the_original(family_presets):
    result = transplanted(family_presets, "GPT2", "CausalLM")
    shared = np.flatnonzero(result.provenance.copied)
    theirs = result.provenance.rows.values[result.provenance.rows.offsets[shared]]
    alignment = result._plan.source.alignment
    text = ["the reader"]

    def last_scores(model, tokenizer, order):
        ids = tokenizer.encode_batch(text)[0][None]
        inputs = {"token_ids": ids, "padding_mask": np.ones_like(ids)}
        scores = keras.ops.convert_to_numpy(model(inputs, training=False))[0, -1, order]
        return scores - scores.mean()

    wanted = last_scores(result._source, alignment.reference, theirs)
    before = last_scores(result.model, result.tokenizer, shared)
    bridge.distill(result, text * 8, steps=60, **OPTIONS)
    after = last_scores(result.model, result.tokenizer, shared)

    assert np.abs(after - wanted).mean() < 0.7 * np.abs(before - wanted).mean()


def test_the_gradient_is_that_of_the_loss(family_presets):
    from bridge.keras.distilling.preparing import prepare

    result = transplanted(family_presets, "GPT2")
    trainer, lessons = prepare(
        result,
        (),
        until=None,
        trainable="all",
        text_weight=3.0,
        copied=0.0,
        batch_size=8,
        sequence_length=32,
        seed=0,
    )
    lesson = lessons.make(TRAIN)[0]
    reading = lesson.transplanted
    embedded = trainer.adam.rows[reading.ids]
    rest = trainer.rest(lesson, reading)
    arrays = [embedded, *trainer.body_adam.read()]
    draw = np.random.default_rng(0)
    ways = [draw.standard_normal(array.shape, np.float32) for array in arrays]

    _, _, gradient, others = trainer.differentiate(embedded, rest)

    slopes = [
        float((keras.ops.convert_to_numpy(found) * way).sum())
        for found, way in zip((gradient, *others), ways, strict=True)
    ]

    def loss(step, chosen):
        first, *weights = (
            array + step * on * way
            for array, on, way in zip(arrays, chosen, ways, strict=True)
        )
        trainer.body_adam.write(weights)
        return float(trainer.differentiate(first, rest)[0])

    rows = np.arange(len(arrays)) == 0
    for chosen in (rows, ~rows):
        slope = (loss(1e-3, chosen) - loss(-1e-3, chosen)) / 2e-3
        assert slope == pytest.approx(np.dot(slopes, chosen), rel=0.02)


def test_time_ends_it(family_presets):
    result = transplanted(family_presets, "Bert")

    done = bridge.distill(result, TRAIN, seconds=3.0, **OPTIONS)

    assert 3.0 <= done.seconds < 60.0
    assert len(done.losses) > 0


def test_texts_are_read_once_and_no_further_than_needed(family_presets):
    read = []

    def texts():
        for number in range(10**6):
            read.append(number)
            yield CORPUS[number % len(CORPUS)]

    bridge.distill(transplanted(family_presets, "Bert"), texts(), steps=2, **OPTIONS)

    assert len(read) == 2_048


def test_nothing_is_shown_where_there_is_no_terminal(family_presets, capsys):
    bridge.distill(transplanted(family_presets, "Bert"), TRAIN, steps=1, **OPTIONS)

    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("texts", [[], [""], [" \n"]])
@pytest.mark.parametrize("name", ["texts", "val_texts"])
def test_texts_are_needed(family_presets, texts, name):
    given = {"texts": TRAIN, name: texts}
    with pytest.raises(
        TextInputError,
        match=exactly(
            "Distillation needs texts. Received: none in which a token fits beside the "
            "special ones into 32 ids. Pass texts, or a larger `sequence_length`."
        ),
    ):
        bridge.distill(transplanted(family_presets, "Bert"), steps=1, **given)


def test_a_row_has_room_for_a_token(family_presets):
    with pytest.raises(
        SequenceLengthError,
        match=exactly(
            "A row must hold the special tokens and at least one more. Received: "
            "sequence_length=2 for 2 special tokens. Pass at least 3."
        ),
    ):
        bridge.distill(
            transplanted(family_presets, "Bert"), TRAIN, steps=1, sequence_length=2
        )


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("a text", "Received: one str, 'a text'. Wrap it: `[text]`."),
        (b"a text", "Received: one bytes, b'a text'. Wrap it: `[text]`."),
        (None, "Received: NoneType. Pass `[]` where there is no text."),
    ],
)
def test_what_is_no_list_of_texts(family_presets, texts, message):
    whole = exactly(f"Pass a list of texts. {message}")
    with pytest.raises(TextInputError, match=whole):
        bridge.distill(transplanted(family_presets, "Bert"), texts, steps=1)


@pytest.mark.parametrize(
    "option",
    [
        {"copied": -0.1},
        {"text_weight": -1.0},
        {"min_uses": 0},
        {"learning_rate": 0.0},
        {"body_learning_rate": 0.0},
    ],
)
def test_options_out_of_range(family_presets, option):
    ((name, value),) = option.items()
    with pytest.raises(
        ValueError,
        match=exactly(
            "`copied` and `text_weight` must be at least 0, `min_uses` at least 1 and "
            f"learning rates above 0. Received: {name}={value}. Leave it out for the "
            "default."
        ),
    ):
        bridge.distill(transplanted(family_presets, "Bert"), TRAIN, steps=1, **option)


@pytest.mark.parametrize("option", [{"layers": ["encoder"]}, {"until": "encoder"}])
def test_an_unknown_layer(family_presets, option):
    result = transplanted(family_presets, "Bert")
    with pytest.raises(
        BackboneError,
        match=exactly(
            "A layer whose states are compared must be one of the backbone's, with "
            "states of the last ones' width. Received: 'encoder'. Name one of "
            "token_embedding, position_embedding, segment_embedding, embeddings_add, "
            "embeddings_layer_norm, embeddings_dropout, transformer_layer_0."
        ),
    ):
        bridge.distill(result, TRAIN, steps=1, **option)


def test_a_model_of_two_texts_is_refused(family_presets):
    with pytest.raises(
        BackboneError,
        match=exactly(
            "Distillation compares what two models say of a text. Received: "
            "BartBackbone, which takes decoder_padding_mask, decoder_token_ids, "
            "encoder_padding_mask, encoder_token_ids. Train its rows by "
            "`bridge.fit_in_two_steps`."
        ),
    ):
        bridge.distill(transplanted(family_presets, "Bart"), TRAIN, steps=1)


def test_a_model_is_no_transplant(family_presets):
    result = transplanted(family_presets, "Bert")
    with pytest.raises(
        ArgumentTypeError,
        match=exactly(
            "`distill` trains what `bridge.transplant` returned. Received: "
            "BertBackbone. Pass that result, not its model; after `bridge.connect` it "
            "is `link.transplant`."
        ),
    ):
        bridge.distill(result.model, TRAIN, steps=1)


def test_a_place_that_takes_no_state_is_refused_before_it_trains(
    family_presets, tmp_path
):
    result = transplanted(family_presets, "Bert")
    before = np.array(result.model.token_embedding.embeddings)
    (tmp_path / "file").write_text("mine", "utf-8")
    for place, message in ((tmp_path / "file", "is a file"), (tmp_path, "other files")):
        with pytest.raises(SavedFormatError, match=message):
            bridge.distill(result, iter(()), steps=1, state=place)
    np.testing.assert_array_equal(result.model.token_embedding.embeddings, before)


def test_the_state_of_another_run_is_refused(family_presets, tmp_path):
    result = transplanted(family_presets, "Bert")
    bridge.distill(result, TRAIN, steps=1, state=tmp_path / "state", **OPTIONS)
    path = tmp_path / "state" / "distillation.npz"

    with pytest.raises(SavedFormatError, match="began with") as error:
        bridge.distill(
            transplanted(family_presets, "Bert"),
            TRAIN,
            steps=2,
            state=tmp_path / "state",
            **{**OPTIONS, "batch_size": 4},
        )
    assert str(error.value).startswith(
        "A distillation goes on with the settings, model and vocabulary it began with. "
        'Received: {"format_version": 1, '
    )
    assert str(error.value).endswith(
        "Pass the same, or name another folder for `state`."
    )
    assert '"batch_size": 4' in str(error.value)
    assert f"where {path} was saved with" in str(error.value)


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 no archive", b"text"])
def test_a_damaged_state_is_refused(family_presets, tmp_path, damage):
    path = tmp_path / "distillation.npz"
    path.write_bytes(damage)
    with pytest.raises(
        SavedFormatError,
        match=around(
            f"A distillation goes on from its saved state. Received: {path}, which "
            "cannot be read (",
            "). Remove the folder to begin again.",
        ),
    ):
        bridge.distill(
            transplanted(family_presets, "Bert"), TRAIN, steps=1, state=tmp_path
        )
