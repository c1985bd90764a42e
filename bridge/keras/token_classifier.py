"""`TokenClassifier`: a label for every word, on any KerasHub backbone."""

import os
from collections.abc import Sequence
from typing import Any, Self

import keras
import numpy as np
from keras_hub.src.utils.preset_utils import (
    TASK_CONFIG_FILE,
    check_config_class,
    check_file_exists,
    get_preset_loader,
    load_json,
)

from bridge.keras.entities import WordScores, score_words
from bridge.keras.labelled_tokens import LabelledTokens
from bridge.keras.presets import read_preset
from bridge.keras.token_classifier_preprocessor import (
    TokenClassifierPreprocessor,
    Words,
)
from bridge.keras.token_states import checked_inputs, token_states
from bridge.keras.tokenizer import KerasTokenizer
from bridge.keras.word_labels import Label, LabelNames, check_labels, read_words
from bridge.words import IGNORED

# Longest rows of a classifier that is made from a preset without saying how long.
_LENGTH = 128


@keras.saving.register_keras_serializable(package="bridge")
class TokenClassifier(LabelledTokens):
    """Gives every word a label: parts of speech, entities, and the like.

    A linear layer over the state of each token. Texts come as lists of words, labels
    as one list for each text. Labels of -100 count in no loss and no metric, on every
    backend. Unlike KerasHub's tasks, `fit` shuffles, as Keras does by default.

    Lists of words go through the preprocessor; anything else that `fit`, `evaluate`
    and `predict` are given (a dict of arrays, a dataset) is taken as made already.
    In `fit` and `evaluate` a text that is too long becomes several rows, so no word is
    lost.

    Args:
        backbone: A `keras_hub.models.Backbone` with a state for every token.
        num_classes: Number of labels.
        preprocessor: A `TokenClassifierPreprocessor`, or `None` for arrays only.
        labels: Names of the labels in the order of their numbers, to give and to get
            names instead of numbers.
        activation: Of the last layer; `None` for logits.
        dropout: Share of the states' columns that training leaves out.
        **kwargs: Passed to the Keras model.

    Attributes:
        preprocessor_cls: Its preprocessor, for KerasHub.

    Raises:
        BackboneError: If the backbone has no state for every token.
        ValueError: If there is not one name for each class.

    Example:
        >>> labels = ("O", "B-LOC", "I-LOC")
        >>> task = link.task(
        ...     bridge.TokenClassifier, num_classes=3, labels=labels, sequence_length=8
        ... )
        >>> _ = task.fit([["in", "Ankara"]], [["O", "B-LOC"]], verbose=0)
        >>> found = task.predict_words([["from", "Ankara"]], verbose=0)
        >>> [len(row) for row in found], found[0][0] in labels
        ([2], True)
    """

    preprocessor_cls = TokenClassifierPreprocessor

    def __init__(
        self,
        backbone: Any,  # noqa: ANN401  a keras_hub Backbone
        num_classes: int,
        preprocessor: Any = None,  # noqa: ANN401
        *,
        labels: Sequence[str] | None = None,
        activation: Any = None,  # noqa: ANN401  as Keras takes it
        dropout: float = 0.0,
        **kwargs: Any,  # noqa: ANN401  Keras's own
    ) -> None:
        names = LabelNames(num_classes, None if labels is None else tuple(labels))
        _check_preprocessor(preprocessor)
        self.backbone = backbone
        self.preprocessor = preprocessor
        self.output_dropout = keras.layers.Dropout(
            dropout, dtype=backbone.dtype_policy, name="output_dropout"
        )
        self.output_dense = keras.layers.Dense(
            num_classes,
            kernel_initializer=keras.initializers.TruncatedNormal(stddev=0.02),
            activation=activation,
            dtype=backbone.dtype_policy,
            name="logits",
        )
        outputs = self.output_dense(self.output_dropout(token_states(backbone)))
        # `compile`, which this calls, asks for the activation.
        self.activation = keras.activations.get(activation)
        super().__init__(inputs=backbone.input, outputs=outputs, **kwargs)
        self.num_classes = num_classes
        self.labels = names.names
        self.dropout = dropout

    def predict_words(
        self,
        x: Words,
        *,
        stride: int | None = None,
        **kwargs: Any,  # noqa: ANN401  Keras's own
    ) -> list[list[Label]]:
        """Return a label for every word, read off its first token.

        A text that is too long is read in rows that share `stride` tokens, and a word
        in two of them has its label from the one that shows more around it.

        Args:
            x: One list of words for each text.
            stride: Tokens that two neighbouring rows share; a quarter of
                `sequence_length` if `None`.
            **kwargs: As `keras.Model.predict`.

        Returns:
            As many labels as words: names where the task has them, else numbers.
            `None` for a word without tokens, such as an empty one.

        Raises:
            TextInputError: If these are no rows of words.
            SequenceLengthError: If the rows would not move on.
            ValueError: If there is no preprocessor.
        """
        preprocessor = self._word_preprocessor()
        shared = preprocessor.sequence_length // 4 if stride is None else stride
        split = preprocessor.split(x)
        cut = preprocessor.cut(split, stride=shared)
        scores = keras.Model.predict(
            self, checked_inputs(cut.arrays, self.backbone), **kwargs
        )
        places = np.arange(split.ids.values.size, dtype=np.int32)
        cells = preprocessor.place(places, split, cut, blank=IGNORED)
        numbers = read_words(np.argmax(scores, -1), cells, cut, split, stride=shared)
        return self._names.named(numbers, split.counts)

    def score_words(
        self,
        x: Words,
        y: Sequence[Sequence[Any]],
        **kwargs: Any,  # noqa: ANN401
    ) -> WordScores:
        """Predict words and compare: word accuracy, and entities for BIO labels.

        Args:
            x: One list of words for each text.
            y: One label for each word: a number, a name, or -100 for none.
            **kwargs: As `predict_words`.

        Returns:
            The scores. A word without a prediction counts as wrong.

        Raises:
            MissingDependencyError: If the labels are BIO and seqeval is not installed.
            ValueError: If there is not one label for each word, or one is unknown.
        """
        return score_words(self._names.spelled(y), self.predict_words(x, **kwargs))

    def _samples(
        self,
        x: Any,  # noqa: ANN401
        y: Any = None,  # noqa: ANN401
        sample_weight: Any = None,  # noqa: ANN401
    ) -> tuple[Any, Any, Any]:
        if isinstance(x, (list, tuple)):
            preprocessor = self._word_preprocessor()
            if y is None:
                x = preprocessor(list(x), y=None)
            else:
                x, y, text = preprocessor.windows(x, self._names.numbers(y))
                if sample_weight is not None:
                    sample_weight = np.asarray(sample_weight)[text]
        check_labels(y, self.num_classes)
        return checked_inputs(x, self.backbone), y, sample_weight

    @property
    def _names(self) -> LabelNames:
        return LabelNames(self.num_classes, self.labels)

    def _word_preprocessor(self) -> Any:  # noqa: ANN401
        if self.preprocessor is None:
            raise ValueError(
                "Lists of words need a preprocessor. Received: a task without one. "
                "Make it with `link.task(bridge.TokenClassifier, ...)`, or pass "
                "`preprocessor=` or the arrays themselves."
            )
        return self.preprocessor

    def get_config(self) -> dict[str, Any]:
        """Return plain data, as every KerasHub task."""
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "labels": None if self.labels is None else list(self.labels),
            "activation": keras.activations.serialize(self.activation),
            "dropout": self.dropout,
        }

    @classmethod
    def from_preset(
        cls,
        preset: str | os.PathLike[str],
        load_weights: bool = True,  # noqa: FBT001, FBT002  KerasHub's signature
        **kwargs: Any,  # noqa: ANN401
    ) -> Self:
        """Load a token classifier, or make one on any preset's backbone.

        KerasHub's own method would look for a subclass that belongs to the preset's
        backbone; this class belongs to any.

        Args:
            preset: Name, handle or folder. If it holds no token classifier, a new one
                gets the preset's backbone and the tokenizer its checkpoint was trained
                with.
            load_weights: Whether to load weights.
            **kwargs: As the class takes them; `num_classes` starts a new last layer.

        Returns:
            The task.

        Raises:
            BackboneError: If the preset cannot be loaded.
            MissingVocabularyError: If nothing says what its ids mean.
        """
        name = os.fspath(preset)
        if _holds(name, cls):
            task: Self = get_preset_loader(name).load_task(
                cls, load_weights, "num_classes" not in kwargs, **kwargs
            )
            return task
        found = read_preset(preset, weights=load_weights)
        if "preprocessor" not in kwargs:
            limit = found.spec.max_sequence_length
            kwargs["preprocessor"] = TokenClassifierPreprocessor(
                KerasTokenizer(found.reference, spec=found.spec),
                sequence_length=_LENGTH if limit is None else min(limit, _LENGTH),
            )
        return cls(backbone=found.model, **kwargs)


def _check_preprocessor(preprocessor: Any) -> None:  # noqa: ANN401
    if not isinstance(preprocessor, TokenClassifierPreprocessor | None):
        raise ValueError(
            "`preprocessor` must be a `bridge.TokenClassifierPreprocessor`, which "
            f"keeps words apart. Received: a {type(preprocessor).__name__}. Make one "
            "with `link.preprocessor(bridge.TokenClassifierPreprocessor)`."
        )


def _holds(preset: str, cls: type) -> bool:
    if not check_file_exists(preset, TASK_CONFIG_FILE):
        return False
    config = load_json(preset, TASK_CONFIG_FILE)
    if config.get("registered_name") != keras.saving.get_registered_name(cls):
        return False
    return issubclass(check_config_class(config), cls)
