"""What every command shares: `--json`, `--debug`, and how it fails."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any

import typer
from rich.console import Console

from bridge.errors import BridgeError

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command found out.

    Attributes:
        text: For people: a text, or what rich prints.
        data: For machines: what becomes JSON.
    """

    text: Any
    data: Mapping[str, Any]


def command(function: Callable[..., Answer]) -> Callable[..., None]:
    """Make a command of a function that takes options and answers.

    Args:
        function: Takes the command's own options.

    Returns:
        A function for typer, which takes `--json` and `--debug` too. It prints the
        answer on the output stream, and an error on the error stream, where progress
        goes as well.
    """

    @wraps(function)
    def run(*, json: bool = False, debug: bool = False, **options: Any) -> None:  # noqa: ANN401
        try:
            answer = function(**options)
        except (BridgeError, OSError, ValueError) as error:
            if debug:
                raise
            _show_error(error)
            raise typer.Exit(1) from error
        # Not by rich, which wraps lines and expands tabs.
        if json:
            typer.echo(_to_json(answer.data))
        elif isinstance(answer.text, str):
            typer.echo(answer.text)
        else:
            Console().print(answer.text)

    own = inspect.signature(function)
    shared = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=kind
        )
        for name, kind in (("json", Json), ("debug", Debug))
    ]
    # Typer reads both, and looks behind `wraps` for neither.
    run.__signature__ = inspect.Signature([*own.parameters.values(), *shared])  # type: ignore[attr-defined]
    run.__annotations__ = {**function.__annotations__, "json": Json, "debug": Debug}
    return run


def _to_json(data: Mapping[str, Any]) -> str:
    # Loaded late, since the shell asks for completions at every press of a key.
    from bridge.reporting.plain import to_json

    return to_json(data)


def _show_error(error: Exception) -> None:
    message = str(error)
    if isinstance(error, OSError) and not isinstance(error, BridgeError):
        message = (
            f"A file must be readable, and a folder writable. Received: {error}. "
            "Check the path, its permissions and the space on the disk."
        )
    elif not isinstance(error, BridgeError):
        message = f"{error}\nAdd --debug to see where this was raised."
    Console(stderr=True).print(
        f"Error: {message}", style="red", markup=False, highlight=False, soft_wrap=True
    )
