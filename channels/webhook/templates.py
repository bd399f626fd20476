"""Texts and trees with holes, filled so that nothing in a value can break out of its place. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

_HOLE = re.compile(r"\{([a-z]+)\}")
_ANY = re.compile(r"[{}]")
# Deeper than any provider's message.
DEPTH_MAX = 20
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def holes_of(template: Any) -> set[str]:
    """Return the names of all holes in a text or tree."""
    if isinstance(template, str):
        return set(_HOLE.findall(template))
    if isinstance(template, Mapping):
        return {hole for value in template.values() for hole in holes_of(value)}
    if isinstance(template, list | tuple):
        return {hole for value in template for hole in holes_of(value)}
    return set()


def check_template(name: str, template: Any, holes: Sequence[str], depth: int = 0) -> set[str]:
    """Return the holes of a text or tree. Raises ValueError with what to write."""
    if depth > DEPTH_MAX:
        raise ValueError(f"'{name}' is too deep")
    if isinstance(template, str):
        found = set(_HOLE.findall(template))
        if _ANY.search(_HOLE.sub("", template)) or not found <= set(holes):
            may = ", ".join(f"{{{hole}}}" for hole in holes)
            raise ValueError(f"'{name}' may hold {may}; cannot read '{template}'")
        return found
    if isinstance(template, Mapping):
        return {hole for value in template.values() for hole in check_template(name, value, holes, depth + 1)}
    if isinstance(template, list | tuple):
        return {hole for value in template for hole in check_template(name, value, holes, depth + 1)}
    return set()


def fill(template: Any, values: Mapping[str, str]) -> Any:
    """Return a tree with its holes filled. What is filled in stays a text, whatever stands in it."""
    if isinstance(template, str):
        return _HOLE.sub(lambda hole: values[hole[1]], template)
    if isinstance(template, Mapping):
        return {name: fill(value, values) for name, value in template.items()}
    if isinstance(template, list | tuple):
        return [fill(value, values) for value in template]
    return template


def fill_url(template: str, values: Mapping[str, str], *, plain: Sequence[str] = ()) -> str:
    """Return an address with its holes filled: each is one segment or one value, except those that are `plain`.

    What the provider itself has named (`found`) may be a path of several segments.
    """

    def filled(hole: re.Match[str]) -> str:
        name = hole[1]
        return values[name] if name in plain else quote(values[name], safe=":/" if name == "found" else ":")

    return _HOLE.sub(filled, template)


def fill_headers(template: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """Return headers with their holes filled; no value can begin a header of its own."""
    return {name: _CONTROL.sub("", _HOLE.sub(lambda hole: values[hole[1]], text)) for name, text in template.items()}
