"""`Teacher`: the views of the model that is imitated."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.keras.distilling.body import Body
from bridge.keras.distilling.lessons import Lesson

# Views are kept for the next pass up to so many bytes, and made again beyond.
KEPT = 2**30


@dataclass(slots=True, eq=False)
class Teacher:
    """Makes targets, and keeps them with the lessons.

    Attributes:
        body: Of the model that is imitated.
        rows: Its token embedding, `(rows, dim)`.
        kept: Bytes of targets that lessons keep.
    """

    body: Body
    rows: NDArray[Any]
    kept: int = field(default=0, init=False)

    def target(self, lesson: Lesson) -> NDArray[np.float32]:
        """Return what a lesson's views should be.

        Args:
            lesson: The lesson.

        Returns:
            `(layers, batch_size, views, dim)`, rounded to half precision, so that it
            is the same whether it was kept or not.
        """
        target = lesson.target
        if target is None:
            target = self.body.views(self.rows, lesson.original).astype(np.float16)
            if self.kept + target.nbytes <= KEPT:
                self.kept += target.nbytes
                lesson.target = target
        return target.astype(np.float32)
