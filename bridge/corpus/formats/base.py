"""What every format of shards can do."""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bridge.corpus.rows import Rows
from bridge.places import PaddingSide
from bridge.ragged import Ragged


class ShardWriter(Protocol):
    """An open shard."""

    def write(self, rows: Rows) -> None:
        """Add rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """What is read back of a shard for training.

    Attributes:
        ids: What stands in real cells.
        begins: Of packed rows, the cells where documents begin; else `None`.
    """

    ids: Ragged
    begins: Ragged | None


@dataclass(frozen=True)
class ShardFormat(ABC):
    """A format of shards.

    Attributes:
        width: Columns of a row, where they all have the same.
        pad_id: Id in unused cells of such rows.
        padding_side: Where those are.
    """

    width: int
    pad_id: int
    padding_side: PaddingSide = "right"

    @abstractmethod
    def create(
        self, folder: Path, name: str, sources: list[str]
    ) -> AbstractContextManager[ShardWriter]:
        """Begin a shard.

        Args:
            folder: Where it shall be.
            name: Its name, without an ending.
            sources: Names of the inputs that rows give by number.

        Returns:
            The shard, complete when its context ends.
        """

    @abstractmethod
    def read(self, folder: Path, name: str) -> Stored:
        """Read a whole shard.

        Args:
            folder: Where it is.
            name: Its name, without an ending.

        Returns:
            Its rows.

        Raises:
            OSError: If it cannot be read.
            ValueError: If it is not what was written.
        """
