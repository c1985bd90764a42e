"""Every cause of a difference, in tiny tokenizers that differ by it alone."""

import re

import pytest
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

import bridge
from bridge.reporting.auditing import classify, examples
from bridge.reporting.auditing.causes import CHANGES, Cause
from tests.factories import BERT_SPECIALS, bpe_tokenizer, wordpiece_vocabulary


def wordpiece(
    *,
    lowercase=True,
    strip=True,
    clean=True,
    normalizer=None,
    split=None,
    specials=True,
):
    vocabulary = {token: i for i, token in enumerate(wordpiece_vocabulary())}
    for token in ("\u00e9", "\u00df", "\ufb01", "E", "##\u00e9", "\u2032", "##\u2032"):
        vocabulary[token] = len(vocabulary)
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    bert = normalizers.BertNormalizer(
        lowercase=lowercase, strip_accents=strip, clean_text=clean
    )
    tokenizer.normalizer = (
        bert if normalizer is None else normalizers.Sequence([normalizer, bert])
    )
    tokenizer.pre_tokenizer = split or pre_tokenizers.BertPreTokenizer()
    if specials:
        tokenizer.add_special_tokens(BERT_SPECIALS)
    return tokenizer


def ascii_spaces():
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex("[ \t\n\r]+"), "removed"),
            pre_tokenizers.Punctuation(),
        ]
    )


def byte_pair(*, use_regex=True):
    """A merge of a mark and a letter, which only a text that is not cut allows."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [
        ("'", "t"),
        ("\u0120", "'"),
        ("\u010a", "\u010a"),
        ("2", "0"),
        ("20", "2"),
    ]
    tokens = dict.fromkeys([*alphabet, *(left + right for left, right in merges)])
    vocabulary = {token: i for i, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(
        add_prefix_space=False, use_regex=use_regex
    )
    return tokenizer


NFKC = normalizers.NFKC()
# Cause: the preset's tokenizer, the reference, texts that differ, those that do not,
# the smallest failing text.
PAIRS = {
    Cause.SPECIALS: (
        lambda: wordpiece(specials=False),
        wordpiece,
        ["the [MASK] fox", "[CLS] the fox [SEP]"],
        ["the fox", "the [mask] fox"],
        "[SEP]",
    ),
    Cause.JOINED: (
        wordpiece,
        lambda: wordpiece(specials=False),
        ["the [MASK] fox"],
        ["the fox"],
        "[MASK]",
    ),
    Cause.ACCENTS: (
        lambda: wordpiece(strip=False),
        wordpiece,
        ["th\u00e9 fox", "the fo\u0308x", "\u00e9"],
        ["the fox", ""],
        "\u00e9",
    ),
    Cause.STRIPPED: (
        wordpiece,
        lambda: wordpiece(strip=False),
        ["the \u00e9"],
        ["the e"],
        "\u00e9",
    ),
    Cause.CONTROLS: (
        lambda: wordpiece(clean=False),
        wordpiece,
        ["the f\u00adox", "a\u200bb", "\x07 the"],
        ["the fox\n\tdog"],
        "\x07",
    ),
    Cause.SPACES: (
        lambda: wordpiece(split=ascii_spaces(), clean=False),
        lambda: wordpiece(clean=False),
        ["the\u00a0fox", "the\u3000dog ran"],
        ["the fox"],
        "\u00a0",
    ),
    Cause.FOLDED: (
        lambda: wordpiece(normalizer=NFKC),
        wordpiece,
        ["the \ufb01"],
        ["the fi", "THE"],
        "\ufb01",
    ),
    Cause.UNFOLDED: (
        lambda: wordpiece(lowercase=False, strip=True),
        wordpiece,
        ["The fox", "the FOX", "E"],
        ["the fox"],
        "E",
    ),
    Cause.SPLIT: (
        lambda: byte_pair(use_regex=False),
        byte_pair,
        ["now 'tis", "in\n\nit"],
        ["can't", "2023", "the\n\n"],
        "\n\nt",
    ),
}


@pytest.mark.parametrize("cause", PAIRS)
def test_each_cause_is_told(cause):
    native, reference, differing, equal, smallest = PAIRS[cause]
    report = bridge.audit(native(), reference(), [*differing, *equal])
    assert report.differing == tuple(range(len(differing)))
    assert report.causes == {cause.value: len(differing)}
    assert {example.cause for example in report.examples} == {cause.value}
    first = report.examples[0]
    assert len(first.text) == min(len(example.text) for example in report.examples)
    assert first.text == smallest


@pytest.mark.parametrize("cause", PAIRS)
def test_without_its_probe_a_cause_is_not_told(cause, monkeypatch):
    """The tests above can fail: the classification hangs on the probes."""
    others = tuple(change for change in CHANGES if change.cause != cause)
    monkeypatch.setattr(classify, "CHANGES", others)
    monkeypatch.setattr(examples, "CHANGES", others)
    native, reference, differing, equal, _ = PAIRS[cause]
    report = bridge.audit(native(), reference(), [*differing, *equal])
    assert cause.value not in report.causes
    assert report.differing == tuple(range(len(differing)))


def test_every_cause_has_a_probe_and_a_test():
    assert {change.cause for change in CHANGES} == set(PAIRS)
    assert set(Cause) - set(PAIRS) == {Cause.PATHS, Cause.OTHER}
    meanings = [cause.meaning for cause in Cause]
    assert len(set(meanings)) == len(meanings)


def test_a_text_may_have_several_causes_in_one_word():
    report = bridge.audit(
        wordpiece(strip=False, specials=False, normalizer=NFKC),
        wordpiece(),
        ["th\u00e9[MASK]\ufb01", "th\u00e9 \ufb01", "a [SEP] fox"],
    )
    assert report.causes == {"specials": 2, "accents": 2, "folded": 2}
    assert [(e.cause, e.text) for e in report.examples] == [
        ("specials", "[SEP]"),
        ("specials", "[MASK]"),
        ("accents", "\u00e9"),
        ("folded", "\ufb01"),
    ]


def test_what_nothing_explains_is_other_beside_what_is_explained():
    native = wordpiece(strip=False)
    swapped = re.sub('"dog": ?([0-9]+)', '"d0g":\\1', native.to_str())
    report = bridge.audit(
        Tokenizer.from_str(swapped), wordpiece(), ["the dog", "th\u00e9 dog", "\u00e9"]
    )
    assert report.causes == {"accents": 2, "other": 2}
    assert {e.cause: e.text for e in report.examples} == {
        "accents": "\u00e9",
        "other": "dog",
    }


def test_a_mask_that_eats_the_space_before_it():
    from tokenizers import AddedToken

    native, reference = bpe_tokenizer(), bpe_tokenizer()
    mask = AddedToken("<mask>", lstrip=True, special=True)
    reference.add_special_tokens([mask])
    texts = ["the <mask> fox", "the fox", "the <mask>\u00e9 ran"]
    # The accent has no merge either way: only the space is at stake.
    report = bridge.audit(native, reference, texts)
    assert report.differing == (0, 2)
    assert report.causes == {"specials": 2}


def test_special_tokens_are_no_text_to_fold():
    """Folded, `[MASK]` would be no special token and agree by mistake."""
    native = wordpiece(
        strip=False, specials=False, normalizer=normalizers.Replace("\u00df", "ss")
    )
    report = bridge.audit(native, wordpiece(), ["th\u00e9 [MASK] stra\u00dfe"])
    assert report.causes == {"specials": 1, "accents": 1, "folded": 1}


def test_a_mask_that_eats_the_space_beside_another_cause():
    from tokenizers import AddedToken

    native, reference = byte_pair(use_regex=False), byte_pair()
    reference.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True)])
    report = bridge.audit(native, reference, ["it <mask> 'tis", "<mask>"])
    assert report.causes == {"specials": 2, "split": 1}


@pytest.fixture
def accents_at_the_start():
    """A word alone differs by its accent, and inside a text it does not."""
    ids = {"?": 0, "e": 1, "s": 2, "b": 3, "\u00e9": 4, "\u00df": 5, " ": 6, "!": 7}

    def reference(text):
        text = text.replace("\u200b", "").replace("\u00e9", "e").replace("e\u0301", "e")
        return [ids.get(c, 0) for c in text]

    def native(text):
        start = [4] if text.startswith("\u00e9") else []
        text = text[len(start) :].replace("\u00df", "ss").replace("\u200b", "!")
        return start + reference(text)

    return tuple(bridge.load_tokenizer(f, vocabulary=ids) for f in (native, reference))


def test_what_a_text_does_not_need_is_no_cause_of_it(accents_at_the_start):
    texts = ["b \u00e9 \u00df \u200b", "b \u00df \u00e9"]
    report = bridge.audit(*accents_at_the_start, texts)
    assert report.causes == {"controls": 1, "folded": 2}


def test_an_example_does_not_slip_to_another_cause(accents_at_the_start):
    report = bridge.audit(*accents_at_the_start, ["b \u00df \u00e9"])
    assert {(e.cause, e.text) for e in report.examples} == {("folded", "\u00df")}


def test_folding_that_comes_after_cutting():
    """As in KerasHub's BERT: the double prime is cut off first and folded then."""
    table = {"\u2032": 0, "##\u2032": 1, "\u2033": 2, "a": 3, "?": 4}

    def cut(text, marks, ids):
        words = "".join(f" {c} " if c in marks else c for c in text).split()
        return [i for word in words for i in ids.get(word, [4])]

    def native(text):
        return cut(text, "\u2032\u2033", {"\u2033": [0, 1], "\u2032": [0], "a": [3]})

    def reference(text):
        return cut(text, "\u2032\u2033", {"\u2033": [2], "\u2032": [0], "a": [3]})

    report = bridge.audit(
        bridge.load_tokenizer(native, vocabulary=table),
        bridge.load_tokenizer(reference, vocabulary=table),
        ["\u2033"],
    )
    assert report.causes == {"folded": 1}


def test_two_tokenizers_that_have_nothing_in_common():
    left = bridge.load_tokenizer({"a": 0, "?": 1}, split="characters", roles={"unk": 1})
    right = bridge.load_tokenizer(
        {"?": 0, "b": 1}, split="characters", roles={"unk": 0}
    )
    texts = [f"w{i} \u00e9 {'a' * (i % 7)}" for i in range(300)]
    report = bridge.audit(left, right, texts)
    assert len(report.differing) == 300
    assert report.causes["other"] == 300
