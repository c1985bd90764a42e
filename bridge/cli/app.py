"""The `bridge` command: its commands and their options."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bridge import __version__
from bridge.cli import options
from bridge.cli.command import Answer, command
from bridge.cli.encode import encode

app = typer.Typer(
    name="bridge",
    help="Use any tokenizer with any KerasHub backbone, and know what did not line up.",
    epilog="Results go to the output stream, progress and errors to the error stream. "
    "Exit codes: 0 done, 1 failed, 2 wrong usage.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"bridge {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show it."
        ),
    ] = False,
) -> None:
    """Take the options that stand before a command."""


@app.command()
@command
def demo(
    quick: Annotated[
        bool, typer.Option("--quick", help="A small sample, under 2 minutes.")
    ] = False,
    seed: options.Seed = 0,
) -> Answer:
    """Run the main job: tweets, MiniLM, GPT-2's tokenizer."""
    from bridge.cli.demo import run_demo

    return run_demo(Console(stderr=True), quick=quick, seed=seed)


@app.command("inspect")
@command
def inspect_(tokenizer: options.Tokenizer) -> Answer:
    """Show what a tokenizer is, and how it cuts text."""
    from bridge.cli.inspecting import inspect_tokenizer

    return inspect_tokenizer(tokenizer)


@app.command()
@command
def report(
    tokenizer: options.Tokenizer,
    preset: options.Preset,
    texts: options.MaybeTexts = None,
    form: Annotated[
        options.Format | None,
        typer.Option("--format", help="By the ending of FILE if not given."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="File to write."),
    ] = None,
    opens: Annotated[
        bool, typer.Option("--open", help="Open the page in a browser.")
    ] = False,
) -> Answer:
    """Show what lines up with a preset, what is lost, and why."""
    from bridge.cli.reports import make_report

    return make_report(
        tokenizer, preset, texts=texts, form=form, output=output, opens=opens
    )


@app.command()
@command
def audit(
    preset: options.Preset, tokenizer: options.Tokenizer, texts: options.Texts
) -> Answer:
    """Tell whether a preset's own tokenizer gives the right ids.

    TOKENIZER is the one that its checkpoint was trained with. Often the preset's
    folder holds it: then give PRESET twice.
    """
    from bridge.cli.reports import audit_preset

    return audit_preset(preset, tokenizer, texts=texts)


app.command()(command(encode))


@app.command()
@command
def transplant(
    tokenizer: options.Tokenizer,
    preset: options.Preset,
    output: options.Folder,
    init: Annotated[
        options.Init,
        typer.Option(help="What makes rows that the preset lacks."),
    ] = "compose",
    texts: options.MaybeTexts = None,
    words: Annotated[
        bool,
        typer.Option(
            "--words",
            help="Know words that the tokenizer cuts by their tokens: nearer to the "
            "preset, and loads only where bridge is imported.",
        ),
    ] = False,
    distill_seconds: Annotated[
        float | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Train the new rows on the texts for so long, with --words the whole "
            "model, which takes minutes to get better; no labels needed.",
        ),
    ] = None,
    seed: options.Seed = 0,
) -> Answer:
    """Give a preset the tokenizer's vocabulary, as a new preset."""
    from bridge.cli import transplanting

    return transplanting.transplant(
        tokenizer,
        preset,
        init=init,
        texts=texts,
        words=words,
        distill_seconds=distill_seconds,
        seed=seed,
        output=output,
    )


@app.command()
@command
def finetune(
    tokenizer: options.Tokenizer,
    preset: options.Preset,
    data: Annotated[
        Path,
        typer.Option(
            metavar="FILE.csv",
            exists=True,
            dir_okay=False,
            help="Labelled texts: a CSV file in UTF-8 with a header line.",
            show_default=False,
        ),
    ],
    output: options.Folder,
    text_column: Annotated[str, typer.Option(metavar="NAME")] = "text",
    label_column: Annotated[str, typer.Option(metavar="NAME")] = "label",
    strategy: Annotated[
        options.Strategy, typer.Option(help="How ids reach the backbone.")
    ] = "auto",
    epochs: Annotated[int, typer.Option(min=1)] = 3,
    batch_size: Annotated[int, typer.Option(min=1)] = 32,
    learning_rate: Annotated[float, typer.Option(min=0.0)] = 5e-5,
    sequence_length: Annotated[
        int | None,
        typer.Option(min=8, help="Tokens of a text; by the texts if not given."),
    ] = None,
    held_out: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of the texts to test on.")
    ] = 0.2,
    seed: options.Seed = 0,
) -> Answer:
    """Train a classifier on your own texts, and score it."""
    from bridge.cli import finetuning
    from bridge.cli.training import Budget

    return finetuning.finetune(
        tokenizer,
        preset,
        data=finetuning.Data(data, text_column, label_column, held_out),
        strategy=strategy,
        budget=Budget(epochs, batch_size, learning_rate, seed),
        sequence_length=sequence_length,
        output=output,
    )


@app.command()
@command
def predict(
    directory: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="What `bridge finetune` wrote.",
            show_default=False,
        ),
    ],
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="Texts, one a line, in UTF-8.",
            show_default=False,
        ),
    ],
) -> Answer:
    """Label texts with a classifier that `finetune` saved.

    Writes label, probability and text, a line each, with tabs between.
    """
    from bridge.cli import predicting

    return predicting.predict(directory, file)
