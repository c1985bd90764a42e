"""`bridge inspect`: what a tokenizer is."""

from collections.abc import Callable
from typing import Any

import numpy as np
from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from bridge.cli.command import Answer
from bridge.errors import BridgeError
from bridge.tokenizers import Tokenizer, load_tokenizer
from bridge.vocabulary import TokenKind
from bridge.vocabulary.display import escaped

_SAMPLES = (
    "The quick brown fox, 1234567!",
    "Café naïve ÀÉ",
    "中文 日本語 한국어",
    "two  spaces and 👍",
)
# Text -> what becomes of it, and what that is called.
_FOLDINGS = (
    ("ABC", "abc", "lower-cases"),
    ("é", "e", "strips accents"),
    ("ﬁ", "fi", "folds compatibility forms"),
    ("e\u0301", "é", "composes accents"),
)


def inspect_tokenizer(source: str) -> Answer:
    """Describe a tokenizer.

    Args:
        source: What `load_tokenizer` takes, as text.

    Returns:
        Kind, sizes, roles, normaliser, engine, and how it cuts a few texts.
    """
    tokenizer = load_tokenizer(source)
    vocabulary = tokenizer.vocabulary
    counts = np.bincount(vocabulary.kinds, minlength=len(TokenKind)).tolist()
    data = {
        "tokenizer": source,
        "kind": tokenizer.kind,
        "size": vocabulary.size,
        "tokens": {
            kind.name.lower(): counts[kind] for kind in TokenKind if counts[kind]
        },
        "roles": {
            role: {"id": token_id, "token": vocabulary.text(token_id)}
            for role, token_id in sorted(
                vocabulary.roles.items(), key=lambda pair: (pair[1], pair[0])
            )
        },
        "normaliser": _foldings(tokenizer.normalize),
        "engine": tokenizer.engine,
        "engine_note": tokenizer.engine_note,
        "samples": [_sample(tokenizer, text) for text in _SAMPLES],
    }
    return Answer(_render(data), data)


def _foldings(normalize: Callable[[str], str]) -> list[str]:
    found = []
    for text, folded, name in _FOLDINGS:
        if normalize(text) == folded:
            found.append(name)
    return found


def _sample(tokenizer: Tokenizer, text: str) -> dict[str, Any]:
    """Cut a text, or say why that does not work."""
    try:
        ids = tokenizer.encode_batch([text]).values.tolist()
    except BridgeError as error:
        return {"text": text, "error": str(error)}
    tokens = [tokenizer.vocabulary.text(i) for i in ids]
    return {"text": text, "ids": ids, "tokens": tokens}


def _render(data: dict[str, Any]) -> Group:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in data["tokens"].items())
    rows = {
        "tokenizer": data["tokenizer"],
        "kind": data["kind"],
        "ids": f"{data['size']:,}: {kinds}",
        "engine": f"{data['engine']}: {data['engine_note']}",
        "normaliser": ", ".join(data["normaliser"]) or "changes none of the probes",
    }
    for name, value in rows.items():
        table.add_row(name, Text(escaped(value)))
    return Group(table, _roles(data["roles"]), *_samples(data["samples"]))


def _roles(roles: dict[str, dict[str, Any]]) -> Table | Text:
    if not roles:
        return Text("\nNo special tokens are known.\n")
    table = Table("role", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("id", justify="right")
    table.add_column("token", overflow="fold")
    for role, found in roles.items():
        table.add_row(role, f"{found['id']:,}", Text(escaped(found["token"])))
    return table


def _samples(samples: list[dict[str, Any]]) -> list[Text]:
    lines = [
        f"{escaped(sample['text'])}\n  "
        + escaped(" | ".join(sample.get("tokens", ["(refused)"])))
        for sample in samples
    ]
    # One reason is enough: the others say the same of another text.
    reasons = [sample["error"] for sample in samples if "error" in sample]
    return list(map(Text, lines + reasons[:1]))
