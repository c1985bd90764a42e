"""What every command shares: streams, exit codes, errors, help, completion."""

import json
from unittest.mock import Mock

import pytest
from rich.console import Console

from bridge import __version__
from bridge.cli import inspecting, progress
from bridge.cli.app import app
from bridge.errors import BridgeError
from tests.house.test_import_hygiene import heavy_modules_after

COMMANDS = [found.name or found.callback.__name__ for found in app.registered_commands]
MESSAGE = "A rule. Received: a value. A remedy."


def failing(monkeypatch, error):
    monkeypatch.setattr(inspecting, "inspect_tokenizer", Mock(side_effect=error))


def test_commands_are_those_of_the_manual():
    assert COMMANDS == [
        "demo",
        "inspect",
        "report",
        "audit",
        "encode",
        "transplant",
        "finetune",
        "predict",
    ]


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_fits_80_columns(run, name):
    result = run(*name.split(), "--help")
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 80


@pytest.mark.parametrize("found", app.registered_commands, ids=COMMANDS)
def test_the_list_of_commands_cuts_no_sentence(run, found):
    assert f" {found.callback.__doc__.splitlines()[0]}\n" in run("--help").stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_json_and_debug(run, name):
    shown = run(name, "--help").stdout
    assert "--json " in shown
    assert "--debug " in shown


def test_an_error_is_one_line_on_the_error_stream(run, monkeypatch):
    failing(monkeypatch, BridgeError(MESSAGE))
    result = run("inspect", "x", "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: {MESSAGE}\n"


def test_an_error_is_red_on_a_terminal(run, monkeypatch):
    failing(monkeypatch, BridgeError(MESSAGE))
    result = run("inspect", "x", env={"FORCE_COLOR": "1", "TERM": "xterm"})
    assert result.stderr.startswith("\x1b[31mError: A rule.")


def test_a_long_error_is_not_wrapped(run, monkeypatch):
    failing(monkeypatch, BridgeError(MESSAGE * 9))
    assert run("inspect", "x").stderr == f"Error: {MESSAGE * 9}\n"


def test_debug_shows_the_traceback(run, monkeypatch):
    error = BridgeError(MESSAGE)
    failing(monkeypatch, error)
    result = run("inspect", "x", "--debug")
    assert (result.exit_code, result.exception) == (1, error)


def test_what_the_system_refuses_is_an_error_with_a_remedy(run, monkeypatch):
    failing(monkeypatch, PermissionError(13, "Permission denied", "x"))
    result = run("inspect", "x")
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: A file must be readable, and a folder writable. Received: "
        "[Errno 13] Permission denied: 'x'. Check the path, its permissions and the "
        "space on the disk.\n"
    )


def test_what_a_library_refuses_is_shown_without_its_traceback(run, monkeypatch):
    failing(monkeypatch, ValueError("Unknown preset."))
    result = run("inspect", "x")
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: Unknown preset.\nAdd --debug to see where this was raised.\n"
    )


def test_a_defect_is_not_hidden(run, monkeypatch):
    failing(monkeypatch, ZeroDivisionError("division by zero"))
    assert isinstance(run("inspect", "x").exception, ZeroDivisionError)


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["inspect"],
        ["inspect", "x", "--fast"],
        ["report", "x", "y", "--texts", "/no/such/file"],
        ["report", "x", "y", "--format", "pdf"],
        ["report", "x", "y", "--format", "csv"],
        ["report", "x", "y", "--open"],
        ["report", "x", "y", "--open", "-o", "page.md"],
        ["audit", "x", "y"],
        ["encode", "x", "y"],
        ["encode", "x", "y", "-o", "z", "--stride", "4"],
        ["encode", "x", "y", "-o", "z", "--address", "auto"],
        ["encode", "x", "y", "-o", "z", "--method", "lookup"],
        ["transplant", "x", "y"],
        ["transplant", "x", "y", "-o", "z", "--distill-seconds", "9"],
        ["transplant", "x", "y", "-o", "z", "--init", "anchors"],
        ["finetune", "x", "y", "-o", "z"],
        ["predict", "/no/such/folder", "x"],
    ],
)
def test_wrong_usage_exits_with_2(run, arguments):
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error: " in result.stderr


def test_version(run):
    assert run("--version").stdout == f"bridge {__version__}\n"


def test_help_loads_nothing_heavy():
    assert heavy_modules_after("from bridge.cli.app import app") == []


@pytest.mark.parametrize(
    ("words", "found"),
    [("bridge re", ["report"]), ("bridge report a b --f", ["--format"])],
)
def test_the_shell_completes(run, words, found):
    settings = {
        "_BRIDGE_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    result = run(prog_name="bridge", env=settings)
    assert result.stdout.split() == found


def test_progress_is_silent_where_nobody_looks(capsys):
    with progress.bar("Training", total=2, unit="batches") as advance:
        advance()
    with progress.waiting("Loading"):
        pass
    assert capsys.readouterr() == ("", "")


def test_progress_shows_count_rate_and_rest(capsys):
    console = Console(force_terminal=True, color_system=None, width=80)
    with progress.bars("batches", console) as shown:
        task = shown.add_task("Training", total=2)
        shown.advance(task)
        shown.advance(task)
    out = capsys.readouterr().out
    assert "2/2 batches" in out
    assert "/s" in out
    assert "0:00:00" in out


def test_inspect_describes_a_tokenizer(run, tokenizer):
    data = json.loads(run("inspect", tokenizer, "--json").stdout)
    assert data["size"] == 400
    assert data["tokens"] == {"normal": 399, "special": 1}
    assert data["roles"]["eos"] == {"id": 0, "token": "<|endoftext|>"}
    assert data["normaliser"] == []
    sample = data["samples"][0]
    assert "".join(sample["tokens"]).replace("␣", " ") == sample["text"]
    text = run("inspect", tokenizer).stdout
    assert "400: 399 normal, 1 special" in text
    assert max(map(len, text.splitlines())) <= 80


def test_inspect_tells_a_normaliser(run, tmp_path):
    from tests.factories import wordpiece_tokenizer

    wordpiece_tokenizer().save(str(tmp_path / "tokenizer.json"))
    data = json.loads(run("inspect", tmp_path, "--json").stdout)
    assert data["normaliser"] == ["lower-cases", "strips accents"]


def test_inspect_says_why_a_vocabulary_cuts_nothing(run, tmp_path):
    (tmp_path / "vocab.txt").write_text("[PAD]\n[UNK]\nword\n", encoding="utf-8")
    result = run("inspect", tmp_path)
    assert result.exit_code == 0
    assert result.stdout.count("(refused)") == 4
    assert "A vocabulary alone cannot encode text." in result.stdout
