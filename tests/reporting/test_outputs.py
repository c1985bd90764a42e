"""CSV, Markdown, HTML, comparison: the same counts, and nothing that acts."""

import ast
import csv
import html
import json
import re

import pytest
from hypothesis import given, settings

import bridge
from bridge.alignment import MatchKind
from bridge.errors import MissingVocabularyError
from bridge.reporting.formats.facts import make_facts
from bridge.reporting.formats.token_data import script_json
from bridge.reporting.numbers.equality import equal_rows
from bridge.reporting.report import RemapReport
from bridge.tokenizers.saving import replace_file
from tests.core.messages import exactly
from tests.factories import CORPUS, bpe_tokenizer, wordpiece_tokenizer
from tests.reporting.making import HOSTILE, REPORTS, hostile_alignment
from tests.reporting.pages import ACTING, read


@pytest.fixture(scope="module")
def alignment():
    return bridge.align(bpe_tokenizer(), wordpiece_tokenizer())


@pytest.fixture(scope="module")
def report(alignment):
    return bridge.report(alignment, CORPUS)


@pytest.fixture(scope="module")
def hostile():
    alignment = hostile_alignment()
    texts = [text for text in HOSTILE if text != "\ud800"]
    return bridge.report(alignment, [f"{text} fine" for text in texts])


@pytest.fixture
def loaded(report):
    return RemapReport.from_dict(report.to_dict())


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_source_is_no_part_of_the_data(report, loaded):
    assert report.source is not None
    assert loaded.source is None
    assert loaded == report
    assert "source" not in report.to_dict()


def test_csv_has_every_token(report, alignment, tmp_path):
    path = report.to_csv(tmp_path / "new folder" / "tokens.csv")
    rows, vocabulary = rows_of(path), alignment.tokenizer.vocabulary
    names = ["id", "token", "key", "kind", "pieces", "continuation_pieces"]
    assert list(rows[0]) == names
    assert [int(row["id"]) for row in rows] == list(range(vocabulary.size))
    assert tuple(ast.literal_eval(row["token"]) for row in rows) == vocabulary.tokens
    assert tuple(ast.literal_eval(row["key"]) for row in rows) == vocabulary.keys
    assert [MatchKind[row["kind"]] for row in rows] == alignment.kinds.tolist()
    for name in ("pieces", "continuation_pieces"):
        spelt = [list(map(int, row[name].split())) for row in rows]
        assert spelt == getattr(alignment, name).to_lists()


def test_csv_of_a_hole(tmp_path):
    mine = bridge.load_tokenizer({"a": 0, "b": 2}, split="whitespace")
    alignment = bridge.align(mine, mine)
    row = rows_of(bridge.report(alignment, ["a b"]).to_csv(tmp_path / "t.csv"))[1]
    assert (row["token"], row["key"], row["kind"]) == ("", "b''", "UNUSED")


def test_csv_of_hostile_tokens(hostile, tmp_path):
    path = hostile.to_csv(tmp_path / "tokens.csv")
    text = path.read_text(encoding="utf-8")
    assert not ACTING.search(text)
    assert text.count("\n") == len(HOSTILE) + 3
    rows = rows_of(path)
    assert [ast.literal_eval(row["token"]) for row in rows[: len(HOSTILE)]] == HOSTILE
    cells = [cell for row in rows for cell in row.values()]
    assert not [cell for cell in cells if cell[:1] in {"=", "+", "-", "@", "\t"}]


def test_csv_of_a_report_read_from_a_dict(loaded, alignment, report, tmp_path):
    message = (
        "A table of tokens is made from the alignment. Received: a report read from a "
        "dict, which has none. Pass `alignment=`."
    )
    path = tmp_path / "tokens.csv"
    with pytest.raises(MissingVocabularyError, match=exactly(message)):
        loaded.to_csv(path)
    assert not path.exists()
    loaded.to_csv(path, alignment=alignment)
    again = report.to_csv(tmp_path / "again.csv")
    assert path.read_bytes() == again.read_bytes()


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "file.txt"

    def fail():
        with replace_file(path) as stream:
            stream.write("half")
            raise KeyError("stop")

    for before in (None, "old"):
        if before is not None:
            path.write_text(before, encoding="utf-8")
        with pytest.raises(KeyError, match="stop"):
            fail()
        assert [p.name for p in tmp_path.iterdir()] == ([path.name] if before else [])
    with replace_file(path) as stream:
        stream.write("new\r\n")
    assert path.read_bytes() == b"new\r\n"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_json_can_be_written_whatever_the_tokens(hostile):
    text = hostile.to_json()
    assert RemapReport.from_dict(json.loads(text.encode("utf-8"))) == hostile
    json.dumps(hostile.to_dict(), ensure_ascii=False).encode("utf-8")


@settings(max_examples=20)
@given(REPORTS)
def test_json_of_any_report_can_be_written(report):
    text = report.to_json().encode("utf-8")
    assert RemapReport.from_dict(json.loads(text)) == report


@settings(max_examples=20)
@given(REPORTS)
def test_markdown_holds_no_markup_of_strangers(report):
    text = report.to_markdown()
    assert not ACTING.search(text)
    text.encode("utf-8")
    assert set(re.findall("<[^>]*>", text)) <= {"<code>", "</code>"}
    for line in text.splitlines():
        if line.startswith("|"):
            assert line.endswith(" |")


def test_markdown_states_the_same_counts(report):
    text = report.to_markdown()
    for kind, count in report.kinds.items():
        if count:
            assert re.search(rf"^\| {kind} \| .* \| {count:,} \|", text, re.M)
    assert f"## Recommended: {report.recommendation.strategy}\n" in text


def test_markdown_shows_hostile_tokens(hostile):
    shown = html.unescape(hostile.to_markdown())
    assert "<script>window.hit=1</script>" in shown
    assert "`|*_[x](javascript:window.hit=4)" in shown


@settings(max_examples=20)
@given(REPORTS)
def test_pages_hold_no_markup_of_strangers(report):
    page = report.to_html()
    page.encode("utf-8")
    assert not ACTING.search(page)
    reader = read(page)
    assert reader.elements.count("script") == 1
    assert not {"img", "link", "iframe", "object", "base"} & set(reader.elements)
    names = {name for _, name, _ in reader.attributes}
    assert not [name for name in names if name.startswith("on")]
    assert not names & {"src", "srcset", "action", "formaction"}
    links = [value for _, name, value in reader.attributes if name == "href"]
    assert all(link.startswith("#") for link in links)
    assert not [
        value for _, _, value in reader.attributes if "//" in (value or "x")[:8]
    ]


def test_a_page_states_the_same_counts(report):
    text = " ".join(read(report.to_html()).texts)
    for kind, count in report.kinds.items():
        assert (kind in text) == (count > 0)
        if count:
            assert f"{count:,}" in text
    for reason in report.recommendation.reasons:
        assert reason in text


def test_a_page_holds_every_token(report, alignment):
    (data,) = re.findall(
        r'<script type="application/json" id="token-data">(.*?)</script>',
        report.to_html(),
        re.S,
    )
    columns = json.loads(data)
    vocabulary = alignment.tokenizer.vocabulary
    assert len(columns["texts"].split("\n")) == vocabulary.size
    assert len(columns["preset"].split("\n")) == alignment.reference.vocabulary.size
    assert list(map(int, columns["kinds"])) == alignment.kinds.tolist()
    assert columns["pieces"]["values"] == alignment.pieces.values.tolist()
    assert sum(columns["counts"]) == report.source.counts.sum()
    inside = alignment.pieces.to_lists()
    values = iter(columns["inside"]["values"])
    for token_id, n in zip(
        columns["inside"]["ids"], columns["inside"]["lengths"], strict=True
    ):
        inside[token_id] = [next(values) for _ in range(n)]
    assert inside == alignment.continuation_pieces.to_lists()


def test_hostile_tokens_stay_inside_their_script(hostile):
    page = hostile.to_html()
    assert not ACTING.search(page)
    assert read(page).elements.count("script") == 2
    data = page.partition('id="token-data">')[2].partition("</script>")[0]
    assert "<" not in data
    texts = json.loads(data)["texts"].split("\n")
    assert texts[0] == "<script>window.hit=1</script>"
    assert texts[HOSTILE.index("{{style}}")] == "{{style}}"
    assert texts[HOSTILE.index("\ud800")] == "\\ud800"
    assert texts[HOSTILE.index("\u202egnp.exe\u2066")] == "\\u202egnp.exe\\u2066"


def test_a_page_without_an_alignment_has_no_table(loaded, alignment, report):
    assert "token-data" not in read(loaded.to_html()).scripts
    assert "#tokens" not in loaded.to_html()
    page = loaded.to_html(alignment=alignment)
    # Only the counts of tokens are not in the data of a report.
    assert page.count('"used":[]') == 1
    assert page.partition('"used"')[0] == report.to_html().partition('"used"')[0]


def test_a_page_is_written(report, tmp_path):
    path = tmp_path / "report.html"
    assert report.to_html(path) == path.read_text(encoding="utf-8")


def test_json_in_a_script_says_the_same():
    data = {"a": ["</script>", "<!--", "&amp;", "\u2028\u2029", "\u00e9\\n"]}
    text = script_json(data)
    assert json.loads(text) == data
    assert not set("<>&\u2028\u2029") & set(text)


def test_rows_that_differ():
    first = bridge.Ragged.from_lists([[1], [], [1, 2], [3], [4, 5]])
    second = bridge.Ragged.from_lists([[1], [9], [1, 3], [3], [4]])
    assert equal_rows(first, second).tolist() == [True, False, False, True, False]
    assert equal_rows(first.take([]), second.take([])).tolist() == []


def test_a_report_does_not_differ_from_itself(report):
    comparison = report.compare(report)
    assert comparison.differing == ()
    assert [fact.name for fact in comparison.facts] == [
        fact.name for fact in make_facts(report)
    ]
    assert "differs" not in str(comparison)


def test_two_reports_side_by_side(report):
    backward = bridge.align(wordpiece_tokenizer(), bpe_tokenizer())
    other = bridge.report(backward, CORPUS)
    comparison = report.compare(other)
    assert comparison.strategies == (
        report.recommendation.strategy,
        other.recommendation.strategy,
    )
    facts = {fact.name: fact for fact in comparison.facts}
    per_word = facts["tokens per word"]
    assert (per_word.first, per_word.second) == (
        report.text.tokenizer.tokens_per_word,
        other.text.tokenizer.tokens_per_word,
    )
    assert per_word in comparison.differing
    assert comparison.kinds["EXACT"] == (report.kinds["EXACT"], other.kinds["EXACT"])
    text = str(comparison)
    assert all(len(line) <= 80 for line in text.splitlines())
    assert re.search(r"tokens per word +[\d.]+ +[\d.]+ +differs", text)
    assert json.loads(json.dumps(comparison.to_dict()))["strategies"] == list(
        comparison.strategies
    )


@settings(max_examples=20)
@given(REPORTS, REPORTS)
def test_any_two_reports_can_be_compared(first, second):
    comparison = first.compare(second)
    str(comparison)
    names = {fact.name for fact in comparison.differing}
    values = zip(make_facts(first), make_facts(second), strict=True)
    assert names == {mine.name for mine, other in values if mine.value != other.value}
