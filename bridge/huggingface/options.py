"""`Options`: what transformers' arguments ask for, settled and checked."""

import operator
from dataclasses import dataclass
from typing import Any

from bridge.errors import MissingRoleError

# Transformers' own mark for "no limit is known".
VERY_LARGE = int(1e30)
_LARGE = int(1e20)

_PADDINGS = ("longest", "max_length", "do_not_pad")
_TRUNCATIONS = ("only_first", "only_second", "longest_first", "do_not_truncate")
_SIDES = ("right", "left")


@dataclass(frozen=True, slots=True)
class Options:
    """How rows are cut, padded and returned.

    Attributes:
        padding: `"longest"`, `"max_length"` or `"do_not_pad"`.
        truncation: `"only_first"`, `"only_second"`, `"longest_first"` or
            `"do_not_truncate"`.
        max_length: Length to cut or pad to, `None` where neither needs one.
        stride: Tokens that two windows share.
        pad_to_multiple_of: Padded lengths are multiples of it.
        padding_side: Side that receives the padding.
        truncation_side: Side that loses tokens.
        pad_id: Id in unused cells.
        pad_type_id: Segment id in unused cells.
        add_special_tokens: Whether special tokens are put around the texts.
        overflow: Whether what is cut off is returned as further rows.
    """

    padding: str
    truncation: str
    max_length: int | None
    stride: int = 0
    pad_to_multiple_of: int | None = None
    padding_side: str = "right"
    truncation_side: str = "right"
    pad_id: int | None = None
    pad_type_id: int = 0
    add_special_tokens: bool = True
    overflow: bool = False

    @property
    def pads(self) -> bool:
        """Whether rows are padded."""
        return self.padding != "do_not_pad"

    @property
    def cuts(self) -> bool:
        """Whether rows are cut."""
        return self.truncation != "do_not_truncate"

    def padded_width(self, width: int) -> int:
        """Return the next multiple of `pad_to_multiple_of`."""
        multiple = self.pad_to_multiple_of
        if multiple is None or multiple <= 0:
            return width
        return -(-width // multiple) * multiple


def settle(
    *,
    padding: Any,  # noqa: ANN401  a bool, a str or transformers' enumeration
    truncation: Any,  # noqa: ANN401
    max_length: int | None,
    model_max_length: int,
    **others: Any,  # noqa: ANN401  fields of Options
) -> Options:
    """Find the strategies that the arguments ask for.

    Args:
        padding: As transformers takes it.
        truncation: As transformers takes it; a `max_length` alone means to cut.
        max_length: Length to cut or pad to; `model_max_length` if `None`.
        model_max_length: Longest input of the model. Where it is unknown, nothing is
            cut or padded to it.
        **others: The remaining fields of `Options`.

    Returns:
        The options, checked.

    Raises:
        MissingRoleError: If rows are to be padded and there is no pad token.
        ValueError: If a strategy or side is unknown, or the length is no multiple.
        OverflowError: If a length or the stride is negative.
        TypeError: If one of them is no integer.
    """
    if max_length is not None and padding is False and truncation is None:
        truncation = "longest_first"
    pads = _choice("padding", padding, _PADDINGS, yes="longest", no="do_not_pad")
    if truncation is None:
        truncation = False
    cuts = _choice(
        "truncation",
        truncation,
        _TRUNCATIONS,
        yes="longest_first",
        no="do_not_truncate",
    )
    if max_length is None:
        if model_max_length <= _LARGE:
            if pads == "max_length" or cuts != "do_not_truncate":
                max_length = model_max_length
        else:
            cuts = "do_not_truncate"
            pads = "do_not_pad" if pads == "max_length" else pads
    options = Options(padding=pads, truncation=cuts, max_length=max_length, **others)
    _check(options)
    return options


def _choice(
    name: str,
    value: Any,  # noqa: ANN401
    choices: tuple[str, ...],
    *,
    yes: str,
    no: str,
) -> str:
    if value is True or value is False:
        return yes if value else no
    # Not a look-up by hash: transformers' enumerations equal a str and hash otherwise.
    for choice in choices:
        if value == choice:
            return choice
    raise ValueError(
        f"`{name}` must be True, False or one of {', '.join(map(repr, choices))}. "
        f"Received: {value!r:.60}."
    )


def _check(options: Options) -> None:
    if options.pads:
        if options.pad_id is None:
            raise MissingRoleError(
                "Padding needs a pad token. Received: a tokenizer without one. Name "
                "one of its tokens, `tokenizer.pad_token = tokenizer.eos_token`, or "
                "load it with `bridge.load_tokenizer(..., roles={'pad': token})`."
            )
        _check_side("padding_side", options.padding_side)
    if options.cuts:
        _check_side("truncation_side", options.truncation_side)
        _check_count("stride", options.stride)
    if options.cuts or options.padding == "max_length":
        _check_count("max_length", options.max_length)
    _check_multiple(options)


def _check_side(name: str, side: str) -> None:
    if side not in _SIDES:
        raise ValueError(f"`{name}` must be 'right' or 'left'. Received: {side!r:.60}.")


def _check_count(name: str, value: Any) -> None:  # noqa: ANN401
    if operator.index(value) < 0:
        raise OverflowError(
            f"`{name}` counts tokens. Received: {value}. Pass 0 or more."
        )


def _check_multiple(options: Options) -> None:
    multiple = options.pad_to_multiple_of
    if multiple is None or not options.pads:
        return
    _check_count("pad_to_multiple_of", multiple)
    if not options.cuts or options.max_length is None or multiple == 0:
        return
    if options.max_length % multiple:
        raise ValueError(
            "A length to cut to must be a multiple of `pad_to_multiple_of` where rows "
            f"are padded too. Received: max_length={options.max_length} and "
            f"pad_to_multiple_of={multiple}. Pass max_length="
            f"{options.max_length // multiple * multiple}."
        )
