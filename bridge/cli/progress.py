"""Progress of long jobs, on the error stream and only where that is a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class _Rate(ProgressColumn):
    """Steps a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.1f}/s")


@contextmanager
def bars(unit: str, console: Console) -> Iterator[Progress]:
    """Show bars with counts, rate and remaining time.

    Args:
        unit: What is counted, such as `"batches"`.
        console: Where to show them; nothing is shown where it is no terminal.

    Yields:
        A progress to add tasks to.
    """
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn(unit),
        _Rate(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        expand=True,
    ) as progress:
        yield progress


@contextmanager
def bar(name: str, *, total: int, unit: str) -> Iterator[Callable[[], None]]:
    """Show one bar on the error stream.

    Args:
        name: What is going on.
        total: Steps.
        unit: What is counted.

    Yields:
        A function to be called after every step.
    """
    with bars(unit, Console(stderr=True)) as progress:
        task = progress.add_task(name, total=total)
        yield lambda: progress.advance(task)


@contextmanager
def waiting(message: str) -> Iterator[None]:
    """Show that something goes on whose length is not known.

    Args:
        message: What is going on.

    Yields:
        Nothing.
    """
    with Console(stderr=True).status(message):
        yield
