"""What trains in a transplanted model, and the usual recipe in two steps."""

from collections.abc import Callable, Mapping
from typing import Any

import keras

from bridge.embedding.provenance import Provenance
from bridge.errors import BackboneError
from bridge.keras.backbone import model_layers
from bridge.keras.embedding import pin_rows
from bridge.keras.tables import backbone_of, vocabulary_layers, vocabulary_tables


def set_trainable(
    model: Any,  # noqa: ANN401
    trainable: str,
    recipe: Provenance | None = None,
) -> None:
    """Freeze what should not train.

    Args:
        model: A KerasHub backbone or task; layers of a task outside its backbone keep
            their flags.
        trainable: `"all"`: nothing is changed; `"embedding"`: only the backbone's
            vocabulary tables train; `"new"`: of these only rows that are not copied;
            `"none"`: nothing of the backbone.
        recipe: With `"new"`: tells which rows are copied.
    """
    if trainable == "all":
        return
    backbone = backbone_of(model)
    if trainable == "none":
        backbone.trainable = False
        return
    layers = vocabulary_layers(backbone)
    _train_only(backbone, {id(layer) for layer in layers})
    if recipe is not None:
        for table in vocabulary_tables(backbone):
            pin_rows(table.variable, recipe.copied, axis=table.axis)


def _train_only(layer: Any, wanted: set[int]) -> None:  # noqa: ANN401
    """Freeze a layer and all below it but the wanted ones.

    A frozen layer hides what is below, so those on the way must stay trainable.
    """
    if id(layer) in wanted:
        # On TensorFlow, setting what is already set is skipped, with all below it.
        layer.trainable = False
        layer.trainable = True
        return
    below = {id(part) for part in layer._flatten_layers(include_self=False)}
    if not below & wanted:
        layer.trainable = False
        return
    children = layer._layers
    layer.trainable = True
    for variable in layer._trainable_variables:
        variable.trainable = False
    for child in children:
        _train_only(child, wanted)


def fit_in_two_steps(
    model: Any,  # noqa: ANN401
    x: Any,  # noqa: ANN401  whatever `fit` takes
    y: Any = None,  # noqa: ANN401
    *,
    embedding_epochs: int = 1,
    epochs: int = 1,
    compile_with: Callable[[], Mapping[str, Any]] | None = None,
    **options: Any,  # noqa: ANN401  of `fit`
) -> tuple[keras.callbacks.History, keras.callbacks.History]:
    """Train the vocabulary first, with the body frozen, and then everything.

    While new rows are still noise, their errors would pull a trained body away from
    what it knows (de Vries and Nissim 2021, arXiv:2012.05628, train in these steps).
    Layers of a task outside the backbone train in both. Rows pinned by
    `trainable="new"` stay where they are in both.

    Args:
        model: A compiled KerasHub task, or any compiled Keras model that has its
            backbone as `backbone`.
        x: Inputs of `fit`, or a data set.
        y: Labels, where `x` does not hold them.
        embedding_epochs: Epochs of the first step.
        epochs: Epochs of the second step, in which everything trains that could train
            when this was called.
        compile_with: Returns the arguments of `compile`, called once a step, such as
            `lambda: {"optimizer": keras.optimizers.AdamW(1e-4), "loss": ...}`. The
            model's present ones if `None`; either way both steps start with a fresh
            optimizer, since the state of one does not fit the weights of the other.
        **options: Passed on to `fit`.

    Returns:
        Histories of both steps.

    Raises:
        BackboneError: If the model is not compiled and `compile_with` is `None`.

    Example:
        >>> steps = fit_in_two_steps(task, texts, labels, epochs=3, verbose=0)
        >>> [len(history.history["loss"]) for history in steps]
        [1, 3]
    """
    if compile_with is None and not model.compiled:
        raise BackboneError(
            "A model is trained with the loss and optimizer it was compiled with. "
            f"Received: a {type(model).__name__} that is not compiled. Compile it, or "
            "pass `compile_with=`."
        )
    layers, weights = model_layers(model), list(model.weights)
    flags = [part.trainable for part in (*layers, *weights)]
    set_trainable(model, "embedding")
    _compile(model, compile_with)
    first = model.fit(x, y, epochs=embedding_epochs, **options)
    # Top down, as the setter of a layer overwrites the flags below it; weights last.
    for part, flag in zip((*layers, *weights), flags, strict=True):
        if part.trainable != flag:
            part.trainable = flag
    _compile(model, compile_with)
    return first, model.fit(x, y, epochs=epochs, **options)


def _compile(
    model: Any,  # noqa: ANN401
    compile_with: Callable[[], Mapping[str, Any]] | None,
) -> None:
    if compile_with is not None:
        model.compile(**compile_with())
    else:
        # `compile_from_config` does nothing for a KerasHub task, which has its own
        # `compile`; without compiling again, `fit` would go on with the old weights.
        config = keras.saving.deserialize_keras_object(model.get_compile_config())
        model.compile(**config)
