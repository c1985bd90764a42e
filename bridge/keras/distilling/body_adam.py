"""`BodyAdam`: weights of a body that train beside the rows, and their optimizer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import keras
import numpy as np
from numpy.typing import NDArray

from bridge.keras.distilling.gradient import compiled


@dataclass(frozen=True, slots=True, eq=False)
class BodyAdam:
    """Weights that Adam moves, in place; none of them for a body that stays.

    Attributes:
        variables: The weights, variables of Keras.
        optimizer: Their optimizer.
        move: Moves them against their gradients, by the optimizer's rate.
    """

    variables: tuple[Any, ...]
    optimizer: Any
    move: Callable[[Sequence[Any]], None]

    @classmethod
    def of(cls, variables: Sequence[Any]) -> Self:
        """Start from the weights as they are."""
        optimizer = keras.optimizers.Adam()
        optimizer.build(variables)

        def move(gradients: Sequence[Any]) -> None:
            optimizer.apply(gradients, variables)

        return cls(tuple(variables), optimizer, compiled(move))

    @property
    def size(self) -> int:
        """How many numbers train."""
        return sum(int(np.prod(variable.shape)) for variable in self.variables)

    def step(self, gradients: Sequence[Any], *, rate: float) -> None:
        """Move the weights against their gradients.

        Args:
            gradients: One a variable.
            rate: How far.
        """
        if self.variables:
            self.optimizer.learning_rate = rate
            self.move(gradients)

    def read(self) -> list[NDArray[Any]]:
        """Return copies of the weights."""
        return _read(self.variables)

    def write(self, weights: Sequence[NDArray[Any]]) -> None:
        """Set the weights."""
        _write(self.variables, weights)

    def read_state(self) -> list[NDArray[Any]]:
        """Return copies of what the optimizer remembers."""
        return _read(self.optimizer.variables if self.variables else ())

    def write_state(self, state: Sequence[NDArray[Any]]) -> None:
        """Set what the optimizer remembers."""
        _write(self.optimizer.variables if self.variables else (), state)


def _read(variables: Sequence[Any]) -> list[NDArray[Any]]:
    # Copies: JAX and TensorFlow may show their own memory.
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def _write(variables: Sequence[Any], values: Sequence[NDArray[Any]]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
