"""`ReportSource`: what a report's per-token outputs are made from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.alignment import Alignment


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ReportSource:
    """What a report keeps beside its numbers; it is not part of them.

    Attributes:
        alignment: The alignment.
        counts: How often each id occurs in the texts, `(size,)` int64, or `None`.
    """

    alignment: Alignment
    counts: NDArray[np.int64] | None
