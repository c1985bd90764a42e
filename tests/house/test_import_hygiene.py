"""`import bridge` is light: it loads no tokenizer library and no framework."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {
    "gigatoken",
    "jax",
    "keras",
    "keras_hub",
    "keras_nlp",
    "nanotoken",
    "sentencepiece",
    "tensorflow",
    "tiktoken",
    "tokenizers",
    "torch",
    "transformers",
}


def heavy_modules_after(statement):
    """Names in HEAVY that a fresh interpreter has loaded after `statement`."""
    program = f"import sys\n{statement}\nprint(*sorted({HEAVY!r} & set(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


def test_import_bridge_loads_nothing_heavy():
    assert heavy_modules_after("import bridge") == []


def test_listing_the_public_names_loads_nothing_heavy():
    assert heavy_modules_after("import bridge; dir(bridge); bridge.__all__") == []


def test_the_check_sees_a_heavy_module():
    loaded = heavy_modules_after("import bridge; import sentencepiece")
    assert loaded == ["sentencepiece"]
