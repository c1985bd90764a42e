"""`LabelledTokens`: a task in which some tokens have a label and others have none."""

from abc import abstractmethod
from typing import Any

import keras
import keras_hub
from keras import ops

from bridge.words import IGNORED

# Keras's default way to a mean: the sum of the losses, divided by how many there are.
_OVER_ALL = "sum_over_batch_size"


class LabelledTokens(keras_hub.models.Task):
    """Leaves tokens that are labelled -100 out of every loss and every metric.

    Both are done where Keras computes them, so the rule holds for arrays, datasets and
    single batches, for any loss and metric, and on every backend.

    Raw input is encoded before Keras sees it, not batch by batch, so that Keras can
    shuffle it, split it and cut long texts into several rows.
    """

    activation: Any = None

    def compile(
        self,
        optimizer: Any = "auto",  # noqa: ANN401  as Keras takes them
        loss: Any = "auto",  # noqa: ANN401
        *,
        metrics: Any = "auto",  # noqa: ANN401
        weighted_metrics: Any = None,  # noqa: ANN401
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        """Configure training.

        Args:
            optimizer: `"auto"` for Adam with a rate of 5e-5.
            loss: `"auto"` for the mean cross-entropy of the tokens that have a label.
            metrics: A list, or `"auto"` for accuracy. They count the tokens that have
                a label, weighted as the samples are.
            weighted_metrics: More of them; here there is no difference.
            **kwargs: As `keras.Model.compile`.
        """
        if isinstance(optimizer, str) and optimizer == "auto":
            optimizer = keras.optimizers.Adam(5e-5)
        if isinstance(loss, str) and loss == "auto":
            loss = keras.losses.SparseCategoricalCrossentropy(
                from_logits=self.activation is not keras.activations.softmax,
                reduction="mean_with_sample_weight",
            )
        if isinstance(metrics, str) and metrics == "auto":
            metrics = [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]
        # A metric without weights would count tokens that have no label.
        weighted = [*(metrics or []), *(weighted_metrics or [])]
        super().compile(optimizer, loss, weighted_metrics=weighted, **kwargs)

    def compute_loss(
        self,
        x: Any = None,  # noqa: ANN401  tensors of the backend
        y: Any = None,  # noqa: ANN401
        y_pred: Any = None,  # noqa: ANN401
        sample_weight: Any = None,  # noqa: ANN401
        training: bool = True,  # noqa: FBT001, FBT002  Keras's signature
    ) -> Any:  # noqa: ANN401
        """Return the loss of the tokens that have a label; as in Keras."""
        count = ops.sum(ops.cast(ops.not_equal(y, IGNORED), "float32"))
        y, sample_weight = _without_ignored(y, sample_weight)
        reduction = getattr(self.loss, "reduction", _OVER_ALL)
        if reduction == _OVER_ALL:  # also of tokens without a label
            cells = ops.cast(ops.size(sample_weight), "float32")
            sample_weight = sample_weight * cells / ops.maximum(count, 1.0)
        return super().compute_loss(x, y, y_pred, sample_weight, training)

    def compute_metrics(
        self,
        x: Any,  # noqa: ANN401
        y: Any,  # noqa: ANN401
        y_pred: Any,  # noqa: ANN401
        sample_weight: Any = None,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Return the metrics of the tokens that have a label; as in Keras."""
        y, sample_weight = _without_ignored(y, sample_weight)
        return super().compute_metrics(x, y, y_pred, sample_weight)

    def fit(
        self,
        x: Any = None,  # noqa: ANN401  as Keras takes it
        y: Any = None,  # noqa: ANN401
        batch_size: int | None = None,
        sample_weight: Any = None,  # noqa: ANN401
        validation_data: Any = None,  # noqa: ANN401
        **kwargs: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401  a keras History
        """Train; as `keras.Model.fit`, which shuffles.

        Args:
            x: One list of words for each text, or what Keras takes.
            y: One label for each word: a number, a name, or -100 for none.
            batch_size: Rows in a batch.
            sample_weight: One for each text, or `None`.
            validation_data: `(x, y)` or `(x, y, sample_weight)`, or what Keras takes.
            **kwargs: As `keras.Model.fit`.

        Returns:
            Keras's history.

        Raises:
            TextInputError: If these are no rows of words.
            ValueError: If there is not one label for each word, or one is unknown.
        """
        if isinstance(validation_data, (list, tuple)):
            validation_data = self.preprocess_samples(*validation_data)
        x, y, weights = self._samples(x, y, sample_weight)
        return keras.Model.fit(
            self,
            x,
            y,
            batch_size=batch_size,
            sample_weight=weights,
            validation_data=validation_data,
            **kwargs,
        )

    def evaluate(
        self,
        x: Any = None,  # noqa: ANN401  as `fit`
        y: Any = None,  # noqa: ANN401
        batch_size: int | None = None,
        sample_weight: Any = None,  # noqa: ANN401
        **kwargs: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401  Keras's own
        """Return loss and metrics of tokens; see `score_words` for those of words."""
        x, y, weights = self._samples(x, y, sample_weight)
        return keras.Model.evaluate(
            self, x, y, batch_size=batch_size, sample_weight=weights, **kwargs
        )

    def predict(
        self,
        x: Any,  # noqa: ANN401  as `fit`
        batch_size: int | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401  an array
        """Return scores of tokens, `(texts, sequence_length, num_classes)`.

        A text has one row here, and words that do not fit are cut off: `predict_words`
        gives every word its label.
        """
        x, _, _ = self._samples(x)
        return keras.Model.predict(self, x, batch_size=batch_size, **kwargs)

    def preprocess_samples(
        self,
        x: Any,  # noqa: ANN401  as `fit`
        y: Any = None,  # noqa: ANN401
        sample_weight: Any = None,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Make arrays of what `fit` takes; KerasHub calls it for single batches."""
        return keras.utils.pack_x_y_sample_weight(*self._samples(x, y, sample_weight))

    @abstractmethod
    def _samples(
        self,
        x: Any,  # noqa: ANN401
        y: Any = None,  # noqa: ANN401
        sample_weight: Any = None,  # noqa: ANN401
    ) -> tuple[Any, Any, Any]:
        """Make arrays of raw input; anything else is returned as it is."""


def _without_ignored(y: Any, sample_weight: Any) -> tuple[Any, Any]:  # noqa: ANN401
    """Return labels that a loss can read, and weights that leave the others out.

    Left to itself, -100 raises on TensorFlow and counts as a class of its own on jax
    and torch.
    """
    kept = ops.not_equal(y, IGNORED)
    weights = ops.cast(kept, "float32")
    if sample_weight is not None:
        given = ops.cast(sample_weight, "float32")
        weights = weights * (given[:, None] if len(given.shape) == 1 else given)
    return ops.where(kept, y, ops.zeros_like(y)), weights
