"""Many words in long texts: the ids of each, whatever stands among them."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.ragged import Ragged
from bridge.tokenizers.word_asker import WordAsker
from bridge.tokenizers.word_cutter import WordCutter
from bridge.tokenizers.word_rule import WordRule

BEHIND = WordRule(whitespace=True, added=())
IN_FRONT = WordRule(whitespace=False, added=("<x>",), borders=" \n")


class Library:
    """An id for every letter, none for white space; counts its texts."""

    def __init__(self, unknown=""):
        self.unknown = unknown
        self.asked = []

    def __call__(self, texts):
        self.asked += texts
        return Ragged.from_lists(
            [
                [0 if c in self.unknown else ord(c) for c in text if not c.isspace()]
                for text in texts
            ]
        )


def asked_for(words, rule, library):
    order, ids = WordAsker(WordCutter(rule)).ask(words, library)
    assert sorted(order) == sorted(words)
    assert ids == Library(library.unknown)(order)
    return order


WORDS = st.lists(st.text("ab~^\u00e9\x07", max_size=3), unique=True, max_size=120)


@given(WORDS, st.sampled_from(["", "~", "~^|`@#"]))
def test_every_word_has_its_ids(words, unknown):
    asked_for(words, BEHIND, Library(unknown))
    spaced = [f"{' ' * (i % 3)}{w}" for i, w in enumerate(words)]
    asked_for([w for w in dict.fromkeys(spaced) if w], IN_FRONT, Library(unknown))


def test_many_words_are_few_texts():
    library = Library()
    asked_for([f" w{i}" for i in range(320)], IN_FRONT, library)
    # First what each mark gives, then 32 words a text.
    assert library.asked[:6] == [" ~", " ^", " |", " `", " @", " #"]
    assert len(library.asked) == 6 + 10
    assert library.asked[6].startswith(" w0 ~ w1 ~ w2 ~")


def test_few_words_are_asked_for_one_by_one():
    library = Library()
    words = [f"w{i}" for i in range(32)]
    asked_for(words, BEHIND, library)
    assert library.asked == words


def test_words_with_the_mark_are_asked_for_again():
    library = Library()
    words = [f"w{i}" for i in range(40)] + ["a~"]
    order = asked_for(words, BEHIND, library)
    assert order == words
    assert library.asked[6:] == [
        " ~ ".join(words[:32]),
        " ~ ".join(words[32:]),
        *words[32:],
    ]


def test_no_mark_where_all_are_unknown():
    library = Library("~^|`@#")
    words = [f"w{i}" for i in range(40)]
    asked_for(words, BEHIND, library)
    assert library.asked[6:] == words


def test_a_word_that_may_not_stand_in_front_is_asked_for_alone():
    library = Library()
    ends = ["first", " last ", "\tx"]
    asked_for([*ends, *(f" w{i}" for i in range(40))], IN_FRONT, library)
    assert library.asked[-3:] == ends
