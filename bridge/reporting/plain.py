"""Dataclasses to plain data for JSON and back, guided by their type hints."""

import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from bridge.errors import SavedFormatError

T = TypeVar("T")

# Half a character: spellings may hold one, but no file can.
_SURROGATE = re.compile("[\ud800-\udfff]")


def to_json(data: Mapping[str, Any]) -> str:
    """Write plain data as JSON text, which every encoding of Unicode can hold.

    Args:
        data: What `to_plain` returned.

    Returns:
        JSON, readable; half characters are escaped.
    """
    text = json.dumps(data, ensure_ascii=False, indent=1)
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def from_saved(
    expected: type[T], data: Mapping[str, Any], *, version: int, noun: str
) -> T:
    """Rebuild a dataclass that was saved with the version of its format.

    Args:
        expected: The dataclass.
        data: What `to_plain` made of it, and `format_version`.
        version: The version that can be read.
        noun: What the dataclass is called, for errors.

    Returns:
        An equal object.

    Raises:
        SavedFormatError: If it is damaged or of another version.
    """
    values = dict(data)
    found = values.pop("format_version", None)
    if found != version:
        raise SavedFormatError(
            f"This version of bridge reads {noun}s of format {version}. Received: "
            f"format {found!r}. Make the {noun} again."
        )
    try:
        return from_plain(expected, values)
    except (KeyError, TypeError, ValueError) as error:
        raise SavedFormatError(
            f"A saved {noun} holds every field of its format. Received: one that "
            f"cannot be read ({type(error).__name__}: {error}). Make the {noun} again."
        ) from error


def to_plain(value: Any) -> Any:  # noqa: ANN401  any field of a report
    """Turn dataclasses into dicts and tuples into lists, all the way down.

    Args:
        value: A dataclass, tuple, dict, text, number, bool or `None`. Fields that do
            not count for equality are left out.

    Returns:
        Plain data that JSON can hold; `from_plain` reverses it.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: to_plain(getattr(value, field.name))
            for field in fields(value)
            if field.compare
        }
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: to_plain(item) for key, item in value.items()}
    return value


def from_plain(expected: type[T], data: Any) -> T:  # noqa: ANN401  whatever was read
    """Rebuild a dataclass from what `to_plain` made of it.

    Args:
        expected: The dataclass.
        data: A mapping with a value for every field that counts for equality.

    Returns:
        An equal object.

    Raises:
        KeyError: If a field is missing.
        TypeError: If a value is of another type, or there is a field too many.
    """
    if not isinstance(data, Mapping):
        raise TypeError(f"{expected.__name__} is no mapping")
    hints: dict[str, Any] = _hints(expected)
    unknown = set(data) - set(hints)
    if unknown:
        raise TypeError(f"{expected.__name__} has no {min(map(str, unknown))!r}")
    return expected(**{name: _read(hint, data[name]) for name, hint in hints.items()})


def _hints(expected: Any) -> dict[str, Any]:  # noqa: ANN401  a dataclass
    hints = get_type_hints(expected)
    return {
        field.name: hints[field.name] for field in fields(expected) if field.compare
    }


def _read(expected: Any, value: Any) -> Any:  # noqa: ANN401  a type and its value
    if is_dataclass(expected) and isinstance(expected, type):
        return from_plain(expected, value)
    origin, parts = get_origin(expected), get_args(expected)
    if origin in (Union, UnionType):
        return _read_optional(parts, value)
    if origin is tuple:
        return _read_tuple(parts, value)
    if origin is dict:
        return {
            _read(parts[0], key): _read(parts[1], item)
            for key, item in dict(value).items()
        }
    if origin is Literal:
        return _checked(value, value in parts, "one of " + ", ".join(map(repr, parts)))
    return _read_scalar(expected, value)


def _read_optional(parts: tuple[Any, ...], value: Any) -> Any:  # noqa: ANN401
    if value is None and NoneType in parts:
        return None
    (expected,) = (part for part in parts if part is not NoneType)
    return _read(expected, value)


def _read_tuple(parts: tuple[Any, ...], value: Any) -> tuple[Any, ...]:  # noqa: ANN401
    items = _checked(value, isinstance(value, (list, tuple)), "a list")
    if parts[-1] is Ellipsis:
        return tuple(_read(parts[0], item) for item in items)
    return tuple(_read(part, item) for part, item in zip(parts, items, strict=True))


def _read_scalar(expected: type, value: Any) -> Any:  # noqa: ANN401
    # JSON writes 1.0 as 1 in some languages; True is no number.
    if expected is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    is_it = isinstance(value, expected) and (
        expected is bool or not isinstance(value, bool)
    )
    return _checked(value, is_it, expected.__name__)


def _checked(value: Any, is_it: bool, expected: str) -> Any:  # noqa: ANN401, FBT001
    if not is_it:
        raise TypeError(f"{value!r:.40} is not {expected}")
    return value
