"""Inputs of every form: their texts, their places, and what is refused."""

import io
import json
import os
from itertools import pairwise

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.corpus import cutting, inputs, reading
from bridge.corpus.documents import Reject
from bridge.corpus.inputs import find_inputs
from bridge.corpus.parts import Part, Piece, make_parts
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


@pytest.mark.parametrize("form", ["csv", "lines"])
def test_long_texts_come_a_few_at_a_time(tmp_path, form):
    path = tmp_path / "a.txt"
    path.write_text("\n".join(["text", *["x" * 500_000] * 30]))
    (found,) = find_inputs(path, form=form, column="text", size=2**30)
    batches = list(read_part(Part(0, tuple(found.pieces)), "text"))
    assert max(len(batch.texts) for batch in batches) < 12


def test_another_encoding_is_told(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("one\ntwo\n", encoding="utf-16")
    message = (
        f"Every input must be readable. Received: {path}, which is not (it begins as "
        "UTF-16, and is read as UTF-8). Repair the file, or leave it out."
    )
    with pytest.raises(CorpusError, match=exactly(message)):
        read(path)


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


def test_links_lead_to_texts_that_are_read_once(tmp_path, monkeypatch):
    folder = tmp_path / "in"
    (tmp_path / "far").mkdir()
    folder.mkdir()
    path = write_lines(folder / "b.txt", ["b"])
    (folder / "c.txt").symlink_to(path)
    write_lines(tmp_path / "far" / "d.txt", ["d"])
    (folder / "a").symlink_to(tmp_path / "far")
    monkeypatch.chdir(tmp_path)
    assert texts_of([folder, "in/b.txt", "far"]) == ["d", "b"]
    for name in ("one", "two"):
        (folder / name).symlink_to(folder)
    assert texts_of(folder) == ["d", "b"]
    gone = folder / "gone.txt"
    gone.symlink_to(tmp_path / "nowhere")
    message = around(
        f"Every input must be readable. Received: {gone}, which is not (",
        "). Repair the file, or leave it out.",
    )
    with pytest.raises(CorpusError, match=message):
        read(folder)


def test_a_directory_that_cannot_be_listed_is_told(tmp_path, monkeypatch):
    (tmp_path / "sub").mkdir()
    write_lines(tmp_path / "a.txt", ["a"])
    own = os.scandir

    def closed(path):
        if str(path).endswith("sub"):
            raise PermissionError(13, "Permission denied", path)
        return own(path)

    monkeypatch.setattr(os, "scandir", closed)
    with pytest.raises(CorpusError, match="Permission denied"):
        read(tmp_path)


def test_what_is_no_file_of_texts(tmp_path):
    write_lines(tmp_path / "a.txt", ["a"])
    write_lines(tmp_path / "._a.txt", ["a system's own"])
    assert texts_of(tmp_path / "*.txt") == ["a"]
    assert texts_of(tmp_path / ".*.txt") == ["a system's own"]
    # A pipe could be read once, and it is read twice.
    end, begin = os.pipe()
    os.close(begin)
    with pytest.raises(CorpusError, match="which is no file, no directory"):
        read(f"/dev/fd/{end}", form="lines")
    os.close(end)
    empty = tmp_path / "b.txt"
    empty.write_bytes(b"\xef\xbb\xbf")
    assert texts_of(empty) == []


class Counted(int):
    """A size that counts how often it is added to another."""

    added = 0

    def __radd__(self, other):
        Counted.added += 1
        return int(self) + other


def test_parts_look_at_every_piece_once(monkeypatch):
    monkeypatch.setattr(Counted, "added", 0)
    pieces = [Piece(str(i), "lines", Counted(10)) for i in range(1000)]
    parts = list(make_parts(pieces, 5000))
    assert [len(part.pieces) for part in parts] == [500, 500]
    # To see whether it fits, and to keep count; not with all those before it.
    assert 1000 <= Counted.added <= 2000


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
    hint=st.integers(1, 30),
)
def test_a_file_cut_anywhere_has_the_same_documents(
    tmp_path_factory, content, form, size, block, hint
):
    path = tmp_path_factory.mktemp("cut") / "a.txt"
    path.write_bytes(content.encode())
    whole = read(path, form=form)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cutting, "_BLOCK", block)
        patch.setattr(reading, "HINT", hint)
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
    assert texts_of([{"text": text} for text in TEXTS]) == TEXTS
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
        "directory with files, and a pattern of none. Check the path; texts themselves "
        "are passed as `iter(texts)`."
    )
    with pytest.raises(CorpusError, match=exactly(message)):
        read(missing)
    message = "An input must be there. Received: an empty list. Name a file."
    with pytest.raises(CorpusError, match=exactly(message)):
        read([])
    with pytest.raises(CorpusError, match=r"Every input .+ name too long.+leave it"):
        read(["a text and no name of a file " * 20])
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
    rows = write_parquet(tmp_path / "c.parquet")
    table = tmp_path / "d.csv"
    table.write_text("text,number\na,1\n")
    for path in (rows, table):
        message = (
            "The texts must be in the column that is named. Received: 'body' for "
            f"{path}, which has columns ['number', 'text']. Pass `text=`."
        )
        with pytest.raises(CorpusError, match=exactly(message)):
            read(path, column="body")
    table.write_text('"text"s,number\n')
    message = around(
        f"Every input must be readable. Received: {table}, which is not (its first "
        "line is no CSV: ",
        "). Repair the file, or leave it out.",
    )
    with pytest.raises(CorpusError, match=message):
        read(table)
    message = (
        "Inputs are files, directories, patterns, a data set or an iterable of texts. "
        "Received: {}. Pass one of these."
    )
    # A mapping or a table would be read as the names of its columns.
    for other in (5, {"text": TEXTS}, pyarrow.table({"text": TEXTS}), b"text"):
        match = exactly(message.format(type(other).__name__))
        with pytest.raises(CorpusError, match=match):
            read(other)
    message = (
        "The standard input is read as 'lines', 'paragraphs' or 'jsonl'. Received: "
        "form='csv'. Name a file instead."
    )
    with pytest.raises(CorpusError, match=exactly(message)):
        list(cutting.cut_stream(io.BytesIO(), "csv", size=5))


def test_rejects_are_plain_data():
    reject = Reject("a", 1, "why", "what")
    assert json.loads(json.dumps(reject._asdict())) == reject._asdict()
