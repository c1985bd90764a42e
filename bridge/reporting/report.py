"""`RemapReport`: what lined up and what did not, as numbers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from bridge.alignment import Alignment
from bridge.errors import SavedFormatError, TextInputError
from bridge.reporting.measure import TextMeasures, measure
from bridge.reporting.recommendation import Recommendation, recommend
from bridge.reporting.sample import own_words
from bridge.reporting.terminal import render_report
from bridge.spec import ROLES, find_role
from bridge.tokenizers.base import check_texts

FORMAT_VERSION = 1
# Fertility and round trips are stable long before this many texts.
_MEASURED_TEXTS = 20_000


@dataclass(frozen=True, slots=True)
class RoleRow:
    """One special role on both sides.

    Attributes:
        role: Its name.
        token: The tokenizer's token for it, or `None`.
        preset_token: The preset's, or `None`.
        exact: Whether both play this very role, not its counterpart.
    """

    role: str
    token: str | None
    preset_token: str | None
    exact: bool


@dataclass(frozen=True, slots=True)
class RemapReport:
    """How a tokenizer and a preset line up.

    Attributes:
        tokenizer_size: Largest id of the tokenizer + 1.
        reference_size: The same of the preset's reference tokenizer.
        backbone_rows: Rows of the backbone's embedding, or `None`.
        reference_note: Where the reference was found.
        kinds: Ids of the tokenizer by `MatchKind` name; they add up to its size.
        roles: Special tokens by role.
        text: Numbers from running text.
        recommendation: The strategy that fits, with reasons.
    """

    tokenizer_size: int
    reference_size: int
    backbone_rows: int | None
    reference_note: str
    kinds: dict[str, int]
    roles: tuple[RoleRow, ...]
    text: TextMeasures
    recommendation: Recommendation

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; `from_dict` reverses it."""
        return {
            "format_version": FORMAT_VERSION,
            "tokenizer_size": self.tokenizer_size,
            "reference_size": self.reference_size,
            "backbone_rows": self.backbone_rows,
            "reference_note": self.reference_note,
            "kinds": dict(self.kinds),
            "roles": [
                {
                    "role": row.role,
                    "token": row.token,
                    "preset_token": row.preset_token,
                    "exact": row.exact,
                }
                for row in self.roles
            ],
            "text": self.text.to_dict(),
            "recommendation": {
                "strategy": self.recommendation.strategy,
                "reasons": list(self.recommendation.reasons),
            },
        }

    def to_json(self) -> str:
        """Return `to_dict` as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=1)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild a report from `to_dict`.

        Args:
            data: What `to_dict` returned.

        Returns:
            An equal report.

        Raises:
            SavedFormatError: If it is of another format version.
        """
        values = dict(data)
        version = values.pop("format_version", None)
        if version != FORMAT_VERSION:
            raise SavedFormatError(
                f"This version of bridge reads reports of format {FORMAT_VERSION}. "
                f"Received: format {version!r}. Make the report again."
            )
        text = dict(values["text"])
        text["lost_tokens"] = tuple(tuple(item) for item in text["lost_tokens"])
        choice = values["recommendation"]
        return cls(
            **values
            | {
                "roles": tuple(RoleRow(**row) for row in values["roles"]),
                "text": TextMeasures(**text),
                "recommendation": Recommendation(
                    choice["strategy"], tuple(choice["reasons"])
                ),
            }
        )

    def __str__(self) -> str:
        """Return the report as text for a terminal."""
        return render_report(self.to_dict())


def make_report(
    alignment: Alignment, texts: Sequence[str] | None = None
) -> RemapReport:
    """Say how the two vocabularies line up, by type and by running text.

    Args:
        alignment: The alignment.
        texts: Texts like those to be encoded, at most 20,000 of which are measured,
            taken evenly. Words of the tokenizer's own vocabulary if `None`, which the
            report says.

    Returns:
        The report.

    Raises:
        TextInputError: If there is no text, or one is not a `str`.

    Example:
        >>> print(bridge.report(alignment, texts))  # doctest: +SKIP
    """
    if texts is None:
        chosen = own_words(alignment.tokenizer.vocabulary)
        sample = "words of the tokenizer's own vocabulary, for want of texts"
    else:
        given = check_texts(texts)
        if not given:
            raise TextInputError(
                "A report on texts needs at least one. Received: an empty list. Leave "
                "`texts` out to measure on the tokenizer's own words."
            )
        step = max(1, -(-len(given) // _MEASURED_TEXTS))
        chosen = given[::step]
        sample = "the texts given" + (f", 1 in {step}" if step > 1 else "")
    measures = measure(alignment, chosen, sample=sample)
    return RemapReport(
        tokenizer_size=alignment.tokenizer.vocabulary.size,
        reference_size=alignment.reference.vocabulary.size,
        backbone_rows=alignment.spec.vocabulary_size,
        reference_note=alignment.reference_note,
        kinds=alignment.counts(),
        roles=_role_rows(alignment),
        text=measures,
        recommendation=recommend(measures),
    )


def _role_rows(alignment: Alignment) -> tuple[RoleRow, ...]:
    mine, theirs = alignment.tokenizer.vocabulary, alignment.reference.vocabulary
    rows = []
    for role in ROLES:
        token = mine.roles.get(role)
        exact = theirs.roles.get(role)
        preset = find_role(theirs.roles, role) if exact is None else exact
        if token is None and exact is None:
            continue
        rows.append(
            RoleRow(
                role,
                None if token is None else mine.text(token),
                None if preset is None else theirs.text(preset),
                exact is not None,
            )
        )
    return tuple(rows)
