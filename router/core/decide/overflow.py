"""When a queue is too much for somebody who waits, and what else there is for them. It reads and yields nothing.

A way is taken once: never twice through a queue, never the same thing said twice, a few hops at the most.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from router.core.bundle import MINUTE_MS, Overflow
from router.core.estimate import estimated_ms
from router.core.events import Needs
from router.core.flexibility import bits
from router.core.record import NO_RELIEF, Relief
from router.core.rules import needs_of
from router.core.state import Conv, State

# A customer who is sent on more often than this is being sent round.
HOPS_MAX = 3
# A way that was not open when its time came (its queue closed, or with nobody in it) is tried again after so long.
LOOK_AGAIN_MS = 5 * MINUTE_MS
# Ways after which a customer may leave the line and has given nothing up.
KEPT = frozenset({"voicemail", "email"})


class WayOut(NamedTuple):
    """A way that is open now, why it is taken, and the figures that say so."""

    rule: Overflow
    why: str
    waiting: int
    wait_ms: int


Met = Callable[[State, int, Conv, Overflow], int | None]


def _waited_ms(at: int, conv: Conv) -> int:
    return at - (conv.leg_ms or at)


def _full(s: State, at: int, conv: Conv, rule: Overflow) -> int | None:
    """Only who comes last is too many."""
    comes = conv.leg_ms == at
    return 0 if comes and s.matching.queued.get(conv.queue, 0) > rule.waiting_max else None


def _slow(s: State, at: int, conv: Conv, rule: Overflow) -> int | None:
    waited_ms = _waited_ms(at, conv)
    if waited_ms >= rule.after_ms:
        return waited_ms
    estimate_ms = estimated_ms(s, at, conv) if conv.leg_ms == at else 0
    return estimate_ms if estimate_ms > rule.after_ms else None


def _nobody(s: State, at: int, conv: Conv, rule: Overflow) -> int | None:
    waited_ms = _waited_ms(at, conv)
    return waited_ms if waited_ms >= rule.after_ms and not _is_able(s, conv.cls.profiles, conv.cls.needs) else None


# When a rule's word holds: its figure in ms, or None.
MET: dict[str, Met] = {"full": _full, "slow": _slow, "nobody": _nobody}


def way_out(s: State, at: int, conv: Conv) -> WayOut | None:
    """Return the first way that is called for and open to a conversation in line."""
    relief = conv.relief or NO_RELIEF
    for rule in s.queue_spec(conv.queue).overflow:
        if not _is_ever_open(s, conv, rule, relief):
            continue
        wait_ms = MET[rule.when](s, at, conv, rule)
        if wait_ms is not None and (rule.way != "queue" or _is_better(s, conv, rule.to)):
            waiting = s.matching.queued.get(conv.queue, 0)
            return WayOut(rule, f"overflow_{rule.when}", waiting, wait_ms)
    return None


def _is_ever_open(s: State, conv: Conv, rule: Overflow, relief: Relief) -> bool:
    """Return whether this way may still be taken by this customer at all."""
    if rule.channels and conv.channel not in rule.channels:
        return False
    if rule.way == "queue":
        # Whoever has come back to a queue that has sent them on, by an order or a dropped queue, stays: see HOPS_MAX.
        there_and_back = {rule.to, conv.queue} & {*relief.passed} or rule.to == conv.queue
        return len(relief.passed) < HOPS_MAX and not there_and_back
    if rule.way == "callback" and (relief.callback or not s.queue_spec(conv.queue).callback.mode):
        return False
    return not conv.no_notice and not conv.gone and rule.way not in relief.told


def _is_better(s: State, conv: Conv, to: str) -> bool:
    """Return whether the other queue is open, has somebody who can serve, and is not full itself."""
    if s.bundle is None or to not in s.bundle.queues or not s.queue_state(to).open:
        return False
    full = [rule.waiting_max for rule in s.queue_spec(to).overflow if rule.when == "full"]
    if full and s.matching.queued.get(to, 0) >= min(full):
        return False
    return _is_staffed(s, to, conv)


def _is_staffed(s: State, queue: str, conv: Conv) -> bool:
    """Return whether somebody is signed in who could serve a conversation like this in another queue."""
    assert s.bundle is not None, "queues come with a configuration"
    language = s.facts.by_number[conv.facts].language
    needs = needs_of(s.bundle, queue, conv.channel, language=language)
    known = s.matching.class_of(queue, conv.channel, needs, load=conv.load, priority=conv.cls.priority)
    if known is not None:
        return _is_able(s, known.profiles, needs)
    return any(profile.agents and _has(profile.abilities, needs) for profile in s.matching.profiles)


def _is_able(s: State, profiles: int, needs: Needs) -> bool:
    """Return whether somebody signed in can do this, now or once a channel of theirs is below its limit again."""
    if any(s.matching.profiles[index].agents for index in bits(profiles)):
        return True
    return any(agent.limits and _has(agent.abilities, needs) for agent in s.agents.values())


def _has(abilities: Needs, needs: Needs) -> bool:
    levels = dict(abilities)
    return all(levels.get(name, -1) >= level for name, level in needs)


def overflow_due_ms(s: State, at: int, conv: Conv) -> int:
    """A prompt: when a way out is next worth looking for; 0 for never, `at` when one is open now."""
    rules = s.queue_spec(conv.queue).overflow
    if not rules:
        return 0
    if conv.leg_ms and way_out(s, at, conv):
        return at
    relief, waited_ms = conv.relief or NO_RELIEF, _waited_ms(at, conv)
    timed = [rule.after_ms for rule in rules if rule.when != "full" and _is_ever_open(s, conv, rule, relief)]
    if not timed:
        return 0
    again_ms = (waited_ms // LOOK_AGAIN_MS + 1) * LOOK_AGAIN_MS
    return at - waited_ms + min(after_ms if after_ms > waited_ms else again_ms for after_ms in timed)


def is_kept(conv: Conv) -> bool:
    """Return whether the customer may leave the line and has given nothing up."""
    return conv.off_hours or bool(conv.relief and (conv.relief.kept or conv.relief.callback))
