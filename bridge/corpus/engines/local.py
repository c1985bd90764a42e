"""`run_local`: shards made by processes of this machine."""

import multiprocessing
import os
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice

from bridge.corpus.parts import Part
from bridge.corpus.shard import ShardJob, ShardRecord
from bridge.errors import CorpusError
from bridge.tokenizers.bounded import limit_growth

# A third of what a user's process may grow by. Over 1 GB of text with many new words,
# three processes then take 10 % more memory than over 50 MB, in place of 55 %; half
# of it again would take 3 %, and a quarter of the speed.
_WORKER_GROWTH = 64 * 2**20

# A worker's own, from when it begins.
_held: list[ShardJob] = []


def run_local(
    job: ShardJob, parts: Iterable[Part], *, workers: int
) -> Iterator[ShardRecord]:
    """Make shards.

    Args:
        job: Makes one.
        parts: What they are made from. No more are taken at a time than twice the
            workers, so that those of a stream do not pile up.
        workers: Processes; 1 for this one.

    Yields:
        What each shard holds, in the order in which they are done.

    Raises:
        CorpusError: If a shard cannot be made, or a process dies.
    """
    if workers == 1:
        yield from map(job, parts)
        return
    # Spawned, not forked: engines have threads, which a fork does not copy.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        workers, mp_context=context, initializer=_begin, initargs=(job,)
    ) as pool:
        try:
            yield from _run(pool, iter(parts), workers)
        except BrokenProcessPool as error:
            raise CorpusError(
                "A worker process must live until its shard is done. Received: one "
                "that died; the system may have run out of memory, or a script "
                "started workers outside `if __name__ == '__main__':`. Make the same "
                "call again, perhaps with fewer workers: finished shards stay."
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _run(
    pool: ProcessPoolExecutor, parts: Iterator[Part], workers: int
) -> Iterator[ShardRecord]:
    running: set[Future[ShardRecord]] = set()
    while True:
        free = 2 * workers - len(running)
        running |= {pool.submit(_make, part) for part in islice(parts, free)}
        if not running:
            return
        done, running = wait(running, return_when=FIRST_COMPLETED)
        yield from (future.result() for future in done)


def _begin(job: ShardJob) -> None:
    """Prepare a worker."""
    _held.append(job)
    limit_growth(_WORKER_GROWTH)
    # One thread a worker: the libraries would start one a core in every process.
    os.environ["RAYON_NUM_THREADS"] = "1"
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    # A killed parent tells nobody: its workers would wait for work for ever.
    parent.join()
    os._exit(1)


def _make(part: Part) -> ShardRecord:
    return _held[0](part)
