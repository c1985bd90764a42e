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


# Ends a copy of itself before the first change of a file, before the second, and so on
# until one comes through; the job goes on after each and must end as if undisturbed.
BEFORE_EVERY_CHANGE = """
import os
import shutil
import sys
from pathlib import Path
import bridge
from tests.corpus.making import contents, encoder

CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree")
inputs, out, whole = map(Path, sys.argv[1:])
tokenizer = bridge.load_tokenizer(encoder().tokenizer, engine="reference")


def run(folder):
    made = bridge.Encoder(tokenizer, sequence_length=12)
    return bridge.encode_corpus(inputs, folder, made, shard_size=2500, format="npy")


def end_before(number):
    left = number

    def count(event, arguments):
        nonlocal left
        written = event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if written or event in CHANGES:
            left -= str(arguments[0]).startswith(str(out))
            if left == 0:
                os._exit(9)

    sys.addaudithook(count)


counts = run(whole)
for number in range(1, 1000):
    shutil.rmtree(out, ignore_errors=True)
    child = os.fork()
    if not child:
        end_before(number)
        run(out)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, 9), status
    assert run(out) == counts, number
    assert contents(out) == contents(whole), number
    if status == 0:
        break
print(number)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="it ends forked copies")
def test_ended_before_every_change_of_a_file(tmp_path):
    (tmp_path / "in").mkdir()
    write_lines(tmp_path / "in" / "a.txt", CORPUS * 3)
    write_jsonl(tmp_path / "in" / "b.jsonl", CORPUS)
    (tmp_path / "in" / "c.txt").write_bytes(b"\xff\nend\n")
    paths = [tmp_path / name for name in ("in", "out", "whole")]
    result = subprocess.run(
        [sys.executable, "-c", BEFORE_EVERY_CHANGE, *map(str, paths)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TOKENIZERS_PARALLELISM": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) > 50
