"""`bridge.__all__` is the promise: sorted, and every name is there."""

import pytest

import bridge
from tests.house.test_import_hygiene import heavy_modules_after

LAZY = getattr(bridge, "_LAZY", {})
KERAS_NAMES = [
    name
    for name in bridge.__all__
    if LAZY.get(name, "").startswith(("bridge.keras", "bridge.facade"))
]
CORE_NAMES = [name for name in bridge.__all__ if name not in KERAS_NAMES]


def test_all_is_sorted_and_without_repeats():
    assert list(bridge.__all__) == sorted(set(bridge.__all__))


def test_lazy_names_are_public():
    assert set(LAZY) <= set(bridge.__all__)


def test_dir_lists_every_public_name():
    assert set(bridge.__all__) <= set(dir(bridge))


@pytest.mark.parametrize("name", CORE_NAMES)
def test_core_name_resolves(name):
    assert getattr(bridge, name) is not None


def test_core_names_need_no_keras():
    statement = f"import bridge; [getattr(bridge, name) for name in {CORE_NAMES}]"
    loaded = set(heavy_modules_after(statement))
    assert loaded & {"jax", "keras", "keras_hub", "tensorflow", "torch"} == set()


@pytest.mark.keras
@pytest.mark.parametrize("name", KERAS_NAMES)
def test_keras_name_resolves(name):
    assert getattr(bridge, name) is not None


def test_unknown_name_is_an_attribute_error():
    message = "^module 'bridge' has no attribute 'no_such_name'$"
    with pytest.raises(AttributeError, match=message):
        _ = bridge.no_such_name
