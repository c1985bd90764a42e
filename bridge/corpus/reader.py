"""`CorpusReader`: the batches of a corpus, shuffled, for one of several processes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bridge.batches import Batch, Batching, EncodedRows
from bridge.corpus.formats import ShardFormat, Stored
from bridge.corpus.manifest import Manifest
from bridge.corpus.shard import ShardRecord
from bridge.corpus.verify import shard_format
from bridge.errors import CorpusError
from bridge.layout import Layout
from bridge.lazy import lazy
from bridge.ragged import IdArray, OffsetArray, Ragged, take_slices
from bridge.row_format import RowFormat
from bridge.spec import BackboneSpec, Template
from bridge.vocabulary import Vocabulary

# Groups in memory: the one that is read, and the one that another thread is still at.
_KEPT = 2


@dataclass(frozen=True)
class Group:
    """The rows of some shards.

    Attributes:
        rows: The rows, without special tokens where the form writes them.
        begins: Cells where documents begin.
        plan: Their batches in one epoch: for each the rows of this process.
    """

    rows: EncodedRows
    begins: Ragged
    plan: list[Batch]

    def document_ids(self, batch: Batch) -> IdArray:
        """Number the documents of every row.

        Args:
            batch: The rows.

        Returns:
            `(rows, width)` int32: 1 for the cells of the first document, 2 for those of
            the next; 0 for padding.
        """
        lengths = self.rows.lengths[batch.rows]
        begins = self.begins.take(batch.rows)
        flags = np.zeros((len(lengths), batch.width), np.int32)
        flags[begins.row_of_value, begins.values] = 1
        numbers = flags.cumsum(axis=1, dtype=np.int32)
        numbers[np.arange(batch.width) >= lengths[:, None]] = 0
        if self.rows.form.padding_side == "left":
            shifts = np.arange(batch.width) - (batch.width - lengths[:, None])
            numbers = np.take_along_axis(numbers, shifts % batch.width, axis=1)
        return numbers


@dataclass(frozen=True)
class CorpusReader:
    """Makes any batch of any epoch from its number alone.

    Shards are put into groups, and rows are mixed with those of their group, so that
    no more than some groups are in memory. Which shards are a group is drawn once,
    their order and that of their rows in every epoch.

    Attributes:
        folder: Folder of the corpus.
        manifest: What it holds.
        batching: How rows are put into batches, of all processes together.
        mix: Shards of a group.
        process: Number of this process.
        processes: Number of processes. Each has its share of every batch.
    """

    folder: Path
    manifest: Manifest
    batching: Batching
    mix: int = 1
    process: int = 0
    processes: int = 1

    def __post_init__(self) -> None:
        """Refuse what cannot be read."""
        if not self.manifest.complete:
            raise CorpusError(
                "A corpus is read when it is complete. Received: one with "
                f"{len(self.manifest.shards)} shards so far, in {self.folder}. Make "
                "the call of `encode_corpus` again, which goes on."
            )
        if not 0 <= self.process < self.processes or self.mix < 1:
            raise ValueError(
                "A process's number is below their count, and a group has at least one "
                f"shard. Received: process={self.process} of {self.processes}, "
                f"mix={self.mix}. Pass others."
            )
        if not len(self):
            raise CorpusError(
                "An epoch must have a batch, with a row for every process. Received: "
                f"{self.manifest.totals['rows']} rows for {self.processes} processes, "
                f"mix={self.mix}, in {self.folder}. Encode more texts, or raise `mix`."
            )

    def __len__(self) -> int:
        """Number of batches in an epoch, the same in every process and epoch."""
        return int(self._steps.sum())

    @lazy
    def form(self) -> RowFormat:
        """How rows become arrays."""
        settings = self.manifest.settings
        encoder = settings["encoder"]
        packed = settings["options"]["layout"] == "packed"
        layout = Layout(
            spec=BackboneSpec.from_dict(encoder["backbone"]),
            # Rows are packed by id: no token is looked up.
            vocabulary=Vocabulary.from_tokens({}),
            template=Template() if packed else self._template,
            pad_id=encoder["pad_id"],
        )
        length, side = encoder["sequence_length"], encoder["padding_side"]
        return RowFormat(layout, length, side, "round_robin")

    def place(self, index: int, epoch: int) -> tuple[Group, Batch]:
        """Find a batch.

        Args:
            index: Its place in the epoch.
            epoch: Number of the epoch.

        Returns:
            Its group, and its rows in there.

        Raises:
            CorpusError: If a shard is not as it was written.
        """
        order = self._order(epoch)
        ends = np.cumsum(self._steps[order])
        at = int(np.searchsorted(ends, index, side="right"))
        number = int(order[at])
        group = self._group(number, epoch)
        begin = int(ends[at] - self._steps[number])
        return group, group.plan[index - begin]

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what was read: another process reads its own."""
        return {name: vars(self)[name] for name in self.__dataclass_fields__}

    @property
    def _template(self) -> Template:
        return Template(*map(tuple, self.manifest.settings["template"]))

    @lazy
    def _groups(self) -> list[OffsetArray]:
        """Numbers of the shards of every group."""
        shards = np.array(sorted(self.manifest.shards), np.int64)
        if self.batching.shuffle:
            shards = np.random.default_rng(self.batching.seed).permutation(shards)
        begins = range(0, len(shards), self.mix)
        return [shards[begin : begin + self.mix] for begin in begins]

    @lazy
    def _steps(self) -> OffsetArray:
        """Batches of every group: none that leaves a process without a row."""
        shards = self.manifest.shards
        rows = [sum(shards[int(i)].rows for i in group) for group in self._groups]
        full, rest = np.divmod(np.array(rows, np.int64), self.batching.batch_size)
        return full + (rest >= self.processes)

    def _order(self, epoch: int) -> OffsetArray:
        if not self.batching.shuffle:
            return np.arange(len(self._groups))
        draw = np.random.default_rng((self.batching.seed, epoch))
        return draw.permutation(len(self._groups))

    @lazy
    def _held(self) -> dict[tuple[int, int], Group]:
        return {}

    def _group(self, number: int, epoch: int) -> Group:
        # No lock: two threads may both read a group, which gives the same.
        group = self._held.get((number, epoch))
        if group is None:
            group = self._read(number, epoch)
            for old in list(self._held)[: 1 - _KEPT]:
                self._held.pop(old, None)
            self._held[number, epoch] = group
        return group

    def _read(self, number: int, epoch: int) -> Group:
        form = shard_format(self.manifest)
        shards = [self.manifest.shards[int(index)] for index in self._groups[number]]
        parts = [self._stored(form, shard) for shard in shards]
        ids = Ragged.concatenate([self._inner(part.ids) for part in parts])
        rows = EncodedRows(self.form, ids)
        plan = rows.plan(self.batching, (epoch, number))
        return Group(
            rows,
            Ragged.concatenate(list(map(_begins, parts))),
            [self._share(batch) for batch in plan if len(batch.rows) >= self.processes],
        )

    def _stored(self, form: ShardFormat, shard: ShardRecord) -> Stored:
        try:
            stored = form.read(self.folder, shard.name)
            if len(stored.ids) != shard.rows:
                raise ValueError(f"{len(stored.ids)} rows, not {shard.rows}")
        except (OSError, ValueError) as error:
            raise CorpusError(
                "A shard must be as it was written. Received: "
                f"{self.folder / shard.name}, which is not ({error}). Delete its files "
                "and make the call of `encode_corpus` again, which makes them anew."
            ) from error
        return stored

    def _share(self, batch: Batch) -> Batch:
        """Keep the rows of this process, of a batch as wide for all of them."""
        count = len(batch.rows) // self.processes
        return batch._replace(rows=batch.rows[self.process :: self.processes][:count])

    def _inner(self, ids: Ragged) -> Ragged:
        """Take off the special tokens that the form writes again."""
        template = self.form.layout.template
        before = len(template.start)
        lengths = ids.lengths - before - len(template.end)
        return take_slices(ids.values, ids.offsets[:-1] + before, lengths)


def _begins(stored: Stored) -> Ragged:
    """Return where documents begin: each row is one, if nothing else is said."""
    if stored.begins is not None:
        return stored.begins
    ones = np.ones(len(stored.ids), np.int64)
    return Ragged.from_lengths(np.zeros(len(ones), np.int32), ones)


def widths_of(sequence_length: int, buckets: int | None) -> tuple[int, ...]:
    """Return the widths of batches, which are the same in every group.

    Args:
        sequence_length: The greatest.
        buckets: How many, or `None` for one.

    Returns:
        Rising widths.
    """
    count = 1 if buckets is None else buckets
    widths = {-(-sequence_length * i // count) for i in range(1, count + 1)}
    return tuple(sorted(widths))
