"""Where a stream's examples come from: functions, iterables and files."""

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

from bridge.errors import TextInputError


class Source(Protocol):
    """Examples that are read from the beginning."""

    def open(self) -> Iterator[Any]:
        """Begin a pass."""

    def peek(self) -> Any:  # noqa: ANN401  an example
        """Return the first example without using up a pass."""


def open_source(source: Any) -> Source:  # noqa: ANN401  see below
    """Make a source of what a user has.

    Args:
        source: A function that returns an iterator, an iterable, or one or several
            `pathlib.Path`s of text files.

    Returns:
        The source.

    Raises:
        TextInputError: If it is none of these.
    """
    if isinstance(source, (str, bytes)):
        raise TextInputError(
            "A stream reads examples, or files named by `pathlib.Path`. Received: one "
            f"{type(source).__name__}, {source[:40]!r}. Wrap a text: `[text]`; wrap a "
            "file's name: `Path(name)`."
        )
    if isinstance(source, os.PathLike):
        return _Again(lambda: _lines([Path(source)]))
    if callable(source):
        return _Again(source)
    try:
        iterator = iter(source)
    except TypeError as error:
        raise TextInputError(
            "A stream reads from a function that returns an iterator, an iterable or "
            f"files. Received: {type(source).__name__}. Wrap it: `lambda: ...`."
        ) from error
    if iterator is source:
        return _Once(iterator)
    if isinstance(source, (list, tuple)) and any(_is_path(item) for item in source):
        return _Again(lambda: _lines(source))
    return _Again(lambda: source)


class _Again:
    """A source that can be read any number of times."""

    def __init__(self, make: Callable[[], Iterable[Any]]) -> None:
        self._make = make

    def open(self) -> Iterator[Any]:
        return iter(self._make())

    def peek(self) -> Any:  # noqa: ANN401  an example
        return _first(self.open())


class _Once:
    """A generator: what it has yielded is gone."""

    def __init__(self, iterator: Iterator[Any]) -> None:
        self._iterator: Iterator[Any] | None = iterator

    def open(self) -> Iterator[Any]:
        iterator, self._iterator = self._iterator, None
        if iterator is None:
            raise TextInputError(
                "A generator can be read once. Received: one, for a second pass, which "
                "would be empty. Pass a function that returns a new one: `lambda: "
                "generate()`."
            )
        return iterator

    def peek(self) -> Any:  # noqa: ANN401  an example
        iterator = self.open()
        first = _first(iterator)
        self._iterator = chain([first], iterator)
        return first


def _first(examples: Iterator[Any]) -> Any:  # noqa: ANN401  an example
    for example in examples:
        return example
    raise TextInputError(
        "A stream must hold at least one example. Received: none. Check where they "
        "come from."
    )


def _is_path(item: object) -> bool:
    return isinstance(item, os.PathLike)


def _lines(paths: Iterable[Any]) -> Iterator[str]:
    for path in paths:
        with Path(path).open(encoding="utf-8") as file:
            for line in file:
                yield line.removesuffix("\n")
