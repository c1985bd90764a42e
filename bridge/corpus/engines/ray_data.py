"""`run_ray`: shards made by Ray Data, on this machine or a cluster."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from bridge.corpus.parts import Part
from bridge.corpus.shard import ShardJob, ShardRecord
from bridge.errors import CorpusError, MissingDependencyError


def run_ray(
    job: ShardJob, parts: Iterable[Part], *, address: str | None
) -> Iterator[ShardRecord]:
    """Make shards.

    A shard that is made again, since its node died, has the same bytes under the same
    name: nothing is lost and nothing is there twice.

    Args:
        job: Makes one. Its folder, and the inputs, are where every node finds them.
        parts: What they are made from.
        address: Of a cluster; `None` for the one that is connected, or else a new one
            on this machine.

    Yields:
        What each shard holds, in the order in which they are done.

    Raises:
        CorpusError: If a part is no stretch of a file.
        MissingDependencyError: If Ray is not installed.
    """
    try:
        import ray.data
    except ImportError as error:
        raise MissingDependencyError(
            "`engine='ray'` needs Ray. Received: it is not installed. Run `pip install "
            "'tokenizer-bridge[ray]'`, or use engine='local'."
        ) from error
    known = list(parts)
    if any(part.digests for part in known):
        raise CorpusError(
            "On Ray every node reads its inputs itself. Received: a stream, which only "
            "this process can read. Use engine='local', or write it to files."
        )
    if not known:
        return
    if not ray.is_initialized():
        ray.init(address=address)
    workers = min(len(known), max(1, int(ray.cluster_resources().get("CPU", 1))))
    made = ray.data.range(len(known), override_num_blocks=len(known)).map_batches(
        _Maker,
        fn_constructor_args=(job, known),
        batch_size=1,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=workers),
    )
    for row in made.iter_rows():
        yield ShardRecord(**json.loads(row["record"]))


class _Maker:
    """An actor, so that a tokenizer is built once a process and not once a shard."""

    def __init__(self, job: ShardJob, parts: list[Part]) -> None:
        self._job = job
        self._parts = parts

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        made = [asdict(self._job(self._parts[int(i)])) for i in batch["id"]]
        return {"record": np.array([json.dumps(record) for record in made], object)}
