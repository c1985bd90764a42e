"""What distillation is made of: segments, readings, words, the optimizer, limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.embedding.provenance import Provenance, Rule
from bridge.keras.distilling.budget import Budget
from bridge.keras.distilling.cut_words import find_cut_words, make_word_texts
from bridge.keras.distilling.limits import RowLimits
from bridge.keras.distilling.readings import Reader
from bridge.keras.distilling.row_adam import RowAdam, sum_by_row
from bridge.keras.distilling.segments import Side, share_segments
from bridge.keras.distilling.views import compare_views
from bridge.ragged import Ragged
from bridge.spec import Template
from bridge.tokenizers.load import load_tokenizer
from tests import factories
from tests.core.messages import exactly

pytestmark = pytest.mark.keras

TOKENIZERS = {
    name: load_tokenizer(make())
    for name, make in (
        ("bpe", factories.bpe_tokenizer),
        ("wordpiece", factories.wordpiece_tokenizer),
        ("unigram", factories.unigram_tokenizer),
        ("sentencepiece", factories.sentencepiece_processor),
    )
}


def segments_slowly(text, first, second):
    """Token by token: a border is where both begin a token and none reaches over."""
    shown = [sum(not c.isspace() for c in text[:i]) for i in range(len(text) + 1)]
    sides = [[(shown[b], shown[e]) for b, e in side] for side in (first, second)]
    borders = [
        {
            begin
            for place, (begin, end) in enumerate(side)
            if begin < end and all(e <= begin for _, e in side[:place])
        }
        for side in sides
    ]
    shared = sorted(borders[0] & borders[1] | {0})
    return [
        [
            -1 if begin == end else sum(border <= begin for border in shared) - 1
            for begin, end in side
        ]
        for side in sides
    ]


def spans_of(name, texts):
    spans = TOKENIZERS[name].encode_offsets(texts)
    return spans, [
        spans.offsets[begin:end].tolist()
        for begin, end in zip(
            spans.ids.offsets[:-1], spans.ids.offsets[1:], strict=True
        )
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [("bpe", "wordpiece"), ("unigram", "bpe"), ("wordpiece", "sentencepiece")],
)
@settings(max_examples=20)
@given(more=st.lists(st.text(alphabet="ab é\u3000日😀.\u200d", max_size=9), max_size=4))
def test_segments_are_those_found_token_by_token(first, second, more):
    texts = [*factories.HARD_TEXTS, *more]
    mine, my_places = spans_of(first, texts)
    theirs, their_places = spans_of(second, texts)

    sides = share_segments(texts, mine, theirs, room=10_000)

    for text, a, b, *rows in zip(
        texts, my_places, their_places, *(s.segments for s in sides), strict=True
    ):
        assert [row.tolist() for row in rows] == segments_slowly(text, a, b)
    assert [side.ids for side in sides] == [mine.ids, theirs.ids]


@given(room=st.integers(1, 12))
def test_texts_end_where_both_have_room(room):
    texts = factories.HARD_TEXTS + factories.CORPUS
    spans = [TOKENIZERS[name].encode_offsets(texts) for name in ("bpe", "wordpiece")]
    whole = share_segments(texts, *spans, room=10_000)

    sides = share_segments(texts, *spans, room=room)

    for place in range(len(texts)):
        kept = [side.segments[place].tolist() for side in sides]
        every = [side.segments[place].tolist() for side in whole]
        assert all(len(row) <= room for row in kept)
        assert all(
            row == full[: len(row)] for row, full in zip(kept, every, strict=True)
        )
        # With one segment more, one side would have no room for it.
        after = 1 + max(max(row, default=-1) for row in kept)
        longer = [len(full) - _behind(full, after) for full in every]
        assert kept == every or max(longer) > room


def _behind(segments, number):
    """Tokens from the first one of a later segment on."""
    later = [place for place, found in enumerate(segments) if found > number]
    return len(segments) - later[0] if later else 0


def test_a_word_cut_in_two_ways_is_one_segment():
    text = ["unbelievable stories"]
    spans = [
        _spans([[(0, 2), (2, 8), (8, 12), (13, 20)]]),
        _spans([[(0, 2), (2, 5), (5, 12), (12, 16), (16, 20)]]),
    ]

    first, second = share_segments(text, *spans, room=9)

    assert first.segments.to_lists() == [[0, 1, 1, 2]]
    assert second.segments.to_lists() == [[0, 1, 1, 2, 2]]


def _spans(rows):
    from bridge.tokenizers.spans import Spans

    ids = [list(range(len(row))) for row in rows]
    return Spans.from_rows(ids, rows, [[0] * len(row) for row in rows])


SIDE = Side(Ragged.from_lists([[5, 6, 7], [8]]), Ragged.from_lists([[0, 0, 1], [-1]]))


@pytest.mark.parametrize(("last", "pair"), [(False, [0.5, 0.5]), (True, [0.0, 1.0])])
def test_views_of_texts_specials_and_segments(last, pair):
    reader = Reader(TOKENIZERS["bpe"], Template((1,), (), (2,)), 0, last)

    reading = reader.read(SIDE, 6)

    assert reading.ids.tolist() == [[1, 5, 6, 7, 2, 0], [1, 8, 2, 0, 0, 0]]
    assert reading.mask.sum(axis=1).tolist() == [5, 3]
    first, second = reading.views.tolist()
    fifth, third = np.float32(1 / 5), np.float32(1 / 3)
    assert first == [
        [fifth, fifth, fifth, fifth, fifth, 0],
        [1, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 1, 0],
        [0, *pair, 0, 0, 0],
        [0, 0, 0, 1, 0, 0],
        [0] * 6,
        [0] * 6,
    ]
    assert second[:3] == [
        [third, third, third, 0, 0, 0],
        [1, 0, 0, 0, 0, 0],
        [0, 0, 1, 0, 0, 0],
    ]
    assert not np.any(second[3:])


@pytest.mark.parametrize(
    ("reference", "tokenizer"),
    [("wordpiece", "bpe"), ("bpe", "unigram"), ("sentencepiece", "wordpiece")],
)
def test_cut_words_are_those_found_word_by_word(reference, tokenizer):
    theirs, ours = TOKENIZERS[reference], TOKENIZERS[tokenizer]
    vocabulary = theirs.vocabulary
    spellings = (token.strip("Ġ▁") for token in vocabulary.tokens)
    known = dict.fromkeys(word for word in spellings if word.isalpha())

    found = find_cut_words(theirs, ours)

    def tokens(one, word):
        return len(one.encode_batch([f"a {word}"])[0]) - len(one.encode_batch(["a"])[0])

    both = (form for word in known for form in (word, word.capitalize()))
    assert len(found) == len(set(found)) > 0
    assert set(found) == {
        word
        for word in both
        if len(word) > 1 and tokens(theirs, word) == 1 < tokens(ours, word)
    }


def test_a_tokenizer_cuts_no_word_that_it_has():
    assert find_cut_words(TOKENIZERS["bpe"], TOKENIZERS["bpe"]) == {}


def test_words_of_a_vocabulary_come_less_often_the_later_they_stand():
    reference, tokenizer = TOKENIZERS["wordpiece"], TOKENIZERS["bpe"]
    found = find_cut_words(reference, tokenizer)
    keys = reference.vocabulary.keys
    listed = [word for word in found if word.encode() in keys]

    ids = [keys.index(word.encode()) for word in listed]

    shares = np.array([found[word] for word in listed])
    np.testing.assert_allclose(shares, (1 + np.array(ids)) ** -0.7)
    for word in found.keys() - set(listed):
        assert found[word] == pytest.approx(
            0.5 * (1 + keys.index(word.lower().encode())) ** -0.7
        )


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=30))
def test_texts_hold_every_word_about_as_often_as_its_share(shares):
    words = {f"w{number}": share for number, share in enumerate(shares)}

    texts = make_word_texts(words, seed=1)

    lengths = [len(text.split()) for text in texts]
    assert all(text.startswith(" w") for text in texts)
    assert set(lengths[:-1]) <= {8}
    assert 1 <= lengths[-1] <= 8
    found = "".join(texts).split()
    for word, share in words.items():
        wanted = 4 * share / np.mean(shares)
        assert max(1, wanted - 1) <= found.count(word) <= max(1, wanted + 1)
    if len(words) > 8:
        assert texts != make_word_texts(words, seed=2)


def test_the_weight_of_texts_counts_their_direction():
    from keras import ops

    draw = np.random.default_rng(0)
    views, target = draw.standard_normal((2, 1, 4, 3, 8)).astype(np.float32)
    used = np.ones((4, 3), np.float32)

    losses = [
        float(
            compare_views(
                ops.array(views), ops.array(target), ops.array(used), text_weight=weight
            )[0]
        )
        for weight in (0.0, 1.0, 5.0)
    ]

    first, second = views[0, :, 0], target[0, :, 0]
    sizes = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    away = 1 - np.mean((first * second).sum(axis=1) / sizes)
    np.testing.assert_allclose(np.diff(losses), [away, 4 * away], rtol=1e-4)


def test_rows_that_every_step_touches_follow_adam():
    import keras

    rng = np.random.default_rng(0)
    rows = rng.standard_normal((4, 3)).astype(np.float32)
    variable = keras.Variable(rows)
    theirs = keras.optimizers.Adam(0.1, beta_2=0.99, epsilon=1e-12)
    ours = RowAdam.of(rows.copy())
    for _ in range(5):
        gradient = rng.standard_normal((4, 3)).astype(np.float32)
        theirs.apply([keras.ops.convert_to_tensor(gradient)], [variable])
        ours.step(np.arange(4), gradient, rate=0.1)
    np.testing.assert_allclose(
        ours.rows, keras.ops.convert_to_numpy(variable), rtol=1e-4, atol=1e-5
    )


def test_a_row_that_no_step_touches_stays_and_its_averages_too():
    rows = np.ones((3, 2), np.float32)
    adam, alone = RowAdam.of(rows.copy()), RowAdam.of(rows.copy())
    gradient = np.array([[1.0, -2.0]], np.float32)
    adam.step(np.array([1]), gradient, rate=0.1)
    alone.step(np.array([1]), gradient, rate=0.1)
    for _ in range(4):
        adam.step(np.array([2]), gradient, rate=0.1)
    adam.step(np.array([1]), gradient, rate=0.1)
    alone.step(np.array([1]), gradient, rate=0.1)

    np.testing.assert_array_equal(adam.rows[:2], alone.rows[:2])
    assert adam.rows[0].tolist() == [1, 1]
    assert adam.steps.tolist() == [0, 2, 4]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20))
def test_gradients_of_one_row_add_up(ids):
    values = np.arange(2 * len(ids), dtype=np.float32).reshape(-1, 2)

    distinct, sums = sum_by_row(np.array(ids, np.int32), values)

    expected = np.zeros((6, 2), np.float32)
    np.add.at(expected, ids, values)
    assert distinct.tolist() == sorted(set(ids))
    np.testing.assert_array_equal(sums, expected[distinct])


def limits(reach):
    rows = np.array([[1, 0], [0, 2], [3, 4], [0.5, 0]], np.float32)
    rules = np.array([Rule.COPY, Rule.COPY, Rule.COMPOSED, Rule.DISTILLED], np.uint8)
    sources = Ragged.from_lists([[0], [1], [0, 1], [3]])
    recipe = Provenance(rules, sources, np.ones(5, np.float32))
    return RowLimits.of(rows, recipe.copied, fixed=np.array([3]), reach=reach)


def test_new_rows_stay_in_the_band_of_copied_ones():
    found = limits(reach=0.0)
    rows = np.array([[1, 0], [0, 2], [30, 40], [0.5, 0]], np.float32)

    found.clip(np.array([2]), rows)

    assert found.free.tolist() == [False, False, True, False]
    assert found.band == pytest.approx((1.0, 2.0), rel=1e-4)
    np.testing.assert_allclose(rows[2], [1.2, 1.6], rtol=1e-4)


def test_copied_rows_stay_near_where_they_were():
    found = limits(reach=0.5)
    rows = np.array([[1, 3], [0, 2.5], [1, 1], [0.5, 0]], np.float32)

    found.clip(np.array([0, 1, 2]), rows)

    assert found.free.tolist() == [True, True, True, False]
    np.testing.assert_allclose(rows[0], [1, 0.5], rtol=1e-6)
    np.testing.assert_allclose(rows[1], [0, 2.0], rtol=1e-4)  # the band
    np.testing.assert_allclose(rows[2], [1, 1], rtol=1e-6)


def test_the_rate_rises_and_then_falls_to_nothing():
    by_steps, either = Budget(100, None), Budget(100, 10.0)

    assert by_steps.rate(0, 1e9) == pytest.approx(1 / 20)
    assert by_steps.rate(50, 0.0) == pytest.approx(0.5)
    assert by_steps.rate(100, 0.0) == 0
    assert either.spent(20, 7.5) == 0.75
    assert either.spent(80, 7.5) == 0.8


@pytest.mark.parametrize(
    ("steps", "seconds"), [(None, None), (0, None), (None, -1.0), (5, 0.0)]
)
def test_a_budget_ends(steps, seconds):
    with pytest.raises(
        ValueError,
        match=exactly(
            "Distillation needs to know when to stop. Received: "
            f"steps={steps}, seconds={seconds}. Pass a number above 0, such as "
            "`seconds=300`."
        ),
    ):
        Budget(steps, seconds)
