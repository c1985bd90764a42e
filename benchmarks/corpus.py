"""Corpus jobs beside `datasets`: speed, workers, bytes on disk, resident memory.

Text is the corpora, again and again, with a fifth of the words drawn anew each time, so
that no cache sees the same text twice. `BRIDGE_MEGABYTES` sets how much (200);
`BRIDGE_MEMORY` the sizes for the memory (10,200,2000; empty for none).
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter, sleep

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from benchmarks.workload import CORPORA, data_folder, source, versions

MEGABYTES = int(os.environ.get("BRIDGE_MEGABYTES", "200"))
MEMORY = [
    int(x) for x in os.environ.get("BRIDGE_MEMORY", "10,200,2000").split(",") if x
]
KINDS = ("WordPiece", "BPE")
LINE = 1000
SALTED = 5


def write_text(folder, path, megabytes):
    """Lines of about 1,000 bytes."""
    texts = [
        file.read_text("utf-8")
        for corpus in CORPORA
        for file in sorted((folder / "corpora" / corpus).glob("*.txt"))
        if file.name != "SOURCE.txt"
    ]
    base = np.frombuffer(" ".join(texts).encode().replace(b"\n", b" "), np.uint8).copy()
    spaces = np.flatnonzero(base == ord(" "))
    ends = spaces[np.searchsorted(spaces, np.arange(LINE, base.size - LINE, LINE))]
    base[ends] = ord("\n")
    base[-1] = ord("\n")
    # Words that begin with four small letters.
    starts = spaces[:-5, None] + np.arange(1, 5)
    small = ((base[starts] >= 97) & (base[starts] <= 122)).all(axis=1)
    words = starts[small]
    generator = np.random.default_rng(0)
    left = megabytes * 1_000_000
    with path.open("wb") as file:
        while left > 0:
            salted = base.copy()
            drawn = words[generator.random(len(words)) < 1 / SALTED]
            salted[drawn] = generator.integers(97, 123, drawn.shape, np.uint8)
            data = salted.tobytes()
            if left < len(data):
                data = data[: data.index(b"\n", left) + 1]
            file.write(data)
            left -= len(data)


def run_bridge(kind, inputs, out, engine, workers):
    import bridge

    tokenizer = bridge.load_tokenizer(source(kind, data_folder("")), engine=engine)
    pad = {} if "pad" in tokenizer.vocabulary.roles else {"pad": 0}
    encoder = bridge.Encoder(tokenizer.with_roles(pad), specials=None)
    begin = perf_counter()
    counts = bridge.encode_corpus(inputs, out, encoder, workers=int(workers))
    return {"seconds": perf_counter() - begin, **counts}


def run_datasets(kind, inputs, out):
    """As the documentation of `datasets` and `transformers` shows it."""
    import datasets
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    import bridge

    tokenizer = bridge.load_tokenizer(source(kind, data_folder("")), engine="reference")
    fast = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(tokenizer._engine.to_str())
    )
    fast.backend_tokenizer.no_truncation()
    fast.backend_tokenizer.no_padding()
    cache = f"{out}-cache"
    begin = perf_counter()
    data = datasets.load_dataset(
        "text", data_files=inputs, cache_dir=cache, split="train"
    )
    loaded = perf_counter()
    data = data.map(
        lambda batch: fast(batch["text"], add_special_tokens=False),
        batched=True,
        num_proc=2,
        remove_columns="text",
    )
    Path(out).mkdir()
    data.to_parquet(f"{out}/all.parquet")
    end = perf_counter()
    return {"seconds": end - loaded, "loading": loaded - begin}


def in_process(name, *arguments, **environment):
    """Call a function above in a process of its own; its result, and its memory."""
    program = [sys.executable, __file__, name, *map(str, arguments)]
    process = subprocess.Popen(
        program, stdout=subprocess.PIPE, env=os.environ | environment, text=True
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, resident_megabytes(process.pid))
        sleep(0.05)
    if process.returncode:
        raise SystemExit(process.returncode)
    return {"peak": peak, **json.loads(process.stdout.read().splitlines()[-1])}


def resident_megabytes(pid):
    """Memory of a process and of those it started; shared pages count in each."""
    try:
        size = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0
    own = size * os.sysconf("SC_PAGE_SIZE") / 1e6
    return own + sum(map(resident_megabytes, children))


def ids_of(folder, column):
    """All ids of a corpus, one behind the other."""
    import pyarrow.parquet

    for path in sorted(Path(folder).glob("*.parquet")):
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(columns=[column]):
                yield batch.column(0).flatten().to_numpy()


def digest_of(folder, column):
    """A hash of all ids: two jobs that agree on it gave the same."""
    import hashlib

    digest = hashlib.sha256()
    for ids in ids_of(folder, column):
        digest.update(ids.astype("<i4").tobytes())
    return digest.hexdigest()


def compare(kind, inputs, work):
    megabytes = Path(inputs).stat().st_size / 1e6
    theirs = in_process("run_datasets", kind, inputs, work / f"{kind}-datasets")
    print(
        f"{kind}: datasets.map(num_proc=2), to_parquet:"
        f" {megabytes / theirs['seconds']:.1f} MB/s"
        f" (before it {theirs['loading']:.1f} s of load_dataset),"
        f" peak {theirs['peak']:.0f} MB"
    )
    expected = digest_of(work / f"{kind}-datasets", "input_ids")
    # "words" is what serves without the extra `fast`.
    for engine in ("auto", "words", "reference"):
        speeds = {}
        for workers in (1, 2):
            out = work / f"{kind}-{engine}-{workers}"
            # One worker is one core: its libraries would start a thread on the other.
            ours = in_process(
                "run_bridge", kind, inputs, out, engine, workers, RAYON_NUM_THREADS="1"
            )
            assert digest_of(out, "token_ids") == expected
            speeds[workers] = megabytes / ours["seconds"]
            print(
                f"{kind}: encode_corpus(workers={workers}), engine={engine!r}:"
                f" {speeds[workers]:.1f} MB/s,"
                f" {theirs['seconds'] / ours['seconds']:.1f} x datasets,"
                f" {ours['tokens'] / ours['seconds'] / 1e6:.1f} M tokens/s,"
                f" {ours['bytes'] / ours['tokens']:.2f} bytes a token on disk,"
                f" peak {ours['peak']:.0f} MB"
            )
        print(f"{kind}: a second worker gives {speeds[2] / speeds[1]:.2f} x")


def main():
    folder = data_folder("benchmarks/corpus.py")
    if folder is None:
        return
    print(versions(), f"{MEGABYTES} MB, {os.cpu_count()} cores", sep="\n")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        write_text(folder, work / "text.txt", MEGABYTES)
        for kind in KINDS:
            compare(kind, str(work / "text.txt"), work)
        for megabytes in MEMORY:
            write_text(folder, work / "text.txt", megabytes)
            out = work / f"memory-{megabytes}"
            used = in_process("run_bridge", "BPE", work / "text.txt", out, "auto", 2)
            print(
                f"BPE, 2 workers, {megabytes} MB of input: peak {used['peak']:.0f} MB"
                f" in 2 processes, {megabytes / used['seconds']:.0f} MB/s"
            )


if __name__ == "__main__":
    if sys.argv[1:]:
        call, *given = sys.argv[1:]
        print(json.dumps(globals()[call](*given)))
    else:
        main()
