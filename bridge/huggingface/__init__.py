"""Transformers' call for every tokenizer: its arguments, its results, our packing."""

from bridge.huggingface.batch import BatchEncoding
from bridge.huggingface.call import HuggingFaceCall
from bridge.huggingface.encoding import Encoding
from bridge.huggingface.request import input_names

__all__ = ["BatchEncoding", "Encoding", "HuggingFaceCall", "input_names"]
