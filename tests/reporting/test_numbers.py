"""Every number of a report, on vocabularies small enough to count by hand."""

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

import numpy as np
import pytest

import bridge
from bridge.alignment import MatchKind
from bridge.errors import (
    MissingDependencyError,
    SequenceLengthError,
    TextInputError,
    VocabularyError,
)
from bridge.reporting.numbers.cost import estimate_cost
from bridge.reporting.numbers.coverage import KindExample
from bridge.reporting.numbers.digits import read_digits
from bridge.reporting.numbers.folding import FoldingRow, part_of
from bridge.reporting.numbers.frequencies import read_frequencies
from bridge.reporting.numbers.lengths import LengthRow
from bridge.reporting.numbers.scripts import ScriptRow, script_of
from bridge.reporting.numbers.sizes import Sizes, Ties, count_sizes, count_ties
from bridge.reporting.numbers.spacing import in_sentences
from bridge.reporting.numbers.words import WorstWord
from bridge.reporting.sample import Sample
from bridge.vocabulary import Vocabulary
from tests.alignment.making import as_alignment
from tests.core.messages import exactly
from tests.factories import CORPUS, bpe_tokenizer, wordpiece_tokenizer
from tests.reporting.making import by_words


@pytest.fixture(scope="module")
def alignment():
    return bridge.align(bpe_tokenizer(), wordpiece_tokenizer())


@pytest.fixture(scope="module")
def report(alignment):
    return bridge.report(alignment, CORPUS, sequence_length=14, hidden_dim=10)


def wordpiece(*tokens):
    """A WordPiece tokenizer with these pieces and all single digits but `0`."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    every = ["[UNK]", "x", *tokens]
    model = models.WordPiece({t: i for i, t in enumerate(every)}, unk_token="[UNK]")
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return bridge.load_tokenizer(tokenizer, roles={"unk": "[UNK]"})


DIGITS = [*"0123456789", *(f"##{digit}" for digit in "0123456789")]


def test_sizes_are_told_apart():
    vocabulary = Vocabulary.from_tokens(
        ["[UNK]", "[unused0]", "a", "##!", "!", "##a", None, "a b"],
        roles={"unk": "[UNK]"},
        added=[7],
    )
    untrained = np.array([0, 1, 0, 1, 1, 1, 0, 0], bool)
    assert count_sizes(vocabulary, rows=10, untrained=untrained) == Sizes(
        pieces=4,
        added=1,
        special=1,
        reserved=1,
        holes=1,
        size=8,
        rows=10,
        duplicates=0,
        dead=1,
        untrained=2,  # neither reserved nor dead, which are counted above
    )
    assert count_sizes(vocabulary).untrained is None


def test_sizes_add_up(report):
    for sizes in (report.sizes, report.preset_sizes):
        parts = (
            sizes.pieces,
            sizes.added,
            sizes.special,
            sizes.reserved,
            sizes.holes,
        )
        assert sum(parts) == sizes.size


def test_duplicates_and_ties():
    # Byte pieces stand for the same byte as the character beside them.
    pieces = [f"<0x{byte:02X}>" for byte in range(256)]
    preset = Vocabulary.from_tokens(["A", "\u2581the", "B", *pieces])
    assert count_sizes(preset).duplicates == 2
    tokens = ["A", "B", "\u0120the", "!", "!!"]
    tokenizer = Vocabulary.from_tokens(tokens, convention="byte_level")
    ties = Ties(broken=2, shared_rows=0, sharing_ids=0, weak=1)
    assert count_ties(as_alignment(tokenizer, preset)) == ties


def test_rows_that_serve_several_ids():
    tokenizer = Vocabulary.from_tokens(["the", "The", "THE", "dog"])
    preset = Vocabulary.from_tokens(["dog", "the"])
    aligned = as_alignment(tokenizer, preset, normalize=str.lower)
    assert count_ties(aligned) == Ties(broken=0, shared_rows=1, sharing_ids=3, weak=0)


def test_one_token_a_digit():
    scheme = read_digits(wordpiece(*DIGITS))
    assert (scheme.scheme, scheme.longest, scheme.tokens) == ("single", 1, 0)
    assert scheme.examples[3] == ("2023", ("2", "0", "2", "3"))


def test_groups_of_three_digits():
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    numbers = [str(i).zfill(width) for width in (1, 2, 3) for i in range(10**width)]
    vocabulary = {t: i for i, t in enumerate(["[UNK]", "x", *numbers])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Split(Regex(r"\d{1,3}"), "isolated"),
        ]
    )
    scheme = read_digits(bridge.load_tokenizer(tokenizer, roles={"unk": "[UNK]"}))
    assert (scheme.scheme, scheme.longest, scheme.tokens) == ("groups", 3, 1_100)
    assert scheme.examples[-1] == ("1000000", ("100", "000", "0"))


def test_digits_as_merges_fall():
    scheme = read_digits(wordpiece(*DIGITS, "20", "##23", "100", "##000"))
    assert (scheme.scheme, scheme.longest) == ("irregular", 3)
    assert dict(scheme.examples)["2023"] == ("20", "23")
    assert dict(scheme.examples)["1000000"] == ("100", "000", "0")


def test_numbers_without_tokens():
    scheme = read_digits(by_words(["[UNK]", "x", "7"], unk="[UNK]"))
    assert scheme.scheme == "unknown"
    assert scheme.examples[:2] == (("7", ("7",)), ("42", ()))


@pytest.mark.parametrize(
    ("text", "normal", "part"),
    [
        ("The", "the", "case"),
        ("caf\u00e9", "cafe", "accents"),
        ("\u00c9t\u00e9", "ete", "case and accents"),
        ("\ufb01", "fi", "Unicode forms"),
        ("\uff21", "a", "Unicode forms"),
        ("e\u0301", "\u00e9", "Unicode forms"),
        ("a\u200b", "a", "other"),
    ],
)
def test_parts_of_a_normaliser(text, normal, part):
    assert part_of(text, normal) == part


def test_folding_counts_types_and_running_text():
    mine = wordpiece("the", "The", "THE", "caf\u00e9", "dog")
    theirs = wordpiece_tokenizer()
    gap = bridge.report(
        bridge.align(mine, theirs), ["The the THE dog", "The x"]
    ).folding
    assert gap.folds == ()
    assert gap.preset_folds[:1] == ("case",)
    assert gap.rows == (FoldingRow("case", 2, 3 / 6, (("The", "the"), ("THE", "the"))),)


def test_folding_adds_up(report):
    counted = sum(row.tokens for row in report.folding.rows)
    assert counted == report.kinds["NORMALIZED"]
    running = sum(row.running for row in report.folding.rows)
    assert running == pytest.approx(report.text.running.kinds["NORMALIZED"])


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("the", "Latin"),
        ("##!\u0436", "Cyrillic"),
        ("\u4e2d", "CJK"),
        ("\uff71", "Katakana"),
        ("\uff21", "Latin"),
        ("\u02b0a", "Latin"),
        ("\U00010300", "Old Italic"),
        ("7!", None),
        ("", None),
    ],
)
def test_script_of_the_first_letter(text, script):
    assert script_of(text) == script


def test_scripts_of_tokens_and_words():
    mine = by_words(["[UNK]", "the", "\u0436", "a"], unk="[UNK]")
    theirs = by_words(["[UNK]", "the", "7"], unk="[UNK]")
    found = bridge.report(bridge.align(mine, theirs), ["the \u0436 the 7"]).scripts
    assert found == (ScriptRow("Latin", 2, 1, 0.5), ScriptRow("Cyrillic", 1, 0, 0.25))


def test_examples_are_the_most_frequent():
    mine = by_words(["[UNK]", "fox", "the", "The", "dog", "owl"], unk="[UNK]")
    theirs = by_words(["[UNK]", "the", "fox", "dog"], unk="[UNK]")
    found = bridge.report(bridge.align(mine, theirs), ["the fox the owl"]).examples
    assert found == (
        KindExample("ROLE", 0, "[UNK]", ("[UNK]",), ("[UNK]",), 0),
        KindExample("EXACT", 2, "the", ("the",), ("the",), 2),
        KindExample("EXACT", 1, "fox", ("fox",), ("fox",), 1),
        KindExample("EXACT", 4, "dog", ("dog",), ("dog",), 0),
        KindExample("UNMAPPED", 5, "owl", (), (), 1),
        KindExample("UNMAPPED", 3, "The", (), (), 0),
    )


def test_examples_have_every_kind_that_occurs(alignment, report):
    shown = {row.kind for row in report.examples}
    assert shown == {kind for kind, count in report.kinds.items() if count}
    assert all(
        MatchKind(alignment.kinds[row.token_id]).name == row.kind
        for row in report.examples
    )


def test_lengths_with_special_tokens(report):
    assert (report.lengths.sequence_length, report.lengths.specials) == (14, 2)
    names = [row.name for row in report.lengths.rows]
    assert names == ["tokenizer", "preset", "expand"]


def test_lengths_of_known_texts():
    mine = by_words(["[UNK]", "a", "b"], unk="[UNK]")
    texts = ["a", "a b", "a b a b", "a b a"]
    found = bridge.report(bridge.align(mine, mine), texts, sequence_length=2).lengths
    assert found.specials == 0
    assert found.rows[0] == LengthRow(
        "tokenizer", 2.5, (1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4), 0.5
    )


def test_words_that_stand_in_for_texts_have_no_length(alignment):
    assert bridge.report(alignment).lengths is None


def test_worst_words_by_reason():
    mine = wordpiece("play", "##ing", "playing", "snow", "!")
    theirs = wordpiece("play", "##ing", "p", "##l")
    texts = ["playing playing snow", "play snow snow !"]
    found = bridge.report(bridge.align(mine, theirs), texts).words
    assert found == (
        WorstWord("snow", 3, 1, 1, "unknown"),
        WorstWord("!", 1, 1, 1, "unknown"),
        WorstWord("playing", 2, 1, 2, "pieces"),
    )


def test_cost_adds_up(alignment, report):
    cost = report.transplant
    assert cost.rows == alignment.tokenizer.vocabulary.size + cost.appended
    assert cost.copied + cost.composed + cost.drawn == cost.rows
    assert cost.preset_rows == alignment.reference.vocabulary.size
    assert cost.added_parameters == 10 * (cost.rows - cost.preset_rows)
    assert cost.trained_parameters == 10 * (cost.rows - cost.copied)
    assert cost.added_megabytes == cost.added_parameters * 4 / 1e6


def test_cost_without_columns(alignment):
    cost = estimate_cost(alignment)
    assert (cost.added_parameters, cost.added_megabytes) == (None, None)


def test_cost_of_known_rows():
    mine = by_words(["[UNK]", "a", "b"], unk="[UNK]")
    theirs = by_words(["[UNK]", "a", "c", "d"], unk="[UNK]")
    cost = estimate_cost(bridge.align(mine, theirs), hidden_dim=5)
    # [UNK] and `a` are copied, `b` and the appended pad are drawn.
    assert (cost.rows, cost.appended) == (4, 1)
    assert (cost.copied, cost.composed, cost.drawn) == (2, 0, 2)
    assert (cost.added_parameters, cost.trained_parameters) == (0, 10)


def test_side_by_side_shows_what_expand_gets_wrong(alignment):
    texts = ["the quick brown fox", "unbelievable stories are told", "a b"]
    found = bridge.report(alignment, texts).samples
    assert [sample.text for sample in found] == texts[:2]
    for sample in found:
        assert sample.exact["retokenize"]
        assert sample.remapped["retokenize"] == sample.preset
        ids = alignment.tokenizer.encode_batch([sample.text])
        assert [token.token_id for token in sample.tokenizer] == ids.values.tolist()
        text = alignment.reference.vocabulary.text
        expanded = alignment.remap(ids, method="expand").values.tolist()
        pieces = [piece for token in sample.tokenizer for piece in token.pieces]
        assert pieces == list(map(text, expanded))
        shown = [token.token_id for token in sample.remapped["expand"]]
        assert shown == expanded
        assert sample.exact["expand"] == (sample.remapped["expand"] == sample.preset)


def test_of_long_texts_the_beginnings_are_shown(alignment):
    long = [" ".join([text, *CORPUS]) for text in CORPUS]
    found = bridge.report(alignment, [*long, "x" * 500]).samples
    assert len(found) == 8
    for sample in found:
        assert 100 < len(sample.text) <= 160
        ids = alignment.tokenizer.encode_batch([sample.text]).values.tolist()
        assert [token.token_id for token in sample.tokenizer] == ids
    assert all(any(text.startswith(s.text) for text in long) for s in found[:-1])
    # Where some texts are short enough, they are shown as they are.
    found = bridge.report(alignment, [*long, "the quick fox"]).samples
    assert [sample.text for sample in found] == ["the quick fox"]


def test_twice_the_texts_change_no_share(alignment):
    once, twice = (bridge.report(alignment, CORPUS * n).text for n in (1, 2))
    assert twice.running.kinds == pytest.approx(once.running.kinds)
    assert twice.running.lookup_lost == pytest.approx(once.running.lookup_lost)
    assert twice.remaps == once.remaps
    assert (twice.texts, twice.words) == (2 * once.texts, 2 * once.words)


def test_frequencies_weigh_as_repeated_texts_do(alignment):
    counts = {"the": 3, "uncommonly": 2, "7": 1}
    weighed = bridge.report(alignment, frequencies=counts)
    repeated = bridge.report(
        alignment, [f" {w}" for w, n in counts.items() for _ in range(n)]
    )
    assert weighed.text.texts == 3
    assert weighed.text.words == repeated.text.words == 6
    running = repeated.text.running.kinds
    assert weighed.text.running.kinds == pytest.approx(running)
    assert weighed.text.remaps == repeated.text.remaps
    assert weighed.text.sample == (
        "the 3 most frequent words of a word list given as a mapping, each behind a "
        "space"
    )
    assert weighed.lengths is None


def test_words_stand_behind_a_space_where_it_is_no_token(alignment):
    words, count = ["the", "fox", "dog"], np.ones(3, np.int64)
    sample = Sample(words, count, "some words", is_text=False)
    spaced = in_sentences(sample, [alignment.tokenizer, alignment.reference])
    assert spaced.texts == [" the", " fox", " dog"]
    assert spaced.note == "some words, each behind a space"
    characters = bridge.load_tokenizer(
        {c: i for i, c in enumerate(" abcdefghijklmnopqrstuvwxyz")}, split="characters"
    )
    assert in_sentences(sample, [alignment.tokenizer, characters]) is sample
    # One that has no space refuses it.
    picky = bridge.load_tokenizer({c: i for i, c in enumerate("thefoxdg")}, split=list)
    assert in_sentences(sample, [picky]) is sample
    texts = Sample(words, count, "texts", is_text=True)
    assert in_sentences(texts, [alignment.tokenizer]) is texts


def test_a_normaliser_tells_what_an_unknown_word_cannot():
    from tests.reporting.golden.generate import load_preset

    preset = load_preset()
    folding = bridge.report(bridge.align(preset, preset), ["the"]).folding
    assert folding.folds == folding.preset_folds == ("case", "accents")


def test_a_frequency_file(tmp_path, alignment):
    path = tmp_path / "words.txt"
    path.write_text("the\t30\ndog 2\n\nthe 5\n", encoding="utf-8")
    assert read_frequencies(path) == (
        {"the": 35, "dog": 2},
        "the 2 most frequent words of the word list in words.txt",
    )
    assert bridge.report(alignment, frequencies=str(path)).text.words == 37


def test_a_damaged_frequency_file(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("the many\n", encoding="utf-8")
    message = (
        "A frequency list holds a word and its count on every line. Received: "
        "words.txt, where reading failed (invalid literal for int() with base 10: "
        "'many'). Correct the file, or pass a mapping of word to count."
    )
    with pytest.raises(TextInputError, match=exactly(message)):
        read_frequencies(path)


def test_an_empty_frequency_list():
    message = (
        "A frequency list needs at least one word. Received: none. Leave "
        "`frequencies` out to measure on the tokenizer's own words."
    )
    with pytest.raises(TextInputError, match=exactly(message)):
        read_frequencies({})


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ({"the": 0}, "'the' -> 0"),
        ({"the": 1.5}, "'the' -> 1.5"),
        ({"the": True}, "'the' -> True"),
        ({7: 7}, "7 -> 7"),
    ],
)
def test_counts_are_positive_whole_numbers(counts, shown):
    message = (
        f"A frequency list maps words to positive whole counts. Received: {shown}. "
        "Leave out words that do not occur."
    )
    with pytest.raises(TextInputError, match=exactly(message)):
        read_frequencies(counts)


def test_an_installed_frequency_list(monkeypatch):
    module = ModuleType("wordfreq")
    module.__spec__ = ModuleSpec("wordfreq", None)
    shares = {("the", "en"): 0.05, ("dog", "en"): 1e-12}
    module.top_n_list = lambda language, n: [
        word for word, known in shares if known == language
    ][:n]
    module.word_frequency = lambda word, language: shares[word, language]
    monkeypatch.setitem(sys.modules, "wordfreq", module)
    assert read_frequencies("wordfreq:en") == (
        {"the": 50_000_000, "dog": 1},
        "the 2 most frequent words of wordfreq's list for 'en'",
    )


def test_a_frequency_list_that_is_not_installed(monkeypatch):
    from bridge.reporting.numbers import frequencies

    found = importlib.util.find_spec
    monkeypatch.setattr(
        frequencies, "find_spec", lambda name: None if name == "wordfreq" else found
    )
    message = (
        "`frequencies='wordfreq:en'` needs the package wordfreq. Received: an "
        "environment without it. Install it with `pip install wordfreq`, or pass a "
        "mapping of word to count."
    )
    with pytest.raises(MissingDependencyError, match=exactly(message)):
        read_frequencies("wordfreq:en")


def test_texts_and_frequencies(alignment):
    message = (
        "A report measures on `texts` or on `frequencies`. Received: both. Leave out "
        "the frequencies where there are texts."
    )
    with pytest.raises(ValueError, match=exactly(message)):
        bridge.report(alignment, CORPUS, frequencies={"the": 1})


def test_a_length_that_holds_nothing(alignment):
    message = (
        "`sequence_length` must be positive. Received: 0. Pass the length that "
        "batches shall have."
    )
    with pytest.raises(SequenceLengthError, match=exactly(message)):
        bridge.report(alignment, CORPUS, sequence_length=0)


def test_no_words_at_all(alignment):
    report = bridge.report(alignment, ["", "  "])
    assert report.text.words == 0
    assert report.words == ()
    assert report.samples == ()
    assert np.isfinite(report.text.tokenizer.tokens_per_word)


@pytest.fixture(scope="module")
def picky():
    """A tokenizer without unk: it refuses what it does not know."""
    return by_words(["a", "b"])


def test_texts_that_a_tokenizer_refuses_are_counted(picky):
    other = by_words(["[UNK]", "a", "c"], unk="[UNK]")
    text = bridge.report(bridge.align(picky, other), ["a b", "a c", "a"]).text
    assert (text.texts, text.refused, text.words) == (2, 1, 3)
    assert (text.tokenizer.unknown, text.preset.unknown) == (1 / 5, 1 / 5)


def test_texts_that_the_reference_refuses_make_its_words_unknown(picky):
    mine = by_words(["[UNK]", "a", "c"], unk="[UNK]")
    report = bridge.report(bridge.align(mine, picky), ["a b", "c a", "a"])
    assert (report.text.texts, report.text.refused) == (2, 1)
    assert report.text.preset.unknown == 1 / 5
    assert report.words == (
        WorstWord("c", 1, 1, 0, "unknown"),
        WorstWord("b", 1, 1, 1, "lost"),
    )
    assert report.recommendation.strategy == "transplant"
    assert "1 more were refused" in " ".join(str(report).split())


def test_every_text_is_refused(picky):
    message = (
        "Every word must be in the vocabulary where no unk token stands for the "
        "others. Received: 1 unknown words, such as 'c'. Name the token for them with "
        '`roles={"unk": token}`, or give each an id.'
    )
    with pytest.raises(VocabularyError, match=exactly(message)):
        bridge.report(bridge.align(picky, picky), ["c"])
