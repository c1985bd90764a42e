"""What an audit measures beside ids: paths, remedies, pooled outputs."""

from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np

from bridge.reporting.auditing.examples import path_example
from bridge.reporting.auditing.probe import View
from bridge.reporting.auditing.remedies import measure_options, rebuild
from bridge.reporting.auditing.report import AuditReport, Cosine, Example, Paths, Remedy
from bridge.tokenizers.keras_hub import KerasHubTokenizer

# Texts run through the backbone, and texts tried in `tf.data`, where GPT-2's own
# tokenizer takes 15 ms a line. The report says how many were.
_POOLED = 64
_GRAPHED = 100


def keras_room() -> Any:  # noqa: ANN401  a module
    """Return the part that needs Keras; its room is above this one."""
    return import_module("bridge.keras.auditing")


def spread(rows: Sequence[int], limit: int) -> list[int]:
    """Take at most `limit` of the rows, evenly."""
    if len(rows) <= limit:
        return list(rows)
    return [rows[i] for i in np.linspace(0, len(rows) - 1, limit).astype(int).tolist()]


def compare_paths(
    view: View, texts: Sequence[str], differing: Sequence[int]
) -> tuple[Paths | None, list[Example]]:
    """Compare eager calls of the preset's own tokenizer with `tf.data`.

    Args:
        view: Both tokenizers.
        texts: All texts.
        differing: Positions of those that differ from the reference.

    Returns:
        Counts on some texts, the differing ones first, and an example where there is
        one; `None` where the tokenizer is not KerasHub's, or TensorFlow is missing.
    """
    if not isinstance(view.native, KerasHubTokenizer) or not texts:
        return None, []
    # A copy: the graph path fills a cache of the object.
    encode = keras_room().graph_encoder(rebuild(view.native._engine, {}))
    if encode is None:
        return None, []
    first = spread(differing, _GRAPHED)
    others = sorted(set(range(len(texts))) - set(differing))
    tried = [texts[i] for i in [*first, *spread(others, _GRAPHED - len(first))]]
    graph, eager, reference = (
        rows.to_lists()
        for rows in (
            encode(tried),
            view.native.encode_batch(tried),
            view.reference.encode_batch(tried),
        )
    )
    paths = Paths(
        texts=len(tried),
        differing=_unequal(graph, eager),
        eager=_unequal(eager, reference),
        graph=_unequal(graph, reference),
    )
    unlike = [text for i, text in enumerate(tried) if graph[i] != eager[i]]
    if not unlike:
        return paths, []
    return paths, [path_example(view, min(unlike, key=len), encode)]


def _unequal(first: list[list[int]], second: list[list[int]]) -> int:
    return sum(one != other for one, other in zip(first, second, strict=True))


def measure_remedies(
    view: View, texts: Sequence[str], differing: Sequence[int]
) -> tuple[Remedy, ...]:
    """Measure options of the preset's own tokenizer, and `KerasTokenizer`.

    Args:
        view: Both tokenizers.
        texts: All texts.
        differing: Positions of those that differ.

    Returns:
        Options that help, then `KerasTokenizer`; none where nothing differs or the
        tokenizer is not KerasHub's.
    """
    if not isinstance(view.native, KerasHubTokenizer) or not differing:
        return ()
    options = measure_options(view, texts, differing)
    bridged = keras_room().encode_bridged(view.reference, texts).to_lists()
    left = _unequal(bridged, view.reference.encode_batch(texts).to_lists())
    return (*options, Remedy("`bridge.KerasTokenizer`", left))


def measure_cosine(
    report: AuditReport,
    view: View,
    texts: Sequence[str],
    backbone: Any,  # noqa: ANN401  a KerasHub backbone
) -> AuditReport:
    """Compare what the backbone makes of both id sequences of differing texts.

    Args:
        report: The audit so far.
        view: Both tokenizers.
        texts: All texts.
        backbone: The backbone.

    Returns:
        The audit with cosines, of the texts and of its examples; the same audit where
        nothing differs.
    """
    chosen = [texts[i] for i in spread(report.differing, _POOLED)]
    if not chosen:
        return report
    inputs = [*chosen, *(example.words.text for example in report.examples)]
    own, other = (
        keras_room().pooled_outputs(
            backbone, tokenizer.encode_batch(inputs), template=view.reference.template
        )
        for tokenizer in (view.native, view.reference)
    )
    lengths = np.linalg.norm(own, axis=1) * np.linalg.norm(other, axis=1)
    # A text without tokens and without special tokens has no direction.
    values = ((own * other).sum(axis=1) / np.maximum(lengths, 1e-12)).tolist()
    of_texts, of_examples = values[: len(chosen)], values[len(chosen) :]
    examples = tuple(
        replace(example, cosine=value)
        for example, value in zip(report.examples, of_examples, strict=True)
    )
    cosine = Cosine(len(of_texts), float(np.mean(of_texts)), min(of_texts))
    return replace(report, examples=examples, cosine=cosine)
