"""The `bridge` command and how it fails."""

import sys
from typing import Annotated

import typer
from rich.console import Console

from bridge import __version__
from bridge.errors import BridgeError

app = typer.Typer(
    name="bridge",
    help="Use any tokenizer with any KerasHub backbone, and know what did not line up.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
_state = {"debug": False}


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"bridge {__version__}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error.")
    ] = False,
    version: Annotated[  # noqa: ARG001  handled by its callback
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show it."
        ),
    ] = False,
) -> None:
    """Take the options that every command has."""
    _state["debug"] = debug


@app.command()
def demo(
    quick: Annotated[
        bool, typer.Option("--quick", help="A small sample, under 2 minutes.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of the split and of training.")] = 0,
) -> None:
    """Run the main job on real input: MiniLM, GPT-2's tokenizer, real tweets."""
    from bridge.cli.demo import run_demo

    run_demo(Console(), quick=quick, seed=seed)


def run() -> None:
    """Run the command; exit 0 if it went well, 1 if not, 2 for wrong usage."""
    try:
        app()
    except BridgeError as error:
        if _state["debug"]:
            raise
        Console(stderr=True).print(
            f"Error: {error}", style="red", markup=False, highlight=False
        )
        sys.exit(1)
