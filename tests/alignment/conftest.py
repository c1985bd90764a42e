"""Real tokenizers, loaded once."""

from functools import cache

import pytest

import bridge
from tests.alignment import oracle


@cache
def load(name):
    return bridge.load_tokenizer(oracle.PATHS[name]())


@cache
def align(mine, theirs):
    return bridge.align(load(mine), load(theirs))


@pytest.fixture
def real():
    return load


@pytest.fixture
def real_alignment():
    return align
