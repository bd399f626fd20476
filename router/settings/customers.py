"""The words of a queue or a rule about its customers: whose they are, who comes again, how soon they hear from us."""

from __future__ import annotations

from collections.abc import Mapping as Map
from typing import Any

from router.core.bundle import Affinity, Repeat
from router.settings.reading import (
    Field,
    Reader,
    Scope,
    complete,
    duration,
    kind_of,
    mapped,
    one_of,
    record,
    refer,
    whole,
)
from router.settings.tree import Mapping, Node, Scalar

# A priority above this would be a supervisor's order or a closing window, not a rule.
PRIORITY_MAX = 100
AWAY = ("skip", "hold")
TELL = "tell"
WINDOW_CLOSED = ("show", "other-line")
_KINDS = ("same_customer", "named_agent", "last_agent", "team")


def _hold() -> dict[str, Field]:
    return {
        "hold": Field(duration("0s", "24h"), "hold_ms"),
        "when_away": Field(one_of("choice", AWAY), "when_away"),
    }


def _affinity(*, within: bool = False) -> Reader:
    """Read `{within: 7d, hold: 60s, when_away: hold}`; without an end to look back to nothing is looked for."""

    def read(node: Node, scope: Scope) -> Affinity | None:
        table = _hold()
        if within:
            table["within"] = Field(duration("1m", "365d"), "within_ms", required=True)
        values = complete(record(node, scope, table), table)
        return None if values is None else Affinity(**values)

    return read


def _same_customer(node: Node, scope: Scope) -> Affinity | str | None:
    """Read `tell`, or `{hold: 30s}`: to the agent who has the customer now."""
    if isinstance(node, Scalar) and node.value == TELL:
        return TELL
    if not isinstance(node, Mapping):
        scope.report(node, f"expected tell, or {{hold: 30s}}, found {kind_of(node)}")
        return None
    found: Affinity | None = _affinity()(node, scope)
    return found


def _repeat(node: Node, scope: Scope) -> Repeat | None:
    table = {
        "within": Field(duration("1m", "365d"), "within_ms", required=True),
        "priority": Field(whole(1, PRIORITY_MAX), "priority"),
        "head_start": Field(duration("1s", "7d"), "head_start_ms"),
    }
    before = len(scope.findings.problems)
    values = complete(record(node, scope, table), table)
    if values is None:
        return None
    if len(values) == 1 and len(scope.findings.problems) == before:
        scope.report(node, "this raises nobody; add `priority: 1` or `head_start: 10m`")
        return None
    return Repeat(**values)


def _by_channel(node: Node, scope: Scope) -> dict[str, int] | None:
    def channel(word: str, key: Node, inner: Scope) -> str | None:
        return refer("channel", word, key, inner)

    found: dict[str, int] | None = mapped(duration("1s", "90d"), key=channel)(node, scope)
    return found


# What a rule may say of its own, instead of its queue.
RULE_FIELDS: Map[str, Field] = {
    "last_agent": Field(_affinity(within=True), "last_agent"),
    "repeat": Field(_repeat, "repeat"),
}
QUEUE_FIELDS: Map[str, Field] = {
    **RULE_FIELDS,
    "named_agent": Field(_affinity(), "named_agent"),
    "team": Field(_affinity(), "team"),
    "same_customer": Field(_same_customer, "same_customer"),
    "next_within": Field(_by_channel, "next_within_ms"),
    "window_closed": Field(one_of("choice", WINDOW_CLOSED), "window_closed"),
}


def gathered(values: Map[str, Any]) -> dict[str, Any]:
    """Return the values with all that says whose a customer is under `affinity`, as the bundle has it."""
    rest = {word: value for word, value in values.items() if word not in _KINDS}
    affinity = {kind: values[kind] for kind in _KINDS if isinstance(values.get(kind), Affinity)}
    if affinity:
        rest["affinity"] = affinity
    if "same_customer" in values:
        rest["related"] = True
    return rest
