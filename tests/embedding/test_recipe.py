from dataclasses import replace

import numpy as np
import pytest

from bridge.alignment import MatchKind
from bridge.embedding import Rule
from bridge.embedding.plan import plan_rows
from bridge.embedding.provenance import Origin
from bridge.embedding.recipe import make_recipe
from bridge.embedding.specials import extend_vocabulary
from bridge.errors import BackboneError, VocabularyError
from bridge.ragged import Ragged
from bridge.vocabulary import Vocabulary

SHARE = 0.25


def recipe(alignment, **options):
    size = alignment.tokenizer.vocabulary.size
    return make_recipe(alignment, np.full(size, SHARE, np.float32), **options)


def rounded(origin):
    return origin.rule, origin.rows, tuple(round(w, 5) for w in origin.weights)


def test_each_rule(alignment):
    made = recipe(alignment, appended=[2, None])

    assert [rounded(origin) for origin in made] == [
        (Rule.ROLE, (3,), (1.0,)),  # ends a text: [SEP]
        (Rule.COPY, (6,), (1.0,)),  # play
        (Rule.MIXTURE, (8, 7), (SHARE, 1 - SHARE)),  # ing and ##ing
        (Rule.COPY, (9,), (1.0,)),  # horn
        (Rule.COPY, (12,), (1.0,)),  # ! is cut off everywhere
        (Rule.COMPOSED, (6, 10), (round(4 / 6, 5), round(2 / 6, 5))),  # play ##ed
        (Rule.NORMALIZED, (6,), (1.0,)),  # Play
        (Rule.LAST_RESORT, (), ()),  # é
        (Rule.ROLE, (2,), (1.0,)),
        (Rule.LAST_RESORT, (), ()),
    ]
    assert made.copied.tolist() == [
        True,
        True,
        False,
        True,
        True,
        False,
        True,
        *(False, True, False),
    ]
    assert sum(made.counts().values()) == len(made) == 10
    assert made.weights.dtype == np.float32


def fate(alignment, kind, start, inside):
    """Return an alignment whose token 2 has another fate."""
    kinds = alignment.kinds.copy()
    kinds[2] = kind
    pieces, continuation = (
        alignment.pieces.to_lists(),
        alignment.continuation_pieces.to_lists(),
    )
    pieces[2], continuation[2] = start, inside
    return replace(
        alignment,
        kinds=kinds,
        pieces=Ragged.from_lists(pieces),
        continuation_pieces=Ragged.from_lists(continuation),
    )


@pytest.mark.parametrize(
    ("kind", "start", "inside", "expected"),
    [
        (MatchKind.UNUSED, [5], [5], Origin(Rule.COPY, (5,), (1.0,))),
        (MatchKind.UNUSED, [], [], Origin(Rule.LAST_RESORT, (), ())),
        (MatchKind.OVERRIDE, [6], [6], Origin(Rule.OVERRIDE, (6,), (1.0,))),
        (MatchKind.OVERRIDE, [6, 7], [6, 7], Origin(Rule.OVERRIDE, (6, 7), (0.5, 0.5))),
        (MatchKind.BOUNDARY, [7], [7], Origin(Rule.COMPOSED, (7,), (1.0,))),
        (MatchKind.EXACT, [8], [8], Origin(Rule.COPY, (8,), (1.0,))),
        (MatchKind.COMPOSED, [8], [], Origin(Rule.MIXTURE, (8,), (1.0,))),
        (MatchKind.NORMALIZED, [8], [7], Origin(Rule.MIXTURE, (8, 7), (0.25, 0.75))),
        (
            MatchKind.COMPOSED,
            [6, 9],
            [7],
            Origin(Rule.MIXTURE, (6, 9, 7), (0.125, 0.125, 0.75)),
        ),
        (MatchKind.UNMAPPED, [], [], Origin(Rule.LAST_RESORT, (), ())),
    ],
)
def test_every_kind_of_match(alignment, kind, start, inside, expected):
    assert recipe(fate(alignment, kind, start, inside))[2] == expected


def test_a_boundary_match_is_no_copy(alignment):
    made = recipe(fate(alignment, MatchKind.BOUNDARY, [7], [7]))

    assert not made.copied[2]


def test_random_draws_all_but_special_tokens(alignment):
    made = recipe(alignment, steps=("random",), appended=[2])

    assert made.counts() == {
        **dict.fromkeys(Rule.__members__, 0),
        "ROLE": 2,
        "LAST_RESORT": 7,
    }


def test_mean_for_what_is_no_copy(alignment):
    made = recipe(alignment, steps=("mean",))

    assert made.rules[[2, 5, 7]].tolist() == [Rule.MEAN] * 3
    assert made.copied.sum() == 5


def test_copies_alone(alignment):
    made = recipe(alignment, steps=())

    assert made.rules[[1, 2, 5, 6]].tolist() == [
        *(Rule.COPY, Rule.LAST_RESORT, Rule.LAST_RESORT, Rule.NORMALIZED)
    ]


@pytest.mark.parametrize(
    ("weights", "rows", "amounts"),
    [
        ("char_length", (6, 10), (0.66667, 0.33333)),
        ("uniform", (6, 10), (0.5, 0.5)),
        ("first", (6,), (1.0,)),
        ("longest", (6,), (1.0,)),
    ],
)
def test_weights_of_pieces(alignment, weights, rows, amounts):
    made = recipe(alignment, weights=weights)

    assert rounded(made[5]) == (Rule.COMPOSED, rows, amounts)
    assert not made.copied[5]  # one piece of two is no copy
    assert rounded(made[2]) == (Rule.MIXTURE, (8, 7), (SHARE, 1 - SHARE))


def test_to_dict_has_a_row_for_every_id(alignment):
    columns = recipe(alignment).to_dict()

    assert columns["id"] == list(range(8))
    assert columns["rule"][2] == "MIXTURE"
    assert columns["rows"][2] == [8, 7]
    assert columns["weights"][2] == [0.25, 0.75]


def test_repr_shows_counts(alignment):
    assert repr(recipe(alignment)) == (
        "Provenance(8 rows: COPY=3, ROLE=1, NORMALIZED=1, COMPOSED=1, MIXTURE=1, "
        "LAST_RESORT=1)"
    )


def test_a_smaller_model_is_refused(alignment, bert_spec):
    vocabulary = extend_vocabulary(alignment.tokenizer.vocabulary, bert_spec)

    with pytest.raises(BackboneError, match="aligned with") as error:
        plan_rows(alignment, vocabulary, preset_rows=10)
    assert str(error.value) == (
        "The model must be the one the tokenizer was aligned with. Received: a token "
        "embedding of 10 rows for an alignment with a vocabulary of 15. Align with "
        "this model's preset: `bridge.align(tokenizer, preset)`."
    )


def test_a_vocabulary_of_another_tokenizer_is_refused(alignment):
    other = Vocabulary.from_tokens(["a", "b"])

    with pytest.raises(VocabularyError, match="rows must be for") as error:
        plan_rows(alignment, other, preset_rows=15)
    assert str(error.value) == (
        "The rows must be for the tokenizer of the alignment. Received: a vocabulary "
        "of size 2 for an alignment of size 8 that gives ids another meaning. Align "
        "that tokenizer: `bridge.align(tokenizer, preset)`."
    )
