"""Inputs of every form: their texts, their places, and what is refused."""

import io
import json
from itertools import pairwise

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.corpus import cutting, inputs
from bridge.corpus.documents import Reject
from bridge.corpus.inputs import find_inputs
from bridge.corpus.parts import Part, make_parts
from bridge.corpus.reading import read_part
from bridge.errors import CorpusError
from tests.core.messages import around, exactly
from tests.corpus.making import (
    LINES,
    TEXTS,
    write_gz,
    write_jsonl,
    write_lines,
    write_parquet,
)


def read(found, column="text", form="auto", size=2**20):
    """All texts, with file and row, and all rejects."""
    pieces = [
        piece
        for each in find_inputs(found, form=form, column=column, size=size)
        for piece in each.pieces
    ]
    texts, rejects = [], []
    for part in make_parts(pieces, size):
        for documents in read_part(part, column):
            names = [part.pieces[number].name for number in documents.source]
            texts += zip(names, documents.row.tolist(), documents.texts, strict=True)
            rejects += documents.rejects
    return texts, rejects


def texts_of(found, **options):
    texts, rejects = read(found, **options)
    assert rejects == []
    return [text for _, _, text in texts]


def test_every_line_is_a_document_an_empty_one_too(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\n\n two \r\nthree\xe2\x80\xa8end")
    texts, rejects = read(path)
    assert [(row, text) for _, row, text in texts] == [
        (0, "one"),
        (1, ""),
        (2, " two "),
        (3, "three\u2028end"),
    ]
    assert rejects == []


def test_blank_lines_part_paragraphs(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\n\none\nmore\n\n \n\ntwo\r\n\r\nthree")
    texts, _ = read(path, form="paragraphs")
    assert [(row, text) for _, row, text in texts] == [
        (2, "one\nmore"),
        (7, "two"),
        (9, "three"),
    ]


@pytest.mark.parametrize("ending", ["txt.gz", "txt.zst"])
def test_compressed_files_read_as_they_are(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    with pyarrow.output_stream(path, compression="detect") as file:
        file.write("\n".join(LINES).encode())
    assert texts_of(path) == LINES
    assert texts_of(path, size=10) == LINES


def test_tables_and_records(tmp_path):
    csv = tmp_path / "a.csv"
    quoted = [f'"{text.replace(chr(34), 2 * chr(34))}"' for text in TEXTS]
    csv.write_bytes("\r\n".join(["id,text", *(f"1,{x}" for x in quoted)]).encode())
    assert texts_of(csv) == TEXTS
    assert texts_of(write_jsonl(tmp_path / "a.jsonl")) == TEXTS
    assert texts_of(write_parquet(tmp_path / "a.parquet")) == TEXTS
    assert texts_of(write_parquet(tmp_path / "a.parquet"), size=100) == TEXTS


def test_a_long_cell_of_csv_is_read(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text\n" + "x" * 300_000 + "\n")
    assert texts_of(path) == ["x" * 300_000]


def test_directories_are_sorted_and_files_read_once(tmp_path):
    (tmp_path / "sub").mkdir()
    write_lines(tmp_path / "sub" / "b.txt", ["b"])
    write_lines(tmp_path / "c.txt", ["c"])
    write_gz(tmp_path / "a.txt.gz", ["a"])
    (tmp_path / ".hidden").write_text("no")
    assert texts_of(tmp_path) == ["a", "c", "b"]
    assert texts_of([tmp_path / "c.txt", str(tmp_path), tmp_path / "c.txt"]) == [
        "c",
        "a",
        "b",
    ]
    assert texts_of(f"{tmp_path}/**/*.txt") == ["c", "b"]


def test_bad_rows_are_refused_with_their_place(tmp_path):
    lines = tmp_path / "a.txt"
    lines.write_bytes(b"good\nb\xffd\ngood\n")
    texts, rejects = read(lines)
    assert [row for _, row, _ in texts] == [0, 2]
    assert rejects == [Reject(str(lines), 2, "no UTF-8 at byte 1", r"b'b\xffd'")]

    records = tmp_path / "a.jsonl"
    bad = [
        b"[1]",
        b'{"other": 1}',
        b'{"text": null}',
        b'{"text": 5}',
        b"{",
        b'"\\ud800"',
    ]
    bad[-1] = b'{"text": "\\ud800"}'
    records.write_bytes(b"\n".join([b'{"text": "good"}', b"", *bad]))
    texts, rejects = read(records)
    assert [text for _, _, text in texts] == ["good"]
    assert [(x.line, x.reason) for x in rejects] == [
        (3, "no object"),
        (4, "no field 'text'"),
        (5, "null in place of a text"),
        (6, "int in place of a text"),
        (7, rejects[4].reason),
        (8, "a lone surrogate"),
    ]
    assert rejects[4].reason.startswith("no JSON: ")

    table = tmp_path / "a.csv"
    table.write_bytes(
        b'id,text\n1,good\n2\n3,b\xff\n\n4,"x"y\n5,"multi\nline"\n6,end\n'
    )
    texts, rejects = read(table)
    assert [(row, text) for _, row, text in texts] == [
        (1, "good"),
        (6, "multi\nline"),
        (8, "end"),
    ]
    assert [(x.line, x.reason.partition(":")[0]) for x in rejects] == [
        (3, "no field 'text'"),
        (4, "a lone surrogate"),
        (6, "no CSV"),
    ]


def test_parquet_with_nulls_and_broken_utf8(tmp_path):
    path = tmp_path / "a.parquet"
    raw = pyarrow.array([b"good", None, b"\xff", b"end"])
    text = pyarrow.Array.from_buffers(pyarrow.string(), 4, raw.buffers())
    pyarrow.parquet.write_table(pyarrow.table({"text": text}), path)
    texts, rejects = read(path)
    assert [(row, text) for _, row, text in texts] == [(0, "good"), (3, "end")]
    assert [(x.line, x.reason) for x in rejects] == [
        (2, "null in place of a text"),
        (3, "no UTF-8 at byte 0"),
    ]


@settings(max_examples=150, deadline=None)
@given(
    content=st.text("ab \n\r\u00e9", max_size=80),
    form=st.sampled_from(["lines", "paragraphs"]),
    size=st.integers(1, 40),
    block=st.integers(1, 30),
)
def test_a_file_cut_anywhere_has_the_same_documents(
    tmp_path_factory, content, form, size, block
):
    path = tmp_path_factory.mktemp("cut") / "a.txt"
    path.write_bytes(content.encode())
    whole = read(path, form=form)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cutting, "_BLOCK", block)
        assert read(path, form=form, size=size) == whole
        pieces = list(find_inputs(path, form=form, column="", size=size)[0].pieces)
    ends = [(each.begin, each.end) for each in pieces]
    assert all(left[1] == right[0] for left, right in pairwise(ends))
    assert sum(each.size for each in pieces) == len(content.encode())

    stream = io.BytesIO(content.encode())
    cut = list(cutting.cut_stream(stream, form, size=size))
    streamed = [
        (row, text)
        for documents in read_part(Part(0, tuple(cut)), "")
        for row, text in zip(documents.row.tolist(), documents.texts, strict=True)
    ]
    assert streamed == [(row, text) for _, row, text in whole[0]]


def test_large_pieces_are_cut_near_their_size(tmp_path):
    path = write_lines(tmp_path / "a.txt", LINES * 50)
    (found,) = find_inputs(path, form="auto", column="", size=5000)
    sizes = [each.size for each in found.pieces]
    longest = max(len(line.encode()) for line in LINES) + 1
    assert all(5000 <= size < 5000 + longest for size in sizes[:-1])


def test_standard_input(monkeypatch):
    data = "\n".join(LINES).encode()
    monkeypatch.setattr(inputs.sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert texts_of("-", size=100) == LINES


def test_iterables_of_texts_and_records():
    assert texts_of(iter(TEXTS), size=100) == TEXTS
    assert texts_of(({"text": text} for text in TEXTS), size=100) == TEXTS
    texts, rejects = read(iter(["a", 5, {"x": 1}, None]))
    assert [text for _, _, text in texts] == ["a"]
    assert [(x.file, x.line, x.reason) for x in rejects] == [
        ("<texts>", 2, "no object"),
        ("<texts>", 3, "no field 'text'"),
        ("<texts>", 4, "no object"),
    ]


def test_hugging_face_data_sets():
    datasets = pytest.importorskip("datasets")
    made = datasets.Dataset.from_dict({"text": [*TEXTS, None], "n": [0] * 46})
    texts, rejects = read(made, size=500)
    assert [text for _, _, text in texts] == TEXTS
    assert [reject.line for reject in rejects] == [46]
    assert texts_of(made.select(range(45)).to_iterable_dataset()) == TEXTS
    message = (
        "The texts must be in the column that is named. Received: 'body' for columns "
        "['n', 'text']. Pass `text=`."
    )
    with pytest.raises(CorpusError, match=exactly(message)):
        read(made, column="body")


def test_inputs_that_cannot_be_read(tmp_path):
    missing = tmp_path / "none*.txt"
    message = (
        f"An input must be there. Received: {str(missing)!r}, which is no file, no "
        "directory with files, and a pattern of none. Check the path."
    )
    with pytest.raises(CorpusError, match=exactly(message)):
        read(missing)
    odd = tmp_path / "a.doc"
    odd.write_text("x")
    message = (
        "The ending of a file must tell how it is read: .txt, .text, .jsonl, .ndjson, "
        ".json, .csv, .tsv, .parquet, alone or before .gz or .zst. Received: "
        f"{odd}. Pass `form=`, such as 'lines', or name the files by a pattern that "
        "leaves it out."
    )
    with pytest.raises(CorpusError, match=exactly(message)):
        read(tmp_path)
    assert texts_of(odd, form="lines") == ["x"]
    broken = tmp_path / "b.parquet"
    broken.write_text("x")
    message = around(
        f"Every input must be readable. Received: {broken}, which is not (",
        "). Repair the file, or leave it out.",
    )
    with pytest.raises(CorpusError, match=message):
        read(broken)
    path = write_parquet(tmp_path / "c.parquet")
    message = (
        f"The texts must be in the column that is named. Received: 'body' for {path}, "
        "which has columns ['number', 'text']. Pass `text=`."
    )
    with pytest.raises(CorpusError, match=exactly(message)):
        read(path, column="body")
    message = (
        "Inputs are files, directories, patterns, a data set or an iterable of texts. "
        "Received: int. Pass one of these."
    )
    with pytest.raises(CorpusError, match=exactly(message)):
        read(5)
    message = (
        "The standard input is read as 'lines', 'paragraphs' or 'jsonl'. Received: "
        "form='csv'. Name a file instead."
    )
    with pytest.raises(CorpusError, match=exactly(message)):
        list(cutting.cut_stream(io.BytesIO(), "csv", size=5))


def test_rejects_are_plain_data():
    reject = Reject("a", 1, "why", "what")
    assert json.loads(json.dumps(reject._asdict())) == reject._asdict()
