"""The examples run, at a reduced size, and end with their own check."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
# Enough texts that each model must learn something, and no more.
SIZES = {
    "pretokenized_ids.py": 256,
    "custom_tokenizer_pipeline.py": 320,
    "own_vocabulary_embedding.py": 2_000,
}


@pytest.mark.keras
@pytest.mark.real_model
@pytest.mark.parametrize("name", SIZES)
def test_example_runs(name):
    result = subprocess.run(
        [sys.executable, name, "--texts", str(SIZES[name])],
        cwd=EXAMPLES,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2_000:]
    assert "this model" in result.stdout


@pytest.mark.parametrize("name", SIZES)
def test_example_is_short(name):
    assert len((EXAMPLES / name).read_text("utf-8").splitlines()) < 80
