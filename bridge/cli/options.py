"""Arguments and options that several commands take."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Tokenizer = Annotated[
    str,
    typer.Argument(
        metavar="TOKENIZER",
        help="Folder, file or Hugging Face id of a tokenizer.",
        show_default=False,
    ),
]
Preset = Annotated[
    str,
    typer.Argument(
        metavar="PRESET",
        help="Name, hf:// or kaggle:// handle, or folder of a KerasHub preset.",
        show_default=False,
    ),
]
_TEXTS = typer.Option(
    "--texts",
    metavar="FILE",
    exists=True,
    dir_okay=False,
    help="Texts like yours, one a line, in UTF-8.",
    show_default=False,
)
Texts = Annotated[Path, _TEXTS]
MaybeTexts = Annotated[Path | None, _TEXTS]
Folder = Annotated[
    Path,
    typer.Option(
        "-o",
        "--output",
        metavar="DIR",
        file_okay=False,
        help="Folder to write.",
        show_default=False,
    ),
]
Seed = Annotated[int, typer.Option(help="Of everything random.")]
Format = Literal["terminal", "json", "csv", "markdown", "html"]
Init = Literal["compose", "anchors", "copy", "mean", "random"]
Strategy = Literal["auto", "identity", "lookup", "expand", "retokenize", "transplant"]
