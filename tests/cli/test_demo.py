"""`bridge demo` on a very small sample, and how the command fails."""

import io
import re

import numpy as np
import pytest
from rich.console import Console

from bridge.cli import demo
from bridge.cli.training import score

pytestmark = pytest.mark.keras


@pytest.fixture
def run_small(monkeypatch):
    monkeypatch.setattr(demo, "_QUICK", (64, 64, 1))

    def run(seed=0):
        stream = io.StringIO()
        console = Console(file=stream, width=200)
        answer = demo.run_demo(console, quick=True, seed=seed)
        console.print(answer.text)
        return stream.getvalue(), answer.data["rows"]

    yield run
    # The demo makes TensorFlow's ops deterministic for the whole process, which other
    # tests would see.
    from tensorflow.python.framework import config

    config.disable_op_determinism()


@pytest.mark.real_model
def test_demo_prints_audit_report_and_table(run_small):
    out, rows = run_small()
    assert "accented sentences: 36 of 36 texts get other ids" in out
    assert "tweets: 0 of 4,000 texts get other ids" in out
    assert "Recommended: retokenize" in out
    assert "Retokenized ids are the reference's own on 128 of 128 texts." in out
    table = re.findall(r"^ (\S.*?) +(0\.\d{4}) +(0\.\d{4}) +(\d+\.\d\d)", out, re.M)
    assert [row[0] for row in table] == [
        "preset's own tokenizer",
        "reference tokenizer (identity)",
        "GPT-2 ids, retokenize",
        "GPT-2 ids, transplanted, words",
        "GPT-2 ids, random embedding",
    ]
    assert [row["ids"] for row in rows] == [row[0] for row in table]
    # The same ids were trained once, and it is said so.
    assert table[0][1:] == table[1][1:] == table[2][1:]
    assert out.count("so one training serves both") == 2


def test_scores_are_those_of_the_definition():
    labels = np.array([0, 0, 1, 2])
    logits = np.eye(3)[[0, 1, 1, 2]]
    accuracy, macro_f1 = score(logits, labels)
    assert accuracy == 0.75
    # F1 of each label: 2/3, 2/3, 1.
    assert macro_f1 == pytest.approx(7 / 9)


def test_scores_are_those_of_keras():
    import keras

    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(99, 4)), rng.integers(4, size=99)
    metric = keras.metrics.F1Score(average="macro")
    metric.update_state(np.eye(4)[labels], logits)
    assert score(logits, labels)[1] == pytest.approx(float(metric.result()), abs=1e-6)


def test_a_label_that_nobody_has_does_not_count():
    labels = np.array([0, 0, 1, 1])
    assert score(np.eye(3)[labels], labels) == (1.0, 1.0)
