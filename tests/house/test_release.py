"""The changelog and `bridge.__version__` tell the same story."""

import re
from pathlib import Path

import pytest

import bridge

ROOT = Path(__file__).resolve().parents[2]
RELEASE = re.compile(r"\[(\d+)\.(\d+)\.(\d+)\] - \d{4}-\d{2}-\d{2}")


def problems(changelog, version):
    """What is wrong with a changelog for a package of this version."""
    titles = re.findall(r"^## (.*)$", changelog, re.M)
    if titles[:1] != ["[Unreleased]"]:
        return ["the first section is not [Unreleased]"]
    releases = [RELEASE.fullmatch(title) for title in titles[1:]]
    if None in releases:
        return ["a section is not named [X.Y.Z] - YYYY-MM-DD"]
    numbers = [tuple(map(int, release.groups())) for release in releases]
    if numbers != sorted(set(numbers), reverse=True):
        return ["the versions do not go down"]
    if numbers and ".".join(map(str, numbers[0])) != version:
        return [f"the top release is not {version}"]
    if not numbers and not re.search(r"^- ", changelog, re.M):
        return ["nothing is released and nothing is waiting"]
    return []


def test_version_is_three_numbers():
    assert re.fullmatch(r"\d+\.\d+\.\d+", bridge.__version__)


def test_changelog_fits_the_version():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert problems(changelog, bridge.__version__) == []


@pytest.mark.parametrize(
    ("changelog", "problem"),
    [
        ("## [0.1.0] - 2025-01-01\n- a", "the first section is not [Unreleased]"),
        (
            "## [Unreleased]\n## 0.1.0\n- a",
            "a section is not named [X.Y.Z] - YYYY-MM-DD",
        ),
        (
            "## [Unreleased]\n## [0.1.0] - 2025-01-01\n## [0.2.0] - 2025-02-01\n- a",
            "the versions do not go down",
        ),
        (
            "## [Unreleased]\n## [0.2.0] - 2025-01-01\n- a",
            "the top release is not 0.1.0",
        ),
        ("## [Unreleased]\n", "nothing is released and nothing is waiting"),
    ],
)
def test_a_wrong_changelog_is_seen(changelog, problem):
    assert problems(changelog, "0.1.0") == [problem]


@pytest.mark.parametrize(
    "changelog",
    [
        "## [Unreleased]\n- a",
        "## [Unreleased]\n- a\n## [0.1.0] - 2025-02-01\n## [0.0.9] - 2025-01-01\n",
    ],
)
def test_a_right_changelog_passes(changelog):
    assert problems(changelog, "0.1.0") == []
