"""Reports where a side is only a vocabulary: what is measured, and what is named."""

import json
import re

import pytest

import bridge
from bridge.errors import UnsupportedTokenizerError
from bridge.reporting.numbers.digits import DigitScheme
from bridge.reporting.recommendation import Recommendation
from bridge.reporting.report import RemapReport
from tests.core.messages import exactly
from tests.factories import CORPUS, bpe_tokenizer, wordpiece_tokenizer

NO_TOKENIZER = (
    "How the tokenizer cuts text, and with it coverage of running text: it is a "
    "vocabulary, which does not say how text is split. Load it with what is missing "
    "(`split=`, `merges=` or `lowercase=`)."
)
NO_REFERENCE = (
    "How the preset cuts text, and its special tokens around it: only its vocabulary "
    "is known. Pass the tokenizer it was trained with as `reference=` to "
    "`bridge.align`."
)
NO_BOTH = (
    "Fidelity of the remaps, worst-hit words and texts side by side: they need the "
    "encodings of both."
)
NO_LENGTHS = (
    "Lengths and truncation: words stand in for texts. Pass `texts`, such as will be "
    "encoded."
)


def vocabulary_of(tokenizer):
    return bridge.load_tokenizer(bridge.load_tokenizer(tokenizer).vocabulary)


def align(*, mine, theirs):
    """GPT-2's kind against BERT's; of either perhaps only the vocabulary."""
    sides = [bpe_tokenizer(), wordpiece_tokenizer()]
    if not mine:
        sides[0] = vocabulary_of(sides[0])
    if not theirs:
        sides[1] = vocabulary_of(sides[1])
    return bridge.align(*sides)


@pytest.fixture(scope="module")
def full():
    return bridge.report(align(mine=True, theirs=True), CORPUS, hidden_dim=8)


@pytest.fixture(scope="module")
def of_preset():
    """The tokenizer is only a vocabulary."""
    return bridge.report(align(mine=False, theirs=True), CORPUS, hidden_dim=8)


@pytest.fixture(scope="module")
def of_tokenizer():
    """The preset is only a vocabulary."""
    return bridge.report(align(mine=True, theirs=False), CORPUS, hidden_dim=8)


@pytest.fixture(scope="module")
def of_neither():
    return bridge.report(align(mine=False, theirs=False), CORPUS, hidden_dim=8)


@pytest.fixture(params=["of_preset", "of_tokenizer", "of_neither"])
def partial(request):
    return request.getfixturevalue(request.param)


def test_everything_is_measured_where_both_encode(full):
    assert full.unmeasured == ()
    assert "Not measured" not in str(full)


def test_what_is_missing_is_named(of_preset, of_tokenizer, of_neither):
    assert of_preset.unmeasured == (NO_TOKENIZER, NO_BOTH)
    assert of_tokenizer.unmeasured == (NO_REFERENCE, NO_BOTH)
    assert of_neither.unmeasured == (NO_TOKENIZER, NO_REFERENCE, NO_BOTH)


def test_words_stand_in_for_texts_here_too():
    report = bridge.report(align(mine=False, theirs=False))
    assert report.unmeasured[-2:] == (
        NO_LENGTHS,
        "Parameters and megabytes of a transplant: the width of the embedding is not "
        "known. Pass `hidden_dim=`.",
    )


def test_numbers_by_type_need_no_encoding(full, partial):
    alignment = partial.source.alignment
    assert partial.kinds == alignment.counts()
    assert sum(partial.kinds.values()) == full.tokenizer_size
    assert partial.kinds["EXACT"] == full.kinds["EXACT"]
    for name in ("roles", "sizes", "preset_sizes", "tokenizer_size", "backbone_rows"):
        assert getattr(partial, name) == getattr(full, name)
    cost = partial.transplant
    assert cost.rows == full.tokenizer_size + cost.appended
    assert cost.copied + cost.composed + cost.drawn == cost.rows


def test_the_side_that_encodes_is_measured_as_ever(full, of_preset, of_tokenizer):
    assert of_preset.text.preset == full.text.preset
    assert of_preset.preset_digits == full.preset_digits
    assert of_preset.folding.preset_folds == full.folding.preset_folds
    assert of_tokenizer.text.tokenizer == full.text.tokenizer
    assert of_tokenizer.text.running.round_trip == 1
    assert of_tokenizer.digits == full.digits
    names = [row.name for row in of_tokenizer.lengths.rows]
    assert names == ["tokenizer", "expand"]
    assert [row.name for row in of_preset.lengths.rows] == ["preset"]


def test_running_tokens_are_counted_over_a_bare_preset(of_tokenizer):
    alignment = of_tokenizer.source.alignment
    ids = alignment.tokenizer.encode_batch(CORPUS).values
    exact = (alignment.kinds[ids] == bridge.MatchKind.EXACT).mean()
    assert of_tokenizer.text.running.kinds["EXACT"] == pytest.approx(exact)
    lost = alignment.remap(alignment.tokenizer.encode_batch(CORPUS), method="lookup")
    unk = alignment.reference.vocabulary.role_id("unk")
    share = (lost.values == unk).mean()
    assert of_tokenizer.text.running.lookup_lost == pytest.approx(share)
    assert share > 0


def test_the_other_side_is_not(of_preset, of_tokenizer, of_neither):
    for report in (of_preset, of_neither):
        text = report.text
        assert (text.tokenizer, text.running, report.source.counts) == (None,) * 3
        assert report.folding.folds is None
    for report in (of_tokenizer, of_neither):
        assert report.text.preset is None
        assert report.folding.preset_folds is None


def test_nothing_that_needs_both_is_made_up(partial):
    assert (partial.text.remaps, partial.text.same_ids) == ({}, None)
    assert (partial.words, partial.samples) == ((), ())


def test_digits_of_a_vocabulary():
    tokens = ["7", "42", "365", "x", "##00", "[UNK]"]
    mine = bridge.load_tokenizer(bridge.Vocabulary.from_tokens(tokens))
    report = bridge.report(bridge.align(mine, mine), ["x 7"])
    assert report.digits == DigitScheme("untold", 3, (), 3)
    assert "its vocabulary has 3 tokens of several digits, 3 at most" in " ".join(
        str(report).split()
    )


def test_nothing_is_decided_that_was_not_measured(of_preset, of_tokenizer):
    assert of_preset.recommendation == Recommendation(
        "undecided",
        (
            "the preset's tokenizer has no token for 0.00% of the words (at most 1% "
            "allowed)",
            "whether the tokenizer gives texts back unchanged, and how many tokens it "
            "needs, was not measured: it is only a vocabulary",
        ),
    )
    lost = of_tokenizer.text.running.expand_lost
    assert of_tokenizer.recommendation == Recommendation(
        "undecided",
        (
            "the tokenizer gives back 100.00% of the texts unchanged (at least 99.9% "
            "needed)",
            "`retokenize` needs the preset's own tokenizer, of which only the "
            "vocabulary is known: pass it as `reference=`",
            f"without it `expand` remains, which loses {lost:.2%} of the running "
            "tokens, or a transplant",
        ),
    )


def test_what_was_measured_can_speak_against_a_remap():
    words = [f"w\u0436{i}" for i in range(9)]
    report = bridge.report(align(mine=False, theirs=True), [" ".join(words)])
    assert report.text.preset.unknown == 1
    assert report.recommendation.strategy == "transplant"


def test_a_vocabulary_against_itself_is_the_identity():
    bare = vocabulary_of(wordpiece_tokenizer())
    report = bridge.report(bridge.align(bare, bare), CORPUS)
    meaningful = report.tokenizer_size - report.kinds["UNUSED"]
    assert report.recommendation == Recommendation(
        "identity",
        (
            f"all {meaningful:,} ids mean the same token in both vocabularies; whether "
            "both cut text alike was not measured",
        ),
    )


def test_encodings_that_differ_are_no_identity_whatever_the_tokens():
    tokens = ["[UNK]", "a", "b", "ab"]
    mine, theirs = (
        bridge.load_tokenizer(
            {t: i for i, t in enumerate(tokens)}, split=split, roles={"unk": 0}
        )
        for split in ("characters", "whitespace")
    )
    report = bridge.report(bridge.align(mine, theirs), ["ab"])
    assert report.text.same_ids is False
    assert report.recommendation.strategy == "retokenize"


def test_every_output_says_so(partial, tmp_path):
    assert RemapReport.from_dict(json.loads(partial.to_json())) == partial
    shown = " ".join(str(partial).replace("\n", " ").split())
    page, notebook = partial.to_html(), partial._repr_html_()
    markdown = partial.to_markdown().replace("&#96;", "`").replace("&#61;", "=")
    for reason in partial.unmeasured:
        assert reason in shown
        assert reason.replace("'", "&#x27;") in page
        assert reason.replace("'", "&#x27;") in notebook
    assert len(re.findall("## Not measured\n", markdown)) == 1
    path = partial.to_csv(tmp_path / "tokens.csv")
    assert len(path.read_text("utf-8").splitlines()) == partial.tokenizer_size + 1
    assert partial.compare(partial).differing == ()


def test_unmeasured_numbers_are_a_dash_in_a_comparison(full, of_neither):
    facts = {fact.name: fact for fact in full.compare(of_neither).facts}
    assert facts["retokenize exact"].first == 1
    assert facts["retokenize exact"].second is None
    assert facts["retokenize exact"].second_shown == "-"
    assert facts["types matched"].second is not None


@pytest.mark.keras
def test_auto_does_not_choose_blindly():
    import keras_hub

    wordpiece = wordpiece_tokenizer()
    backbone = keras_hub.models.BertBackbone(
        vocabulary_size=wordpiece.get_vocab_size(),
        num_layers=1,
        num_heads=1,
        hidden_dim=4,
        intermediate_dim=4,
        max_sequence_length=16,
    )
    bare = vocabulary_of(bpe_tokenizer())
    message = (
        "`strategy='auto'` is chosen by how both tokenizers cut text. Received: one "
        f"that is only a vocabulary. {NO_TOKENIZER} Or name a strategy."
    )
    with pytest.raises(UnsupportedTokenizerError, match=exactly(message)):
        bridge.connect(bare, backbone, reference=wordpiece)
    link = bridge.connect(bare, backbone, reference=wordpiece, strategy="expand")
    assert link.report.recommendation.strategy == "undecided"
    ids = bridge.load_tokenizer(bpe_tokenizer()).encode_batch(["the fox"])
    row = link.encoder.from_ids(ids)["token_ids"][0]
    expected = link.alignment.remap(ids, method="expand").values
    assert row[1 : 1 + expected.size].tolist() == expected.tolist()
