"""What trains and what is held out: texts, and words that the tokenizer cuts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from bridge.keras.distilling.cut_words import make_word_texts
from bridge.keras.distilling.lessons import Lesson, Lessons


def stream_lessons(
    lessons: Lessons, texts: Iterable[str], words: Mapping[str, float], *, seed: int
) -> Iterator[Lesson]:
    """Yield lessons of the texts for ever, and every second one of words, if any.

    Args:
        lessons: Makes them.
        texts: Texts.
        words: Words, and how often each should be met; none for texts alone.
        seed: Of the order of the words.

    Returns:
        The lessons.

    Raises:
        TextInputError: As `Lessons.stream`.
    """
    stream = lessons.stream(texts)
    if not words:
        return stream
    other = lessons.stream(make_word_texts(words, seed=seed))
    return chain.from_iterable(zip(stream, other, strict=True))


def hold_out(
    lessons: Lessons, texts: Sequence[str], words: Mapping[str, float], *, seed: int
) -> list[Lesson]:
    """Return lessons of the texts, and of as many lists of words, if any.

    Args:
        lessons: Makes them.
        texts: Texts.
        words: As `stream_lessons` takes them.
        seed: The same that training has.

    Returns:
        The lessons.

    Raises:
        TextInputError: As `Lessons.held_out`.
    """
    held_out = lessons.held_out(texts)
    if not words:
        return held_out
    # The words are those of training, since these are all there are, in another order:
    # a body first gets worse on sentences while it learns words.
    lists = make_word_texts(words, seed=seed + 1)[: len(texts)]
    return held_out + lessons.held_out(lists)
