"""`connect`: align, report, choose a strategy, and make it usable."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from bridge.alignment.align import Override
from bridge.errors import UnsupportedTokenizerError
from bridge.facade.aligning import align
from bridge.facade.link import Bridge
from bridge.reporting import make_report
from bridge.vocabulary import Token

Strategy = Literal["auto", "identity", "lookup", "expand", "retokenize", "transplant"]
STRATEGIES = ("auto", "identity", "lookup", "expand", "retokenize", "transplant")


def connect(
    tokenizer: Any,  # noqa: ANN401  whatever load_tokenizer takes
    preset: Any,  # noqa: ANN401  name, folder or KerasHub object
    *,
    strategy: Strategy = "auto",
    texts: Sequence[str] | None = None,
    reference: Any = None,  # noqa: ANN401  whatever load_tokenizer takes
    overrides: Mapping[int | Token, Override] | None = None,
    words: bool = False,
    seed: int = 0,
) -> Bridge:
    """Connect a tokenizer with a preset: align, report, choose, and make it usable.

    Args:
        tokenizer: The external tokenizer, or anything `load_tokenizer` takes.
        preset: A preset's name or folder, or a KerasHub backbone with `reference=`,
            or a task.
        strategy: How ids reach the backbone. `"auto"` follows the report's
            recommendation: identity where the ids agree, retokenize where the
            tokenizer loses nothing and the preset's vocabulary fits the language,
            else transplant.
        texts: Texts like those to be encoded; the choice and the mixture of composed
            rows are measured on them.
        reference: The tokenizer the checkpoint was trained with, where known better.
        overrides: As in `align`.
        words: As in `transplant`, where that is the strategy.
        seed: Of everything random: the rows of tokens that match nothing.

    Returns:
        The link.

    Raises:
        MissingVocabularyError: If nothing says what the preset's ids mean.
        BackboneError: If the preset cannot be loaded.
        UnsupportedTokenizerError: If the strategy is `"auto"`, and how a side cuts
            text is needed to choose and not known.
        ValueError: If the strategy is unknown.

    Example:
        >>> link = bridge.connect(tokenizer, preset)
        >>> link.strategy
        'retokenize'
        >>> task = link.task(keras_hub.models.BertTextClassifier, num_classes=2)
    """
    if strategy not in STRATEGIES:
        raise ValueError(
            f"`strategy` must be one of {', '.join(map(repr, STRATEGIES))}. "
            f"Received: {strategy!r}."
        )
    alignment = align(tokenizer, preset, reference=reference, overrides=overrides)
    report = make_report(alignment, texts)
    chosen = report.recommendation.strategy if strategy == "auto" else strategy
    if chosen == "undecided":
        raise UnsupportedTokenizerError(
            "`strategy='auto'` is chosen by how both tokenizers cut text. Received: "
            "one that is only a vocabulary. "
            f"{report.unmeasured[0]} Or name a strategy."
        )
    return Bridge(
        alignment,
        report,
        strategy=chosen,
        preset=preset,
        texts=texts,
        words=words,
        seed=seed,
    )
