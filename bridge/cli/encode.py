"""`bridge encode`: files of any size to shards of ids."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from bridge.cli.command import Answer

Inputs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[TOKENIZER INPUT...]",
        help="Folder, file or Hugging Face id of a tokenizer; then files, folders and "
        "patterns, or - for the standard input.",
        show_default=False,
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="DIR",
        file_okay=False,
        help="Folder to write. With the same options again, the job goes on.",
        show_default=False,
    ),
]
Verify = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        exists=True,
        file_okay=False,
        help="Check every byte of a folder that was written, and do nothing else.",
        show_default=False,
    ),
]
Preset = Annotated[
    str | None,
    typer.Option(
        metavar="PRESET",
        help="Name, handle or folder of a KerasHub preset to remap the ids to.",
        show_default=False,
    ),
]


def encode(
    *,
    arguments: Inputs = None,
    output: Output = None,
    verify: Verify = None,
    preset: Preset = None,
    method: Annotated[
        Literal["lookup", "expand", "retokenize"],
        typer.Option(help="How ids become the preset's."),
    ] = "retokenize",
    form: Annotated[
        Literal["auto", "lines", "paragraphs", "jsonl", "csv", "parquet"],
        typer.Option(help="How files are read; auto: by their endings."),
    ] = "auto",
    text: Annotated[
        str, typer.Option(metavar="NAME", help="Field or column of the texts.")
    ] = "text",
    layout: Annotated[
        Literal["documents", "windows", "packed"],
        typer.Option(help="What a row is."),
    ] = "documents",
    sequence_length: Annotated[
        int, typer.Option(min=1, help="Tokens of a window or of a packed row.")
    ] = 128,
    stride: Annotated[
        int, typer.Option(min=0, help="Tokens that two windows share.")
    ] = 0,
    file_format: Annotated[
        Literal["parquet", "tfrecord", "npy"], typer.Option("--format")
    ] = "parquet",
    shard_size: Annotated[
        int, typer.Option(min=1, metavar="MB", help="Input of a shard, in MiB.")
    ] = 32,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at a row that is no text.")
    ] = False,
    engine: Annotated[Literal["local", "ray"], typer.Option()] = "local",
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes; one a core.", show_default=False),
    ] = None,
    address: Annotated[
        str | None, typer.Option(help="Of a Ray cluster.", show_default=False)
    ] = None,
) -> Answer:
    """Encode files of any size into shards for training.

    Files may be .txt, .jsonl, .csv and .parquet, the first three also .gz and .zst. A
    row that is no text goes to rejects.jsonl. A job that was stopped goes on.
    """
    if verify is not None:
        from bridge.corpus.verify import verify_corpus

        return _answer(verify_corpus(verify), verify)
    if arguments is None or len(arguments) < 2 or output is None:
        raise typer.BadParameter("TOKENIZER, at least one INPUT and -o DIR are needed.")
    from bridge.corpus import encode_corpus

    tokenizer, *inputs = arguments
    options: dict[str, Any] = {"sequence_length": sequence_length}
    if preset is not None:
        options |= {"alignment": _align(tokenizer, preset), "strategy": method}
    counts = encode_corpus(
        inputs,
        output,
        tokenizer,
        form=form,
        text=text,
        layout=layout,
        stride=stride,
        format=file_format,
        shard_size=shard_size * 2**20,
        strict=strict,
        engine=engine,
        workers=_cores() if workers is None else workers,
        address=address,
        **options,
    )
    return _answer(counts, output)


def _cores() -> int:
    return os.cpu_count() or 1


def _align(tokenizer: str, preset: str) -> Any:  # noqa: ANN401  an Alignment
    from bridge.cli.quiet import import_keras
    from bridge.facade import align

    import_keras()
    return align(tokenizer, preset)


def _answer(counts: dict[str, int], folder: Path) -> Answer:
    told = (
        f"{counts['documents']:,} documents, {counts['tokens']:,} tokens in "
        f"{counts['rows']:,} rows, {counts['bytes'] / 1e6:,.1f} MB in "
        f"{counts['shards']:,} shards: {folder}"
    )
    if counts["rejects"]:
        told += f"\n{counts['rejects']:,} rows are no texts: {folder / 'rejects.jsonl'}"
    if counts["cut"]:
        told += f"\n{counts['cut']:,} tokens had no room in rows of one width."
    return Answer(told, counts)
