"""The report on GPT-2's tokenizer and MiniLM's BERT, counted again without `bridge`."""

import pytest

import bridge
from tests.alignment import oracle

pytestmark = pytest.mark.real_model

TEXTS = oracle.tweets()[:2_000]


@pytest.fixture(scope="module")
def libraries():
    """GPT-2 and BERT as the library `tokenizers` reads their files."""
    from tokenizers import ByteLevelBPETokenizer, Tokenizer

    folder = oracle.PATHS["gpt2"]()
    gpt2 = ByteLevelBPETokenizer.from_file(
        str(folder / "encoder.json"), str(folder / "vocab.bpe")
    )
    path = oracle.PATHS["bert"]()
    bert = Tokenizer.from_file(str(path / "tokenizer.json" if path.is_dir() else path))
    bert.no_padding()
    bert.no_truncation()
    return gpt2, bert


@pytest.fixture(scope="module")
def report():
    gpt2, bert = (
        bridge.load_tokenizer(oracle.PATHS[name]()) for name in ("gpt2", "bert")
    )
    return bridge.report(
        bridge.align(gpt2, bert), TEXTS, sequence_length=24, hidden_dim=384
    )


def encoded(tokenizer):
    batch = tokenizer.encode_batch(TEXTS, add_special_tokens=False)
    return [row.ids for row in batch]


def test_fertility_and_truncation(report, libraries):
    words = sum(len(text.split()) for text in TEXTS)
    characters = sum(map(len, TEXTS))
    sides = (report.text.tokenizer, report.text.preset)
    for tokenizer, side, row in zip(
        libraries, sides, report.lengths.rows[:2], strict=True
    ):
        lengths = [len(ids) for ids in encoded(tokenizer)]
        assert side.tokens_per_word == sum(lengths) / words
        assert side.tokens_per_character == sum(lengths) / characters
        # Two special tokens stand around each text.
        cut = sum(length + 2 > 24 for length in lengths) / len(TEXTS)
        assert row.truncated == cut > 0
        assert row.mean == pytest.approx(sum(lengths) / len(TEXTS) + 2)


def test_digits_as_the_libraries_cut_them(report, libraries):
    gpt2, bert = libraries
    mine, theirs = dict(report.digits.examples), dict(report.preset_digits.examples)
    for number in ("42", "2023", "31415", "1000000"):
        cut = gpt2.encode(f"x {number}").tokens[1:]
        assert mine[number] == tuple(token.lstrip("\u0120") for token in cut)
        cut = bert.encode(f"x {number}", add_special_tokens=False).tokens[1:]
        assert theirs[number] == tuple(token.removeprefix("##") for token in cut)
    assert report.digits.scheme == report.preset_digits.scheme == "irregular"


def test_what_the_preset_folds(report):
    assert report.folding.folds == ()
    assert report.folding.preset_folds == ("case", "accents")


def test_unknown_words(report, libraries):
    _, bert = libraries
    words = [word for text in TEXTS for word in text.split()]
    unk = bert.token_to_id("[UNK]")
    batch = bert.encode_batch(words, add_special_tokens=False)
    unknown = sum(unk in row.ids for row in batch)
    assert report.text.preset.unknown == unknown / len(words)
    assert report.text.tokenizer.unknown == 0


def test_fidelity_of_the_remaps(report):
    found = report.text.remaps
    assert found["retokenize"].texts >= 0.999
    assert found["retokenize"].ids >= 0.999
    assert 0.2 < found["expand"].texts < 0.8
    assert found["lookup"].texts < found["expand"].texts
    assert 0.8 < found["expand"].ids < 1
    assert report.recommendation.strategy == "retokenize"


def test_what_a_transplant_adds(report):
    cost = report.transplant
    # cls, sep, pad, mask and an unk of its own are appended to GPT-2's 50,257.
    assert (cost.rows, cost.preset_rows) == (50_257 + cost.appended, 30_522)
    assert cost.added_parameters == (cost.rows - 30_522) * 384
    assert cost.added_megabytes == cost.added_parameters * 4 / 1e6
    assert cost.copied >= report.kinds["EXACT"]
