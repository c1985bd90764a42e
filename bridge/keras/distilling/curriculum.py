"""`Curriculum`: lessons of texts, and of words that the tokenizer cuts."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from bridge.keras.distilling.cut_words import make_word_texts
from bridge.keras.distilling.lessons import Lesson, Lessons
from bridge.tokenizers.texts import check_texts


@dataclass(frozen=True, slots=True, eq=False)
class Curriculum:
    """Chooses what trains and what is held out.

    Attributes:
        lessons: Makes lessons of texts.
        words: Words, and how often each should be met; none for texts alone.
        seed: Of the order of the words.
    """

    lessons: Lessons
    words: Mapping[str, float]
    seed: int

    def stream(self, texts: Iterable[str]) -> Iterator[Lesson]:
        """Yield lessons of texts for ever, and every second one of words, if any."""
        stream = self.lessons.stream(texts)
        if not self.words:
            return stream
        other = self.lessons.stream(make_word_texts(self.words, seed=self.seed))
        return chain.from_iterable(zip(stream, other, strict=True))

    def held_out(self, texts: Iterable[str]) -> list[Lesson]:
        """Return lessons of texts, and of as many lists of words, if any."""
        # A list of its own, since a generator is read once and has no length.
        texts = check_texts(texts)
        held_out = self.lessons.held_out(texts)
        if not self.words:
            return held_out
        # The words are those of training, since these are all there are, in another
        # order: a body first gets worse on sentences while it learns words.
        lists = make_word_texts(self.words, seed=self.seed + 1)[: len(texts)]
        return held_out + self.lessons.held_out(lists)
