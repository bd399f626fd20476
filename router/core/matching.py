"""Who may serve whom, by index: classes of conversations, profiles of agents, bits between them.

Only `evolve` calls the methods that write; the reading ones change nothing that counts. The structure is
ROUTING.md D3: one decision compares class heads or profile heads, never people. No choice is made here: see `choosing`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from router.core.bundle import Bundle
from router.core.conversations import Conv, Conversations
from router.core.first_tasks import FirstTasks
from router.core.flexibility import ABILITIES_MAX, Flexibility, bits, those_of
from router.core.grading import Grading
from router.core.profiles import Profile
from router.core.reserves import Reserves
from router.core.rooms import FULL_SHIFT, Limits, Room, Rooms
from router.core.scarcity import Scarcity
from router.core.waiting import Class, ClassKey, Need, Needs, Place

if TYPE_CHECKING:
    from router.core.state import Agent


@dataclass(slots=True)
class Matching:
    """All classes, profiles and the masks between them."""

    convs: Conversations
    bundle: Bundle | None = None
    classes: list[Class] = field(default_factory=list)
    by_key: dict[ClassKey, Class] = field(default_factory=dict)
    profiles: list[Profile] = field(default_factory=list)
    by_abilities: dict[Needs, Profile] = field(default_factory=dict)
    vacant: list[int] = field(default_factory=list)  # numbers of profiles that no agent has
    bit_of: dict[Need, int] = field(default_factory=dict)
    needed_by: list[int] = field(default_factory=list)  # bit -> classes that need it
    fulfilled_by: list[int] = field(default_factory=list)  # bit -> profiles that fulfil it
    waiting: int = 0  # classes somebody waits in
    shut: int = 0  # classes whose queue serves nobody now
    wide: int = 0  # classes that other needs will do for as well
    grading: Grading = field(default_factory=Grading)
    kinds: list[Rooms] = field(default_factory=lambda: [Rooms(0)])
    limits: Limits = field(default_factory=Limits)
    of_channel: dict[str, int] = field(default_factory=dict)  # channel -> its classes
    of_queue: dict[str, int] = field(default_factory=dict)  # queue -> its classes
    reserves: Reserves = field(default_factory=Reserves)
    first_tasks: FirstTasks = field(default_factory=FirstTasks)
    flexibility: Flexibility = field(default_factory=Flexibility)
    scarcity: Scarcity = field(default_factory=Scarcity)
    in_lines: int = 0  # how many wait in all
    queued: dict[str, int] = field(default_factory=dict)  # queue -> how many wait in it
    whole: list[int] = field(default_factory=list)  # bits of the channels that need somebody whole

    # --- reading --------------------------------------------------------------------------------------

    def class_of(
        self, queue: str, channel: str, needs: Needs, *, load: int, priority: int = 0, also: tuple[Needs, ...] = ()
    ) -> Class | None:
        return self.by_key.get((queue, channel, needs, load, priority, also))

    @staticmethod
    def eligible_profiles(line: Class) -> int:
        """Return the profiles that fulfil a class's needs, one bit each."""
        return line.profiles

    def has_room(self, cls: Class) -> int:
        """Return the profiles with an available agent who has room for this class."""
        mask = 0
        for profiles in self.standing(cls, -1).values():
            mask |= profiles
        return mask

    def standing(self, cls: Class, able: int) -> dict[Room, int]:
        """Return the rooms that are large enough for a class, and who of these profiles stands there."""
        return self.kinds[cls.kind].standing(cls.load, self.limits.holding.get(cls.channel, ()), able)

    def free_for(self, agent: Agent, cls: Class) -> int:
        """Return what an agent has free for conversations of a class: nothing at a limit of their own."""
        if agent.full and cls.channel in self.limits.sets[agent.full]:
            return 0
        return self.kinds[cls.kind].free(agent)

    def has_any_room(self, agent: Agent) -> bool:
        return agent.used < agent.capacity or (len(self.kinds) > 1 and agent.used < agent.capacity + max(agent.eased))

    def fitting(self, agent: Agent) -> int:
        """Return the classes whose load fits into what an agent has free, and of whose channel they take more."""
        free, eased, mask = agent.capacity - agent.used, agent.eased, 0
        for kind in self.kinds:
            mask |= kind.fitting(free + eased[kind.number])
        if agent.full:
            for channel in self.limits.sets[agent.full]:
                mask &= ~self.of_channel.get(channel, 0)
        return mask

    @property
    def blended(self) -> int:
        """The profiles that take, among others, work that needs somebody whole, as a call does."""
        mask = 0
        for bit in self.whole:
            mask |= self.fulfilled_by[bit]
        return mask

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

    def in_line(self, line: Class) -> Iterator[Conv]:
        """Yield a class's conversations in order, to be read and not kept. For lists and rare cases."""
        for conv_id in line.in_order(self.convs.key_of):
            conv = self.convs.peek(conv_id)
            if conv is not None:
                yield conv

    def in_order(self, queue: str | None = None) -> list[Conv]:
        """Return everybody who waits, in the order of their places, to be read and not kept. Costs a sort."""
        lines = (cls for cls in self.classes if cls.waiting and (queue is None or cls.queue == queue))
        return sorted((conv for cls in lines for conv in self.in_line(cls)), key=lambda conv: (conv.key_ms, conv.id))

    # --- configuration, by evolve only ------------------------------------------------------------------------

    def configure(self, bundle: Bundle) -> bool:
        """Take over a configuration; return whether rooms are others: then all left theirs before (`moves_rooms`)."""
        before, changed, self.bundle = self.bundle, self.moves_rooms(bundle), bundle
        whole = sorted(name for name, spec in bundle.channels.items() if spec.load >= bundle.capacity)
        self.whole = [self._bit((f"channel:{name}", 1)) for name in whole]
        self.grading.configure(before, bundle, self.classes)
        if changed:
            self._set_rooms(bundle)
        return changed

    def moves_rooms(self, bundle: Bundle) -> bool:
        """Return whether a configuration has other kinds of room or reserves than the one that runs."""
        return self.bundle is None or _room_rules(self.bundle) != _room_rules(bundle)

    def _set_rooms(self, bundle: Bundle) -> None:
        ways = {_gives_way(bundle, channel) for channel in bundle.channels} - {frozenset[str]()}
        self.kinds = [Rooms(0), *(Rooms(number, way) for number, way in enumerate(sorted(ways, key=sorted), 1))]
        for cls in self.classes:
            self._set_kind(cls)
        self.reserves.configure(bundle.reserves, self._mask_of, self.classes)
        for profile in self.profiles:
            profile.rooms = [{} for _ in self.kinds]
            self.reserves.set_profile(profile)

    def _set_kind(self, cls: Class) -> None:
        way = _gives_way(self.bundle, cls.channel) if self.bundle else frozenset[str]()
        cls.kind = next((kind.number for kind in self.kinds if kind.gives_way == way), 0)
        self.kinds[cls.kind].count(cls.load, cls.bit)

    # --- classes and profiles, by evolve only ----------------------------------------------------------------

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
        self.of_channel[cls.channel] = self.of_channel.get(cls.channel, 0) | cls.bit
        self.of_queue[cls.queue] = self.of_queue.get(cls.queue, 0) | cls.bit
        for bit in bits(cls.mask):
            self.needed_by[bit] |= cls.bit
        self.wide |= cls.bit if cls.also else 0
        for mask in (cls.mask, *cls.also_masks):
            cls.profiles |= self._fulfilling(mask)
        bit = cls.bit
        for profile in those_of(cls.profiles, self.profiles):
            profile.classes |= bit
        self.flexibility.form_class(cls.profiles)
        self.scarcity.form_class(cls)
        self.grading.place(cls, self.bundle)
        self._set_kind(cls)
        self.first_tasks.add_class(cls, self.profiles)
        self.reserves.set_class(cls)

    def _mask_of(self, needs: Needs) -> int:
        mask = 0
        for need in needs:
            mask |= 1 << self._bit(need)
        return mask

    def _fulfilling(self, mask: int) -> int:
        profiles = (1 << len(self.profiles)) - 1
        for bit in bits(mask):
            profiles &= self.fulfilled_by[bit]
        return profiles

    def _clear_class(self, over: Class) -> None:
        assert not over.waiting, "a class that somebody waits in is not over"
        if self.by_key.get(over.key) is over:
            del self.by_key[over.key]
        self.of_channel[over.channel] &= ~over.bit
        self.of_queue[over.queue] &= ~over.bit
        if not self.of_queue[over.queue]:
            del self.of_queue[over.queue]
        for bit in bits(over.mask):
            self.needed_by[bit] &= ~over.bit
        self.wide &= ~over.bit
        self.kinds[over.kind].discount(over.load, over.bit)
        self.first_tasks.drop_class(over, self.profiles)
        for profile in those_of(over.profiles, self.profiles):
            profile.classes &= ~over.bit
        self.flexibility.drop_class(over.profiles)

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

    def enter_profile(self, abilities: Needs) -> Profile:
        """One more agent can do this: return their profile, formed when it is new, where nobody has another any more.

        A profile's number decides nothing, so it need not be the same on every node.
        """
        profile = self.by_abilities.get(abilities)
        if profile is None:
            if not self.vacant:
                number = len(self.profiles)
                self.profiles.append(Profile(number, (), mask=0, bit=1 << number, rooms=[{} for _ in self.kinds]))
                self.vacant.append(number)
            profile = self.profiles[self.vacant.pop()]
            self._set_abilities(profile, abilities)
            self.by_abilities[abilities] = profile
        profile.agents += 1
        self.scarcity.enter(profile)
        return profile

    def leave_profile(self, profile: Profile) -> None:
        """One agent less has this profile; with the last one its place is free."""
        profile.agents -= 1
        self.scarcity.leave(profile)
        if not profile.agents:
            del self.by_abilities[profile.abilities]
            self._set_abilities(profile, ())
            self.vacant.append(profile.id)

    def _set_abilities(self, profile: Profile, abilities: Needs) -> None:
        """Make a profile another one, in all masks."""
        levels = dict(abilities)
        self.flexibility.remove(profile)
        before = profile.abilities
        profile.abilities, profile.mask = abilities, 0
        for (name, level), bit in self.bit_of.items():
            self.fulfilled_by[bit] &= ~profile.bit
            if levels.get(name, -1) >= level:
                profile.mask |= 1 << bit
                self.fulfilled_by[bit] |= profile.bit
        for cls in those_of(profile.classes, self.classes):
            cls.profiles &= ~profile.bit
        profile.classes = self._eligible_classes(profile)
        for cls in those_of(profile.classes, self.classes):
            cls.profiles |= profile.bit
        profile.levels = min(sum(level for _, level in abilities), ABILITIES_MAX - 1)
        self.first_tasks.set_profile(profile, before, self.classes)
        self.reserves.set_profile(profile)
        if abilities:
            self.flexibility.add(profile)

    # --- rooms and lines, by evolve only ------------------------------------------------------------------------

    def enter_room(self, agent: Agent) -> None:
        """An agent may be offered work: they stand in their profile's room for what is free."""
        if agent.grace_until_ms or not agent.accepts:
            return
        free, eased = agent.capacity - agent.used, agent.eased
        alike = agent.full << FULL_SHIFT | (not agent.work)
        for kind in self.kinds:
            room = free + eased[kind.number]
            if room > 0:
                kind.enter(agent, alike + 2 * room)
        if agent.profile.kept:
            self.reserves.enter(agent)

    def leave_room(self, agent: Agent) -> None:
        """Take an agent out; call it before anything that changes what is free, idle, available or the profile."""
        if agent.grace_until_ms or not agent.accepts:
            return
        free, eased = agent.capacity - agent.used, agent.eased
        alike = agent.full << FULL_SHIFT | (not agent.work)
        for kind in self.kinds:
            room = free + eased[kind.number]
            if room > 0:
                kind.leave(agent, alike + 2 * room)
        if agent.profile.kept:
            self.reserves.leave(agent)

    def renew(self, agent: Agent, idle: int) -> None:
        """An agent has begun or ended something: their idle time begins anew, and nothing else is changed."""
        if not agent.accepts or agent.grace_until_ms:
            agent.idle = idle
            return
        kept = agent.profile.kept
        if kept:
            self.reserves.leave(agent)
        free, eased = agent.capacity - agent.used, agent.eased
        alike = agent.full << FULL_SHIFT | (not agent.work)
        for kind in self.kinds:
            room = free + eased[kind.number]
            if room > 0:
                kind.renew(agent, alike + 2 * room, idle)
        agent.idle = idle
        if kept:
            self.reserves.enter(agent)

    def join_line(self, conv: Conv) -> None:
        """Put a conversation, already in state waiting, into its class's line at its place."""
        cls, place, queued = conv.cls, (conv.key_ms, conv.id), self.queued
        cls.join(place)
        self.in_lines += 1
        queued[cls.queue] = queued.get(cls.queue, 0) + 1
        self.convs.stirred.append(conv.id)
        if cls.head is None or place < cls.head:
            self._set_head(cls, place)

    def leave_line(self, conv: Conv) -> None:
        """Take a conversation out of its class's line."""
        cls, place = conv.cls, (conv.key_ms, conv.id)
        cls.leave(place)
        self.in_lines -= 1
        self.queued[cls.queue] -= 1
        if cls.head == place:
            self._set_head(cls, cls.first(lambda number: self.convs[number].key_ms))

    def _set_head(self, cls: Class, head: Place | None) -> None:
        """Keep the sorted heads in step. Conversations are unique in (key, id)."""
        slope, before, cls.head = cls.slope, cls.head, head
        if before is not None:
            self.convs.stirred.append(before[1])
            if head is not None:
                slope.heads.move(before, head, cls)
                return
            slope.heads.remove(before, cls)
        elif head is not None:
            slope.heads.add(head, cls)
        slope.waiting ^= cls.bit
        self.waiting ^= cls.bit

    def rebuild_lines(self, waiting: list[Conv]) -> None:
        """Fill the lines from a snapshot: conversations in state waiting, in any order."""
        for conv in sorted(waiting, key=lambda each: (each.key_ms, each.id)):
            self.join_line(conv)
        self.convs.settle(self.in_lines)


def _gives_way(bundle: Bundle, channel: str) -> frozenset[str]:
    """Return the channels on top of whose work a conversation of this channel may come."""
    return frozenset(name for name, spec in bundle.channels.items() if channel in spec.interrupted_by)


def _room_rules(bundle: Bundle) -> tuple[object, ...]:
    return bundle.reserves, {name: spec.interrupted_by for name, spec in bundle.channels.items()}


__all__ = ["Class", "Matching", "Need", "Profile"]
