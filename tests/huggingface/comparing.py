"""One call made to transformers and to us, compared in full."""

import numpy as np

from bridge.errors import SequenceLengthError
from tests.huggingface.making import set_sides

PANIC = "PanicException"

COLUMNS = (
    "ids",
    "attention_mask",
    "special_tokens_mask",
    "word_ids",
    "words",
    "sequence_ids",
    "n_sequences",
)

# Whose template gives the second text type 0.
ONE_TYPE = ("roberta_like", "t5_like")


def outcome(tokenizer, args, options):
    """What a call returned, or the error it raised."""
    try:
        return tokenizer(*args, **options), None
    except BaseException as error:  # a panic of the engine is no Exception
        if isinstance(error, KeyboardInterrupt):
            raise
        return None, error


def compare(name, args, options, settings):
    """Return what differs, in words, or `None`; and how it was settled."""
    reference, ours = set_sides(name, **settings)
    expected, their_error = outcome(reference, args, options)
    found, our_error = outcome(ours, args, options)
    if their_error is not None or our_error is not None:
        return _compare_errors(ours, their_error, our_error, options)
    return compare_results(expected, found, name=name)


def _compare_errors(ours, theirs, own, options):
    if theirs is None:
        # Difference 1: transformers ignores a length that is below the special tokens.
        length = options.get("max_length")
        too_short = length is not None and length < ours.num_special_tokens_to_add(True)
        if too_short and isinstance(own, SequenceLengthError):
            return None
        return f"only ours raises: {own!r}"
    if own is None:
        return f"only theirs raises: {theirs!r}"
    if type(theirs).__name__ == PANIC:
        # Difference 2: an error, not a panic.
        return None if isinstance(own, SequenceLengthError) else f"{theirs!r}, {own!r}"
    return None if isinstance(own, type(theirs)) else f"{theirs!r} but {own!r}"


def compare_results(expected, found, *, name=None):
    """Return what differs between two results, or `None`."""
    if list(expected) != list(found):
        return f"keys {list(expected)} but {list(found)}"
    for key in expected:
        theirs, own = expected[key], found[key]
        if key == "token_type_ids" and name in ONE_TYPE:
            theirs, own = (_leading(value, expected) for value in (theirs, own))
        alike = same
        if key == "offset_mapping" and name == "roberta_like":
            alike = same_but_for_a_space
        if not alike(theirs, own):
            return f"{key}: {expected[key]!r} but {found[key]!r}"
    return None


def _leading(value, expected):
    """Difference 4: the segment ids of further rows are left out."""
    samples = list(expected.get("overflow_to_sample_mapping", []))
    if not samples:
        return value
    leads = [row for row, s in enumerate(samples) if row == samples.index(s)]
    return [value[row] for row in leads] if isinstance(value, list) else value[leads]


def same_but_for_a_space(expected, found):
    """Difference 5: the first token of a cut row may begin one character later."""
    expected, found = (
        [list(map(tuple, np.asarray(row).reshape(-1, 2).tolist())) for row in value]
        if len(value) and not isinstance(value[0], tuple)
        else [list(value)]
        for value in (expected, found)
    )
    return [len(row) for row in expected] == [len(row) for row in found] and all(
        0 <= b[0] - a[0] <= 1 and 0 <= b[1] - a[1] <= 1
        for theirs, own in zip(expected, found, strict=True)
        for a, b in zip(theirs, own, strict=True)
    )


def same(expected, found):
    """Equal in type, dtype, shape and value."""
    if type(expected) is not type(found):
        return False
    if not isinstance(expected, np.ndarray):
        return expected == found
    if expected.dtype != found.dtype or expected.shape != found.shape:
        return False
    if expected.dtype != object:
        return bool((expected == found).all())
    # Difference 3: numpy makes an empty row of floats out of an empty list.
    return all(
        (a.dtype == b.dtype and a.shape == b.shape and bool((a == b).all()))
        if len(a)
        else (len(b) == 0 and b.dtype == np.int64)
        for a, b in zip(expected, found, strict=True)
    )


def compare_alignment(expected, found, *, name=None):
    """Return what differs between the ways back to the text, or `None`."""
    trimmed = name == "roberta_like"
    for row, (theirs, own) in enumerate(
        zip(expected.encodings, found.encodings, strict=True)
    ):
        columns = list(COLUMNS)
        if name not in ONE_TYPE:
            columns.append("type_ids")
        if not trimmed:
            columns.append("offsets")
        for column in columns:
            if getattr(theirs, column) != getattr(own, column):
                return f"{column}: {getattr(theirs, column)}, {getattr(own, column)}"
        if len(theirs) != len(own):
            return f"length of row {row}"
        difference = _compare_lookups(theirs, own, trimmed=trimmed)
        if difference:
            return f"row {row}: {difference}"
    return None


def _compare_lookups(theirs, own, *, trimmed):
    tokens = [*range(min(len(theirs), 30)), len(theirs) + 5]
    characters = [*range(40), 10_000_000]
    lookups = [("token_to_sequence", (t,)) for t in tokens]
    lookups += [("token_to_word", (t,)) for t in tokens]
    sequences = range(theirs.n_sequences)
    lookups += [("word_to_tokens", (w, s)) for w in range(12) for s in sequences]
    if not trimmed:
        lookups += [("token_to_chars", (t,)) for t in tokens]
        lookups += [("word_to_chars", (w, s)) for w in range(12) for s in sequences]
        lookups += [("char_to_token", (c, s)) for c in characters for s in sequences]
        lookups += [("char_to_word", (c, s)) for c in characters for s in sequences]
    for method, arguments in lookups:
        expected = getattr(theirs, method)(*arguments)
        if expected != getattr(own, method)(*arguments):
            found = getattr(own, method)(*arguments)
            return f"{method}{arguments}: {expected} but {found}"
    return None
