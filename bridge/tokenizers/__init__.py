"""Every external tokenizer behind one protocol, one file per library."""

from bridge.tokenizers.base import Tokenizer
from bridge.tokenizers.huggingface import HuggingFaceTokenizer
from bridge.tokenizers.load import load_tokenizer

__all__ = ["HuggingFaceTokenizer", "Tokenizer", "load_tokenizer"]
