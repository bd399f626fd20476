"""A node read by the type of a setting (structs, maps, lists, plain values). No section or channel is known here."""

from __future__ import annotations

import re
from collections.abc import Mapping as Map
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec

from router.settings.reading import Scope, duration_ms, entries, looks_secret, secret_refused, text, unknown_key
from router.settings.tree import Mapping, Node, Scalar, Sequence

_PATH = re.compile(r" - at `\$([^`]*)`$")
_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[([0-9]+)\]")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{1,99}")
_MILLISECONDS = "_ms"


class Fault:
    """What a reader returns for a value that it has reported."""


FAULT = Fault()


def read_typed(node: Node, scope: Scope, wanted: Any) -> Any:
    """Return the plain value of a node that fits a type, or FAULT after reporting every fault in it."""
    origin, args = get_origin(wanted), get_args(wanted)
    if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
        return _struct(node, scope, wanted)
    if origin is dict and isinstance(node, Mapping):
        return _whole(
            {word: read_typed(part, scope, args[1]) for word, part in node.entries.items()}, node, scope, wanted
        )
    if origin in {list, tuple, frozenset, set} and isinstance(node, Sequence) and args[1:] in {(), (...,)}:
        return _whole([read_typed(part, scope, args[0]) for part in node.items], node, scope, wanted)
    if origin in {Union, UnionType}:
        only = [arg for arg in args if arg is not type(None)]
        if len(only) == 1 and not (isinstance(node, Scalar) and node.value is None):
            return read_typed(node, scope, only[0])
    return _whole(_plain(node), node, scope, wanted)


def _struct(node: Node, scope: Scope, wanted: type[msgspec.Struct]) -> Any:
    group = entries(node, scope)
    if group is None:
        return FAULT
    fields = {field.name: field for field in msgspec.structs.fields(wanted)}
    values: dict[str, Any] = {}
    unread = 0
    for word, part in group.entries.items():
        field = _field(word, part, group.keys[word], scope, fields=fields)
        if field is None:
            unread += 1
            continue
        timed = field.name != word
        values[field.name] = _milliseconds(part, scope) if timed else _setting(word, part, scope, field.type)
    for field in fields.values():
        if field.required and field.name not in values and not unread:
            scope.report(node, f"'{_shown(field.name)}' is missing; add it")
            unread += 1
    return FAULT if unread else _whole(values, node, scope, wanted)


def _field(
    word: str, node: Node, key: Scalar, scope: Scope, *, fields: Map[str, msgspec.structs.FieldInfo]
) -> msgspec.structs.FieldInfo | None:
    """Return the field a key stands for, or report. `wait: 30s` is the field `wait_ms`."""
    if looks_secret(word) and not word.endswith("_env"):
        scope.report(key, secret_refused(word))
        return None
    timed = fields.get(word + _MILLISECONDS)
    if word in fields and not word.endswith(_MILLISECONDS):
        return fields[word]
    if timed is not None:
        return timed
    if word in fields:
        scope.report(key, f"no key '{word}' here; did you mean '{_shown(word)}: 30s'?")
    else:
        scope.report(key, unknown_key(word, [_shown(name) for name in fields]))
    return None


def _shown(name: str) -> str:
    return name.removesuffix(_MILLISECONDS)


def _milliseconds(node: Node, scope: Scope) -> Any:
    ms = duration_ms(str(node.value)) if isinstance(node, Scalar) else None
    if ms is None:
        scope.report(node, "expected a duration; write it like 30s, 5m, 4h or 2d")
        return FAULT
    return ms


def _setting(word: str, node: Node, scope: Scope, wanted: Any) -> Any:
    if word.endswith("_env") and not _is_variable(node, scope):
        return FAULT
    return read_typed(node, scope, wanted)


def _is_variable(node: Node, scope: Scope) -> bool:
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


def _whole(value: Any, node: Node, scope: Scope, wanted: Any) -> Any:
    """Return a value whose parts are sound if it is sound as a whole, `__post_init__` included."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if any(part is FAULT for part in parts):
        return FAULT
    try:
        msgspec.convert(value, wanted)
    except msgspec.ValidationError as fault:
        at, said = _place_of(str(fault), node)
        scope.report(at, said)
        return FAULT
    return value


def _place_of(said: str, node: Node) -> tuple[Node, str]:
    """Return the inner node a message of msgspec speaks of, and the message without its path."""
    match = _PATH.search(said)
    for key, index in _STEP.findall(match[1]) if match else ():
        if isinstance(node, Mapping) and key in node.entries:
            node = node.entries[key]
        elif isinstance(node, Sequence) and index and int(index) < len(node.items):
            node = node.items[int(index)]
    said = said[: match.start()] if match else said
    return node, said[:1].lower() + said[1:]


def _plain(node: Node) -> Any:
    if isinstance(node, Mapping):
        return {word: _plain(part) for word, part in node.entries.items()}
    if isinstance(node, Sequence):
        return [_plain(part) for part in node.items]
    return node.value if isinstance(node, Scalar) else None
