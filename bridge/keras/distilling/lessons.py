"""`Lessons`: texts as batches that two models read, each in its own tokens."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from bridge.batches.batching import Batching
from bridge.errors import TextInputError
from bridge.keras.distilling.readings import Reader, Reading, segment_cells
from bridge.keras.distilling.segments import Side, share_segments
from bridge.places import room_for
from bridge.tokenizers.texts import check_texts

# Texts that are encoded at a time.
CHUNK = 2_048

# Widths are multiples of this: a compiled model is traced once for each.
_STEP = 8


@dataclass(slots=True, eq=False)
class Lesson:
    """A batch of texts.

    Attributes:
        readers: How the original model reads, and how the transplanted one does.
        sides: The texts as each reads them.
        width: Columns of both readings.
        target: What the views should be, once that is known: `(layers, batch_size,
            1 + width, dim)`.
    """

    readers: tuple[Reader, Reader]
    sides: tuple[Side, Side]
    width: int
    target: NDArray[np.float16] | None = None

    @property
    def original(self) -> Reading:
        """The batch as the original model reads it."""
        return self.readers[0].read(self.sides[0], self.width)

    @property
    def transplanted(self) -> Reading:
        """The batch as the transplanted model reads it."""
        return self.readers[1].read(self.sides[1], self.width)

    @property
    def used(self) -> NDArray[np.float32]:
        """Which views both have, `(batch_size, 1 + width)`, 1 or 0."""
        first = 1 + self.readers[0].specials
        used = np.zeros((2, len(self), 1 + self.width), bool)
        used[:, :, :first] = True
        for present, side in zip(used, self.sides, strict=True):
            row, segment, _ = segment_cells(side.segments, 0)
            present[row, first + segment] = True
        return np.asarray(used.all(axis=0), np.float32)

    def __len__(self) -> int:
        """Number of texts."""
        return len(self.sides[0].ids)


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """Makes lessons of texts.

    Attributes:
        readers: How the original model reads, and how the transplanted one does.
        batching: How texts are put into batches.
        sequence_length: Most tokens of a text in either, special ones included.
    """

    readers: tuple[Reader, Reader]
    batching: Batching
    sequence_length: int

    def stream(self, texts: Iterable[str]) -> Iterator[Lesson]:
        """Yield lessons for ever, in another order in every pass.

        Texts are read as they are needed. What was read is kept as ids, so that a
        source that can be read only once serves too.

        Args:
            texts: Texts.

        Yields:
            Lessons, the same objects in every pass.

        Raises:
            TextInputError: If no text holds a token that fits, or one is no `str`.
        """
        # One text would be read as its characters.
        is_one = isinstance(texts, str | bytes) or not isinstance(texts, Iterable)
        source = iter(check_texts(texts) if is_one else texts)
        lessons: list[Lesson] = []
        number = 0
        while chunk := list(islice(source, CHUNK)):
            made = self.make(chunk, number=number)
            yield from made
            lessons += made
            number += 1
        self._refuse_none(lessons)
        for turn in range(1, 2**31):
            draw = np.random.default_rng((self.batching.seed, turn))
            for place in draw.permutation(len(lessons)):
                yield lessons[place]

    def held_out(self, texts: Sequence[str]) -> list[Lesson]:
        """Make the lessons of texts that do not train.

        Args:
            texts: Texts.

        Returns:
            Their lessons.

        Raises:
            TextInputError: As `stream`.
        """
        lessons = self.make(check_texts(texts))
        self._refuse_none(lessons)
        return lessons

    def make(self, texts: Sequence[str], *, number: int = 0) -> list[Lesson]:
        """Make the lessons of some texts.

        Args:
            texts: Texts.
            number: Which part of all texts they are: each is shuffled in its own way.

        Returns:
            The lessons; texts in which one of both has no token are left out.
        """
        original, transplanted = self.readers
        specials = original.specials
        sides = share_segments(
            texts,
            original.tokenizer.encode_offsets(texts),
            transplanted.tokenizer.encode_offsets(texts),
            room=room_for(
                original.template, sequence_length=self.sequence_length, paired=False
            ),
        )
        counts = [side.ids.lengths for side in sides]
        rows = np.flatnonzero(np.minimum(*counts))
        lengths = np.maximum(*counts)
        widths = -(-(lengths[rows] + specials) // _STEP) * _STEP
        plan = self.batching.plan(widths, self.sequence_length, (number,))
        return [self._lesson(sides, rows[batch.rows], batch.width) for batch in plan]

    def _lesson(
        self, sides: tuple[Side, Side], rows: NDArray[np.int64], width: int
    ) -> Lesson:
        first, second = (side.take(rows) for side in sides)
        return Lesson(self.readers, (first, second), width)

    def _refuse_none(self, lessons: Sequence[Lesson]) -> None:
        if not lessons:
            raise TextInputError(
                "Distillation needs texts. Received: none in which a token fits beside "
                f"the special ones into {self.sequence_length} ids. Pass texts, or a "
                "larger `sequence_length`."
            )
