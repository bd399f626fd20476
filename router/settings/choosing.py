"""The words by which ops say who goes first, who is asked, who may serve later, who is kept free. No other words."""

from __future__ import annotations

from collections.abc import Mapping as Map
from itertools import pairwise
from typing import Any

from router.core.bundle import SECOND_MS, Queue, Reserve, Widening
from router.core.choosing import LONGEST_IDLE, STEPS
from router.core.orders import ORDERS
from router.core.widening import LANGUAGE
from router.settings.reading import (
    Field,
    Scope,
    complete,
    duration,
    entries,
    listed,
    one_of,
    record,
    refer,
    reference,
    whole,
)
from router.settings.tree import Mapping, Node, Sequence

# A step beyond this many would be a table of its own; nobody waits through so many.
STEPS_MAX = 12
# One level of priority is one target's worth of waiting, so hundreds of levels would only be a way to say "always".
PRIORITY_MAX = 100
RESERVES_MAX = 20
RESERVED_MAX = 1_000
PREFER_MS = 30 * SECOND_MS

_ORDER = one_of("order", tuple(ORDERS))
_CLOCK = one_of("clock", ("business", "clock"))
_LANGUAGE = one_of("way with languages", ("required", "preferred"))
_STEP = one_of("step", tuple(name.replace("_", "-") for name in (*STEPS, LONGEST_IDLE)))

priority = whole(-PRIORITY_MAX, PRIORITY_MAX)


def _agents(node: Node, scope: Scope) -> tuple[str, ...] | None:
    found: tuple[str, ...] | None = listed(_STEP)(node, scope)
    return None if found is None else tuple(name.replace("-", "_") for name in found)


def lowered_skills(node: Node, scope: Scope) -> dict[str, int] | None:
    """Read `billing: 1`: from now on this level will do; 0 lets the skill go."""
    group = entries(node, scope)
    if group is None:
        return None
    levels = scope.names["skill"]
    known: Map[str, int] = levels if isinstance(levels, dict) else {}
    found: dict[str, int] = {}
    for word, part in group.entries.items():
        skill = refer("skill", word, group.keys[word], scope)
        level: int | None = whole(0, known.get(word, 100))(part, scope)
        if skill is not None and level is not None:
            found[skill] = level
    return found


def _widening(node: Node, scope: Scope) -> Widening | None:
    table = {
        "after": Field(duration("1s", "30d"), "after_ms", required=True),
        "skills": Field(lowered_skills, "skills"),
        "language": Field(one_of("step with languages", ("any",)), "language"),
        "queues": Field(listed(reference("queue")), "queues"),
        "priority": Field(whole(1, PRIORITY_MAX), "priority"),
    }
    values = complete(record(node, scope, table), table)
    if values is None:
        return None
    needs = [(f"skill:{skill}", level) for skill, level in values.pop("skills", {}).items()]
    needs += [(LANGUAGE, 0)] if values.pop("language", "") else []
    if not needs and not {"queues", "priority"} & set(values):
        scope.report(node, "this step widens nothing; name skills, language, queues or priority")
        return None
    return Widening(needs=tuple(sorted(needs)), **values)


def _widen(node: Node, scope: Scope) -> tuple[Widening, ...] | None:
    """Read the steps; each comes later than the one before it."""
    if not isinstance(node, Sequence):
        scope.report(node, "expected a list of steps like [{after: 30s, skills: {billing: 1}}]")
        return None
    if len(node.items) > STEPS_MAX:
        scope.report(node, f"more than {STEPS_MAX} steps; shorten the list")
        return None
    steps = [(part, step) for part in node.items if (step := _widening(part, scope)) is not None]
    for (_, before), (part, after) in pairwise(steps):
        if after.after_ms <= before.after_ms:
            scope.report(part, "this step is not later than the one before it; put them in order of time")
    return tuple(step for _, step in steps)


def queue_fields(needed_skills: Any) -> dict[str, Field]:
    """Return the words of a queue that are read here, to be joined to the others."""
    return {
        "order": Field(_ORDER, "order"),
        "clock": Field(_CLOCK, "clock"),
        "agents": Field(_agents, "agents"),
        "prefer": Field(needed_skills, "prefer"),
        "prefer_for": Field(duration("1s", "7d"), "prefer_ms"),
        "language": Field(_LANGUAGE, "language"),
        "widen": Field(_widen, "widen"),
    }


def with_preferences(values: dict[str, Any]) -> dict[str, Any]:
    """Turn what a queue prefers into the step that lets go of it."""
    preferred, speaks = values.get("prefer", {}), values.get("language") == "preferred"
    after_ms = values.pop("prefer_ms", PREFER_MS)
    if not preferred and not speaks:
        return values
    needed: dict[str, int] = values.get("skills", {})
    needs = [(f"skill:{skill}", needed.get(skill, 0)) for skill in preferred]
    needs += [(LANGUAGE, 0)] if speaks else []
    step = Widening(after_ms=after_ms, needs=tuple(sorted(needs)))
    steps = sorted((step, *values.get("widen", ())), key=lambda each: each.after_ms)
    return {**values, "widen": tuple(steps)}


def check_queue(node: Node, values: dict[str, Any], scope: Scope) -> None:
    """Report what stands beside something that it needs."""
    part = node.entries if isinstance(node, Mapping) else {}
    if "prefer_for" in part and not values.get("prefer") and values.get("language") != "preferred":
        scope.report(part["prefer_for"], "nothing is preferred here; add prefer, or language: preferred")


def check_widening(node: Mapping, queues: dict[str, Queue], scope: Scope) -> None:
    """A queue that lets itself in says nothing."""
    for word, queue in queues.items():
        part = node.entries[word]
        steps = part.entries.get("widen") if isinstance(part, Mapping) else None
        if any(word in step.queues for step in queue.widen) and steps is not None:
            scope.report(steps, f"'{word}' widens to itself; its own agents may serve it from the beginning")


def read_reserves(node: Node, scope: Scope) -> tuple[Reserve, ...] | None:
    """Read `[{channels: [phone], agents: 2}]`: so many who can do this stay completely free for it."""
    if not isinstance(node, Sequence):
        scope.report(node, "expected a list like [{channels: [phone], agents: 2}]")
        return None
    if len(node.items) > RESERVES_MAX:
        scope.report(node, f"more than {RESERVES_MAX} reserves; shorten the list")
        return None
    return tuple(found for part in node.items if (found := _reserve(part, scope)) is not None)


def _reserve(node: Node, scope: Scope) -> Reserve | None:
    table = {
        "channels": Field(listed(reference("channel")), "channels"),
        "skills": Field(lowered_skills, "skills"),
        "languages": Field(listed(reference("language")), "languages"),
        "agents": Field(whole(1, RESERVED_MAX), "agents", required=True),
    }
    values = complete(record(node, scope, table), table)
    if values is None:
        return None
    needs = [(f"channel:{name}", 1) for name in values.get("channels", ())]
    needs += [(f"skill:{name}", max(level, 1)) for name, level in values.get("skills", {}).items()]
    needs += [(f"language:{name}", 1) for name in values.get("languages", ())]
    if not needs:
        scope.report(node, "kept free for what? Name channels, skills or languages")
        return None
    return Reserve(needs=tuple(sorted(needs)), agents=values["agents"])
