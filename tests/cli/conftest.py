"""A preset and a tokenizer in folders, and the command in this process."""

import pytest
from typer.testing import CliRunner

from bridge.cli.app import app
from tests import factories
from tests.keras.families import make_preset


@pytest.fixture(scope="package")
def preset(tmp_path_factory):
    return make_preset("Bert", tmp_path_factory.mktemp("preset"))


@pytest.fixture(scope="package")
def tokenizer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokenizer")
    factories.bpe_tokenizer().save(str(folder / "tokenizer.json"))
    return str(folder)


@pytest.fixture
def run():
    """Runs the command; nothing is a terminal, and lines have 80 columns."""

    def invoke(*arguments, **options):
        runner = CliRunner(env={"COLUMNS": "80"})
        return runner.invoke(app, list(map(str, arguments)), **options)

    return invoke


@pytest.fixture
def texts(tmp_path):
    file = tmp_path / "texts.txt"
    file.write_text("\n".join([*factories.CORPUS, "Café", ""]), encoding="utf-8")
    return file
