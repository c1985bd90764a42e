"""`in_threads`: independent pieces of one numpy job, on the cores there are."""

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from itertools import pairwise

# These jobs wait for memory: more threads than these gain nothing.
MOST = 4

_here = threading.local()


def in_threads(
    function: Callable[[slice], None], size: int, *, step: int, parallel: bool = True
) -> None:
    """Call a function on every stretch of a long array.

    A job within a job is done where it is: its threads are at work already.

    Args:
        function: What is done with one stretch; stretches come in any order, and
            several at a time.
        size: Length of the array.
        step: Most of a stretch, and worth waking a thread for; all are about as long.
        parallel: Whether threads may be used.
    """
    pieces = -(-size // step)
    workers = min(MOST, cores(), pieces)
    if workers < 2 or not parallel or worker() is not None:
        for stretch in _stretches(size, pieces):
            function(stretch)
        return
    runs = _shares(size, -(-pieces // workers), workers)
    # Reading the results raises what a thread raised.
    list(_pool().map(partial(_work, function), range(workers), runs))


def worker() -> int | None:
    """Return the number of this worker in the job it does, `None` outside a job."""
    number: int | None = getattr(_here, "number", None)
    return number


def _shares(size: int, pieces: int, workers: int) -> list[list[slice]]:
    """Give every worker as much of a length, in so many pieces.

    All but the first begin with a part of a piece and end with its rest: workers that
    do the same step of a job at the same time wait for the interpreter and for memory.
    """
    everyone = range(workers)
    cuts = [(i, workers - i) for i in everyone]
    cuts += [(i, workers) for i in everyone] * (pieces - 1)
    cuts += [(i, i) for i in everyone]
    runs: list[list[slice]] = [[] for _ in everyone]
    done, whole = 0, pieces * workers**2
    for i, part in cuts:
        stretch = slice(size * done // whole, size * (done + part) // whole)
        done += part
        if stretch.start < stretch.stop:
            runs[i].append(stretch)
    return runs


def _stretches(size: int, pieces: int) -> list[slice]:
    """Cut a length into pieces alike."""
    ends = [size * i // pieces for i in range(pieces + 1)] if pieces else [0]
    return [slice(*pair) for pair in pairwise(ends)]


def _work(
    function: Callable[[slice], None], number: int, stretches: Iterable[slice]
) -> None:
    _here.number = number
    try:
        for stretch in stretches:
            function(stretch)
    finally:
        _here.number = None


@lru_cache(maxsize=1)
def cores() -> int:
    """Return how many cores this process may use; not every system can tell."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    # Kept: a thread that is new pays for memory that an old one has at hand.
    return ThreadPoolExecutor(min(MOST, cores()), thread_name_prefix="bridge")


if hasattr(os, "register_at_fork"):
    # Threads do not live on in a forked child.
    os.register_at_fork(after_in_child=_pool.cache_clear)
