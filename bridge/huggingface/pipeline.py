"""`encode_rows`: from texts to rows, everything but the arguments' forms."""

from collections.abc import Mapping

import numpy as np

from bridge.errors import SequenceLengthError
from bridge.huggingface.inputs import Inputs
from bridge.huggingface.options import Options
from bridge.huggingface.rows import Rows, lay_out
from bridge.huggingface.segments import Segment, encode_segment, spread
from bridge.huggingface.truncation import cut
from bridge.tokenizers import Tokenizer
from bridge.tokenizers.frames import Frame

# Around one text and around a pair, without special tokens and with them.
Frames = Mapping[tuple[bool, bool], Frame]


def read_frames(tokenizer: Tokenizer) -> Frames:
    """Ask a tokenizer what it puts around texts.

    Args:
        tokenizer: Any tokenizer.

    Returns:
        `(pair, add_special_tokens)` to the frame.
    """
    answers = (False, True)
    return {
        (pair, special): tokenizer.frame(pair=pair, add_special_tokens=special)
        for pair in answers
        for special in answers
    }


def encode_rows(
    tokenizer: Tokenizer,
    frames: Frames,
    inputs: Inputs,
    options: Options,
    *,
    places: bool,
) -> Rows:
    """Encode, cut, and lay out.

    Args:
        tokenizer: Any tokenizer.
        frames: What it puts around texts.
        inputs: Texts.
        options: How to cut and pad.
        places: Whether the rows know characters and words of their tokens.

    Returns:
        The rows.

    Raises:
        SequenceLengthError: If texts cannot be cut as asked.
        NotImplementedError: If places are asked for and the tokenizer cannot tell.
    """
    single, pair = (frames[p, options.add_special_tokens] for p in (False, True))
    _check_stride(count_specials(frames[False, True]), options)
    count = len(inputs.first)
    paired = np.broadcast_to(np.asarray(inputs.paired, bool), count)
    segments = [
        encode_segment(tokenizer, inputs.first, split=inputs.split, places=places)
    ]
    lengths = np.zeros((2, count), np.int64)
    lengths[0] = segments[0].ids.lengths
    if inputs.second:
        second: Segment = encode_segment(
            tokenizer, inputs.second, split=inputs.split, places=places
        )
        segments.append(spread(second, paired))
        lengths[1] = segments[1].ids.lengths
    specials = np.where(paired, count_specials(pair), count_specials(single))
    order = [piece.segment for piece in pair if piece.segment is not None]
    windows = cut(
        lengths,
        paired=paired,
        specials=specials,
        options=options,
        second_leads=order[:1] == [1],
    )
    used = ((single, ~paired), (pair, paired))
    return lay_out(
        segments,
        windows,
        [(frame, texts) for frame, texts in used if texts.any()],
        options,
    )


def count_specials(frame: Frame) -> int:
    """Return the number of special tokens of a frame."""
    return sum(piece.segment is None for piece in frame)


def _check_stride(alone: int, options: Options) -> None:
    """Refuse a stride that leaves no room, before any text is seen.

    As `tokenizers` does, for one text with its special tokens, asked for or not.
    """
    if not options.cuts or options.max_length is None:
        return
    room = options.max_length - alone
    if 0 <= room < options.stride:
        raise SequenceLengthError(
            "`stride` must be below the tokens that a row holds beside its special "
            f"ones. Received: stride={options.stride} for {room} (max_length="
            f"{options.max_length} with {alone} special tokens). Pass a smaller "
            "stride or a larger `max_length`."
        )
