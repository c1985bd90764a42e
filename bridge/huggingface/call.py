"""`HuggingFaceCall`: transformers' tokenizer call, for every tokenizer."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from numpy.typing import NDArray

from bridge.huggingface.batch import BatchEncoding
from bridge.huggingface.encoding import Encoding, split_rows
from bridge.huggingface.inputs import Inputs, read_inputs
from bridge.huggingface.options import Options
from bridge.huggingface.padded import padded_arrays
from bridge.huggingface.pipeline import count_specials, encode_rows
from bridge.huggingface.plain import is_plain, plain_lists
from bridge.huggingface.request import Request
from bridge.huggingface.results import make_result
from bridge.huggingface.rows import Rows
from bridge.huggingface.settings import Settings
from bridge.huggingface.tensors import find_converter, to_tensor

_LOGGER = logging.getLogger(__name__)


class HuggingFaceCall(Settings):
    """A tokenizer with the call and the attributes of transformers' fast tokenizers.

    Ids are the tokenizer's own, special tokens those it adds by itself, arrays int64.
    The differences are listed in `docs/huggingface_differences.md`.

    Example:
        >>> call = bridge.Encoder(tokenizer).as_hf()  # doctest: +SKIP
        >>> call(["a text"], padding=True, return_tensors="np")  # doctest: +SKIP
    """

    def __call__(
        self,
        text: Any = None,  # noqa: ANN401  str, lists of str, pairs, lists of words
        text_pair: Any = None,  # noqa: ANN401
        text_target: Any = None,  # noqa: ANN401
        text_pair_target: Any = None,  # noqa: ANN401
        add_special_tokens: bool = True,
        padding: Any = False,  # noqa: ANN401  a bool, a str or an enumeration
        truncation: Any = None,  # noqa: ANN401
        max_length: int | None = None,
        stride: int = 0,
        is_split_into_words: bool = False,
        pad_to_multiple_of: int | None = None,
        padding_side: str | None = None,
        return_tensors: Any = None,  # noqa: ANN401
        return_token_type_ids: bool | None = None,
        return_attention_mask: bool | None = None,
        return_overflowing_tokens: bool = False,
        return_special_tokens_mask: bool = False,
        return_offsets_mapping: bool = False,
        return_length: bool = False,
        verbose: bool = True,
        tokenizer_kwargs: Mapping[str, Any] | None = None,
        *,
        max_target_length: int | None = None,
    ) -> BatchEncoding:
        """Encode texts by transformers' arguments, which `Request` describes."""
        request = Request(
            add_special_tokens=add_special_tokens,
            padding=padding,
            truncation=truncation,
            max_length=max_length,
            stride=stride,
            is_split_into_words=is_split_into_words,
            pad_to_multiple_of=pad_to_multiple_of,
            padding_side=padding_side,
            return_tensors=return_tensors,
            return_token_type_ids=return_token_type_ids,
            return_attention_mask=return_attention_mask,
            return_overflowing_tokens=return_overflowing_tokens,
            return_special_tokens_mask=return_special_tokens_mask,
            return_offsets_mapping=return_offsets_mapping,
            return_length=return_length,
            verbose=verbose,
        )
        if tokenizer_kwargs:
            request = replace(request, **tokenizer_kwargs)
        if text_target is None:
            return self._encode(text, text_pair, request)
        longest = request.max_length if max_target_length is None else max_target_length
        target = replace(request, max_length=longest)
        labels = self._encode(text_target, text_pair_target, target)
        if text is None:
            return labels
        encoded = self._encode(text, text_pair, request)
        encoded["labels"] = labels["input_ids"]
        return encoded

    def encode(
        self,
        text: Any,  # noqa: ANN401  as a call
        text_pair: Any = None,  # noqa: ANN401
        add_special_tokens: bool = True,
        padding: Any = False,  # noqa: ANN401
        truncation: Any = None,  # noqa: ANN401
        max_length: int | None = None,
        stride: int = 0,
        padding_side: str | None = None,
        return_tensors: Any = None,  # noqa: ANN401
        **others: Any,  # noqa: ANN401  fields of Request
    ) -> Any:  # noqa: ANN401  a list, lists or an array
        """Encode as a call does and return the ids alone."""
        request = Request(
            add_special_tokens=add_special_tokens,
            padding=padding,
            truncation=truncation,
            max_length=max_length,
            stride=stride,
            padding_side=padding_side,
            return_tensors=return_tensors,
            **others,
        )
        return self._encode(text, text_pair, request)["input_ids"]

    def tokenize(
        self,
        text: Any,  # noqa: ANN401  as a call
        pair: Any = None,  # noqa: ANN401
        add_special_tokens: bool = False,
    ) -> list[str | None]:
        """Return the tokens of one text or pair, by their spelling."""
        ids = self.encode(text, pair, add_special_tokens)
        return [self.convert_ids_to_tokens(i) for i in ids]  # type: ignore[misc]

    def num_special_tokens_to_add(self, pair: bool = False) -> int:
        """Return how many special tokens are put around one text or a pair."""
        return count_specials(self._frames[pair, True])

    @property
    def max_len_single_sentence(self) -> int:
        """Tokens that one text may have beside its special tokens."""
        return self.model_max_length - self.num_special_tokens_to_add(pair=False)

    @property
    def max_len_sentences_pair(self) -> int:
        """Tokens that two texts may have together beside their special tokens."""
        return self.model_max_length - self.num_special_tokens_to_add(pair=True)

    def _encode(self, text: Any, text_pair: Any, request: Request) -> BatchEncoding:  # noqa: ANN401
        convert = None
        if request.return_tensors is not None:
            # Before any work: the library may not be installed.
            convert = find_converter(request.return_tensors)
        options = self._options(request)
        inputs = read_inputs(text, text_pair, split=request.is_split_into_words)
        keys = request.keys(self.model_input_names)
        result, longest = self._values(inputs, options, request, keys, convert)
        if not (inputs.batched or convert or options.overflow):
            # One text was passed, so its lists are not nested.
            result |= {key: result[key][0] for key in keys}
        if request.verbose and options.max_length is None:
            self._log_length(longest)
        return BatchEncoding(result, partial(self._align, inputs, options))

    def _values(
        self,
        inputs: Inputs,
        options: Options,
        request: Request,
        keys: Sequence[str],
        convert: Callable[[NDArray[Any]], Any] | None,
    ) -> tuple[dict[str, Any], int]:
        """Return what was asked for, and the length of the longest row."""
        frame = self._frames[False, options.add_special_tokens]
        if convert is not None:
            padded = padded_arrays(
                self.tokenizer, frame, inputs, options, request=request, keys=keys
            )
            if padded is not None:
                arrays = padded.arrays.items()
                tensors = {key: to_tensor(key, cells, convert) for key, cells in arrays}
                return tensors, padded.longest
        if is_plain(inputs, options, request):
            lists = plain_lists(self.tokenizer, frame, inputs, keys)
            return dict(lists), max(map(len, lists["input_ids"]))
        rows = self._rows(inputs, options, places=request.return_offsets_mapping)
        result = make_result(rows, keys=keys, request=request, convert=convert)
        return result, int(rows.lengths.max())

    def _align(self, inputs: Inputs, options: Options) -> list[Encoding]:
        return split_rows(self._rows(inputs, options, places=True), self._spelled)

    def _rows(self, inputs: Inputs, options: Options, *, places: bool) -> Rows:
        return encode_rows(self.tokenizer, self._frames, inputs, options, places=places)

    def _spelled(self, ids: list[int]) -> list[str | None]:
        return [self.spell(token_id) for token_id in ids]

    def _log_length(self, longest: int) -> None:
        if longest > self.model_max_length:
            _LOGGER.debug(
                "A row has %d tokens; the model takes %d.",
                longest,
                self.model_max_length,
            )
