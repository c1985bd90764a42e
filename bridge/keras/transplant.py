"""`transplant`: the same pretrained body over another tokenizer's vocabulary."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from bridge.embedding.check import RowCheck, check_table
from bridge.embedding.plan import plan_rows
from bridge.embedding.provenance import Provenance
from bridge.embedding.recipe import check_init
from bridge.embedding.specials import extend_vocabulary, extended_spec
from bridge.errors import BackboneError
from bridge.keras.backbone import check_plain, rebuild, tells_id_zero_apart
from bridge.keras.embedding import check_trainable, pin_rows
from bridge.keras.tables import (
    VocabularyTable,
    backbone_of,
    vocabulary_layers,
    vocabulary_tables,
)
from bridge.spec import BackboneSpec
from bridge.vocabulary import Vocabulary

if TYPE_CHECKING:
    from bridge.alignment import Alignment


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
            f"{len(t.outliers):,} new rows outside"
            for t in self.tables
        ]
        return "\n".join([*lines, f"{self.equal_weights} other weights: equal"])


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
    """

    model: Any
    vocabulary: Vocabulary
    spec: BackboneSpec
    provenance: Provenance
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
        pairs = _pairs(self._source, self.model)
        return CheckReport(
            tables=tuple(
                check_table(
                    new.name, old.read(), new.read(), self.provenance, kind=old.kind
                )
                for old, new in pairs
            ),
            equal_weights=_count_equal(self._source, self.model),
        )


def transplant(
    model: Any,  # noqa: ANN401  Keras has no types
    alignment: "Alignment",
    *,
    init: str = "compose",
    trainable: str = "all",
    texts: Sequence[str] | None = None,
    seed: int = 0,
) -> TransplantResult:
    """Give a pretrained model the vocabulary of another tokenizer.

    The model is rebuilt through its config, everything outside the vocabulary is
    copied, and every row by vocabulary (input table, untied output head, biases, those
    of a task's head too) is made by one recipe: copied where the preset has the token,
    composed from the preset's pieces where it has not, drawn as a last resort. Rows
    are in the scale of the raw table, before any factor or projection behind it.

    Args:
        model: A KerasHub backbone or task; not changed, and kept by the result for
            `check`.
        alignment: What every id of the tokenizer means to this model.
        init: `"compose"`; or, for comparison, `"mean"` (rows that are not copied are
            the mean) and `"random"` (every row but special tokens' is drawn).
        trainable: What trains in the backbone. `"all"`: what trained before;
            `"embedding"`: its vocabulary tables; `"new"`: of these only rows that are
            not copied, which a constraint keeps exactly; `"none"`: nothing. Layers of
            a task outside the backbone keep their flags.
        texts: Texts like those the model will read. They tell how often a token
            without a space mark starts a word; a prior is used if `None`.
        seed: Seed of the drawn rows.

    Returns:
        The new model, its vocabulary, and where every row came from. Its inputs are
        those of the old one; masking is unchanged, by `padding_mask`.

    Raises:
        BackboneError: If the model is no KerasHub backbone or task, is quantized or
            has LoRA adapters, is not the one of the alignment, or has an id in its
            config or code that the vocabulary cannot serve.
        ValueError: If `init` or `trainable` is unknown.
        TextInputError: If a text is not a usable `str`.

    Example:
        >>> result = transplant(backbone, alignment)  # doctest: +SKIP
        >>> result.model.vocabulary_size  # doctest: +SKIP
        50262
    """
    check_init(init)
    check_trainable(trainable)
    backbone = backbone_of(model)
    check_plain(model)
    vocabulary = extend_vocabulary(alignment.tokenizer.vocabulary, alignment.spec)
    plan = plan_rows(
        alignment,
        vocabulary,
        preset_rows=backbone.token_embedding.input_dim,
        init=init,
        texts=texts,
        seed=seed,
    )
    ids = _IdMover(vocabulary, plan.recipe)
    twin = rebuild(model, vocabulary_size=vocabulary.size, move_id=ids.move)
    _check_padding(backbone_of(twin), vocabulary)
    for number, (old, new) in enumerate(_pairs(model, twin)):
        new.write(plan.build(old.read(), kind=old.kind, number=number))
    _set_trainable(twin, trainable, plan.recipe)
    return TransplantResult(
        model=twin,
        vocabulary=vocabulary,
        spec=extended_spec(alignment.spec, vocabulary),
        provenance=plan.recipe,
        _source=model,
    )


def _pairs(model: Any, twin: Any) -> list[tuple[VocabularyTable, VocabularyTable]]:  # noqa: ANN401
    return list(zip(vocabulary_tables(model), vocabulary_tables(twin), strict=True))


@dataclass(frozen=True, slots=True)
class _IdMover:
    """Moves ids that a backbone's config holds into the new vocabulary."""

    vocabulary: Vocabulary
    recipe: Provenance

    def move(self, key: str, token_id: int) -> int:
        if key == "pad_token_id":
            return self.vocabulary.roles["pad"]
        copied = np.flatnonzero(self.recipe.copied)
        rows = self.recipe.rows.values[self.recipe.rows.offsets[:-1][copied]]
        places = copied[rows == token_id]
        if not places.size:
            raise BackboneError(
                "A token id in a backbone's config needs a token in the new "
                f"vocabulary. Received: {key}={token_id}, which no token of the "
                f"tokenizer stands for. Name one in `bridge.align(..., "
                f"overrides={{token: {token_id}}})`."
            )
        return int(places[0])


def _check_padding(backbone: Any, vocabulary: Vocabulary) -> None:  # noqa: ANN401
    pad_id = vocabulary.roles["pad"]
    if pad_id != 0 and tells_id_zero_apart(backbone):
        raise BackboneError(
            f"{type(backbone).__name__} takes token id 0 for padding in its code, so "
            "id 0 must be the pad token. Received: a vocabulary whose id 0 is "
            f"{vocabulary.text(0)!r} and whose pad token is id {pad_id}. Take a "
            "tokenizer that pads with id 0, or remap its ids with `alignment.remap`."
        )


def _set_trainable(model: Any, trainable: str, recipe: Provenance) -> None:  # noqa: ANN401
    if trainable == "all":
        return
    backbone = backbone_of(model)
    if trainable == "none":
        backbone.trainable = False
        return
    layers = vocabulary_layers(backbone)
    _train_only(backbone, {id(layer) for layer in layers})
    if trainable == "new":
        for table in vocabulary_tables(backbone):
            pin_rows(table.variable, recipe.copied, axis=table.axis)


def _train_only(layer: Any, wanted: set[int]) -> None:  # noqa: ANN401
    """Freeze a layer and all below it but the wanted ones.

    A frozen layer hides what is below, so those on the way must stay trainable.
    """
    if id(layer) in wanted:
        # On TensorFlow, setting what is already set is skipped, with all below it.
        layer.trainable = False
        layer.trainable = True
        return
    below = {id(part) for part in layer._flatten_layers(include_self=False)}
    if not below & wanted:
        layer.trainable = False
        return
    children = layer._layers
    layer.trainable = True
    for variable in layer._trainable_variables:
        variable.trainable = False
    for child in children:
        _train_only(child, wanted)


def _count_equal(model: Any, twin: Any) -> int:  # noqa: ANN401
    """Count weights outside the vocabulary that are equal; training may move them."""
    tables = {id(table.variable) for table in vocabulary_tables(model)}
    to_numpy = keras.ops.convert_to_numpy
    return sum(
        np.array_equal(to_numpy(old), to_numpy(new))
        for old, new in zip(model.weights, twin.weights, strict=True)
        if id(old) not in tables
    )
