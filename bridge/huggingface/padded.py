"""Arrays for texts that are cut and padded on the right, the call of every training.

What lays out all other calls serves here as well. It takes several times as long for
one text, and for many it writes int64 cells after all texts are encoded, not meanwhile.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.huggingface.inputs import Inputs
from bridge.huggingface.options import Options
from bridge.huggingface.plain import asks_for_places
from bridge.huggingface.request import Request
from bridge.packing import Packed, pack
from bridge.places import mask_of
from bridge.ragged import Ragged
from bridge.spec import Template
from bridge.stretches import Stretches
from bridge.threads import in_threads
from bridge.tokenizers import Tokenizer
from bridge.tokenizers.frames import Frame
from bridge.tokenizers.texts import Texts, check_texts

# Texts encoded at a time: their cells are still in the processor's cache when they are
# copied.
_PART = 2048


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
    texts = check_texts(inputs.first)
    specials = len(template.start) + len(template.end)
    pad_id = 0 if options.pad_id is None else options.pad_id
    ids: Stretches | None = None
    width = longest = options.max_length or 0
    if options.padding == "longest":
        ids = Stretches.of(tokenizer.encode_batch(texts))
        if options.cuts:
            kept = np.minimum(ids.lengths, max(0, width - specials))
            ids = Stretches(ids.values, ids.starts, kept)
        longest = int(ids.lengths.max()) + specials
        multiple = options.pad_to_multiple_of or 1
        width = -(-longest // multiple) * multiple
    if width <= specials:
        return None
    cells = {
        key: np.full((len(texts), width), options.pad_type_id, np.int64)
        if key == "token_type_ids"
        else np.empty((len(texts), width), np.int64)
        for key in keys
    }

    def write(rows: slice) -> None:
        if ids is None:
            packed = _encode(tokenizer, texts.rows(rows), template, width, pad_id)
        else:
            packed = _pack(ids[rows], template, width, pad_id)
        cells["input_ids"][rows] = packed.token_ids
        if "attention_mask" in cells:
            cells["attention_mask"][rows] = packed.padding_mask

    fast = tokenizer.fast
    parallel = ids is not None or (fast is not None and fast.parallel)
    in_threads(write, len(texts), step=_PART, parallel=parallel)
    return Padded(cells, longest)


def _encode(
    tokenizer: Tokenizer, texts: Texts, template: Template, width: int, pad_id: int
) -> Packed:
    padded = tokenizer.encode_padded(
        texts, template=template, sequence_length=width, pad_id=pad_id
    )
    if padded is None:
        return _pack(tokenizer.encode_batch(texts), template, width, pad_id)
    token_ids, lengths = padded
    return Packed(token_ids, mask_of(lengths, width))


def _pack(
    ids: Ragged | Stretches, template: Template, width: int, pad_id: int
) -> Packed:
    return pack(ids, template=template, sequence_length=width, pad_id=pad_id)


def _is_usual(inputs: Inputs, options: Options, request: Request) -> bool:
    return not (
        asks_for_places(inputs, options, request)
        or request.return_special_tokens_mask
        or not options.pads
        or options.padding_side != "right"
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
