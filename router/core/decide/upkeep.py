"""What time, configuration and leadership bring: deadlines, openings and closings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heapify, heappop, heappush

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Refused
from router.core.calendar import is_open, next_change, next_open
from router.core.deadlines import AGENT, CONVERSATION, LEG, OUTSIDE, PARTICIPANT, QUEUE, REST, SHIFT, WINDOW, Due
from router.core.decide.answering import lapse
from router.core.decide.forgotten import stands_still
from router.core.decide.hastening import close_window, hasten, leave_team, window_ends
from router.core.decide.live_legs import leg_due
from router.core.decide.openings import emergency_ends, opening, order_emergency
from router.core.decide.outside import asking_outside_ends
from router.core.decide.overflow import LOOK_AGAIN_MS
from router.core.decide.participants import asking_ends
from router.core.decide.patience import WAITING_BOUND_MS, prompt, prompted_ms
from router.core.decide.people import end_work, shift_ends
from router.core.decide.placing import Steps, ask, flow_over, place
from router.core.decide.widening import widen
from router.core.decide.wrapping import wrap_up_ends
from router.core.flexibility import bits
from router.core.lifecycle import ACTIVE, DEFERRED, HELD, OFFERED, WAITING, WRAP_UP
from router.core.state import Conv, State


def take_lead(s: State, at: int, c: cmd.TakeLead) -> Steps:
    """Opens each leadership: promises between us and agents move on by the gap."""
    grace_ms = s.bundle.grace_ms if s.bundle else 0
    yield ev.LeadTaken(c.epoch, max(c.gap_ms, 0), c.release, at + grace_ms)


def apply_config(s: State, at: int, c: cmd.ApplyConfig) -> Steps:
    """Swap in a bundle; queues open and close by it at once, and what waits is reviewed in slices."""
    if c.hash == s.bundle_hash:
        return
    offering = {name for name in s.queues if s.is_offering(name)}
    yield ev.ConfigApplied(c.hash, c.proposer, c.by, c.why)
    for name in sorted(c.bundle.queues):
        yield from turn_queue(s, at, name, was_offering=name in offering)


def order_closure(s: State, at: int, c: cmd.OrderClosure) -> Steps:
    """A supervisor closes a queue now, until a time; 0 lifts it."""
    if c.queue not in s.queues:
        yield Refused("queue_unknown")
        return
    if c.until_ms and c.until_ms <= at:
        yield Refused("until_past")
        return
    yield ev.ClosureOrdered(c.queue, c.until_ms, c.by, c.reason)
    yield from turn_queue(s, at, c.queue)


def emergency(s: State, at: int, c: cmd.OrderEmergency) -> Steps:
    """One button for the site: everything is closed now, with an announcement of its own."""
    yield from order_emergency(s, at, c, turn_queue)


def turn_queue(s: State, at: int, name: str, *, was_offering: bool = False) -> Steps:
    """Say whether a queue is open now, by closure and calendar, and let in or send on whom that concerns.

    Who waits in one that `was_offering` already has been asked for: whatever gives somebody room asks again by itself.
    """
    assert s.bundle is not None, "queues come with a configuration"
    spec, state = s.bundle.queues[name], s.queues[name]
    calendar = s.bundle.calendars[spec.hours]
    if 0 < state.closure_until_ms <= at:
        yield ev.ClosureOrdered(name, 0, 0, "expired")
    closed_until_ms = max(state.closure_until_ms, s.emergency_until_ms)
    if s.emergency_until_ms > at:
        yield from _shut_queue(s, at, name, until_ms=next_open(calendar, closed_until_ms), why="emergency", serve=False)
    elif state.closure_until_ms:
        yield from _shut_queue(s, at, name, until_ms=next_open(calendar, state.closure_until_ms), why="closure")
    elif is_open(calendar, at):
        yield ev.QueueOpened(name, next_change(calendar, at))
        if not was_offering:
            yield from _let_in(s, at, name)
    else:
        yield from _shut_queue(s, at, name, until_ms=next_change(calendar, at), why="hours")


def _shut_queue(s: State, at: int, name: str, *, until_ms: int, why: str, serve: bool = True) -> Steps:
    state = s.queues[name]
    serve_ms = s.queue_spec(name).closing.serve_ms if state.open else 0
    serve_until_ms = at + serve_ms if state.open else max(state.serve_until_ms, at)
    serve_until_ms = serve_until_ms if serve else at
    yield ev.QueueClosed(name, serve_until_ms, until_ms, why)


def _let_in(s: State, at: int, name: str) -> Steps:
    """An opening queue asks for everybody who waits in its lines, the most urgent first.

    Where one is taken by nobody, nobody takes those behind: a line is looked at as far as it is served.
    """
    m = s.matching
    lines = (m.in_line(m.classes[number]) for number in bits(m.of_queue.get(name, 0) & m.waiting))
    first = [head for line in lines if (head := _next_of(line, at)) is not None]
    heapify(first)
    while first:
        _, _, conv_id, line = heappop(first)
        conv = s.convs[conv_id]
        yield from ask(s, at, conv)
        head = _next_of(line, at) if conv.state != WAITING or conv.resting else None
        if head is not None:
            heappush(first, head)


def _next_of(line: Iterator[Conv], at: int) -> tuple[int, int, int, Iterator[Conv]] | None:
    conv = next(line, None)
    return (-conv.cls.slope.score(at, conv.key_ms), conv.key_ms, conv.id, line) if conv is not None else None


def fall_due(s: State, at: int, due: Due) -> Steps:
    """Do what a deadline says, if it still stands."""
    return _DUE[due[1]](s, at, due)


def _queue_due(s: State, at: int, due: Due) -> Steps:
    due_ms, _, _, which, name = due
    if not name:
        if s.emergency_until_ms == due_ms:
            yield from emergency_ends(s, at, turn_queue)
        return
    state = s.queues.get(name)
    if state is None:
        return
    if which == 1:
        if not state.open and state.serve_until_ms == due_ms:
            yield ev.QueueClosed(name, at, state.until_ms, "served")
        return
    if due_ms in {state.until_ms, state.closure_until_ms}:
        yield from turn_queue(s, at, name)


def _conversation_due(s: State, at: int, due: Due) -> Steps:
    conv = s.convs.get(due[3])
    if conv is None or conv.due_ms != due[0]:
        return iter(())
    return _CONVERSATION_DUE[conv.state](s, at, conv)


def _hold_ends(s: State, at: int, conv: Conv) -> Steps:
    yield from place(s, at, conv, "hold_over" if conv.held_for in s.agents else "owner_absent")


def _waits(s: State, at: int, conv: Conv) -> Steps:
    return _PROMPTED[prompt(s, at, conv)](s, at, conv)


def _waits_long(s: State, at: int, conv: Conv) -> Steps:
    due_ms, waited_ms = prompted_ms(s, at, conv), at - (conv.leg_ms or at)
    looks = bool(s.queue_spec(conv.queue).overflow)
    if looks and not WAITING_BOUND_MS <= waited_ms < waited_ms // WAITING_BOUND_MS * WAITING_BOUND_MS + LOOK_AGAIN_MS:
        yield ev.LookedAt(conv.id, due_ms)
    else:
        yield ev.Reminded(conv.id, "queue", "waiting_long", due_ms)


def _overflows(s: State, at: int, conv: Conv) -> Steps:
    """Its queue has become too much: sent on, or told of another way and looked at again."""
    yield from flow_over(s, at, conv)
    if conv.state == WAITING and conv.due_ms <= at:
        yield ev.LookedAt(conv.id, prompted_ms(s, at, conv))


def _rest_ends(s: State, at: int, due: Due) -> Steps:
    conv, agent = s.convs.get(due[3]), due[2]
    if conv is None or (conv.resting or {}).get(agent) != due[0]:
        return
    yield ev.RestEnded(conv.id, agent)
    if conv.state == WAITING:
        yield from ask(s, at, conv)


def _grace_ends(s: State, at: int, due: Due) -> Steps:
    agent = s.agents.get(due[3])
    if agent is not None and agent.grace_until_ms == due[0]:
        yield from end_work(s, at, agent, "desk_lost")


_DUE: dict[int, Callable[[State, int, Due], Steps]] = {
    QUEUE: _queue_due,
    CONVERSATION: _conversation_due,
    REST: _rest_ends,
    AGENT: _grace_ends,
    SHIFT: shift_ends,
    PARTICIPANT: asking_ends,
    LEG: leg_due,
    OUTSIDE: asking_outside_ends,
    WINDOW: window_ends,
}

_CONVERSATION_DUE: dict[str, Callable[[State, int, Conv], Steps]] = {
    WAITING: _waits,
    HELD: _hold_ends,
    OFFERED: lapse,
    ACTIVE: stands_still,
    WRAP_UP: wrap_up_ends,
    DEFERRED: opening,
}

# What a prompt of `patience.PROMPTS` does, by its name.
_PROMPTED: dict[str, Callable[[State, int, Conv], Steps]] = {
    "": _waits_long,
    "window_closed": close_window,
    "window": hasten,
    "team": leave_team,
    "widen": widen,
    "overflow": _overflows,
}
