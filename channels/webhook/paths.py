"""Where a value lies in a body, as an operator writes it. Pure: values in, texts out; no signal, no network.

`/source/userId` starts at the item, `../` goes up from it, `*` takes each element of a list. Several ways are tried in
turn (`/text/body | /caption`); words in quotation marks hold values in braces (`'[{/type}]'`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

_PATH = re.compile(r"(?:\.\./)*\.\.|(?:(?:\.\./)+|/)[^/|'{}\s]+(?:/[^/|'{}\s]+)*|/")
_QUOTED = re.compile(r"'([^']*)'")
_HOLE = re.compile(r"\{([^{}]*)\}")
_EACH = re.compile(r"(?:/[^/|'{}\s.]+)*")
# A body is bounded, but a list of empty items in it may be long.
ITEMS_MAX = 1_000
WRITE = "write '/name', '/list/0/name', '../name', several with ' | ' between them, or 'words {/name}' in quotes"


class Item(NamedTuple):
    """One part of a body, with everything above it: the body first, the item last."""

    above: tuple[Any, ...]

    @property
    def value(self) -> Any:
        """The item itself."""
        return self.above[-1]


class Expression:
    """A checked way to a text. Raises ValueError with what to write."""

    def __init__(self, written: str) -> None:
        self._ways = [_way(each.strip()) for each in _alternatives(written)] if written else []

    def __bool__(self) -> bool:
        """Whether anything is written."""
        return bool(self._ways)

    def of(self, item: Item) -> str:
        """Return the first text that is there, empty where none is."""
        return next((text for text in (_text_by(way, item) for way in self._ways) if text), "")


def items(written: str, body: Any) -> Iterator[Item]:
    """Return every part of a body that a path with `*` names, in order, and no more than a body rightly has."""
    found = [Item((body,))]
    for step in check_each(written):
        found = [deeper for item in found for deeper in _deeper(item, step)][:ITEMS_MAX]
    yield from found


def check_each(written: str) -> list[str]:
    """Return the steps of a path to items. Raises ValueError with what to write."""
    if not _EACH.fullmatch(written):
        raise ValueError("'each' must be a path such as /entry/*/changes/*/value/messages/*, or nothing for the body")
    return written.split("/")[1:]


def matches(item: Item, wanted: Mapping[str, Any]) -> bool:
    """Return whether values are as wanted: equal, one of a list, or there at all for `*`."""
    return all(_is(_value(path, item), value) for path, value in wanted.items())


def check_when(wanted: Mapping[str, Any]) -> None:
    """Refuse a condition that cannot be read. Raises ValueError with what to write."""
    for path, value in wanted.items():
        if not _PATH.fullmatch(path):
            raise ValueError(f"'when' has no path '{path}'; write {{/type: text}}")
        many = value if isinstance(value, list) else [value]
        if not many or not all(isinstance(each, str | int | bool) for each in many):
            raise ValueError(
                f"'when' wants {path} to be a word, a number, true, false, a list of these, or '*' for any"
            )


def _is(value: Any, wanted: Any) -> bool:
    if wanted == "*":
        return value is not None
    return any(value == each and isinstance(value, bool) is isinstance(each, bool) for each in _many(wanted))


def _many(wanted: Any) -> list[Any]:
    return wanted if isinstance(wanted, list) else [wanted]


def _alternatives(written: str) -> list[str]:
    """Split at the bars that stand outside quotation marks."""
    parts, quoted = [""], False
    for sign in written:
        quoted ^= sign == "'"
        if sign == "|" and not quoted:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def _way(written: str) -> tuple[str, ...] | str:
    """Return a path as text, or the pieces of a quoted text: words and paths in turns."""
    quoted = _QUOTED.fullmatch(written)
    if quoted is None:
        if not _PATH.fullmatch(written):
            raise ValueError(f"cannot read '{written}'; {WRITE}")
        return written
    pieces = tuple(_HOLE.split(quoted[1]))
    for path in pieces[1::2]:
        if not _PATH.fullmatch(path):
            raise ValueError(f"cannot read '{{{path}}}' in '{written}'; {WRITE}")
    return pieces


def _text_by(way: tuple[str, ...] | str, item: Item) -> str:
    if isinstance(way, str):
        return _text(_value(way, item))
    values = [_text(_value(piece, item)) if index % 2 else piece for index, piece in enumerate(way)]
    return "".join(values) if all(values[1::2]) else ""


def _text(value: Any) -> str:
    """Return a plain value as text; a list, a map or nothing has none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else ""


def _value(path: str, item: Item) -> Any:
    above = item.above
    while path.startswith(".."):
        if len(above) == 1:
            return None
        above, path = above[:-1], path[2:].removeprefix("/") if path[2:].startswith("/..") else path[2:]
    value = above[-1]
    for step in path.split("/")[1:] if path != "/" else ():
        value = _step(value, step)
    return value


def _step(value: Any, step: str) -> Any:
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and step.isascii() and step.isdigit() and len(step) <= 4:
        return value[int(step)] if int(step) < len(value) else None
    return None


def _deeper(item: Item, step: str) -> list[Item]:
    if step == "*":
        below = item.value if isinstance(item.value, list) else []
    else:
        found = _step(item.value, step)
        below = [] if found is None else [found]
    return [Item((*item.above, each)) for each in below]
