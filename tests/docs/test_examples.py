"""The examples run, at a reduced size, and end with their own check."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
# Enough texts that each model must learn something, and no more; and the last line of
# the table that it prints.
SIZES = {
    "pretokenized_ids.py": (128, "this model"),
    "custom_tokenizer_pipeline.py": (128, "this model"),
    "own_vocabulary_embedding.py": (2_000, "this model"),
}
LONG = {
    "sentiment_with_gpt2_tokenizer.py": (640, "retokenize"),
    "turkish_pos_tagging.py": (64, "random"),
    "sentence_pairs.py": (1_600, "both segments"),
    "generate_with_external_tokenizer.py": (1_000, "this model"),
    "chinese_reviews.py": (320, "transplant, warmed up"),
}


@pytest.mark.keras
@pytest.mark.real_model
@pytest.mark.parametrize(
    "name", [*SIZES, *(pytest.param(name, marks=pytest.mark.slow) for name in LONG)]
)
def test_example_runs(name):
    count, last = (SIZES | LONG)[name]
    result = subprocess.run(
        [sys.executable, name, "--texts", str(count)],
        cwd=EXAMPLES,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2_000:]
    assert result.stdout.splitlines()[-1].startswith(last)


@pytest.mark.parametrize("name", SIZES | LONG)
def test_example_is_short(name):
    assert len((EXAMPLES / name).read_text("utf-8").splitlines()) < 80
