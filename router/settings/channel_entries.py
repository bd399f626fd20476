"""The `channels` section: each entry is checked by the channel's own settings, which are handed in."""

from __future__ import annotations

import re
from collections.abc import Mapping as Map
from typing import Any

import msgspec

from channels.contract import Capabilities, Settings
from router.core.bundle import ChannelSpec
from router.core.cel import did_you_mean
from router.settings.reading import (
    Scope,
    duration_ms,
    entries,
    looks_secret,
    reference,
    secret_refused,
    text,
    there_is,
    unknown_key,
)
from router.settings.tree import Mapping, Node, Scalar, Sequence

Schemas = Map[str, tuple[type[Any], Capabilities]]

_PATH = re.compile(r" - at `\$([^`]*)`$")
_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[([0-9]+)\]")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{1,99}")


def read_channels(node: Node, scope: Scope, *, schemas: Schemas, capacity: int) -> dict[str, Settings]:
    """Read the settings of every channel that is named; each name is that of a channel module."""
    group = entries(node, scope)
    if group is None:
        return {}
    found: dict[str, Settings] = {}
    for word, part in group.entries.items():
        if word not in schemas:
            hint = did_you_mean(word, schemas) or there_is(schemas)
            scope.report(group.keys[word], f"no channel module '{word}'{hint}")
            continue
        _check_load(part, scope, capacity=capacity, usual=schemas[word][1].load)
        if isinstance(part, Mapping) and "confirm" in part.entries:
            reference("text")(part.entries["confirm"], scope)
        settings = _read_entry(part, scope, schema=schemas[word][0])
        if settings is not None:
            found[word] = settings
    return found


def specs_of(channels: Map[str, Settings], schemas: Schemas) -> dict[str, ChannelSpec]:
    """Return what routing must know of every enabled channel."""
    return {
        word: ChannelSpec(
            load=settings.load or schemas[word][1].load, live=schemas[word][1].live, confirm=settings.confirm
        )
        for word, settings in channels.items()
        if settings.enabled
    }


def _check_load(node: Node, scope: Scope, *, capacity: int, usual: int) -> None:
    """Refuse a load that nobody could ever carry, whether it is written or the channel's own."""
    at = node.entries.get("load") if isinstance(node, Mapping) else None
    load = at.value if isinstance(at, Scalar) else None
    if not load and usual > capacity:
        scope.report(
            node, f"its load is {usual}, and an agent carries {capacity} (limits.capacity); write `load: …` here"
        )
    if at is not None and isinstance(load, int) and not 0 <= load <= capacity:
        scope.report(
            at, f"{load} is out of bounds; an agent carries {capacity} (limits.capacity); write 1 to {capacity}"
        )


def _read_entry(node: Node, scope: Scope, *, schema: type[Any]) -> Settings | None:
    group = entries(node, scope)
    if group is None:
        return None
    fields = {field.name: field for field in msgspec.structs.fields(schema)}
    values: dict[str, Any] = {}
    sound = True
    for word, part in group.entries.items():
        found = _read_field(word, part, group.keys[word], scope, fields=fields)
        sound = sound and found is not None
        if found is not None:
            values[found[0]] = found[1]
    for field in fields.values():
        if field.required and field.name not in values and sound:
            scope.report(node, f"'{_shown(field.name)}' is missing; add it")
            sound = False
    return _converted(values, schema, node, scope) if sound else None


def _read_field(
    word: str, node: Node, key: Scalar, scope: Scope, *, fields: Map[str, msgspec.structs.FieldInfo]
) -> tuple[str, Any] | None:
    """Return a field's inner name and plain value, or report. `wait: 30s` is the field `wait_ms`."""
    if looks_secret(word) and not word.endswith("_env"):
        scope.report(key, secret_refused(word))
        return None
    timed = f"{word}_ms"
    if word not in fields and timed in fields:
        ms = duration_ms(str(node.value)) if isinstance(node, Scalar) else None
        if ms is None:
            scope.report(node, "expected a duration; write it like 30s, 5m, 4h or 2d")
            return None
        return timed, ms
    if word not in fields or word.endswith("_ms"):
        shown = _shown(word)
        known = [_shown(name) for name in fields]
        hint = f"; did you mean '{shown}: 30s'?" if word in fields else ""
        scope.report(key, f"no key '{word}' here{hint}" if hint else unknown_key(word, known))
        return None
    if word.endswith("_env") and not _variable(node, scope):
        return None
    return _checked(word, node, scope, wanted=fields[word].type)


def _shown(name: str) -> str:
    return name.removesuffix("_ms")


def _variable(node: Node, scope: Scope) -> bool:
    """Whether this is the name of an environment variable; what is written is never repeated."""
    said: str | None = text(chars_max=200)(node, scope)
    if said is None:
        return False
    if not _VARIABLE.fullmatch(said):
        scope.report(
            node, "expected the name of an environment variable in capitals, like SMTP_PASSWORD; never a secret"
        )
        return False
    return True


def _checked(word: str, node: Node, scope: Scope, *, wanted: Any) -> tuple[str, Any] | None:
    value = _plain(node)
    try:
        msgspec.convert(value, wanted)
    except msgspec.ValidationError as fault:
        at, said = _place_of(str(fault), node)
        scope.report(at, said)
        return None
    return word, value


def _converted(values: dict[str, Any], schema: type[Any], node: Node, scope: Scope) -> Settings | None:
    """Make the settings; what the channel itself refuses (`__post_init__`) is told at the entry."""
    try:
        settings: Settings = msgspec.convert(values, schema)
    except msgspec.ValidationError as fault:
        at, said = _place_of(str(fault), node)
        scope.report(at, said)
        return None
    return settings


def _place_of(said: str, node: Node) -> tuple[Node, str]:
    """Return the inner node a message of msgspec speaks of, and the message without its path."""
    match = _PATH.search(said)
    if match is None:
        return node, _lowered(said)
    for key, index in _STEP.findall(match[1]):
        if isinstance(node, Mapping) and key in node.entries:
            node = node.entries[key]
        elif isinstance(node, Sequence) and index and int(index) < len(node.items):
            node = node.items[int(index)]
    return node, _lowered(said[: match.start()])


def _lowered(said: str) -> str:
    return said[:1].lower() + said[1:]


def _plain(node: Node) -> Any:
    """Return the plain values of a node."""
    if isinstance(node, Mapping):
        return {word: _plain(part) for word, part in node.entries.items()}
    if isinstance(node, Sequence):
        return [_plain(part) for part in node.items]
    return node.value if isinstance(node, Scalar) else None
