"""Every public name has an example in its docstring, and the example runs."""

import contextlib
import doctest
import inspect
import io

import pytest

import bridge
from bridge.reporting import plots
from tests.docs.stage import build

OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
PUBLIC = {
    **{name: getattr(bridge, name) for name in bridge.__all__},
    "plot_coverage": plots.plot_coverage,
    "plot_learning_curve": plots.plot_learning_curve,
}
del PUBLIC["__version__"]
# These train, load MiniLM anew or start processes.
SLOW = {
    "Anchors",
    "AuditReport",
    "TextDataset",
    "TokenClassifier",
    "audit",
    "connect",
    "distill",
    "encode_corpus",
    "extend",
    "fit_in_two_steps",
    "open_corpus",
    "shrink",
    "transplant",
}


def docstrings(name, item):
    """An object's own docstring, and those of its methods."""
    found = [(name, inspect.getdoc(item) or "")]
    if inspect.isclass(item):
        found += [
            (f"{name}.{method}", inspect.getdoc(value) or "")
            for method, value in vars(item).items()
            if not method.startswith("_") and callable(value)
        ]
    return found


def with_examples():
    return [
        pytest.param(text, id=name, marks=[pytest.mark.slow] * (name in SLOW))
        for public, item in PUBLIC.items()
        for name, text in docstrings(public, item)
        if ">>>" in text
    ]


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stage")
    return folder, build(folder)


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_has_an_example(name):
    assert any(">>>" in text for _, text in docstrings(name, PUBLIC[name]))


@pytest.mark.keras
@pytest.mark.real_model
@pytest.mark.filterwarnings("ignore:Gradients do not exist")
@pytest.mark.parametrize("text", with_examples())
def test_example_runs(text, stage, monkeypatch):
    folder, names = stage
    monkeypatch.chdir(folder)
    test = doctest.DocTestParser().get_doctest(text, dict(names), "example", None, 0)
    said = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=OPTIONS, verbose=False)
    with contextlib.redirect_stdout(io.StringIO()):
        runner.run(test, out=said.write)
    assert said.getvalue() == ""
    assert runner.tries > 0


def test_no_example_is_skipped():
    skipped = [
        name
        for public, item in PUBLIC.items()
        for name, text in docstrings(public, item)
        if "SKIP" in text
    ]
    assert skipped == []
