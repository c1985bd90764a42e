"""`open_corpus`: every row once an epoch, as encoded, however it is read."""

import pickle
import shutil
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import bridge
from bridge.corpus.manifest import Manifest
from bridge.errors import CorpusError, MissingDependencyError
from tests.core.messages import around, exactly
from tests.corpus.making import LINES, encoder, gpt2_like, write_lines

pytestmark = pytest.mark.keras
# Every text names itself, so that none can stand for another.
TEXTS = [f"{i % 10} {i // 10} {LINES[i % 30]}" for i in range(300)]
LENGTH = 14


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A corpus of each layout and format, of several shards."""
    folder = tmp_path_factory.mktemp("open")
    path = write_lines(folder / "a.txt", TEXTS)
    made = {}
    for name in ("parquet", "tfrecord", "npy"):
        for layout in ("documents", "windows", "packed"):
            made[name, layout] = folder / f"{name}-{layout}"
            bridge.encode_corpus(
                path,
                made[name, layout],
                encoder(sequence_length=LENGTH),
                layout=layout,
                format=name,
                shard_size=1500,
            )
    return made


def rows_of(batches, key="token_ids"):
    """All rows of some batches, as hashable tuples of their real cells."""
    return [
        tuple(row[mask].tolist())
        for batch in batches
        for row, mask in zip(batch[key], batch["padding_mask"], strict=True)
    ]


def epoch_of(corpus, epoch=0):
    return [corpus.batch(index, epoch=epoch) for index in range(len(corpus))]


def expected_rows(layout):
    made = encoder(sequence_length=LENGTH)
    if layout == "documents":
        return rows_of([made(TEXTS)])
    if layout == "windows":
        return rows_of([made.windows(TEXTS).arrays])
    return None


@pytest.mark.parametrize("name", ["parquet", "tfrecord", "npy"])
@pytest.mark.parametrize("layout", ["documents", "windows"])
def test_in_order_they_are_the_encoders_arrays(folders, name, layout):
    corpus = bridge.open_corpus(folders[name, layout], batch_size=7, shuffle=False)
    made = encoder(sequence_length=LENGTH)
    whole = made(TEXTS) if layout == "documents" else made.windows(TEXTS).arrays
    for key, array in whole.items():
        parts = [batch[key] for batch in epoch_of(corpus)]
        np.testing.assert_array_equal(np.concatenate(parts), array)
        assert parts[0].dtype == array.dtype


@pytest.mark.parametrize("name", ["parquet", "tfrecord", "npy"])
@pytest.mark.parametrize("buckets", [None, 4])
@pytest.mark.parametrize("mix", [1, 3, 100])
def test_every_row_is_there_once_an_epoch_in_another_order(folders, name, buckets, mix):
    corpus = bridge.open_corpus(
        folders[name, "documents"], batch_size=8, buckets=buckets, mix=mix
    )
    orders = [rows_of(epoch_of(corpus, epoch)) for epoch in range(3)]
    for order in orders:
        assert sorted(order) == sorted(expected_rows("documents"))
    assert len(set(map(tuple, orders))) == 3
    widths = {batch["token_ids"].shape[1] for batch in epoch_of(corpus)}
    allowed = {4, 7, 11, 14} if buckets else {14}
    assert widths <= allowed
    again = bridge.open_corpus(
        folders[name, "documents"], batch_size=8, buckets=buckets, mix=mix
    )
    assert rows_of(epoch_of(again, 1)) == orders[1]
    other = bridge.open_corpus(
        folders[name, "documents"], batch_size=8, buckets=buckets, mix=mix, seed=1
    )
    assert rows_of(epoch_of(other)) != orders[0]


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("buckets", [None, 3])
def test_processes_share_every_batch(folders, count, buckets):
    shares = [
        bridge.open_corpus(
            folders["parquet", "documents"],
            batch_size=5,
            process=(number, count),
            buckets=buckets,
        )
        for number in range(count)
    ]
    batches = [epoch_of(corpus) for corpus in shares]
    assert len({len(corpus) for corpus in shares}) == 1
    for step in zip(*batches, strict=True):
        assert len({batch["token_ids"].shape for batch in step}) == 1
    rows = [row for part in batches for row in rows_of(part)]
    assert len(set(rows)) == len(rows)
    assert set(rows) <= set(expected_rows("documents"))
    groups = -(-len(list(folders["parquet", "documents"].glob("*.parquet"))) // 4)
    assert len(TEXTS) - len(rows) <= groups * (count - 1)


@pytest.mark.parametrize("step", [0, 1, 17, 60, 100])
def test_it_goes_on_at_any_step(folders, step):
    options = {"batch_size": 8, "buckets": 3}
    whole = bridge.open_corpus(folders["parquet", "documents"], **options)
    rows = [rows_of([x]) for epoch in range(5) for x in epoch_of(whole, epoch)]
    resumed = bridge.open_corpus(folders["parquet", "documents"], start=step, **options)
    found = [rows_of([x]) for epoch in range(2) for x in epoch_of(resumed, epoch)]
    assert found == rows[step : step + len(found)]


def test_every_loader_gives_the_same_batches(folders):
    def corpus():
        return bridge.open_corpus(
            folders["npy", "windows"], batch_size=8, buckets=3, start=5
        )

    def passes(loader):
        return [
            [{key: np.asarray(array) for key, array in x.items()} for x in loader]
            for _ in range(2)
        ]

    expected = [rows_of(epoch_of(corpus(), epoch)) for epoch in range(2)]
    assert [rows_of(x) for x in passes(corpus().as_tf())] == expected
    repeated = list(corpus().as_grain().repeat(2))
    assert rows_of(repeated) == expected[0] + expected[1]
    grain = pytest.importorskip("grain")
    assert rows_of(grain.MapDataset.source(corpus())) == expected[0]
    keras_way = corpus()
    found = []
    for _ in range(2):
        found.append(rows_of(keras_way[i] for i in range(len(keras_way))))
        keras_way.on_epoch_end()
    assert found == expected
    copied = pickle.loads(pickle.dumps(keras_way))
    assert rows_of(epoch_of(copied)) == expected[0]


def test_torch_loads_it(folders):
    torch = pytest.importorskip("torch")
    corpus = bridge.open_corpus(folders["npy", "packed"], batch_size=8)
    loader = corpus.as_torch()
    for epoch in range(2):
        batches = list(loader)
        assert all(torch.is_tensor(x["token_ids"]) for x in batches)
        found = [{key: array.numpy() for key, array in x.items()} for x in batches]
        assert rows_of(found) == rows_of(epoch_of(corpus, epoch))


@pytest.mark.parametrize("name", ["parquet", "tfrecord", "npy"])
def test_packed_rows_say_which_document_a_cell_is_of(folders, name):
    corpus = bridge.open_corpus(
        folders[name, "packed"], batch_size=8, shuffle=False, document_ids=True
    )
    batches = epoch_of(corpus)
    made = encoder(sequence_length=LENGTH)
    separator = made.vocabulary.roles["sep"]
    whole = [i for ids in made.ids(TEXTS) for i in [*ids.tolist(), separator]]
    assert [i for row in rows_of(batches) for i in row] == whole
    for batch in batches:
        for ids, numbers, mask in zip(
            batch["token_ids"],
            batch["document_ids"],
            batch["padding_mask"],
            strict=True,
        ):
            # A document ends with its separator, and the next one begins behind it.
            ends = np.cumsum(ids == separator) - (ids == separator) + 1
            np.testing.assert_array_equal(numbers, ends * mask)
            assert numbers.dtype == np.int32


def test_left_padding_moves_the_documents(tmp_path):
    path = write_lines(tmp_path / "a.txt", TEXTS[:9])
    made = encoder(sequence_length=LENGTH, padding_side="left")
    bridge.encode_corpus(path, tmp_path / "out", made, layout="packed")
    corpus = bridge.open_corpus(tmp_path / "out", shuffle=False, document_ids=True)
    (batch,) = epoch_of(corpus)
    last, mask = batch["document_ids"][-1], batch["padding_mask"][-1]
    assert not mask[0]
    assert mask[-1]
    assert not last[~mask].any()
    separator = made.vocabulary.roles["sep"]
    ends = batch["token_ids"][-1][mask] == separator
    np.testing.assert_array_equal(last[mask], np.cumsum(ends) - ends + 1)


@pytest.fixture(scope="module")
def backbone():
    import keras_hub

    return keras_hub.models.BertBackbone(
        vocabulary_size=encoder().vocabulary.size,
        num_layers=1,
        num_heads=2,
        hidden_dim=16,
        intermediate_dim=32,
        max_sequence_length=LENGTH,
    )


def masking():
    """What hides some tokens of a batch, as a masked language model learns it."""
    import keras_hub

    vocabulary = encoder().vocabulary
    masker = keras_hub.layers.MaskedLMMaskGenerator(
        vocabulary_size=vocabulary.size,
        mask_selection_rate=0.2,
        mask_selection_length=3,
        mask_token_id=vocabulary.roles["mask"],
        unselectable_token_ids=[vocabulary.roles[x] for x in ("cls", "sep", "pad")],
    )

    def mask(inputs):
        masked = masker(inputs["token_ids"])
        hidden = {key: masked[key] for key in ("token_ids", "mask_positions")}
        return inputs | hidden, masked["mask_ids"], masked["mask_weights"]

    return mask


# A pooler plays no part here.
@pytest.mark.filterwarnings("ignore:Gradients do not exist:UserWarning")
def test_a_masked_language_model_trains_on_it(folders, backbone):
    import keras
    import keras_hub

    task = keras_hub.models.BertMaskedLM(backbone, preprocessor=None)
    task.compile(
        optimizer=keras.optimizers.Adam(3e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        weighted_metrics=[],
    )
    corpus = bridge.open_corpus(folders["parquet", "documents"], batch_size=16)
    history = task.fit(corpus.as_tf().map(masking()), epochs=4, verbose=0).history
    assert history["loss"][-1] < 0.9 * history["loss"][0]


def test_keras_takes_the_object_itself(folders, backbone):
    corpus = bridge.open_corpus(folders["parquet", "windows"], batch_size=16)
    states = backbone.predict(corpus, verbose=0)["sequence_output"]
    assert states.shape == (len(expected_rows("windows")), LENGTH, 16)


def test_processes_are_those_of_the_running_job(folders, monkeypatch):
    import keras

    folder = folders["npy", "windows"]
    one = bridge.open_corpus(folder).reader
    assert (one.process, one.processes) == (0, 1)
    jax = SimpleNamespace(process_index=lambda: 1, process_count=lambda: 4)
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    monkeypatch.setitem(sys.modules, "jax", jax)
    reader = bridge.open_corpus(folder).reader
    assert (reader.process, reader.processes) == (1, 4)
    distributed = SimpleNamespace(
        is_available=lambda: True,
        is_initialized=lambda: True,
        get_rank=lambda: 2,
        get_world_size=lambda: 3,
    )
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(distributed=distributed))
    reader = bridge.open_corpus(folder).reader
    assert (reader.process, reader.processes) == (2, 3)


def test_what_cannot_be_opened(folders, tmp_path, monkeypatch):
    folder = folders["parquet", "documents"]
    Manifest(Manifest.read(folder).settings).write(tmp_path)
    message = (
        "A corpus is read when it is complete. Received: one with 0 shards so far, in "
        f"{tmp_path}. Make the call of `encode_corpus` again, which goes on."
    )
    with pytest.raises(CorpusError, match=exactly(message)):
        bridge.open_corpus(tmp_path)
    message = (
        "A process's number is below their count, and a group has at least one shard. "
        "Received: process=2 of 2, mix=4. Pass others."
    )
    with pytest.raises(ValueError, match=exactly(message)):
        bridge.open_corpus(folder, process=(2, 2))
    message = (
        "An epoch must have a batch, with a row for every process. Received: 300 rows "
        f"for 301 processes, mix=4, in {folder}. Encode more texts, or raise `mix`."
    )
    with pytest.raises(CorpusError, match=exactly(message)):
        bridge.open_corpus(folder, process=(0, 301))
    message = (
        "`start` counts the steps that are done. Received: start=-1. Pass 0 to begin."
    )
    with pytest.raises(ValueError, match=exactly(message)):
        bridge.open_corpus(folder, start=-1)
    monkeypatch.setitem(sys.modules, "torch.utils.data", None)
    message = (
        "`as_torch` needs torch. Received: it is not installed. Run `pip install "
        "torch`, or use `as_tf()`."
    )
    with pytest.raises(MissingDependencyError, match=exactly(message)):
        bridge.open_corpus(folder).as_torch()


@pytest.mark.parametrize("name", ["parquet", "tfrecord", "npy"])
def test_a_shard_that_was_changed_is_told(folders, tmp_path, name):
    folder = tmp_path / "out"
    shutil.copytree(folders[name, "documents"], folder)
    corpus = bridge.open_corpus(folder, shuffle=False)
    path = next(x for x in folder.glob("shard-000000.*") if x.suffix == f".{name}")
    whole = path.read_bytes()
    message = around(
        "A shard must be as it was written. Received: "
        f"{folder / 'shard-000000'}, which is not (",
        "). Delete its files and make the call of `encode_corpus` again, which makes "
        "them anew.",
    )
    for damage in (lambda: path.write_bytes(whole[:-9]), path.unlink):
        damage()
        with pytest.raises(CorpusError, match=message):
            corpus.batch(0, epoch=0)
    # Whole as a file, but that of the last shard, which is shorter.
    last = Manifest.read(folder).shards[max(Manifest.read(folder).shards)]
    for file in last.files:
        other = folder / file
        shutil.copy(other, folder / f"shard-000000{other.suffix}")
    with pytest.raises(CorpusError, match=message):
        corpus.batch(0, epoch=0)


def test_packed_causal_rows(tmp_path):
    path = write_lines(tmp_path / "a.txt", TEXTS)
    made = bridge.Encoder(gpt2_like(), sequence_length=32)
    bridge.encode_corpus(path, tmp_path / "out", made, layout="packed")
    batches = epoch_of(bridge.open_corpus(tmp_path / "out", batch_size=4))
    full = [mask.all() for batch in batches for mask in batch["padding_mask"]]
    assert full.count(False) <= 1
