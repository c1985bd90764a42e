"""Ray Data: the bytes of the local engine, also when a node dies in the middle."""

import os
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import bridge
from bridge.corpus.verify import verify_corpus
from bridge.errors import CorpusError, MissingDependencyError
from tests.core.messages import exactly
from tests.corpus.making import contents, encoder, places, write_lines
from tests.factories import CORPUS

ROOT = Path(__file__).resolve().parents[2]
# Ray's own processes import the package from here, and Ray warns of its future.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture
def ray(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), *sys.path[1:]]))
    monkeypatch.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    module = pytest.importorskip("ray")
    pytest.importorskip("ray.data")
    yield module
    module.shutdown()


@pytest.fixture
def inputs(tmp_path):
    return write_lines(tmp_path / "a.txt", CORPUS * 600)


def run(inputs, out, **options):
    return bridge.encode_corpus(inputs, out, encoder(), shard_size=20_000, **options)


def test_on_this_machine_the_bytes_are_those_of_the_local_engine(ray, inputs, tmp_path):
    counts = run(inputs, tmp_path / "local")
    ray.init(num_cpus=2, include_dashboard=False)
    assert run(inputs, tmp_path / "ray", engine="ray") == counts
    assert contents(tmp_path / "ray") == contents(tmp_path / "local")
    # A second call finds nothing to do.
    assert run(inputs, tmp_path / "ray", engine="ray") == counts
    # The callable alone, on data that Ray reads.
    encode = bridge.EncodeBatch(encoder())
    made = ray.data.from_items([{"text": text} for text in CORPUS]).map_batches(encode)
    found = sorted(row["token_ids"].tolist() for row in made.take_all())
    assert found == sorted(
        map(np.ndarray.tolist, encode({"text": CORPUS})["token_ids"])
    )


def test_a_node_that_dies_takes_no_document_along(ray, inputs, tmp_path):
    from ray.cluster_utils import Cluster

    run(inputs, tmp_path / "local")
    cluster = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "include_dashboard": False},
    )
    nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
    out = tmp_path / "ray"

    there = []

    def kill_one():
        end = time.monotonic() + 300
        while (found := len(list(out.glob("shard-*")))) < 5 and time.monotonic() < end:
            time.sleep(0.01)
        there.append(found)
        cluster.remove_node(nodes[0], allow_graceful=False)

    killer = threading.Thread(target=kill_one)
    killer.start()
    try:
        counts = run(inputs, out, engine="ray", address=cluster.address)
    finally:
        killer.join()
        ray.shutdown()
        cluster.shutdown()
    assert 5 <= there[0] < counts["shards"] - 5
    assert contents(out) == contents(tmp_path / "local")
    assert len(set(places(out))) == counts["documents"] == len(CORPUS) * 600
    verify_corpus(out)


@pytest.mark.usefixtures("ray")
def test_a_stream_is_for_this_process(tmp_path):
    message = (
        "On Ray every node reads its inputs itself. Received: a stream, which only "
        "this process can read. Use engine='local', or write it to files."
    )
    with pytest.raises(CorpusError, match=exactly(message)):
        run(iter(CORPUS), tmp_path / "out", engine="ray")


def test_without_ray_there_is_a_message(inputs, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray.data", None)
    message = (
        "`engine='ray'` needs Ray. Received: it is not installed. Run `pip install "
        "'tokenizer-bridge[ray]'`, or use engine='local'."
    )
    with pytest.raises(MissingDependencyError, match=exactly(message)):
        run(inputs, tmp_path / "out", engine="ray")
