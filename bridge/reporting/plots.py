"""Plots for papers and slides: coverage of a report, and learning curves."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bridge.errors import MissingDependencyError

if TYPE_CHECKING:
    from bridge.reporting.report import RemapReport

# The colours of the HTML report.
_COLOURS = {
    "EXACT": "#2f6fde",
    "ROLE": "#0f8f8c",
    "NORMALIZED": "#4c9a2a",
    "BOUNDARY": "#c99a00",
    "COMPOSED": "#e07b1a",
    "UNMAPPED": "#d03a3a",
    "OVERRIDE": "#8a4fd0",
    "UNUSED": "#98a1ad",
}


def plot_coverage(report: "RemapReport") -> Any:  # noqa: ANN401  a matplotlib Figure
    """Draw the share of every `MatchKind`, by type and by running text.

    Args:
        report: The report.

    Returns:
        A `matplotlib.figure.Figure`; a notebook shows it, `savefig` writes it.

    Raises:
        MissingDependencyError: If matplotlib is not installed (extra `plot`).

    Example:
        >>> plot_coverage(report).savefig("coverage.png")
    """
    size = max(1, report.tokenizer_size)
    bars = {"types": {kind: n / size for kind, n in report.kinds.items()}}
    if report.text.running is not None:
        bars["running text"] = dict(report.text.running.kinds)
    figure = _new_figure(height=0.9 + 0.5 * len(bars))
    axes = figure.add_subplot()
    left = dict.fromkeys(bars, 0.0)
    for kind, colour in _COLOURS.items():
        shares = [100 * bar.get(kind, 0.0) for bar in bars.values()]
        if any(shares):
            starts = list(left.values())
            axes.barh(list(bars), shares, left=starts, color=colour, label=kind)
            left = {
                name: start + share
                for name, start, share in zip(bars, starts, shares, strict=True)
            }
    axes.invert_yaxis()
    axes.set(xlim=(0, 100), xlabel="%")
    figure.legend(loc="outside upper center", ncols=4, frameon=False, fontsize="small")
    return figure


def plot_learning_curve(epochs: Sequence[Mapping[str, float]]) -> Any:  # noqa: ANN401
    """Draw training loss and held-out scores by epoch.

    Args:
        epochs: `loss`, `accuracy` and `macro_f1` of every epoch.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        MissingDependencyError: If matplotlib is not installed (extra `plot`).

    Example:
        >>> curve = [{"loss": 0.9, "accuracy": 0.6, "macro_f1": 0.5}]
        >>> plot_learning_curve(curve).savefig("curve.png")
    """
    figure = _new_figure(height=3.2)
    losses, scores = figure.subplots(1, 2)
    numbers = range(1, len(epochs) + 1)
    losses.plot(numbers, [epoch["loss"] for epoch in epochs], "o-", color="#e07b1a")
    losses.set(title="training loss", xlabel="epoch", xticks=numbers)
    for key, name, colour in (
        ("accuracy", "accuracy", "#2f6fde"),
        ("macro_f1", "macro-F1", "#4c9a2a"),
    ):
        values = [epoch[key] for epoch in epochs]
        scores.plot(numbers, values, "o-", color=colour, label=name)
    scores.set(title="held-out texts", xlabel="epoch", xticks=numbers, ylim=(0, 1))
    scores.legend(frameon=False, loc="lower right")
    return figure


def _new_figure(*, height: float) -> Any:  # noqa: ANN401
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependencyError(
            "Plots need matplotlib. Received: it is not installed. Install it with "
            "`pip install 'tokenizer-bridge[plot]'`."
        ) from error
    # Not pyplot, which would keep the figure and may open a window.
    return Figure(figsize=(7, height), layout="constrained", dpi=150)
