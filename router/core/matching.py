"""Who may serve whom, by index: classes of conversations, profiles of agents, bits between them.

Only `evolve` calls the methods that write; the reading ones change nothing that counts. The structure is
ROUTING.md D3: one decision compares class heads or profile heads, never people. No rule is asked here.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from router.core.conversations import Conv, Conversations
from router.core.heads import Heads
from router.core.waiting import Class, ClassKey, Need, Needs, Place

if TYPE_CHECKING:
    from router.core.state import Agent

# Up to so many candidate profiles are compared by their longest idle; above, everybody with room is walked.
HEADS_COMPARED_MAX = 12
# Where no more than so many have room at all, they are walked: on a busy floor that is the rule.
IDLE_WALKED_MAX = 32


@dataclass(slots=True, eq=False)
class Profile:
    """Agents with the same abilities.

    `classes` are those they may serve; `rooms` maps free capacity to (idle number, agent), longest idle first.
    """

    id: int
    abilities: tuple[Need, ...]
    mask: int
    bit: int
    classes: int = 0
    agents: int = 0
    rooms: dict[int, list[tuple[int, int]]] = field(default_factory=dict)


def bits(mask: int) -> Iterator[int]:
    """Yield the numbers of the set bits, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


@dataclass(slots=True)
class Matching:
    """All classes, profiles and the masks between them."""

    convs: Conversations
    classes: list[Class] = field(default_factory=list)
    by_key: dict[ClassKey, Class] = field(default_factory=dict)
    profiles: list[Profile] = field(default_factory=list)
    by_abilities: dict[tuple[Need, ...], Profile] = field(default_factory=dict)
    vacant: list[int] = field(default_factory=list)  # numbers of profiles that no agent has
    bit_of: dict[Need, int] = field(default_factory=dict)
    needed_by: list[int] = field(default_factory=list)  # bit -> classes that need it
    fulfilled_by: list[int] = field(default_factory=list)  # bit -> profiles that fulfil it
    waiting: int = 0  # classes somebody waits in
    shut: int = 0  # classes whose queue serves nobody now
    wide: int = 0  # classes that other needs will do for as well
    heads: Heads = field(default_factory=Heads)
    idle: list[tuple[int, int, Agent]] = field(default_factory=list)  # everybody with room, longest idle first
    in_lines: int = 0  # how many wait in all
    with_load: dict[int, int] = field(default_factory=dict)  # load -> classes of that load
    room_mask: dict[int, int] = field(default_factory=dict)  # free -> profiles with such an agent

    # --- reading --------------------------------------------------------------------------------------

    def class_of(
        self, queue: str, channel: str, needs: Needs, *, load: int, priority: int = 0, also: tuple[Needs, ...] = ()
    ) -> Class | None:
        return self.by_key.get((queue, channel, needs, load, priority, also))

    @staticmethod
    def eligible_profiles(line: Class) -> int:
        """Return the profiles that fulfil a class's needs, one bit each."""
        return line.profiles

    def _eligible_classes(self, profile: Profile) -> int:
        lacking = 0
        for bit, classes in enumerate(self.needed_by):
            if not profile.mask >> bit & 1:
                lacking |= classes
        able = ((1 << len(self.classes)) - 1) & ~lacking
        for index in bits(self.wide & ~able):
            if any(mask & profile.mask == mask for mask in self.classes[index].also_masks):
                able |= 1 << index
        return able

    def fitting_classes(self, free: int) -> int:
        """Return the classes whose load fits into a free capacity."""
        mask = 0
        for load, classes in self.with_load.items():
            if load <= free:
                mask |= classes
        return mask

    def profiles_with_room(self, load: int) -> int:
        """Return the profiles with an available agent who has at least this much free."""
        mask = 0
        for free, profiles in self.room_mask.items():
            if free >= load:
                mask |= profiles
        return mask

    def longest_idle(self, cls: Class, resting: dict[int, int] | None) -> tuple[int, int]:
        """Return (agent, how many profiles have somebody who could): the longest idle eligible agent, or (0, 0)."""
        if not self.room_mask:
            return 0, 0
        candidates = self.profiles_with_room(cls.load) & cls.profiles
        if not candidates:
            return 0, 0
        among = candidates.bit_count()
        if among > HEADS_COMPARED_MAX or len(self.idle) <= IDLE_WALKED_MAX:
            return self._first_idle(candidates, cls.load, resting), among
        found = [self._longest_idle_of(self.profiles[index], cls.load, resting) for index in bits(candidates)]
        best = min((entry for entry in found if entry), default=None)
        return (best[1], among) if best else (0, 0)

    def _first_idle(self, candidates: int, load: int, resting: dict[int, int] | None) -> int:
        """Walk everybody with room, longest idle first: with many profiles eligible, one of the first fits."""
        for _, agent_id, agent in self.idle:
            if candidates & agent.profile.bit and agent.free >= load and not (resting and agent_id in resting):
                return agent_id
        return 0

    @staticmethod
    def _longest_idle_of(profile: Profile, load: int, resting: dict[int, int] | None) -> tuple[int, int] | None:
        best: tuple[int, int] | None = None
        for free, agents in profile.rooms.items():
            if free < load:
                continue
            for entry in agents:
                if not resting or entry[1] not in resting:
                    if best is None or entry < best:
                        best = entry
                    break
        return best

    def next_for(self, agent: Agent) -> Conv | None:
        """Return the first in line that this agent may take now: the oldest head, ties by id."""
        candidates = self.waiting & agent.profile.classes & ~self.shut
        if candidates:
            candidates &= self.fitting_classes(agent.free)
        return self._oldest(candidates, agent.id) if candidates else None

    def _oldest(self, candidates: int, agent: int) -> Conv | None:
        """Return the oldest that this agent may take; where a head rests from them, its line's next one stands."""
        found: Conv | None = None
        for key_ms, conv_id, cls in self.heads.among(candidates):
            if found is not None and (found.key_ms, found.id) < (key_ms, conv_id):
                break
            head = self.convs[conv_id]
            if not head.resting or agent not in head.resting:
                return head
            conv = self._second_for(cls, agent)
            if conv is not None and (found is None or (conv.key_ms, conv.id) < (found.key_ms, found.id)):
                found = conv
        return found

    def _second_for(self, cls: Class, agent: int) -> Conv | None:
        """Return the first in a line that does not rest from this agent, where the head does."""
        for conv in self.in_line(cls):
            if not conv.resting or agent not in conv.resting:
                return self.convs[conv.id]
        return None

    def _key_of(self, conv: int) -> int:
        return self.convs[conv].key_ms

    def _peek_key(self, conv: int) -> int:
        found = self.convs.peek(conv)
        assert found is not None, "who stands in line is open"
        return found.key_ms

    def in_line(self, line: Class) -> Iterator[Conv]:
        """Yield a class's conversations in order, to be read and not kept. For lists and rare cases."""
        for conv_id in line.in_order(self._peek_key):
            conv = self.convs.peek(conv_id)
            if conv is not None:
                yield conv

    def in_order(self, queue: str | None = None) -> list[Conv]:
        """Return everybody who waits, in the order of their places, to be read and not kept. Costs a sort."""
        lines = (cls for cls in self.classes if cls.waiting and (queue is None or cls.queue == queue))
        return sorted((conv for cls in lines for conv in self.in_line(cls)), key=lambda conv: (conv.key_ms, conv.id))

    # --- writing, by evolve only ----------------------------------------------------------------------------

    def form_class(self, cls: Class) -> None:
        """Add a class, or put it where one is over; its needs become bits the first time somebody asks for them."""
        assert cls.id <= len(self.classes), "classes are numbered without a gap"
        cls.mask, *also_masks = (self._mask_of(needs) for needs in (cls.needs, *cls.also))
        cls.also_masks = tuple(also_masks)
        if cls.id == len(self.classes):
            self.classes.append(cls)
        else:
            self._clear_class(self.classes[cls.id])
            self.classes[cls.id] = cls
        self.by_key[cls.key] = cls
        for bit in bits(cls.mask):
            self.needed_by[bit] |= 1 << cls.id
        self.with_load[cls.load] = self.with_load.get(cls.load, 0) | 1 << cls.id
        if cls.also:
            self.wide |= cls.bit
        for mask in (cls.mask, *cls.also_masks):
            cls.profiles |= self._fulfilling(mask)
        for index in bits(cls.profiles):
            self.profiles[index].classes |= 1 << cls.id

    def _mask_of(self, needs: Needs) -> int:
        return sum(1 << self._bit(need) for need in needs)

    def _fulfilling(self, mask: int) -> int:
        profiles = (1 << len(self.profiles)) - 1
        for bit in bits(mask):
            profiles &= self.fulfilled_by[bit]
        return profiles

    def _clear_class(self, over: Class) -> None:
        assert not over.waiting, "a class that somebody waits in is not over"
        if self.by_key.get(over.key) is over:
            del self.by_key[over.key]
        for bit in bits(over.mask):
            self.needed_by[bit] &= ~(1 << over.id)
        self.wide &= ~over.bit
        self.with_load[over.load] &= ~(1 << over.id)
        if not self.with_load[over.load]:
            del self.with_load[over.load]
        for index in bits(over.profiles):
            self.profiles[index].classes &= ~(1 << over.id)

    def _bit(self, need: Need) -> int:
        if need in self.bit_of:
            return self.bit_of[need]
        bit = self.bit_of[need] = len(self.needed_by)
        self.needed_by.append(0)
        name, level = need
        fulfilled = 0
        for profile in self.profiles:
            if dict(profile.abilities).get(name, -1) >= level:
                profile.mask |= 1 << bit
                fulfilled |= 1 << profile.id
        self.fulfilled_by.append(fulfilled)
        return bit

    def enter_profile(self, abilities: tuple[Need, ...]) -> Profile:
        """One more agent can do this: return their profile, formed when it is new, where nobody has another any more.

        A profile's number decides nothing, so it need not be the same on every node.
        """
        profile = self.by_abilities.get(abilities)
        if profile is None:
            if not self.vacant:
                self.profiles.append(Profile(len(self.profiles), (), mask=0, bit=1 << len(self.profiles)))
                self.vacant.append(len(self.profiles) - 1)
            profile = self.profiles[self.vacant.pop()]
            self._set_abilities(profile, abilities)
            self.by_abilities[abilities] = profile
        profile.agents += 1
        return profile

    def leave_profile(self, profile: Profile) -> None:
        """One agent less has this profile; with the last one its place is free."""
        profile.agents -= 1
        if not profile.agents:
            del self.by_abilities[profile.abilities]
            self._set_abilities(profile, ())
            self.vacant.append(profile.id)

    def _set_abilities(self, profile: Profile, abilities: tuple[Need, ...]) -> None:
        """Make a profile another one, in all masks."""
        levels = dict(abilities)
        profile.abilities, profile.mask = abilities, 0
        for (name, level), bit in self.bit_of.items():
            self.fulfilled_by[bit] &= ~profile.bit
            if levels.get(name, -1) >= level:
                profile.mask |= 1 << bit
                self.fulfilled_by[bit] |= profile.bit
        for index in bits(profile.classes):
            self.classes[index].profiles &= ~profile.bit
        profile.classes = self._eligible_classes(profile)
        for index in bits(profile.classes):
            self.classes[index].profiles |= profile.bit

    def enter_room(self, agent: Agent) -> None:
        """An agent may be offered work: they stand in their profile's room for what is free."""
        free = agent.capacity - agent.used
        if free <= 0 or agent.grace_until_ms or not agent.accepts:
            return
        rooms = agent.profile.rooms
        room = rooms.get(free)
        if room is None:
            rooms[free] = [(agent.idle, agent.id)]
            self.room_mask[free] = self.room_mask.get(free, 0) | agent.profile.bit
        else:
            insort(room, (agent.idle, agent.id))
        insort(self.idle, (agent.idle, agent.id, agent))

    def leave_room(self, agent: Agent) -> None:
        """Take an agent out; call it before anything that changes what is free, idle, available or the profile."""
        free = agent.capacity - agent.used
        if free <= 0 or agent.grace_until_ms or not agent.accepts:
            return
        rooms = agent.profile.rooms
        room = rooms[free]
        del room[bisect_left(room, (agent.idle, agent.id))]
        del self.idle[bisect_left(self.idle, (agent.idle, agent.id, agent))]
        if not room:
            del rooms[free]
            self.room_mask[free] ^= agent.profile.bit
            if not self.room_mask[free]:
                del self.room_mask[free]

    def join_line(self, conv: Conv) -> None:
        """Put a conversation, already in state waiting, into its class's line at its place."""
        cls, place = conv.cls, (conv.key_ms, conv.id)
        cls.join(place)
        self.in_lines += 1
        self.convs.stirred.append(conv.id)
        if cls.head is None or place < cls.head:
            self._set_head(cls, place)

    def leave_line(self, conv: Conv) -> None:
        """Take a conversation out of its class's line."""
        cls, place = conv.cls, (conv.key_ms, conv.id)
        cls.leave(place)
        self.in_lines -= 1
        if cls.head == place:
            self._set_head(cls, cls.first(self._key_of))

    def _set_head(self, cls: Class, head: Place | None) -> None:
        """Keep the sorted heads in step. Conversations are unique in (key, id)."""
        if cls.head is not None:
            self.heads.remove(cls.head, cls)
            self.convs.stirred.append(cls.head[1])
        else:
            self.waiting |= cls.bit
        cls.head = head
        if head is None:
            self.waiting ^= cls.bit
        else:
            self.heads.add(head, cls)

    def rebuild_lines(self, waiting: list[Conv]) -> None:
        """Fill the lines from a snapshot: conversations in state waiting, in any order."""
        for conv in sorted(waiting, key=lambda each: (each.key_ms, each.id)):
            self.join_line(conv)
        self.convs.settle(self.in_lines)


__all__ = ["Class", "Matching", "Need", "Profile"]
