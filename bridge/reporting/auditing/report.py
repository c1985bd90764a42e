"""`AuditReport`: the numbers of an audit, apart from how they look."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from bridge.reporting.auditing.causes import Cause
from bridge.reporting.plain import from_saved, to_json, to_plain

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Difference:
    """One text that gets different ids.

    Attributes:
        text: The text.
        preset_tokens: What the preset's own tokenizer makes of it.
        reference_tokens: What the reference makes of it.
        preset_ids: The same as ids.
        reference_ids: The same as ids.
        graph_tokens: What the preset's own makes of it inside `tf.data`, where that
            is what differs, else `None`.
    """

    text: str
    preset_tokens: tuple[str, ...]
    reference_tokens: tuple[str, ...]
    preset_ids: tuple[int, ...]
    reference_ids: tuple[int, ...]
    graph_tokens: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A smallest text that gets different ids by one cause.

    Attributes:
        cause: The cause, a value of `Cause`.
        smallest: No word and no character of it can be removed.
        words: The same, shrunk by words only.
        cosine: Cosine of the backbone's pooled outputs for `words`, or `None`.
    """

    cause: str
    smallest: Difference
    words: Difference
    cosine: float | None = None

    @property
    def text(self) -> str:
        """The smallest text."""
        return self.smallest.text

    @property
    def preset_tokens(self) -> tuple[str, ...]:
        """What the preset's own tokenizer makes of the smallest text."""
        return self.smallest.preset_tokens

    @property
    def reference_tokens(self) -> tuple[str, ...]:
        """What the reference makes of the smallest text."""
        return self.smallest.reference_tokens


@dataclass(frozen=True, slots=True)
class Paths:
    """The preset's own tokenizer called eagerly, and inside a TensorFlow graph.

    Attributes:
        texts: How many texts were tried: the differing ones first, since graph paths
            may be slow.
        differing: Those that get other ids in the graph than eagerly.
        eager: Those that get other ids eagerly than from the reference.
        graph: Those that get other ids in the graph than from the reference.
    """

    texts: int
    differing: int
    eager: int
    graph: int


@dataclass(frozen=True, slots=True)
class Cosine:
    """Pooled outputs of the backbone for both id sequences of differing texts.

    Attributes:
        texts: How many texts were run.
        mean: Mean cosine.
        lowest: Lowest cosine.
    """

    texts: int
    mean: float
    lowest: float


@dataclass(frozen=True, slots=True)
class Remedy:
    """Something to do about it, with its measured effect.

    Attributes:
        change: An option of the preset's own tokenizer, or a tokenizer to take instead.
        differing: How many of all texts get other ids with it.
    """

    change: str
    differing: int


@dataclass(frozen=True, slots=True)
class AuditReport:
    """How often a preset's own tokenizer differs from its reference, and why.

    Attributes:
        texts: How many texts were encoded.
        differing: Positions of those that got other ids.
        classified: How many of the differing were searched for causes.
        causes: Texts by cause, of the classified; a text may have several.
        examples: The smallest failing texts of each cause.
        paths: Eager calls against `tf.data`, or `None` where there is no such path.
        cosine: What it means to the backbone, or `None` without one.
        remedies: What helps, each measured on all texts; one with several options
            holds those of the one before.

    Example:
        >>> found = bridge.audit(preset, preset, ["plain words", "naïve"])
        >>> found.differing, found.examples[0].reference_tokens
        ((1,), ('i',))
    """

    texts: int
    differing: tuple[int, ...]
    classified: int
    causes: dict[str, int]
    examples: tuple[Example, ...]
    paths: Paths | None = None
    cosine: Cosine | None = None
    remedies: tuple[Remedy, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; `from_dict` reverses it."""
        return {
            "format_version": FORMAT_VERSION,
            **to_plain(self),
            "meanings": {cause: Cause(cause).meaning for cause in self.causes},
        }

    def to_json(self) -> str:
        """Return `to_dict` as JSON text."""
        return to_json(self.to_dict())

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild a report from `to_dict`, or from what JSON made of it.

        Args:
            data: What `to_dict` returned.

        Returns:
            An equal report.

        Raises:
            SavedFormatError: If it is damaged or of another format version.
        """
        values = {name: data[name] for name in data if name != "meanings"}
        return from_saved(cls, values, version=FORMAT_VERSION, noun="audit")

    def _repr_html_(self) -> str:
        """Return the audit as a fragment for notebooks."""
        from bridge.reporting.auditing.html import audit_fragment

        return audit_fragment(self)

    def __str__(self) -> str:
        """Return the audit as text for a terminal."""
        from bridge.reporting.auditing.terminal import render_audit

        return render_audit(self)
