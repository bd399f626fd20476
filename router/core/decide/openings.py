"""What was kept for an opening or a time: let in by and by, so that who calls fresh is not drowned. And emergencies."""

from __future__ import annotations

from collections.abc import Callable

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Refused
from router.core.bundle import HOUR_MS, MINUTE_MS
from router.core.decide.callbacks import fail
from router.core.decide.outside import handed_due, is_handed
from router.core.decide.placing import Steps, off_hours, place
from router.core.evolve_relief import STAGED
from router.core.state import Conv, State

# However many have come overnight, so long after the opening the last of them is in line.
SPREAD_MS_MAX = 2 * HOUR_MS

Turn = Callable[[State, int, str], Steps]


def opening(s: State, at: int, conv: Conv) -> Steps:
    """Deferred to an opening or a time: in line at the old place, a little later, or deferred on if still closed."""
    if is_handed(conv):
        yield from handed_due(s, at, conv)
        return
    if conv.relief and conv.relief.calling:
        yield from fail(s, at, conv, "no_answer")
        return
    if not s.queue_state(conv.queue).open and conv.queue in s.queues:
        yield from off_hours(s, at, conv, told=True)
        return
    slot_ms = _slot_ms(s, at, conv)
    if slot_ms > at:
        yield ev.Deferred(conv.id, conv.queue, slot_ms, STAGED)
    else:
        yield from place(s, at, conv, "callback_due" if conv.relief and conv.relief.callback else "opened")


def _slot_ms(s: State, at: int, conv: Conv) -> int:
    """Return when an opening queue has a place for it; 0 for now. Who is on the line is never held back."""
    queue, per_minute = s.queue_state(conv.queue), s.queue_spec(conv.queue).opening.per_minute
    if not per_minute or conv.live or is_staged(s, conv) or (conv.relief and conv.relief.callback):
        return 0
    if at >= queue.opened_ms + SPREAD_MS_MAX:
        return 0
    next_ms = max(queue.staged_ms, queue.opened_ms) + MINUTE_MS // per_minute
    last_ms = queue.opened_ms + SPREAD_MS_MAX
    return min(next_ms, last_ms, conv.hasten_ms or last_ms)


def is_staged(s: State, conv: Conv) -> bool:
    """Return whether it has been given its place in the course of this opening."""
    queue = s.queue_state(conv.queue)
    return queue.opened_ms < conv.due_ms <= queue.staged_ms


def is_kept_for_a_time(s: State, conv: Conv) -> bool:
    """Return whether a deferred conversation waits for its own time, whatever its queue does meanwhile."""
    if is_handed(conv) or (conv.relief and conv.relief.callback):
        return True
    return s.queue_state(conv.queue).open and is_staged(s, conv)


def order_emergency(s: State, at: int, c: cmd.OrderEmergency, turn: Turn) -> Steps:
    """Close everything now with an announcement of its own, until a time; 0 lifts it."""
    if s.bundle is None:
        yield Refused("not_configured")
        return
    if c.until_ms and c.until_ms <= at:
        yield Refused("until_past")
        return
    if c.until_ms and c.notice not in s.bundle.texts:
        yield Refused("notice_unknown")
        return
    if not c.until_ms and not s.emergency_until_ms:
        return
    yield ev.EmergencyOrdered(c.until_ms, c.notice if c.until_ms else "", c.by, c.reason)
    for name in sorted(s.bundle.queues):
        yield from turn(s, at, name)


def emergency_ends(s: State, at: int, turn: Turn) -> Steps:
    """An emergency that nobody lifted is over by itself."""
    yield ev.EmergencyOrdered(0, "", 0, "expired")
    for name in sorted(s.queues):
        if not s.queues[name].open:
            yield from turn(s, at, name)
