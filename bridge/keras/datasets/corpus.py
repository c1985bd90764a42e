"""`open_corpus`: shards of ids as shuffled batches, for every loader."""

import os
from pathlib import Path
from typing import Any

import keras

from bridge.batches import Batching
from bridge.corpus.manifest import Manifest
from bridge.corpus.reader import CorpusReader, widths_of
from bridge.errors import MissingDependencyError
from bridge.keras.datasets.epochs import EpochDataset
from bridge.row_format import Arrays


class CorpusDataset(EpochDataset):
    """The batches of a corpus; see `open_corpus`.

    Args:
        reader: Makes the batches.
        start: Step to begin with, counted over all epochs.
        document_ids: Whether batches have `document_ids`.
        **kwargs: Keras's own.

    Raises:
        ValueError: If `start` is negative.
    """

    def __init__(
        self,
        reader: CorpusReader,
        *,
        start: int = 0,
        document_ids: bool = False,
        **kwargs: Any,  # noqa: ANN401  Keras's own
    ) -> None:
        super().__init__(**kwargs)
        if start < 0:
            raise ValueError(
                "`start` counts the steps that are done. Received: "
                f"start={start}. Pass 0 to begin."
            )
        self.reader = reader
        self.start = start
        self.document_ids = document_ids

    def __len__(self) -> int:
        """Number of batches in an epoch."""
        return len(self.reader)

    def batch(self, index: int, *, epoch: int) -> Arrays:
        """Make a batch of any epoch.

        Args:
            index: Its place in the epoch, from where the dataset starts.
            epoch: Number of the epoch.

        Returns:
            Exactly the backbone's inputs, `(rows, width)` each: `token_ids` int32,
            `padding_mask` bool, `segment_ids` int32; and `document_ids` int32 where
            they are wanted.
        """
        epoch, index = divmod(self.start + epoch * len(self) + index, len(self))
        group, batch = self.reader.place(index, epoch)
        arrays: Arrays = group.rows.batch(batch)
        if self.document_ids:
            arrays["document_ids"] = group.document_ids(batch)
        return arrays

    def as_torch(self) -> Any:  # noqa: ANN401  a torch DataLoader
        """Return the batches as a `torch.utils.data.DataLoader`.

        Returns:
            A loader of dicts of tensors. Every pass over it is another epoch, from 0.

        Raises:
            MissingDependencyError: If torch is not installed.
        """
        try:
            from torch.utils.data import DataLoader
        except ImportError as error:
            raise MissingDependencyError(
                "`as_torch` needs torch. Received: it is not installed. Run `pip "
                "install torch`, or use `as_tf()`."
            ) from error
        return DataLoader(_Passes(self), batch_size=None)


class _Passes:
    """A dataset as torch indexes it: it asks for all of a pass, then begins again."""

    def __init__(self, dataset: CorpusDataset) -> None:
        self._dataset = dataset
        self._epoch = -1

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, index: int) -> Arrays:
        self._epoch += index == 0
        return self._dataset.batch(index, epoch=self._epoch)


def open_corpus(
    directory: str | os.PathLike[str],
    *,
    batch_size: int = 32,
    shuffle: bool = True,
    seed: int = 0,
    buckets: int | None = None,
    mix: int = 4,
    process: tuple[int, int] | None = None,
    start: int = 0,
    document_ids: bool = False,
    **kwargs: Any,  # noqa: ANN401  Keras's own
) -> CorpusDataset:
    """Open what `encode_corpus` wrote, for training.

    The result is a `keras.utils.PyDataset`, of random access and so a grain source
    too; `as_tf()`, `as_grain()` and `as_torch()` give what other loops take. Rows
    become the arrays that the encoder would make of their texts.

    Any batch is made from its number alone: equal arguments give equal batches, in any
    process and after any number of restarts.

    Args:
        directory: Folder of the corpus.
        batch_size: Rows of a batch in this process.
        shuffle: Whether every epoch has another order. Rows are mixed with those of
            `mix` shards, which themselves come in another order.
        seed: Of that order.
        buckets: Number of widths that batches may have, in equal steps up to the
            encoder's `sequence_length`; rows of about one length go into one batch.
            `None`: all batches have that length. On TensorFlow give `fit` `as_tf()`
            then: of the object itself, Keras takes two batches for all.
        mix: Shards that are in memory at a time, and whose rows are mixed.
        process: Number of this process and their count; of the running jax or torch
            job if `None`. Of each batch every process has as many rows, so that all
            take as many steps; a rest of fewer rows than processes is left out.
        start: Steps that are done already, over all epochs: the dataset goes on there.
        document_ids: Whether to say which document each cell belongs to, from 1, and 0
            for padding: what a mask between packed documents is made from. Take them
            out before a backbone gets the rest: Keras goes by the order of the names.
        **kwargs: Keras's own: `workers`, `use_multiprocessing`, `max_queue_size`.

    Returns:
        The dataset. Its length is that of an epoch, wherever it starts.

    Raises:
        CorpusError: If the job did not end, or there is no batch for every process.
        SavedFormatError: If there is no corpus.
        ValueError: If a number is out of its range.

    Example:
        >>> _ = bridge.encode_corpus("texts.txt", "shards", "tokenizer.json")
        >>> corpus = bridge.open_corpus("shards", batch_size=64)
        >>> next(iter(corpus))["token_ids"].shape
        (4, 128)
    """
    manifest = Manifest.read(Path(directory))
    number, count = _this_process() if process is None else process
    length = manifest.settings["encoder"]["sequence_length"]
    batching = Batching(
        batch_size=batch_size * count,
        shuffle=shuffle,
        seed=seed,
        buckets=buckets,
        widths=widths_of(length, buckets),
    )
    reader = CorpusReader(Path(directory), manifest, batching, mix, number, count)
    return CorpusDataset(reader, start=start, document_ids=document_ids, **kwargs)


def _this_process() -> tuple[int, int]:
    """Return the number of this process and their count in the running job."""
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        return jax.process_index(), jax.process_count()
    if backend == "torch":
        from torch import distributed

        if distributed.is_available() and distributed.is_initialized():
            return distributed.get_rank(), distributed.get_world_size()
    return 0, 1
