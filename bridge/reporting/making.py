"""`make_report`: measures everything that a report holds."""

from collections.abc import Sequence

import numpy as np

from bridge.alignment import Alignment, MatchKind
from bridge.errors import ArgumentTypeError, BackboneError, SequenceLengthError
from bridge.ragged import Ragged
from bridge.reporting.measure import measure
from bridge.reporting.numbers.cost import TransplantCost, estimate_cost
from bridge.reporting.numbers.coverage import find_examples
from bridge.reporting.numbers.digits import read_digits
from bridge.reporting.numbers.folding import measure_folding
from bridge.reporting.numbers.frequencies import Frequencies
from bridge.reporting.numbers.lengths import measure_lengths
from bridge.reporting.numbers.reading import Reading
from bridge.reporting.numbers.roles import compare_roles
from bridge.reporting.numbers.scripts import count_scripts
from bridge.reporting.numbers.side_by_side import show_side_by_side
from bridge.reporting.numbers.sizes import count_sizes, count_ties
from bridge.reporting.numbers.unmeasured import list_unmeasured
from bridge.reporting.numbers.words import find_worst
from bridge.reporting.recommendation import recommend
from bridge.reporting.report import RemapReport
from bridge.reporting.sample import choose_sample
from bridge.reporting.source import ReportSource


def make_report(
    alignment: Alignment,
    texts: Sequence[str] | None = None,
    *,
    frequencies: Frequencies | None = None,
    sequence_length: int = 128,
    hidden_dim: int | None = None,
) -> RemapReport:
    """Say how the two vocabularies line up, by type and by running text.

    Where a side is only a vocabulary, what needs its encodings is left out, and
    `report.unmeasured` says so.

    Args:
        alignment: The alignment.
        texts: Texts like those to be encoded, at most 20,000 of which are measured,
            taken evenly.
        frequencies: Where there are no texts: words and how often each occurs, as a
            mapping, as a file with a word and a count on every line, or as
            `"wordfreq:en"` where the package wordfreq is installed. Without either,
            words of the tokenizer's own vocabulary stand in; the report says so.
        sequence_length: Length at which texts would be cut off.
        hidden_dim: Columns of the backbone's token embedding, from which the
            parameters of a transplant are counted; read off the backbone if `None`.

    Returns:
        The report.

    Raises:
        ArgumentTypeError: If `alignment` is none.
        TextInputError: If there is no text, or one is not a `str`, or the frequencies
            cannot be read.
        ValueError: If both texts and frequencies are given.
        VocabularyError: If a tokenizer without unk refuses every text.
        SequenceLengthError: If `sequence_length` is not positive.
        MissingDependencyError: If wordfreq is asked for and not installed.

    Example:
        >>> report = bridge.report(alignment, texts)
        >>> print(report)
        Tokenizer: 50,257 ids. Preset: 30,522 ids, 30,522 rows; reference: ...
        >>> page = report.to_html("report.html")
    """
    if not isinstance(alignment, Alignment):
        raise ArgumentTypeError(
            "A report is made from an alignment. Received: a "
            f"{type(alignment).__name__}. Make one by `bridge.align(tokenizer, "
            "preset)`; a link of `bridge.connect` has its report, `link.report`."
        )
    if sequence_length <= 0:
        raise SequenceLengthError(
            "`sequence_length` must be positive. Received: "
            f"{sequence_length}. Pass the length that batches shall have."
        )
    mine, theirs = alignment.tokenizer, alignment.reference
    rows = alignment.spec.vocabulary_size
    reading = Reading.of(alignment, choose_sample(mine.vocabulary, texts, frequencies))
    measures = measure(reading)
    cost = _cost(
        alignment,
        alignment.spec.embedding_dim if hidden_dim is None else hidden_dim,
    )
    return RemapReport(
        tokenizer_size=mine.vocabulary.size,
        reference_size=theirs.vocabulary.size,
        backbone_rows=rows,
        reference_note=alignment.reference_note,
        kinds=alignment.counts(),
        examples=find_examples(reading),
        roles=compare_roles(alignment),
        sizes=count_sizes(mine.vocabulary),
        preset_sizes=count_sizes(
            theirs.vocabulary, rows=rows, untrained=alignment.untrained
        ),
        ties=count_ties(alignment),
        digits=read_digits(mine),
        preset_digits=read_digits(theirs),
        folding=measure_folding(reading),
        scripts=count_scripts(reading),
        text=measures,
        lengths=(
            measure_lengths(reading, sequence_length=sequence_length)
            if reading.sample.is_text
            else None
        ),
        words=find_worst(reading),
        samples=show_side_by_side(reading),
        transplant=cost,
        recommendation=recommend(measures, same_tokens=_count_same(alignment)),
        unmeasured=list_unmeasured(reading, cost),
        source=ReportSource(alignment, reading.counts if reading.has_ids else None),
    )


def _count_same(alignment: Alignment) -> int | None:
    """Count the ids that mean the same token to both, `None` unless all do."""
    meaningful = np.flatnonzero(alignment.kinds != MatchKind.UNUSED)
    own = Ragged.from_lengths(meaningful, np.ones_like(meaningful))
    places = (alignment.pieces, alignment.continuation_pieces)
    same = all(pieces.take(meaningful) == own for pieces in places)
    return len(meaningful) if same else None


def _cost(alignment: Alignment, hidden_dim: int | None) -> TransplantCost | None:
    try:
        return estimate_cost(alignment, hidden_dim=hidden_dim)
    except BackboneError:
        # A template with a token that plays no role cannot be transplanted.
        return None
