"""`WordRule`: when the ids of a text are those of its words, one after the other."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self
from unicodedata import normalize

from bridge.tokenizers.description import flatten
from bridge.tokenizers.split_pattern import find_borders

# Pre-tokenizers for which white space of any length and kind is one border.
SPLITS = ("WhitespaceSplit", "Whitespace", "BertPreTokenizer")

# Normalisers that neither make nor drop white space, nor what stands beside it, and
# look at one cluster of characters at a time.
_FORMS = {"NFC", "NFD", "NFKC", "NFKD", "Lowercase"}
# Those that do so, or look at spaces only.
_LOCAL = _FORMS | {"Precompiled", "Nmt", "StripAccents", "Strip", "BertNormalizer"}

_ADDED = "an added token may stand for several words"
_NORMALISER = "its normaliser may look at several words at once"
_BORDERS = "its words are not encoded one by one"


@dataclass(frozen=True, slots=True)
class WordRule:
    r"""What a word is, and which words need the text around them.

    Attributes:
        whitespace: Whether white space of any length is one border; else a text must
            have single spaces.
        added: Spellings of the added tokens that a word must not hold.
        borders: `" "` or `" \n"` where a word takes the white space in front along: it
            begins at such a character that stands behind a visible one. Empty where
            the space between two words belongs to none.
    """

    whitespace: bool
    added: tuple[str, ...]
    borders: str = ""

    @classmethod
    def of(cls, description: Mapping[str, Any]) -> Self | str:
        """Read the rule off a serialised `tokenizers.Tokenizer`.

        Args:
            description: The content of a tokenizer.json.

        Returns:
            The rule, or why there is none.
        """
        entries = description["added_tokens"]
        normalizer = flatten(description["normalizer"])
        stages = flatten(description["pre_tokenizer"])
        borders = find_borders(stages)
        if borders:
            return cls._with_spaces(entries, normalizer, borders)
        if any(e["normalized"] or re.search(r"\s", e["content"]) for e in entries):
            return _ADDED
        if not all(map(_is_local, normalizer)):
            return _NORMALISER
        first = stages[0]["type"] if stages else None
        whitespace = first in SPLITS
        marks = [stage for stage in stages if stage["type"] == "Metaspace"]
        apart = all(
            m.get("split") and m.get("prepend_scheme") == "always" for m in marks
        )
        if not apart or not (whitespace or first == "Metaspace"):
            return _BORDERS
        return cls(whitespace, tuple(e["content"] for e in entries))

    @classmethod
    def _with_spaces(
        cls,
        entries: Sequence[Mapping[str, Any]],
        normalizer: Sequence[Mapping[str, Any]],
        borders: str,
    ) -> Self | str:
        """Make the rule for words that take the white space in front along."""
        if any(re.search(r"\S\s", normalize("NFKC", e["content"])) for e in entries):
            return _ADDED
        if not {part["type"] for part in normalizer} <= _FORMS:
            return _NORMALISER
        # Other tokens see no further than the white space in front of them.
        open_ended = [
            entry
            for entry in entries
            if entry["rstrip"]
            or (entry["single_word"] and entry["content"][:1].isspace())
        ]
        if normalizer and any(entry["normalized"] for entry in open_ended):
            return _ADDED
        added = tuple(entry["content"] for entry in open_ended)
        return cls(whitespace=False, added=added, borders=borders)

    @classmethod
    def from_json(cls, source: str | bytes) -> Self:
        """Read what `to_json` wrote."""
        values = json.loads(source)
        return cls(values["whitespace"], tuple(values["added"]), values["borders"])

    def to_json(self) -> str:
        """Return the rule as text."""
        return json.dumps(asdict(self))


def _is_local(part: Mapping[str, Any]) -> bool:
    if part["type"] != "Replace":
        return part["type"] in _LOCAL
    pattern, content = part["pattern"], part["content"]
    if pattern.get("Regex") == " {2,}":
        return True
    # Without a space on either side, words stay apart.
    fixed = pattern.get("String", "")
    return all(s and not re.search(r"[\s\u2581]", s) for s in (fixed, content))
