"""What `init=` may say: names, methods with options, and the user's own function."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from bridge.embedding.provenance import Combination, Rule

if TYPE_CHECKING:
    from bridge.alignment import Alignment

NAMES = ("copy", "compose", "anchors", "omp", "mean", "random")

# Called with the ids of the rows to make, `(n,)` int64, and a table of the preset,
# `(preset_rows, width)`; returns `(n, width)`.
RowFunction = Callable[[NDArray[np.int64], NDArray[Any]], NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """What a method is asked for.

    Attributes:
        alignment: What every id of the tokenizer means in the preset.
        token_ids: Ids that need a row, ascending; all stand for text.
        anchors: Ids of copied tokens that a text produces, ascending.
        anchor_rows: The preset's row of each anchor.
        texts: The user's texts, or `None`.
        seed: Of whatever is random.
    """

    alignment: "Alignment"
    token_ids: NDArray[np.int64]
    anchors: NDArray[np.int64]
    anchor_rows: NDArray[np.int64]
    texts: Sequence[str] | None
    seed: int


@runtime_checkable
class Method(Protocol):
    """A way to make rows of copied ones. `Anchors` and `MatchingPursuit` are two."""

    @property
    def rule(self) -> Rule:
        """What the provenance calls its rows."""
        ...

    def combine(self, request: Request) -> Combination:
        """Return ingredients for every id asked for; none where it knows no way."""
        ...


Step = str | Method | RowFunction
Init = Step | Sequence[Step]


def read_init(init: Init) -> tuple[Step, ...]:
    """Turn `init=` into steps; each row is made by the first that can.

    Args:
        init: A name, a `Method`, a function, or a list of these in order of priority.
            Copies always go first, whether `"copy"` is said or not. `"mean"` and a
            function serve whatever is left, so they end a list. `"random"`, which
            draws copied tokens too, stands alone.

    Returns:
        The steps behind copying; names left are `"compose"`, `"mean"` and `"random"`.

    Raises:
        ValueError: If a name is unknown or out of its place.
    """
    steps: list[Step] = list(init) if isinstance(init, (list, tuple)) else [init]  # type: ignore[list-item]
    for step in steps:
        _check_step(step)
    if steps[:1] == ["copy"]:
        del steps[0]
    for place, step in enumerate(steps):
        last = place == len(steps) - 1
        serves_all = step == "mean" or not isinstance(step, (str, Method))
        if (
            step == "copy"
            or (step == "random" and steps != ["random"])
            or (serves_all and not last)
        ):
            raise ValueError(
                "In `init`, 'copy' goes first, 'mean' and a function go last, and "
                f"'random' stands alone. Received: {_shown(init)}. Reorder the list."
            )
    return tuple(_method(step) for step in steps)


def _check_step(step: Any) -> None:  # noqa: ANN401  whatever the user passed
    if isinstance(step, Method) or (callable(step) and not isinstance(step, type)):
        return
    if not isinstance(step, str) or step not in NAMES:
        raise ValueError(
            f"`init` must be one of {', '.join(map(repr, NAMES))}, a method such as "
            "`bridge.Anchors(...)`, a function, or a list of these. Received: "
            f"{_shown(step)}."
        )
    if step == "omp":
        raise ValueError(
            "`init='omp'` needs the model that the tokenizer comes with. Received: no "
            "donor. Pass `init=bridge.MatchingPursuit(donor)`, its table or a "
            ".safetensors file."
        )


def _method(step: Step) -> Step:
    if step == "anchors":
        from bridge.embedding.anchors import Anchors

        return Anchors()
    return step


def _shown(init: Any) -> str:  # noqa: ANN401
    if isinstance(init, (list, tuple)):
        return f"[{', '.join(map(_shown, init))}]"
    if isinstance(init, str):
        return repr(init)
    return getattr(init, "__name__", type(init).__name__)
