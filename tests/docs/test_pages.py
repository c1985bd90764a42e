"""Every code block of the documentation runs, and prints what stands below it."""

import ast
import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import bridge
from bridge.cli.app import app

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# These train a real model.
SLOW = ("tutorial.md", "how_to/niche_language.md")


def blocks_of(page):
    return BLOCK.findall(page.read_text("utf-8"))


def with_blocks():
    for page in PAGES:
        if blocks_of(page):
            name = str(page.relative_to(DOCS))
            marks = [pytest.mark.slow] if name in SLOW else []
            yield pytest.param(page, id=name, marks=marks)


def run_python(code, page, names):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, str(page), "exec"), names)
    return out.getvalue()


def run_shell(code):
    """Run the commands of `bridge`; installing is for people."""
    out = ""
    for line in code.splitlines():
        program, *arguments = shlex.split(line)
        if program == "bridge":
            result = CliRunner().invoke(app, arguments)
            assert result.exit_code == 0, f"{line}\n{result.output}"
            out += result.stdout
        else:
            assert program in ("pip", "make"), f"a {program} that nobody runs"
    return out


@pytest.mark.keras
@pytest.mark.real_model
@pytest.mark.parametrize("page", list(with_blocks()))
def test_blocks_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names, printed = {"__name__": "page"}, None
    for language, content in blocks_of(page):
        if language == "python":
            printed = run_python(content, page, names)
        elif language == "sh":
            printed = run_shell(content)
        else:
            assert language == "text", f"a block of {language} that nobody runs"
            assert printed == content


def test_a_wrong_output_is_seen(tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text("```python\nprint(1)\n```\n\n```text\n2\n```\n", "utf-8")
    with pytest.raises(AssertionError, match="assert"):
        test_blocks_run(page, tmp_path, monkeypatch)


def test_every_public_name_is_in_the_reference():
    text = (DOCS / "reference.md").read_text("utf-8")
    listed = re.findall(r"^::: bridge\.(\w+)$", text, re.MULTILINE)
    missing = {*bridge.__all__, "errors"} - {"__version__", *listed}
    assert missing == set()
    assert len(listed) == len(set(listed))


def messages():
    """Texts of the library, without what is filled in."""
    for path in (ROOT / "bridge").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_errors_that_are_explained_exist():
    text = (DOCS / "troubleshooting.md").read_text("utf-8")
    explained = re.findall(r"^### (.*)$", text, re.MULTILINE)
    known = "\n".join(messages())
    assert len(explained) > 10
    assert [title for title in explained if title not in known] == []


def test_pages_are_in_the_menu():
    menu = (ROOT / "mkdocs.yml").read_text("utf-8")
    names = [str(page.relative_to(DOCS)) for page in PAGES]
    assert [name for name in names if name not in menu] == []


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", tmp_path],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    reference = (tmp_path / "reference.html").read_text("utf-8")
    assert ">Examples:<" in reference
    # Where an example is taken for text, its prompts become quotations.
    assert "<blockquote>" not in reference
