"""Speed of the encoder beside transformers, the engines alone, and KerasHub.

All calls of a group take turns in one process, their results asserted equal before
any is timed. Ratios are formed round by round; their median and range are printed.
"""

import gc
import json
import os
import statistics
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from benchmarks.workload import (
    LENGTH,
    LINES,
    data_folder,
    read_lines,
    source,
    transformers_call,
    versions,
)

ROUNDS = int(os.environ.get("BRIDGE_ROUNDS", "3"))
REPEATS = 5
KEYS = ("token_ids", "padding_mask")
GROUPS = ("WordPiece", "BPE", "unigram", "KerasHub")


def measure(calls, rounds=ROUNDS):
    """Seconds of every call in every round: the median of some, one of a slow one."""
    times = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            taken = []
            while len(taken) < REPEATS and sum(taken) < 1:
                gc.collect()
                start = perf_counter()
                result = call()
                taken.append(perf_counter() - start)
                del result
            times[name].append(statistics.median(taken))
    return times


def show(title, times, base, size):
    """Print one group as a table."""
    print(f"\n{title}\n\n| call | MB/s | x {base} | range |\n| --- | --: | --: | --: |")
    for name, column in times.items():
        ratios = [a / b for a, b in zip(times[base], column, strict=True)]
        print(
            f"| {name} | {size / 1e6 / statistics.median(column):.1f} "
            f"| {statistics.median(ratios):.2f} "
            f"| {min(ratios):.2f} - {max(ratios):.2f} |",
            flush=True,
        )


def load(name, folder, engine="auto"):
    """A tokenizer with a pad token."""
    import bridge

    tokenizer = bridge.load_tokenizer(source(name, folder), engine=engine)
    roles = tokenizer.vocabulary.roles
    # GPT-2 has none: its one special token serves, as its users have it.
    return tokenizer if "pad" in roles else tokenizer.with_roles({"pad": roles["eos"]})


def settle(tokenizer, texts):
    """Encode until the engine has an object for every thread: the steady state."""
    from bridge.tokenizers.bounded import TWINS_AFTER

    for _ in range(1 + TWINS_AFTER // sum(map(len, texts))):
        tokenizer.encode_batch(texts)


def encoder_of(tokenizer, **options):
    """An encoder that returns ids and a mask, as the transformers call does."""
    import bridge
    from bridge.spec import BackboneSpec

    options = {"backbone": BackboneSpec(keys=KEYS), "specials": "tokenizer", **options}
    if tokenizer.template is None:
        options["specials"] = None
    return bridge.Encoder(tokenizer, sequence_length=LENGTH, **options)


def engine_call(tokenizer, texts):
    """The fast engine's own padded call; gigatoken's lengths become the same mask."""
    template = encoder_of(tokenizer).template
    pad = tokenizer.vocabulary.roles["pad"]
    backend = tokenizer.fast._bounded.get(0)
    if tokenizer.engine == "nanotoken":
        return lambda: backend.encode_batch_padded(
            texts, max_length=LENGTH, padding="max_length", return_token_type_ids=False
        )
    columns = np.arange(LENGTH, dtype=np.int16)

    def call():
        cells, lengths = backend.encode_batch_padded(
            texts,
            pad,
            max_length=LENGTH,
            pad_to_max_length=True,
            truncate=True,
            prefix=list(template.start),
            suffix=list(template.end),
        )
        return cells.view(np.int32), columns < lengths.astype(np.int16)[:, None]

    return call


def assert_same(arrays, expected):
    """Ids and mask are those of transformers."""
    assert arrays["token_ids"].dtype == np.int32
    assert arrays["padding_mask"].dtype == np.bool_
    assert np.array_equal(arrays["token_ids"], expected["input_ids"])
    assert np.array_equal(arrays["padding_mask"], expected["attention_mask"])


def against_transformers(name, folder, texts, size):
    """The native call with and without the engine, and transformers' call."""
    import bridge

    quick, slow = load(name, folder), load(name, folder, engine="reference")
    library = transformers_call(slow)
    fast_encoder, plain_encoder = encoder_of(quick), encoder_of(slow)
    expected = library(texts)
    assert_same(plain_encoder(texts), expected)
    run = slow._engine.encode_batch_fast
    calls = {"transformers": lambda: library(texts)}
    calls["tokenizers' encode_batch_fast alone"] = lambda: run(texts)
    calls["bridge without an engine"] = lambda: plain_encoder(texts)
    if quick.engine != "words":
        words_encoder = encoder_of(load(name, folder, engine="words"))
        assert_same(words_encoder(texts), expected)
        calls["bridge without fast"] = lambda: words_encoder(texts)
    if quick.fast is not None:
        settle(quick, texts)
        assert_same(fast_encoder(texts), expected)
        calls[f"bridge with {quick.engine}"] = lambda: fast_encoder(texts)
        if quick.engine != "words":  # which is ours, and has no padded call
            calls[f"{quick.engine}'s padded call"] = engine_call(quick, texts)
        call = bridge.Encoder(quick, specials=None).as_hf()
        options = {
            "padding": "max_length",
            "truncation": True,
            "max_length": LENGTH,
            "return_tensors": "np",
            "return_token_type_ids": False,
        }
        same = call(texts, **options)
        for key in ("input_ids", "attention_mask"):
            assert np.array_equal(same[key], expected[key])
        calls["bridge.as_hf()"] = lambda: call(texts, **options)
    times = measure(calls)
    title = f"{name}: padded ids and mask ({quick.engine_note})"
    show(title, times, "transformers", size)


def steps(name, folder, texts, size):
    """What remap, segment ids, pairs and ready ids cost beside the plain call."""
    import bridge

    tokenizer = load(name, folder)
    if tokenizer.fast is None:
        return
    settle(tokenizer, texts)
    plain = encoder_of(tokenizer)
    all_keys = bridge.Encoder(tokenizer, sequence_length=LENGTH)
    preset = bridge.load_tokenizer(source("WordPiece", folder))
    if name == "WordPiece":
        preset = load("BPE", folder)
    alignment = bridge.align(tokenizer, preset)
    remapping = encoder_of(
        tokenizer,
        alignment=alignment,
        strategy="lookup",
        backbone=replace(alignment.spec, keys=KEYS),  # segment ids cost by themselves
        specials="auto",
    )
    half = len(texts) // 2
    ids = tokenizer.encode_batch(texts)
    calls = {
        "plain": lambda: plain(texts),
        "with segment_ids": lambda: all_keys(texts),
        "pairs with segment_ids": lambda: all_keys(texts[:half], texts[half:]),
        "remap by lookup": lambda: remapping(texts),
        "from_ids": lambda: plain.from_ids(ids),
    }
    calls |= {"engine, ragged": lambda: tokenizer.encode_batch(texts)}
    engine = f"{tokenizer.engine}'s padded call"
    calls[engine] = engine_call(tokenizer, texts)
    times = measure(calls)
    for base in ("plain", engine):
        show(f"{name}: what a step costs", times, base, size)


COLD = """
import json, sys
from time import perf_counter
from benchmarks.encoding import encoder_of, load
from benchmarks.workload import data_folder, read_lines, transformers_call
folder = data_folder("cold")
texts = read_lines(folder)
tokenizer = load(sys.argv[1], folder, sys.argv[2])
encoder = encoder_of(tokenizer)
call = transformers_call(tokenizer) if sys.argv[3] == "transformers" else encoder
call(texts[:1])
start = perf_counter()
call(texts)
first = perf_counter() - start
print(json.dumps(first))
"""

MEMORY = """
import json, re, sys
from pathlib import Path
from benchmarks.encoding import encoder_of, load
from benchmarks.workload import data_folder, read_lines
folder = data_folder("memory")
texts = read_lines(folder)
encoder = encoder_of(load(sys.argv[1], folder))
encoder(texts[:int(sys.argv[2])])
def kilobytes(name):
    status = Path("/proc/self/status").read_text()
    return int(re.search(name + r":\\s+(\\d+)", status)[1])
Path("/proc/self/clear_refs").write_text("5")  # the peak starts from here
before = kilobytes("VmRSS")
arrays = encoder(texts)
grown = kilobytes("VmHWM") - before
out = sum(a.nbytes for a in arrays.values())
text = sum(len(t.encode()) for t in texts)
print(json.dumps([grown * 1024, out, text]))
"""


def in_a_new_process(program, *arguments):
    """What a fresh interpreter prints."""
    command = [sys.executable, "-c", program, *arguments]
    root = Path(__file__).resolve().parents[1]
    result = subprocess.run(command, cwd=root, check=True, capture_output=True)
    return json.loads(result.stdout)


def cold(name, size):
    """The first call on these texts in a new process, in turns."""
    engines = {"transformers": "reference", "bridge": "auto"}
    if name != "unigram":
        engines["bridge without fast"] = "words"
    times = {who: [] for who in engines}
    for _ in range(ROUNDS):
        for who, column in times.items():
            column.append(in_a_new_process(COLD, name, engines[who], who))
    show(f"{name}: first call in a new process", times, "transformers", size)


def memory(name):
    """Growth of the peak during the first full call, beside outputs and text."""
    if not Path("/proc/self/clear_refs").exists():
        print("\nskipped: the peak of memory is measured on Linux only")
        return
    for state, warm in (("first", 1), ("second", LINES)):
        grown, out, text = in_a_new_process(MEMORY, name, str(warm))
        print(
            f"\n{name}, {state} call: the peak of memory grew by {grown / 1e6:.0f} MB "
            f"for {out / 1e6:.0f} MB of arrays and {text / 1e6:.0f} MB of text: "
            f"{grown / (out + text):.2f} x"
        )


def against_keras_hub(texts):
    """KerasHub's own preprocessor, called eagerly on the same vocabulary."""
    if find_spec("keras_hub") is None:
        print("\nskipped: KerasHub is not installed")
        return
    import keras_hub

    import bridge

    tokenizer = bridge.load_tokenizer(source("WordPiece", None))
    own = keras_hub.tokenizers.Tokenizer.from_preset(
        str(source("WordPiece", None).parent)
    )
    stock = keras_hub.models.BertTextClassifierPreprocessor(own, sequence_length=LENGTH)
    encoder = bridge.Encoder(tokenizer, sequence_length=LENGTH)
    texts = texts[:4000]
    expected, arrays = stock(texts), encoder(texts)
    same = np.asarray(expected["token_ids"]) == arrays["token_ids"]
    # Its lower-casing and splitting differ on a few lines; those are no matter here.
    assert same.all(axis=1).mean() > 0.95
    calls = {"KerasHub": lambda: stock(texts), "bridge": lambda: encoder(texts)}
    size = sum(len(text.encode()) for text in texts)
    title = f"WordPiece, 4,000 texts: {same.all(axis=1).mean():.1%} of the rows equal"
    show(title, measure(calls), "KerasHub", size)


def main():
    folder = data_folder("benchmarks/encoding.py")
    if folder is None:
        return 0
    texts = read_lines(folder)
    size = sum(len(text.encode()) for text in texts)
    print(f"{len(texts):,} lines, {size / 1e6:.1f} MB, {os.cpu_count()} cores")
    print(versions())
    for name in sys.argv[1:] or GROUPS:
        if name == "KerasHub":
            against_keras_hub(texts)
            continue
        against_transformers(name, folder, texts, size)
        cold(name, size)
        if name != "unigram":
            steps(name, folder, texts, size)
            memory(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
