"""`save_pretrained`: read again by `bridge` and by transformers."""

import json
import re

import pytest

from bridge.errors import UnsupportedTokenizerError
from bridge.huggingface import HuggingFaceCall
from bridge.tokenizers import load_tokenizer
from tests import factories
from tests.factories import HARD_TEXTS
from tests.huggingface.making import TINY


@pytest.mark.parametrize("name", TINY)
def test_transformers_reads_what_it_could_have_saved(name, tmp_path):
    from transformers import PreTrainedTokenizerFast

    ours = HuggingFaceCall(
        load_tokenizer(TINY[name]()), model_max_length=64, padding_side="left"
    )
    files = ours.save_pretrained(tmp_path / "saved")
    assert sorted(files) == sorted(map(str, (tmp_path / "saved").iterdir()))
    theirs = PreTrainedTokenizerFast.from_pretrained(tmp_path / "saved")
    assert theirs.special_tokens_map == ours.special_tokens_map
    assert theirs.padding_side == "left"
    assert theirs.model_max_length == 64
    assert theirs.model_input_names == ours.model_input_names
    rows = theirs(HARD_TEXTS)["input_ids"]
    assert ours(HARD_TEXTS)["input_ids"] == rows


@pytest.mark.parametrize("kind", factories.CORE_KINDS)
def test_bridge_reads_every_kind(kind, tmp_path):
    made = factories.CORE_KINDS[kind](tmp_path)
    ours = HuggingFaceCall(load_tokenizer(made.source, **made.options))
    if not made.saves:
        with pytest.raises(UnsupportedTokenizerError, match="holds no Python code"):
            ours.save_pretrained(tmp_path / "saved")
        return
    ours.pad_token_id = 0
    ours.save_pretrained(tmp_path / "saved")
    loaded = HuggingFaceCall(load_tokenizer(tmp_path / "saved"))
    assert loaded.special_tokens_map == ours.special_tokens_map
    assert loaded(HARD_TEXTS, padding=True).data == ours(HARD_TEXTS, padding=True).data


def test_a_model_in_the_same_folder_stays(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    ours = HuggingFaceCall(load_tokenizer(factories.wordpiece_tokenizer()))
    for side in ("left", "right"):
        ours.padding_side = side
        ours.save_pretrained(tmp_path)
    assert (tmp_path / "model.safetensors").read_bytes() == b"weights"
    config = json.loads((tmp_path / "tokenizer_config.json").read_text("utf-8"))
    assert config["padding_side"] == "right"
    assert config["pad_token"] == "[PAD]"
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "bridge_tokenizer.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    ]


def test_tokens_that_the_tokenizer_lacks_are_not_saved(tmp_path):
    tokenizer = load_tokenizer(factories.bpe_tokenizer())
    extended = tokenizer.vocabulary.with_roles({"pad": "[PAD]"}, append=["[PAD]"])
    ours = HuggingFaceCall(tokenizer, vocabulary=extended)
    message = (
        "A saved tokenizer holds its own tokens. Received: a vocabulary with 1 more, "
        "which a transplant appended. Save the whole with `link.save`."
    )
    with pytest.raises(UnsupportedTokenizerError, match=f"^{re.escape(message)}$"):
        ours.save_pretrained(tmp_path)
