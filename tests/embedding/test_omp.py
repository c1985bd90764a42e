"""Matching pursuit, against a slow one that forms every residual."""

import numpy as np
import pytest

from bridge.embedding import MatchingPursuit, Rule
from bridge.embedding.donor import read_donor
from bridge.embedding.last_resort import RowClasses
from bridge.embedding.methods import Request
from bridge.embedding.omp import pursue
from bridge.embedding.plan import plan_rows
from bridge.embedding.provenance import Provenance
from bridge.embedding.rows import build_table
from bridge.embedding.specials import extend_vocabulary
from bridge.errors import BackboneError
from bridge.ragged import Ragged


def slow_pursuit(target, anchors, k, ridge):
    norms = np.linalg.norm(anchors, axis=1)
    directions = anchors / norms[:, None]
    chosen, residual = [], target
    for _ in range(k):
        scores = np.abs(directions @ residual)
        scores[chosen] = -1
        chosen.append(int(scores.argmax()))
        part = directions[chosen]
        inner = part @ part.T + ridge * np.eye(len(chosen))
        amounts = np.linalg.solve(inner, part @ target)
        residual = target - amounts @ part
    return chosen, amounts / norms[chosen]


@pytest.mark.parametrize("ridge", [0.0, 1e-3])
def test_fast_equals_slow(ridge):
    rng = np.random.default_rng(0)
    anchors, targets = rng.standard_normal((40, 12)), rng.standard_normal((70, 12))

    chosen, amounts = pursue(
        targets.astype(np.float32),
        anchors.astype(np.float32),
        k=5,
        ridge=ridge,
        candidates=40,
    )

    for place, target in enumerate(targets):
        slow, coefficients = slow_pursuit(target, anchors, 5, ridge)
        assert chosen[place].tolist() == slow
        np.testing.assert_allclose(amounts[place], coefficients, rtol=2e-3, atol=1e-4)


def test_a_combination_is_found_again():
    rng = np.random.default_rng(1)
    anchors = rng.standard_normal((50, 30)).astype(np.float32)
    target = (2 * anchors[[3]] - anchors[[7]]).astype(np.float32)

    chosen, amounts = pursue(target, anchors, k=2, ridge=0.0, candidates=10)

    assert dict(zip(chosen[0].tolist(), amounts[0].round(3).tolist(), strict=True)) == {
        3: 2.0,
        7: -1.0,
    }


def request(alignment, ids=(5, 7)):
    return Request(
        alignment,
        token_ids=np.array(ids),
        anchors=np.array([1, 3, 4]),
        anchor_rows=np.array([6, 9, 12]),
        texts=None,
        seed=0,
    )


@pytest.fixture
def donor():
    return np.random.default_rng(0).standard_normal((8, 5)).astype(np.float32)


def test_rows_are_rebuilt_around_the_mean_of_the_anchors(alignment, table, donor):
    # In the donor, token 7 is the mean of the anchors plus a step towards one of them.
    known = donor[[1, 3, 4]]
    donor[7] = known.mean(axis=0) + 0.5 * (known[0] - known.mean(axis=0))
    vocabulary = extend_vocabulary(alignment.tokenizer.vocabulary, alignment.spec)
    method = MatchingPursuit(donor, k=1, ridge=0.0)

    made = plan_rows(
        alignment, vocabulary, preset_rows=len(table), init=["compose", method]
    )

    assert made.recipe[7].rule == Rule.OMP
    assert made.recipe[7].rows == (6,)
    assert not made.recipe.copied[7]
    centre = table[[6, 9, 12]].mean(axis=0)
    row = centre + 0.5 * (table[6] - centre)
    np.testing.assert_allclose(made.build(table)[7], row, rtol=1e-4)


def test_the_centre_counts_for_these_rows_only():
    rules = np.array([Rule.OMP, Rule.COMPOSED], np.uint8)
    recipe = Provenance(
        rules,
        Ragged.from_lists([[0], [0]]),
        np.array([0.5, 0.5], np.float32),
        centre=np.array([1]),
    )
    table = np.array([[2.0], [10.0]], np.float32)
    classes = RowClasses(np.zeros(2, np.int64), np.zeros(2, np.int64))

    assert build_table(table, recipe, classes).tolist() == [[6.0], [1.0]]


def test_poisoned_and_empty_rows_of_a_donor_are_passed_over(alignment, donor):
    donor[[1, 3, 4, 5]] /= np.linalg.norm(donor[[1, 3, 4, 5]], axis=1, keepdims=True)
    donor[3] *= 1_000  # an anchor
    donor[7] = 0  # a target

    made = MatchingPursuit(donor, k=2).combine(request(alignment))

    assert made.rows.lengths.tolist() == [1, 0]
    assert made.centre.tolist() == [6, 12]


def test_too_few_anchors(alignment, donor):
    donor[[1, 3]] = np.nan

    made = MatchingPursuit(donor).combine(request(alignment))

    assert made.rows.lengths.tolist() == [0, 0]


def test_a_donor_of_another_model(alignment):
    with pytest.raises(BackboneError, match="donor") as error:
        MatchingPursuit(np.ones((3, 2))).combine(request(alignment))
    assert str(error.value) == (
        "A donor's table must have a row for every id of the tokenizer. Received: "
        "shape (3, 2) for 8 ids. Pass the embedding of the model that the tokenizer "
        "comes with."
    )


@pytest.mark.parametrize(
    ("options", "received"),
    [
        ({"k": 0}, "k=0, candidates=256, ridge=0.001"),
        ({"k": 9, "candidates": 8}, "k=9, candidates=8, ridge=0.001"),
        ({"ridge": -1.0}, "k=32, candidates=256, ridge=-1.0"),
    ],
)
def test_options(options, received):
    with pytest.raises(ValueError, match="pursuit") as error:
        MatchingPursuit(np.ones((2, 2)), **options)
    assert str(error.value) == (
        "Matching pursuit needs `k` of at least 1, no more than `candidates`, and a "
        f"`ridge` of at least 0. Received: {received}."
    )


def save(path, **tensors):
    numpy = pytest.importorskip("safetensors.numpy")
    numpy.save_file(tensors, path)
    return path


def test_a_donor_file(tmp_path, donor):
    path = save(
        tmp_path / "model.safetensors",
        **{"model.embed_tokens.weight": donor, "lm_head.weight": donor + 1},
    )

    np.testing.assert_array_equal(read_donor(path), donor)
    np.testing.assert_array_equal(read_donor(path, "lm_head.weight"), donor + 1)


def test_a_file_without_one_table(tmp_path, donor):
    path = save(tmp_path / "model.safetensors", a=donor, b=donor + 1)

    with pytest.raises(BackboneError, match="looks tokens up") as error:
        read_donor(path)
    assert str(error.value) == (
        "A donor's file holds one table that looks tokens up. Received: 0 that could "
        f"be it in {path}, which holds 'a', 'b'. Name it with `tensor=`."
    )


def test_a_file_that_is_none(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"no tensors")

    with pytest.raises(BackboneError, match="numpy can read") as error:
        read_donor(path)
    assert str(error.value).startswith(
        "A donor is a .safetensors file in which numpy can read the embedding. "
        f"Received: {path} ("
    )
    assert str(error.value).endswith(
        "). Save the table as float32 or float16, or pass it as an array."
    )
