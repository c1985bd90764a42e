"""`WordMemo`: ids of words that were met, for models that see words one by one."""

import json
import re
import threading
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from bridge.ragged import OffsetArray, Ragged, take_slices
from bridge.tokenizers.description import flatten

Encode = Callable[[list[str]], Ragged]
Number = TypeVar("Number", bound=np.generic)

# When so many are kept, all are forgotten. They and their ids take some 250 MB.
MOST_WORDS = 2**20

# Words that the library is asked for at a time: what it needs meanwhile stays small.
_AT_ONCE = 2**15

_NEW, _NOT_ALONE = -2, -1

# Pre-tokenizers for which white space of any length and kind is one border.
_SPLITS = ("WhitespaceSplit", "Whitespace", "BertPreTokenizer")

# Normalisers that look at one cluster of characters at a time, or at spaces only.
_LOCAL = {
    "Precompiled",
    "NFC",
    "NFD",
    "NFKC",
    "NFKD",
    "Nmt",
    "Lowercase",
    "StripAccents",
    "Strip",
    "BertNormalizer",
}

# Of which kinds the first and the last character of a word may be. Marks, joiners and
# modifiers form a cluster with the space in front.
_EDGES = {"Lu", "Ll", "Lt", "Lo", "Nd", "Nl", "No"}
_EDGES |= {"Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "So"}

# Letters that form one all the same: vowel signs of Thai and Lao, and in Malayalam and
# the Brahmic scripts from U+11000 on those that cling to what follows.
_CLINGING = re.compile("[\u0e33\u0eb3\u0d4e\U00011000-\U00011fff]")
_METASPACE = "\u2581"


@dataclass(frozen=True, slots=True)
class WordRule:
    """When the ids of a text are those of its words, one after the other.

    Attributes:
        whitespace: Whether white space of any length is one border; else a text must
            have single spaces.
        added: Spellings of the added tokens, none of which holds a space.
    """

    whitespace: bool
    added: tuple[str, ...]

    @classmethod
    def of(cls, description: Mapping[str, Any]) -> Self | str:
        """Read the rule off a serialised `tokenizers.Tokenizer`.

        Args:
            description: The content of a tokenizer.json.

        Returns:
            The rule, or why there is none.
        """
        entries = description["added_tokens"]
        if any(e["normalized"] or re.search(r"\s", e["content"]) for e in entries):
            return "an added token may stand for several words"
        if not all(map(_is_local, flatten(description["normalizer"]))):
            return "its normaliser may look at several words at once"
        stages = flatten(description["pre_tokenizer"])
        first = stages[0]["type"] if stages else None
        whitespace = first in _SPLITS
        marks = [stage for stage in stages if stage["type"] == "Metaspace"]
        apart = all(
            m.get("split") and m.get("prepend_scheme") == "always" for m in marks
        )
        if not apart or not (whitespace or first == "Metaspace"):
            return "its words are not encoded one by one"
        return cls(whitespace, tuple(e["content"] for e in entries))

    @classmethod
    def from_json(cls, source: str | bytes) -> Self:
        """Read what `to_json` wrote."""
        values = json.loads(source)
        return cls(values["whitespace"], tuple(values["added"]))

    def to_json(self) -> str:
        """Return the rule as text."""
        return json.dumps({"whitespace": self.whitespace, "added": self.added})

    def finder(self) -> Callable[[str], Any]:
        """Return a function that is true for words with an added token in them."""
        return re.compile("|".join(map(re.escape, self.added)) or r"(?!)").search


def _is_local(part: Mapping[str, Any]) -> bool:
    if part["type"] != "Replace":
        return part["type"] in _LOCAL
    pattern, content = part["pattern"], part["content"]
    if pattern.get("Regex") == " {2,}":
        return True
    # Without a space on either side, words stay apart.
    fixed = pattern.get("String", "")
    return all(s and not re.search(r"[\s\u2581]", s) for s in (fixed, content))


class WordMemo:
    """Encodes texts by words, each word once.

    Args:
        rule: What a word is.
    """

    def __init__(self, rule: WordRule) -> None:
        self._rule = rule
        self._holds_added = rule.finder()
        self._lock = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        self._rows: dict[str, int] = {}
        # Both longer than they need be, so that adding words seldom copies them.
        self._values = np.empty(0, np.int32)
        self._offsets = np.zeros(2, np.int64)
        self._count = 0

    def encode(
        self, texts: Sequence[str], reference: Encode
    ) -> tuple[Ragged, OffsetArray]:
        """Encode texts.

        Args:
            texts: Checked texts.
            reference: The library, which is asked for words that are new.

        Returns:
            Token ids, one row a text, and the places of those texts whose ids are not
            those of their words.
        """
        if self._rule.whitespace:
            texts = [text.replace("\n", " ") for text in texts]
        rows = [text.split(" ") for text in texts]
        words = list(chain.from_iterable(rows))
        begins = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, rows), np.int64, len(rows)), out=begins[1:])
        with self._lock:
            index = self._find(words, reference)
            values, offsets = self._values, self._offsets
        alone = index >= 0
        # A word that does not stand alone has no row, and so far no ids.
        index[~alone] = 0
        begin = offsets[index]
        ids = take_slices(values, begin, (offsets[index + 1] - begin) * alone)
        # Which text a word is of: the last one that begins at it or before it.
        doubtful = np.searchsorted(begins, np.flatnonzero(~alone), "right") - 1
        return Ragged(ids.values, ids.offsets[begins]), np.unique(doubtful)

    def _find(self, words: list[str], reference: Encode) -> OffsetArray:
        """Return the row of every word, and -1 for those that do not stand alone."""
        if len(self._rows) > MOST_WORDS:
            self._forget()
        known = map(self._rows.get, words, repeat(_NEW))
        index = np.fromiter(known, np.int64, len(words))
        new = np.flatnonzero(index == _NEW)
        if new.size:
            met = [words[place] for place in new.tolist()]
            self._add(list(dict.fromkeys(met)), reference)
            index[new] = np.fromiter(map(self._rows.__getitem__, met), np.int64)
        return index

    def _add(self, words: list[str], reference: Encode) -> None:
        alone = [word for word in words if self._stands_alone(word)]
        calls = range(0, len(alone), _AT_ONCE)
        ids = Ragged.concatenate([reference(alone[i : i + _AT_ONCE]) for i in calls])
        count, used = self._count, int(self._offsets[self._count])
        self._values = _grown(self._values, used + ids.values.size)
        self._offsets = _grown(self._offsets, count + len(ids) + 1)
        self._values[used : used + ids.values.size] = ids.values
        self._offsets[count + 1 : count + len(ids) + 1] = used + ids.offsets[1:]
        self._count += len(ids)
        # Last, so that words are not there without ids where the library raises.
        self._rows.update(dict.fromkeys(words, _NOT_ALONE))
        self._rows.update(zip(alone, range(count, self._count), strict=True))

    def _stands_alone(self, word: str) -> bool:
        if not word:
            # Two spaces in a row, or one at an end.
            return self._rule.whitespace
        # An added token may take the space beside it along, or leave it behind.
        if not self._rule.whitespace and self._holds_added(word):
            return False
        edges = word[0] + word[-1]
        if edges.isascii():
            return edges.isprintable()
        if _METASPACE in edges or _CLINGING.search(edges):
            return False
        if not all(c.isascii() or unicodedata.category(c) in _EDGES for c in edges):
            return False
        # What a normaliser turns into a space and a mark is a border itself.
        return not any(map(str.isspace, unicodedata.normalize("NFKC", edges)))


def _grown(array: NDArray[Number], size: int) -> NDArray[Number]:
    """Return the array, or a copy of at least twice its size."""
    if size <= array.size:
        return array
    longer = np.empty(max(size, 2 * array.size), array.dtype)
    longer[: array.size] = array
    return longer
