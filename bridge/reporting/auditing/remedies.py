"""Which options of a KerasHub tokenizer bring its ids closer to the reference's."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from tempfile import TemporaryDirectory
from typing import Any

from bridge.reporting.auditing.probe import View
from bridge.reporting.auditing.report import Remedy
from bridge.tokenizers import Tokenizer
from bridge.tokenizers.keras_vocabulary import keras_merges, keras_proto
from bridge.tokenizers.rows import literal_texts
from bridge.vocabulary import TokenKind

# Options that would change what the ids are, not where text is cut.
_KEPT = ("trainable", "split", "add_bos", "add_eos")
_UNSPLITTABLE = "unsplittable_tokens"

# An option that helps with the texts at hand must not spoil what any text may hold.
_GUARD = ("The QUICK Brown fox", "Caf\u00e9", "\u65e5\u672c\u8a9e", "don't, 2023")

Options = dict[str, Any]


def rebuild(tokenizer: Any, options: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Build a KerasHub tokenizer again with other options.

    Args:
        tokenizer: A KerasHub tokenizer; it is only read.
        options: Entries of its config to replace.

    Returns:
        A tokenizer of the same class and vocabulary.
    """
    config = dict(tokenizer.get_config())
    # Its own `get_config` forgets this one.
    if hasattr(tokenizer, "split_on_cjk"):
        config["split_on_cjk"] = tokenizer.split_on_cjk
    twin = type(tokenizer).from_config({**config, **options})
    if keras_proto(tokenizer) is not None:
        twin.set_proto(keras_proto(tokenizer))
    elif keras_merges(tokenizer) is not None:
        twin.set_vocabulary_and_merges(
            dict(tokenizer.vocabulary), list(tokenizer.merges)
        )
    elif hasattr(twin, "set_vocabulary"):
        twin.set_vocabulary(list(tokenizer.get_vocabulary()))
    elif tokenizer.file_assets:
        with TemporaryDirectory() as folder:
            tokenizer.save_assets(folder)
            twin.load_assets(folder)
    return twin


def measure_options(
    view: View, texts: Sequence[str], differing: Sequence[int]
) -> list[Remedy]:
    """Find the options that help, the best first and the next on top of it.

    Options are found in the object's config: what is on is tried off, what is off is
    tried on, and all special tokens of the reference are tried as unsplittable.

    Args:
        view: The preset's own KerasHub tokenizer and its reference.
        texts: All texts.
        differing: Positions of those that differ.

    Returns:
        Remedies, each with fewer differing texts than the one before.
    """
    remedies: list[Remedy] = []
    chosen: Options = {}
    current, left = view, [texts[i] for i in differing]
    candidates = list(_candidates(_engine(view), view.reference))
    while left:
        trials = [(_trial(view, chosen | option), option) for option in candidates]
        found = _best(trials, current, left, texts)
        if found is None:
            break
        current, option, left = found
        candidates.remove(option)
        chosen |= option
        remedies.append(Remedy(_shown(chosen), len(left)))
    return remedies


def _best(
    trials: Sequence[tuple[View, Options]],
    current: View,
    left: Sequence[str],
    texts: Sequence[str],
) -> tuple[View, Options, list[str]] | None:
    """Return the trial that helps most and the texts that still differ in it."""
    guarded = len(current.differing(_GUARD))
    screened = [(len(trial.differing(left)), i) for i, (trial, _) in enumerate(trials)]
    for count, place in sorted(screened):
        trial, option = trials[place]
        if count >= len(left):
            break
        if len(trial.differing(_GUARD)) > guarded:
            continue
        # An option may also spoil texts that were right.
        still = [texts[i] for i in trial.differing(texts)]
        if len(still) < len(left):
            return trial, option, still
    return None


def _trial(view: View, options: Options) -> View:
    """Return the same tokenizers, the preset's own with other options."""
    native: Any = copy.copy(view.native)
    native._engine = rebuild(_engine(view), options)
    return replace(view, native=native)


def _engine(view: View) -> Any:  # noqa: ANN401  the KerasHub object
    native: Any = view.native
    return native._engine


def _candidates(tokenizer: Any, reference: Tokenizer) -> Iterator[Options]:  # noqa: ANN401
    config = dict(tokenizer.get_config())
    if hasattr(tokenizer, "split_on_cjk"):
        config["split_on_cjk"] = tokenizer.split_on_cjk
    for name, value in config.items():
        if isinstance(value, bool) and name not in _KEPT:
            yield {name: not value}
    if _UNSPLITTABLE in config:
        spellings = literal_texts(
            reference.vocabulary, TokenKind.SPECIAL, TokenKind.ADDED
        ).values()
        known = set(tokenizer.get_vocabulary())
        wanted = [text for text in spellings if text in known]
        if set(wanted) - set(config[_UNSPLITTABLE] or ()):
            yield {_UNSPLITTABLE: wanted}


def _shown(options: Options) -> str:
    return ", ".join(
        f"`{name}={value if isinstance(value, bool) else '[...]'}`"
        for name, value in options.items()
    )
