"""The section of presences: which are chosen, what is offered in each, which begins for who has left a desk."""

from __future__ import annotations

from typing import Any

from router.core.bundle import Presence
from router.settings.reading import (
    Field,
    Scope,
    by_language,
    check_name,
    complete,
    duration,
    listed,
    mapped,
    name,
    one_of,
    record,
    reference,
    truth,
)
from router.settings.tree import Mapping, Node, Sequence

LABEL_CHARS_MAX = 80
# Shapes that a screen can tell apart without colour.
SHAPES = ("disc", "half-disc", "square", "bars", "diamond", "triangle", "ring")
# Presences that the router sets by itself.
RESERVED = ("not_responding", "offline", "not-responding")


def read_presences(node: Node, scope: Scope) -> dict[str, Presence]:
    """Read the states of agents; in at least one of them work is accepted."""
    table = {
        "accepts": Field(_accepted, "accepts", required=True),
        "after_idle": Field(duration("1m", "8h"), "idle_ms"),
        "label": Field(by_language(LABEL_CHARS_MAX), "label"),
        "shape": Field(one_of("shape", SHAPES), "shape"),
        "teams": Field(listed(name), "teams"),
    }
    values = mapped(lambda part, inner: complete(record(part, inner, table), table), key=_word)(node, scope) or {}
    found = {said: _presence(said, **given) for said, given in values.items()}
    empty = isinstance(node, Mapping) and not node.entries
    if empty or (found and not any(presence.accepts for presence in found.values())):
        scope.report(node, "no presence accepts work; write `accepts: true` in one of them")
    if isinstance(node, Mapping):
        _check_idle(node, found, scope)
    return found


def _word(said: str, key: Node, scope: Scope) -> str | None:
    if said in RESERVED:
        scope.report(key, f"'{said}' is set by the router itself; choose another name")
        return None
    return check_name(said, key, scope)


def _accepted(node: Node, scope: Scope) -> bool | tuple[str, ...] | None:
    """Read true, false, or the channels whose work is accepted."""
    if not isinstance(node, Sequence):
        return truth(node, scope)
    if not node.items:
        scope.report(node, "this accepts no channel; write `accepts: false`, or name one")
        return None
    channels: tuple[str, ...] | None = listed(reference("channel"))(node, scope)
    return channels or None


def _presence(said: str, *, accepts: bool | tuple[str, ...], **given: Any) -> Presence:
    if isinstance(accepts, tuple):
        return Presence(name=said, accepts=True, channels=accepts, **given)
    return Presence(name=said, accepts=accepts, **given)


def _check_idle(node: Mapping, found: dict[str, Presence], scope: Scope) -> None:
    """Of those that begin by themselves none accepts work, and nobody could be in two of them."""
    begun: dict[str, str] = {}
    for said, presence in found.items():
        at = node.entries[said]
        if presence.teams and not presence.idle_ms:
            scope.report(at, "`teams` is for a presence that begins by itself; add `after_idle: 5m`")
        if presence.idle_ms and presence.accepts:
            scope.report(at, "who has left the desk can accept nothing; write `accepts: false`")
        for team in (presence.teams or ("",)) if presence.idle_ms else ():
            if team in begun or "" in begun or (not team and begun):
                other = begun.get(team) or begun.get("") or next(iter(begun.values()))
                scope.report(at, f"'{other}' begins by itself for the same agents; keep one of them")
            begun[team] = said
