"""Lists for texts that are neither cut nor padded, the call of every loop over texts.

Laying out cells pays for batches; for one short text it costs ten times the encoding.
"""

from collections.abc import Sequence

from bridge.huggingface.inputs import Inputs
from bridge.huggingface.options import Options
from bridge.huggingface.request import Request
from bridge.tokenizers import Tokenizer
from bridge.tokenizers.frames import Frame


def is_plain(inputs: Inputs, options: Options, request: Request) -> bool:
    """Tell whether every text is one row of its own tokens, returned as lists.

    Args:
        inputs: Texts.
        options: How to cut and pad.
        request: What is asked for.

    Returns:
        Whether `plain_lists` answers the call.
    """
    return not (
        options.pads
        or options.cuts
        or asks_for_places(inputs, options, request)
        or request.return_tensors is not None
    )


def asks_for_places(inputs: Inputs, options: Options, request: Request) -> bool:
    """Tell whether rows are more than the tokens of one text each.

    Args:
        inputs: Texts.
        options: How to cut.
        request: What is asked for.

    Returns:
        Whether there are pairs, words or further rows, or places are asked for.
    """
    return bool(
        options.overflow
        or inputs.second
        or inputs.split
        or request.return_offsets_mapping
        or request.return_length
    )


def plain_lists(
    tokenizer: Tokenizer, frame: Frame, inputs: Inputs, keys: Sequence[str]
) -> dict[str, list[list[int]]]:
    """Encode texts and put their special tokens around them.

    Args:
        tokenizer: Any tokenizer.
        frame: What stands around every text.
        inputs: Single texts.
        keys: Names of the values to return.

    Returns:
        Key to one list a text.
    """
    rows = tokenizer.encode_batch(inputs.first).to_lists()
    result: dict[str, list[list[int]]] = {key: [] for key in keys}
    for row in rows:
        values: dict[str, list[int]] = {key: [] for key in keys}
        for piece in frame:
            is_text = piece.segment is not None
            size = len(row) if is_text else 1
            parts = {
                "input_ids": row if is_text else [piece.token_id],
                "token_type_ids": [piece.type_id] * size,
                "attention_mask": [1] * size,
                "special_tokens_mask": [int(not is_text)] * size,
            }
            for key, value in values.items():
                value += parts[key]
        for key, value in values.items():
            result[key].append(value)
    return result
