"""The `policy` of a staged floor: who goes first, whom to ask, who is kept free, in the words of the configuration."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from router.core.bundle import Bundle, Queue, Reserve
from router.core.orders import DEFAULT_ORDER
from router.settings.choosing import queue_fields, read_reserves
from router.settings.reading import Field, Scope, record, whole
from router.settings.sections import FAIR_EVERY_MAX, needed_skills
from router.settings.tree import Node

# What a policy says of every queue alike; all else about queues is said in `queues`.
OF_QUEUES = ("order", "clock", "agents")


@dataclass(frozen=True, slots=True)
class Policy:
    """`order`, `clock` and `agents` are of the queues a scenario does not define itself; the rest is of the floor."""

    order: str = DEFAULT_ORDER
    clock: str = "business"
    agents: tuple[str, ...] = ()
    fair_every: int | None = None
    reserves: tuple[Reserve, ...] = ()

    def applied(self, queue: Queue) -> Queue:
        """Return a queue that routes by this policy."""
        return msgspec.structs.replace(queue, order=self.order, clock=self.clock, agents=self.agents)

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
    of_queues = queue_fields(needed_skills)
    table = {
        **{word: of_queues[word] for word in OF_QUEUES},
        "fair_every": Field(whole(0, FAIR_EVERY_MAX), "fair_every"),
        "reserves": Field(read_reserves, "reserves"),
    }
    return Policy(**(record(node, scope, table) or {}))
