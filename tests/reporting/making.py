"""Reports drawn by hypothesis, tiny alignments, and token texts that could act."""

from hypothesis import strategies as st

import bridge
from bridge.alignment import MatchKind
from bridge.reporting.measure import Running, Side, TextMeasures
from bridge.reporting.numbers.cost import TransplantCost
from bridge.reporting.numbers.coverage import KindExample
from bridge.reporting.numbers.digits import DigitScheme
from bridge.reporting.numbers.fidelity import Fidelity
from bridge.reporting.numbers.folding import Folding, FoldingRow
from bridge.reporting.numbers.lengths import LengthRow, Lengths
from bridge.reporting.numbers.roles import RoleRow
from bridge.reporting.numbers.scripts import ScriptRow
from bridge.reporting.numbers.side_by_side import SampleText, ShownToken
from bridge.reporting.numbers.sizes import Sizes, Ties
from bridge.reporting.numbers.words import WorstWord
from bridge.reporting.recommendation import recommend
from bridge.reporting.report import RemapReport

KINDS = [kind.name for kind in MatchKind]

# What acts where text is not escaped: elements, ends of scripts, comments, entities,
# quotes, templates, Markdown, spreadsheet formulas, terminals, lines, reading order.
HOSTILE = [
    "<script>window.hit=1</script>",
    "</script><img src=x onerror=window.hit=2>",
    "<!--",
    "]]>",
    "&lt;b&gt;",
    "\"'><svg/onload=window.hit=3>",
    "{{style}}",
    "`|*_[x](javascript:window.hit=4)",
    "=HYPERLINK(1)",
    "@SUM(1+1)",
    "[red]x[/red]",
    "\x1b[2J",
    "\x00nul",
    "\u202egnp.exe\u2066",
    "a\u2028b\u2029c\u0085d",
    "tab\tnew\nline\r",
    "\ud800",
    "\ufffe",
]

SHARE = st.floats(0, 1)
COUNT = st.integers(0, 99)
TEXT = st.text(max_size=5) | st.sampled_from(HOSTILE)
WORDS = st.lists(TEXT, max_size=3).map(tuple)


def few(strategy):
    return st.lists(strategy, max_size=2).map(tuple)


def by_kind(values):
    return st.fixed_dictionaries(dict.fromkeys(KINDS, values))


SIDES = st.builds(Side, st.floats(0, 9), SHARE, SHARE)
RUNNING = st.builds(
    Running,
    kinds=by_kind(SHARE),
    lookup_lost=SHARE,
    expand_lost=SHARE,
    lost_tokens=few(st.tuples(TEXT, st.integers(1, 9))),
    round_trip=SHARE,
)
METHODS = ("lookup", "expand", "retokenize")


@st.composite
def text_measures(draw):
    """Any numbers; those that need a side that cannot encode are missing."""
    mine, theirs = draw(st.booleans()), draw(st.booleans())
    both = mine and theirs
    fidelity = st.builds(Fidelity, SHARE, SHARE)
    return TextMeasures(
        texts=draw(st.integers(1, 99)),
        refused=draw(COUNT),
        words=draw(COUNT),
        characters=draw(COUNT),
        sample=draw(TEXT),
        tokenizer=draw(SIDES) if mine else None,
        preset=draw(SIDES) if theirs else None,
        running=draw(RUNNING) if mine else None,
        remaps={method: draw(fidelity) for method in METHODS} if both else {},
        same_ids=draw(st.booleans()) if both else None,
    )


MEASURES = text_measures()
SIZES = st.builds(
    Sizes,
    **dict.fromkeys(
        ("pieces", "added", "special", "reserved", "holes", "size", "dead"), COUNT
    ),
    duplicates=COUNT,
    rows=st.none() | COUNT,
)
DIGITS = st.builds(
    DigitScheme,
    st.sampled_from(["single", "groups", "irregular", "unknown", "untold"]),
    COUNT,
    few(st.tuples(TEXT, WORDS)),
    COUNT,
)
SHOWN = few(st.builds(ShownToken, COUNT, TEXT, st.sampled_from(["", *KINDS]), WORDS))
LENGTH_ROW = st.builds(
    LengthRow,
    st.sampled_from(["tokenizer", "preset", "expand"]),
    st.floats(0, 99),
    st.lists(COUNT, max_size=11).map(tuple),
    SHARE,
)
COST = st.builds(
    TransplantCost,
    *[COUNT] * 6,
    st.none() | COUNT,
    st.none() | st.integers(-99, 99),
    st.none() | COUNT,
    st.none() | st.floats(-9, 9),
)
REPORTS = st.builds(
    RemapReport,
    tokenizer_size=COUNT,
    reference_size=COUNT,
    backbone_rows=st.none() | COUNT,
    reference_note=TEXT,
    kinds=by_kind(COUNT),
    examples=few(
        st.builds(KindExample, st.just("EXACT"), COUNT, TEXT, WORDS, WORDS, COUNT)
    ),
    roles=few(
        st.builds(
            RoleRow,
            st.sampled_from(["pad", "unk"]),
            st.none() | TEXT,
            st.none() | TEXT,
            st.booleans(),
        )
    ),
    sizes=SIZES,
    preset_sizes=SIZES,
    ties=st.builds(Ties, COUNT, COUNT, COUNT),
    digits=DIGITS,
    preset_digits=DIGITS,
    folding=st.builds(
        Folding,
        st.none() | WORDS,
        st.none() | WORDS,
        few(st.builds(FoldingRow, TEXT, COUNT, SHARE, few(st.tuples(TEXT, TEXT)))),
    ),
    scripts=few(st.builds(ScriptRow, TEXT, COUNT, COUNT, SHARE)),
    text=MEASURES,
    lengths=st.none() | st.builds(Lengths, COUNT, COUNT, few(LENGTH_ROW)),
    words=few(
        st.builds(
            WorstWord,
            TEXT,
            COUNT,
            COUNT,
            COUNT,
            st.sampled_from(["unknown", "lost", "pieces"]),
        )
    ),
    samples=few(
        st.builds(
            SampleText,
            TEXT,
            SHOWN,
            SHOWN,
            st.fixed_dictionaries(dict.fromkeys(METHODS, SHOWN)),
            st.fixed_dictionaries(dict.fromkeys(METHODS, st.booleans())),
        )
    ),
    transplant=st.none() | COST,
    recommendation=MEASURES.map(recommend),
    unmeasured=WORDS,
)


def by_words(tokens, **roles):
    """A tokenizer that cuts at white space and knows these tokens."""
    ids = {token: place for place, token in enumerate(tokens)}
    return bridge.load_tokenizer(ids, split="whitespace", roles=roles)


def hostile_alignment():
    """Both sides hold every hostile text; some match, some do not."""
    mine = by_words([*HOSTILE, "[UNK]", "fine"], unk="[UNK]")
    theirs = by_words(["[UNK]", "fine", *HOSTILE[::2]], unk="[UNK]")
    return bridge.align(mine, theirs)
