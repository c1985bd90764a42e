"""`run_local`: shards made by processes of this machine."""

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.reduction import ForkingPickler

from bridge.corpus.parts import Part
from bridge.corpus.shard import ShardJob, ShardRecord
from bridge.errors import CorpusError
from bridge.tokenizers.bounded import limit_growth

# A third of what a user's process may grow by. Over 1 GB of text with many new words,
# processes then take 10 % more memory than over 50 MB, in place of 55 %; half of it
# again would take 3 %, and a quarter of the speed.
_GROWTH = 64 * 2**20

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
        workers: Processes, this one among them.

    Yields:
        What each shard holds, in the order in which they are done.

    Raises:
        CorpusError: If a shard cannot be made, or a process dies.
    """
    limit_growth(_GROWTH)
    try:
        if workers == 1:
            yield from map(job, parts)
        else:
            yield from _share(job, iter(parts), workers)
    except BrokenProcessPool as error:
        raise CorpusError(
            "A worker process must live until its shard is done. Received: one that "
            "died; the system may have run out of memory, or a script started workers "
            "outside `if __name__ == '__main__':`. Make the same call again, perhaps "
            "with fewer workers: finished shards stay."
        ) from error
    finally:
        limit_growth()


def refuse_import() -> None:
    """Refuse a job in a worker that is about to import the script that started it.

    It would write to the folder of the job that it was started for.

    Raises:
        CorpusError: If this process is such a worker.
    """
    # As `multiprocessing` itself finds out, but only when a process is to be started.
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise CorpusError(
            "A script that starts workers must keep its calls from them. Received: "
            "`encode_corpus` in a worker that imports the script. Put the call behind "
            "`if __name__ == '__main__':`."
        )


def _share(job: ShardJob, parts: Iterator[Part], workers: int) -> Iterator[ShardRecord]:
    # Spawned, not forked: engines have threads, which a fork does not copy.
    context = multiprocessing.get_context("spawn")
    # Not among the arguments of a process: one that dies before it reads them, such as
    # by what its script does when imported, would leave this one writing for ever.
    jobs = context.Queue()
    data = bytes(ForkingPickler.dumps(job))
    for _ in range(workers - 1):
        jobs.put(data)
    # This process has its tokenizer already: it makes shards while others load theirs,
    # in a thread, so that a long one keeps nobody waiting for the next.
    with (
        ThreadPoolExecutor(1) as own,
        ProcessPoolExecutor(
            workers - 1, mp_context=context, initializer=_begin, initargs=(jobs,)
        ) as others,
    ):
        # Itself first: a job of one shard starts no process.
        makers = (
            (lambda part: own.submit(job, part), 1),
            (lambda part: others.submit(_make, part), workers - 1),
        )
        try:
            yield from _run(parts, makers, ahead=workers)
        finally:
            others.shutdown(wait=True, cancel_futures=True)
            # What nobody fetched is not waited for.
            jobs.cancel_join_thread()
            jobs.close()


def _run(
    parts: Iterator[Part],
    makers: Sequence[tuple[Callable[[Part], Future[ShardRecord]], int]],
    *,
    ahead: int,
) -> Iterator[ShardRecord]:
    """Keep makers busy, each with so many parts at a time.

    None waits in a maker's own queue, where another that is idle could not take it.
    """
    held: list[set[Future[ShardRecord]]] = [set() for _ in makers]
    ready: deque[Part] = deque()
    while True:
        for running, (submit, most) in zip(held, makers, strict=True):
            while ready and len(running) < most:
                running.add(submit(ready.popleft()))
        # A stream is read here, while shards are made.
        if len(ready) < ahead and (part := next(parts, None)) is not None:
            ready.append(part)
            continue
        if not any(held):
            return
        done, _ = wait(set().union(*held), return_when=FIRST_COMPLETED)
        for running in held:
            running -= done
        yield from (future.result() for future in done)


def _begin(jobs: "multiprocessing.Queue[bytes]") -> None:
    """Prepare a worker."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    limit_growth(_GROWTH)
    # One thread a worker: the libraries would start one a core in every process.
    os.environ["RAYON_NUM_THREADS"] = "1"
    _held.append(ForkingPickler.loads(jobs.get()))


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    # A killed parent tells nobody: its workers would wait for work for ever.
    parent.join()
    os._exit(1)


def _make(part: Part) -> ShardRecord:
    return _held[0](part)
