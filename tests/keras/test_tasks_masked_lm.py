"""KerasHub's masked language models on raw texts, with a tokenizer from elsewhere."""

import random

import numpy as np
import pytest
import tensorflow as tf

from bridge.vocabulary import TokenKind
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
    # A pooler plays no part here.
    pytest.mark.filterwarnings("ignore:Gradients do not exist:UserWarning"),
]
cases = matrix("Bert", "DistilBert", "Roberta", "XLMRoberta", "Albert", "DebertaV3")
# Special tokens as text too: those of the tokenizer come out as its special ids.
WITH_SPECIALS = [*TEXTS, "[MASK] the <mask> [SEP] dog <s> [PAD] <pad> [CLS]"]


@cases
def test_it_trains_and_comes_back_from_a_preset(
    family_presets, family, strategy, tmp_path
):
    task = make_task(connected(family_presets, family, strategy), family, "MaskedLM")
    assert_trains(task, MORE)
    again = save_and_load(task, tmp_path)
    assert again.preprocessor.sequence_length == LENGTH
    assert again.preprocessor.random_token_rate == 0.0
    random.seed(0)
    x, _, _ = task.preprocessor(MORE)
    task.preprocessor = again.preprocessor = None
    assert_same(again.predict(x, verbose=0), task.predict(x, verbose=0))


def draw(preprocessor, *, in_graph):
    if not in_graph:
        random.seed(0)
        return as_numpy(preprocessor(WITH_SPECIALS))
    dataset = tf.data.Dataset.from_tensor_slices(WITH_SPECIALS).batch(5)
    (batch,) = dataset.map(preprocessor)
    return as_numpy(batch)


@cases
@pytest.mark.parametrize("in_graph", [False, True])
def test_masks_hide_ordinary_tokens_and_draw_no_others(
    family_presets, family, strategy, in_graph
):
    link = connected(family_presets, family, strategy)
    preprocessor = link.preprocessor(
        find_class(family, "MaskedLMPreprocessor"),
        sequence_length=LENGTH,
        mask_selection_rate=1.0,
        mask_selection_length=LENGTH,
    )
    plain = link.make_encoder(LENGTH)(WITH_SPECIALS)
    x, hidden, weights = draw(preprocessor, in_graph=in_graph)
    assert set(x) == {*link.backbone.input, "mask_positions"}
    chosen = weights > 0
    vocabulary, mask = link.vocabulary, link.spec.roles["mask"]
    kinds = vocabulary.kinds[hidden[chosen]]
    unk = link.spec.roles.get("unk")
    # The unk token is special, and stands for text.
    assert ((kinds < TokenKind.SPECIAL) | (hidden[chosen] == unk)).all()
    changed = x["token_ids"] != plain["token_ids"]
    assert changed.any()
    assert (x["token_ids"][changed] == mask).all()
    # All of the text is chosen, and nothing else.
    text = ~np.isin(plain["token_ids"], preprocessor.tokenizer.special_token_ids)
    assert chosen.sum() == (text & plain["padding_mask"]).sum()


def test_by_hand_kerashubs_own_rates_hold(family_presets):
    link = connected(family_presets, "Bert", "retokenize")
    stock = find_class("Bert", "MaskedLMPreprocessor")
    assert stock(by_hand(link)).random_token_rate == 0.1
    assert link.preprocessor(stock, random_token_rate=0.1).random_token_rate == 0.1
