"""Why two tokenizers may differ: properties that a probe can take away."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from bridge.tokenizers.patterns import CL100K, O200K, QWEN


class Cause(StrEnum):
    """Why the preset's own tokenizer gives other ids than its reference."""

    SPECIALS = "specials"
    JOINED = "joined"
    ACCENTS = "accents"
    CONTROLS = "controls"
    SPACES = "spaces"
    FOLDED = "folded"
    UNFOLDED = "unfolded"
    STRIPPED = "stripped"
    SPLIT = "split"
    PATHS = "paths"
    OTHER = "other"

    @property
    def meaning(self) -> str:
        """What it says about the preset's own tokenizer."""
        return _MEANING[self]


_MEANING = {
    Cause.SPECIALS: "special tokens in text are split up",
    Cause.JOINED: "special tokens in text are taken whole; the reference splits them",
    Cause.ACCENTS: "accents are kept; the reference strips them",
    Cause.CONTROLS: "control and format characters are not dropped",
    Cause.SPACES: "Unicode spaces do not part words",
    Cause.FOLDED: "NFKC and case folding unlike the reference's",
    Cause.UNFOLDED: "case or compatibility forms are kept; the reference folds them",
    Cause.STRIPPED: "accents are stripped; the reference keeps them",
    Cause.SPLIT: "the pre-tokenization regex is not applied",
    Cause.PATHS: "eager calls and tf.data give different ids",
    Cause.OTHER: "no probe takes the difference away",
}


def strip_accents(text: str) -> str:
    """Remove combining marks, as BERT's normaliser does."""
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(c for c in decomposed if unicodedata.category(c) != "Mn")


def drop_controls(text: str) -> str:
    """Remove what BERT's normaliser removes; tabs and line ends are spaces to it."""
    return "".join(
        c
        for c in text
        if c in "\t\n\r" or (unicodedata.category(c)[0] != "C" and c != "\ufffd")
    )


def plain_spaces(text: str) -> str:
    """Write every Unicode space as the ASCII one; tabs and line ends stay."""
    return "".join(" " if unicodedata.category(c)[0] == "Z" else c for c in text)


def fold(text: str) -> str:
    """Fold case and compatibility forms: Unicode's NFKC_Casefold but for ignorables."""
    return compose(compose(text).casefold())


def compose(text: str) -> str:
    """Return the NFKC form."""
    return unicodedata.normalize("NFKC", text)


def without_folded(text: str) -> str:
    """Put a letter for every character that folding changes and lower-casing does not.

    Both sides get it where folding comes after cutting, which no text can imitate.
    """
    return "".join("a" if fold(c) != c.lower() else c for c in text)


# GPT-2's expression: https://github.com/openai/gpt-2/blob/master/src/encoder.py
GPT2 = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A property to take away: texts that then agree differed by it.

    Attributes:
        cause: What it shows where the difference goes away.
        native: What is done to texts before the preset's own tokenizer gets them.
        reference: The same for the reference.
        pattern: Expression whose matches the preset's own tokenizer gets one by one.
        specials: Side that does not see special tokens of the other: they are cut out
            of the text and their ids put in.
        eats_space: Whether white space before a special token goes with it.
    """

    cause: Cause
    native: Callable[[str], str] | None = None
    reference: Callable[[str], str] | None = None
    pattern: str | None = None
    specials: Literal["native", "reference"] | None = None
    eats_space: bool = False


# In the order in which they are tried: the narrow ones first, so that a wide one is
# blamed only for what no narrow one explains.
CHANGES = (
    Change(cause=Cause.SPECIALS, specials="native"),
    Change(cause=Cause.SPECIALS, specials="native", eats_space=True),
    Change(cause=Cause.JOINED, specials="reference"),
    Change(cause=Cause.ACCENTS, native=strip_accents),
    Change(cause=Cause.CONTROLS, native=drop_controls),
    Change(cause=Cause.SPACES, native=plain_spaces),
    Change(cause=Cause.FOLDED, reference=str.lower),
    Change(cause=Cause.FOLDED, reference=compose),
    Change(cause=Cause.FOLDED, reference=fold),
    Change(cause=Cause.UNFOLDED, native=str.lower),
    Change(cause=Cause.UNFOLDED, native=compose),
    Change(cause=Cause.UNFOLDED, native=fold),
    Change(cause=Cause.FOLDED, native=without_folded, reference=without_folded),
    Change(cause=Cause.STRIPPED, reference=strip_accents),
    *(Change(cause=Cause.SPLIT, pattern=p) for p in (GPT2, CL100K, QWEN, O200K)),
)
