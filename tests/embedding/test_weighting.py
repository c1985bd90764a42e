import numpy as np
import pytest

from bridge.embedding.weighting import check_weights, weigh_pieces
from bridge.ragged import Ragged

LENGTHS = np.array([1.0, 2.0, 5.0, 5.0])


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ("char_length", [1 / 8, 2 / 8, 5 / 8, 0.5, 0.5]),
        ("uniform", [1 / 3, 1 / 3, 1 / 3, 0.5, 0.5]),
        ("first", [1, 0, 0, 1, 0]),
        ("longest", [0, 0, 1, 1, 0]),  # the first of two that are equally long
    ],
)
def test_weights(weights, expected):
    pieces = Ragged.from_lists([[0, 1, 2], [], [3, 2]])

    found = weigh_pieces(pieces, LENGTHS, weights=weights)

    np.testing.assert_allclose(found, expected)


def test_unknown_weights():
    with pytest.raises(ValueError, match="must be one of") as error:
        check_weights("head_weights", "last")
    assert str(error.value) == (
        "`head_weights` must be one of 'char_length', 'uniform', 'first', 'longest'. "
        "Received: 'last'."
    )
