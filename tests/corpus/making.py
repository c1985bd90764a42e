"""Inputs of every kind, encoders, and what comes back of a corpus."""

import gzip
import json
from pathlib import Path

import pyarrow
import pyarrow.parquet

import bridge
from bridge.corpus.manifest import Manifest
from bridge.corpus.verify import shard_format
from bridge.ragged import Ragged
from tests.factories import CORPUS, HARD_TEXTS, bpe_tokenizer, wordpiece_tokenizer

LINES = [text for text in [*CORPUS, *HARD_TEXTS] if "\n" not in text]
TEXTS = [*CORPUS, *HARD_TEXTS]


def encoder(**options):
    return bridge.Encoder(wordpiece_tokenizer(), **{"sequence_length": 12, **options})


def write_lines(path, texts=LINES):
    path.write_bytes("".join(text + "\n" for text in texts).encode())
    return path


def write_jsonl(path, texts=TEXTS):
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    return path


def write_parquet(path, texts=TEXTS, group=7):
    table = pyarrow.table({"number": range(len(texts)), "text": texts})
    pyarrow.parquet.write_table(table, path, row_group_size=group)
    return path


def write_gz(path, texts=LINES):
    path.write_bytes(gzip.compress("\n".join(texts).encode()))
    return path


def stored(folder):
    """All rows of a corpus, in order."""
    folder = Path(folder)
    manifest = Manifest.read(folder)
    form = shard_format(manifest)
    shards = [manifest.shards[index] for index in sorted(manifest.shards)]
    return Ragged.concatenate([form.read(folder, x.name).ids for x in shards])


def places(folder):
    """Input and row of every stored row, from Parquet."""
    tables = [
        pyarrow.parquet.read_table(path, columns=["source", "row", "start"])
        for path in sorted(Path(folder).glob("shard-*.parquet"))
    ]
    return [tuple(row.values()) for table in tables for row in table.to_pylist()]


def contents(folder):
    """Every file of a folder, by name."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in Path(folder).rglob("*")
        if path.is_file()
    }


def gpt2_like():
    return bridge.load_tokenizer(
        bpe_tokenizer(), roles={"eos": "<|endoftext|>", "pad": "<|endoftext|>"}
    )
