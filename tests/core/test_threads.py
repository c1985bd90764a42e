import multiprocessing
import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import threads
from bridge.threads import in_threads, worker


@pytest.fixture(autouse=True)
def two_cores(monkeypatch):
    monkeypatch.setattr(threads, "cores", lambda: 2)


def filled(size, step):
    """Every cell counts how often it was written, and by which kind of thread."""
    counts = np.zeros(size, int)
    names = set()

    def count(part):
        counts[part] += 1
        names.add(threading.current_thread().name.split("_")[0])

    in_threads(count, size, step=step)
    return counts, names


@given(st.integers(0, 50), st.integers(1, 60))
def test_every_stretch_is_done_once(size, step):
    assert (filled(size, step)[0] == 1).all()


def test_long_jobs_are_shared_and_short_ones_stay():
    assert filled(11, 10)[1] == {"bridge"}
    assert filled(10, 10)[1] == {"MainThread"}


@pytest.mark.parametrize("cores", [2, 3, 4])
@given(st.integers(1, 500), st.integers(1, 60))
def test_each_thread_does_as_much(cores, size, step):
    done = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threads, "cores", lambda: cores)
        in_threads(
            lambda part: done.setdefault(worker(), []).append(part), size, step=step
        )
    lengths = [[part.stop - part.start for part in parts] for parts in done.values()]
    assert min(map(min, lengths)) > 0
    assert max(map(max, lengths)) <= step
    totals = [sum(mine) for mine in lengths]
    assert max(totals) - min(totals) <= 1 + size // step


def test_no_thread_is_at_the_same_step_as_another(monkeypatch):
    monkeypatch.setattr(threads, "cores", lambda: 4)
    done = {i: [] for i in range(4)}

    def note(part):
        done[worker()].append(part.stop - part.start)

    in_threads(note, 800, step=100)
    assert done == {0: [100, 100], 1: [75, 100, 25], 2: [50, 100, 50], 3: [25, 100, 75]}


def test_a_worker_has_a_number_as_long_as_it_works():
    numbers = []
    both = threading.Barrier(2, timeout=30)

    def note(_):
        both.wait()
        numbers.append(worker())

    in_threads(note, 4, step=1)
    assert sorted(numbers) == [0, 0, 1, 1]
    assert worker() is None
    assert threads._pool().submit(worker).result() is None


def test_two_stretches_are_done_at_the_same_time():
    both = threading.Barrier(2, timeout=30)
    in_threads(lambda _: both.wait(), 4, step=1)


def test_nothing_is_shared_where_that_is_forbidden():
    names = set()

    def note(_):
        names.add(threading.current_thread().name)

    in_threads(note, 40, step=1, parallel=False)
    assert names == {"MainThread"}


def test_a_job_within_a_job_does_not_wait_for_a_thread():
    cells = np.zeros((8, 8), int)

    def outer(rows):
        def inner(columns):
            cells[rows, columns] += 1

        in_threads(inner, 8, step=1)

    in_threads(outer, 8, step=1)
    assert (cells == 1).all()


def test_what_a_thread_raises_is_raised_here():
    def fail(part):
        if part.start == 7:
            raise OverflowError("at 7")

    with pytest.raises(OverflowError, match="at 7"):
        in_threads(fail, 8, step=1)


def fill_in_a_child(queue):
    queue.put(filled(40, 10)[0].tolist())


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_child_has_threads_of_its_own():
    filled(40, 10)
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    child = context.Process(target=fill_in_a_child, args=(queue,))
    child.start()
    child.join(30)
    assert child.exitcode == 0
    assert queue.get() == [1] * 40
