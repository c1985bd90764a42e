"""Memory of the engines over text whose words never repeat; fails over the limit.

Engines keep what they have seen. `BRIDGE_MEGABYTES` sets how much text is encoded.
"""

import os
import sys
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from benchmarks.workload import data_folder, source

MEGABYTES = int(os.environ.get("BRIDGE_MEGABYTES", "100"))
LIMIT = 1000  # MB over the start
BATCH = 20  # MB, so many texts that threads share them
WORD = 10


def unique_words(generator, megabytes):
    """Texts of about 1,000 characters, all of whose words are drawn anew."""
    count = megabytes * 1_000_000 // (WORD + 1)
    letters = np.full((count, WORD + 1), ord(" "), np.uint8)
    letters[:, :WORD] = generator.integers(97, 123, (count, WORD), dtype=np.uint8)
    text = letters.tobytes().decode()
    return [text[i : i + 1100] for i in range(0, len(text), 1100)]


def main():
    import bridge
    from bridge.memory import resident_memory

    folder = data_folder("benchmarks/memory.py")
    if folder is None:
        return 0
    failed = 0
    # The last three keep words here.
    for name, engine in (
        ("WordPiece", "auto"),
        ("BPE", "auto"),
        ("WordPiece", "words"),
        ("BPE", "words"),
        ("unigram", "words"),
    ):
        tokenizer = bridge.load_tokenizer(source(name, folder), engine=engine)
        generator = np.random.default_rng(0)
        start, peak, begin = resident_memory(), 0, perf_counter()
        for _ in range(0, MEGABYTES, BATCH):
            tokenizer.encode_batch(unique_words(generator, BATCH))
            peak = max(peak, (resident_memory() - start) / 1e6)
        speed = MEGABYTES / (perf_counter() - begin)
        print(
            f"{name} with {tokenizer.engine}: {peak:.0f} MB over the start after "
            f"{MEGABYTES} MB of unique words, at {speed:.0f} MB/s (limit {LIMIT})"
        )
        failed |= peak > LIMIT
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
