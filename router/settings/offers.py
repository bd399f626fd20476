"""The words of a queue about its offers, and about what nobody may forget: silence, unanswered work, absent owners."""

from __future__ import annotations

from typing import Any

from router.core.bundle import NoAnswer, Unanswered
from router.settings.reading import (
    Field,
    Scope,
    complete,
    duration,
    kind_of,
    mapped,
    one_of,
    record,
    refer,
    truth,
    whole,
)
from router.settings.tree import Mapping, Node, Scalar

# More desks than this ring for one conversation in nobody's interest: each of them keeps its room for it.
RING_MAX = 20
# Whoever has not answered so often in a row is not there, whatever their presence says.
SERIAL_MAX = 20

_UNANSWERED = {
    "remind": Field(duration("10s", "7d"), "remind_ms", required=True),
    "after": Field(duration("20s", "30d"), "after_ms", required=True),
    "then": Field(one_of("way", ("queue", "supervisor")), "then"),
}


def _pull(node: Node, scope: Scope) -> str | None:
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        scope.report(node, "write also (offered, and taken) or only (taken, never offered); without this word: neither")
        return None
    word: str | None = one_of("way", ("also", "only"))(node, scope)
    return word


def _no_answer(node: Node, scope: Scope) -> NoAnswer | None:
    """Read `not-responding`, `rest`, or `{rest: 5}`: this conversation rests, at most so often in a row."""
    if isinstance(node, Mapping):
        table = {"rest": Field(whole(1, SERIAL_MAX), "serial_max", required=True)}
        values = complete(record(node, scope, table), table)
        return None if values is None else NoAnswer(then="rest", **values)
    if isinstance(node, Scalar) and isinstance(node.value, str):
        word = one_of("way", ("not-responding", "rest"))(node, scope)
        return None if word is None else NoAnswer(then=word.replace("-", "_"))
    scope.report(node, f"expected not-responding, rest, or {{rest: 3}}, found {kind_of(node)}")
    return None


def _unanswered(node: Node, scope: Scope) -> dict[str, Unanswered] | None:
    """Read one rule for all channels, or one by channel; it is kept under the empty name, or under the channel's."""
    if isinstance(node, Mapping) and set(node.entries) & set(_UNANSWERED):
        rule = _rule(node, scope)
        return None if rule is None else {"": rule}

    def channel(word: str, key: Node, inner: Scope) -> str | None:
        return refer("channel", word, key, inner)

    found: dict[str, Unanswered] | None = mapped(_rule, key=channel)(node, scope)
    return found


def _rule(node: Node, scope: Scope) -> Unanswered | None:
    values = complete(record(node, scope, _UNANSWERED), _UNANSWERED)
    if values is None:
        return None
    rule = Unanswered(**values)
    if rule.remind_ms >= rule.after_ms and isinstance(node, Mapping):
        scope.report(node.entries["remind"], "nobody is reminded before the end; write less than `after`")
        return None
    return rule


OFFER_FIELDS = {
    "ring": Field(whole(1, RING_MAX), "ring"),
    "auto_answer": Field(truth, "auto_answer"),
    "pull": Field(_pull, "pull"),
    "no_answer": Field(_no_answer, "no_answer"),
    "unanswered": Field(_unanswered, "unanswered"),
    "owner_absent": Field(duration("0s", "30d"), "owner_absent_ms"),
    "shift_end": Field(one_of("way", ("refuse", "queue")), "shift_end"),
}


def check_offers(node: Node, values: dict[str, Any], scope: Scope) -> None:
    """Report words of one queue that cannot both be meant."""
    if not isinstance(node, Mapping):
        return
    several, auto = values.get("ring", 1) > 1, values.get("auto_answer", False)
    if several and auto:
        scope.report(node.entries["ring"], "the first desk that rings accepts by itself; remove ring or auto_answer")
    if values.get("pull") == "only":
        for word, said in (("ring", several), ("auto_answer", auto), ("no_answer", "no_answer" in values)):
            if said:
                scope.report(node.entries[word], "nothing is offered with pull: only; write pull: also, or remove this")
