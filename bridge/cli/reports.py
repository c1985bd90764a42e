"""`bridge report` and `bridge audit`: what lined up, and whose ids a preset gives."""

from collections.abc import Callable
from pathlib import Path

import typer

from bridge.cli.command import Answer
from bridge.cli.files import read_texts
from bridge.cli.options import Format
from bridge.cli.progress import waiting
from bridge.cli.quiet import import_keras
from bridge.reporting import RemapReport
from bridge.tokenizers.saving import replace_file

_WRITERS: dict[str, Callable[[RemapReport], str]] = {
    "terminal": str,
    "json": RemapReport.to_json,
    "markdown": RemapReport.to_markdown,
    "html": RemapReport.to_html,
}
_SUFFIXES: dict[str, Format] = {
    ".json": "json",
    ".csv": "csv",
    ".md": "markdown",
    ".html": "html",
}


def make_report(
    tokenizer: str,
    preset: str,
    *,
    texts: Path | None,
    form: Format | None,
    output: Path | None,
    opens: bool,
) -> Answer:
    """Report how a tokenizer and a preset line up.

    Args:
        tokenizer: What `load_tokenizer` takes, as text.
        preset: Name, handle or folder.
        texts: File of texts to measure on.
        form: Format; told by the output's ending if `None`.
        output: File to write instead of the output stream.
        opens: Whether to open the file in a browser.

    Returns:
        The report.
    """
    chosen = choose_format(form, output)
    if opens and (output is None or chosen != "html"):
        raise typer.BadParameter(
            "it opens a page: add `-o report.html`.", param_hint="--open"
        )
    given = None if texts is None else read_texts(texts)
    report = measure(tokenizer, preset, given)
    data = report.to_dict()
    if output is None:
        return Answer(_WRITERS[chosen](report), data)
    if chosen == "csv":
        report.to_csv(output)
    else:
        with replace_file(output) as stream:
            stream.write(_WRITERS[chosen](report))
    if opens:
        typer.launch(str(output.resolve()))
    return Answer(f"Wrote {output}.", data)


def choose_format(form: Format | None, output: Path | None) -> Format:
    """Tell the format by what was asked for, or by the ending of the file.

    Args:
        form: What was asked for.
        output: File to write, or `None` for the output stream.

    Returns:
        The format.
    """
    if form is None:
        suffix = "" if output is None else output.suffix.lower()
        form = _SUFFIXES.get(suffix, "terminal")
    if form == "csv" and output is None:
        raise typer.BadParameter(
            "a table of every token is a file: add `-o FILE`.", param_hint="--format"
        )
    return form


def measure(tokenizer: str, preset: str, texts: list[str] | None) -> RemapReport:
    """Align a tokenizer with a preset and report.

    Args:
        tokenizer: What `load_tokenizer` takes, as text.
        preset: Name, handle or folder.
        texts: Texts to measure on.

    Returns:
        The report.
    """
    import bridge

    with waiting("Loading Keras, the tokenizer and the preset"):
        loaded = bridge.load_tokenizer(tokenizer)
        import_keras()
        alignment = bridge.align(loaded, preset)
    with waiting("Measuring"):
        return bridge.report(alignment, texts)


def audit_preset(preset: str, tokenizer: str, *, texts: Path) -> Answer:
    """Ask whether a preset's own tokenizer gives the ids it was trained with.

    Args:
        preset: Name, handle or folder.
        tokenizer: The tokenizer its checkpoint was trained with.
        texts: File of texts to encode with both.

    Returns:
        The audit.
    """
    import bridge

    given = read_texts(texts)
    with waiting("Loading Keras and both tokenizers, and encoding"):
        import_keras()
        report = bridge.audit(preset, tokenizer, given)
    return Answer(str(report), report.to_dict())
