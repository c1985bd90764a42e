"""What is measured of every row."""

from time import perf_counter

import numpy as np
from sts import embed, spearman

LENGTH = 96  # tokens of a text in fine-tuning


class Zero:
    """Quality without labels: splits of STS-B, and agreement with the original."""

    def __init__(self, original, splits, held_out):
        self.splits = splits
        self.held_out = held_out
        self.vectors = vectors(original, held_out)

    def measure(self, made):
        """Numbers of one row, and its cosines of the first split's pairs."""
        cosines = {
            name: (vectors(made, first) * vectors(made, second)).sum(axis=1)
            for name, (first, second, _) in self.splits.items()
        }
        found = vectors(made, self.held_out)
        begun = perf_counter()
        vectors(made, self.held_out)  # again: the first call compiles
        seconds = perf_counter() - begun
        tokens = made.tokenizer.encode_batch(self.held_out).values.size
        numbers = {
            "sts": {
                name: spearman(cosines[name], scores)
                for name, (_, _, scores) in self.splits.items()
            },
            "cosine": float((found * self.vectors).sum(axis=1).mean()),
            "tokens_per_text": tokens / len(self.held_out),
            "ms_per_text": 1000 * seconds / len(self.held_out),
        }
        return numbers, next(iter(cosines.values()))


def vectors(made, texts):
    return embed(made.model, made.tokenizer, made.vocabulary.roles, texts)


def fine_tune(made, parts, *, epochs, seed):
    """Accuracy in percent of a classifier on the mean of the states."""
    import keras

    import bridge

    model = made.model
    before = model.get_weights()
    keras.utils.set_random_seed(seed)
    (texts, labels), (test_texts, test_labels) = parts
    encoder = bridge.Encoder(
        made.tokenizer,
        strategy="transplant",
        backbone=made.spec,
        vocabulary=made.vocabulary,
        sequence_length=LENGTH,
    )
    pooled = bridge.MaskedPooling()(
        model.output["sequence_output"], model.input["padding_mask"]
    )
    classes = int(labels.max()) + 1
    classifier = keras.Model(model.input, keras.layers.Dense(classes)(pooled))
    train = bridge.TextDataset(encoder, texts, labels, seed=seed)
    rate = keras.optimizers.schedules.PolynomialDecay(
        5e-5, len(train) * epochs, end_learning_rate=0.0
    )
    classifier.compile(
        keras.optimizers.AdamW(rate),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    classifier.fit(train, epochs=epochs, verbose=0)
    found = classifier.predict(bridge.TextDataset(encoder, test_texts), verbose=0)
    model.set_weights(before)
    return 100 * float(np.mean(found.argmax(axis=1) == test_labels))
