"""Every difference from transformers that is on purpose, by its number in the docs."""

import inspect
import logging
import pickle
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from bridge.errors import SequenceLengthError, TokenIdError, VocabularyError
from bridge.huggingface import BatchEncoding, HuggingFaceCall
from bridge.tokenizers import load_tokenizer
from tests import factories
from tests.huggingface.making import both, set_sides

DOCUMENT = Path(__file__).parents[2] / "docs" / "huggingface_differences.md"
NAMES = ("input_ids", "token_type_ids", "attention_mask")


def pair(name="wordpiece"):
    return set_sides(name, padding_side="right", truncation_side="right", names=NAMES)


def raised(function):
    try:
        function()
    except BaseException as error:  # noqa: BLE001  a panic is no Exception
        return error
    return None


def test_every_difference_has_a_test_and_every_test_a_difference():
    numbers = re.findall(r"^(\d+)\. \*\*", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    functions = inspect.getmembers(sys.modules[__name__], inspect.isfunction)
    tests = [name for name, _ in functions if re.match(r"test_\d+_", name)]
    assert [int(number) for number in numbers] == list(range(1, len(numbers) + 1))
    assert sorted(int(name.split("_")[1]) for name in tests) == list(
        range(1, len(numbers) + 1)
    )


def test_01_special_tokens_that_do_not_fit():
    reference, ours = pair()
    text = "the quick brown fox"
    assert len(reference(text, truncation=True, max_length=1)["input_ids"]) == 6
    with pytest.raises(SequenceLengthError, match="must hold its special tokens"):
        ours(text, truncation=True, max_length=1)


def test_02_what_cannot_be_cut():
    reference, ours = pair()
    calls = [
        (("the fox", "a dog runs"), {"truncation": "only_first", "max_length": 5}),
        (("the quick fox",), {"truncation": "only_second", "max_length": 4}),
        (("the quick fox",), {"truncation": True, "max_length": 4, "stride": 2}),
    ]
    kinds = []
    for args, options in calls:
        kinds.append(type(raised(lambda a=args, o=options: reference(*a, **o))))
        with pytest.raises(SequenceLengthError, match=r"must (leave|be)|needs"):
            ours(*args, **options)
    assert kinds[:2] == [Exception, Exception]
    assert not issubclass(kinds[2], Exception)
    assert issubclass(SequenceLengthError, ValueError)


def test_03_empty_rows_are_integers():
    rows = [
        t(["the", ""], add_special_tokens=False, return_tensors="np")["input_ids"]
        for t in pair()
    ]
    assert [row[1].dtype for row in rows] == [np.float64, np.int64]


def test_04_segment_ids_of_rows_that_overflow():
    options = {
        "truncation": True,
        "max_length": 12,
        "return_overflowing_tokens": True,
        "return_token_type_ids": True,
    }
    theirs, own = (
        t("the fox", "the quick brown fox jumps", **options)["token_type_ids"]
        for t in pair("t5_like")
    )
    assert theirs[0] == own[0] == [0] * 12
    assert any(1 in row for row in theirs[1:])
    assert not any(1 in row for row in own)


def test_05_offsets_of_the_first_token_of_a_row():
    reference, ours = pair("roberta_like")
    text = "the quick brown fox"
    whole = ours(text, return_offsets_mapping=True, add_special_tokens=False)
    assert (
        whole["offset_mapping"]
        == reference(text, return_offsets_mapping=True, add_special_tokens=False)[
            "offset_mapping"
        ]
    )
    options = {
        "truncation": True,
        "max_length": 3,
        "return_offsets_mapping": True,
        "return_overflowing_tokens": True,
        "add_special_tokens": False,
    }
    theirs, own = (t(text, **options)["offset_mapping"] for t in (reference, ours))
    assert [span for row in own for span in row] == whole["offset_mapping"]
    changed = [(a[0], b[0]) for a, b in zip(theirs, own, strict=True) if a[0] != b[0]]
    assert changed
    assert all(b[0] - a[0] == 1 and text[a[0]] == " " for a, b in changed)


def test_06_tokens_spell_ids():
    reference, ours = pair("unigram")
    assert reference.tokenize("\u65e5") == ["\u2581", "\u65e5"]
    assert ours.tokenize("\u65e5") == ["\u2581", "<unk>"]
    reference, ours = pair("roberta_like")
    assert " <mask>" in reference.tokenize("the <mask>")
    assert "<mask>" in ours.tokenize("the <mask>")


def test_07_the_way_back_is_lazy_and_stays_here():
    reference, ours = pair()
    theirs, own = reference("the fox"), ours("the fox")
    assert pickle.loads(pickle.dumps(theirs)).encodings is not None
    assert pickle.loads(pickle.dumps(own)).encodings is None
    assert hasattr(theirs[0], "overflowing")
    assert not hasattr(own[0], "overflowing")


def test_08_a_word_that_a_row_lacks():
    reference, ours = pair()
    assert isinstance(raised(lambda: reference("the fox").word_to_chars(9)), TypeError)
    assert ours("the fox").word_to_chars(9) is None


def test_09_the_class_of_a_result():
    from transformers import BatchEncoding as Theirs

    result = pair()[1]("the fox")
    assert isinstance(result, BatchEncoding)
    assert not isinstance(result, Theirs)
    methods = {name for name in vars(Theirs) if not name.startswith("_")}
    assert {name for name in methods if not hasattr(result, name)} == set()


@pytest.mark.keras
def test_10_libraries_that_transformers_dropped():
    reference, ours = pair()
    for kind in ("tf", "jax"):
        assert isinstance(
            raised(lambda k=kind: reference("a", return_tensors=k)), (ValueError)
        )
        error = raised(lambda k=kind: ours("a", return_tensors=k))
        assert error is None or isinstance(error, ImportError)


def test_11_unknown_arguments():
    reference, ours = pair()
    assert len(reference("the quick fox", max_lenght=3)["input_ids"]) == 5
    with pytest.raises(TypeError, match="max_lenght"):
        ours("the quick fox", max_lenght=3)


def test_12_nothing_warns(caplog):
    reference, ours = pair()
    with pytest.warns(UserWarning, match="`max_length` is ignored"):
        reference("a", padding=True, max_length=5)
    ours.model_max_length = 4
    try:
        with warnings.catch_warnings(), caplog.at_level(logging.DEBUG):
            warnings.simplefilter("error")
            ours("a", padding=True, max_length=5)
            ours("the quick brown fox", verbose=False)
            assert caplog.messages == []
            ours("the quick brown fox")
    finally:
        ours.model_max_length = int(1e30)
    assert caplog.messages == ["A row has 6 tokens; the model takes 4."]
    assert {record.levelname for record in caplog.records} == {"DEBUG"}


def test_13_no_multiple():
    reference, ours = pair()
    options = {"padding": True, "truncation": True, "max_length": 8}
    error = raised(lambda: reference("the fox", pad_to_multiple_of=0, **options))
    assert isinstance(error, ZeroDivisionError)
    expected = dict(reference("the fox", **options))
    assert dict(ours("the fox", pad_to_multiple_of=0, **options)) == expected


def test_14_ids_outside_the_vocabulary():
    reference, ours = pair()
    assert reference.decode([198, 99_999]) == "the"
    with pytest.raises(TokenIdError, match="1 ids outside it"):
        ours.decode([198, 99_999])


def test_15_ids_with_gaps():
    table = factories.word_table()
    ours = HuggingFaceCall(load_tokenizer(table, split="whitespace"))
    assert len(ours) == max(table.values()) + 1 > len(table)
    reference, ours = both("wordpiece")
    assert len(ours) == len(reference)


def test_16_special_tokens_are_tokens():
    from transformers import PreTrainedTokenizerFast

    reference = PreTrainedTokenizerFast(
        tokenizer_object=factories.wordpiece_tokenizer(), unk_token="[UNK]"
    )
    reference.pad_token = "[NEW]"
    assert reference.pad_token_id == reference.unk_token_id
    ours = HuggingFaceCall(load_tokenizer(factories.wordpiece_tokenizer()))
    with pytest.raises(VocabularyError, match="must be in the vocabulary"):
        ours.pad_token = "[NEW]"


def test_17_spaces_that_are_text():
    reference, ours = pair("unigram")
    ids = reference("the fox .")["input_ids"]
    options = {"clean_up_tokenization_spaces": True}
    assert reference.decode(ids, **options) == "the fox."
    assert ours.decode(ids, **options) == "the fox ."


def test_18_nothing_changes_the_tokenizer():
    ours = pair()[1]
    for name in ("add_tokens", "add_special_tokens", "apply_chat_template"):
        assert not hasattr(ours, name)


def test_19_what_is_padded_stays():
    for tokenizer, stays in zip(pair(), (False, True), strict=True):
        row = {"input_ids": [2, 3]}
        tokenizer.pad(row, padding="max_length", max_length=4)
        assert (row == {"input_ids": [2, 3]}) is stays


def test_20_rows_that_are_not_as_many():
    reference, ours = pair()
    rows = {"input_ids": [[2], [3]], "label": [0]}
    assert isinstance(raised(lambda: reference.pad(dict(rows))), AssertionError)
    with pytest.raises(ValueError, match="as many rows as the ids"):
        ours.pad(rows)


def test_21_one_row_that_is_an_array():
    reference, ours = pair()
    row = {"input_ids": np.array([2, 5, 3])}
    assert isinstance(raised(lambda: reference.pad(dict(row))), ValueError)
    padded = ours.pad(row, padding="max_length", max_length=4)
    assert padded["input_ids"].tolist() == [2, 5, 3, 0]
    assert padded["attention_mask"].dtype == np.int64
