"""Presets of every family, written once a run."""

import pytest

from tests.keras.families import Presets


@pytest.fixture(scope="session")
def family_presets(tmp_path_factory):
    return Presets(tmp_path_factory.mktemp("presets"))
