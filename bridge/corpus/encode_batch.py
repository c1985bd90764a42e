"""`EncodeBatch`: batches of texts to rows, for this and for other engines."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bridge.alignment.remap import check_choice
from bridge.batches.collating import column_of
from bridge.corpus.documents import Documents
from bridge.corpus.rows import LAYOUTS, Layout, Packer, Rows
from bridge.encoder import Encoder
from bridge.errors import MissingRoleError
from bridge.places import mask_of
from bridge.ragged import Ragged, take_slices
from bridge.spec import Template
from bridge.tokenizers.rows import surround
from bridge.tokenizers.texts import check_texts


@dataclass(frozen=True)
class EncodeBatch:
    """Encodes a batch of texts to rows of different lengths.

    A row is what stands in the real cells of the encoder's arrays. It can be pickled:
    a process that receives it builds its own tokenizer engine on first use, so that
    engines of other libraries can call it: `map` of Hugging Face's `datasets`,
    `mapInPandas` of Spark, `map_partitions` of Dask, `map_batches` of Ray.

    Attributes:
        encoder: Turns texts into ids; such as `link.encoder`.
        text: Column of the texts.
        layout: `"documents"`: a row is a whole text, whatever its length, between its
            special tokens. `"windows"`: the rows of `encoder.windows`. `"packed"`:
            texts one behind the other, an end-of-text token after each, cut to the
            encoder's `sequence_length`; the last row of a batch may be shorter.
        stride: Ids that two neighbouring windows share.
        cut: Whether documents are cut to `sequence_length`, as the encoder does.

    Raises:
        MissingRoleError: If packed rows need a separator and there is none.
        ValueError: If the layout is unknown, or a stride is no window's.

    Example:
        >>> encode = bridge.EncodeBatch(encoder)
        >>> dataset = datasets.Dataset.from_dict({"text": ["a text", "another"]})
        >>> len(dataset.map(encode, batched=True)["token_ids"])
        2
    """

    encoder: Encoder
    text: str = "text"
    layout: Layout = "documents"
    stride: int = 0
    cut: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be laid out."""
        check_choice("layout", self.layout, LAYOUTS)
        if self.stride and self.layout != "windows":
            raise ValueError(
                "Only windows overlap. Received: "
                f"stride={self.stride} for layout={self.layout!r}. Leave it out, or "
                "pass layout='windows'."
            )
        if self.layout == "packed":
            _ = self.template

    @property
    def template(self) -> Template:
        """Special tokens around each document, by id."""
        if self.layout != "packed":
            return self.encoder.template
        roles = self.encoder.vocabulary.roles
        for role in ("eos", "sep"):
            if role in roles:
                return Template(end=(roles[role],))
        raise MissingRoleError(
            "Packed documents are separated by an eos or sep token. Received: a "
            f"vocabulary whose roles are {dict(roles)}. Name one with "
            "`bridge.load_tokenizer(..., roles={'eos': token})`."
        )

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """Encode some rows of a table.

        Args:
            batch: From the name of a column to its values: a dict, or a pandas
                `DataFrame`.

        Returns:
            Columns of the new rows: `token_ids`, int32 arrays; `length`, their
            lengths; `row`, the row of the batch that each comes from; `start`, its
            first id among those of its text; for packed rows `begins`, the cells
            where texts begin.

        Raises:
            TextInputError: If the column is missing, or a text is not a `str`.
        """
        texts = check_texts(column_of(batch, self.text))
        count = len(texts)
        rows = self.rows(Documents(texts, np.zeros(count, np.int32), np.arange(count)))
        if self.layout == "packed":
            packer = Packer(self.encoder.sequence_length)
            rows = Rows.concatenate([packer.add(rows), packer.finish()])
        columns = {
            "token_ids": list(rows.ids),
            "length": rows.ids.lengths.astype(np.int32),
            "row": rows.row,
            "start": rows.start,
        }
        return (
            columns if rows.begins is None else columns | {"begins": list(rows.begins)}
        )

    def rows(self, documents: Documents) -> Rows:
        """Encode documents to rows; those to be packed are not packed yet.

        Args:
            documents: Texts with their places.

        Returns:
            The rows.
        """
        if not documents.texts:
            return Rows.nothing()
        if self.layout == "windows":
            return self._windows(documents)
        ids = self.encoder.ids(documents.texts)
        lost = 0
        if self.cut:
            room = self.encoder.form.room(paired=False)
            kept = np.minimum(ids.lengths, room)
            lost = ids.values.size - int(kept.sum())
            ids = take_slices(ids.values, ids.offsets[:-1], kept)
        return Rows(
            surround(ids, self.template),
            documents.source,
            documents.row,
            np.zeros(len(ids), np.int64),
            cut=lost,
        )

    def _windows(self, documents: Documents) -> Rows:
        encoder = self.encoder
        windows = encoder.windows(documents.texts, stride=self.stride)
        room = encoder.form.room(paired=False)
        specials = encoder.sequence_length - room
        mask = mask_of(windows.lengths + specials, encoder.sequence_length)
        if encoder.form.padding_side == "left":
            mask = mask[:, ::-1]
        return Rows(
            Ragged.from_padded(windows.arrays["token_ids"], mask),
            documents.source[windows.text_index],
            documents.row[windows.text_index],
            windows.starts,
        )
