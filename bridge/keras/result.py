"""`TransplantResult`: a model over another vocabulary, and the proof of it."""

from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from bridge.embedding.check import RowCheck, check_table
from bridge.embedding.provenance import Provenance
from bridge.keras.tables import VocabularyTable, vocabulary_tables
from bridge.spec import BackboneSpec
from bridge.tokenizers.base import Tokenizer
from bridge.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What `TransplantResult.check` verified.

    Attributes:
        tables: One entry a table: token embedding, output head, bias.
        equal_weights: Other weights that equal those of the model passed in; all of
            them until the model is trained.
    """

    tables: tuple[RowCheck, ...]
    equal_weights: int

    def __str__(self) -> str:
        """Return one line a table."""
        lines = [
            f"{t.name}: {t.rows:,} rows, {t.copied:,} equal to the preset's bit for "
            f"bit, norms of those {t.band[0]:.3g} to {t.band[1]:.3g}, "
            f"{len(t.outliers):,} new rows outside{_shown(t.outliers)}"
            for t in self.tables
        ]
        return "\n".join([*lines, f"{self.equal_weights} other weights: equal"])


def _shown(ids: tuple[int, ...]) -> str:
    if not ids:
        return ""
    more = ", ..." if len(ids) > 5 else ""
    return f" (ids {', '.join(map(str, ids[:5]))}{more})"


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
    """

    model: Any
    vocabulary: Vocabulary
    spec: BackboneSpec
    provenance: Provenance
    head_provenance: Provenance
    tokenizer: Tokenizer
    _source: Any = field(repr=False)

    def check(self) -> CheckReport:
        """Verify the model against the one it came from.

        Copied rows must be equal bit for bit, no row may hold NaN or only zeros, and
        no two rows may be equal unless they are made of the same. New rows whose norm
        lies outside that of the copied ones are listed, not refused.

        Returns:
            What was verified.

        Raises:
            BackboneError: If something is not so, as after training with
                `trainable="all"`.
        """
        recipes = {"input": self.provenance, "head": self.head_provenance}
        return CheckReport(
            tables=tuple(
                check_table(
                    new.name, old.read(), new.read(), recipes[old.kind], kind=old.kind
                )
                for old, new in table_pairs(self._source, self.model)
            ),
            equal_weights=_count_equal(self._source, self.model),
        )


def table_pairs(
    model: Any,  # noqa: ANN401
    twin: Any,  # noqa: ANN401
) -> list[tuple[VocabularyTable, VocabularyTable]]:
    """Pair every table of a model with that of its rebuilt twin."""
    return list(zip(vocabulary_tables(model), vocabulary_tables(twin), strict=True))


def _count_equal(model: Any, twin: Any) -> int:  # noqa: ANN401
    """Count weights outside the vocabulary that are equal; training may move them."""
    tables = {id(table.variable) for table in vocabulary_tables(model)}
    to_numpy = keras.ops.convert_to_numpy
    return sum(
        np.array_equal(to_numpy(old), to_numpy(new))
        for old, new in zip(model.weights, twin.weights, strict=True)
        if id(old) not in tables
    )
