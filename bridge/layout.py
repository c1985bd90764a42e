"""`Layout`: which special tokens and which pad id go around the ids of an encoder."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from bridge.alignment import Alignment
from bridge.alignment.reference import with_reference
from bridge.alignment.remap import METHODS
from bridge.errors import (
    BackboneError,
    MissingRoleError,
    MissingVocabularyError,
    SequenceLengthError,
)
from bridge.spec import BackboneSpec, Template
from bridge.tokenizers import Tokenizer
from bridge.vocabulary import Vocabulary

Strategy = Literal["identity", "lookup", "expand", "retokenize", "transplant"]
STRATEGIES = ("identity", *METHODS, "transplant")
Specials = Literal["auto", "preset", "tokenizer"] | None
SPECIALS = ("auto", "preset", "tokenizer", None)
_KEYS = {"token_ids", "padding_mask", "segment_ids"}


@dataclass(frozen=True, slots=True)
class Layout:
    """What an encoder writes around its ids.

    Attributes:
        spec: What the backbone expects.
        vocabulary: Vocabulary of the ids that come out.
        template: Special tokens, by id.
        pad_id: Id in unused cells.
    """

    spec: BackboneSpec
    vocabulary: Vocabulary
    template: Template
    pad_id: int

    def check_length(self, sequence_length: int) -> None:
        """Refuse a length that the backbone does not take.

        Args:
            sequence_length: Columns of the arrays.

        Raises:
            SequenceLengthError: If it is below 1 or above the backbone's limit.
        """
        limit = self.spec.max_sequence_length
        if sequence_length < 1 or (limit is not None and sequence_length > limit):
            most = (
                "" if limit is None else f" and at most {limit}, the backbone's limit"
            )
            raise SequenceLengthError(
                f"The sequence length must be at least 1{most}. Received: "
                f"sequence_length={sequence_length}. Pass another length."
            )


def choose_layout(
    tokenizer: Tokenizer,
    *,
    alignment: Alignment | None,
    strategy: Strategy,
    backbone: Any,  # noqa: ANN401  a Keras object; Keras is not imported here
    vocabulary: Vocabulary | None,
    specials: Specials,
) -> Layout:
    """Decide what goes around the ids; the arguments are those of `Encoder`.

    Args:
        tokenizer: The external tokenizer.
        alignment: What its ids mean to a preset, or `None`.
        strategy: How ids reach the backbone.
        backbone: KerasHub backbone or task, `BackboneSpec`, or `None`.
        vocabulary: Vocabulary of the ids that come out, or `None` for the
            tokenizer's own, or the reference's after a remap.
        specials: Whose special tokens.

    Returns:
        The layout, everything by id.

    Raises:
        MissingVocabularyError: If a remap is asked for without an alignment.
        MissingRoleError: If a special token is needed and missing.
        BackboneError: If the backbone takes inputs other than those of an encoder, or
            hides another id than the pad id.
    """
    remaps = strategy in METHODS
    if remaps and alignment is None:
        raise MissingVocabularyError(
            f"Strategy {strategy!r} needs to know what the ids mean to the preset. "
            "Received: alignment=None. Pass "
            "`alignment=bridge.align(tokenizer, preset)`."
        )
    spec = _find_spec(backbone, alignment)
    _check_keys(spec)
    if remaps and alignment is not None:
        reference = alignment.reference
        # A backbone alone knows neither the ids of its special tokens nor of its pad.
        spec = with_reference(spec, reference, pad_id=alignment.spec.pad_id)
        vocabulary, own = reference.vocabulary, None
    else:
        vocabulary = tokenizer.vocabulary if vocabulary is None else vocabulary
        own = tokenizer.template
    roles = vocabulary.roles
    template = _choose_template(specials, spec.template, own, strategy=strategy)
    known = backbone is not None or alignment is not None
    pad_id = _choose_pad(roles, spec, backbone_known=known)
    if "padding_mask" not in spec.keys and _is_model(backbone):
        _keras_room("guards").check_pad_id(backbone, pad_id)
    return Layout(
        spec=spec,
        vocabulary=vocabulary,
        template=template.resolve(roles),
        pad_id=pad_id,
    )


def _find_spec(backbone: Any, alignment: Alignment | None) -> BackboneSpec:  # noqa: ANN401
    if isinstance(backbone, BackboneSpec):
        return backbone
    if _is_model(backbone):
        described: BackboneSpec = _keras_room("spec").describe(backbone)
        return described
    return BackboneSpec() if alignment is None else alignment.spec


def _is_model(backbone: Any) -> bool:  # noqa: ANN401
    return backbone is not None and not isinstance(backbone, BackboneSpec)


def _keras_room(name: str) -> Any:  # noqa: ANN401  a module
    # A backbone exists only where Keras is loaded, and only the Keras room knows how
    # to read one; it is asked by name so that this module stays free of it.
    return import_module(f"bridge.keras.{name}")


def _check_keys(spec: BackboneSpec) -> None:
    if not set(spec.keys) <= _KEYS:
        raise BackboneError(
            "An Encoder makes token_ids, padding_mask and segment_ids. Received: a "
            f"backbone that takes {', '.join(spec.keys)}. Use the task's own "
            "preprocessor with `bridge.KerasTokenizer(tokenizer)`."
        )


def _choose_template(
    specials: Specials,
    preset: Template | None,
    own: Template | None,
    *,
    strategy: str,
) -> Template:
    if specials is None:
        return Template()
    if specials != "tokenizer" and preset is not None:
        return preset
    if specials == "preset":
        raise MissingRoleError(
            "`specials='preset'` needs a preset that has a template. Received: none "
            "is known. Pass `alignment=` or a backbone of a KerasHub family, or use "
            "'tokenizer' or None."
        )
    if own is not None:
        return own
    if specials == "tokenizer":
        raise MissingRoleError(
            "`specials='tokenizer'` needs a tokenizer with a template of its own, "
            f"and ids that are its own. Received: strategy={strategy!r} and no such "
            "template. Use 'preset' or None."
        )
    return Template()


def _choose_pad(
    roles: Mapping[str, int], spec: BackboneSpec, *, backbone_known: bool
) -> int:
    pad = roles.get("pad")
    if pad is not None:
        return pad
    if backbone_known:
        # The mask says what is padding, so any row of the table will do.
        return 0 if spec.pad_id is None else spec.pad_id
    raise MissingRoleError(
        "Unused cells need a pad id. Received: a tokenizer without a pad token "
        f"(roles: {dict(roles)}) and no backbone that has one. Name one with "
        "`bridge.load_tokenizer(..., roles={'pad': 0})` (0 or any other id serves, "
        "since the mask is made from lengths), or pass `backbone=` or `alignment=`."
    )
