"""KerasHub's text classifiers on raw texts, with a tokenizer from elsewhere."""

import numpy as np
import pytest
import tensorflow as tf

from tests.keras.families import (
    LABELS,
    LENGTH,
    MORE,
    TEXTS,
    assert_same,
    assert_trains,
    by_hand,
    connected,
    find_class,
    make_task,
    matrix,
    save_and_load,
)

pytestmark = pytest.mark.keras

FIRST, SECOND = TEXTS, TEXTS[::-1]
cases = matrix("Bert", "DistilBert", "Roberta", "XLMRoberta", "Albert", "DebertaV3")


def classifier(link, family):
    return make_task(link, family, "TextClassifier", num_classes=3)


@cases
def test_it_trains_and_comes_back_from_a_preset(
    family_presets, family, strategy, tmp_path
):
    task = classifier(connected(family_presets, family, strategy), family)
    assert_trains(task, MORE, LABELS)
    predictions = task.predict(MORE, verbose=0)
    assert predictions.shape == (8, 3)
    again = save_and_load(task, tmp_path)
    assert again.preprocessor.sequence_length == LENGTH
    assert_same(again.preprocessor(MORE), task.preprocessor(MORE))
    assert_same(again.predict(MORE, verbose=0), predictions)


@cases
def test_inputs_are_those_of_the_encoder(family_presets, family, strategy):
    link = connected(family_presets, family, strategy)
    stock = find_class(family, "TextClassifierPreprocessor")
    preprocessor = link.preprocessor(stock, sequence_length=LENGTH)
    encoder = link.make_encoder(LENGTH)
    single = encoder(TEXTS)
    assert set(single) == set(link.backbone.input)
    assert_same(dict(preprocessor(TEXTS)), single)
    assert_same(
        dict(preprocessor((FIRST, SECOND), y=None)), encoder(FIRST, pairs=SECOND)
    )
    own = stock(tokenizer=by_hand(link), sequence_length=LENGTH)
    assert_same(dict(own(TEXTS)), single)


@cases
def test_the_second_text_is_read_and_labels_stay_labels(
    family_presets, family, strategy
):
    link = connected(family_presets, family, strategy)
    task = classifier(link, family)
    pairs = (FIRST, SECOND)
    arrays = link.make_encoder(LENGTH)(FIRST, pairs=SECOND)
    inputs, labels = task.preprocessor(pairs, y=LABELS[:4])
    assert labels == LABELS[:4]
    assert_same(dict(inputs), arrays)
    assert_trains(task, (MORE, MORE[::-1]), LABELS)
    predictions = task.predict(pairs, verbose=0)
    assert not np.array_equal(predictions, task.predict((FIRST, FIRST), verbose=0))
    task.preprocessor = None
    assert_same(task.predict(arrays, verbose=0), predictions)


def test_a_dataset_of_texts(family_presets):
    task = classifier(connected(family_presets, "Bert", "retokenize"), "Bert")
    dataset = tf.data.Dataset.from_tensor_slices((MORE, LABELS)).batch(4)
    assert np.isfinite(task.fit(dataset, verbose=0).history["loss"]).all()
    assert_same(
        task.predict(dataset.map(lambda texts, _: texts), verbose=0),
        task.predict(MORE, batch_size=4, verbose=0),
    )
