"""`bridge demo` on a very small sample, and how the command fails."""

import io
import re
from unittest.mock import Mock

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from bridge.cli import app, comparison, demo
from bridge.errors import BridgeError

pytestmark = pytest.mark.keras


@pytest.fixture
def run_small(monkeypatch):
    monkeypatch.setattr(demo, "_QUICK", (64, 64, 1))

    def run(seed=0):
        stream = io.StringIO()
        demo.run_demo(Console(file=stream, width=200), quick=True, seed=seed)
        return stream.getvalue()

    return run


@pytest.mark.real_model
def test_demo_prints_audit_report_and_table(run_small):
    out = run_small()
    assert "accented sentences: 36 of 36 texts get other ids" in out
    assert "tweets: 0 of 32,265 texts get other ids" in out
    assert "Recommended: retokenize" in out
    assert "Retokenized ids are the reference's own on 128 of 128 texts." in out
    table = re.findall(r"^ (\S.*?) +(0\.\d{4}) +(0\.\d{4}) +(\d+\.\d\d)", out, re.M)
    assert [row[0] for row in table] == [
        "preset's own tokenizer",
        "reference tokenizer (identity)",
        "GPT-2 ids, retokenize",
        "GPT-2 ids, transplanted",
        "GPT-2 ids, random embedding",
    ]
    # The same ids were trained once, and it is said so.
    assert table[0][1:] == table[1][1:] == table[2][1:]
    assert out.count("so one training serves both") == 2


def test_scores_are_those_of_the_definition():
    labels = np.array([0, 0, 1, 2])
    logits = np.eye(3)[[0, 1, 1, 2]]
    accuracy, macro_f1 = comparison.score(logits, labels)
    assert accuracy == 0.75
    # F1 of each label: 2/3, 2/3, 1.
    assert macro_f1 == pytest.approx(7 / 9)


def test_an_error_is_one_red_line_with_the_remedy(monkeypatch, capsys):
    message = "A rule. Received: a value. A remedy."
    monkeypatch.setattr(demo, "run_demo", Mock(side_effect=BridgeError(message)))
    monkeypatch.setattr("sys.argv", ["bridge", "demo"])
    with pytest.raises(SystemExit, match=r"^1$"):
        app.run()
    assert capsys.readouterr().err == f"Error: {message}\n"


def test_wrong_usage_exits_with_2():
    assert CliRunner().invoke(app.app, ["demo", "--fast"]).exit_code == 2


def test_version():
    from bridge import __version__

    shown = CliRunner().invoke(app.app, ["--version"]).output
    assert shown == f"bridge {__version__}\n"
