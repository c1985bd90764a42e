"""`lazy`: computed once, and without a lock."""

from dataclasses import dataclass
from threading import Event, Thread

import pytest

from bridge.lazy import lazy


@dataclass(frozen=True)
class Circle:
    radius: int

    @lazy
    def area(self):
        """Three and a bit."""
        CALLS.append(self.radius)
        if not self.radius:
            raise ValueError("a point")
        return 3 * self.radius**2


CALLS = []


def test_it_is_computed_once_for_each_object():
    CALLS.clear()
    first, second = Circle(1), Circle(2)
    assert [first.area, second.area, first.area] == [3, 12, 3]
    assert CALLS == [1, 2]
    assert Circle.area.__doc__ == "Three and a bit."


def test_what_failed_is_tried_again():
    CALLS.clear()
    point = Circle(0)
    for _ in range(2):
        with pytest.raises(ValueError, match="a point"):
            _ = point.area
    assert CALLS == [0, 0]


def test_nobody_waits_for_another_object():
    begun, end = Event(), Event()

    class Slow:
        def __init__(self, *, waits):
            self.waits = waits

        @lazy
        def value(self):
            if self.waits:
                begun.set()
                assert end.wait(10)
            return 1

    thread = Thread(target=lambda: Slow(waits=True).value)
    thread.start()
    assert begun.wait(10)
    # With the lock of `functools.cached_property` in Python 3.11 this would wait too.
    assert Slow(waits=False).value == 1
    end.set()
    thread.join(10)
    assert not thread.is_alive()
