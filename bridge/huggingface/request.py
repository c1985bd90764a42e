"""`Request`: the arguments of one call, by transformers' names."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

# Inputs of a backbone by transformers' names; the ids come first.
_NAMES = {
    "token_ids": "input_ids",
    "segment_ids": "token_type_ids",
    "padding_mask": "attention_mask",
}


def input_names(keys: Collection[str]) -> tuple[str, ...]:
    """Return a backbone's inputs by transformers' names.

    Args:
        keys: Its inputs; none where no backbone is known.

    Returns:
        The names, `input_ids` first; transformers' own default where there are none.
    """
    named = tuple(name for key, name in _NAMES.items() if key in keys)
    return named or ("input_ids", "attention_mask")


@dataclass(frozen=True, slots=True)
class Request:
    """What one call asks for; the fields are transformers' arguments.

    Attributes:
        add_special_tokens: Whether the tokenizer's own special tokens are added.
        padding: `False`, `True` or a strategy.
        truncation: `None`, `False`, `True` or a strategy.
        max_length: Length to cut or pad to.
        stride: Tokens that two windows share.
        is_split_into_words: Whether texts are lists of words.
        pad_to_multiple_of: Padded lengths are multiples of it.
        padding_side: Side that receives the padding; the tokenizer's if `None`.
        return_tensors: Library of the results, lists if `None`.
        return_token_type_ids: Whether segment ids are returned; as
            `model_input_names` says if `None`.
        return_attention_mask: Whether the mask is returned; as above.
        return_overflowing_tokens: Whether what is cut off becomes further rows.
        return_special_tokens_mask: Whether special tokens are marked.
        return_offsets_mapping: Whether characters of tokens are returned.
        return_length: Whether the number of cells is returned.
        verbose: Whether rows that are too long for the model are logged.
    """

    add_special_tokens: bool = True
    padding: Any = False
    truncation: Any = None
    max_length: int | None = None
    stride: int = 0
    is_split_into_words: bool = False
    pad_to_multiple_of: int | None = None
    padding_side: str | None = None
    return_tensors: Any = None
    return_token_type_ids: bool | None = None
    return_attention_mask: bool | None = None
    return_overflowing_tokens: bool = False
    return_special_tokens_mask: bool = False
    return_offsets_mapping: bool = False
    return_length: bool = False
    verbose: bool = True

    def keys(self, model_input_names: Sequence[str]) -> list[str]:
        """Return the names of the results that hold one value a token, in order.

        Args:
            model_input_names: What the model takes.

        Returns:
            Names, `input_ids` first.
        """
        types, mask = self.return_token_type_ids, self.return_attention_mask
        wanted = {
            "input_ids": True,
            "token_type_ids": "token_type_ids" in model_input_names
            if types is None
            else types,
            "attention_mask": "attention_mask" in model_input_names
            if mask is None
            else mask,
            "special_tokens_mask": self.return_special_tokens_mask,
            "offset_mapping": self.return_offsets_mapping,
        }
        return [name for name, is_wanted in wanted.items() if is_wanted]
