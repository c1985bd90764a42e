"""A token embedding that knows words by their tokens, and backbones that have one."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import keras
import keras_hub

from bridge.embedding.word_rows import LENGTH, WordRows, find_rows
from bridge.keras.tables import backbone_of, token_layer

# Behind the name of a backbone's class, in files too.
_SUFFIX = "WithWords"


class WordLookup(keras.layers.Layer):
    """Replaces the rows of tokens that are together a word of the preset.

    Args:
        sizes: As `sizes_of` returns them.
        **kwargs: Of the layer.
    """

    def __init__(self, *, sizes: Mapping[str, int], **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)

        def constant(name: str, *shape: int) -> Any:  # noqa: ANN401
            return self.add_weight(
                name=name,
                shape=shape,
                dtype="int32",
                initializer="zeros",
                trainable=False,
            )

        words = sizes["words"]
        self.flags = constant("flags", sizes["vocabulary_size"])
        self.hashes = constant("hashes", words)
        self.tokens = constant("tokens", words, LENGTH)
        self.rows = constant("rows", words, LENGTH)
        shape = sizes["rows"], sizes["dim"]
        self.embeddings = self.add_weight(
            name="embeddings", shape=shape, initializer="zeros"
        )
        self.built = True

    def call(self, inputs: Any, embedded: Any) -> Any:  # noqa: ANN401
        """Return the rows of the tokens, with those of words in their places."""
        ids = keras.ops.cast(inputs, "int32")
        rows = find_rows(keras.ops, self, ids)
        words = keras.ops.take(self.embeddings, keras.ops.maximum(rows, 0), axis=0)
        is_word = keras.ops.expand_dims(rows >= 0, -1)
        return keras.ops.where(is_word, keras.ops.cast(words, embedded.dtype), embedded)

    def quantize(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Do nothing: in a quantized model rows of words stay floats."""


def sizes_of(words: WordRows, dim: int) -> dict[str, int]:
    """Return what a `WordLookup` is built from, as a backbone's config keeps it.

    Args:
        words: Its words.
        dim: Columns of the token embedding.

    Returns:
        Sizes.
    """
    return {
        "vocabulary_size": len(words.flags),
        "words": len(words),
        "rows": len(words.sources),
        "dim": dim,
    }


def word_lookup(model: Any) -> WordLookup | None:  # noqa: ANN401
    """Return the words that a model knows by their tokens.

    Args:
        model: A KerasHub backbone or task.

    Returns:
        The layer, or `None`.
    """
    layer = token_layer(backbone_of(model))
    found: WordLookup | None = getattr(layer, "word_lookup", None)
    return found


def give_words(backbone: Any, words: WordRows, rows: Any, *, trainable: bool) -> None:  # noqa: ANN401
    """Make a backbone read words, in place.

    Args:
        backbone: A KerasHub backbone that looks its tokens up in one layer.
        words: The words, by its ids.
        rows: The preset's table, `(preset_rows, dim)`.
        trainable: Whether rows of words train.
    """
    backbone.__class__ = class_with_words(backbone.__class__)
    lookup = _attach(backbone, sizes_of(words, rows.shape[1]))
    for name in ("flags", "hashes", "tokens", "rows"):
        getattr(lookup, name).assign(getattr(words, name))
    lookup.embeddings.assign(rows[words.sources])
    lookup.trainable = trainable


def _attach(backbone: Any, sizes: Mapping[str, int]) -> WordLookup:  # noqa: ANN401
    backbone._word_sizes = dict(sizes)
    layer = token_layer(backbone)
    policy = layer.dtype_policy
    if policy.quantization_mode is not None:
        policy = policy.name.partition("_from_")[2]
    lookup = WordLookup(sizes=sizes, dtype=policy, name="word_lookup")
    layer.__class__ = _reading_words(layer.__class__)
    # As Keras does where it adds LoRA's weights to a layer that is built.
    layer._tracker.unlock()
    layer.word_lookup = lookup
    layer._tracker.lock()
    return lookup


class _ReadsWords:
    """What a token embedding does besides: look for words."""

    word_lookup: WordLookup

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        outputs = super().call(inputs, *args, **kwargs)  # type: ignore[misc]
        return self._replace(inputs, outputs, args, kwargs)

    def quantized_call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        outputs = super().quantized_call(inputs, *args, **kwargs)  # type: ignore[misc]
        return self._replace(inputs, outputs, args, kwargs)

    def _replace(self, inputs: Any, outputs: Any, args: Any, kwargs: Any) -> Any:  # noqa: ANN401
        # In reverse a table scores states, and has no ids.
        reverse = args[0] if args else kwargs.get("reverse", False)
        return outputs if reverse else self.word_lookup(inputs, outputs)


@cache
def _reading_words(kind: Any) -> type:  # noqa: ANN401
    return type(kind.__name__, (_ReadsWords, kind), {})


class _AsItsBase(type):
    """Lets KerasHub find the tasks of a backbone for the one that knows words.

    KerasHub looks for a task by `task.backbone_cls == type of the backbone`.
    """

    def __eq__(cls, other: object) -> bool:
        return cls is other or other is cls.__bases__[-1]

    def __hash__(cls) -> int:
        return type.__hash__(cls)


class _KnowsWords:
    """What a backbone with words has in its config, and is rebuilt from."""

    _word_sizes: dict[str, int]

    def __init__(self, *args: Any, words: Mapping[str, int], **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        _attach(self, words)

    def get_config(self) -> dict[str, Any]:
        """Return the backbone's own config, and the sizes of its words."""
        return {**super().get_config(), "words": self._word_sizes}  # type: ignore[misc]


@cache
def class_with_words(kind: Any) -> type:  # noqa: ANN401
    """Return the class of a backbone that knows words, registered with Keras.

    Args:
        kind: Class of the backbone.

    Returns:
        A subclass.
    """
    made = _AsItsBase(f"{kind.__name__}{_SUFFIX}", (_KnowsWords, kind), {})
    register = keras.saving.register_keras_serializable("bridge")
    registered: type = register(made)
    return registered


def register_backbones() -> None:
    """Let Keras load every backbone with words, whichever was saved."""
    for kind in vars(keras_hub.models).values():
        if isinstance(kind, type) and issubclass(kind, keras_hub.models.Backbone):
            class_with_words(kind)


register_backbones()
