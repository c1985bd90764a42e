"""A small alignment by hand, of vocabularies that need no tokenizer library."""

from dataclasses import dataclass

import numpy as np
import pytest

from bridge.alignment import Alignment
from bridge.alignment.align import align_vocabularies
from bridge.ragged import Ragged
from bridge.spec import BackboneSpec, Template
from bridge.vocabulary import Vocabulary


@dataclass
class FakeTokenizer:
    """A vocabulary that splits at spaces; the space belongs to the word behind it."""

    vocabulary: Vocabulary

    def encode_batch(self, texts):
        return Ragged.from_lists(
            [self.vocabulary.id(piece) for piece in text.split("|")] for text in texts
        )

    def normalize(self, text):
        return text.lower()


BERT_ROLES = {"pad": 0, "unk": 1, "cls": 2, "sep": 3, "mask": 4}
BERT_TOKENS = [
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[unused0]"),
    *("play", "##ing", "ing", "horn", "##ed", "un", "!", "##!", "##s"),
]


@pytest.fixture
def bert():
    return FakeTokenizer(Vocabulary.from_tokens(BERT_TOKENS, roles=BERT_ROLES))


@pytest.fixture
def bert_spec():
    return BackboneSpec(
        vocabulary_size=len(BERT_TOKENS),
        template=Template(("cls",), ("sep",), ("sep",)),
        roles=BERT_ROLES,
        pad_id=0,
    )


@pytest.fixture
def gpt2():
    """Space-less tokens may start a word or continue one; one token plays all roles."""
    tokens = ["<|endoftext|>", "Ġplay", "ing", "Ġhorn", "!", "played", "ĠPlay", "Ġé"]
    end = dict.fromkeys(("bos", "eos", "unk"), 0)
    return FakeTokenizer(
        Vocabulary.from_tokens(tokens, roles=end, convention="byte_level")
    )


@pytest.fixture
def alignment(gpt2, bert, bert_spec):
    fates = align_vocabularies(
        gpt2.vocabulary, bert.vocabulary, normalize=bert.normalize
    )
    return Alignment(gpt2, bert, "by hand", bert_spec, *fates)


@pytest.fixture
def table():
    """Row `i` holds numbers that say `i`, so that a wrong row shows."""
    rng = np.random.default_rng(0)
    width = 4
    rows = np.arange(len(BERT_TOKENS))[:, None] + rng.random((1, width)) / 8 + 1
    return rows.astype(np.float32)
