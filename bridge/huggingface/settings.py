"""`Settings`: what a tokenizer knows of its model, and what follows from that."""

import os
from collections.abc import Sequence
from typing import Any

from bridge.huggingface.batch import BatchEncoding
from bridge.huggingface.decoding import Decoder
from bridge.huggingface.options import VERY_LARGE, Options, settle
from bridge.huggingface.padding import pad_encoded, read_encoded, tensors_of
from bridge.huggingface.pipeline import read_frames
from bridge.huggingface.request import Request
from bridge.huggingface.saving import save_tokenizer
from bridge.tokenizers import Tokenizer
from bridge.vocabulary import Vocabulary


class Settings(Decoder):
    """A tokenizer with sides, a longest input, and the names of a model's inputs.

    Args:
        tokenizer: Any tokenizer.
        vocabulary: What its ids mean; its own if `None`.
        model_input_names: What a call returns where it does not say.
        model_max_length: Longest input of the model; none is known if `None`.
        padding_side: Side that receives the padding.
        truncation_side: Side that loses tokens.

    Attributes:
        is_fast: True: results know their characters, where the tokenizer tells.
        pad_token_type_id: Segment id in unused cells.
    """

    is_fast = True
    pad_token_type_id = 0

    def __init__(
        self,
        tokenizer: Tokenizer,
        *,
        vocabulary: Vocabulary | None = None,
        model_input_names: Sequence[str] = ("input_ids", "attention_mask"),
        model_max_length: int | None = None,
        padding_side: str = "right",
        truncation_side: str = "right",
    ) -> None:
        own = tokenizer.vocabulary if vocabulary is None else vocabulary
        super().__init__(tokenizer, own)
        # Asked once: it costs as much as a small call.
        self._frames = read_frames(tokenizer)
        self.model_input_names = list(model_input_names)
        limit = VERY_LARGE if model_max_length is None else model_max_length
        self.model_max_length = limit
        self.padding_side = padding_side
        self.truncation_side = truncation_side

    def pad(
        self,
        encoded_inputs: Any,  # noqa: ANN401  mappings, or a list of them
        padding: Any = True,  # noqa: ANN401
        max_length: int | None = None,
        pad_to_multiple_of: int | None = None,
        padding_side: str | None = None,
        return_attention_mask: bool | None = None,
        return_tensors: Any = None,  # noqa: ANN401
        verbose: bool = True,  # noqa: ARG002  transformers' collators pass it
    ) -> BatchEncoding:
        """Pad what was encoded earlier.

        Args:
            encoded_inputs: A result, a list of results, or mappings with `input_ids`.
            padding: `True`, `False` or a strategy.
            max_length: Length to pad to, with `padding="max_length"`.
            pad_to_multiple_of: The length is a multiple of it.
            padding_side: Side that receives the padding; the tokenizer's if `None`.
            return_attention_mask: Whether to return a mask, made from lengths where
                there is none; as `model_input_names` says if `None`.
            return_tensors: Library of the results; that of the ids if `None`.
            verbose: Not used.

        Returns:
            The same keys; ids, masks and segment ids are padded. Rows are never cut.

        Raises:
            ValueError: If the ids are missing or keys have different numbers of rows.
            MissingRoleError: If there is no pad token.
        """
        main = self.model_input_names[0]
        tensors = return_tensors
        if tensors is None:
            tensors = tensors_of(encoded_inputs, main)
        request = Request(
            padding=padding,
            truncation=False,
            max_length=max_length,
            pad_to_multiple_of=pad_to_multiple_of,
            padding_side=padding_side,
            return_attention_mask=return_attention_mask,
        )
        columns = read_encoded(encoded_inputs, main)
        if not columns[main]:
            # As transformers: nothing is added but what was asked for.
            if return_attention_mask:
                columns["attention_mask"] = []
            return BatchEncoding(columns)
        mask = "attention_mask" in request.keys(self.model_input_names)
        padded = pad_encoded(columns, self._options(request), main=main, mask=mask)
        return BatchEncoding(padded, tensor_type=tensors)

    def save_pretrained(
        self, save_directory: str | os.PathLike[str]
    ) -> tuple[str, ...]:
        """Write the tokenizer into a folder, beside what it holds.

        Args:
            save_directory: Folder; `bridge.load_tokenizer` reads it, and where the
                tokenizer is Hugging Face's own, transformers does too.

        Returns:
            Paths of the files.

        Raises:
            UnsupportedTokenizerError: If the tokenizer holds Python code.
        """
        settings = {
            **self.special_tokens_map,
            "model_input_names": self.model_input_names,
            "model_max_length": self.model_max_length,
            "padding_side": self.padding_side,
            "truncation_side": self.truncation_side,
        }
        return save_tokenizer(
            self.tokenizer,
            self.vocabulary,
            save_directory,
            roles=self.special,
            settings=settings,
        )

    def _options(self, request: Request) -> Options:
        side = request.padding_side
        return settle(
            padding=request.padding,
            truncation=request.truncation,
            max_length=request.max_length,
            model_max_length=self.model_max_length,
            stride=request.stride,
            pad_to_multiple_of=request.pad_to_multiple_of,
            padding_side=self.padding_side if side is None else side,
            truncation_side=self.truncation_side,
            pad_id=self.pad_token_id,
            pad_type_id=self.pad_token_type_id,
            add_special_tokens=request.add_special_tokens,
            overflow=request.return_overflowing_tokens,
        )
