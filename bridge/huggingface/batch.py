"""`BatchEncoding`: a result as transformers returns it."""

from collections import UserDict
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Self

from bridge.huggingface.encoding import CharSpan, Encoding, TokenSpan
from bridge.huggingface.tensors import find_converter, to_tensor

Align = Callable[[], list[Encoding]]


class BatchEncoding(UserDict[str, Any]):
    """A mapping of `input_ids`, `attention_mask`, ..., with the way back to the texts.

    The way back (`word_ids`, `char_to_token`, ...) is worked out when it is first
    asked for, so a result that is only used as arrays costs nothing more.

    Args:
        data: The values.
        align: Works out the rows' `Encoding`s; `None` where there are no texts.
        tensor_type: What to turn the values into; as they are if `None`.
    """

    def __init__(
        self,
        data: dict[str, Any] | None = None,
        align: Align | None = None,
        *,
        tensor_type: str | None = None,
    ) -> None:
        super().__init__(data)
        self._align = align
        self._encodings: list[Encoding] | None = None
        self.convert_to_tensors(tensor_type)

    @property
    def encodings(self) -> list[Encoding] | None:
        """One `Encoding` a row; `None` where the tokenizer tells no offsets."""
        if self._encodings is None and self._align is not None:
            with suppress(NotImplementedError):
                self._encodings = self._align()
            self._align = None
        return self._encodings

    @property
    def is_fast(self) -> bool:
        """Whether there is a way back to the texts."""
        return self.encodings is not None

    @property
    def n_sequences(self) -> int | None:
        """2 for pairs, 1 for single texts, `None` where that is not known."""
        return self.encodings[0].n_sequences if self.encodings else None

    def __getitem__(self, item: str | int | slice) -> Any:  # noqa: ANN401
        """Return a value by name, an `Encoding` by number, or a slice of all."""
        if isinstance(item, str):
            return self.data[item]
        if self.encodings is not None:
            return self.encodings[item]
        if isinstance(item, slice):
            return {key: value[item] for key, value in self.data.items()}
        raise KeyError(
            "A result is read by name, or by number where its tokenizer tells "
            f"offsets. Received: {item!r}. Use one of {', '.join(self.data)}."
        )

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        """Return a value as an attribute: `batch.input_ids`."""
        # Unpickling asks before there is any data.
        data = self.__dict__.get("data", {})
        if name not in data:
            raise AttributeError(f"{type(self).__name__!r} has no {name!r}")
        return data[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self.data)

    def __getstate__(self) -> dict[str, Any]:
        """Return the values alone: texts and tokenizer are not stored."""
        return {"data": self.data, "_align": None, "_encodings": None}

    def tokens(self, batch_index: int = 0) -> list[str | None]:
        """Return the tokens of a row."""
        return self._row("tokens", batch_index).tokens

    def word_ids(self, batch_index: int = 0) -> list[int | None]:
        """Return the word number of every token of a row."""
        return self._row("word_ids", batch_index).word_ids

    def sequence_ids(self, batch_index: int = 0) -> list[int | None]:
        """Return the text, 0 or 1, of every token of a row."""
        return self._row("sequence_ids", batch_index).sequence_ids

    def token_to_sequence(
        self, batch_or_token_index: int, token_index: int | None = None
    ) -> int | None:
        """Return the text that a token belongs to; the row may be left out."""
        row, index = _places(batch_or_token_index, token_index)
        return self._row("token_to_sequence", row).token_to_sequence(index)

    def token_to_word(
        self, batch_or_token_index: int, token_index: int | None = None
    ) -> int | None:
        """Return the word that a token belongs to; the row may be left out."""
        row, index = _places(batch_or_token_index, token_index)
        return self._row("token_to_word", row).token_to_word(index)

    def token_to_chars(
        self, batch_or_token_index: int, token_index: int | None = None
    ) -> CharSpan | None:
        """Return the characters of a token; the row may be left out."""
        row, index = _places(batch_or_token_index, token_index)
        span = self._row("token_to_chars", row).token_to_chars(index)
        return None if span is None else CharSpan(*span)

    def word_to_tokens(
        self,
        batch_or_word_index: int,
        word_index: int | None = None,
        sequence_index: int = 0,
    ) -> TokenSpan | None:
        """Return the tokens of a word; the row may be left out."""
        row, index = _places(batch_or_word_index, word_index)
        span = self._row("word_to_tokens", row).word_to_tokens(index, sequence_index)
        return None if span is None else TokenSpan(*span)

    def word_to_chars(
        self,
        batch_or_word_index: int,
        word_index: int | None = None,
        sequence_index: int = 0,
    ) -> CharSpan | None:
        """Return the characters of a word; the row may be left out."""
        row, index = _places(batch_or_word_index, word_index)
        span = self._row("word_to_chars", row).word_to_chars(index, sequence_index)
        return None if span is None else CharSpan(*span)

    def char_to_token(
        self,
        batch_or_char_index: int,
        char_index: int | None = None,
        sequence_index: int = 0,
    ) -> int | None:
        """Return the token of a character; the row may be left out."""
        row, index = _places(batch_or_char_index, char_index)
        return self._row("char_to_token", row).char_to_token(index, sequence_index)

    def char_to_word(
        self,
        batch_or_char_index: int,
        char_index: int | None = None,
        sequence_index: int = 0,
    ) -> int | None:
        """Return the word of a character; the row may be left out."""
        row, index = _places(batch_or_char_index, char_index)
        return self._row("char_to_word", row).char_to_word(index, sequence_index)

    def convert_to_tensors(self, tensor_type: str | None = None) -> Self:
        """Turn all values into arrays or tensors, in place.

        Args:
            tensor_type: `"np"`, `"pt"`, `"tf"`, `"jax"` or `"mlx"`; nothing is done
                if `None`.

        Returns:
            This object.

        Raises:
            ValueError: If the rows of a value differ in length, except for numpy.
            MissingDependencyError: If the library is not installed.
        """
        if tensor_type is not None:
            convert = find_converter(tensor_type)
            for key, value in self.data.items():
                self.data[key] = to_tensor(key, value, convert)
        return self

    def to(self, device: Any, *, non_blocking: bool = False) -> Self:  # noqa: ANN401
        """Move all torch tensors to a device, in place.

        Args:
            device: As `torch.Tensor.to` takes it.
            non_blocking: As `torch.Tensor.to` takes it.

        Returns:
            This object.
        """
        for key, value in self.data.items():
            if hasattr(value, "to"):
                self.data[key] = value.to(device, non_blocking=non_blocking)
        return self

    def _row(self, method: str, batch_index: int) -> Encoding:
        encodings = self.encodings
        if not encodings:
            raise ValueError(
                f"`{method}` needs a tokenizer that tells where its tokens stand, and "
                "a result that was not padded, copied or loaded since. Received: "
                "neither is known here. Encode the texts again."
            )
        return encodings[batch_index]


def _places(first: int, second: int | None) -> tuple[int, int]:
    """Read `(row, place)`, or `(place)` in row 0."""
    return (0, first) if second is None else (first, second)
