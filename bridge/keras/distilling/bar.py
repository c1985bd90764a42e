"""A progress bar for training, on the error stream where that is a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bridge.keras.distilling.course import Course

Show = Callable[[float, Course, int], None]


@contextmanager
def training_bar() -> Iterator[Show]:
    """Show how a distillation goes on.

    Yields:
        A function to be called after every step with the share of the budget that is
        used up, the course and the number of rows trained so far.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    with Progress(
        TextColumn("Distilling"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
        console=console,
        disable=not console.is_terminal,
    ) as progress:
        task = progress.add_task("", total=1.0)

        def show(spent: float, course: Course, rows: int) -> None:
            progress.update(
                task, completed=min(spent, 1.0), description=_describe(course, rows)
            )

        yield show


def _describe(course: Course, rows: int) -> str:
    recent = course.losses[-20:]
    parts = [
        f"{len(course.losses) / max(course.seconds, 1e-9):.1f} steps/s",
        f"loss {sum(recent) / len(recent):.4f}",
        f"{rows:,} rows",
    ]
    if course.agreements:
        parts.append(f"held-out cosine {course.agreements[-1][1].cosine:.4f}")
    return ", ".join(parts)
