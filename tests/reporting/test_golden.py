"""Reports as they looked when `tests/reporting/golden` was made."""

import json

import pytest

from bridge.reporting.report import RemapReport
from tests.reporting.golden.generate import HERE, make_files


@pytest.fixture(scope="module")
def made():
    return make_files()


def test_every_golden_is_made(made):
    kept = {path.name for path in HERE.iterdir() if path.suffix in {".txt", ".md"}}
    assert kept | {"report.json"} == set(made)


@pytest.mark.parametrize(
    "name",
    [
        "comparison.txt",
        "report.json",
        "report.md",
        "report.txt",
        "vocabulary_only.txt",
    ],
)
def test_a_report_looks_as_it_did(made, name):
    assert made[name] == (HERE / name).read_text(encoding="utf-8")


def test_a_stored_report_can_be_read(made):
    stored = json.loads((HERE / "report.json").read_text(encoding="utf-8"))
    assert f"{RemapReport.from_dict(stored)}\n" == made["report.txt"]
