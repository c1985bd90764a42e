"""An own vocabulary, no preset: a trainable embedding under an LSTM classifier.

The common recipe sizes the table by `len(vocabulary)` though ids go higher, maps
unknown words to the padding id, and lets the LSTM read the padding. Here the table has
a row for the largest id, unknown words have their own id, and the LSTM is masked.
"""

import re
from collections import Counter

import keras
from tweets import LABELS, load_tweets, report, texts_argument

import bridge

x_train, y_train, x_test, y_test = load_tweets(texts_argument(8_000))
counts = Counter(word for text in x_train for word in re.findall(r"\w+", text.lower()))
# Ids may have gaps: these go in steps of two.
vocabulary = {"<pad>": 0, "<unk>": 1} | {
    word: 2 * i for i, (word, _) in enumerate(counts.most_common(4_000), start=1)
}
tokenizer = bridge.load_tokenizer(
    vocabulary, split=r"\w+", roles={"pad": "<pad>", "unk": "<unk>"}
)
encoder = bridge.Encoder(tokenizer, sequence_length=40)

token_ids = keras.Input((40,), dtype="int32", name="token_ids")
padding_mask = keras.Input((40,), dtype="bool", name="padding_mask")
embedding = bridge.token_embedding(tokenizer, output_dim=32)
state = keras.layers.LSTM(32)(embedding(token_ids), mask=padding_mask)
model = keras.Model(
    {"token_ids": token_ids, "padding_mask": padding_mask},
    keras.layers.Dense(len(LABELS))(state),
)
model.compile(
    keras.optimizers.Adam(3e-3),
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)


def inputs(texts):
    arrays = encoder([text.lower() for text in texts])
    return {name: arrays[name] for name in ("token_ids", "padding_mask")}


print(f"{len(vocabulary)} tokens, largest id {max(vocabulary.values())}:", embedding)
model.fit(inputs(x_train), y_train, epochs=3, batch_size=32)
report(model.evaluate(inputs(x_test), y_test, verbose=0)[1], y_test)
