"""KerasHub's encoder-decoders on raw texts, with a tokenizer from elsewhere."""

import numpy as np
import pytest

from tests.keras.families import (
    LENGTH,
    MORE,
    TEXTS,
    as_numpy,
    assert_same,
    assert_trains,
    by_hand,
    connected,
    find_class,
    make_task,
    matrix,
    save_and_load,
)

pytestmark = [
    pytest.mark.keras,
    # KerasHub 0.32's T5 says so of itself while it is built.
    pytest.mark.filterwarnings("ignore:Layer '.*:UserWarning"),
]
cases = matrix("Bart", "T5")
# What a decoder starts with, by role: KerasHub's own choice for each.
DECODER_START = {"Bart": ("eos", "bos"), "T5": ("pad",)}
ENCODER_START = {"Bart": ("bos",), "T5": ()}


@cases
def test_it_trains_generates_and_comes_back(family_presets, family, strategy, tmp_path):
    task = make_task(connected(family_presets, family, strategy), family, "Seq2SeqLM")
    assert_trains(task, {"encoder_text": MORE, "decoder_text": MORE[::-1]})
    task.compile(sampler="greedy", run_eagerly=True)
    texts = task.generate(TEXTS[:2], max_length=10)
    assert len(texts) == 2
    again = save_and_load(task, tmp_path)
    again.compile(sampler="greedy", run_eagerly=True)
    # KerasHub 0.32 saves no lengths of these preprocessors; what a link makes does.
    assert again.preprocessor.encoder_sequence_length == LENGTH
    assert again.preprocessor.decoder_sequence_length == LENGTH
    assert again.generate(TEXTS[:2], max_length=10) == texts


@cases
def test_both_sides_hold_the_tokens_of_their_texts(family_presets, family, strategy):
    link = connected(family_presets, family, strategy)
    stock = find_class(family, "Seq2SeqLMPreprocessor")
    preprocessor = link.preprocessor(
        stock, encoder_sequence_length=18, decoder_sequence_length=16
    )
    texts = {"encoder_text": TEXTS, "decoder_text": TEXTS[::-1]}
    x, y, weights = as_numpy(preprocessor(texts))
    assert set(x) == set(link.backbone.input)
    space = preprocessor.tokenizer.codec.space
    ids = [list(row) for row in preprocessor.tokenizer(TEXTS)]
    pad, end = space.role_id("pad"), space.role_id("sep")
    roles = {
        "pad": pad,
        "eos": end,
        "bos": space.roles.get("bos", space.roles.get("cls")),
    }

    def rows(starts, bodies, length):
        whole = [[roles[r] for r in starts] + body + [end] for body in bodies]
        # A row that is too long keeps its end.
        whole = [
            row if len(row) <= length else [*row[: length - 1], end] for row in whole
        ]
        mask = np.array([[i < len(row) for i in range(length)] for row in whole])
        return np.array([row + [pad] * (length - len(row)) for row in whole]), mask

    encoder, mask = rows(ENCODER_START[family], ids, 18)
    assert_same(x["encoder_token_ids"], encoder)
    assert_same(x["encoder_padding_mask"], mask)
    decoder, mask = rows(DECODER_START[family], ids[::-1], 17)
    assert_same((x["decoder_token_ids"], y), (decoder[:, :-1], decoder[:, 1:]))
    assert_same(x["decoder_padding_mask"], mask[:, :-1])
    assert_same(weights, mask[:, 1:])
    own = stock(by_hand(link), encoder_sequence_length=18, decoder_sequence_length=16)
    assert_same(own(texts), (x, y, weights))


@cases
def test_generation_stops_at_the_token_that_ends_a_text(
    family_presets, family, strategy
):
    import keras
    import keras_hub

    link = connected(family_presets, family, strategy)
    task = make_task(link, family, "Seq2SeqLM")
    end = task.preprocessor.tokenizer.end_token_id

    class Ending(keras_hub.samplers.Sampler):
        def get_next_token(self, probabilities):
            return keras.ops.full(probabilities.shape[:1], end)

    task.compile(sampler=Ending(), run_eagerly=True)
    assert task.generate(TEXTS[:2], max_length=10) == ["", ""]
