"""Who has room for work: agents by how much is free, in the order in which they have been idle. No choice is made here.

Work of some channels gives way to work of others (a call comes on top of mails), so there may be several kinds of room,
each counting only the work that does not give way to it. Only `evolve` enters and leaves.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from router.core.state import Agent

# A room is twice what is free, and one more when its agent has no work at all. Who is at a limit of their own stands in
# rooms apart: above, the number of the set of channels of which they take no more.
Room = int
Idle = int  # an idle number, which only one agent has: the lower, the longer idle
FULL_SHIFT = 40
LOW = (1 << FULL_SHIFT) - 1


def room_of(agent: Agent, free: int) -> Room:
    """Return the room of an agent with so much free."""
    return agent.full << FULL_SHIFT | 2 * free | (not agent.work)


def free_in(room: Room) -> int:
    """Return what those in a room have free."""
    return (room & LOW) >> 1


@dataclass(slots=True)
class Limits:
    """The sets of channels of which somebody takes no more, by number; 0 is the empty one."""

    sets: list[frozenset[str]] = field(default_factory=lambda: [frozenset()])
    number_of: dict[frozenset[str], int] = field(default_factory=lambda: {frozenset(): 0})
    holding: dict[str, set[int]] = field(default_factory=dict)  # channel -> the sets that it is in

    def number(self, full: frozenset[str]) -> int:
        """Return the number of a set, given to it when it is new. It decides nothing."""
        known = self.number_of.get(full)
        if known is None:
            known = self.number_of[full] = len(self.sets)
            self.sets.append(full)
            for channel in full:
                self.holding.setdefault(channel, set()).add(known)
        return known


@dataclass(slots=True, eq=False)
class Rooms:
    """One kind of room. `gives_way` are the channels whose work is not counted against it."""

    number: int
    gives_way: frozenset[str] = frozenset()
    mask: dict[Room, int] = field(default_factory=dict)  # room -> profiles with such an agent
    idle: list[Idle] = field(default_factory=list)  # of everybody with room, longest idle first
    who: dict[Idle, Agent] = field(default_factory=dict)  # everybody with room, by their idle number
    by_load: dict[int, int] = field(default_factory=dict)  # load -> classes of that load for which this room counts
    fits: dict[int, int] = field(default_factory=dict)  # so much free -> classes that fit, as far as looked up

    def free(self, agent: Agent) -> int:
        """Return what an agent has free for work of this kind."""
        free = agent.capacity - agent.used
        return free + agent.eased[self.number] if self.number else free

    def fitting(self, free: int) -> int:
        """Return the classes whose load fits into so much of this room."""
        mask = self.fits.get(free)
        if mask is None:
            mask = 0
            for load, classes in self.by_load.items():
                if load <= free:
                    mask |= classes
            self.fits[free] = mask
        return mask

    def count(self, load: int, bit: int) -> None:
        """A class of this load takes this room."""
        self.by_load[load] = self.by_load.get(load, 0) | bit
        self.fits.clear()

    def discount(self, load: int, bit: int) -> None:
        """It does so no more."""
        self.by_load[load] &= ~bit
        if not self.by_load[load]:
            del self.by_load[load]
        self.fits.clear()

    def enter(self, agent: Agent, room: Room) -> None:
        """Stand in one's room; who has nothing free stands nowhere and does not enter."""
        idle, profile = agent.idle, agent.profile
        rooms = profile.rooms[self.number]
        found = rooms.get(room)
        if found is None:
            rooms[room] = [idle]
            self.mask[room] = self.mask.get(room, 0) | profile.bit
        else:
            insort(found, idle)
        insort(self.idle, idle)
        self.who[idle] = agent

    def leave(self, agent: Agent, room: Room) -> None:
        """Leave; call it before anything that changes the room, idle or the profile."""
        idle, profile = agent.idle, agent.profile
        rooms = profile.rooms[self.number]
        found = rooms[room]
        if len(found) > 1:
            del found[bisect_left(found, idle)]
        else:
            del rooms[room]
            left = self.mask[room] ^ profile.bit
            if left:
                self.mask[room] = left
            else:
                del self.mask[room]
        del self.idle[bisect_left(self.idle, idle)]
        del self.who[idle]

    def renew(self, agent: Agent, room: Room, idle: int) -> None:
        """Stand in the same room as the one who came last; `idle` is higher than any number before."""
        before = agent.idle
        for numbers in (agent.profile.rooms[self.number][room], self.idle):
            del numbers[bisect_left(numbers, before)]
            numbers.append(idle)
        del self.who[before]
        self.who[idle] = agent

    def standing(self, load: int, full: Collection[int], able: int) -> dict[Room, int]:
        """Return the rooms with so much free and who stands there, but those at a limit whose number is in `full`."""
        least, found = 2 * load, {}
        for room, profiles in self.mask.items():
            if room < least:
                continue
            there = profiles & able
            if there and (room <= LOW or (room & LOW >= least and room >> FULL_SHIFT not in full)):
                found[room] = there
        return found
