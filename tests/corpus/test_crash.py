"""Killed at any moment and started again, a job ends with the same bytes."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bridge.corpus.verify import verify_corpus
from tests.corpus.making import contents, write_jsonl, write_lines
from tests.factories import CORPUS

ROOT = Path(__file__).resolve().parents[2]
# A program as a user has it. It says when it begins, so that kills hit the job and
# not the imports before it.
PROGRAM = """
import sys
import bridge
from tests.corpus.making import encoder

if __name__ == "__main__":
    inputs, out, workers = sys.argv[1:]
    made = encoder()
    made(["warm"])
    print("begun", flush=True)
    bridge.encode_corpus(inputs, out, made, shard_size=4000, layout="packed",
                         workers=int(workers))
"""


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    """A program, its inputs, and what it writes if nobody disturbs it."""
    folder = tmp_path_factory.mktemp("crash")
    (folder / "inputs").mkdir()
    write_lines(folder / "inputs" / "a.txt", CORPUS * 800)
    write_jsonl(folder / "inputs" / "b.jsonl", [*CORPUS * 50])
    (folder / "inputs" / "c.txt").write_bytes(b"\xff\nend\n")
    (folder / "job.py").write_text(PROGRAM)
    assert start(folder, "whole", workers=1).wait() == 0
    return folder


def start(folder, out, *, workers):
    """Start the program; return when it is past its imports."""
    paths = [folder / "inputs", folder / out, workers]
    process = subprocess.Popen(
        [sys.executable, folder / "job.py", *map(str, paths)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    with process.stdout:
        process.stdout.readline()
    return process


def kill_at_random(folder, *, moments, seed):
    """Kill it that often, with one worker or two in turn, and let it end."""
    draw = random.Random(seed)
    out = folder / f"out{seed}"
    shards = shards_in(folder / "whole")
    hits = 0
    while hits < moments:
        process = start(folder, out.name, workers=1 + hits % 2)
        # Some shards later, and then anywhere between two of them. By the last moment
        # about half of all are done.
        wait_for(process, out, draw.randint(0, shards // moments))
        time.sleep(draw.uniform(0, 0.02))
        process.send_signal(signal.SIGKILL)
        if process.wait() == -signal.SIGKILL:
            hits += 1
        else:  # it was done before, on a busy machine
            shutil.rmtree(out)
    assert start(folder, out.name, workers=2).wait() == 0
    assert contents(out) == contents(folder / "whole")
    verify_corpus(out)


def wait_for(process, out, shards):
    """Wait until so many more shards are there."""
    before = shards_in(out)
    while shards_in(out) < before + shards and process.poll() is None:
        time.sleep(0.002)


def shards_in(folder):
    return len(list(folder.glob("shard-*")))


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_killed_three_times(job):
    kill_at_random(job, moments=3, seed=0)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_killed_thirty_times(job):
    kill_at_random(job, moments=30, seed=1)
