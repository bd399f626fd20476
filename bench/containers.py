"""What a state holds: the length of every container in it, and the memory of all of it, by walking through it."""

from __future__ import annotations

import sys
from collections import Counter, OrderedDict, deque
from collections.abc import Iterator
from typing import Any

from router.core.bundle import Part
from router.core.matching import Class
from router.core.profiles import Profile
from router.core.state import Agent, Conv, QueueState

# Walked through by their elements; everything else by its fields.
_CONTAINERS = (dict, OrderedDict, list, deque, set, tuple, frozenset)
_MANY = (Agent, Class, Conv, Profile, QueueState)
_LEAVES = (int, str, bytes, bool, float, type(None))


def lengths(root: object, name: str) -> Counter[str]:
    """Return how many entries each container has, those of equal place in equal objects added up.

    A configuration is its own measure and is left out; so is what a tuple holds, which never grows.
    """
    found: Counter[str] = Counter()
    for path, each in _walk(root, name):
        if isinstance(each, _CONTAINERS) and not isinstance(each, tuple):
            found[path] += len(each)
    return found


def bytes_of(root: object) -> int:
    """Return the memory of all that can be reached from here, the configuration left out. Each object counts once."""
    return sum(sys.getsizeof(each) for _, each in _walk(root, ""))


def _walk(root: object, name: str) -> Iterator[tuple[str, object]]:
    seen: set[int] = set()
    stack: list[tuple[str, object]] = [(name, root)]
    while stack:
        path, each = stack.pop()
        if id(each) in seen or isinstance(each, Part | type) or callable(each):
            continue
        seen.add(id(each))
        yield path, each
        if not isinstance(each, _LEAVES):
            stack.extend(_parts(path, each))


def _parts(path: str, each: Any) -> Iterator[tuple[str, object]]:
    if isinstance(each, dict):
        for key, value in dict.items(each):
            yield f"{path}[]", key
            yield f"{path}[]", value
    elif isinstance(each, _CONTAINERS):
        for element in each:
            yield f"{path}[]", element
    if type(each) not in _CONTAINERS:
        for field in _fields(each):
            value = getattr(each, field, None)
            yield f"{_named(path, each)}.{field}", value


def _named(path: str, each: object) -> str:
    """Objects of one kind are one place, wherever they are met first: a class is met in many containers."""
    return type(each).__name__ if isinstance(each, _MANY) else path


def _fields(each: Any) -> tuple[str, ...]:
    declared = getattr(type(each), "__struct_fields__", None) or getattr(type(each), "__slots__", None)
    return tuple(declared) if declared is not None else tuple(getattr(each, "__dict__", ()))
