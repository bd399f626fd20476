"""The `policy` of a staged floor: who goes first, whom to ask, who is kept free, for all its queues alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from router.core.bundle import Bundle, Queue, Reserve
from router.core.choosing import LONGEST_IDLE, STEPS
from router.core.orders import DEFAULT_ORDER, ORDERS
from router.settings.reading import Field, Scope, complete, listed, one_of, record, reference, whole
from router.settings.sections import needed_skills
from router.settings.tree import Node, Sequence

RESERVES_MAX = 100
KEPT_MAX = 10_000
FAIR_EVERY_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class Policy:
    """`order` and `agents` are of the queues a scenario does not define itself; the rest is of the whole floor."""

    order: str = DEFAULT_ORDER
    agents: tuple[str, ...] = ()
    fair_every: int | None = None
    reserves: tuple[Reserve, ...] = ()

    def applied(self, queue: Queue) -> Queue:
        """Return a queue that routes by this policy."""
        return msgspec.structs.replace(queue, order=self.order, agents=self.agents)

    def completed(self, bundle: Bundle) -> Bundle:
        """Return a bundle with what this policy says of the whole floor."""
        fair_every = bundle.fair_every if self.fair_every is None else self.fair_every
        return msgspec.structs.replace(bundle, reserves=self.reserves, fair_every=fair_every)

    def imposed(self, bundle: Bundle) -> Bundle:
        """Return a bundle in which every queue routes by this policy, whatever its own says."""
        queues = {name: self.applied(queue) for name, queue in bundle.queues.items()}
        return self.completed(msgspec.structs.replace(bundle, queues=queues))


def read_policy(node: Node | None, scope: Scope) -> Policy:
    """Read a policy; none is the product's default."""
    if node is None:
        return Policy()
    table = {
        "order": Field(one_of("order", tuple(ORDERS)), "order"),
        "agents": Field(listed(one_of("step", (*STEPS, LONGEST_IDLE))), "agents"),
        "fair_every": Field(whole(0, FAIR_EVERY_MAX), "fair_every"),
        "reserves": Field(_reserves, "reserves"),
    }
    return Policy(**(record(node, scope, table) or {}))


def _reserves(node: Node, scope: Scope) -> tuple[Reserve, ...] | None:
    """Read `[{skills: {spanish: 1}, agents: 2}]`: so many who can stay completely free for it."""
    if not isinstance(node, Sequence) or len(node.items) > RESERVES_MAX:
        scope.report(node, "expected a list like [{skills: {spanish: 1}, agents: 2}]")
        return None
    found = [_reserve(part, scope) for part in node.items]
    return tuple(each for each in found if each is not None)


def _reserve(node: Node, scope: Scope) -> Reserve | None:
    table = {
        "skills": Field(needed_skills, "skills"),
        "channels": Field(listed(reference("channel")), "channels"),
        "agents": Field(whole(1, KEPT_MAX), "agents", required=True),
    }
    values: dict[str, Any] | None = complete(record(node, scope, table), table)
    if values is None:
        return None
    needs = {f"skill:{skill}": level for skill, level in values.get("skills", {}).items()}
    needs |= {f"channel:{channel}": 1 for channel in values.get("channels", ())}
    if not needs:
        scope.report(node, "a reserve is for somebody: add `skills` or `channels`")
        return None
    return Reserve(needs=tuple(sorted(needs.items())), agents=values["agents"])
