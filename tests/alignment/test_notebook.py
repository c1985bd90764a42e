"""What a notebook shows of an alignment."""

import bridge
from tests.factories import bpe_tokenizer, wordpiece_tokenizer
from tests.reporting.pages import ACTING, read


def test_every_kind_is_shown_with_its_count():
    alignment = bridge.align(bpe_tokenizer(), wordpiece_tokenizer())
    shown = " ".join(read(alignment._repr_html_()).texts)
    for kind, count in alignment.counts().items():
        assert (f"{kind} {count:,} " in shown) == (count > 0)


def test_tokens_of_strangers_are_text():
    hostile = {"<script>": 0, "a\u202eb": 1, "\x1b[2J": 2, "&amp;": 3, "[UNK]": 4}
    alignment = bridge.align(hostile, bridge.load_tokenizer(hostile))
    fragment = alignment._repr_html_()
    assert not ACTING.search(fragment)
    assert set(read(fragment).elements) == {
        *("table", "caption", "thead", "tbody", "tr", "th", "td", "br")
    }
    assert "&lt;script&gt;" in fragment


def test_an_empty_alignment_is_shown():
    alignment = bridge.align({}, bridge.load_tokenizer({"a": 0}))
    assert "0 ids" in alignment._repr_html_()
