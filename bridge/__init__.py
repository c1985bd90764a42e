"""Use any tokenizer with any KerasHub backbone, and know what did not line up."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from bridge.registration import register_with_keras_hub

__version__ = "0.1.0"

if TYPE_CHECKING:
    from bridge.alignment import Alignment, MatchKind
    from bridge.batches import Collator, ColumnEncoder
    from bridge.corpus import EncodeBatch, encode_corpus
    from bridge.embedding import Anchors, MatchingPursuit
    from bridge.encoder import Encoder
    from bridge.errors import BridgeError
    from bridge.facade import Bridge, align, connect
    from bridge.keras.datasets.corpus import open_corpus
    from bridge.keras.datasets.dataset import TextDataset
    from bridge.keras.datasets.stream import TextStream
    from bridge.keras.distill import distill
    from bridge.keras.embedding import token_embedding
    from bridge.keras.extend import extend, shrink
    from bridge.keras.pooling import MaskedPooling
    from bridge.keras.token_classifier import TokenClassifier
    from bridge.keras.token_classifier_preprocessor import TokenClassifierPreprocessor
    from bridge.keras.tokenizer import KerasTokenizer
    from bridge.keras.training import fit_in_two_steps
    from bridge.keras.transplant import transplant
    from bridge.ragged import Ragged
    from bridge.reporting import AuditReport, RemapReport, audit
    from bridge.reporting import make_report as report
    from bridge.tokenizers import Tokenizer, load_tokenizer
    from bridge.vocabulary import Vocabulary

# Every name is loaded on first use, so that `import bridge` costs no more than numpy
# and a worker without Keras can encode. Name -> module, or module:name.
_LAZY = {
    "Alignment": "bridge.alignment",
    "Anchors": "bridge.embedding",
    "AuditReport": "bridge.reporting",
    "Bridge": "bridge.facade",
    "BridgeError": "bridge.errors",
    "Collator": "bridge.batches",
    "ColumnEncoder": "bridge.batches",
    "EncodeBatch": "bridge.corpus",
    "Encoder": "bridge.encoder",
    "KerasTokenizer": "bridge.keras.tokenizer",
    "MaskedPooling": "bridge.keras.pooling",
    "MatchKind": "bridge.alignment",
    "MatchingPursuit": "bridge.embedding",
    "Ragged": "bridge.ragged",
    "RemapReport": "bridge.reporting",
    "TextDataset": "bridge.keras.datasets.dataset",
    "TextStream": "bridge.keras.datasets.stream",
    "TokenClassifier": "bridge.keras.token_classifier",
    "TokenClassifierPreprocessor": "bridge.keras.token_classifier_preprocessor",
    "Tokenizer": "bridge.tokenizers",
    "Vocabulary": "bridge.vocabulary",
    "align": "bridge.facade",
    "audit": "bridge.reporting",
    "connect": "bridge.facade",
    "distill": "bridge.keras.distill",
    "encode_corpus": "bridge.corpus",
    "extend": "bridge.keras.extend",
    "fit_in_two_steps": "bridge.keras.training",
    "load_tokenizer": "bridge.tokenizers",
    "open_corpus": "bridge.keras.datasets.corpus",
    "report": "bridge.reporting:make_report",
    "shrink": "bridge.keras.extend",
    "token_embedding": "bridge.keras.embedding",
    "transplant": "bridge.keras.transplant",
}

__all__ = [
    "Alignment",
    "Anchors",
    "AuditReport",
    "Bridge",
    "BridgeError",
    "Collator",
    "ColumnEncoder",
    "EncodeBatch",
    "Encoder",
    "KerasTokenizer",
    "MaskedPooling",
    "MatchKind",
    "MatchingPursuit",
    "Ragged",
    "RemapReport",
    "TextDataset",
    "TextStream",
    "TokenClassifier",
    "TokenClassifierPreprocessor",
    "Tokenizer",
    "Vocabulary",
    "__version__",
    "align",
    "audit",
    "connect",
    "distill",
    "encode_corpus",
    "extend",
    "fit_in_two_steps",
    "load_tokenizer",
    "open_corpus",
    "report",
    "shrink",
    "token_embedding",
    "transplant",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401  any public object
    """Load a public name the first time it is asked for (PEP 562)."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, original = _LAZY[name].partition(":")
    value = getattr(import_module(module), original or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return __all__


register_with_keras_hub()
