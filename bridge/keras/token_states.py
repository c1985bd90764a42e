"""What a backbone takes and gives for every token."""

from collections.abc import Mapping
from typing import Any

from bridge.errors import BackboneError


def token_states(backbone: Any) -> Any:  # noqa: ANN401  symbolic tensors
    """Return the symbolic state of every token.

    Args:
        backbone: A KerasHub backbone.

    Returns:
        `(batch_size, sequence_length, dim)`, of the backbone's own inputs.

    Raises:
        BackboneError: If it has no single state for every token.
    """
    outputs = backbone(backbone.input)
    if isinstance(outputs, Mapping):
        outputs = outputs.get("sequence_output")
    if outputs is None or len(outputs.shape) != 3:
        raise BackboneError(
            "A token classifier reads one state for every token. Received: a "
            f"{type(backbone).__name__}, which has no such output. Use a backbone with "
            "one stack of layers, such as BERT's."
        )
    return outputs


def checked_inputs(x: Any, backbone: Any) -> Any:  # noqa: ANN401  as Keras takes it
    """Refuse arrays under other names: Keras goes by their order.

    Args:
        x: A dict of arrays, or anything else, which is not looked at.
        backbone: A KerasHub backbone.

    Returns:
        `x`.

    Raises:
        BackboneError: If a name is missing, or one is not the backbone's.
    """
    wanted = backbone.input
    if isinstance(x, Mapping) and isinstance(wanted, Mapping) and {*x} != {*wanted}:
        raise BackboneError(
            "Inputs must have exactly the backbone's names. Received: "
            f"{', '.join(sorted(x))} for a backbone that takes "
            f"{', '.join(sorted(wanted))}. Make them with `link.preprocessor`, or "
            "with `TokenClassifierPreprocessor(tokenizer, backbone=backbone)`."
        )
    return x
