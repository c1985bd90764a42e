"""The README's programs run as they stand."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def run(code):
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2_000:]
    return result.stdout


@pytest.mark.keras
@pytest.mark.real_model
def test_first_program_runs():
    out = run(BLOCKS[0])
    assert out.startswith("retokenize ")
    assert re.search(r"\[\[.*\]\]\s*$", out)


@pytest.mark.keras
@pytest.mark.real_model
def test_audit_prints_what_the_readme_shows():
    shown = re.search(r"```text\n(.*?)```", README, re.DOTALL)
    assert shown is not None
    assert run(BLOCKS[1]).split() == shown[1].split()


def test_first_program_is_ten_lines_on_the_first_screen():
    assert len(BLOCKS[0].strip().splitlines()) <= 10
    assert README[: README.index(BLOCKS[0])].count("\n") < 15


def test_every_program_is_run():
    assert len(BLOCKS) == 2
