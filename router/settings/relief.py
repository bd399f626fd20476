"""The words of a queue about customers who would wait too long: overflow, opening, callback, silent. No other words."""

from __future__ import annotations

from typing import Any

from router.core.bundle import Callback, Opening, Overflow, Queue, Silence
from router.settings.reading import (
    Field,
    Scope,
    complete,
    duration,
    kind_of,
    listed,
    mapped,
    one_of,
    record,
    refer,
    reference,
    text,
    truth,
    whole,
)
from router.settings.tree import Mapping, Node, Scalar, Sequence

# A queue that lets more than this wait has no limit worth writing.
WAITING_MAX = 1_000_000
# One in a tenth of a second: at this pace nobody is held back.
PER_MINUTE_MAX = 600
ATTEMPTS_MAX = 20
RULES_MAX = 20

# Where a conversation may go that is no queue, and the text that says so unless `notice` names another.
WAYS = {"callback": "call-back", "voicemail": "voicemail", "email": "leave-message", "notice": ""}
# The words that say when, in the order in which they are tried, and what their value is inside.
WHEN = {"full": "waiting_max", "slow": "after_ms", "nobody": "after_ms"}
_MODES = ("agent-first", "customer-first", "none")


def _target(node: Node, scope: Scope) -> tuple[str, str] | None:
    """Read where to: one of the ways, or a queue. Returns (way, queue)."""
    word: str | None = text(chars_max=200)(node, scope)
    if word is None or word in WAYS:
        return None if word is None else (word, "")
    queue = refer("queue", word, node, scope)
    return None if queue is None else ("queue", queue)


def _channel(node: Node, scope: Scope) -> str | None:
    word: str | None = reference("channel")(node, scope)
    return word


_OVERFLOW = {
    "full": Field(whole(0, WAITING_MAX), "full"),
    "slow": Field(duration("1s", "30d"), "slow"),
    "nobody": Field(duration("0s", "24h"), "nobody"),
    "to": Field(_target, "to", required=True),
    "channels": Field(listed(_channel), "channels"),
    "keep": Field(truth, "keep"),
    "notice": Field(reference("text"), "notice"),
}


def _overflow(node: Node, scope: Scope) -> tuple[Overflow, ...] | None:
    """Read one rule, or a list of them: `{full: 50, slow: 3m, to: general}`."""
    items = node.items if isinstance(node, Sequence) else [node]
    if not isinstance(node, (Mapping, Sequence)):
        scope.report(node, f"expected {{full: 50, to: general}} or a list of such, found {kind_of(node)}")
        return None
    if len(items) > RULES_MAX:
        scope.report(node, f"more than {RULES_MAX} ways out of one queue; shorten the list")
        return None
    rules = [rule for item in items for rule in _rules(item, scope)]
    return tuple(rules)


def _rules(node: Node, scope: Scope) -> list[Overflow]:
    """Return a rule for each word that says when."""
    values = complete(record(node, scope, _OVERFLOW), _OVERFLOW)
    if values is None or not isinstance(node, Mapping):
        return []
    if not any(word in node.entries for word in WHEN):
        scope.report(node, "this never happens; say when: full: 50, slow: 3m or nobody: 30s")
        return []
    (way, to), keep = values["to"], values.get("keep", False)
    if keep and way != "queue":
        scope.report(node.entries["keep"], "only another queue can share; remove keep, or name a queue in `to`")
        return []
    notice = _notice(node, scope, way=way, said=values.get("notice", ""))
    channels = values.get("channels", ())
    return [
        Overflow(when=word, way=way, to=to, channels=channels, keep=keep, notice=notice, **{inner: values[word]})
        for word, inner in WHEN.items()
        if word in values
    ]


def _notice(node: Mapping, scope: Scope, *, way: str, said: str) -> str:
    """Return what the customer is told; another way than a queue cannot go without a word."""
    usual = WAYS.get(way, "")
    known = scope.names["text"]
    if said or way == "queue" or "notice" in node.entries:
        return said
    if not usual or (known is not None and usual not in known):
        hint = f", or write a text '{usual}'" if usual else ""
        scope.report(node, f"'notice' is missing; name the text that these customers are told{hint}")
        return ""
    return refer("text", usual, node, scope) or ""


def _opening(node: Node, scope: Scope) -> Opening | None:
    table = {"per_minute": Field(whole(1, PER_MINUTE_MAX), "per_minute", required=True)}
    values = complete(record(node, scope, table), table)
    return None if values is None else Opening(**values)


def _callback(node: Node, scope: Scope) -> Callback | None:
    """Read `agent-first`, `customer-first`, `none`, or a group with attempts, retry, ring and notice besides."""
    if isinstance(node, Scalar):
        word = one_of("way to call back", _MODES)(node, scope)
        return None if word is None else Callback(mode=_mode(word))
    table = {
        "mode": Field(one_of("way to call back", _MODES[:2]), "mode", required=True),
        "attempts": Field(whole(1, ATTEMPTS_MAX), "attempts"),
        "retry": Field(duration("10s", "7d"), "retry_ms"),
        "ring": Field(duration("5s", "5m"), "ring_ms"),
        "notice": Field(reference("text"), "notice"),
    }
    values = complete(record(node, scope, table), table)
    return None if values is None else Callback(**{**values, "mode": _mode(values["mode"])})


def _mode(word: str) -> str:
    return "" if word == "none" else word.replace("-", "_")


def _silence(node: Node, scope: Scope) -> Silence | None:
    table = {
        "remind": Field(duration("10s", "30d"), "remind_ms", required=True),
        "close": Field(duration("20s", "90d"), "close_ms", required=True),
        "notice": Field(reference("text"), "notice"),
    }
    values = complete(record(node, scope, table), table)
    if values is None or not isinstance(node, Mapping):
        return None
    if values["close_ms"] <= values["remind_ms"]:
        scope.report(node.entries["close"], "this ends before it is reminded; write more than `remind`")
        return None
    return Silence(**values)


def _silent(node: Node, scope: Scope) -> dict[str, Silence] | None:
    def channel(word: str, key: Node, inner: Scope) -> str | None:
        return refer("channel", word, key, inner)

    found: dict[str, Silence] | None = mapped(_silence, key=channel)(node, scope)
    return found


RELIEF_FIELDS = {
    "overflow": Field(_overflow, "overflow"),
    "opening": Field(_opening, "opening"),
    "callback": Field(_callback, "callback"),
    "silent": Field(_silent, "silent"),
}


def check_relief(node: Node, values: dict[str, Any], scope: Scope) -> None:
    """Report words of one queue that cannot both be meant."""
    calls = values.get("callback", Callback()).mode
    if isinstance(node, Mapping) and not calls and any(rule.way == "callback" for rule in values.get("overflow", ())):
        scope.report(
            node.entries["overflow"], "this queue does not call back; remove callback: none, or choose another way"
        )


def check_overflow(node: Mapping, queues: dict[str, Queue], scope: Scope) -> None:
    """Report conversations that would be sent round: by overflow alone, or by overflow and off-hours together."""
    ways = {
        name: sorted({rule.to for rule in queue.overflow if rule.to} & set(queues)) for name, queue in queues.items()
    }
    told: set[frozenset[str]] = set()
    for start, ahead in ways.items():
        for to in ahead:
            circle = _way_back(queues, ways, start, to)
            if circle and frozenset(circle) not in told:
                told.add(frozenset(circle))
                part = node.entries[start]
                at = part.entries.get("overflow", part) if isinstance(part, Mapping) else part
                said = " → ".join([*circle, start])
                scope.report(at, f"overflow goes in a circle: {said}; let one of them end elsewhere")


def _way_back(queues: dict[str, Queue], ways: dict[str, list[str]], start: str, to: str) -> list[str]:
    """Return the shortest way from `start` over `to` back to it, empty where there is none."""
    paths = [[start, to]]
    seen = {to}
    while paths:
        path = paths.pop(0)
        if path[-1] == start:
            return path[:-1]
        then = queues[path[-1]].off_hours.then
        for further in [*ways[path[-1]], *([then] if then in queues else [])]:
            if further == start:
                return path
            if further not in seen:
                seen.add(further)
                paths.append([*path, further])
    return []
