"""`in_threads`: independent pieces of one numpy job, on the cores there are."""

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial

# These jobs wait for memory: more threads than these gain nothing.
MOST = 4

# Stretches that make a thread worth waking.
ENOUGH = 2

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
        step: Length of a stretch; the last may be shorter.
        parallel: Whether threads may be used.
    """
    stretches = [slice(i, min(i + step, size)) for i in range(0, size, step)]
    workers = min(_workers(), len(stretches) // ENOUGH)
    if workers < 2 or not parallel or getattr(_here, "is_worker", False):
        for stretch in stretches:
            function(stretch)
        return
    runs = [stretches[i::workers] for i in range(workers)]
    # Reading the results raises what a thread raised.
    list(_pool().map(partial(_work, function), runs))


def _work(function: Callable[[slice], None], stretches: Iterable[slice]) -> None:
    _here.is_worker = True
    for stretch in stretches:
        function(stretch)


@lru_cache(maxsize=1)
def _workers() -> int:
    """Cores this process may use, up to `MOST`; not every system can tell."""
    if hasattr(os, "sched_getaffinity"):
        return min(MOST, len(os.sched_getaffinity(0)))
    return min(MOST, os.cpu_count() or 1)


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    # Kept: a thread that is new pays for memory that an old one has at hand.
    return ThreadPoolExecutor(_workers(), thread_name_prefix="bridge")


if hasattr(os, "register_at_fork"):
    # Threads do not live on in a forked child.
    os.register_at_fork(after_in_child=_pool.cache_clear)
