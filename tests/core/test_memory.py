"""Memory of this process, as the system tells it, given back or kept."""

import os
import platform
import subprocess
import sys

import pytest

from bridge import memory


def refuse(*_):
    raise OSError("no such file")


def test_memory_can_be_measured_or_not(monkeypatch):
    found = memory.resident_memory()
    assert found is None or found > 2**20
    monkeypatch.setattr(memory, "open", refuse, raising=False)
    assert memory.resident_memory() is None


@pytest.mark.parametrize("function", [memory.give_back, memory.keep_freed])
def test_nothing_happens_without_glibc(function, monkeypatch):
    monkeypatch.setattr(memory.ctypes, "CDLL", refuse)
    function()


FREEING = """
import numpy as np
from bridge.memory import give_back, keep_freed, resident_memory

def grown():
    array = np.ones(100_000_000, np.uint8)
    start = resident_memory() - array.nbytes
    del array
    return (resident_memory() - start) > 90_000_000

held_at_first = grown()
keep_freed()
kept = grown()
before = resident_memory()
give_back()
given_back = before - resident_memory() > 90_000_000
print(held_at_first, kept, given_back)
"""


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="other C libraries have no such options"
)
def test_freed_memory_is_kept_until_it_is_given_back():
    # In a process of its own, since it holds for all of it, without options of ours.
    environ = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")}
    command = [sys.executable, "-c", FREEING]
    result = subprocess.run(
        command, env=environ, capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == ["False", "True", "True"]
