"""Memory of this process: how much it is, given back to the system or kept."""

import ctypes
import os
from typing import Any

# Of glibc's malloc.h: memory at the top that is not given back, and blocks at most that
# are asked from the system one by one.
_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4
_MOST = 2**31 - 1  # an int


def resident_memory() -> int | None:
    """Return the memory of this process in bytes, or `None` where nothing tells it."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        # `getrusage` knows the peak alone, which says nothing after a rebuild.
        return None


def give_back() -> None:
    """Let the allocator return what was freed, where it has a call for that."""
    trim = _call("malloc_trim")
    if trim is not None:
        trim(0)


def keep_freed() -> None:
    """Let the allocator keep what was freed, where it has a call for that.

    A training step frees arrays as large as the embedding and needs them again at
    once, which takes as long as the step where the system is slow to give memory
    (docs/speed.md). It holds for the whole process, up to 2 GiB.
    """
    set_option = _call("mallopt")
    if set_option is not None:
        set_option(_M_MMAP_MAX, 0)
        set_option(_M_TRIM_THRESHOLD, _MOST)


def _call(name: str) -> Any:  # noqa: ANN401  a function of the C library
    try:
        return getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):  # not glibc
        return None
