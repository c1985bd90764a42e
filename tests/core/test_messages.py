"""Every message of the core rooms stands in some test, and the count can fail."""

import ast
from pathlib import Path

import pytest

from bridge import errors

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    "ragged.py",
    "spec.py",
    "conversion.py",
    "packing.py",
    "layout.py",
    "encoder.py",
    "vocabulary",
    "alignment",
    "corpus",
    "reporting",
    "facade",
)
# Shorter literals would be found by chance.
LEAST = 12


def literals(node):
    """The longest run of literal text in an expression, or `None`."""
    parts = [
        part.value
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]
    return max(parts, key=len, default=None)


def messages(tree):
    """Line and longest literal of every exception that is raised with a message."""
    for node in ast.walk(tree):
        match node:
            case ast.Raise(exc=ast.Call(args=[message, *_])):
                text = literals(message)
                if text is not None and len(text) >= LEAST:
                    yield node.lineno, text


def texts_in_tests():
    trees = (
        ast.parse(path.read_text("utf-8"))
        for path in (ROOT / "tests").rglob("test_*.py")
        if path != Path(__file__)
    )
    return [
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def files():
    for room in ROOMS:
        path = ROOT / "bridge" / room
        yield from path.rglob("*.py") if path.is_dir() else [path]


def test_every_message_is_under_test():
    tested = "\0".join(texts_in_tests())
    missing = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in files()
        for line, text in messages(ast.parse(path.read_text("utf-8")))
        if text not in tested
    ]
    assert missing == []


def test_there_are_messages_to_find():
    found = [m for p in files() for m in messages(ast.parse(p.read_text("utf-8")))]
    assert len(found) > 40


def test_the_search_finds_the_longest_literal():
    source = "def f(x):\n    raise ValueError(f'short {x} and a longer part {x}.')"
    assert list(messages(ast.parse(source))) == [(2, " and a longer part ")]


EXCEPTIONS = [
    item
    for item in vars(errors).values()
    if isinstance(item, type) and issubclass(item, errors.BridgeError)
]


@pytest.mark.parametrize("error", EXCEPTIONS)
def test_every_error_is_a_bridge_error_and_a_built_in(error):
    if error is not errors.BridgeError:
        builtin = {
            ImportError,
            TypeError,
            ValueError,
            LookupError,
            IndexError,
            KeyError,
        }
        assert builtin & set(error.__mro__)
    assert error.__name__ in errors.__doc__
    assert str(error("a 'quoted' message")) == "a 'quoted' message"
    assert str(error()) == ""
