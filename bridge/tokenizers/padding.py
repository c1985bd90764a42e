"""`Padding`: rows that an engine pads itself."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.spec import Template

Cells = NDArray[np.signedinteger]


@dataclass(frozen=True, slots=True)
class Padding:
    """How rows look; they are cut and padded on the right.

    Attributes:
        template: Special tokens around each text, by id.
        sequence_length: Columns.
        pad_id: Id written into unused cells.
        dtype: Of the ids, `np.int32` or `np.int64`.
    """

    template: Template
    sequence_length: int
    pad_id: int
    dtype: type[np.signedinteger] = np.int32

    @property
    def room(self) -> int:
        """Columns that special tokens leave to a text."""
        template = self.template
        return self.sequence_length - len(template.start) - len(template.end)
