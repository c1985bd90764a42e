"""Texts and labels from files: what is dropped, what is refused."""

import re

import pytest

from bridge.cli.files import read_texts
from bridge.cli.labelled import read_labelled
from bridge.errors import TextInputError


@pytest.fixture
def write(tmp_path):
    def to_file(content):
        file = tmp_path / "texts.txt"
        file.write_bytes(content)
        return file

    return to_file


def read(content, **options):
    columns = {"text_column": "text", "label_column": "label", **options}
    return read_labelled(content, name="data.csv", **columns)


def test_a_line_is_a_text(write):
    file = write("\ufeffone\r\n\n \ntwo\u2028parts\nthree".encode())
    assert read_texts(file) == ["one", "two\u2028parts", "three"]


def test_a_file_without_texts_is_refused(write):
    file = write(b"\n \n")
    message = (
        f"A file of texts must hold at least one. Received: {file}, which holds none. "
        "Write one text on each line."
    )
    with pytest.raises(TextInputError, match=f"^{re.escape(message)}$"):
        read_texts(file)


def test_another_encoding_is_refused_with_its_line(write):
    file = write(b"plain\ncaf\xe9\n")
    message = (
        f"A file of texts must be in UTF-8. Received: {file}, whose line 2 is not. "
        f"Convert it, such as by `iconv -f latin1 -t utf-8 {file}`."
    )
    with pytest.raises(TextInputError, match=f"^{re.escape(message)}$"):
        read_texts(file)


def test_the_line_is_counted_without_the_mark_of_the_file(write):
    file = write(b"\xef\xbb\xbf\xff\n")
    with pytest.raises(TextInputError, match="whose line 1 is not"):
        read_texts(file)


def test_labels_are_sorted_and_bad_rows_counted():
    found = read(
        "label,text\nb,one\na,two\na,\n,three\nb,one\na,four\nb,four\nb,short row\nb\n"
    )
    assert found.names == ("a", "b")
    assert dict(zip(found.texts, found.labels.tolist(), strict=True)) == {
        "one": 1,
        "two": 0,
        "short row": 1,
    }
    dropped = (found.read, found.unusable, found.doubled, found.conflicting)
    # They add up: of 9 rows, 3 texts are left.
    assert dropped == (9, 3, 2, 1)


def test_a_missing_column_is_named():
    message = (
        "A CSV file must have the columns that are asked for. Received: data.csv "
        "without 'label'; its columns are 'text', 'class'. Name others by "
        "--text-column and --label-column."
    )
    with pytest.raises(TextInputError, match=f"^{re.escape(message)}$"):
        read("text,class\na,b\n")


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ('text,label\na,x\n"b,x\nc,y\n', 4, "unexpected end of data"),
        ('"text,label\n', 1, "unexpected end of data"),
        ('text,label\n"a"b,x\n', 2, "',' expected after '\"'"),
    ],
)
def test_a_quote_that_is_not_closed_is_refused(content, line, reason):
    message = (
        f"A CSV file must be well formed. Received: data.csv, line {line}: {reason}. "
        "Look for a quote that is not closed, there or above."
    )
    with pytest.raises(TextInputError, match=f"^{re.escape(message)}$"):
        read(content)


def test_a_long_text_is_read():
    text = "long " * 40_000
    found = read(f"text,label\n{text},x\nshort,y\n")
    assert found.texts == (text.strip(), "short")


def test_one_label_is_refused():
    message = (
        "A classifier needs texts of two labels or more. Received: 2 usable texts "
        "with the labels 'x' in data.csv. Check the columns."
    )
    with pytest.raises(TextInputError, match=f"^{re.escape(message)}$"):
        read("text,label\na,x\nb,x\n")


def test_an_empty_file_is_refused():
    with pytest.raises(TextInputError, match=r"its columns are none\."):
        read("")
