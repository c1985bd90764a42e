r"""`find_borders`: characters at which a pre-tokenizer always begins a new word.

Text may be cut in front of such a character wherever what stands before it is visible:
no word goes across, and none depends on what stands at the other side. That is so where
no match of the expression takes the character but as its first, since then

* no match goes across: it would have taken something visible before the character;
* one begins there, as one alternative takes any such character;
* no match to the left sees whether the text ends or goes on: either way it finds
  nothing more to take, and `(?!\S)`, the one look-around that is read, holds.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

# What ByteLevel has built in. Source: GPT-2's encoder.py.
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"

_CANDIDATES = " \n"

# The syntax that is read; anything else gives no border.
_PART = re.compile(
    r"""
    (?P<ahead> \(\?!\\S\) )
    | (?P<open> \( (?: \?i?: )? )
    | (?P<bar> \| )
    | (?: (?P<close> \) )
        | (?P<atom>
            \[ \^? (?: \\. | (?!&&) [^\]\[\\] )+ \]
            | \\[pP] \{ \^? \w+ \}
            | \\ [sSdDwWrnt]
            | \\ \W
            | [^\\\[\](){}|?*+.^$]
        )
      )
      (?P<repeat> (?: [?*+] | \{ \d+ (?: ,\d* )? \} ) [?+]? )?
    """,
    re.VERBOSE | re.DOTALL,
)


class _Atom(NamedTuple):
    """What takes one character.

    Attributes:
        text: Its expression, without the repeat.
        repeat: How often it stands.
        nested: Whether it stands in a group.
    """

    text: str
    repeat: str
    nested: bool


_Alternatives = list[list[_Atom]]


def find_borders(stages: Sequence[Mapping[str, Any]]) -> str:
    r"""Read the borders off a pre-tokenizer.

    Args:
        stages: Its parts, as tokenizer.json has them.

    Returns:
        `" "`, `" \n"`, or nothing where its words are not known to begin at spaces.
    """
    found = "".join(c for c in _CANDIDATES if _begins_words(stages, c))
    return found if " " in found else ""


def _begins_words(stages: Sequence[Mapping[str, Any]], character: str) -> bool:
    patterns = [_pattern(stage, character) for stage in stages]
    for pattern in patterns:
        alternatives = None if pattern is None else _read(pattern)
        if alternatives is None or _crosses(alternatives, character):
            return False
        if any(_takes_any(atoms, character) for atoms in alternatives):
            # The parts behind it see one word at a time.
            return None not in patterns
    return False


def _pattern(stage: Mapping[str, Any], character: str) -> str | None:
    """Return the expression by which one part cuts, or `None` where none is known."""
    match stage:
        case {"type": "ByteLevel", "add_prefix_space": True} if character != " ":
            # What does not begin with a space is given one.
            return None
        case {"type": "ByteLevel"}:
            return GPT2 if stage.get("use_regex", True) else ""
        case {"type": "Digits"}:
            return r"\p{N}"
        case {"type": "Punctuation", "behavior": "Isolated" | "Contiguous"}:
            return r"\p{P}"
        case {"type": "Split", "behavior": "Isolated" | "Removed"}:
            pattern = stage["pattern"]
            return str(pattern.get("Regex") or re.escape(pattern["String"]))
    return None


@lru_cache(maxsize=64)
def _read(pattern: str) -> _Alternatives | None:
    """Take an expression apart, or return `None` where its syntax is not known."""
    alternatives: _Alternatives = [[]]
    depth = place = 0
    while place < len(pattern):
        part = _PART.match(pattern, place)
        if part is None:
            return None
        place = part.end()
        depth += bool(part["open"]) - bool(part["close"])
        if part["bar"] and not depth:
            alternatives.append([])
        elif part["atom"] or part["ahead"]:
            text = part["atom"] or part["ahead"]
            alternatives[-1].append(_Atom(text, part["repeat"] or "", depth > 0))
    return alternatives


def _crosses(alternatives: _Alternatives, character: str) -> bool:
    """Tell whether a match may take the character behind something visible."""
    for atoms in alternatives:
        for place, atom in enumerate(atoms):
            if not _takes(atom.text, character):
                continue
            once = atom.repeat in ("", "?") or atom.text in (r"\s", character)
            if place or atom.nested or not once:
                return True
    return False


def _takes_any(atoms: list[_Atom], character: str) -> bool:
    """Tell whether an alternative matches the character whatever stands around it."""
    return (
        len(atoms) == 1
        and not atoms[0].nested
        and atoms[0].repeat in ("", "+")
        and _takes(atoms[0].text, character)
    )


@lru_cache(maxsize=1024)
def _takes(atom: str, character: str) -> bool:
    """Ask the library itself, whose classes are not those of `re`."""
    from tokenizers import Regex, pre_tokenizers

    return not pre_tokenizers.Split(Regex(atom), "removed").pre_tokenize_str(character)
