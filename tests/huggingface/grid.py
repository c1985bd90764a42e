"""The grid: every option crossed with every form of text, drawn with a fixed seed."""

import random

from tests.factories import HARD_TEXTS

EXTRA_TEXTS = [
    "a",
    "the baker said: [SEP] is a token, <s> and </s> too <mask>.",
    "x\u0301\u0323y \u1100\u1161 \u0915\u094d\u0937 \u05e9\u05c1",
    "\u03a3\u0391\u03a3 \u03c3\u03b1\u03c2 I\u0307 \u0131 \u0130",
    "\ufb03 \ufb02 \u01c6 \u2168 \uff21\uff22\uff23",
    "\U0001f3f4\U000e0067\U000e0062\U000e007f \U0001f1fa\U0001f1f8\u200d",
    "\u202eright to left\u202c \u2066x\u2069",
    "\ud7a3\u3042\u30f1\u4e00\U00020000",
    "we don't   know what they'll say, do we?",
    "<|endoftext|>the<|endoftext|> <mask><mask>",
]
TEXTS = HARD_TEXTS + EXTRA_TEXTS
LONG_WORD = "unbelievable" * 8_333 + "long"  # 100,000 characters

CHOICES = {
    "padding": [False, False, True, "longest", "max_length", "do_not_pad"],
    "truncation": [
        None,
        False,
        True,
        True,
        "longest_first",
        "only_first",
        "only_second",
        "do_not_truncate",
    ],
    "max_length": [None, 0, 2, 3, 5, 7, 8, 12, 16, 40, 64],
    "stride": [0, 0, 0, 1, 2, 5],
    "pad_to_multiple_of": [None, None, None, 4, 8],
    "padding_side": [None, None, "left", "right"],
    "return_tensors": [None, "np"],
    "return_token_type_ids": [None, True, False],
    "return_attention_mask": [None, True, False],
    "return_overflowing_tokens": [False, False, True],
    "return_special_tokens_mask": [False, True],
    "return_offsets_mapping": [False, True],
    "return_length": [False, True],
    "add_special_tokens": [True, True, False],
}
SETTINGS = {
    "padding_side": ["right", "right", "left"],
    "truncation_side": ["right", "right", "left"],
    "names": [
        ("input_ids", "attention_mask"),
        ("input_ids", "token_type_ids", "attention_mask"),
        ("input_ids",),
    ],
}


def words_of(text):
    return text.split(" ")


def texts_in_some_form(draw):
    """Positional arguments and `is_split_into_words`."""
    one, other = draw.choice(TEXTS), draw.choice(TEXTS)
    count = draw.randint(1, 5)
    some, others = (draw.choices(TEXTS, k=count) for _ in range(2))
    forms = [
        lambda: ((one,), False),
        lambda: ((one, other), False),
        lambda: ((some,), False),
        lambda: ((some,), False),
        lambda: ((some, others), False),
        lambda: ((tuple(some), tuple(others)), False),
        lambda: ((list(zip(some, others, strict=True)),), False),
        lambda: (([*some, (one, other)],), False),
        lambda: ((words_of(one),), True),
        lambda: ((words_of(one), words_of(other)), True),
        lambda: (([words_of(t) for t in some],), True),
        lambda: (
            ([words_of(t) for t in some], [tuple(words_of(t)) for t in others]),
            True,
        ),
        lambda: (
            ([(words_of(a), words_of(b)) for a, b in zip(some, others, strict=True)],),
            True,
        ),
    ]
    return draw.choice(forms)()


def calls(name, count):
    """`count` calls for one tokenizer: arguments, options and settings.

    The first of them are the texts by themselves; then come draws. A draw changes few
    options at a time as often as many, so that most of them meet.
    """
    draw = random.Random(f"grid of {name}")
    for text in TEXTS:
        yield (text,), {"return_offsets_mapping": True}, _default_settings()
    for options in ({}, {"truncation": True, "max_length": 9, "padding": True}):
        yield (LONG_WORD,), options, _default_settings()
        yield ([LONG_WORD, "a"], ["b", "the"]), options, _default_settings()
    for _ in range(count - len(TEXTS) - 4):
        args, split = texts_in_some_form(draw)
        share = draw.choice([0.25, 0.5, 1.0])
        options = {
            key: draw.choice(values)
            for key, values in CHOICES.items()
            if draw.random() < share
        }
        if split:
            options["is_split_into_words"] = True
        settings = {key: draw.choice(values) for key, values in SETTINGS.items()}
        yield args, options, settings


def _default_settings():
    return {key: values[0] for key, values in SETTINGS.items()}
