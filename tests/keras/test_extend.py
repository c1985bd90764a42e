"""`extend` and `shrink`: the preset's own vocabulary, longer or shorter."""

import numpy as np
import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from bridge.embedding import Rule
from bridge.errors import BackboneError, TextInputError, UnsupportedTokenizerError
from bridge.tokenizers.load import load_tokenizer

pytestmark = pytest.mark.keras

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = ["the", "cat", "sat", "play", "##ing", "##ed", "card", "##ia"]
TOKENS = [*SPECIAL, *WORDS, *"abcdefg", *(f"##{c}" for c in "abcdefg"), "[unused0]"]
SIZE = len(TOKENS)
OPTIONS = {"num_layers": 1, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 12}


def tokenizer():
    model = models.WordPiece(
        {token: i for i, token in enumerate(TOKENS)}, unk_token="[UNK]"
    )
    engine = Tokenizer(model)
    engine.pre_tokenizer = pre_tokenizers.Whitespace()
    engine.add_special_tokens(SPECIAL)
    return engine


def filled(model):
    rng = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(rng.standard_normal(weight.shape))
    return model


def backbone(rows=SIZE, name="Bert"):
    import keras_hub

    cls = getattr(keras_hub.models, f"{name}Backbone")
    return filled(cls(vocabulary_size=rows, max_sequence_length=16, **OPTIONS))


def extend(*args, **options):
    from bridge.keras.extend import extend

    return extend(*args, **options)


def shrink(*args, **options):
    from bridge.keras.extend import shrink

    return shrink(*args, **options)


def run(model, ids):
    import keras

    ids = np.asarray(ids, "int32")
    known = {
        "token_ids": ids,
        "padding_mask": np.ones_like(ids),
        "segment_ids": np.zeros_like(ids),
        "mask_positions": np.zeros((len(ids), 1), "int32"),
    }
    outputs = model({key: known[key] for key in model.input}, training=False)
    return [keras.ops.convert_to_numpy(o) for o in keras.tree.flatten(outputs)]


def test_old_rows_and_ids_stay():
    model = backbone()
    old = model.token_embedding.embeddings.numpy()

    result = extend(model, tokenizer(), ["cardiabc", "zzz"])

    new = result.model.token_embedding.embeddings.numpy()
    assert new.shape == (SIZE + 2, 8)
    np.testing.assert_array_equal(new[:SIZE], old)
    ids = np.arange(SIZE)[None, :16]
    for before, after in zip(run(model, ids), run(result.model, ids), strict=True):
        np.testing.assert_array_equal(before, after)
    # card ##ia ##b ##c, by their letters
    pieces = [TOKENS.index(t) for t in ("card", "##ia", "##b", "##c")]
    assert result.provenance[SIZE].rows == tuple(pieces)
    row = (old[pieces] * [[4], [2], [1], [1]]).sum(axis=0) / 8
    np.testing.assert_allclose(new[SIZE], row, rtol=1e-5)
    assert result.provenance[SIZE + 1].rule == Rule.LAST_RESORT
    assert result.provenance.counts()["COPY"] == SIZE - len(SPECIAL)
    assert result.check().tables[0].copied == SIZE
    assert model.token_embedding.input_dim == SIZE


def test_the_tokenizer_is_longer_too():
    engine = tokenizer()

    result = extend(backbone(), engine, ["cardiabc"])

    text = ["the cardiabc sat"]
    ids = result.tokenizer.encode_batch(text)[0].tolist()
    assert ids == [TOKENS.index("the"), SIZE, TOKENS.index("sat")]
    assert result.vocabulary is result.tokenizer.vocabulary
    assert result.spec.vocabulary_size == SIZE + 1
    assert result.spec.roles == load_tokenizer(tokenizer()).vocabulary.roles
    assert engine.get_vocab_size() == SIZE


def test_an_encoder_takes_the_result():
    import bridge

    result = extend(backbone(), tokenizer(), ["cardiabc"])
    encoder = bridge.Encoder(
        result.tokenizer,
        strategy="transplant",
        backbone=result.model,
        vocabulary=result.vocabulary,
        sequence_length=6,
    )

    arrays = encoder(["the cardiabc"])

    assert arrays["token_ids"].tolist() == [[2, 5, SIZE, 3, 0, 0]]
    assert np.isfinite(run(result.model, arrays["token_ids"])[0]).all()


def test_a_heads_bias_follows():
    import keras_hub

    model = filled(keras_hub.models.BertMaskedLM(backbone(), preprocessor=None))
    bias = model.masked_lm_head._bias.numpy()

    result = extend(model, tokenizer(), ["cardiabc"])

    longer = result.model.masked_lm_head._bias.numpy()
    np.testing.assert_array_equal(longer[:SIZE], bias)
    places = list(result.provenance[SIZE].rows)
    weights = np.array(result.provenance[SIZE].weights)
    np.testing.assert_allclose(longer[SIZE], bias[places] @ weights, rtol=1e-5)
    assert run(result.model, [[2, SIZE, 3]])[0].shape[-1] == SIZE + 1


def test_rows_behind_the_vocabulary_stay_behind():
    model = backbone(rows=SIZE + 5)
    old = model.token_embedding.embeddings.numpy()

    result = extend(model, tokenizer(), ["cardiabc", "playa"])

    new = result.model.token_embedding.embeddings.numpy()
    assert len(new) == result.spec.vocabulary_size == SIZE + 5
    np.testing.assert_array_equal(new[SIZE + 2 :], old[SIZE + 2 :])
    assert result.vocabulary.size == SIZE + 2


def test_a_word_that_one_piece_spells_is_trained_all_the_same():
    result = extend(backbone(), tokenizer(), ["ing"], trainable="new")

    rule, rows, _ = result.provenance[SIZE]
    assert rule == Rule.COMPOSED
    assert rows
    assert not result.provenance.copied[SIZE]


def test_old_rows_are_pinned_while_new_ones_train():
    import keras
    import keras_hub

    task = filled(keras_hub.models.BertTextClassifier(backbone(), 2, preprocessor=None))
    result = extend(task, tokenizer(), ["cardiabc"], trainable="new")
    table = result.model.backbone.token_embedding.embeddings
    before = table.numpy()
    result.model.compile(
        optimizer=keras.optimizers.AdamW(0.1, weight_decay=0.1),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    ids = np.array([[2, SIZE, 5, 3], [2, 6, 7, 3]], "int32")
    inputs = {
        "token_ids": ids,
        "padding_mask": np.ones_like(ids),
        "segment_ids": np.zeros_like(ids),
    }

    for _ in range(3):
        result.model.train_on_batch(inputs, np.array([0, 1]))

    np.testing.assert_array_equal(table.numpy()[:SIZE], before[:SIZE])
    assert (table.numpy()[SIZE] != before[SIZE]).all()


BYTES = sorted(pre_tokenizers.ByteLevel.alphabet())
# `bc` is merged before `ab`, so that `abc` is cut as a, bc; longest first it is ab, c.
MERGES = [("b", "c"), ("a", "b"), ("\u0120", "a"), ("d", "e")]


def byte_pairs():
    tokens = ["<|endoftext|>", *BYTES, *("".join(pair) for pair in MERGES)]
    model = models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=MERGES)
    engine = Tokenizer(model)
    engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    engine.decoder = decoders.ByteLevel()
    engine.add_special_tokens(["<|endoftext|>"])
    return engine


@pytest.mark.parametrize(
    ("token", "pieces"),
    [
        ("abc", ["\u0120a", "bc"]),
        (" abc", ["\u0120a", "bc"]),
        ("bcab", ["\u0120", "bc", "ab"]),
        ("\u00e9de", ["\u0120", "\u00c3", "\u00a9", "de"]),
    ],
)
def test_a_new_row_is_made_of_what_the_tokenizer_cuts_today(token, pieces):
    engine = byte_pairs()
    size = engine.get_vocab_size()

    result = extend(backbone(size, "GPT2"), engine, [token], weights="uniform")

    assert result.provenance[size].rows == tuple(map(engine.token_to_id, pieces))
    assert engine.encode(f"x {token.strip()}").tokens[1:] == pieces


def test_a_keras_hub_tokenizer_is_rebuilt_first():
    import keras_hub

    native = keras_hub.tokenizers.BertTokenizer(vocabulary=TOKENS, lowercase=True)

    result = extend(backbone(), native, ["cardiabc"])

    assert result.tokenizer.vocabulary.tokens[SIZE] == "cardiabc"


def test_a_tokenizer_of_another_model_is_refused():
    with pytest.raises(BackboneError, match="whose ids") as error:
        extend(backbone(rows=9), tokenizer(), ["x"])
    assert str(error.value) == (
        "The tokenizer must be the one whose ids the model takes. Received: "
        f"{SIZE} ids for a token embedding of 9 rows. Connect another tokenizer with "
        "`bridge.transplant`."
    )


def test_another_library_is_refused():
    words = load_tokenizer({t: i for i, t in enumerate(TOKENS)}, split="whitespace")

    with pytest.raises(UnsupportedTokenizerError, match="gets new tokens"):
        extend(backbone(), words, ["x"])


@pytest.mark.parametrize("name", ["Bert", "DistilBert"])
def test_a_smaller_vocabulary_gives_the_same_outputs(name):
    model = backbone(name=name)
    reference = load_tokenizer(tokenizer())
    texts = ["the cat played", "abc"]

    result = shrink(model, tokenizer(), texts)

    kept = [*SPECIAL, "the", "cat", "play", "##ed", *"abcdefg"]
    assert result.vocabulary.tokens == (*kept, *(f"##{c}" for c in "abcdefg"))
    assert result.model.token_embedding.input_dim == result.vocabulary.size
    for text in texts:
        old, new = (
            t.encode_batch([text])[0][None] for t in (reference, result.tokenizer)
        )
        for before, after in zip(run(model, old), run(result.model, new), strict=True):
            np.testing.assert_array_equal(before, after)
    assert result.check().tables[0].copied == result.vocabulary.size
    assert result.spec.roles == result.vocabulary.roles


def test_how_often_a_token_must_be_used():
    result = shrink(backbone(), tokenizer(), ["the the cat"], minimum=2)

    assert "the" in result.vocabulary
    assert "cat" not in result.vocabulary


def test_texts_without_tokens():
    with pytest.raises(TextInputError, match="cut down") as error:
        shrink(backbone(), tokenizer(), [""])
    assert str(error.value) == (
        "A vocabulary is cut down to what texts use. Received: texts without any "
        "token. Pass texts like those the model will read."
    )


def test_bytes_and_special_tokens_stay():
    engine = byte_pairs()
    model = backbone(engine.get_vocab_size(), "GPT2")

    result = shrink(model, engine, ["abc abc"])

    assert result.vocabulary.tokens == ("<|endoftext|>", *BYTES, "bc", "\u0120a")
    text = ["<|endoftext|>\u00e9 \u65e5 de\x00"]
    ids = result.tokenizer.encode_batch(text)
    assert result.tokenizer.decode_batch(ids) == text
    assert result.spec.roles == result.vocabulary.roles


@pytest.mark.parametrize("change", ["extend", "shrink"])
def test_a_saved_preset_gives_the_same_outputs(change, tmp_path):
    import keras_hub

    engine = byte_pairs()
    model = backbone(engine.get_vocab_size(), "GPT2")
    if change == "extend":
        result = extend(model, engine, ["cardia"])
    else:
        result = shrink(model, engine, ["abc"])
    result.model.save_to_preset(str(tmp_path / "preset"))

    again = keras_hub.models.Backbone.from_preset(str(tmp_path / "preset"))

    assert type(again) is type(model)
    ids = result.tokenizer.encode_batch(["abc cardia"])[0][None]
    np.testing.assert_array_equal(run(again, ids)[0], run(result.model, ids)[0])
    assert again.vocabulary_size == result.vocabulary.size
