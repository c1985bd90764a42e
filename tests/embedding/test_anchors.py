"""Rows from near anchors, in spaces given and made."""

import builtins

import numpy as np
import pytest

from bridge.embedding import Anchors, Rule
from bridge.embedding.cooccurrence import count_vectors
from bridge.embedding.plan import plan_rows
from bridge.embedding.specials import extend_vocabulary
from bridge.embedding.vectors import find_vectors, read_vectors
from bridge.errors import MissingDependencyError, VocabularyError
from bridge.tokenizers.load import load_tokenizer
from bridge.vocabulary import Vocabulary

# Tokens 1, 3 and 4 (play, horn, !) are copied; 7 (`Ġé`) is unknown to the preset.
VECTORS = {"play": [1.0, 0.0], "horn": [0.0, 1.0], "Ġé": [0.6, 0.8], "played": [1, 1]}


def plan(alignment, table, **options):
    vocabulary = extend_vocabulary(alignment.tokenizer.vocabulary, alignment.spec)
    return plan_rows(alignment, vocabulary, preset_rows=len(table), **options)


def test_the_nearest_by_softmax(alignment, table):
    method = Anchors(VECTORS, temperature=0.5)

    made = plan(alignment, table, init=["compose", method])

    weights = np.exp(np.array([0.8, 0.6]) / 0.5)
    weights /= weights.sum()
    assert made.recipe[7].rule == Rule.ANCHORS
    assert made.recipe[7].rows == (9, 6)  # horn, play
    np.testing.assert_allclose(made.recipe[7].weights, weights, rtol=1e-5)
    assert made.recipe[5].rule == Rule.COMPOSED  # `compose` went first
    row = table[9] * weights[0] + table[6] * weights[1]
    np.testing.assert_allclose(made.build(table)[7], row, rtol=1e-5)


def test_the_list_is_a_priority(alignment, table):
    method = Anchors(VECTORS, weighting="sparsemax")

    recipe = plan(alignment, table, init=["copy", method, "compose"]).recipe

    assert recipe[5].rule == Rule.ANCHORS
    assert recipe[2].rule == Rule.MIXTURE  # has no vector
    np.testing.assert_allclose(recipe[7].weights, (0.6, 0.4), atol=1e-6)
    assert not recipe.copied[5]


def test_top_k_limits_the_anchors(alignment, table):
    recipe = plan(alignment, table, init=["compose", Anchors(VECTORS, top_k=1)]).recipe

    assert recipe[7] == (Rule.ANCHORS, (9,), (1.0,))


def test_no_vector_no_row(alignment, table):
    recipe = plan(alignment, table, init=["compose", Anchors({"x": [1.0]})]).recipe

    assert recipe[7].rule == Rule.LAST_RESORT


def write(path, *lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("header", [["3 2"], []])
def test_vectors_from_a_file(alignment, table, tmp_path, header):
    lines = ("play 1 0", "horn 0 1 ", "Ġé 0.6 0.8")
    path = write(tmp_path / "words.vec", *header, *lines)

    made = plan(alignment, table, init=["compose", Anchors(path)])
    same = plan(alignment, table, init=["compose", Anchors(VECTORS)])

    np.testing.assert_allclose(made.recipe[7].weights, same.recipe[7].weights)


def test_a_token_is_looked_up_by_spelling_text_and_lower_case():
    vocabulary = Vocabulary.from_tokens(
        ["Ġone", "Two", "ĠThree", "four"], convention="byte_level"
    )
    words = {"Ġone": [1.0], "one": [2.0], "two": [3.0], "three": [4.0]}

    ids, vectors = find_vectors(words, vocabulary)

    assert ids.tolist() == [0, 1, 2]
    assert vectors.tolist() == [[1], [3], [4]]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ("a 1 2", "b 1"),
            "Every line of a vector file holds a word and as many numbers as the "
            "others. Received: 1 numbers instead of 2 in line 2 of {path}. Save it in "
            "word2vec's text format.",
        ),
        (
            ("a 1 x",),
            "Behind its word, a line of a vector file holds numbers only. Received: "
            "line 1 of {path} (could not convert string to float: 'x'). Save it in "
            "word2vec's text format.",
        ),
    ],
)
def test_a_damaged_vector_file(tmp_path, lines, message):
    path = write(tmp_path / "words.vec", *lines)

    with pytest.raises(VocabularyError, match="word2vec") as error:
        read_vectors(path, Vocabulary.from_tokens(["a"]))
    assert str(error.value) == message.format(path=path)


@pytest.mark.parametrize(
    ("vectors", "received"),
    [
        ({"a": [1.0], "b": [1.0, 2.0]}, "[1, 2]"),
        ({"a": [1.0], "b": [float("nan")]}, "[1], some not finite"),
    ],
)
def test_vectors_of_different_kinds(vectors, received):
    with pytest.raises(VocabularyError, match="one width") as error:
        find_vectors(vectors, Vocabulary.from_tokens(["a", "b"]))
    assert str(error.value) == (
        f"Vectors must be finite and of one width. Received: widths {received}. Train "
        "them together."
    )


def test_neither_vectors_nor_texts(alignment, table):
    with pytest.raises(ValueError, match="neither") as error:
        plan(alignment, table, init="anchors")
    assert str(error.value) == (
        "Anchors are found by vectors, or by texts to make them from. Received: "
        "neither. Pass `texts=`, or `init=bridge.Anchors(vectors)`."
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"weighting": "mean"},
            "`weighting` must be 'softmax' or 'sparsemax'. Received: 'mean'.",
        ),
        ({"temperature": 0}, "`temperature` must be above 0. Received: 0."),
        ({"top_k": -1}, "`top_k` must be above 0. Received: -1."),
    ],
)
def test_options(options, message):
    with pytest.raises(ValueError, match="must be") as error:
        Anchors(**options)
    assert str(error.value) == message


ANIMALS, TOOLS = ("cat", "dog", "cow", "hen"), ("saw", "axe", "file", "vice")


@pytest.fixture
def words():
    names = ["<unk>", *ANIMALS, *TOOLS, "the", "eats", "cuts", "grass", "wood"]
    return load_tokenizer(
        {name: i for i, name in enumerate(names)},
        split="whitespace",
        roles={"unk": "<unk>"},
    )


def sentences():
    rng = np.random.default_rng(0)
    return [
        f"the {rng.choice(ANIMALS)} eats the grass"
        if rng.random() < 0.5
        else f"the {rng.choice(TOOLS)} cuts the wood"
        for _ in range(400)
    ]


def test_tokens_in_like_company_have_like_vectors(words):
    pytest.importorskip("scipy")
    ids, vectors = count_vectors(words, sentences(), minimum=10, dimensions=4, window=3)

    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    place = {words.vocabulary.tokens[i]: n for n, i in enumerate(ids.tolist())}
    animals, tools = ([unit[place[w]] for w in group] for group in (ANIMALS, TOOLS))
    assert min(a @ b for a in animals for b in animals) > max(
        a @ b for a in animals for b in tools
    )
    again = count_vectors(words, sentences(), minimum=10, dimensions=4, window=3)
    np.testing.assert_array_equal(again[1], vectors)


def test_texts_do_not_run_into_one_another(words):
    pytest.importorskip("scipy")
    texts = ["cat dog"] * 20 + ["saw axe"] * 20

    ids, vectors = count_vectors(words, texts, minimum=10, dimensions=4, window=3)

    place = {words.vocabulary.tokens[i]: n for n, i in enumerate(ids.tolist())}
    assert abs(vectors[place["dog"]] @ vectors[place["saw"]]) < 1e-5


def test_too_few_texts(words):
    pytest.importorskip("scipy")
    with pytest.raises(VocabularyError, match="often enough") as error:
        count_vectors(words, ["cat"], minimum=10, dimensions=4, window=3)
    assert str(error.value) == (
        "Vectors are made for tokens that the texts use often enough. Received: 0 "
        "tokens with 10 uses or more in 1 texts. Pass more texts, or "
        "`bridge.Anchors(minimum=...)`."
    )


def test_scipy_is_optional(words, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **options):
        if name.startswith("scipy"):
            raise ImportError(name)
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingDependencyError, match="scipy") as error:
        count_vectors(words, ["cat"], minimum=1, dimensions=4, window=3)
    assert str(error.value) == (
        "Vectors are made from texts with scipy. Received: it is not installed. Run "
        "`pip install 'tokenizer-bridge[anchors]'`, or pass vectors: "
        "`bridge.Anchors(vectors)`."
    )
