"""KerasHub's causal language models: trained on raw texts, and sampled."""

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

pytestmark = pytest.mark.keras

PROMPTS = ["the cat", "a"]
cases = matrix("GPT2", "OPT", "Llama", "Llama3", "Mistral", "Gemma", "Qwen")


def causal_lm(link, family):
    task = make_task(link, family, "CausalLM")
    task.compile(sampler="greedy", run_eagerly=True)
    return task


@cases
def test_it_trains_generates_and_comes_back(family_presets, family, strategy, tmp_path):
    task = causal_lm(connected(family_presets, family, strategy), family)
    assert_trains(task, MORE)
    texts = task.generate(PROMPTS, max_length=12)
    assert all(map(str.startswith, texts, PROMPTS))
    # A text alone has other padding, and goes on as in the batch.
    assert [task.generate(each, max_length=12) for each in PROMPTS] == texts
    again = save_and_load(task, tmp_path)
    again.compile(sampler="greedy", run_eagerly=True)
    assert again.preprocessor.sequence_length == LENGTH
    assert again.generate(PROMPTS, max_length=12) == texts


@cases
def test_inputs_are_those_of_the_encoder(family_presets, family, strategy):
    link = connected(family_presets, family, strategy)
    stock = find_class(family, "CausalLMPreprocessor")
    preprocessor = link.preprocessor(stock, sequence_length=LENGTH)
    x, y, weights = as_numpy(preprocessor(TEXTS))
    arrays = link.make_encoder(LENGTH)(TEXTS)
    assert set(x) == set(link.backbone.input) == set(arrays)
    assert_same(dict(x), arrays)
    assert_same(y[:, :-1], x["token_ids"][:, 1:])
    assert_same(weights[:, :-1], x["padding_mask"][:, 1:])
    assert_same(
        preprocessor(TEXTS),
        stock(tokenizer=by_hand(link), sequence_length=LENGTH)(TEXTS),
    )


@cases
def test_prompts_are_padded_on_the_right_and_may_be_ids(
    family_presets, family, strategy
):
    link = connected(family_presets, family, strategy)
    task = causal_lm(link, family)
    prompts = task.preprocessor.generate_preprocess(PROMPTS, sequence_length=12)
    mask = as_numpy(prompts["padding_mask"])
    lengths = mask.sum(axis=1)
    assert lengths[0] > lengths[1]
    assert_same(mask, np.arange(12) < lengths[:, None])
    texts = task.generate(PROMPTS, max_length=12)
    tokenizer, postprocess = (
        task.preprocessor.tokenizer,
        task.preprocessor.generate_postprocess,
    )
    # No end token behind a prompt: the text is to go on.
    assert as_numpy(prompts["token_ids"])[0, lengths[0] - 1] != tokenizer.end_token_id
    task.preprocessor = None
    found = task.generate(prompts, stop_token_ids=(tokenizer.end_token_id,))
    assert postprocess(found) == texts


@cases
def test_generation_stops_at_the_token_that_ends_a_text(
    family_presets, family, strategy
):
    import keras
    import keras_hub

    link = connected(family_presets, family, strategy)
    task = make_task(link, family, "CausalLM")
    end = link.spec.roles["eos"]

    class Ending(keras_hub.samplers.Sampler):
        def get_next_token(self, probabilities):
            return keras.ops.full(probabilities.shape[:1], end)

    task.compile(sampler=Ending(), run_eagerly=True)
    assert task.generate(PROMPTS, max_length=12) == PROMPTS


def test_a_pad_id_that_is_text_stays_in_the_text(family_presets):
    link = connected(family_presets, "GPT2", "identity")
    task = causal_lm(link, "GPT2")
    assert task.preprocessor.tokenizer.pad_is_text
    assert task.generate("wow!! a", max_length=12).startswith("wow!! a")
