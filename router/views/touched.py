"""What a commit may have changed, as sets of ids: conversations, agents, queues. It reads events and no state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from router.core import events as ev

# After these nothing that was known of any agent or queue may be trusted.
_EVERYTHING = (ev.LeadTaken, ev.ConfigApplied, ev.EmergencyOrdered)
_PROMISES = (ev.Parked, ev.Returned, ev.Deferred, ev.WrapUpKept)
_QUEUES = (ev.QueueOpened, ev.QueueClosed, ev.ClosureOrdered)


@dataclass(slots=True)
class Touched:
    """`everything`: every agent and queue. `holders`: for each conversation the agents its events name.

    `promises`: something was promised for a time, or came back. `rated`: a customer has said how it was.
    """

    convs: set[int] = field(default_factory=set)
    agents: set[int] = field(default_factory=set)
    queues: set[str] = field(default_factory=set)
    holders: dict[int, set[int]] = field(default_factory=dict)
    everything: bool = False
    promises: bool = False
    rated: bool = False

    def add(self, event: ev.Event) -> None:
        """Take note of one event."""
        self.everything = self.everything or isinstance(event, _EVERYTHING)
        self.promises = self.promises or isinstance(event, _PROMISES)
        self.rated = self.rated or isinstance(event, ev.Rated)
        if isinstance(event, _QUEUES):
            self.queues.add(event.queue)
        agents = {agent for agent in self._named(event) if agent}
        self.agents |= agents
        conv = int(getattr(event, "conv", 0))
        if conv:
            self.convs.add(conv)
            self.holders.setdefault(conv, set()).update(agents)

    @staticmethod
    def _named(event: ev.Event) -> tuple[int, ...]:
        record = event.record.owner if isinstance(event, (ev.Returned, ev.Closed, ev.Abandoned, ev.Parked)) else 0
        other = event.to_agent if isinstance(event, ev.Transferred) else 0
        return (int(getattr(event, "agent", 0)), other, record)


def touched(entries: Iterable[ev.Entry]) -> Touched:
    """Return what these entries may have changed."""
    found = Touched()
    for entry in entries:
        for event in entry.events:
            found.add(event)
    return found
