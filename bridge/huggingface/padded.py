"""Arrays for single texts that are cut and padded on the right, the call of training.

What lays out all other calls could serve here as well. It takes several times as long
for one text, and cannot leave the padding to an engine.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.huggingface.inputs import Inputs
from bridge.huggingface.options import Options
from bridge.huggingface.plain import asks_for_places
from bridge.huggingface.request import Request
from bridge.packing import pack
from bridge.places import mask_of
from bridge.ragged import OffsetArray
from bridge.spec import Template
from bridge.stretches import Stretches
from bridge.threads import in_threads
from bridge.tokenizers import Tokenizer
from bridge.tokenizers.frames import Frame
from bridge.tokenizers.padding import Cells, Padding

# Rows copied at a time.
_BLOCK = 4096


class Padded(NamedTuple):
    """The arrays of a call.

    Attributes:
        arrays: Key to `(rows, width)` int64.
        longest: Tokens of the longest row, where no length was set.
    """

    arrays: dict[str, NDArray[np.int64]]
    longest: int


def padded_arrays(
    tokenizer: Tokenizer,
    frame: Frame,
    inputs: Inputs,
    options: Options,
    *,
    request: Request,
    keys: Sequence[str],
) -> Padded | None:
    """Encode, cut and pad.

    Args:
        tokenizer: Any tokenizer.
        frame: What stands around every text.
        inputs: Texts.
        options: How to cut and pad.
        request: What is asked for.
        keys: Names of the values to return.

    Returns:
        The arrays, or `None` where anything but the ids and lengths of single texts,
        cut and padded on the right, is asked for, or no token would fit.
    """
    template = _template(frame, options.pad_type_id)
    if template is None or not _is_usual(inputs, options, request):
        return None
    pad_id = 0 if options.pad_id is None else options.pad_id
    most = 0 if options.max_length is None else options.max_length
    padding = Padding(template, most, pad_id, np.int64)
    if options.cuts and padding.room < 1:
        return None
    texts, longest = inputs.first, most
    if options.padding == "max_length":
        token_ids, lengths = _encode(tokenizer, texts, padding)
    else:
        ids = Stretches.of(tokenizer.encode_batch(texts))
        if options.cuts:
            kept = np.minimum(ids.lengths, padding.room)
            ids = Stretches(ids.values, ids.starts, kept)
        longest = int(ids.lengths.max()) + most - padding.room
        width = options.padded_width(longest) if options.pads else longest
        padding = replace(padding, sequence_length=width)
        if padding.room < 1:
            return None
        token_ids, lengths = _pack(ids, padding)
    arrays = {"input_ids": _int64(token_ids)}
    if "token_type_ids" in keys:
        types = np.full(token_ids.shape, options.pad_type_id, np.int64)
        arrays["token_type_ids"] = types
    if "attention_mask" in keys:
        width = padding.sequence_length
        arrays["attention_mask"] = mask_of(lengths, width, dtype=np.int64)
    return Padded(arrays, longest)


def _encode(
    tokenizer: Tokenizer, texts: list[str], padding: Padding
) -> tuple[Cells, OffsetArray]:
    padded = tokenizer.encode_padded(texts, padding)
    if padded is not None:
        return padded
    return _pack(Stretches.of(tokenizer.encode_batch(texts)), padding)


def _pack(ids: Stretches, padding: Padding) -> tuple[Cells, OffsetArray]:
    width, room = padding.sequence_length, padding.room
    packed = pack(
        ids, template=padding.template, sequence_length=width, pad_id=padding.pad_id
    )
    return packed.token_ids, np.minimum(ids.lengths, room) + (width - room)


def _int64(cells: Cells) -> NDArray[np.int64]:
    if cells.dtype == np.int64:
        return cells
    result = np.empty(cells.shape, np.int64)

    def copy(rows: slice) -> None:
        result[rows] = cells[rows]

    in_threads(copy, len(cells), step=_BLOCK)
    return result


def _is_usual(inputs: Inputs, options: Options, request: Request) -> bool:
    return not (
        asks_for_places(inputs, options, request)
        or request.return_special_tokens_mask
        or not (options.pads or len(inputs.first) == 1)
        or (options.pads and options.padding_side != "right")
        or (options.padding == "max_length" and not options.cuts)
        or (options.cuts and not _cuts_plainly(options))
    )


def _cuts_plainly(options: Options) -> bool:
    # Of a single text there is no second one to cut, and no window without a stride.
    return (
        options.truncation_side == "right"
        and options.truncation != "only_second"
        and not options.stride
    )


def _template(frame: Frame, pad_type_id: int) -> Template | None:
    """Return the special tokens by id; `None` where one segment id is not enough."""
    texts = [place for place, piece in enumerate(frame) if piece.segment == 0]
    if len(texts) != 1 or any(piece.type_id != pad_type_id for piece in frame):
        return None
    token_ids = tuple(piece.token_id for piece in frame)
    return Template(token_ids[: texts[0]], (), token_ids[texts[0] + 1 :])
