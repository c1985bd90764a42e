"""What shards hold, as other libraries read it."""

import numpy as np
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bridge
from bridge.corpus.formats import FORMATS
from bridge.corpus.formats.varints import read_varints, write_varints
from bridge.ragged import Ragged
from tests.core.messages import exactly
from tests.corpus.making import (
    LINES,
    contents,
    encoder,
    gpt2_like,
    stored,
    write_jsonl,
    write_lines,
    write_parquet,
)
from tests.corpus.test_encode_batch import real_cells
from tests.factories import bpe_tokenizer

LAYOUTS = ["documents", "windows", "packed"]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    write_lines(folder / "a.txt")
    write_jsonl(folder / "b.jsonl", LINES)
    return folder


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_holds_the_same_rows(inputs, tmp_path, name, layout):
    texts = [*LINES, *LINES]
    counts = bridge.encode_corpus(
        inputs, tmp_path / "out", encoder(), layout=layout, format=name
    )
    cut = layout == "documents" and name == "npy"
    rows = bridge.EncodeBatch(encoder(), layout=layout, cut=cut)({"text": texts})
    assert stored(tmp_path / "out") == Ragged.from_lists(rows["token_ids"])
    whole = encoder().ids(texts).values.size + 2 * len(texts)
    assert counts["cut"] == (whole - sum(rows["length"]) if cut else 0)
    assert (counts["documents"], counts["rejects"]) == (len(texts), 0)
    assert counts["rows"] == len(rows["length"])
    assert counts["tokens"] == sum(rows["length"])


@pytest.mark.parametrize("name", FORMATS)
def test_the_bytes_do_not_depend_on_what_memory_held_before(tmp_path, name):
    folder = tmp_path / "in"
    folder.mkdir()
    write_lines(folder / "a.txt", LINES * 3)
    write_jsonl(folder / "b.jsonl")
    write_parquet(folder / "c.parquet")
    seen = set()
    for number in range(20):
        out = tmp_path / str(number)
        bridge.encode_corpus(folder, out, encoder(), format=name)
        seen.add(frozenset(contents(out).items()))
    assert len(seen) == 1


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("special_tokens", [("<|endoftext|>",), ()])
def test_a_tokenizer_without_a_pad_token_will_do(
    inputs, tmp_path, name, special_tokens
):
    source = bpe_tokenizer(special_tokens)
    roles = bridge.load_tokenizer(source).vocabulary.roles
    assert "pad" not in roles
    assert ("eos" in roles) == bool(special_tokens)
    ids = bridge.load_tokenizer(source).encode_batch([*LINES, *LINES])
    bridge.encode_corpus(
        inputs,
        tmp_path / "out",
        source,
        format=name,
        sequence_length=int(ids.lengths.max()),
    )
    assert stored(tmp_path / "out") == ids


def test_parquet_says_where_rows_come_from(inputs, tmp_path):
    bridge.encode_corpus(inputs, tmp_path / "out", encoder(), layout="windows")
    (path,) = (tmp_path / "out").glob("shard-*.parquet")
    table = pyarrow.parquet.read_table(path)
    windows = encoder().windows([*LINES, *LINES])
    assert str(table.schema.field("token_ids").type) == "list<element: int32>"
    assert table["length"].to_pylist() == [
        len(x) for x in table["token_ids"].to_pylist()
    ]
    names = [str(inputs / name) for name in ("a.txt", "b.jsonl")]
    count = len(LINES)
    expected = [(names[i // count], i % count) for i in windows.text_index.tolist()]
    found = zip(table["source"].to_pylist(), table["row"].to_pylist(), strict=True)
    assert list(found) == expected
    assert table["start"].to_pylist() == windows.starts.tolist()


@pytest.mark.parametrize("side", ["right", "left"])
def test_npy_is_the_encoders_array(inputs, tmp_path, side):
    made = encoder(padding_side=side)
    bridge.encode_corpus(inputs, tmp_path / "out", made, format="npy")
    cells = np.load(tmp_path / "out" / "shard-000000.npy", mmap_mode="r")
    assert np.array_equal(cells, made([*LINES, *LINES])["token_ids"])
    assert stored(tmp_path / "out") == real_cells(made([*LINES, *LINES]))


@pytest.mark.keras
@pytest.mark.parametrize("layout", LAYOUTS)
def test_tensorflow_reads_the_records(inputs, tmp_path, layout):
    import tensorflow

    made = encoder(sequence_length=300)
    counts = bridge.encode_corpus(
        inputs, tmp_path / "out", made, layout=layout, format="tfrecord"
    )
    path = tmp_path / "out" / "shard-000000.tfrecord"
    records = tensorflow.data.TFRecordDataset(str(path))
    examples = [
        tensorflow.train.Example.FromString(record.numpy()).features.feature
        for record in records
    ]
    assert len(examples) == counts["rows"]
    found = [list(x["token_ids"].int64_list.value) for x in examples]
    assert Ragged.from_lists(found) == stored(tmp_path / "out")
    assert [x["length"].int64_list.value[0] for x in examples] == [*map(len, found)]
    names = [x["source"].bytes_list.value[0].decode() for x in examples]
    assert set(names) <= {str(inputs / "a.txt"), str(inputs / "b.jsonl")}
    spec = {"token_ids": tensorflow.io.VarLenFeature("int64")}
    parsed = tensorflow.io.parse_single_example(next(iter(records)), spec)
    assert parsed["token_ids"].values.numpy().tolist() == found[0]
    assert all("begins" in x for x in examples) == (layout == "packed")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.integers(0, 2**31 - 1))))
def test_varints_come_back(rows):
    ids = Ragged.from_lists(rows)
    written = write_varints(ids.values, ids.lengths)
    assert read_varints(written) == ids


def test_varints_are_those_of_protocol_buffers():
    written = write_varints(np.array([0, 1, 127, 128, 300, 2**62]), np.array([5, 1]))
    assert written == [b"\x00\x01\x7f\x80\x01\xac\x02", b"\x80" * 8 + b"\x40"]


def test_a_damaged_record_is_refused(inputs, tmp_path):
    bridge.encode_corpus(inputs, tmp_path / "out", encoder(), format="tfrecord")
    path = tmp_path / "out" / "shard-000000.tfrecord"
    whole = path.read_bytes()
    message = f"{path.name}: a record has another checksum"
    for damaged in (whole[:-1], whole[:5], whole[:20] + b"\0" + whole[21:]):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=exactly(message)):
            stored(tmp_path / "out")


def test_an_empty_shard_is_a_shard(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xff\n")
    for name in FORMATS:
        counts = bridge.encode_corpus(
            tmp_path / "a.txt",
            tmp_path / name,
            gpt2_like(),
            layout="packed",
            format=name,
        )
        assert (counts["shards"], counts["rows"], counts["rejects"]) == (1, 0, 1)
        assert len(stored(tmp_path / name)) == 0
        assert "rejects.jsonl" in contents(tmp_path / name)
