"""`Bounded`: an object with caches of its own, rebuilt before they grow too large."""

import os
import threading
from collections.abc import Callable
from typing import Any

from bridge.memory import give_back, resident_memory

# Some engines keep every word they ever met. Growth of the whole process is what can
# be measured, so this is also how often a growing process pays for a rebuild. Their
# tables double, so the peak is about twice this.
MAX_GROWTH = 192 * 2**20
_max_growth = MAX_GROWTH

# Characters between two looks at the memory, and the most in one call: the caches of
# the engines take up to 20 bytes for a character that belongs to a new word.
CHECK_EVERY = 8 * 2**20

# Characters behind which each thread gets an object of its own. To build one takes as
# long as one thread needs for 22 million characters (GPT-2) or 67 (DeepSeek-V3).
TWINS_AFTER = 32 * 2**20

# Where memory cannot be measured, the characters that an object sees in its life.
MAX_CHARACTERS = 2 * CHECK_EVERY


class Bounded:
    """Builds an object when it is first needed, and again when it should be new.

    That is in a forked child, where a lock inside it may be held by a thread that does
    not exist there, and when the process has grown since it was built.

    Args:
        build: Makes the object.
        grows: Whether the object may grow without end.
    """

    def __init__(self, build: Callable[[], Any], *, grows: bool = True) -> None:
        self._build = build
        self._grows = grows
        self._clear()

    def _clear(self) -> None:
        self._lock = threading.Lock()
        self._total = 0
        self._objects: dict[int, Any] = {}
        self._process = os.getpid()
        self._memory: int | None = None
        self._seen = 0
        self._unchecked = 0

    def get(self, characters: int, *, twin: int = 0) -> Any:  # noqa: ANN401  objects of several libraries
        """Return the object.

        Args:
            characters: Length of the text it is asked to read now.
            twin: Which of several objects alike.

        Returns:
            The present object, or a new one.
        """
        if self._process != os.getpid():
            # The lock may be held as well.
            self._clear()
        with self._lock:
            if self._objects and self._is_full():
                # Dropped first, so that old and new never stand side by side.
                self._objects = {}
                give_back()
            is_first = not self._objects
            if twin not in self._objects:
                self._objects[twin] = self._build()
            if is_first:
                self._memory = resident_memory()
                self._seen = self._unchecked = 0
            self._seen += characters
            self._unchecked += characters
            self._total += characters
            return self._objects[twin]

    @property
    def allows_twins(self) -> bool:
        """Whether so much was read that an object for every thread pays for itself.

        Never where they would be rebuilt all the time.
        """
        return self._total >= TWINS_AFTER and self._memory is not None

    def _is_full(self) -> bool:
        if not self._grows or self._unchecked < CHECK_EVERY:
            return False
        self._unchecked = 0
        now = resident_memory()
        if now is None or self._memory is None:
            return self._seen >= MAX_CHARACTERS
        return now - self._memory >= _max_growth

    def __getstate__(self) -> dict[str, Any]:
        """Leave the object out: engines cannot be pickled or copied."""
        return {"_build": self._build, "_grows": self._grows}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take the recipe; the object is built when it is needed."""
        self._build = state["_build"]
        self._grows = state["_grows"]
        self._clear()


def limit_growth(growth: int = MAX_GROWTH) -> None:
    """Set how far this process may grow before objects are rebuilt.

    For as long as it keeps nothing else: arrays that a user keeps are growth too, and
    each would cost a rebuild.

    Args:
        growth: Bytes; what it was at first, by default.
    """
    global _max_growth
    _max_growth = growth
