"""`Encoder`: texts or ids to the arrays that a backbone takes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from bridge.aligned import AlignedCalls
from bridge.alignment import Alignment
from bridge.alignment.remap import METHODS, check_choice
from bridge.conversion import refuse_padding, to_ragged
from bridge.huggingface import HuggingFaceCall, input_names
from bridge.id_source import IdSource
from bridge.layout import SPECIALS, STRATEGIES, Specials, Strategy, choose_layout
from bridge.packing import check_pairs
from bridge.places import PaddingSide
from bridge.ragged import Ragged
from bridge.row_format import Arrays, RowFormat, Segments
from bridge.spec import PADDING_SIDES, BackboneSpec, Template
from bridge.tokenizers import Tokenizer, load_tokenizer
from bridge.tokenizers.texts import by_place, part_of
from bridge.truncation import TRUNCATIONS, Truncation
from bridge.vocabulary import TokenKind, Vocabulary

# Texts that are encoded at a time: what libraries need meanwhile stays small.
PART = 8192


class Encoder(AlignedCalls):
    """Turns texts into `token_ids`, `padding_mask` and `segment_ids`.

    Args:
        tokenizer: A `bridge` tokenizer, or anything `load_tokenizer` takes.
        alignment: What its ids mean to a preset; needed for a remap.
        strategy: `"identity"` passes ids through, `"lookup"`, `"expand"` and
            `"retokenize"` remap them, `"transplant"` passes them to a model that was
            given a new embedding.
        backbone: KerasHub backbone or task, or a `BackboneSpec`, that the arrays are
            for; the alignment's preset if `None`.
        vocabulary: Vocabulary of the ids that come out, where it is not the
            tokenizer's own: `result.vocabulary` after a transplant.
        sequence_length: Columns of the arrays.
        specials: Special tokens around each text: the preset's (`"preset"`), the
            tokenizer's own (`"tokenizer"`), none (`None`), or the preset's where there
            is a template and else the tokenizer's (`"auto"`).
        truncation: Which text of a pair loses ids: `"round_robin"` or `"waterfall"` as
            KerasHub's packer, `"longest_first"`, `"only_first"` or `"only_second"` as
            Hugging Face's tokenizers.
        padding_side: Side that receives the padding. `"left"` only where positions
            are relative: an absolute one counts from column 0.

    Raises:
        MissingVocabularyError: If a remap is asked for without an alignment.
        MissingRoleError: If a special token is needed and missing.
        SequenceLengthError: If `sequence_length` is longer than the backbone takes.
        BackboneError: If the backbone takes inputs other than those above, or no
            padding on that side.
        ValueError: If an option is unknown.

    Example:
        >>> encoder = bridge.Encoder("tokenizer.json", sequence_length=8)
        >>> encoder(["a text", "another"])["token_ids"].shape
        (2, 8)
    """

    def __init__(
        self,
        tokenizer: Tokenizer | Any,  # noqa: ANN401  whatever load_tokenizer takes
        *,
        alignment: Alignment | None = None,
        strategy: Strategy = "identity",
        backbone: Any = None,  # noqa: ANN401  a Keras object; Keras is not imported here
        vocabulary: Vocabulary | None = None,
        sequence_length: int = 128,
        specials: Specials = "auto",
        truncation: Truncation = "round_robin",
        padding_side: PaddingSide = "right",
    ) -> None:
        check_choice("strategy", strategy, STRATEGIES)
        check_choice("specials", specials, SPECIALS)
        check_choice("truncation", truncation, TRUNCATIONS)
        check_choice("padding_side", padding_side, PADDING_SIDES)
        self.tokenizer = load_tokenizer(tokenizer)
        self.alignment = alignment
        self.strategy: Strategy = strategy
        self.sequence_length = sequence_length
        self.specials = specials
        self.remaps = strategy in METHODS
        self.layout = choose_layout(
            self.tokenizer,
            alignment=alignment,
            strategy=strategy,
            backbone=backbone,
            vocabulary=vocabulary,
            specials=specials,
        )
        self.source = IdSource(self.tokenizer, alignment, strategy, self.layout)
        self.form = RowFormat(self.layout, sequence_length, padding_side, truncation)

    @property
    def spec(self) -> BackboneSpec:
        """What the backbone expects."""
        return self.layout.spec

    @property
    def vocabulary(self) -> Vocabulary:
        """Vocabulary of the ids that come out."""
        return self.layout.vocabulary

    @property
    def template(self) -> Template:
        """Special tokens around every text, by id."""
        return self.layout.template

    @property
    def pad_id(self) -> int:
        """Id in unused cells."""
        return self.layout.pad_id

    def __call__(
        self, texts: Sequence[str], pairs: Sequence[str] | None = None
    ) -> Arrays:
        """Encode texts, or pairs of texts.

        Args:
            texts: Texts, at least one.
            pairs: Second texts, as many, or `None`.

        Returns:
            Exactly the backbone's inputs, each `(len(texts), sequence_length)`:
            `token_ids` int32; `padding_mask` bool, true where a token is real;
            `segment_ids` int32, 1 on the second text and its end.

        Raises:
            TextInputError: If there is no text, or one is not a `str`.
            TokenIdError: If an id is no row of the backbone's embedding.
        """
        first = self.source.batch(texts)
        if pairs is None:
            with by_place(first):
                return self._encode(first, None)
        second = self.source.batch(pairs)
        check_pairs(first, second)
        with by_place(first, second):
            return self._encode(first, second)

    def ids(self, texts: Sequence[str]) -> Ragged:
        """Encode texts to the ids that the backbone gets, before packing.

        Args:
            texts: Texts, at least one.

        Returns:
            Ids without special tokens, neither cut nor padded.

        Raises:
            TextInputError: If there is no text, or one is not a `str`.
        """
        return self.source.ids(self.source.checked_texts(texts))

    def from_ids(
        self,
        ids: Any,  # noqa: ANN401  lists, arrays and tensors of several libraries
        pairs: Any = None,  # noqa: ANN401
        *,
        mask: Any = None,  # noqa: ANN401
        has_specials: bool = False,
    ) -> Arrays:
        """Pack ids that were computed elsewhere.

        Args:
            ids: The tokenizer's ids: rows of ints, a 2-D array, `Ragged`,
                `tf.RaggedTensor` or a tensor.
            pairs: Second segments in the same forms, or `None`.
            mask: Which cells of a 2-D `ids` are real (1 or true); all if `None`.
            has_specials: Whether special tokens are in the ids already; none are
                added then, and a special token at the end of a row stays when the row
                is cut.

        Returns:
            As calling the encoder does.

        Raises:
            TextInputError: If there is no row, the form is not understood, or padding
                is among the ids that `mask` calls real.
            TokenIdError: If an id is outside the vocabulary.
            ValueError: If `has_specials` or `mask` comes with `pairs`.
        """
        if mask is not None and pairs is not None:
            raise ValueError(
                "A mask covers `ids` alone. Received: mask and pairs, whose padding "
                "would pass for tokens. Pass both as rows of their real ids, without "
                "mask."
            )
        rows = self._read(ids, mask)
        second = None if pairs is None else self._read(pairs)
        if not has_specials:
            return self._arrays(rows, second)
        if second is not None:
            raise ValueError(
                "Ids that hold their special tokens are one row a text. Received: "
                "has_specials=True and pairs. Pass the joined rows, or segments "
                "without special tokens."
            )
        return self.form.arrays_as_they_are(self.source.for_backbone(rows))

    def decode(
        self,
        ids: Any,  # noqa: ANN401  as from_ids
        *,
        mask: Any = None,  # noqa: ANN401
    ) -> list[str]:
        """Turn ids that the backbone gets (or generates) back into texts.

        Args:
            ids: Ids as `from_ids` takes them, but in the backbone's space. Special
                tokens, a pad token among them, are left out.
            mask: Which cells of a 2-D `ids` are real; needed where the pad id is an
                ordinary token (GPT-2's 0 is `!`), since padding would be decoded.

        Returns:
            One text a row.

        Raises:
            TextInputError: If there is no row, or the form is not understood.
            TokenIdError: If an id is outside the vocabulary.
        """
        rows = to_ragged(ids, mask)
        self.vocabulary.check_ids(rows.values)
        keep = self.vocabulary.kinds[rows.values] != TokenKind.SPECIAL
        kept = np.concatenate([[0], np.cumsum(keep)])
        text_ids = Ragged(rows.values[keep], kept[rows.offsets])
        if self.remaps and self.alignment is not None:
            return self.alignment.reference.decode_batch(text_ids)
        return self.tokenizer.decode_batch(text_ids)

    def as_hf(self) -> HuggingFaceCall:
        """Return the tokenizer with transformers' own call, attributes and results.

        Ids are always the tokenizer's own, special tokens those it adds by itself.
        `model_input_names` and `model_max_length` are the backbone's where one is
        known; like `padding_side` and `truncation_side` they can be set.

        Returns:
            A tokenizer that transformers' collators take.

        Example:
            >>> call = bridge.Encoder("tokenizer.json").as_hf()
            >>> call(["a text"], padding=True, return_tensors="np")["input_ids"]
            array([[ 101, 1037, 3793,  102]])
        """
        known = self.alignment is not None or self.spec.vocabulary_size is not None
        return HuggingFaceCall(
            self.tokenizer,
            vocabulary=self.tokenizer.vocabulary if self.remaps else self.vocabulary,
            model_input_names=input_names(self.spec.keys if known else ()),
            model_max_length=self.spec.max_sequence_length,
        )

    def _encode(self, first: list[str], second: list[str] | None) -> Arrays:
        if second is None and not self.remaps:
            arrays = self.form.encode(self.tokenizer, first)
            if arrays is not None:
                return arrays

        def ids(texts: list[str], rows: slice) -> Ragged:
            return self.source.ids(part_of(texts, rows))

        def part(rows: slice) -> Segments:
            return ids(first, rows), None if second is None else ids(second, rows)

        return self.form.fill(
            len(first),
            part,
            paired=second is not None,
            step=PART,
            parallel=self.source.is_parallel,
        )

    def _read(self, ids: Any, mask: Any = None) -> Ragged:  # noqa: ANN401
        rows, own = to_ragged(ids, mask), self.tokenizer.vocabulary
        own.check_ids(rows.values)
        refuse_padding(ids, mask, own.roles)
        return rows

    def _arrays(self, ids: Ragged, pairs: Ragged | None) -> Arrays:
        return self.form.arrays(
            self.source.for_backbone(ids),
            None if pairs is None else self.source.for_backbone(pairs),
        )
