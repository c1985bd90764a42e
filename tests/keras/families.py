"""Tiny presets of every family: its own kind of tokenizer, weights that show errors."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from tests import factories

TEXTS = ["the cat sat on the mat", "Café naïve!", "un-walked 2023", "the dog"]
MORE = TEXTS * 2
LABELS = [0, 1, 2, 1, 0, 1, 2, 1]
LENGTH = 20

_POSITIONS = {"max_sequence_length": 32}
_ENCODER = {"num_layers": 1, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 12}
_DECODER = {
    "num_layers": 1,
    "num_query_heads": 2,
    "num_key_value_heads": 1,
    "hidden_dim": 8,
    "intermediate_dim": 12,
}


@dataclass(frozen=True)
class Family:
    """How to build one: its tokenizer, and arguments of a small backbone.

    Attributes:
        tokenizer: Makes the KerasHub tokenizer that the preset comes with.
        options: Of the backbone, but for the number of rows.
        rows: Name of that argument.
    """

    tokenizer: Any
    options: dict[str, Any] = field(default_factory=dict)
    rows: str = "vocabulary_size"


def _wordpiece(name: str) -> Any:
    import keras_hub

    return getattr(keras_hub.models, name)(
        vocabulary=list(factories.wordpiece_vocabulary()), lowercase=True
    )


def _sentencepiece(name: str, **options: Any) -> Any:
    import keras_hub

    return getattr(keras_hub.models, name)(
        proto=factories.sentencepiece_proto(**options)
    )


def _byte_pair(name: str, *specials: str) -> Any:
    return factories.keras_byte_pair(name, specials)


_LLAMA = {"model_type": "bpe", "byte_fallback": True, "vocab_size": 400}
_DEBERTA = {
    "pad_id": 0,
    "bos_id": 1,
    "eos_id": 2,
    "unk_id": 3,
    "pad_piece": "[PAD]",
    "bos_piece": "[CLS]",
    "eos_piece": "[SEP]",
    "unk_piece": "[UNK]",
}
_GEMMA = {
    **_LLAMA,
    "pad_id": 0,
    "eos_id": 1,
    "bos_id": 2,
    "unk_id": 3,
    "pad_piece": "<pad>",
    "eos_piece": "<eos>",
    "bos_piece": "<bos>",
}
_T5 = {"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1, "pad_piece": "<pad>"}
_LLAMA3 = (
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eot_id|>",
)

FAMILIES = {
    "Bert": Family(partial(_wordpiece, "BertTokenizer"), _ENCODER | _POSITIONS),
    "DistilBert": Family(
        partial(_wordpiece, "DistilBertTokenizer"), _ENCODER | _POSITIONS
    ),
    "Roberta": Family(factories.keras_roberta, _ENCODER | _POSITIONS),
    "XLMRoberta": Family(factories.keras_xlm_roberta, _ENCODER | _POSITIONS),
    "Albert": Family(
        factories.keras_albert, _ENCODER | _POSITIONS | {"embedding_dim": 4}
    ),
    "DebertaV3": Family(
        partial(_sentencepiece, "DebertaV3Tokenizer", **_DEBERTA),
        _ENCODER | _POSITIONS | {"bucket_size": 8},
    ),
    "Electra": Family(
        partial(_wordpiece, "ElectraTokenizer"),
        _ENCODER | _POSITIONS | {"embedding_dim": 4},
        rows="vocab_size",
    ),
    "GPT2": Family(factories.keras_gpt2, _ENCODER | _POSITIONS),
    "OPT": Family(
        partial(_byte_pair, "OPTTokenizer", "<s>", "<pad>", "</s>", "<unk>"),
        _ENCODER | _POSITIONS,
    ),
    "Llama": Family(partial(_sentencepiece, "LlamaTokenizer", **_LLAMA), _DECODER),
    "Llama3": Family(partial(_byte_pair, "Llama3Tokenizer", *_LLAMA3), _DECODER),
    "Mistral": Family(partial(_sentencepiece, "MistralTokenizer", **_LLAMA), _DECODER),
    "Gemma": Family(
        partial(_sentencepiece, "GemmaTokenizer", **_GEMMA), _DECODER | {"head_dim": 4}
    ),
    "Qwen": Family(
        partial(_byte_pair, "QwenTokenizer", "!", "<|endoftext|>", "<|im_start|>"),
        _DECODER,
    ),
    "T5": Family(partial(_sentencepiece, "T5Tokenizer", **_T5), _ENCODER),
    "Bart": Family(
        partial(_byte_pair, "BartTokenizer", *factories.ROBERTA_SPECIALS),
        _ENCODER | _POSITIONS,
    ),
}


def make_preset(family: str, folder: Any) -> str:
    """Write a preset of a family: backbone and tokenizer, as KerasHub saves them."""
    import keras_hub

    made = FAMILIES[family]
    tokenizer = made.tokenizer()
    backbone = getattr(keras_hub.models, f"{family}Backbone")(
        **{made.rows: tokenizer.vocabulary_size()}, **made.options
    )
    # Fresh weights are so small that a wrong row would hardly show.
    rng = np.random.default_rng(0)
    for weight in backbone.weights:
        weight.assign(rng.standard_normal(weight.shape) / 2)
    backbone.save_to_preset(str(folder))
    tokenizer.save_to_preset(str(folder))
    return str(folder)


class Presets:
    """Preset folders by family, each written when it is first asked for."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._folders: dict[str, str] = {}

    def __getitem__(self, family: str) -> str:
        if family not in self._folders:
            folder = self._root / family
            folder.mkdir()
            self._folders[family] = make_preset(family, folder)
        return self._folders[family]

    def reference(self, family: str) -> Any:
        """Return the tokenizer of the checkpoint, for the strategy identity."""
        import bridge

        return bridge.align(factories.bpe_tokenizer(), self[family]).reference


def external(family: str) -> Any:
    """Return a tokenizer of another kind than the family's own."""
    is_wordpiece = family in ("Bert", "DistilBert", "Electra")
    return (
        factories.bpe_tokenizer() if is_wordpiece else factories.wordpiece_tokenizer()
    )


def connected(presets: Presets, family: str, strategy: str) -> Any:
    """Connect a family's preset by a strategy; identity with its own reference."""
    import bridge

    own = strategy == "identity"
    tokenizer = presets.reference(family) if own else external(family)
    return bridge.connect(tokenizer, presets[family], strategy=strategy, texts=TEXTS)


def as_numpy(tree: Any) -> Any:
    """Turn a structure of tensors into arrays."""
    import keras

    def convert(leaf: Any) -> Any:
        # On torch, what weights led to is not given away before it is detached.
        return np.asarray(leaf.detach() if hasattr(leaf, "detach") else leaf)

    return keras.tree.map_structure(convert, tree)


def assert_same(first: Any, second: Any) -> None:
    """Compare two structures of arrays, exactly."""
    import keras

    keras.tree.map_structure(
        np.testing.assert_array_equal, as_numpy(first), as_numpy(second)
    )


STRATEGIES = ("identity", "retokenize", "transplant")


def matrix(*families: str, quick: int = 3) -> Any:
    """Parametrise with families and strategies; one strategy each of a few is quick."""
    import pytest

    cases = [
        pytest.param(
            family,
            strategy,
            id=f"{family}-{strategy}",
            marks=()
            if number < quick and place == number % len(STRATEGIES)
            else pytest.mark.slow,
        )
        for number, family in enumerate(families)
        for place, strategy in enumerate(STRATEGIES)
    ]
    return pytest.mark.parametrize(("family", "strategy"), cases)


def find_class(family: str, kind: str) -> Any:
    """Return KerasHub's class of a family, such as `BertTextClassifier`."""
    import keras_hub

    return getattr(keras_hub.models, family + kind)


def make_task(link: Any, family: str, kind: str, **options: Any) -> Any:
    """Make a task that is not compiled to a graph: nothing here runs for long."""
    import keras

    keras.utils.set_random_seed(0)
    task = link.task(find_class(family, kind), sequence_length=LENGTH, **options)
    task.run_eagerly = True
    return task


def save_and_load(task: Any, folder: Any) -> Any:
    """Save a task as a preset and load it by its class."""
    task.save_to_preset(str(folder))
    again = type(task).from_preset(str(folder))
    again.run_eagerly = True
    return again


def by_hand(link: Any) -> Any:
    """Return the tokenizer for a stock preprocessor, without the link's help."""
    import bridge

    if link.strategy == "retokenize":
        return bridge.KerasTokenizer(link.tokenizer, alignment=link.alignment)
    if link.strategy == "transplant":
        result = link.transplant
        return bridge.KerasTokenizer(
            link.tokenizer, vocabulary=result.vocabulary, spec=result.spec
        )
    return bridge.KerasTokenizer(link.tokenizer, spec=link.alignment.spec)


def assert_trains(task: Any, *data: Any) -> None:
    """Take two steps, which must reach the token embedding."""
    table = task.backbone.token_embedding.embeddings
    before = np.array(table)
    history = task.fit(*data, batch_size=4, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert not np.array_equal(before, np.array(table))
