"""Dataclasses to plain data and back."""

from dataclasses import dataclass, field
from typing import Literal

import pytest

from bridge.reporting.plain import from_plain, to_plain
from tests.core.messages import exactly


@dataclass(frozen=True)
class Leaf:
    name: str
    share: float


@dataclass(frozen=True)
class Tree:
    leaf: Leaf | None
    pairs: tuple[tuple[str, int], ...]
    counts: dict[str, tuple[Leaf, ...]]
    choice: Literal["a", "b"]
    flag: bool
    kept: object = field(default=None, compare=False)


TREE = Tree(Leaf("x", 1.0), (("y", 2),), {"z": (Leaf("w", 0.5),)}, "a", True, object())
PLAIN = {
    "leaf": {"name": "x", "share": 1.0},
    "pairs": [["y", 2]],
    "counts": {"z": [{"name": "w", "share": 0.5}]},
    "choice": "a",
    "flag": True,
}


def test_there_and_back():
    assert to_plain(TREE) == PLAIN
    assert from_plain(Tree, PLAIN) == TREE
    assert from_plain(Tree, PLAIN).kept is None
    assert from_plain(Tree, {**PLAIN, "leaf": None}).leaf is None


def test_a_whole_number_may_stand_for_a_float():
    assert from_plain(Leaf, {"name": "x", "share": 1}) == Leaf("x", 1.0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"leaf": 3}, "Leaf is no mapping"),
        ({"other": 3}, "Tree has no 'other'"),
        ({"pairs": "ab"}, "'ab' is not a list"),
        ({"pairs": [["y", "2"]]}, "'2' is not int"),
        ({"pairs": [["y", True]]}, "True is not int"),
        ({"choice": "c"}, "'c' is not one of 'a', 'b'"),
        ({"flag": 1}, "1 is not bool"),
        ({"leaf": {"name": "x", "share": "1"}}, "'1' is not float"),
    ],
)
def test_data_of_another_type(changes, message):
    with pytest.raises(TypeError, match=exactly(message)):
        from_plain(Tree, {**PLAIN, **changes})


def test_a_missing_field():
    with pytest.raises(KeyError, match=r"^'share'$"):
        from_plain(Leaf, {"name": "x"})
