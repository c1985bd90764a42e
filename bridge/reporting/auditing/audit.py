"""`audit`: does a preset's own tokenizer give the ids it was trained with?"""

import os
from collections import Counter
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bridge.errors import BridgeError
from bridge.reporting.auditing.causes import Cause
from bridge.reporting.auditing.classify import Classifier
from bridge.reporting.auditing.examples import find_examples
from bridge.reporting.auditing.measures import (
    compare_paths,
    keras_room,
    measure_cosine,
    measure_remedies,
    spread,
)
from bridge.reporting.auditing.probe import View
from bridge.reporting.auditing.report import AuditReport
from bridge.tokenizers import Tokenizer, load_tokenizer
from bridge.tokenizers.texts import check_texts

__all__ = ["AuditReport", "audit"]

# Differing texts that are searched for causes; the report says how many were.
_CLASSIFIED = 1_000


def audit(
    preset_tokenizer: Any,  # noqa: ANN401  whatever load_tokenizer takes
    reference_tokenizer: Any,  # noqa: ANN401
    texts: Sequence[str],
    *,
    backbone: Any = None,  # noqa: ANN401  a KerasHub backbone, task or preset name
) -> AuditReport:
    """Compare the ids of a preset's own tokenizer with those of its reference.

    Causes are found by probing: a property is taken away from the text, or the text
    is cut otherwise, and the difference goes away or stays. No special tokens are
    added to texts, but for the backbone, which gets the reference's template.

    Args:
        preset_tokenizer: The preset's KerasHub tokenizer, a preset's name or folder,
            or anything `load_tokenizer` takes.
        reference_tokenizer: The tokenizer the checkpoint was trained with: anything
            `load_tokenizer` takes, or a preset's name or folder.
        texts: Texts to encode with both.
        backbone: A KerasHub backbone, a task, or a preset's name or folder, whose
            pooled outputs are compared too: the mean over real tokens, never padding.

    Returns:
        How many differ, which, why, the smallest examples, and what helps.

    Raises:
        TextInputError: If a text is not a `str`.
        BackboneError: If `backbone` does not fit the ids, or takes more than one text.

    Example:
        >>> bridge.audit(preset, preset, ["Café naïve", "plain words"]).causes
        {'accents': 1}
    """
    checked = check_texts(texts)
    view = View(_load_native(preset_tokenizer), _load_reference(reference_tokenizer))
    model = None if backbone is None else keras_room().find_backbone(backbone)
    differing = view.differing(checked)
    chosen = [checked[i] for i in spread(differing, _CLASSIFIED)]
    classifier = Classifier(view)
    found = classifier.explain(chosen)
    counts = Counter(
        cause
        for text, changes in zip(chosen, found, strict=True)
        for cause in classifier.causes(text, changes)
    )
    examples = find_examples(view, dict(zip(chosen, found, strict=True)))
    paths, shown = compare_paths(view, checked, differing)
    if paths is not None:
        counts[Cause.PATHS] = paths.differing
    report = AuditReport(
        texts=len(checked),
        differing=tuple(differing),
        classified=len(chosen),
        causes={cause.value: counts[cause] for cause in Cause if counts[cause]},
        examples=(*examples, *shown),
        paths=paths,
        remedies=measure_remedies(view, checked, differing),
    )
    return report if model is None else measure_cosine(report, view, checked, model)


def _may_be_preset(source: Any) -> bool:  # noqa: ANN401
    if not isinstance(source, (str, os.PathLike)) or Path(source).is_file():
        return False
    return find_spec("keras_hub") is not None


def _load_native(source: Any) -> Tokenizer:  # noqa: ANN401
    # A preset's folder often holds a tokenizer.json too: that is its reference.
    native = keras_room().native_tokenizer(source) if _may_be_preset(source) else None
    return load_tokenizer(source if native is None else native)


def _load_reference(source: Any) -> Tokenizer:  # noqa: ANN401
    try:
        return load_tokenizer(source)
    except BridgeError:
        found: Tokenizer | None = None
        if _may_be_preset(source):
            found = keras_room().reference_tokenizer(source)
        if found is None:
            raise
        return found
