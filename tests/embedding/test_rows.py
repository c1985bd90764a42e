"""The tables themselves, against a slow second implementation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.embedding import Provenance, Rule
from bridge.embedding.last_resort import MIN_CLASS, RowClasses
from bridge.embedding.plan import plan_rows
from bridge.embedding.rows import build_table
from bridge.embedding.specials import extend_vocabulary
from bridge.ragged import Ragged
from bridge.vocabulary import Vocabulary


def one_class(new, preset):
    return RowClasses(np.zeros(new, np.int64), np.zeros(preset, np.int64))


def reference_row(table, origin, mean):
    """One row at a time, in float64, as the formulas say."""
    if not origin.rows:
        return mean
    if len(origin.rows) == 1:
        return table[origin.rows[0]]
    return sum(
        table[row].astype(np.float64) * weight
        for row, weight in zip(origin.rows, origin.weights, strict=True)
    )


ROWS = 12
INGREDIENTS = st.lists(st.integers(0, ROWS - 1), max_size=6)


@given(st.lists(INGREDIENTS, min_size=1, max_size=30), st.integers(0, 2**16))
def test_fast_rows_equal_slow_rows(lists, seed):
    rng = np.random.default_rng(seed)
    table = rng.standard_normal((ROWS, 5)).astype(np.float32)
    amounts = [rng.random(len(rows)) + 0.1 for rows in lists]
    weights = [a / a.sum() for a in amounts]
    rules = [Rule.COMPOSED if rows else Rule.MEAN for rows in lists]
    recipe = Provenance(
        np.array(rules, np.uint8),
        Ragged.from_lists(lists),
        np.concatenate(weights).astype(np.float32),
    )
    single = recipe.rows.lengths == 1
    recipe.weights[recipe.rows.offsets[:-1][single]] = 1

    built = build_table(table, recipe, one_class(len(lists), ROWS))

    mean = table.astype(np.float64).mean(axis=0)
    slow = np.array([reference_row(table, origin, mean) for origin in recipe])
    np.testing.assert_allclose(built, slow, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(built[single], slow[single].astype(np.float32))


def plan(alignment, table, **options):
    vocabulary = extend_vocabulary(alignment.tokenizer.vocabulary, alignment.spec)
    return plan_rows(alignment, vocabulary, preset_rows=len(table), **options)


def test_rows_come_from_where_the_recipe_says(alignment, table):
    built = plan(alignment, table).build(table)

    assert built.dtype == table.dtype
    np.testing.assert_array_equal(built[[0, 1, 3, 4, 6]], table[[3, 6, 9, 12, 6]])
    np.testing.assert_array_equal(built[8:], table[[2, 3, 0, 4, 1]])
    np.testing.assert_allclose(built[5], (table[6] * 4 + table[10] * 2) / 6, rtol=1e-6)
    share = plan(alignment, table).recipe[2].weights[0]
    np.testing.assert_allclose(
        built[2], table[8] * share + table[7] * (1 - share), rtol=1e-6
    )


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_dtype_is_kept_and_copies_are_exact(alignment, table, dtype):
    table = (table * 1.1).astype(dtype)

    built = plan(alignment, table).build(table)

    assert built.dtype == dtype
    np.testing.assert_array_equal(built[1], table[6])


def test_the_last_resort_is_seeded_and_no_row_of_the_preset(alignment, table):
    rows = {seed: plan(alignment, table, seed=seed).build(table)[7] for seed in (0, 1)}

    np.testing.assert_array_equal(
        rows[0], plan(alignment, table, seed=0).build(table)[7]
    )
    assert not np.array_equal(rows[0], rows[1])
    assert rows[0].any()
    assert not (table == rows[0]).all(axis=1).any()


def test_two_tables_have_draws_of_their_own(alignment, table):
    made = plan(alignment, table)

    assert not np.array_equal(
        made.build(table, number=0)[7], made.build(table, number=1)[7]
    )


def test_a_head_row_of_last_resort_is_the_live_mean(alignment, table):
    built = plan(alignment, table).build(table, kind="head")

    live = [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 14]  # neither [unused0] nor ##!
    np.testing.assert_allclose(built[7], table[live].mean(axis=0), rtol=1e-5)


def test_mean_and_random_as_asked_for(alignment, table):
    mean = plan(alignment, table, init="mean").build(table)
    random = plan(alignment, table, init="random").build(table)

    np.testing.assert_array_equal(mean[2], mean[7])
    np.testing.assert_array_equal(mean[1], table[6])
    assert not np.array_equal(random[1], table[6])
    np.testing.assert_array_equal(random[8:], table[[2, 3, 0, 4, 1]])


def class_vocabulary(letters):
    """Word starts `a0`, `a1`, ... and continuations `##b0`, `##b1`, ..."""
    return Vocabulary.from_tokens(
        [f"{mark}{letters}{i}" for mark in ("", "##") for i in range(MIN_CLASS)]
    )


def test_a_draw_has_mean_and_spread_of_its_class():
    vocabulary, reference = class_vocabulary("x"), class_vocabulary("y")
    rng = np.random.default_rng(0)
    centre = np.repeat([[10.0, 20.0], [-10.0, -20.0]], MIN_CLASS, axis=0)
    table = (centre + rng.standard_normal(centre.shape) * [0.1, 2.0]).astype("f4")
    recipe = Provenance(
        np.full(vocabulary.size, Rule.LAST_RESORT, np.uint8),
        Ragged.from_lists([[]] * vocabulary.size),
        np.empty(0, np.float32),
    )
    classes = RowClasses.of(vocabulary, reference, preset_rows=len(table))

    drawn = build_table(table, recipe, classes, seed=3)

    np.testing.assert_allclose(drawn - centre, 0, atol=9)
    np.testing.assert_allclose((drawn - centre)[:MIN_CLASS].std(0), [0.1, 2], rtol=0.5)


def test_a_draw_is_like_rows_of_its_script():
    latin = [f"{a}{b}" for a in "abcdefgh" for b in "abcdefgh"]
    cyrillic = [f"{a}{b}" for a in "абвгдежз" for b in "абвгдежз"]
    reference = Vocabulary.from_tokens([*latin, *cyrillic, "##q", "αβ"])
    vocabulary = Vocabulary.from_tokens(["xyz", "щю", "γδ", "7", "##ю"])
    table = np.repeat(np.float32([[1.0], [-1.0], [0.0]]), [64, 64, 2], axis=0)
    classes = RowClasses.of(vocabulary, reference, preset_rows=len(table))
    recipe = Provenance(
        np.full(5, Rule.LAST_RESORT, np.uint8),
        Ragged.from_lists([[]] * 5),
        np.empty(0, np.float32),
    )

    drawn = build_table(table, recipe, classes, seed=0)

    assert drawn[:2, 0].tolist() == [1.0, -1.0]  # spread 0 in each script
    # Too few Greek ones: like any word start; too few continuations: like any row.
    assert len(classes.members(int(classes.widen(np.array([2]))[0]))) == 129
    assert len(classes.members(int(classes.widen(np.array([4]))[0]))) == 130
    assert not np.isin(drawn[2:, 0], [1.0, -1.0]).any()


def test_a_row_without_a_token_is_like_any_row():
    vocabulary = class_vocabulary("x")

    classes = RowClasses.of(vocabulary, vocabulary, preset_rows=64, rows=70)

    assert classes.new[64:].tolist() == [-1] * 6
    assert len(classes.members(int(classes.widen(np.array([69]))[0]))) == 64
    assert len(classes.members(int(classes.widen(np.array([0]))[0]))) == MIN_CLASS


def test_few_rows_make_no_class():
    vocabulary = Vocabulary.from_tokens(["a", "##b"])
    reference = Vocabulary.from_tokens(["c", "##d"])
    classes = RowClasses.of(vocabulary, reference, preset_rows=2)
    recipe = Provenance(
        np.full(2, Rule.LAST_RESORT, np.uint8),
        Ragged.from_lists([[], []]),
        np.empty(0, np.float32),
    )
    table = np.array([[0.0, 1.0], [2.0, 1.0]], np.float32)

    drawn = build_table(table, recipe, classes, seed=0)

    assert (drawn[:, 0] != 0).all()
    assert (drawn[:, 1] == 1).all()


def test_where_a_spaceless_token_stands(alignment, bert):
    classes = RowClasses.of(
        alignment.tokenizer.vocabulary, bert.vocabulary, preset_rows=20
    )

    ing, inside = alignment.tokenizer.vocabulary.id("ing"), bert.vocabulary.id("##ing")
    assert classes.new[ing] == classes.preset[inside]
    mark, plain = alignment.tokenizer.vocabulary.id("!"), bert.vocabulary.id("!")
    assert classes.new[mark] == classes.preset[plain]
    assert (classes.preset[15:] == -1).all()  # rows without a token
    assert classes.preset[bert.vocabulary.id("##!")] == -1

    back = RowClasses.of(bert.vocabulary, alignment.tokenizer.vocabulary, preset_rows=8)
    assert back.new[inside] == back.preset[ing]


def test_a_vocabulary_without_live_rows_uses_all():
    vocabulary = Vocabulary.from_tokens(["[unused0]", "[unused1]"])

    assert RowClasses.of(vocabulary, vocabulary, preset_rows=2).preset.tolist() == [
        0,
        0,
    ]


def test_calibrated_rows_have_the_norm_of_copied_ones(alignment, table):
    made = plan(alignment, table, calibrate=True)

    built, plain = made.build(table), plan(alignment, table).build(table)

    norms = np.linalg.norm(built, axis=1)
    target = np.median(norms[made.recipe.copied])
    np.testing.assert_allclose(norms[[2, 5]], target, rtol=1e-5)
    np.testing.assert_allclose(
        built[5] / norms[5], plain[5] / np.linalg.norm(plain[5]), rtol=1e-5
    )
    np.testing.assert_array_equal(built[made.recipe.copied], plain[made.recipe.copied])
    np.testing.assert_array_equal(made.build(table, kind="head")[5], plain[5])


def test_a_head_is_weighed_apart(alignment, table):
    made = plan(alignment, table, weights="uniform", head_weights="first")

    np.testing.assert_allclose(made.build(table)[5], (table[6] + table[10]) / 2)
    np.testing.assert_array_equal(made.build(table, kind="head")[5], table[6])
    assert made.recipe_of("head")[5].rows == (6,)


def test_a_function_makes_what_is_left(alignment, table):
    asked = []

    def make(ids, rows):
        asked.append(ids.tolist())
        return np.full((len(ids), rows.shape[1]), 7.0)

    made = plan(alignment, table, init=["compose", make])
    built = made.build(table)

    assert asked == [[7]]
    assert made.recipe[7] == (Rule.GIVEN, (), ())
    np.testing.assert_array_equal(built[7], 7)
    np.testing.assert_array_equal(built[5], plan(alignment, table).build(table)[5])


@pytest.mark.parametrize(
    ("value", "received"),
    [
        (np.ones((1, 3)), "shape (1, 3)"),
        (np.full((1, 4), np.nan), "shape (1, 4) with values that are not finite"),
    ],
)
def test_a_function_that_gives_something_else(alignment, table, value, received):
    made = plan(alignment, table, init=["compose", lambda *_: value])

    with pytest.raises(ValueError, match="finite row") as error:
        made.build(table)
    assert str(error.value) == (
        "The function given as `init` must return one finite row for each id. "
        f"Received: {received} for ids of shape (1,) and a table of width 4. Return "
        "`(len(ids), table.shape[1])`."
    )
