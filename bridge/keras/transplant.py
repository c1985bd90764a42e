"""`transplant`: the same pretrained body over another tokenizer's vocabulary."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bridge.embedding.methods import Init
from bridge.embedding.plan import RowPlan, check_options, plan_rows
from bridge.embedding.provenance import Provenance
from bridge.embedding.specials import extend_vocabulary, extended_spec
from bridge.errors import BackboneError
from bridge.keras.backbone import check_plain, rebuild, tells_id_zero_apart
from bridge.keras.embedding import check_trainable
from bridge.keras.preset_words import find_preset_words
from bridge.keras.result import CheckReport, TransplantResult, table_pairs
from bridge.keras.tables import backbone_of, token_layer, vocabulary_tables
from bridge.keras.training import set_trainable
from bridge.keras.word_lookup import give_words
from bridge.spec import BackboneSpec
from bridge.tokenizers.base import Tokenizer
from bridge.vocabulary import Vocabulary

if TYPE_CHECKING:
    from bridge.alignment import Alignment

__all__ = ["CheckReport", "TransplantResult", "transplant"]


def transplant(
    model: Any,  # noqa: ANN401  Keras has no types
    alignment: "Alignment",
    *,
    init: Init = "compose",
    weights: str = "char_length",
    head_weights: str | None = None,
    calibrate: bool = False,
    trainable: str = "all",
    texts: Sequence[str] | None = None,
    words: bool = False,
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
        init: What makes rows that are not copied: a name, a method, or a list of
            these by priority, each row by the first that can. `"compose"`: from the
            preset's pieces; `"anchors"` or `bridge.Anchors(...)`: from copied tokens
            near it in vectors of the user, or made from `texts`;
            `bridge.MatchingPursuit(...)`: from copied tokens that rebuild it in the
            table of the model the tokenizer comes with; a function from ids and a
            table of the preset to rows. What none of them makes is drawn. For
            comparison: `"copy"` (all else is drawn), `"mean"` (all else is the mean)
            and `"random"` (every row but special tokens' is drawn).
        weights: Weights of the pieces of a composed row: `"char_length"`,
            `"uniform"`, `"first"` or `"longest"`.
        head_weights: The same in an output head of its own; as `weights` if `None`.
        calibrate: Whether to scale composed rows of the input table to the median
            norm of copied rows: a mean of several rows is shorter than they are. A
            head keeps the lengths, which are part of its scores.
        trainable: What trains in the backbone. `"all"`: what trained before;
            `"embedding"`: its vocabulary tables; `"new"`: of these only rows that are
            not copied, which a constraint keeps exactly; `"none"`: nothing. Layers of
            a task outside the backbone keep their flags.
        texts: Texts like those the model will read. They tell how often a token
            without a space mark starts a word (a prior is used if `None`), and
            `"anchors"` reads the company of tokens off them.
        words: Whether the embedding also knows words that the tokenizer cuts and the
            preset has rows for: where it finds all tokens of one, by their ids alone,
            it gives the preset's rows in place of theirs, and to the tokens that are
            left over the row of the special token that ends a text. Those of the
            preset's vocabulary are known, the 100,000 most frequent ones of `texts`,
            and the 50,000 likeliest of words formed as these are: `lemons`, if they
            have `clowns`. For backbones that read one text in both directions; their
            class is a subclass then, which Keras loads where `bridge` is imported. The
            model grows by 68 bytes a word and spelling, and by a row for each piece
            that words have.
        seed: Seed of the drawn rows.

    Returns:
        The new model, its vocabulary, and where every row came from. Its inputs are
        those of the old one; masking is unchanged, by `padding_mask`.

    Raises:
        BackboneError: If the model is no KerasHub backbone or task, is quantized or
            has LoRA adapters, is not the one of the alignment, has an id in its
            config or code that the vocabulary cannot serve, knows words already, or
            cannot with `words=True`.
        ValueError: If `init`, weights or `trainable` are unknown, or if a function
            given as `init` returns rows that do not fit.
        TextInputError: If a text is not a usable `str`.
        UnsupportedTokenizerError: With `words=True`, if a side is only a vocabulary.

    Example:
        >>> result = transplant(backbone, alignment)
        >>> result.model.vocabulary_size
        50262
    """
    check_options(init, weights, head_weights)
    check_trainable(trainable)
    backbone = backbone_of(model)
    check_plain(model)
    vocabulary = extend_vocabulary(alignment.tokenizer.vocabulary, alignment.spec)
    plan = plan_rows(
        alignment,
        vocabulary,
        preset_rows=token_layer(backbone).input_dim,
        init=init,
        weights=weights,
        head_weights=head_weights,
        calibrate=calibrate,
        texts=texts,
        seed=seed,
    )
    found = find_preset_words(backbone, alignment, vocabulary, texts) if words else None
    result = build_twin(
        model,
        plan,
        vocabulary,
        spec=extended_spec(alignment.spec, vocabulary),
        tokenizer=alignment.tokenizer,
        trainable=trainable,
    )
    if found is None:
        return result
    twin = backbone_of(result.model)
    give_words(
        twin,
        found,
        vocabulary_tables(backbone)[0].read(),
        # They are copies, which stay where only new rows train.
        trainable=token_layer(twin).trainable and trainable != "new",
    )
    return replace(result, words=found)


def build_twin(
    model: Any,  # noqa: ANN401
    plan: RowPlan,
    vocabulary: Vocabulary,
    *,
    spec: BackboneSpec,
    tokenizer: Tokenizer,
    trainable: str,
) -> TransplantResult:
    """Rebuild a model and make every table of it by a plan.

    Args:
        model: A KerasHub backbone or task; not changed.
        plan: How rows are made, as many as the new tables have.
        vocabulary: What the new ids mean.
        spec: What the new backbone expects.
        tokenizer: The tokenizer whose ids it takes.
        trainable: As in `transplant`.

    Returns:
        The new model and the record of its rows.

    Raises:
        BackboneError: If the backbone needs an id that the vocabulary cannot serve.
    """
    ids = _IdMover(vocabulary, plan.recipe)
    twin = rebuild(model, vocabulary_size=len(plan.recipe), move_id=ids.move)
    _check_padding(backbone_of(twin), vocabulary)
    for number, (old, new) in enumerate(table_pairs(model, twin)):
        new.write(plan.build(old.read(), kind=old.kind, number=number))
    set_trainable(twin, trainable, plan.recipe if trainable == "new" else None)
    return TransplantResult(
        model=twin,
        vocabulary=vocabulary,
        spec=spec,
        provenance=plan.recipe,
        head_provenance=plan.head_recipe,
        tokenizer=tokenizer,
        _source=model,
        _plan=plan,
    )


@dataclass(frozen=True, slots=True)
class _IdMover:
    """Moves ids that a backbone's config holds into the new vocabulary."""

    vocabulary: Vocabulary
    recipe: Provenance

    def move(self, key: str, token_id: int) -> int:
        if key == "pad_token_id" and "pad" in self.vocabulary.roles:
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
    pad_id = vocabulary.roles.get("pad", 0)
    if pad_id != 0 and tells_id_zero_apart(backbone):
        raise BackboneError(
            f"{type(backbone).__name__} takes token id 0 for padding in its code, so "
            "id 0 must be the pad token. Received: a vocabulary whose id 0 is "
            f"{vocabulary.text(0)!r} and whose pad token is id {pad_id}. Take a "
            "tokenizer that pads with id 0, or remap its ids with `alignment.remap`."
        )
