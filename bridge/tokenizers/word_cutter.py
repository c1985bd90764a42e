"""`WordCutter`: texts to words, as a rule has them."""

import re
import unicodedata
from collections.abc import Sequence

from bridge.tokenizers.word_rule import WordRule

# Stands behind every text among the words. A text that holds it is cut as an empty one.
END = "\0"

# Of which kinds the first and the last character of a word may be. Marks, joiners and
# modifiers form a cluster with the space in front.
_EDGES = {"Lu", "Ll", "Lt", "Lo", "Nd", "Nl", "No"}
_EDGES |= {"Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "So"}

# Letters that form one all the same: vowel signs of Thai and Lao, and in Malayalam and
# the Brahmic scripts from U+11000 on those that cling to what follows.
_CLINGING = re.compile("[\u0e33\u0eb3\u0d4e\U00011000-\U00011fff]")
_METASPACE = "\u2581"


class WordCutter:
    """Cuts many texts at once, which is quicker than one by one.

    Args:
        rule: What a word is.
    """

    def __init__(self, rule: WordRule) -> None:
        self._rule = rule
        self._holds_added = re.compile(
            "|".join(map(re.escape, rule.added)) or r"(?!)"
        ).search
        # White space, what is visible, and then again and again white space that is no
        # border, with what is behind it. Most words are of the simpler kind in front.
        borders = rule.borders
        plain = rf"[{borders}]?[!-~]++(?=[{borders}{END}])"
        inside = rf"(?:[^\S{borders}]\s*+[^\s{END}]*+)*+"
        pattern = rf"{plain}|\s*+[^\s{END}]++{inside}|{END}|\s++"
        self._find = re.compile(pattern).findall

    def cut(self, texts: Sequence[str]) -> list[str]:
        """Cut texts.

        Args:
            texts: Texts, none of which holds `END`.

        Returns:
            The words of all, with `END` behind each text.
        """
        if self._rule.borders:
            return self._find(END.join([*texts, ""]))
        joined = f" {END} ".join([*texts, ""])
        if self._rule.whitespace:
            joined = joined.replace("\n", " ")
        # Behind the last space there is nothing.
        return joined.split(" ")[:-1]

    def stands_alone(self, word: str) -> bool:
        """Tell whether the ids of a word do not depend on the words beside it.

        Args:
            word: What `cut` returned.

        Returns:
            Whether they do not.
        """
        if self._rule.borders:
            return not self._holds_added(word)
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

    def as_word(self, text: str) -> str:
        """Return a visible text as a word behind another."""
        return f" {text}" if self._rule.borders else text

    def between(self, word: str) -> str:
        """Return what joins two words when they stand before and behind this one."""
        return word if self._rule.borders else f" {word} "

    def can_follow(self, word: str) -> bool:
        """Tell whether other words may stand before and behind one that stands alone.

        Args:
            word: What `cut` returned.

        Returns:
            Whether a text of them is cut into the same words.
        """
        if not self._rule.borders:
            return word != ""
        return word[0] in self._rule.borders and not word[-1].isspace()
