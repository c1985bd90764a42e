"""`Trainer`: the rows that are trained, and how one batch trains them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import keras
import numpy as np
from numpy.typing import NDArray

from bridge.keras.distilling.body import Body
from bridge.keras.distilling.body_adam import BodyAdam
from bridge.keras.distilling.gradient import Differentiated, value_and_gradient
from bridge.keras.distilling.lessons import Lesson
from bridge.keras.distilling.limits import RowLimits
from bridge.keras.distilling.readings import Reading
from bridge.keras.distilling.row_adam import RowAdam, sum_by_row
from bridge.keras.distilling.teacher import Teacher
from bridge.keras.distilling.views import compare_scores, compare_views, view_states


class Agreement(NamedTuple):
    """How near the transplanted model is to the original one on some texts.

    Attributes:
        loss: What training lowers.
        cosine: Mean cosine of the vectors of whole texts, means of the last states.
    """

    loss: float
    cosine: float


@dataclass(frozen=True, slots=True, eq=False)
class Trainer:
    """Trains rows of a token embedding, and weights of the body where asked.

    Attributes:
        body: Of the transplanted model.
        teacher: Of the model that it came from.
        adam: The rows and the state of their optimizer.
        body_adam: The same of the body's weights that train.
        limits: Which rows train, and how far they may go.
        text_weight: Weight of whole texts in the loss.
        heads: Rows of output heads, `(tokens, dim)`, by which the scores of causal
            models are compared; none for other models.
        differentiate: The compiled loss of a batch, with its derivative.
    """

    body: Body
    teacher: Teacher
    adam: RowAdam
    body_adam: BodyAdam
    limits: RowLimits
    text_weight: float
    heads: tuple[NDArray[np.float32], ...]
    differentiate: Differentiated

    @classmethod
    def of(
        cls,
        body: Body,
        teacher: Teacher,
        limits: RowLimits,
        *,
        text_weight: float,
        heads: tuple[NDArray[np.float32], ...] = (),
        weights: Sequence[Any] = (),
    ) -> Self:
        """Compile the loss.

        Args:
            body: As the attribute.
            teacher: As the attribute.
            limits: As the attribute.
            text_weight: As the attribute.
            heads: As the attribute.
            weights: Variables of the body that train too.

        Returns:
            The trainer, before its first step.
        """

        def loss_of(embedded: Any, rest: Any) -> tuple[Any, Any]:  # noqa: ANN401
            others, weights, target, used, scored = rest
            views = view_states(body(embedded, others), weights)
            loss, cosine = compare_views(views, target, used, text_weight=text_weight)
            for rows in scored:
                loss = loss + compare_scores(views[-1], target[-1], used, rows)
            return loss, cosine

        adam = RowAdam.of(limits.start.copy())
        compiled = value_and_gradient(loss_of, body.model, weights)
        body_adam = BodyAdam.of(weights)
        return cls(body, teacher, adam, body_adam, limits, text_weight, heads, compiled)

    def step(self, lesson: Lesson, *, rate: float, body_rate: float = 0.0) -> float:
        """Train the rows of one batch, and the body where asked.

        Args:
            lesson: The batch.
            rate: Learning rate of its rows.
            body_rate: Learning rate of the body.

        Returns:
            The loss before.
        """
        reading = lesson.transplanted
        loss, _, gradient, others = self.differentiate(
            self.adam.rows[reading.ids], self.rest(lesson, reading)
        )
        trained = reading.mask & self.limits.free[reading.ids]
        if trained.any():
            ids, gradients = sum_by_row(
                reading.ids[trained], np.asarray(gradient, np.float32)[trained]
            )
            self.adam.step(ids, gradients, rate=rate)
            self.limits.clip(ids, self.adam.rows)
        self.body_adam.step(others, rate=body_rate)
        return float(loss)

    def rest(self, lesson: Lesson, reading: Reading) -> tuple[Any, ...]:
        """Return what the loss of a batch needs beside its embedded tokens.

        Args:
            lesson: The batch.
            reading: The same as the transplanted model reads it.

        Returns:
            Arrays, in the order in which the loss takes them.
        """
        return (
            self.body.inputs(reading.mask),
            reading.views,
            self.teacher.target(lesson),
            lesson.used,
            self.heads,
        )

    def evaluate(self, lessons: Sequence[Lesson]) -> Agreement:
        """Measure on texts that do not train.

        Args:
            lessons: Batches.

        Returns:
            The mean over the batches, each by its texts.
        """
        found = [[float(each) for each in self._compare(lesson)] for lesson in lessons]
        texts = [len(lesson) for lesson in lessons]
        loss, cosine = np.average(found, axis=0, weights=texts)
        return Agreement(float(loss), float(cosine))

    def _compare(self, lesson: Lesson) -> tuple[Any, Any]:
        arrays = (
            self.body.views(self.adam.rows, lesson.transplanted),
            self.teacher.target(lesson),
            lesson.used,
        )
        # Tensors: torch's do not mix with arrays.
        tensors = map(keras.ops.convert_to_tensor, arrays)
        return compare_views(*tensors, text_weight=self.text_weight)
