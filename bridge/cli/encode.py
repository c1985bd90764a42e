"""`bridge encode`: files of any size to shards of ids, small ones to arrays."""

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
        help="Folder to write; with the same options again, the job goes on. Or "
        "FILE.npz: the arrays of inputs that fit into memory.",
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
# What only shards have, and its defaults.
_JOB: dict[str, Any] = {
    "layout": "documents",
    "stride": 0,
    "format": "parquet",
    "shard_size": 32,
    "strict": False,
    "engine": "local",
    "workers": None,
    "address": None,
}


def encode(
    *,
    arguments: Inputs = None,
    output: Output = None,
    verify: Verify = None,
    preset: Preset = None,
    method: Annotated[
        Literal["lookup", "expand", "retokenize"] | None,
        typer.Option(help="How ids become the preset's.  [default: retokenize]"),
    ] = None,
    form: Annotated[
        Literal["auto", "lines", "paragraphs", "jsonl", "csv", "parquet"],
        typer.Option(help="How files are read; auto: by their endings."),
    ] = "auto",
    text: Annotated[
        str, typer.Option(metavar="NAME", help="Field or column of the texts.")
    ] = "text",
    pairs: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Field or column of second texts, for a FILE.npz.",
            show_default=False,
        ),
    ] = None,
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
        if arguments or output:
            raise typer.BadParameter("--verify DIR stands alone.")
        from bridge.corpus.verify import verify_corpus

        return _answer(verify_corpus(verify), verify)
    if arguments is None or len(arguments) < 2 or output is None:
        raise typer.BadParameter("TOKENIZER, at least one INPUT and -o are needed.")
    tokenizer, *inputs = arguments
    options: dict[str, Any] = {"sequence_length": sequence_length}
    source: dict[str, Any] = {"form": form, "text": text}
    job: dict[str, Any] = {
        "layout": layout,
        "stride": stride,
        "format": file_format,
        "shard_size": shard_size,
        "strict": strict,
        "engine": engine,
        "workers": workers,
        "address": address,
    }
    to_arrays = output.suffix == ".npz"
    changed = [name for name, value in job.items() if value != _JOB[name]]
    names = ", ".join("--" + name.replace("_", "-") for name in changed)
    for wrong, rule in (
        (to_arrays and names, f"{names} is for a folder, not for a FILE.npz."),
        (pairs and not to_arrays, "--pairs is for arrays: name a FILE.npz by -o."),
        (method and preset is None, "--method is for ids of a preset: add --preset."),
        (stride and layout != "windows", "--stride is for --layout windows."),
        (address and engine != "ray", "--address is for --engine ray."),
    ):
        if wrong:
            raise typer.BadParameter(rule)
    if preset is not None:
        options |= {
            "alignment": _align(tokenizer, preset),
            "strategy": method or "retokenize",
        }
    if to_arrays:
        return _write_arrays(inputs, output, tokenizer, options, pairs=pairs, **source)
    from bridge.corpus import encode_corpus

    job |= {
        "shard_size": shard_size * 2**20,
        "workers": _cores() if workers is None else workers,
    }
    counts = encode_corpus(inputs, output, tokenizer, **source, **job, **options)
    return _answer(counts, output)


def _write_arrays(
    inputs: list[str],
    output: Path,
    tokenizer: str,
    options: dict[str, Any],
    **source: Any,  # noqa: ANN401  of encode_arrays
) -> Answer:
    import numpy as np

    from bridge.cli.progress import waiting
    from bridge.corpus.arrays import encode_arrays
    from bridge.corpus.encoders import make_encoder
    from bridge.tokenizers.saving import replace_path

    alignment = options.pop("alignment", None)
    encoder = make_encoder(tokenizer, alignment, options)
    with waiting("Encoding"):
        arrays = encode_arrays(inputs, encoder, **source)
    with replace_path(output) as beside:
        np.savez(beside, **arrays)  # type: ignore[arg-type]  # the names are ours
    rows, columns = next(iter(arrays.values())).shape
    data = {"output": str(output), "rows": rows, "columns": columns, "keys": [*arrays]}
    keys = ", ".join(arrays)
    return Answer(f"{rows:,} rows of {columns:,} columns ({keys}): {output}", data)


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
