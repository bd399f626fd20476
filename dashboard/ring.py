"""What the last commits changed for whom, so that a desk that was away gets just that. Ids only, bounded, no frames."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from router.core import events as ev
from router.views.touched import Touched

# How many journal positions back a desk may resume: at 50 events a second some three minutes, longer than any
# Wi-Fi takes to come back. Beyond, it fetches its desk anew, which is cheaper than sending so much.
POSITIONS_MAX = 10_000

# How an offer ended, as its desk is told; for a withdrawn one the event itself says why.
_ENDS = {ev.Accepted: "accepted", ev.Declined: "declined", ev.OfferLapsed: "lapsed"}


@dataclass(frozen=True, slots=True)
class Ended:
    """An offer is over for its agent."""

    offer: int
    conv: int
    why: str


@dataclass(slots=True)
class Share:
    """What changed for one agent."""

    me: bool = False
    convs: set[int] = field(default_factory=set)
    ended: list[Ended] = field(default_factory=list)

    def add(self, other: Share) -> None:
        self.me = self.me or other.me
        self.convs |= other.convs
        self.ended += other.ended


@dataclass(slots=True)
class Change:
    """What one commit changed. `last` is the position of its last event."""

    first: int
    last: int
    shares: dict[int, Share] = field(default_factory=dict)
    convs: set[int] = field(default_factory=set)
    queues: set[str] = field(default_factory=set)
    everyone: bool = False

    def share(self, agent: int) -> Share:
        return self.shares.setdefault(agent, Share())


def ended_offers(entries: Iterable[ev.Entry]) -> list[tuple[int, Ended]]:
    """Return (agent, ended offer) of a commit, in order."""
    found = []
    for entry in entries:
        for event in entry.events:
            if isinstance(event, (ev.Accepted, ev.Declined, ev.OfferLapsed)):
                found.append((event.agent, Ended(event.offer, event.conv, _ENDS[type(event)])))
            elif isinstance(event, (ev.OfferWithdrawn, ev.RingStopped)):
                found.append((event.agent, Ended(event.offer, event.conv, event.why)))
    return found


def change_of(
    entries: Iterable[ev.Entry], found: Touched, *, first: int, last: int, holders: dict[int, set[int]]
) -> Change:
    """Return a commit's change. `holders`: who had or has each touched conversation, as agent ids."""
    change = Change(first, last, convs=set(found.convs), everyone=found.everything)
    for agent in found.agents:
        change.share(agent).me = True
    for conv, agents in holders.items():
        for agent in agents:
            change.share(agent).convs.add(conv)
            change.share(agent).me = True
    for agent, ended in ended_offers(entries):
        change.share(agent).ended.append(ended)
    return change


class Ring:
    """The last changes, oldest first."""

    def __init__(self, position: int, *, positions_max: int = POSITIONS_MAX) -> None:
        self._changes: deque[Change] = deque()
        self._known_from = position
        self._positions_max = positions_max

    def add(self, change: Change) -> None:
        """Keep a change, and forget what is too far back."""
        self._changes.append(change)
        while self._changes and change.last - self._changes[0].first >= self._positions_max:
            self._known_from = self._changes.popleft().last

    def since(self, position: int, agent: int) -> Share | None:
        """Return all that changed for an agent above a position; None: it is too far back, or was for everyone."""
        end = self._changes[-1].last if self._changes else self._known_from
        if not self._known_from <= position <= end:
            return None
        share = Share()
        for change in reversed(self._changes):
            if change.last <= position:
                break
            if change.everyone:
                return None
            earlier = Share()
            earlier.add(change.shares.get(agent, Share()))
            earlier.add(share)
            share = earlier
        return share
