"""The shrinker's laws: what is left fails, and nothing more can go."""

from zlib import crc32

from hypothesis import given
from hypothesis import strategies as st

from bridge.reporting.auditing.shrink import shrink

TEXTS = st.text(alphabet="ab \n\u00e9", max_size=24)


def removals(units):
    return ["".join(units[:i] + units[i + 1 :]) for i in range(len(units))]


def check(text, fails):
    words, smallest = shrink(text, fails)
    assert fails(words)
    assert fails(smallest)
    assert not any(map(fails, removals(list(smallest))))


@given(TEXTS, st.text(alphabet="ab \n\u00e9", min_size=1, max_size=3))
def test_what_contains_a_piece(text, piece):
    check(text + piece + text, lambda t: piece in t)


@given(TEXTS, st.integers(2, 5))
def test_what_fails_by_a_count_that_is_not_monotone(text, modulus):
    text = "a" * (modulus + 1) + text.replace("a", "")
    check(text, lambda t: t.count("a") % modulus == 1)


@given(TEXTS, st.integers(0, 1_000))
def test_what_fails_without_rhyme_or_reason(text, seed):
    def fails(candidate):
        return candidate == text or crc32(f"{seed}{candidate}".encode()) % 3 == 0

    check(text, fails)


def test_words_go_before_characters():
    text = "an old man went to the Caf\u00e9, they say"
    assert shrink(text, lambda t: "\u00e9" in t) == ("Caf\u00e9,", "\u00e9")
    assert shrink("a  \n\nb c", lambda t: "\n\nb" in t) == ("\n\nb", "\n\nb")


def test_a_text_that_always_fails_becomes_empty():
    assert shrink("any thing", lambda _: True) == ("", "")


def test_each_text_is_asked_about_few_times():
    asked = []

    def fails(text):
        asked.append(text)
        return "x" in text

    assert shrink("ab " * 1_000 + "x" + " ab" * 1_000, fails)[1] == "x"
    assert len(asked) < 100
