"""Ids and masks computed elsewhere, straight into a BERT backbone, pooled by mask.

The common recipe calls `backbone(ids, mask)`, which raises, and averages over padding,
which is silently wrong.
"""

import keras
import keras_hub
from tokenizers import Tokenizer
from tweets import LABELS, load_tweets, model_folder, report, texts_argument

import bridge

folder = model_folder()
x_train, y_train, x_test, y_test = load_tweets(texts_argument(2_000))

# Elsewhere: some other program made padded ids and attention masks.
elsewhere = Tokenizer.from_file(f"{folder}/tokenizer.json")
train, test = (
    [(row.ids, row.attention_mask) for row in elsewhere.encode_batch(texts)]
    for texts in (x_train, x_test)
)

# Here: arrays that fit the backbone, with exactly its keys; bad ids raise.
backbone = keras_hub.models.BertBackbone.from_preset(folder)
encoder = bridge.Encoder(elsewhere, backbone=backbone, sequence_length=64)


def inputs(rows):
    ids, masks = zip(*rows, strict=True)
    return encoder.from_ids(ids, mask=masks, has_specials=True)


mean = bridge.MaskedPooling()(
    backbone.output["sequence_output"], backbone.input["padding_mask"]
)
model = keras.Model(backbone.input, keras.layers.Dense(len(LABELS))(mean))
model.compile(
    keras.optimizers.Adam(5e-5),
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
model.fit(inputs(train), y_train, epochs=2, batch_size=32)
report(model.evaluate(inputs(test), y_test, verbose=0)[1], y_test)
