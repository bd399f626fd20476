"""Who waits is looked at again after a new configuration or a closing: found in slices, then placed in order.

Two ways, so that nobody at a desk waits for a hundred thousand in line: looking through lines is cheap and in any
order, moving those whom it found costs more and goes by their places, the oldest first.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from router.core import events as ev
from router.core.conversations import Standing
from router.core.decide.openings import is_kept_for_a_time, opening
from router.core.decide.outside import is_handed
from router.core.decide.placing import Steps, off_hours, place
from router.core.decide.rerouting import moves, reroute
from router.core.lifecycle import DEFERRED, WAITING
from router.core.state import Conv, State
from router.core.waiting import Class, Place

# How many are placed again in one slice, so that nobody at a desk waits for a reload.
REVIEW_SLICE = 100
# How many are looked at in one slice, and as how many somebody counts of whose like nobody has been met in it: the
# rules are asked for them. Together a millisecond or two.
EXAMINED_SLICE = 512
NEW_COUNTS_AS = 16

BEGINNING: Place = (0, 0)


def look_again(s: State, at: int) -> Steps:
    """Take the next slice: of those to be looked through, and once they are, of those who were found."""
    if s.is_examining:
        yield from examine(s, at)
    if s.review and not s.is_examining:
        yield from review(s, at)


def examine(s: State, at: int) -> Steps:
    """Look through a slice of lines, then of those in none, for whom the rules or a closed queue now concern."""
    look = _Look(s, at)
    lines, mark = 0, s.examined
    for number in s.unexamined:
        reached = look.through(s.matching.classes[number], mark)
        if reached is not None:
            mark = reached
            break
        lines, mark = lines + 1, BEGINNING
    strays = look.at_strays() if lines == len(s.unexamined) else 0
    yield ev.Examined(lines, mark, strays, tuple(look.found))


@dataclass(slots=True)
class _Look:
    """One slice of looking. `moving` says of each kind met whether the rules would put it elsewhere."""

    s: State
    at: int
    found: list[Place] = field(default_factory=list)
    moving: dict[Standing, bool] = field(default_factory=dict)
    spent: int = 0

    def through(self, cls: Class, beyond: Place) -> Place | None:
        """Look through a line beyond a place; return how far it came, or None at its end."""
        convs, last = self.s.convs, 0
        is_shut = not self.s.queue_state(cls.queue).serves(self.at)
        for conv in cls.in_order(convs.key_of, beyond):
            if self.spent >= EXAMINED_SLICE:
                return (convs.key_of(last), last) if last else beyond
            self.spent += 1
            last = conv
            if is_shut or self._is_concerned(convs.standing_of(conv)):
                self.found.append((convs.key_of(conv), conv))
        return None

    def at_strays(self) -> int:
        """Look at those in no line; return how many."""
        looked_at = 0
        for conv_id in self.s.strays:
            if self.spent >= EXAMINED_SLICE:
                break
            self.spent += 1
            looked_at += 1
            conv = self.s.convs.get(conv_id)
            if conv is not None and conv.state == DEFERRED and not is_handed(conv) and self._is_to_be_moved(conv):
                self.found.append((conv.key_ms, conv_id))
        return looked_at

    def _is_to_be_moved(self, conv: Conv) -> bool:
        if self._is_concerned(self.s.convs.standing_of(conv.id)):
            return True
        queue = self.s.queue_state(conv.queue)
        return not is_kept_for_a_time(self.s, conv) and (queue.open or conv.due_ms != queue.until_ms)

    def _is_concerned(self, standing: Standing) -> bool:
        if not standing.by_rule and standing.cls.queue in self.s.queues:
            return False
        known = self.moving.get(standing)
        if known is None:
            self.spent += NEW_COUNTS_AS
            known = self.moving[standing] = moves(self.s, self.at, standing)
        return known


def review(s: State, at: int) -> Steps:
    """Place a slice of those who were found again, the oldest place first."""
    yield ev.Reviewed(min(REVIEW_SLICE, len(s.review)))
    for conv_id in s.reviewed:
        conv = s.convs.get(conv_id)
        if conv is not None and conv.state in {WAITING, DEFERRED}:
            yield from _look_again_at(s, at, conv)


def _look_again_at(s: State, at: int, conv: Conv) -> Steps:
    """Only conversations that a rule placed may move; each move is an event and keeps its place."""
    before = conv.cls
    if is_handed(conv):
        return
    if (conv.rule and not conv.off_hours) or conv.queue not in s.queues:
        yield from reroute(s, at, conv)
    moved = conv.cls is not before
    if conv.state == DEFERRED and is_kept_for_a_time(s, conv):
        return
    if conv.state == DEFERRED:
        queue = s.queue_state(conv.queue)
        if moved or queue.open or conv.due_ms != queue.until_ms:
            yield from opening(s, at, conv)
    elif not s.queue_state(conv.queue).serves(at):
        yield from off_hours(s, at, conv, told=False)
    elif moved:
        yield from place(s, at, conv, "config")
