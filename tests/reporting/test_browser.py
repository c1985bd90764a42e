"""The HTML page in a real browser: it shows, filters, and lets nothing act."""

import statistics

import numpy as np
import pytest

import bridge
from bridge.alignment import Alignment
from bridge.alignment.align import align_vocabularies
from bridge.reporting.report import RemapReport
from bridge.spec import BackboneSpec
from tests.factories import CORPUS, bpe_tokenizer, wordpiece_tokenizer
from tests.reporting import browser as driving
from tests.reporting.making import HOSTILE, hostile_alignment

pytestmark = pytest.mark.browser

# Types a filter and tells how long it takes until the page is painted again.
FILTER = """
const [needle, done] = arguments;
const search = document.getElementById("search");
search.value = needle;
const begin = performance.now();
search.dispatchEvent(new Event("input"));
requestAnimationFrame(() => requestAnimationFrame(
  () => done(performance.now() - begin)));
"""
SHOWN = "return document.getElementById('shown').textContent"
VISIBLE = """
return [...document.querySelectorAll("#grid .grid-row:not([hidden])")].map(
  (row) => [...row.children].map((cell) => cell.textContent));
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if not driving.is_installed():
        pytest.skip(driving.MISSING)
    with driving.open_browser(tmp_path_factory.mktemp("driver")) as opened:
        opened.resize(1180, 900)
        yield opened


@pytest.fixture(scope="module")
def alignment():
    return bridge.align(bpe_tokenizer(), wordpiece_tokenizer())


@pytest.fixture
def page(browser, alignment, tmp_path):
    path = tmp_path / "report.html"
    bridge.report(alignment, CORPUS).to_html(path)
    browser.open(path)
    yield browser
    assert browser.problems() == []


@pytest.fixture
def hostile_page(browser, tmp_path):
    path = tmp_path / "hostile.html"
    texts = [f"{text} fine" for text in HOSTILE if text != "\ud800"]
    bridge.report(hostile_alignment(), texts).to_html(path)
    browser.open(path)
    return browser


def test_the_table_shows_the_tokens(page, alignment):
    size = alignment.tokenizer.vocabulary.size
    assert page.run(SHOWN) == f"{size} of {size} tokens"
    rows = page.run(VISIBLE)
    assert 10 < len(rows) < 60
    text = alignment.tokenizer.vocabulary.text
    assert [row[:2] for row in rows[:9]] == [[str(i), text(i)] for i in range(9)]


def test_a_filter_by_text(page, alignment):
    vocabulary = alignment.tokenizer.vocabulary
    page.wait(FILTER, "TH")
    found = [i for i in range(vocabulary.size) if "th" in vocabulary.text(i).lower()]
    assert page.run(SHOWN) == f"{len(found)} of {vocabulary.size} tokens"
    assert [int(row[0]) for row in page.run(VISIBLE)] == found[:40]


def test_a_filter_by_id(page):
    page.wait(FILTER, "123")
    assert [row[0] for row in page.run(VISIBLE)] == ["123"]


def test_a_filter_by_piece(page, alignment):
    page.run("document.getElementById('where').value = 'pieces'")
    page.wait(FILTER, "##ing")
    wanted = alignment.reference.vocabulary.id("##ing")
    tables = (alignment.pieces, alignment.continuation_pieces)
    found = {
        int(row)
        for table in tables
        for row in table.row_of_value[table.values == wanted]
    }
    assert {int(row[0]) for row in page.run(VISIBLE)} == found


def test_a_filter_by_kind(page, alignment):
    counts = {kind: n for kind, n in alignment.counts().items() if n}
    texts = (
        "return [...document.querySelectorAll('#kinds button')].map(b => b.innerText)"
    )
    assert page.run(texts) == [f"{kind} {n}" for kind, n in counts.items()]
    page.run("document.querySelector('#kinds .k-EXACT').click()")
    left = len(alignment.kinds) - counts["EXACT"]
    assert page.run(SHOWN) == f"{left} of {len(alignment.kinds)} tokens"
    assert "EXACT" not in {row[2] for row in page.run(VISIBLE)}


def test_order_by_count(page, alignment):
    ids = alignment.tokenizer.encode_batch(CORPUS).values
    counts = np.bincount(ids, minlength=len(alignment.kinds))
    page.run("document.getElementById('order').value = 'count'")
    page.wait(FILTER, "")
    rows = page.run(VISIBLE)
    order = np.argsort(-counts, kind="stable")[: len(rows)]
    assert [int(row[0]) for row in rows] == order.tolist()
    assert int(rows[0][5]) == counts.max()


def test_scrolling_draws_the_rows_in_sight(page, alignment):
    page.run("document.getElementById('grid').scrollTop = 1e9")
    page.wait("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
    rows = page.run(VISIBLE)
    assert int(rows[-1][0]) == alignment.tokenizer.vocabulary.size - 1
    assert len(rows) < 60


def test_a_token_under_the_pointer_is_explained(page):
    page.run(
        "document.querySelector('.t').dispatchEvent("
        "new PointerEvent('pointerover', {bubbles: true}))"
    )
    detail = page.run("return document.getElementById('token-detail').textContent")
    assert detail.startswith("id ")
    assert "in the preset: " in detail


def test_hostile_texts_show_and_do_not_act(hostile_page):
    shown = {row[1] for row in hostile_page.run(VISIBLE)}
    assert {"<script>window.hit=1</script>", "&lt;b&gt;", "\\x1b[2J"} <= shown
    assert "\\u202egnp.exe\\u2066" in shown
    for needle in ("script", "svg", "=", ""):
        hostile_page.wait(FILTER, needle)
    hostile_page.run(
        "for (const token of document.querySelectorAll('.t'))"
        "  token.dispatchEvent(new MouseEvent('click', {bubbles: true}))"
    )
    assert hostile_page.run("return window.hit === undefined")
    assert hostile_page.run("return document.scripts.length") == 2
    assert hostile_page.run("return document.images.length") == 0
    assert hostile_page.problems() == []


def test_the_policy_refuses_a_script_that_got_in(hostile_page):
    hostile_page.run(
        "const element = document.createElement('script');"
        "element.textContent = 'window.hit = 9'; document.body.append(element)"
    )
    assert hostile_page.run("return window.hit === undefined")
    assert "Content Security Policy" in " ".join(hostile_page.problems())


def test_nothing_is_loaded(page):
    loaded = "return performance.getEntriesByType('resource').length"
    assert page.run(loaded) == 0


def test_light_and_dark(page):
    colours = []
    for scheme in ("light", "dark"):
        page.prefer(scheme)
        colours.append(
            page.run("return getComputedStyle(document.body).backgroundColor")
        )
    page.prefer("light")
    assert colours == ["rgb(255, 255, 255)", "rgb(20, 24, 31)"]


@pytest.mark.parametrize("width", [390, 1180])
def test_nothing_is_wider_than_the_window(page, width):
    page.resize(width, 900)
    assert page.run("return document.documentElement.scrollWidth") <= width
    page.resize(1180, 900)


# Of the head and the first row: every cell that shows, with its width.
WIDTHS = """
const rows = document.querySelectorAll(".grid-head, #grid .grid-row");
return [rows[0], rows[1]].map((row) => [...row.children].map(
  (cell) => cell.getBoundingClientRect()).filter((box) => box.width).map(
  (box) => [box.width, box.right]));
"""


@pytest.mark.parametrize(("width", "shown"), [(390, 5), (1180, 6)])
def test_the_table_has_room_for_tokens_and_pieces(page, width, shown):
    page.resize(width, 900)
    for boxes in page.run(WIDTHS):
        assert len(boxes) == shown
        assert boxes[1][0] > 60
        assert boxes[3][0] > 60
        assert boxes[-1][1] < width
    page.resize(1180, 900)


def test_a_page_without_a_table(browser, alignment, tmp_path):
    report = bridge.report(alignment, CORPUS)
    path = tmp_path / "loaded.html"
    RemapReport.from_dict(report.to_dict()).to_html(path)
    browser.open(path)
    assert browser.run("return document.getElementById('grid') === null")
    assert browser.problems() == []


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """250,000 different tokens onto 120,000, most of them in several pieces."""
    draw = np.random.default_rng(0)
    syllables = [c + v for c in "bdfgklmnprstvz" for v in "aeiou"]

    def words(count, length):
        parts = draw.choice(syllables, (2 * count, length))
        return list(dict.fromkeys("\u2581" + "".join(row) for row in parts))[:count]

    mine = bridge.Vocabulary.from_tokens(["<unk>", *words(249_999, 4)])
    theirs = bridge.Vocabulary.from_tokens(["<unk>", *syllables, *words(120_000, 3)])
    kinds, pieces, inside = align_vocabularies(mine, theirs)
    alignment = Alignment(
        bridge.load_tokenizer(mine),
        bridge.load_tokenizer(theirs),
        "made for this test",
        BackboneSpec(vocabulary_size=theirs.size),
        kinds,
        pieces,
        inside,
    )
    small = bridge.align(bpe_tokenizer(), wordpiece_tokenizer())
    path = tmp_path_factory.mktemp("large") / "large.html"
    data = bridge.report(small, CORPUS).to_dict()
    RemapReport.from_dict(data).to_html(path, alignment=alignment)
    assert mine.size == 250_000
    return path


@pytest.mark.slow
def test_a_quarter_of_a_million_tokens(browser, large):
    assert large.stat().st_size <= 25e6
    loads, filters = [], []
    timing = "return performance.getEntriesByType('navigation')[0].loadEventEnd"
    for _ in range(3):
        browser.open(large)
        loads.append(browser.run(timing))
        assert browser.run(SHOWN) == "250,000 of 250,000 tokens"
        filters += [browser.wait(FILTER, "karo"[:n]) for n in range(1, 5)]
    # Another job on the machine may slow down a single one.
    assert min(loads) <= 2_000
    assert statistics.median(filters) <= 200
