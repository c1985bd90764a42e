"""Which causes a differing text has, found by taking them away."""

from collections import Counter
from collections.abc import Sequence

from bridge.reporting.auditing.causes import CHANGES, Cause, Change
from bridge.reporting.auditing.probe import View
from bridge.reporting.auditing.shrink import shrink

# A word that no single change explains is taken apart, which costs some hundred
# encodings; where there are more such words, two tokenizers have little in common.
_TAKEN_APART = 200

# What was taken away from a text so that it agrees; `None` where nothing helped.
Found = tuple[Change, ...] | None


class Classifier:
    """Finds what has to be taken away from texts so that both tokenizers agree.

    Args:
        view: Both tokenizers, nothing taken away.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._words: dict[str, Found] = {}

    def explain(self, texts: Sequence[str]) -> list[Found]:
        """Find the changes after which each text agrees.

        Args:
            texts: Texts that differ.

        Returns:
            For each the fewest changes found, or `None` where none explain all of it.
        """
        found = self._by_one_change(texts)
        rest = [text for text in texts if text not in found]
        self._explain_words(rest)
        return [found[t] if t in found else self._combined(t) for t in texts]

    def causes(self, text: str, found: Found) -> frozenset[Cause]:
        """Return the causes of a text.

        Args:
            text: A text that differs.
            found: What `explain` found for it.

        Returns:
            The causes; where it is not explained, those of its words, and `OTHER`.
        """
        if found is not None:
            return frozenset(change.cause for change in found)
        known = (self._words.get(word) or () for word in text.split())
        return frozenset({change.cause for one in known for change in one}) | {
            Cause.OTHER
        }

    def _by_one_change(self, texts: Sequence[str]) -> dict[str, Found]:
        found: dict[str, Found] = {}
        for change in CHANGES:
            view = self._view.without(change)
            rest = [t for t in dict.fromkeys(texts) if t not in found]
            # A change that alters nothing explains nothing.
            touched = [text for text in rest if view.touches(text)]
            still = set(view.differing(touched))
            for i, text in enumerate(touched):
                if i not in still:
                    found[text] = (change,)
        return found

    def _explain_words(self, texts: Sequence[str]) -> None:
        counts = Counter(word for text in texts for word in text.split())
        words = [word for word, _ in counts.most_common()]
        failing = [words[i] for i in self._view.differing(words)]
        self._words |= self._by_one_change(failing)
        rest = [word for word in failing if word not in self._words]
        for place, word in enumerate(rest):
            apart = place < _TAKEN_APART
            self._words[word] = self._taken_apart(word, ()) if apart else None

    def _combined(self, text: str) -> Found:
        """Put together what explains the words; the rest lies between them."""
        words = [word for word in text.split() if word in self._words]
        parts = [self._words[word] for word in words]
        if any(part is None for part in parts):
            return None
        changes = dict.fromkeys(change for part in parts for change in part or ())
        return self._taken_apart(text, tuple(changes))

    def _taken_apart(self, text: str, changes: tuple[Change, ...]) -> Found:
        """Explain one smallest failing piece after the other."""
        view = self._view.without(*changes)
        # One round a change: two variants of a cause could take turns for ever.
        for _ in CHANGES:
            if not view.differs(text):
                return self._fewest(text, view.changes)
            _, piece = shrink(text, view.differs)
            more = self._next(piece, view.changes)
            if more is None:
                break
            view = view.without(*more)
        return None

    def _next(
        self, piece: str, changes: tuple[Change, ...]
    ) -> tuple[Change, ...] | None:
        """Add the change that explains a piece, or put it for another of its cause."""
        for change in CHANGES:
            others = tuple(c for c in changes if c.cause != change.cause)
            for kept in dict.fromkeys((changes, others)):
                more = (*kept, change)
                if change not in kept and not self._view.without(*more).differs(piece):
                    return more
        return None

    def _fewest(self, text: str, changes: tuple[Change, ...]) -> tuple[Change, ...]:
        for change in changes:
            fewer = tuple(kept for kept in changes if kept is not change)
            if not self._view.without(*fewer).differs(text):
                return self._fewest(text, fewer)
        return changes
