"""`RemapReport`: what lined up and what did not, as numbers."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from bridge.alignment import Alignment
from bridge.errors import MissingVocabularyError
from bridge.reporting.comparison import ReportComparison, compare_reports
from bridge.reporting.measure import TextMeasures
from bridge.reporting.numbers.cost import TransplantCost
from bridge.reporting.numbers.coverage import KindExample
from bridge.reporting.numbers.digits import DigitScheme
from bridge.reporting.numbers.folding import Folding
from bridge.reporting.numbers.lengths import Lengths
from bridge.reporting.numbers.roles import RoleRow
from bridge.reporting.numbers.scripts import ScriptRow
from bridge.reporting.numbers.side_by_side import SampleText
from bridge.reporting.numbers.sizes import Sizes, Ties
from bridge.reporting.numbers.words import WorstWord
from bridge.reporting.plain import from_saved, to_json, to_plain
from bridge.reporting.recommendation import Recommendation
from bridge.reporting.source import ReportSource
from bridge.reporting.terminal import render_report

FORMAT_VERSION = 2


@dataclass(frozen=True, slots=True)
class RemapReport:
    """How a tokenizer and a preset line up.

    A report is plain data: `from_dict(report.to_dict())` is equal to it. What
    `bridge.report` makes also remembers its alignment, for `to_csv` and for the table
    of tokens in `to_html`. It quotes a few words and texts of those it was measured on.

    Attributes:
        tokenizer_size: Largest id of the tokenizer + 1.
        reference_size: The same of the preset's reference tokenizer.
        backbone_rows: Rows of the backbone's embedding, or `None`.
        reference_note: Where the reference was found.
        kinds: Ids of the tokenizer by `MatchKind` name; they add up to its size.
        examples: Tokens of every kind.
        roles: Special tokens by role.
        sizes: Ids of the tokenizer by sort.
        preset_sizes: The same of the preset's reference tokenizer.
        ties: Where one match was chosen among several.
        digits: How the tokenizer cuts numbers.
        preset_digits: How the preset's reference tokenizer does.
        folding: What matches only after folding case, accents or Unicode forms.
        scripts: Tokens and words by script.
        text: Numbers from running text.
        lengths: Lengths of the texts, or `None` where words stand in for texts.
        words: Words of the texts that the preset reads worst.
        samples: A few texts in the tokens of both.
        transplant: Rows that a transplant would make, or `None` where the preset's
            template has a token without a role.
        recommendation: The strategy that fits, with reasons.
        unmeasured: What could not be measured and why, one sentence each.
        source: What the outputs per token are made from; no part of the data.

    Example:
        >>> report.recommendation.strategy
        'retokenize'
        >>> bridge.RemapReport.from_dict(report.to_dict()) == report
        True
    """

    tokenizer_size: int
    reference_size: int
    backbone_rows: int | None
    reference_note: str
    kinds: dict[str, int]
    examples: tuple[KindExample, ...]
    roles: tuple[RoleRow, ...]
    sizes: Sizes
    preset_sizes: Sizes
    ties: Ties
    digits: DigitScheme
    preset_digits: DigitScheme
    folding: Folding
    scripts: tuple[ScriptRow, ...]
    text: TextMeasures
    lengths: Lengths | None
    words: tuple[WorstWord, ...]
    samples: tuple[SampleText, ...]
    transplant: TransplantCost | None
    recommendation: Recommendation
    unmeasured: tuple[str, ...]
    source: ReportSource | None = field(default=None, compare=False, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; `from_dict` reverses it."""
        return {"format_version": FORMAT_VERSION, **to_plain(self)}

    def to_json(self) -> str:
        """Return `to_dict` as JSON text, which every encoding of Unicode can hold."""
        return to_json(self.to_dict())

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild a report from `to_dict`.

        Args:
            data: What `to_dict` returned.

        Returns:
            An equal report, without its source.

        Raises:
            SavedFormatError: If it is damaged or of another format version.
        """
        return from_saved(cls, data, version=FORMAT_VERSION, noun="report")

    def to_markdown(self) -> str:
        """Return the report as Markdown with tables."""
        from bridge.reporting.formats.markdown import to_markdown

        return to_markdown(self)

    def to_html(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        alignment: Alignment | None = None,
    ) -> str:
        """Return the report as one HTML page that loads nothing.

        Args:
            path: File to write too; it appears complete, or the old one stays.
            alignment: For the table of tokens where the report was read from a dict.
                Without it such a page has no table.

        Returns:
            The page.
        """
        from bridge.reporting.formats.html import to_page
        from bridge.tokenizers.saving import replace_file

        page = to_page(self, self._source(alignment))
        if path is not None:
            with replace_file(path) as stream:
                stream.write(page)
        return page

    def to_csv(
        self,
        path: str | os.PathLike[str],
        *,
        alignment: Alignment | None = None,
    ) -> Path:
        """Write the fate of every token: id, token, key, kind, pieces.

        Args:
            path: File to write; it appears complete, or the old one stays.
            alignment: Where the report was read from a dict, the alignment it was
                made from.

        Returns:
            The path. Token and key are Python literals; pieces are ids of the preset,
            read at a word start and inside a word.

        Raises:
            MissingVocabularyError: If there is no alignment.
        """
        from bridge.reporting.formats.table import write_csv

        source = self._source(alignment)
        if source is None:
            raise MissingVocabularyError(
                "A table of tokens is made from the alignment. Received: a report "
                "read from a dict, which has none. Pass `alignment=`."
            )
        write_csv(source.alignment, path)
        return Path(path)

    def compare(self, other: "RemapReport") -> ReportComparison:
        """Put the headline numbers of two reports side by side.

        Args:
            other: The other report.

        Returns:
            The numbers in pairs; `str()` shows them as a table.
        """
        return compare_reports(self, other)

    def _source(self, alignment: Alignment | None) -> ReportSource | None:
        if alignment is None or self.source is not None:
            return self.source
        return ReportSource(alignment, None)

    def _repr_html_(self) -> str:
        """Return the report as a fragment for notebooks."""
        from bridge.reporting.formats.html import to_fragment

        return to_fragment(self)

    def __str__(self) -> str:
        """Return the report as text for a terminal."""
        return render_report(self)
