"""Ids a second through the three remaps, beside numpy and the two libraries' own way.

What the remaps give is compared first: `lookup` with a loop, `retokenize` with the ids
of the reference for the text. "take" is one `numpy.take` of the same ids from a table
as long, the least that any look-up costs. "text" decodes with `tokenizers` and encodes
with the reference, the way of who has no remap. Each is the best of `BRIDGE_ROUNDS`
(5) rounds in alternation. GPT-2's ids, of texts in `BRIDGE_DATA`.
"""

import os
import sys
import time

import numpy as np
from workload import data_folder, read_lines, source, versions, wordpiece_file

import bridge
from bridge.alignment import MatchKind

ROUNDS = int(os.environ.get("BRIDGE_ROUNDS", "5"))


def best_of(calls):
    """Least seconds of each call, all in turn."""
    seconds = dict.fromkeys(calls, np.inf)
    for _ in range(ROUNDS):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            seconds[name] = min(seconds[name], time.perf_counter() - start)
    return seconds


def check(alignment, ids, texts):
    """Stop unless the remaps are right on the texts that are timed."""
    got = alignment.remap(ids)
    want = alignment.reference.encode_batch(texts)
    equal = [np.array_equal(a, b) for a, b in zip(got, want, strict=True)]
    print(f"retokenize: {np.mean(equal):.2%} of {len(texts):,} lines as the reference")
    assert np.mean(equal) > 0.999
    expanded = alignment.remap(ids, method="expand")
    equal = [np.array_equal(a, b) for a, b in zip(expanded, want, strict=True)]
    print(f"expand: {np.mean(equal):.2%}")
    looked_up = alignment.remap(ids, method="lookup")
    exact = (alignment.kinds == MatchKind.EXACT)[ids.values[:1000]]
    single = alignment.pieces.lengths[ids.values[:1000]] == 1
    slow = [
        {int(alignment.pieces[i][0]), int(alignment.continuation_pieces[i][0])}
        for i in ids.values[:1000][exact & single].tolist()
    ]
    found = looked_up.values[:1000][exact & single].tolist()
    assert all(i in either for i, either in zip(found, slow, strict=True))


def main():
    folder = data_folder("remap")
    if folder is None:
        return 0
    texts = read_lines(folder)
    tokenizer = bridge.load_tokenizer(source("BPE", folder))
    plain = bridge.align(
        tokenizer, bridge.load_tokenizer(folder / "tokenizers" / "roberta-base")
    )
    alignment = bridge.align(tokenizer, bridge.load_tokenizer(wordpiece_file()))
    ids = tokenizer.encode_batch(texts)
    start = time.perf_counter()
    alignment.remap(ids)
    first = time.perf_counter() - start
    check(alignment, ids, texts)
    table = np.arange(tokenizer.vocabulary.size, dtype=np.int32)
    out = np.empty_like(ids.values)
    own, reference = tokenizer.without_engine(), alignment.reference.without_engine()
    seconds = best_of(
        {
            "take": lambda: np.take(table, ids.values, out=out, mode="clip"),
            "lookup, plain": lambda: plain.remap(ids, method="lookup"),
            "lookup, by neighbours": lambda: alignment.remap(ids, method="lookup"),
            "expand": lambda: alignment.remap(ids, method="expand"),
            "retokenize": lambda: alignment.remap(ids),
            "text": lambda: reference.encode_batch(own.decode_batch(ids)),
        }
    )
    print(f"{ids.values.size:,} ids; {versions()}")
    print(f"{'':24}{'million ids/s':>14}{'to take':>9}{'to text':>9}")
    for name, took in {**seconds, "retokenize, first call": first}.items():
        print(
            f"{name:24}{ids.values.size / took / 1e6:14.1f}"
            f"{seconds['take'] / took:9.3f}{seconds['text'] / took:9.1f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
