import numpy as np
import pytest

from bridge.embedding.check import check_table, row_hashes
from bridge.embedding.plan import plan_rows
from bridge.embedding.specials import extend_vocabulary
from bridge.errors import BackboneError

REMEDY = (
    " If the model was trained since, transplant with `trainable='new'` to keep copied "
    "rows; otherwise look at their `result.provenance[id]`."
)


@pytest.fixture
def made(alignment, table):
    vocabulary = extend_vocabulary(alignment.tokenizer.vocabulary, alignment.spec)
    plan = plan_rows(alignment, vocabulary, preset_rows=len(table))
    return plan.recipe, plan.build(table)


def test_a_good_table(table, made):
    recipe, built = made

    found = check_table("table", table, built, recipe)

    assert (found.rows, found.copied) == (13, 10)
    assert found.repeated == 2  # `Play` is `play`; `<|endoftext|>` is `[SEP]`
    norms = np.linalg.norm(built, axis=1)[recipe.copied]
    np.testing.assert_allclose(found.band, (norms.min(), norms.max()), rtol=1e-6)
    assert found.outliers == ()


def test_a_norm_outside_the_band_is_listed(table, made):
    recipe, built = made
    built[5] *= 100

    assert check_table("table", table, built, recipe).outliers == (5,)


@pytest.mark.parametrize(
    ("row", "value", "message"),
    [
        (1, 7.0, "equals the row it was copied from. Received: 1 that do not"),
        (5, np.nan, "is finite. Received: 1 that do not"),
        (5, 0.0, "differs from zero. Received: 1 that do not"),
    ],
)
def test_a_bad_row(table, made, row, value, message):
    recipe, built = made
    built[row] = value

    with pytest.raises(BackboneError, match="transplanted row") as error:
        check_table("E", table, built, recipe)
    assert str(error.value) == (
        f"A transplanted row of E {message}, such as ids {row}.{REMEDY}"
    )


def test_another_tokens_row(table, made):
    recipe, built = made
    built[7] = built[1]

    with pytest.raises(BackboneError, match="other things") as error:
        check_table("E", table, built, recipe)
    assert str(error.value) == (
        "A transplanted row of E differs from rows made of other things. Received: 1 "
        f"that do not, such as ids 7.{REMEDY}"
    )


def test_a_zero_row_of_the_preset_may_be_copied(alignment, table):
    table[0] = 0  # a padding row, as Hugging Face keeps it
    vocabulary = extend_vocabulary(alignment.tokenizer.vocabulary, alignment.spec)
    plan = plan_rows(alignment, vocabulary, preset_rows=len(table))

    found = check_table("E", table, plan.build(table), plan.recipe)

    assert found.band[0] == 0


def test_equal_rows_of_the_preset_are_one_ingredient(alignment, table):
    table[[6, 9]] = table[12]
    vocabulary = extend_vocabulary(alignment.tokenizer.vocabulary, alignment.spec)
    plan = plan_rows(alignment, vocabulary, preset_rows=len(table))

    assert check_table("E", table, plan.build(table), plan.recipe).repeated == 4


def test_a_bias_may_be_zero_and_repeat(alignment, table):
    bias = np.zeros((len(table), 1), np.float32)
    vocabulary = extend_vocabulary(alignment.tokenizer.vocabulary, alignment.spec)
    plan = plan_rows(alignment, vocabulary, preset_rows=len(table))

    built = plan.build(bias, kind="head")

    assert check_table("b", bias, built, plan.recipe, kind="head").outliers == ()


@pytest.mark.parametrize("init", ["random", "mean"])
@pytest.mark.parametrize("kind", ["input", "head"])
def test_rows_made_for_comparison_pass(alignment, table, init, kind):
    vocabulary = extend_vocabulary(alignment.tokenizer.vocabulary, alignment.spec)
    plan = plan_rows(alignment, vocabulary, preset_rows=len(table), init=init)

    check_table("E", table, plan.build(table, kind=kind), plan.recipe, kind=kind)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_hashes_tell_rows_apart(dtype):
    table = np.arange(6_000, dtype=dtype).reshape(3_000, 2)
    hashes = row_hashes(table)

    assert len(set(hashes.tolist())) == len(np.unique(table, axis=0))
    assert row_hashes(table[:, ::-1])[5] != hashes[5]
    np.testing.assert_array_equal(row_hashes(table), hashes)
