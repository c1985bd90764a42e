"""`WordHash`: one number for a word of token ids, for many words at once."""

import numpy as np
from numpy.typing import NDArray

from bridge.alignment.word_table import HashArray
from bridge.ragged import IdArray, OffsetArray

# Odd, so that it has an inverse modulo 2 ** 64; otherwise arbitrary bits.
_BASE = 0x9E3779B97F4A7C15


class WordHash:
    """Polynomial hash modulo 2 ** 64 over a random number for every id.

    Two different words of up to a few hundred ids share a hash with a probability of
    about 2 ** -60. The numbers are drawn anew in every process, so nobody can prepare
    two that do.

    Args:
        size: Ids of the vocabulary.
    """

    def __init__(self, size: int) -> None:
        random = np.random.default_rng()  # hashes never leave the process
        self._of_id: HashArray = random.integers(0, 1 << 64, size, np.uint64)
        self._of_first: HashArray = random.integers(0, 1 << 64, 1, np.uint64)
        self._powers = self._inverses = np.ones(1, np.uint64)

    def of_words(
        self, ids: IdArray, begins: OffsetArray, is_first: NDArray[np.bool_]
    ) -> HashArray:
        """Hash words.

        Args:
            ids: Ids of all words, `(total,)` int32.
            begins: Where each word begins, `(words,)` int64, rising from 0.
            is_first: Whether nothing stands in front of a word, `(words,)` bool.

        Returns:
            `(words,)` uint64.
        """
        powers, inverses = self._upto(len(ids))
        terms = self._of_id.take(ids)
        terms *= powers[: len(ids)]
        sums = np.zeros(len(ids) + 1, np.uint64)
        np.cumsum(terms, out=sums[1:])
        ends = np.append(begins[1:], len(ids))
        hashes = sums.take(ends)
        hashes -= sums.take(begins)
        hashes *= inverses.take(begins)
        hashes += self._of_first * is_first
        return hashes

    def _upto(self, length: int) -> tuple[HashArray, HashArray]:
        """Return powers of the base and of its inverse, `length` or more of each."""
        powers, inverses = self._powers, self._inverses
        if len(powers) < length:
            # Rounded up, since batches differ by a little.
            room = 1 << (length - 1).bit_length()
            powers = _powers(_BASE, room)
            inverses = _powers(pow(_BASE, -1, 1 << 64), room)
            self._powers, self._inverses = powers, inverses
        return powers, inverses


def _powers(base: int, count: int) -> HashArray:
    factors = np.full(count, base, np.uint64)
    factors[0] = 1
    return np.multiply.accumulate(factors)
