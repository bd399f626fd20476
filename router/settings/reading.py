"""Readers: functions from a node to a checked value, and ways to put them together. No section of ours is known here.

A reader that finds a fault reports it and returns None; it never raises, so that one run finds all faults.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from typing import Any

from router.core.bundle import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from router.core.cel import did_you_mean
from router.settings.problems import Findings
from router.settings.tree import Mapping, Node, Scalar, Sequence

# Names stand in journal, metrics and addresses; a sentence belongs into a label.
NAME_CHARS_MAX = 48
TEXT_CHARS_MAX = 4_000

YEAR_MS = 365 * DAY_MS

_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
_DURATION = re.compile(r"(0|[1-9][0-9]{0,8})(ms|s|m|h|d|w)")
_UNITS_MS = {"ms": 1, "s": SECOND_MS, "m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS, "w": 7 * DAY_MS}
_SECRET = re.compile(
    r"(?i)(^|.*[_-])(pass|password|passwd|passphrase|secret|token|key|api_?key|private_?key|credentials?)$"
)


@dataclass(slots=True)
class Scope:
    """What readers share in one run: where faults go, which names exist, which of them are in use.

    `names` maps a kind (`queue`, `skill` ...) to the names that are defined; None where they cannot be known, because
    their section is broken: then no reference to them is called wrong.
    """

    findings: Findings
    names: dict[str, Collection[str] | None] = field(default_factory=dict)
    used: set[tuple[str, str]] = field(default_factory=set)

    def report(self, node: Node, message: str, *, offset: int = 0) -> None:
        """Report a fault."""
        self.findings.report(node, message, offset=offset)


Reader = Callable[[Node, Scope], Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a section: how its value is read, and what the value is called inside."""

    read: Reader
    to: str
    required: bool = False


def kind_of(node: Node) -> str:
    """Return what a node is, in words for people."""
    if isinstance(node, Mapping):
        return "a group of keys"
    if isinstance(node, Sequence):
        return "a list"
    if not isinstance(node, Scalar) or node.value is None:
        return "nothing"
    return {bool: "a truth value", int: "a number", float: "a number"}.get(type(node.value), "text")


def text(*, chars_max: int = TEXT_CHARS_MAX) -> Reader:
    """Read text that is not empty."""

    def read(node: Node, scope: Scope) -> str | None:
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            hint = "; put it in quotes" if isinstance(node, Scalar) and node.value is not None else ""
            scope.report(node, f"expected text, found {kind_of(node)}{hint}")
        elif not node.value.strip():
            scope.report(node, "this text is empty; write something or remove the key")
        elif len(node.value) > chars_max:
            scope.report(node, f"longer than {chars_max} characters; shorten it")
        else:
            return node.value
        return None

    return read


def check_name(name: str, node: Node, scope: Scope) -> str | None:
    """Return a name that may stand in journal and addresses, or report what is wrong with it."""
    if _NAME.fullmatch(name) and len(name) <= NAME_CHARS_MAX:
        return name
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:NAME_CHARS_MAX]
    hint = f"; write '{plain}'" if _NAME.fullmatch(plain) else ""
    scope.report(node, f"'{name}' is no name: small letters, digits, '-' and '_', starting with a letter{hint}")
    return None


def name(node: Node, scope: Scope) -> str | None:
    """Read a new name."""
    value: str | None = text(chars_max=200)(node, scope)
    return None if value is None else check_name(value, node, scope)


def whole(least: int, most: int) -> Reader:
    """Read a whole number within bounds."""

    def read(node: Node, scope: Scope) -> int | None:
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, bool) or not isinstance(value, int):
            scope.report(node, f"expected a whole number from {least} to {most}, found {kind_of(node)}")
            return None
        if not least <= value <= most:
            scope.report(node, f"{value} is out of bounds; write {least} to {most}")
            return None
        return value

    return read


def truth(node: Node, scope: Scope) -> bool | None:
    """Read true or false."""
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    scope.report(node, f"expected true or false, found {kind_of(node)}")
    return None


def duration(least: str = "0s", most: str = "365d") -> Reader:
    """Read `30s`, `5m`, `4h`, `2d` into milliseconds, within bounds written the same way."""

    def read(node: Node, scope: Scope) -> int | None:
        value = node.value if isinstance(node, Scalar) else None
        said = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
        ms = duration_ms(said)
        if ms is None:
            hint = f"; did you mean '{said}s'?" if said.isdigit() else "; write it like 30s, 5m, 4h or 2d"
            scope.report(node, f"'{said}' is no duration{hint}" if said else f"expected a duration{hint}")
        elif not _ms(least) <= ms <= _ms(most):
            scope.report(node, f"{said} is out of bounds; write {least} to {most}")
        else:
            return ms
        return None

    return read


def duration_ms(said: str) -> int | None:
    """Return milliseconds for `30s`, or None for anything that is no duration."""
    match = _DURATION.fullmatch(said)
    return int(match[1]) * _UNITS_MS[match[2]] if match else None


def _ms(said: str) -> int:
    ms = duration_ms(said)
    if ms is None:
        raise ValueError(f"not a duration: {said}")
    return ms


def one_of(kind: str, words: Collection[str]) -> Reader:
    """Read one of a fixed set of words."""

    def read(node: Node, scope: Scope) -> str | None:
        value: str | None = text(chars_max=200)(node, scope)
        if value is None or value in words:
            return value
        scope.report(node, f"no {kind} '{value}'{did_you_mean(value, words) or there_is(words)}")
        return None

    return read


def reference(kind: str) -> Reader:
    """Read the name of something that is defined elsewhere."""

    def read(node: Node, scope: Scope) -> str | None:
        value = text(chars_max=200)(node, scope)
        return None if value is None else refer(kind, value, node, scope)

    return read


def refer(kind: str, value: str, node: Node, scope: Scope) -> str | None:
    """Note that a name is in use, or report that nothing has it."""
    known = scope.names.get(kind, ())
    if known is None or value in known:
        scope.used.add((kind, value))
        return value
    scope.report(node, f"no {kind} named '{value}'{did_you_mean(value, known) or there_is(known)}")
    return None


def by_language(chars_max: int) -> Reader:
    """Read one text of at most so many characters per language of the site."""

    def language(word: str, key: Node, inner: Scope) -> str | None:
        return refer("language", word, key, inner)

    return mapped(text(chars_max=chars_max), key=language)


def there_is(known: Collection[str]) -> str:
    """Return `; there is a, b` for when nothing known is near."""
    return f"; there is {', '.join(sorted(known))}" if known else "; none is defined"


def listed(item: Reader, *, most: int = 500) -> Reader:
    """Read a list without repetitions."""

    def read(node: Node, scope: Scope) -> tuple[Any, ...] | None:
        if not isinstance(node, Sequence):
            scope.report(node, f"expected a list like [a, b], found {kind_of(node)}")
            return None
        if len(node.items) > most:
            scope.report(node, f"more than {most} items; shorten the list")
            return None
        values: dict[Any, None] = {}
        for part in node.items:
            value = item(part, scope)
            if value in values:
                scope.report(part, f"'{value}' is in the list twice; remove one")
            elif value is not None:
                values[value] = None
        return tuple(values)

    return read


def mapped(value: Reader, *, key: Callable[[str, Node, Scope], str | None] = check_name, most: int = 500) -> Reader:
    """Read keys of one kind with values of one kind."""

    def read(node: Node, scope: Scope) -> dict[str, Any] | None:
        group = entries(node, scope)
        if group is None:
            return None
        if len(group.entries) > most:
            scope.report(node, f"more than {most} entries; shorten the list")
            return None
        found: dict[str, Any] = {}
        for word, part in group.entries.items():
            inner = value(part, scope)
            if key(word, group.keys[word], scope) is not None and inner is not None:
                found[word] = inner
        return found

    return read


def entries(node: Node, scope: Scope) -> Mapping | None:
    """Return a group of keys, or report what was found instead."""
    if isinstance(node, Mapping):
        return node
    scope.report(node, f"expected keys with values, found {kind_of(node)}")
    return None


def record(node: Node, scope: Scope, table: Map[str, Field]) -> dict[str, Any] | None:
    """Read a group whose keys are known, by a table; unknown keys are faults. Values are under their inner names."""
    group = entries(node, scope)
    if group is None:
        return None
    values: dict[str, Any] = {}
    for word, part in group.entries.items():
        row = table.get(word)
        if row is None:
            scope.report(group.keys[word], unknown_key(word, table))
            continue
        value = row.read(part, scope)
        if value is not None:
            values[row.to] = value
    for word, row in table.items():
        if row.required and word not in group.entries:
            scope.report(node, f"'{word}' is missing; add it")
    return values


def unknown_key(word: str, known: Collection[str]) -> str:
    """Return what to say of a key that nothing reads. What looks like a secret is never repeated."""
    if looks_secret(word):
        return secret_refused(word)
    return f"no key '{word}' here{did_you_mean(word, known) or there_is(known)}"


def looks_secret(word: str) -> bool:
    """Return whether a key sounds as if a secret were written behind it."""
    return _SECRET.match(word) is not None


def secret_refused(word: str) -> str:
    """Return the refusal of a secret in a file."""
    return f"secrets are never written here; name an environment variable instead: {word}_env: NAME_OF_THE_VARIABLE"


def complete(values: dict[str, Any] | None, table: Map[str, Field]) -> dict[str, Any] | None:
    """Return the values if every required one could be read."""
    if values is None or any(row.required and row.to not in values for row in table.values()):
        return None
    return values
