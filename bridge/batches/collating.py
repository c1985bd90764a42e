"""Encoders as functions for other loaders: torch's and those of Hugging Face."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bridge.batches.batching import Batching
from bridge.batches.rows import EncodedRows
from bridge.encoder import Encoder
from bridge.errors import MissingDependencyError, TextInputError
from bridge.row_format import Arrays


@dataclass(frozen=True)
class Collator:
    """Encodes the examples of a batch: `collate_fn` of `torch.utils.data.DataLoader`.

    Rows are as wide as the longest text of the batch needs. It can be pickled, and a
    worker that was forked builds its own tokenizer engine.

    Keras on TensorFlow takes the shapes of a torch loader from its first two batches,
    and `fit` fails at a batch of another width where these two are alike: pass
    `full_width=True` there.

    Attributes:
        encoder: Turns texts into the backbone's arrays; such as `link.encoder`.
        tensors: `"np"` for numpy arrays, `"pt"` for torch tensors.
        full_width: Whether every batch is as wide as the encoder's `sequence_length`.

    Example:
        >>> collate = bridge.Collator(encoder)  # DataLoader(..., collate_fn=collate)
        >>> inputs, labels = collate([("a text", 1), ("another", 0)])
        >>> labels.tolist()
        [1, 0]
    """

    encoder: Encoder
    tensors: Literal["np", "pt"] = "np"
    full_width: bool = False

    def __post_init__(self) -> None:
        """Refuse unknown tensors."""
        if self.tensors not in ("np", "pt"):
            raise ValueError(
                f"`tensors` must be 'np' or 'pt'. Received: {self.tensors!r}. Leave it "
                "out for numpy arrays."
            )

    def __call__(self, examples: Sequence[Any]) -> tuple[Any, ...]:
        """Encode a batch.

        Args:
            examples: Each a text, `(text, label)` or `(text, label, weight)`; for
                pairs `(first, second)` stands in place of the text.

        Returns:
            `(x,)`, `(x, labels)` or `(x, labels, weights)`, a tuple always, as Keras
            reads loaders; `x` are exactly the backbone's inputs, each `(rows, width)`.

        Raises:
            TextInputError: If examples are of different forms, a text is not a `str`,
                or a second text stands where a label is expected.
            MissingDependencyError: If torch is asked for and not installed.
        """
        rows = EncodedRows.of_examples(self.encoder, examples)
        whole = Batching(batch_size=len(rows), shuffle=False)
        (batch,) = rows.plan(whole, (0,))
        if self.full_width:
            batch = batch._replace(width=self.encoder.sequence_length)
        made = rows.batch(batch)
        arrays, *targets = made if isinstance(made, tuple) else (made,)
        if self.tensors == "np":
            return (arrays, *targets)
        make = _torch().from_numpy
        return ({k: make(v) for k, v in arrays.items()}, *map(make, targets))


@dataclass(frozen=True)
class ColumnEncoder:
    """Encodes columns: the function of `datasets.Dataset.map(..., batched=True)`.

    Attributes:
        encoder: Turns texts into the backbone's arrays; such as `link.encoder`.
        text: Column of the texts.
        pair: Column of the second texts, or `None`.

    Example:
        >>> encode = bridge.ColumnEncoder(encoder, text="sentence")
        >>> dataset = datasets.Dataset.from_dict({"sentence": ["a text", "another"]})
        >>> sorted(dataset.map(encode, batched=True).column_names)
        ['padding_mask', 'segment_ids', 'sentence', 'token_ids']
    """

    encoder: Encoder
    text: str = "text"
    pair: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that it adds: the backbone's inputs."""
        return self.encoder.spec.keys

    def __call__(self, batch: Mapping[str, Any]) -> Arrays:
        """Encode some rows.

        Args:
            batch: From the name of a column to its values.

        Returns:
            The new columns, each `(rows, sequence_length)`.

        Raises:
            TextInputError: If a column is missing, or a text is not a `str`.
        """
        pairs = None if self.pair is None else column_of(batch, self.pair)
        return self.encoder(column_of(batch, self.text), pairs)


def column_of(batch: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401
    """Return the texts of a batch.

    Args:
        batch: From the name of a column to its values.
        name: The column.

    Returns:
        Its values, unchecked.

    Raises:
        TextInputError: If it is missing.
    """
    if name not in batch:
        raise TextInputError(
            f"The texts must be in the column that is named. Received: {name!r} "
            f"for columns {sorted(batch)}. Pass `text=` or `pair=`."
        )
    return batch[name]


def _torch() -> Any:  # noqa: ANN401  the module
    try:
        import torch
    except ImportError as error:
        raise MissingDependencyError(
            "`tensors='pt'` needs torch. Received: it is not installed. Run `pip "
            "install torch`, or pass 'np'."
        ) from error
    return torch
