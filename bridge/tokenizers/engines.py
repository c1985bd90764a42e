"""`with_engine`: which library does the work. Never other ids, only faster."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from bridge.errors import MissingDependencyError
from bridge.tokenizers.fast import FastEngine, Words
from bridge.tokenizers.gigatoken import Gigatoken
from bridge.tokenizers.nanotoken import Nanotoken
from bridge.tokenizers.probe import first_difference, probe_texts

if TYPE_CHECKING:
    from bridge.tokenizers.base import Tokenizer

FAST: Sequence[type[FastEngine]] = (Gigatoken, Nanotoken, Words)
AUTO, REFERENCE = "auto", "reference"
ENGINES = (AUTO, REFERENCE, *(engine.name for engine in FAST))


@dataclass(frozen=True, slots=True)
class EngineSource:
    """What a fast engine needs to know of a tokenizer.

    Attributes:
        engine: Name of the fast engine that reads this kind.
        data: The tokenizer, as that engine reads it.
        added: Spellings of the added tokens.
        obstacle: Why no fast engine can be exact, or `None`.
    """

    engine: str
    data: str | bytes
    added: tuple[str, ...] = ()
    obstacle: str | None = None


def check_engine(engine: str) -> None:
    """Refuse an unknown name.

    Args:
        engine: What the user passed.

    Raises:
        ValueError: If there is no such choice.
    """
    if engine not in ENGINES:
        raise ValueError(
            f"`engine` must be one of {', '.join(map(repr, ENGINES))}. Received: "
            f"{engine!r}. Leave it out for the fastest that gives the same ids."
        )


def with_engine(tokenizer: "Tokenizer", engine: str) -> "Tokenizer":
    """Return the tokenizer with an engine that gives exactly its own library's ids.

    Args:
        tokenizer: Any tokenizer.
        engine: `"auto"`: a fast one where it is installed and a probe finds no
            difference; `"reference"`: its own library; or the name of a fast one.

    Returns:
        The same tokenizer, or a twin with another engine. `engine_note` says why.

    Raises:
        MissingDependencyError: If the named engine is not installed.
        ValueError: If the named engine is not exact here.
    """
    own = tokenizer.without_engine()
    if engine == REFERENCE:
        return own
    sources = own.engine_sources()
    if engine == AUTO:
        return _first(own, sources)
    kind = next(each for each in FAST if each.name == engine)
    source = next((each for each in sources if each.engine == engine), None)
    if source is None:
        raise _inexact(engine, f"it reads {kind.reads} and this is {own!r}")
    fast, reason = _try(own, source)
    if fast is None:
        if not kind.is_installed():
            raise MissingDependencyError(
                f"`engine={engine!r}` needs that package. Received: {reason}. Run "
                "`pip install 'tokenizer-bridge[fast]'`, or leave `engine` out."
            )
        raise _inexact(engine, reason)
    return _twin(own, fast, [reason])


def _first(own: "Tokenizer", sources: Sequence[EngineSource]) -> "Tokenizer":
    """Return a twin with the first engine that is exact, or with a note about each."""
    reasons = []
    for source in sources:
        fast, reason = _try(own, source)
        reasons.append(reason)
        if fast is not None:
            return _twin(own, fast, reasons)
    return _twin(own, None, reasons) if reasons else own


def _inexact(engine: str, reason: str) -> ValueError:
    return ValueError(
        f"`engine={engine!r}` must give the ids of the tokenizer's own library. "
        f"Received: {reason}. Leave `engine` out, or pass 'reference'."
    )


def _try(tokenizer: "Tokenizer", source: EngineSource) -> tuple[FastEngine | None, str]:
    """Build the engine and compare it; the reason comes along either way."""
    name = source.engine
    if source.obstacle is not None:
        return None, f"{name} is not used: {source.obstacle}"
    kind = next(each for each in FAST if each.name == name)
    if not kind.is_installed():
        return None, f"{name} is not installed"
    engine = kind(source.data)
    texts = probe_texts(tokenizer.vocabulary, source.added)
    reference = tokenizer.encode_batch
    obstacle = engine.check() or first_difference(
        texts, reference, partial(engine.encode, reference=reference)
    )
    if obstacle is not None:
        return None, f"{name} is not used: {obstacle}"
    return engine, f"{name} gives the same ids on {len(texts):,} probe texts"


def _twin(
    own: "Tokenizer", fast: FastEngine | None, reasons: Sequence[str]
) -> "Tokenizer":
    twin = copy.copy(own)
    twin.fast = fast
    twin.library_note = own.engine_note
    twin.engine_note = "; ".join([own.engine_note, *reasons])
    if fast is not None:
        twin.engine = fast.name
    return twin
