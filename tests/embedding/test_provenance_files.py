"""The record of rows as CSV, JSON and HTML."""

import ast
import csv
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.embedding import Provenance, Rule
from bridge.embedding.plan import plan_rows
from bridge.embedding.specials import extend_vocabulary
from bridge.errors import SavedFormatError
from bridge.ragged import Ragged
from bridge.vocabulary import Vocabulary


@pytest.fixture
def recipe(alignment, table):
    vocabulary = extend_vocabulary(alignment.tokenizer.vocabulary, alignment.spec)
    return plan_rows(alignment, vocabulary, preset_rows=len(table)).recipe


def hostile():
    """Tokens that would do harm in a spreadsheet, a terminal or a page."""
    tokens = ["=1+2", "-3", "@x", "a\u202eb", "<script>", 'q",\n', "\x1b[2J", "\t"]
    vocabulary = Vocabulary.from_tokens(tokens, convention="words")
    return Provenance(
        np.full(len(tokens), Rule.OMP, np.uint8),
        Ragged.from_lists([[i] for i in range(len(tokens))]),
        np.full(len(tokens), -0.5, np.float32),
        centre=np.array([0, 1]),
        vocabulary=vocabulary,
        reference=vocabulary,
    )


def read_csv(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_line_for_every_row(recipe, tmp_path):
    recipe.to_csv(tmp_path / "deep" / "rows.csv")

    lines = read_csv(tmp_path / "deep" / "rows.csv")

    assert [int(line["id"]) for line in lines] == list(range(13))
    assert lines[1] == {
        "id": "1",
        "token": "'\u0120play'",
        "rule": "COPY",
        "rows": "[6]",
        "pieces": "['play']",
        "weights": "[1.0]",
    }
    for line, origin in zip(lines, recipe, strict=True):
        assert tuple(json.loads(line["rows"])) == origin.rows
        weights = np.array(json.loads(line["weights"]), np.float32)
        np.testing.assert_array_equal(weights, np.float32(origin.weights))
        assert len(ast.literal_eval(line["pieces"])) == len(origin.rows)


def test_nothing_in_a_file_does_harm(tmp_path):
    record = hostile()
    record.to_csv(tmp_path / "rows.csv")
    record.to_json(tmp_path / "rows.json")

    lines = read_csv(tmp_path / "rows.csv")

    tokens = [ast.literal_eval(line["token"]) for line in lines]
    assert tokens == list(record.vocabulary.tokens)
    assert not any(cell[:1] in "=+-@\t\r" for line in lines for cell in line.values())
    for name in ("rows.csv", "rows.json"):
        text = (tmp_path / name).read_text("utf-8")
        assert all(character.isprintable() or character == "\n" for character in text)
        assert len(text.splitlines()) == (9 if name == "rows.csv" else 10)


def test_json_reads_back(recipe, tmp_path):
    recipe.to_json(tmp_path / "rows.json")
    again = Provenance.from_json(tmp_path / "rows.json")

    np.testing.assert_array_equal(again.rules, recipe.rules)
    np.testing.assert_array_equal(again.weights, recipe.weights)
    assert again.rows == recipe.rows
    assert again.centre is None
    assert again.weights.dtype == np.float32
    assert again.rules.dtype == np.uint8
    assert repr(again) == repr(recipe)


@given(
    rows=st.lists(
        st.lists(
            st.tuples(
                st.integers(0, 2**31 - 1),
                st.floats(width=32, allow_nan=False, allow_infinity=False),
            ),
            max_size=4,
        ),
        max_size=6,
    ),
    centre=st.none() | st.lists(st.integers(0, 9), max_size=3),
)
def test_any_record_reads_back(rows, centre, tmp_path_factory):
    record = Provenance(
        np.arange(len(rows), dtype=np.uint8),
        Ragged.from_lists([[row for row, _ in line] for line in rows]),
        np.array([weight for line in rows for _, weight in line], np.float32),
        None if centre is None else np.array(centre, np.int64),
    )
    path = tmp_path_factory.mktemp("record") / "rows.json"

    record.to_json(path)
    again = Provenance.from_json(path)

    assert again.rows == record.rows
    np.testing.assert_array_equal(again.weights, record.weights)
    np.testing.assert_array_equal(again.rules, record.rules)
    assert (again.centre is None) == (centre is None)
    if centre is not None:
        np.testing.assert_array_equal(again.centre, record.centre)


def test_an_old_file_stays_where_writing_fails(tmp_path, recipe, monkeypatch):
    path = tmp_path / "rows.csv"
    path.write_text("old")
    monkeypatch.setattr("bridge.embedding.provenance_files._spelt", lambda *_: 1 / 0)

    with pytest.raises(ZeroDivisionError, match="division"):
        recipe.to_csv(path)

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def write(tmp_path, **changes):
    line = {"id": 0, "rule": "COPY", "rows": [1], "weights": [1.0]}
    data = {"format_version": 1, "centre": None, "table": [line | changes]}
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(data | {k: v for k, v in changes.items() if k in data}))
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"format_version": 2},
        {"id": 1},
        {"weights": []},
        {"rule": "MAGIC"},
        {"rows": ["x"]},
        {"rows": [2**40]},
        {"rows": None},
        {"centre": ["x"]},
        {"table": 3},
    ],
)
def test_a_damaged_file_is_refused(tmp_path, changes):
    assert len(Provenance.from_json(write(tmp_path))) == 1

    with pytest.raises(SavedFormatError, match="Received"):
        Provenance.from_json(write(tmp_path, **changes))


def test_how_a_refusal_reads(tmp_path):
    path = write(tmp_path, format_version=9)

    with pytest.raises(SavedFormatError, match="origin") as error:
        Provenance.from_json(path)
    assert str(error.value) == (
        "The origin of rows is read from a file that `Provenance.to_json` of this "
        f"version wrote (1). Received: {path} (format version 9). Write it again from "
        "the transplant's result."
    )
    path = write(tmp_path, rule="MAGIC")
    with pytest.raises(SavedFormatError, match="known rule") as error:
        Provenance.from_json(path)
    assert str(error.value) == (
        "Every line of a record of rows holds a known rule, ids and numbers. Received: "
        f"{path} (KeyError: 'MAGIC'). Write it again from the transplant's result."
    )


def test_a_notebook_shows_rules_and_examples(recipe):
    shown = recipe._repr_html_()

    assert "<caption>13 rows</caption>" in shown
    assert "<td>LAST_RESORT</td><td>1</td>" in shown
    assert "\u2423play &larr; 1.00 play" in shown


def test_a_notebook_shows_harmless_text():
    shown = hostile()._repr_html_()
    plain = Provenance(
        np.zeros(1, np.uint8), Ragged.from_lists([[7]]), np.ones(1, "f4")
    )

    assert "<script>" not in shown
    assert "\u202e" not in shown
    assert "\x1b" not in shown
    assert "0 &larr; 1.00 7" in plain._repr_html_()


def test_some_rows_of_a_record(recipe):
    ids = np.array([5, 2, 7])

    part = recipe.take(ids)

    assert [*part] == [recipe[i] for i in ids.tolist()]
