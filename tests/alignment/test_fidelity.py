"""GPT-2's ids, remapped, against the ids of BERT's own tokenizer on the same texts."""

import numpy as np
import pytest

from tests.alignment import oracle
from tests.factories import CORPUS, HARD_TEXTS

pytestmark = pytest.mark.real_model

HARDER = [
    # A special token spelt out in a text is one to GPT-2, and only text to BERT.
    *(text.replace("<|endoftext|>", "") for text in HARD_TEXTS),
    "x" * 5_000,
    "\U0001f600" * 300,
    "\u4e2d" * 500,
    "a\u0301" * 200,
    "\n\n\t  " * 50,
    "e=mc\u00b2 \u2014 \u201cquoted\u201d \u2026 5\u202f000\u00a0\u20ac",
    "\u0928\u092e\u0938\u094d\u0924\u0947 \u0645\u0631\u062d\u0628\u0627",
    "\ufffd \ufffd\ufffd",
]


def same(first, second):
    return [np.array_equal(a, b) for a, b in zip(first, second, strict=True)]


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param(oracle.tweets()[::8], id="tweets"),
        pytest.param(oracle.turkish_sentences(), id="turkish"),
        pytest.param(HARDER, id="hard"),
    ],
)
def test_retokenize_gives_the_references_ids(real_alignment, texts):
    alignment = real_alignment("gpt2", "bert")
    ids = alignment.tokenizer.encode_batch(texts)
    expected = alignment.reference.encode_batch(texts)
    equal = same(alignment.remap(ids), expected)
    assert [text for text, ok in zip(texts, equal, strict=True) if not ok] == []


def test_expand_loses_no_white_space_and_lookup_keeps_the_length(real_alignment):
    alignment = real_alignment("gpt2", "bert")
    texts = ["the dog\n\nand  the\tcat ", "!\n"]
    ids = alignment.tokenizer.encode_batch(texts)
    expected = alignment.reference.encode_batch(texts)
    assert alignment.remap(ids, method="expand") == expected
    assert alignment.remap(ids, method="expand", on_unmapped="raise") == expected
    looked_up = alignment.remap(ids, method="lookup")
    assert looked_up.lengths.tolist() == ids.lengths.tolist()
    unk = alignment.reference.vocabulary.roles["unk"]
    lost = alignment.tables.vanishes[ids.values]
    assert lost.any()
    assert (looked_up.values[lost] == unk).all()


def test_expand_spells_common_words_as_the_reference_does(real_alignment):
    alignment = real_alignment("gpt2", "bert")
    ids = alignment.tokenizer.encode_batch(CORPUS)
    expected = alignment.reference.encode_batch(CORPUS)
    share = np.mean(same(alignment.remap(ids, method="expand"), expected))
    # Every piece of a GPT-2 token is right by itself; BERT cuts some words elsewhere.
    assert share > 0.6
