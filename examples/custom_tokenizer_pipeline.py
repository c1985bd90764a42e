"""A tokenizer function of your own, as a `tf.data.Dataset` of arrays, into MiniLM."""

import re
from collections import Counter

import keras
import keras_hub
import numpy as np
import tensorflow as tf
from tweets import load_tweets, model_folder, report, texts_argument

import bridge

x_train, y_train, x_test, y_test = load_tweets(texts_argument(2_000))


# Your own: words and punctuation, lower-cased, the most frequent ones get an id.
def words(text):
    return re.findall(r"\w+|[^\w\s]", text.lower())


counts = Counter(word for text in x_train for word in words(text))
vocabulary = {"[UNK]": 0} | {
    word: i for i, (word, _) in enumerate(counts.most_common(8_000), start=1)
}


def tokenize(text):
    return [vocabulary.get(word, 0) for word in words(text)]


# Bridge: what do these ids mean to MiniLM? Words it lacks are composed of its pieces.
tokenizer = bridge.load_tokenizer(tokenize, vocabulary=vocabulary, roles={"unk": 0})
link = bridge.connect(tokenizer, model_folder(), strategy="transplant", texts=x_train)
print(link.report)
encoder = link.make_encoder(64)


steps = -(-len(x_train) // 32)


def batches():
    for rows in np.array_split(np.arange(len(x_train)), steps):
        yield encoder([x_train[i] for i in rows]), y_train[rows]


signature = {
    key: tf.TensorSpec((None, 64), value.dtype)
    for key, value in encoder(x_train[:1]).items()
}
dataset = tf.data.Dataset.from_generator(
    batches, output_signature=(signature, tf.TensorSpec((None,), tf.int64))
).apply(tf.data.experimental.assert_cardinality(steps))
model = keras_hub.models.BertTextClassifier(link.backbone, num_classes=3)
model.compile(
    keras.optimizers.Adam(5e-5),
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
model.fit(dataset.prefetch(2), epochs=2, shuffle=False)  # drawn in random order
report(model.evaluate(encoder(x_test), y_test, verbose=0)[1], y_test)
