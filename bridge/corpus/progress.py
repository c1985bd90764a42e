"""`Progress`: how far a job is, on a terminal's error stream."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from bridge.corpus.shard import ShardRecord


class JobProgress:
    """Counts documents and bytes.

    Args:
        bar: Shows them.
        total: Bytes of all inputs, or `None` where that is not known.
    """

    def __init__(self, bar: Progress, total: int | None) -> None:
        self._bar = bar
        self._documents = 0
        self._task = bar.add_task("", total=total, documents="0 documents")

    def add(self, record: ShardRecord) -> None:
        """Count a shard."""
        self._documents += record.documents
        elapsed = self._bar.tasks[0].elapsed or 1.0
        told = f"{self._documents:,} documents, {self._documents / elapsed:,.0f}/s"
        self._bar.update(self._task, advance=record.size, documents=told)


@contextmanager
def show_progress(total: int | None) -> Iterator[JobProgress]:
    """Show a bar; nothing where the error stream is no terminal.

    Args:
        total: Bytes of all inputs, or `None` where that is not known.

    Yields:
        What counts.
    """
    console = Console(stderr=True)
    with Progress(
        BarColumn(),
        TextColumn("{task.fields[documents]}"),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as bar:
        yield JobProgress(bar, total)
