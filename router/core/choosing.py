"""Whom to ask, and whom to take next: the two choices of the router, each with the reasons that made it. It only reads.

Whom to ask is a row of steps, each leaving fewer candidates: first task, least flexible, how full, longest idle.
Whom to take is the highest score among the heads of the slopes; ties go to the older place, then the lower number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from router.core.conversations import Conv
from router.core.flexibility import bits, flexibility_of
from router.core.heads import Head
from router.core.matching import Matching
from router.core.orders import (
    DEFAULT_ORDER,
    FAIR_TURN,
    FEW_CAN,
    FEW_CAN_TIMES,
    IN_LINE,
    ONE,
    OVERTAKING,
    URGENT,
    Slope,
)
from router.core.reserves import kept_for
from router.core.rooms import Idle, Room, Rooms, free_in, room_of
from router.core.waiting import Class

if TYPE_CHECKING:
    from router.core.state import Agent

# Up to so many candidate profiles are compared one by one.
HEADS_COMPARED_MAX = 12
# Of more, the longest idle is found by walking everybody with room, unless those are so many that comparing is cheaper:
# looking at a profile costs as much as walking past so many people, and of n profiles one in n is met.
COMPARING_COSTS = 3

LONGEST_IDLE = "longest_idle"
Resting = dict[int, int] | None


class Asked(NamedTuple):
    """The agent to ask, why, and how many profiles had somebody with room."""

    agent: int
    why: tuple[str, ...]
    among: int


class Taken(NamedTuple):
    """The conversation to take, and why."""

    conv: Conv
    why: tuple[str, ...]


Standing = dict[Room, int]  # who is still a candidate: rooms, with the profiles that stand there


def _profiles(standing: Standing) -> int:
    mask = 0
    for there in standing.values():
        mask |= there
    return mask


def _without(standing: Standing, withheld: int, barred: Standing) -> Standing:
    """Leave out the profiles whose completely free agents are withheld, and those barred from a room."""
    found: Standing = {}
    for room, there in standing.items():
        left = there & ~(barred.get(room, 0) | (withheld if room & 1 else 0))
        if left:
            found[room] = left
    return found


def _only(standing: Standing, profiles: int) -> Standing:
    return {room: kept for room, there in standing.items() if (kept := there & profiles)}


def _first_task(m: Matching, cls: Class, left: Standing) -> Standing:
    del m
    return (_only(left, cls.primary) if cls.primary else None) or left


def _highest_level(m: Matching, cls: Class, left: Standing) -> Standing:
    """Keep those best at what is needed, by the sum of their levels. Looks at each candidate profile."""
    needed = {name for name, _ in cls.needs}
    best, found = -1, 0
    for index in bits(_profiles(left)):
        profile = m.profiles[index]
        level = sum(level for name, level in profile.abilities if name in needed)
        if level > best:
            best, found = level, 0
        if level == best:
            found |= profile.bit
    return _only(left, found)


def _least_flexible(m: Matching, cls: Class, left: Standing) -> Standing:
    del cls
    candidates = _profiles(left)
    if candidates.bit_count() > HEADS_COMPARED_MAX:
        return _only(left, m.flexibility.least_of(candidates))
    least, found = -1, 0
    for index in bits(candidates):
        profile = m.profiles[index]
        number = flexibility_of(profile)
        if least < 0 or number < least:
            least, found = number, 0
        if number == least:
            found |= profile.bit
    return left if found == candidates else _only(left, found)


def _fullest(m: Matching, cls: Class, left: Standing) -> Standing:
    del m, cls
    return _as_free_as(left, min(map(free_in, left)))


def _least_loaded(m: Matching, cls: Class, left: Standing) -> Standing:
    del m, cls
    return _as_free_as(left, max(map(free_in, left)))


def _as_free_as(left: Standing, chosen: int) -> Standing:
    return {room: there for room, there in left.items() if free_in(room) == chosen}


def _packed(m: Matching, cls: Class, left: Standing) -> Standing:
    """Fill up those who also take work that needs somebody whole, so that others stay free for it; else share."""
    if len(left) == 1:
        return left
    return (_fullest if _profiles(left) & m.blended else _least_loaded)(m, cls, left)


Step = Callable[[Matching, Class, Standing], Standing]

# Each step by its name, which is also the reason it gives. What no step parts is parted by the longest idle.
STEPS: dict[str, Step] = {
    "first_task": _first_task,
    "highest_level": _highest_level,
    "least_flexible": _least_flexible,
    "packed": _packed,
    "fullest": _fullest,
    "least_loaded": _least_loaded,
}
DEFAULT_STEPS = ("first_task", "least_flexible", "packed")


@dataclass(slots=True, eq=False)
class Choosing:
    """The choices over one matching."""

    matching: Matching

    # --- whom to ask --------------------------------------------------------------------------------------------

    def agent_for(self, cls: Class, resting: Resting) -> Asked | None:
        """Return whom to ask first for a conversation of a class, or None when nobody has room."""
        m = self.matching
        kind = m.kinds[cls.kind]
        holding = m.limits.holding
        standing = kind.standing(cls.load, holding.get(cls.channel, ()) if holding else (), cls.profiles)
        if not standing:
            return None
        everybody, barred = standing, Standing()
        withheld = m.reserves.withheld_from(cls) if m.reserves.kept else 0
        while True:
            standing = everybody
            if withheld or barred:
                standing = _without(standing, withheld, barred)
            if not standing:
                return None
            asked, left = self._narrowed_to(cls, standing, resting)
            if asked is not None:
                return asked
            for room, there in left.items():  # only people stand there from whom it rests: look among the others
                barred[room] = barred.get(room, 0) | there

    def _narrowed_to(self, cls: Class, standing: Standing, resting: Resting) -> tuple[Asked | None, Standing]:
        if len(standing) == 1:
            (only,) = standing.values()
            among = only.bit_count()
        else:
            among = _profiles(standing).bit_count()
        why: list[str] = []
        if among > 1 or len(standing) > 1:
            for name in cls.steps or DEFAULT_STEPS:
                if name == LONGEST_IDLE:
                    break
                before, standing = standing, STEPS[name](self.matching, cls, standing)
                if standing is not before and standing != before:
                    why.append(name)
        best = self._longest_idle(self.matching.kinds[cls.kind], standing, resting)
        if best is None:
            return None, standing
        return Asked(self.matching.kinds[cls.kind].who[best].id, (*why, LONGEST_IDLE), among), standing

    def _longest_idle(self, kind: Rooms, left: Standing, resting: Resting) -> Idle | None:
        candidates = _profiles(left)
        count = candidates.bit_count()
        if count > HEADS_COMPARED_MAX and COMPARING_COSTS * count * count > len(kind.idle):
            return self._first_idle(kind, left, resting)
        best: Idle | None = None
        for index in bits(candidates):
            rooms = self.matching.profiles[index].rooms[kind.number]
            for room, there in left.items():
                if there >> index & 1:
                    idle = _awake_first(kind, rooms[room], resting)
                    if idle is not None and (best is None or idle < best):
                        best = idle
        return best

    @staticmethod
    def _first_idle(kind: Rooms, left: Standing, resting: Resting) -> Idle | None:
        """Walk everybody with room, longest idle first: with many profiles left, one of the first fits."""
        for idle in kind.idle:
            agent = kind.who[idle]
            room = room_of(agent, kind.free(agent))
            if left.get(room, 0) & agent.profile.bit and not (resting and agent.id in resting):
                return idle
        return None

    # --- whom to take -------------------------------------------------------------------------------------------

    def next_for(self, agent: Agent, at: int) -> Taken | None:
        """Return who of those in line goes first to an agent, or None when they may take nobody now."""
        m = self.matching
        candidates = m.waiting & agent.profile.classes & ~m.shut
        if candidates:
            candidates &= m.fitting(agent)
        if candidates and m.reserves.kept and not agent.work:
            candidates &= kept_for(agent.profile)
        return self._first_of(candidates, agent, at) if candidates else None

    def may_take(self, agent: Agent, cls: Class) -> bool:
        """Return whether an agent who is there may be given a conversation of a class now: ability, room, reserves."""
        m = self.matching
        if not cls.bit & agent.profile.classes & m.fitting(agent):
            return False
        return bool(agent.work or not m.reserves.kept or cls.bit & kept_for(agent.profile))

    def _first_of(self, candidates: int, agent: Agent, at: int) -> Taken | None:
        best, oldest = self._leading(candidates, agent.profile.primary & candidates, at)
        if best is None or oldest is None:
            return None
        convs, asking = self.matching.convs, agent.id
        conv, first = convs[best[1]], convs[oldest[1]]
        if (conv.resting and asking in conv.resting) or (first.resting and asking in first.resting):
            return self._first_awake(candidates, agent, at)
        return self._taken(conv, first, agent, candidates, at)

    def _leading(self, candidates: int, first_tasks: int, at: int) -> tuple[Head | None, Head | None]:
        """Return the head that scores most and the oldest one, whoever rests: where neither does, they are the ones."""
        best: Head | None = None
        oldest: Head | None = None
        best_score = 0
        for slope in self.matching.grading.slopes.values():
            there = slope.waiting & candidates
            if not there or (head := slope.heads.first(there)) is None:
                continue
            if oldest is None or head < oldest:
                oldest = head
            key_ms = head[0]
            if key_ms >= slope.since_ms and slope.from_ms <= at < slope.until_ms:  # `Slope.score` without a call
                score = slope.base + slope.gain * (at - key_ms) // slope.per_ms
            else:
                score = slope.score(at, key_ms)
            if there & first_tasks:
                score, head = _by_first_task(slope, head, there & first_tasks, at)
            if best is None or score > best_score or (score == best_score and head < best):
                best_score, best = score, head
        return best, oldest

    def _first_awake(self, candidates: int, agent: Agent, at: int) -> Taken | None:
        """The same where a head rests from this agent: the next of its line stands in its place."""
        slopes = [slope for slope in self.matching.grading.slopes.values() if slope.waiting & candidates]
        if len(slopes) == 1 and not agent.profile.primary & candidates:
            only = self._oldest(slopes[0], candidates, agent.id)
            return self._taken(only, only, agent, candidates, at) if only is not None else None
        best: tuple[int, int, int, Conv] | None = None
        oldest: tuple[int, int, Conv] | None = None
        first_tasks = agent.profile.primary & candidates
        for slope in slopes:
            conv = self._oldest(slope, slope.waiting & candidates, agent.id)
            if conv is None:
                continue
            place = (conv.key_ms, conv.id, conv)
            if oldest is None or place < oldest:
                oldest = place
            extra = ONE if conv.cls.bit & first_tasks else 0
            rank = (-slope.score(at, conv.key_ms) - extra, *place)
            if best is None or rank < best:
                best = rank
            if extra or not slope.waiting & first_tasks:
                continue
            conv = self._oldest(slope, slope.waiting & first_tasks, agent.id)
            if conv is not None:
                best = min(best, (-slope.score(at, conv.key_ms) - ONE, conv.key_ms, conv.id, conv))
        if best is None or oldest is None:
            return None
        return self._taken(best[3], oldest[2], agent, candidates, at)

    def _taken(self, best: Conv, oldest: Conv, agent: Agent, candidates: int, at: int) -> Taken:
        """Who scores most, unless somebody whose wait counts alike can be served by far fewer people."""
        few = self._few_can(best, candidates, agent, at) if candidates != best.cls.bit else None
        if few is not None and few is not oldest:
            found = self._overtaken(few, oldest, agent)
            return found if found.conv is oldest else Taken(few, (*found.why, FEW_CAN))
        if best is oldest:
            return Taken(best, (IN_LINE,))
        return self._overtaken(best, oldest, agent)

    def _few_can(self, best: Conv, candidates: int, agent: Agent, at: int) -> Conv | None:
        """Return who goes before the best of a balanced slope because few can serve them: their wait counts more."""
        cls, slope = best.cls, best.cls.slope
        scarce = candidates & slope.waiting
        if scarce == cls.bit or cls.spec.order != DEFAULT_ORDER or cls.priority >= URGENT:
            return None
        scarce &= self.matching.scarcity.to(agent.profile)
        if not scarce or scarce & cls.bit:
            return None
        few = self._oldest(slope, scarce, agent.id)
        if few is None or few.cls.spec.order != DEFAULT_ORDER:
            return None
        waited_ms = slope.waited_ms(at, few.key_ms)
        return few if FEW_CAN_TIMES * waited_ms >= slope.waited_ms(at, best.key_ms) else None

    def _overtaken(self, best: Conv, oldest: Conv, agent: Agent) -> Taken:
        """Somebody goes before who has waited longest; now and then it is the latter's turn all the same."""
        bundle = self.matching.bundle
        every = bundle.fair_every if bundle else 0
        if best.cls.priority < URGENT and every and agent.passed + 1 >= every:
            return Taken(oldest, (FAIR_TURN,))
        return Taken(best, (OVERTAKING[best.cls.spec.order],))

    def _oldest(self, slope: Slope, candidates: int, agent: int) -> Conv | None:
        """Return the oldest that this agent may take; where a head rests from them, its line's next one stands."""
        first = slope.heads.first(candidates)
        if first is None:
            return None
        head = self.matching.convs[first[1]]
        if not head.resting or agent not in head.resting:
            return head
        found: Conv | None = None
        for key_ms, conv_id, cls in slope.heads.among(candidates):
            if found is not None and (found.key_ms, found.id) < (key_ms, conv_id):
                break
            head = self.matching.convs[conv_id]
            if not head.resting or agent not in head.resting:
                return head
            conv = self._second_for(cls, agent)
            if conv is not None and (found is None or (conv.key_ms, conv.id) < (found.key_ms, found.id)):
                found = conv
        return found

    def _second_for(self, cls: Class, agent: int) -> Conv | None:
        """Return the first in a line that does not rest from this agent, where the head does."""
        for conv in self.matching.in_line(cls):
            if not conv.resting or agent not in conv.resting:
                return self.matching.convs[conv.id]
        return None


def _by_first_task(slope: Slope, oldest: Head, first_tasks: int, at: int) -> tuple[int, Head]:
    """Return the head of a slope that scores most, and its score, where some on it are the agent's first task."""
    score = slope.score(at, oldest[0])
    if oldest[2].bit & first_tasks:
        return score + ONE, oldest
    first = slope.heads.first(first_tasks)
    first_score = slope.score(at, first[0]) + ONE if first is not None else score
    return (first_score, first) if first is not None and first_score > score else (score, oldest)


def _awake_first(kind: Rooms, numbers: list[Idle], resting: Resting) -> Idle | None:
    """Return the longest idle from whom the conversation does not rest."""
    if not resting:
        return numbers[0]
    return next((idle for idle in numbers if kind.who[idle].id not in resting), None)
