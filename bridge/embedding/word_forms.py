"""Words that texts do not hold, formed as those that they hold."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from bridge.embedding.word_tokens import tokens_of_words
from bridge.tokenizers.base import Tokenizer

# So many formed words are kept, the likeliest ones.
_MOST = 50_000

# Letters of a word that an ending is put to: shorter ones are often no words.
_SHORTEST = 3

# Words of the texts that must have an ending behind the same letter: fewer are chance.
_FEWEST = 10

# What every word counts beside its times in the texts, which lack many words.
_UNSEEN = 5


def form_words(
    reference: Tokenizer, words: Sequence[str], counts: Mapping[str, int]
) -> list[str]:
    """Put the endings of known words to other words.

    Endings are what the reference cuts off: `strum` and `##med`. How likely one is
    depends on the letter before it, and is its share of the words with that letter
    there, none cut off among them. A formed word is as likely as its ending and its
    beginning together.

    Args:
        reference: The tokenizer that cuts them.
        words: Words that endings may be put to, one token each.
        counts: Words of texts, with how often they come. Without any, no word is
            formed.

    Returns:
        Words that are neither among `words` nor in `counts`, the likeliest first: at
        most 50,000.
    """
    stems = [word for word in words if _takes_endings(word)]
    total = Counter[str]()
    for word, count in counts.items():
        total[word.lower()] += count
    endings = _shares_of_endings(reference, counts)
    formed: dict[str, float] = {}
    for stem in stems:
        weight = total[stem.lower()] + _UNSEEN
        for ending, share in endings.get(stem[-1], {}).items():
            word = stem + ending
            formed[word] = max(formed.get(word, 0.0), weight * share)
    known = {*words, *counts, *total}
    likeliest = sorted(formed.keys() - known, key=lambda word: (-formed[word], word))
    return likeliest[:_MOST]


def _shares_of_endings(
    reference: Tokenizer, words: Iterable[str]
) -> dict[str, dict[str, float]]:
    # Letter -> ending behind it -> share of the words with that letter there.
    found: dict[str, Counter[str]] = defaultdict(Counter)
    distinct = list(dict.fromkeys(word.lower() for word in words))
    keys = reference.vocabulary.keys
    for pieces in tokens_of_words(reference, distinct, front="a ").tolist():
        spelt = [
            keys[piece].decode("utf-8", "replace") for piece in pieces if piece >= 0
        ]
        if spelt and _takes_endings(spelt[0]):
            found[spelt[0][-1]]["".join(spelt[1:])] += 1
    return {
        letter: {
            ending: count / counts.total()
            for ending, count in counts.items()
            if ending and count >= _FEWEST
        }
        for letter, counts in found.items()
    }


def _takes_endings(word: str) -> bool:
    return len(word) >= _SHORTEST and word.isalpha()
