"""`lazy`: an attribute that is computed once."""

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

Value = TypeVar("Value")


class lazy(Generic[Value]):  # noqa: N801  a decorator, as `property` is
    """`functools.cached_property` without its lock.

    In Python 3.11 that lock is one for all objects of a class: a process forked while a
    thread holds it waits for ever. Here two threads may both compute a value, which is
    the same, and the later one stays.

    Args:
        function: Computes the value from the object.
    """

    def __init__(self, function: Callable[[Any], Value]) -> None:
        self._function = function
        self.__doc__ = function.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        """Learn the attribute's name."""
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Value: ...
    def __get__(self, instance: object | None, owner: type) -> Self | Value:
        """Compute the value; the next look-up finds it in the object itself."""
        if instance is None:
            return self
        value = self._function(instance)
        vars(instance)[self._name] = value
        return value
