"""The smallest texts that show each cause of an audit."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from bridge.ragged import Ragged
from bridge.reporting.auditing.causes import CHANGES, Cause, Change
from bridge.reporting.auditing.classify import Found
from bridge.reporting.auditing.probe import View
from bridge.reporting.auditing.report import Difference, Example
from bridge.reporting.auditing.shrink import shrink
from bridge.tokenizers import Tokenizer

GraphEncoder = Callable[[Sequence[str]], Ragged]

# Texts that are shrunk for each cause, the shortest first, and examples kept.
_TRIED = 6
_KEPT = 2


def find_examples(view: View, found: Mapping[str, Found]) -> list[Example]:
    """Shrink differing texts while they still differ by the same cause.

    Args:
        view: Both tokenizers, nothing taken away.
        found: Differing texts with the changes after which they agree, `None` where
            nothing helps.

    Returns:
        Up to two examples a cause, the smallest first.
    """
    by_cause: dict[Cause, dict[tuple[str, str], None]] = {}
    for cause, text, fails in _candidates(view, found):
        words, smallest = shrink(text, fails)
        by_cause.setdefault(cause, {})[smallest, words] = None
    return [
        Example(cause.value, _difference(view, smallest), _difference(view, words))
        for cause, pairs in sorted(by_cause.items(), key=lambda item: _place(item[0]))
        for smallest, words in _smallest(pairs)
    ]


def path_example(view: View, text: str, encode: GraphEncoder) -> Example:
    """Shrink a text that eager calls and `tf.data` encode differently.

    Args:
        view: Both tokenizers.
        text: The text.
        encode: The preset's own tokenizer inside `tf.data`.

    Returns:
        The example, with the tokens of all three.
    """

    def fails(text: str) -> bool:
        return encode([text]) != view.native.encode_batch([text])

    def shown(text: str) -> Difference:
        return _difference(view, text, graph=encode([text])[0].tolist())

    words, smallest = shrink(text, fails)
    return Example(Cause.PATHS.value, shown(smallest), shown(words))


def _candidates(
    view: View, found: Mapping[str, Found]
) -> Iterator[tuple[Cause, str, Callable[[str], bool]]]:
    """Yield texts to shrink, the shortest first, with what must stay true of them."""
    tried: dict[Cause, int] = {}
    for text in sorted(found, key=len):
        changes = found[text]
        if changes is None:
            if tried.get(Cause.OTHER, 0) < _TRIED:
                tried[Cause.OTHER] = tried.get(Cause.OTHER, 0) + 1
                yield Cause.OTHER, text, _unexplained(view)
            continue
        for change in changes:
            cause = change.cause
            if tried.get(cause, 0) < _TRIED:
                tried[cause] = tried.get(cause, 0) + 1
                yield cause, text, _only_by(view, change, changes)


def _only_by(
    view: View, change: Change, changes: tuple[Change, ...]
) -> Callable[[str], bool]:
    """Tell whether a text differs by this change once the others are taken away."""
    others = view.without(*(other for other in changes if other is not change))
    everything = view.without(*changes)
    return lambda text: others.differs(text) and not everything.differs(text)


def _unexplained(view: View) -> Callable[[str], bool]:
    """Tell whether a text differs and no single change explains it."""
    single = [view.without(change) for change in CHANGES]
    return lambda text: view.differs(text) and all(v.differs(text) for v in single)


def _smallest(pairs: Mapping[tuple[str, str], None]) -> list[tuple[str, str]]:
    chosen: dict[str, tuple[str, str]] = {}
    for pair in sorted(pairs, key=lambda pair: (len(pair[0]), len(pair[1]))):
        chosen.setdefault(pair[0], pair)
    return list(chosen.values())[:_KEPT]


def _place(cause: Cause) -> int:
    return list(Cause).index(cause)


def _difference(view: View, text: str, *, graph: list[int] | None = None) -> Difference:
    own, other = (
        tuple(tokenizer.encode_batch([text])[0].tolist())
        for tokenizer in (view.native, view.reference)
    )
    return Difference(
        text=text,
        preset_tokens=_tokens(view.native, own),
        reference_tokens=_tokens(view.reference, other),
        preset_ids=own,
        reference_ids=other,
        graph_tokens=None if graph is None else _tokens(view.native, graph),
    )


def _tokens(tokenizer: Tokenizer, ids: Sequence[int]) -> tuple[str, ...]:
    vocabulary = tokenizer.vocabulary
    # A graph gives -1 for what it cannot spell.
    return tuple("<none>" if i < 0 else vocabulary.text(i) for i in ids)
