"""`TransplantResult`: a model over another vocabulary, and the proof of it."""

from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np

from bridge.embedding.check import RowCheck, check_table
from bridge.embedding.held_out import HeldOut, hold_out
from bridge.embedding.plan import RowPlan
from bridge.embedding.provenance import Provenance
from bridge.embedding.word_rows import WordRows
from bridge.errors import BackboneError
from bridge.keras.backbone import altered_layers
from bridge.keras.hidden import HiddenCheck, compare_hidden
from bridge.keras.tables import VocabularyTable, backbone_of, vocabulary_tables
from bridge.keras.word_lookup import word_lookup
from bridge.spec import BackboneSpec
from bridge.tokenizers.base import Tokenizer
from bridge.vocabulary import TokenKind, Vocabulary


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What `TransplantResult.check` verified.

    Attributes:
        tables: One entry a table: token embedding, output head, bias.
        equal_weights: Other weights that equal those of the model passed in; all of
            them until the model is trained.
        hidden: Hidden states of both models on tokens that both have.
        words: Words that the embedding knows by their tokens.
    """

    tables: tuple[RowCheck, ...]
    equal_weights: int
    hidden: HiddenCheck
    words: int = 0

    def __str__(self) -> str:
        """Return a line or two a table, and one each for words, weights and states."""
        lines = [str(table) for table in self.tables]
        if self.words:
            lines.append(
                f"{self.words:,} words by their tokens: rows equal the preset's"
            )
        lines.append(f"{self.equal_weights} other weights: equal")
        return "\n".join([*lines, str(self.hidden)])


@dataclass(frozen=True, slots=True, eq=False)
class TransplantResult:
    """A model that takes the tokenizer's own ids.

    Attributes:
        model: Backbone or task of the same class as the one passed in. A task is
            compiled with its class's defaults and has no preprocessor.
        vocabulary: The tokenizer's, with the special tokens appended that the backbone
            needs. Packers, masks and tokenizer layers must use this one.
        spec: What the new backbone expects, ids of `vocabulary`.
        provenance: For every row: which rule, which rows of the preset, which weights.
        head_provenance: The same for output heads and their biases; another record
            only where `head_weights` differs from `weights`.
        tokenizer: The tokenizer whose ids the model takes.
        words: The words that its embedding knows by their tokens, or `None`.
    """

    model: Any
    vocabulary: Vocabulary
    spec: BackboneSpec
    provenance: Provenance
    head_provenance: Provenance
    tokenizer: Tokenizer
    _source: Any = field(repr=False)
    _plan: RowPlan = field(repr=False)
    words: WordRows | None = None

    def check(self, *, held_out: int = 512) -> CheckReport:
        """Verify the model against the one it came from.

        Copied rows must be equal bit for bit, no row may hold NaN or only zeros, and
        no two rows may be equal unless they are made of the same. Both backbones must
        give the same hidden states for tokens that both have, as long as no other
        weight was trained. New rows whose norm lies outside that of the copied ones
        are listed, not refused.

        How good new rows are is measured on tokens whose row is known: some copied
        tokens are made as if the preset lacked them, in the ways the model was made
        in, and compared with the truth. With `init="anchors"` and texts, that takes as
        long as making rows did.

        Args:
            held_out: Most tokens to hold out; 0 for no such measure.

        Returns:
            What was verified and measured.

        Raises:
            BackboneError: If something is not so, as after training with
                `trainable="all"`, or if the model was quantized or given LoRA adapters
                since.
        """
        altered = next(filter(None, altered_layers(self.model)), None)
        if altered is not None:
            raise BackboneError(
                "A check compares weights as the transplant made them. Received: "
                f"{altered}. Call `result.check()` before `quantize` and `enable_lora`."
            )
        held = hold_out(self._plan, count=held_out) if held_out else None
        return CheckReport(
            tables=tuple(
                self._check_table(old, new, held)
                for old, new in table_pairs(self._source, self.model)
            ),
            equal_weights=sum(_are_equal(self._source, self.model)),
            hidden=self._check_hidden(),
            words=self._check_words(),
        )

    def _check_table(
        self, old: VocabularyTable, new: VocabularyTable, held: HeldOut | None
    ) -> RowCheck:
        recipe = self.provenance if old.kind == "input" else self.head_provenance
        rows = old.read()
        found = check_table(new.name, rows, new.read(), recipe, kind=old.kind)
        if held is None or rows.shape[1] == 1:  # a bias has no direction
            return found
        return replace(found, held_out=held.score(rows, kind=old.kind))

    def _check_words(self) -> int:
        lookup = word_lookup(self.model)
        if self.words is None or lookup is None:
            return 0
        rows = vocabulary_tables(self._source)[0].read()[self.words.sources]
        found = keras.ops.convert_to_numpy(lookup.embeddings)
        # The row of tokens that have nothing more to say may have been trained.
        wrong = int((found != rows).any(axis=1)[1:].sum())
        if wrong:
            raise BackboneError(
                "Rows of words are the preset's, bit for bit. Received: "
                f"{wrong:,} of {len(rows) - 1:,} that are not. Call `result.check()` "
                "before training."
            )
        return len(self.words)

    def _check_hidden(self) -> HiddenCheck:
        backbone, twin = backbone_of(self._source), backbone_of(self.model)
        trained = _are_equal(backbone, twin).count(False)
        if trained:
            return HiddenCheck(0, note=f"{trained} weights of the body were trained")
        known = np.flatnonzero(self.vocabulary.kinds < TokenKind.SPECIAL)
        shared = known[self.provenance.copied[known]]
        if self.words is not None:
            # Drawn side by side, others might spell a word.
            shared = shared[~self.words.continue_words[shared]]
        rows = self.provenance.take(shared).rows.values
        return compare_hidden(backbone, twin, shared, rows)


def table_pairs(
    model: Any,  # noqa: ANN401
    twin: Any,  # noqa: ANN401
) -> list[tuple[VocabularyTable, VocabularyTable]]:
    """Pair every table of a model with that of its rebuilt twin."""
    return list(zip(vocabulary_tables(model), vocabulary_tables(twin), strict=True))


def _are_equal(model: Any, twin: Any) -> list[bool]:  # noqa: ANN401
    """Compare the weights outside the vocabulary; training may move them."""
    tables = {id(table.variable) for table in vocabulary_tables(model)}
    lookup = word_lookup(twin)
    added = set() if lookup is None else {id(weight) for weight in lookup.weights}
    weights = [weight for weight in twin.weights if id(weight) not in added]
    to_numpy = keras.ops.convert_to_numpy
    return [
        np.array_equal(to_numpy(old), to_numpy(new))
        for old, new in zip(model.weights, weights, strict=True)
        if id(old) not in tables
    ]
