"""Words of a preset, found for the model that reads them in another's tokens."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from bridge.embedding.word_list import find_word_rows
from bridge.embedding.word_rows import WordRows
from bridge.errors import BackboneError
from bridge.keras.backbone import reads_one_text
from bridge.keras.hidden import text_inputs
from bridge.spec import Template
from bridge.vocabulary import Vocabulary

if TYPE_CHECKING:
    from bridge.alignment import Alignment


def find_preset_words(
    backbone: Any,  # noqa: ANN401  Keras has no types
    alignment: "Alignment",
    vocabulary: Vocabulary,
    texts: Iterable[str] | None,
) -> WordRows | None:
    """Find the words that a backbone's preset has rows for and the tokenizer cuts.

    Args:
        backbone: The preset's.
        alignment: Of the tokenizer with the preset.
        vocabulary: The tokenizer's, special tokens appended.
        texts: As `bridge.transplant` takes them.

    Returns:
        The words, or `None` if there are none.

    Raises:
        BackboneError: If the backbone does not read one text in both directions, or
            has no special token at the end of a text.
    """
    _check_reads_ahead(backbone)
    spec, reference = alignment.spec, alignment.reference
    template = Template() if spec.template is None else spec.template
    end = template.resolve(reference.vocabulary.roles).end
    if not end:
        raise BackboneError(
            "Tokens of a word that have nothing more to say get the row of the special "
            f"token that ends a text. Received: {type(backbone).__name__}, whose texts "
            "end without one. Leave `words=` out."
        )
    return find_word_rows(
        reference,
        alignment.tokenizer,
        vocabulary,
        silent=int(end[-1]),
        texts=texts or (),
    )


def _check_reads_ahead(backbone: Any) -> None:  # noqa: ANN401
    if not reads_one_text(backbone) or not _reads_ahead(backbone):
        raise BackboneError(
            "A word is known once its last token is, so the backbone must read one "
            f"text in both directions. Received: {type(backbone).__name__}. Leave "
            "`words=` out."
        )


def _reads_ahead(backbone: Any) -> bool:  # noqa: ANN401
    """Tell whether the states of a token depend on the tokens behind it."""
    ids = np.array([[1, 2, 3], [1, 2, 4]], np.int32)
    output = backbone(text_inputs(backbone, ids), training=False)
    if isinstance(output, dict):
        output = output["sequence_output"]
    first, second = keras.ops.convert_to_numpy(output)[:, :2].astype(np.float32)
    return not np.allclose(first, second)
