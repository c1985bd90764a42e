"""Big inputs to shards of ids: streamed, resumable, on one machine or on Ray."""

from bridge.corpus.encode_batch import EncodeBatch
from bridge.corpus.job import encode_corpus

__all__ = ["EncodeBatch", "encode_corpus"]
