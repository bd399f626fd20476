"""Nothing loses its reply window while an eligible agent is free: random floors, judged by scans event by event.

Every window that a platform has is drawn here: 48 hours with and without a count, a day, a minute, one answer only.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from router.core import events as ev
from router.core.bundle import DAY_MS, HOUR_MS, MINUTE_MS, Affinity, Bundle, OffHours, Queue
from router.core.decide import patience
from router.core.decide.windows import WAKE_MS_MIN, is_hastened
from router.core.evolve import evolve, remember
from router.core.lifecycle import HELD, OFFERED, WAITING
from router.core.state import Conv
from tests.core.choice_oracle import could_take
from tests.core.floor_plan import FOREVER_MS, bundle
from tests.core.oracle import OWN_AGENT
from tests.core.walk import Walk
from tests.core.world import TEXTS, World, daily, eager_queues, relieved_queues

# How long a platform takes answers, and how many (-1: no count).
WINDOWS: tuple[tuple[int, int], ...] = (
    (0, -1),  # telephone, mail, form, SMS, Telegram
    (48 * HOUR_MS, 5),  # WeChat, WeCom
    (48 * HOUR_MS, -1),  # Weibo
    (48 * HOUR_MS, 1),  # Weibo, of a mention
    (DAY_MS, -1),  # WhatsApp, Messenger
    (MINUTE_MS, 3),  # WeChat, of a click, a follow, a scan
    (MINUTE_MS, 1),  # LINE, by its reply token
    (20 * MINUTE_MS, 5),  # none of the platforms: closes within what a walk waits at once
)
# Who is asked by name goes before windows, as before everything.
BY_NAME = OWN_AGENT | {"named_agent"}
WALKS = {"quick": 12, "prove": 3_000}[os.environ.get("HYPOTHESIS_PROFILE", "quick")]
STEPS, STRETCHES = 300, 20
# What is due at once is done a moment later.
WORKED_OFF_MS = 1
IN_QUEUE = (WAITING, HELD, OFFERED)


def floors() -> dict[str, Bundle]:
    """Return configurations with holds, rings, rests, overflow and hours in the way of a window."""
    hours = {"office": daily(0, 14), "always": (0, FOREVER_MS)}
    own = {"same_customer": Affinity(hold_ms=HOUR_MS), "last_agent": Affinity(within_ms=DAY_MS, hold_ms=HOUR_MS)}
    general = Queue(
        name="general",
        hours="office",
        off_hours=OffHours(then="night"),
        affinity=own,
        related=True,
        rest_ms=120_000,
        window_closed="other-line",
        clock="clock",
    )
    patient = Queue(name="general", hours="always", order="priority", offer_ms=5_000, owner_absent_ms=DAY_MS)
    plain = bundle(calendars=hours)
    return {
        "plain": bundle(calendars=hours, queues={**plain.queues, "general": general}),
        "eager": bundle(calendars=hours, queues=eager_queues()),
        "relieved": bundle(calendars=hours, queues=relieved_queues(), texts=TEXTS),
        "patient": bundle(calendars=hours, queues={**plain.queues, "general": patient}, fair_every=1),
    }


@dataclass(slots=True)
class Watched(World):
    """A floor whose every event is held against a scan of the state before it."""

    met: Counter[str] = field(default_factory=Counter)
    nobody_led_ms: int = 0  # by so much holds have moved on, as all between us and agents does

    def _follow(self, entry: ev.Entry) -> None:
        self.entries.append(entry)
        for event in entry.events:
            judge = _JUDGES.get(type(event))
            if judge is not None:
                judge(self, event, entry.at)
            evolve(self.replica, entry.at, event, self.configurations)
            self._store(event)
        remember(self.replica, entry.command, entry.at)
        for conv in self.replica.convs.values():
            if conv.hasten_ms and conv.state in IN_QUEUE:
                self._see_in_queue(conv, entry.at)

    def _see_in_queue(self, conv: Conv, at: int) -> None:
        """Whoever could take it has it offered; and no hold outlives the time in which there was no hurry."""
        self.met[f"{conv.state} with a window"] += 1
        if conv.state == WAITING:
            assert not self.takers(conv), "somebody free, and somebody waits whose window runs"
        elif conv.state == HELD and at < conv.window_ms:
            bound_ms = max(conv.hasten_ms, at + WORKED_OFF_MS) + self.nobody_led_ms
            assert conv.due_ms <= bound_ms, "held into the time that is short"

    def takers(self, conv: Conv) -> list[int]:
        return [agent.id for agent in self.replica.agents.values() if could_take(self.replica, agent, conv)]

    def pressing(self, at: int) -> list[Conv]:
        """Return who waits in the last part of a window, the whole of what comes before having been worked off."""
        waits = (conv for conv in self.replica.convs.values() if conv.state == WAITING and conv.hasten_ms)
        return [conv for conv in waits if conv.hasten_ms <= at < conv.window_ms]

    def see_closed(self, event: ev.WindowClosed, at: int) -> None:
        conv = self.replica.convs[event.conv]
        self.met[f"lost while {conv.state}"] += 1
        assert at >= conv.window_ms > 0
        assert conv.state != HELD, "kept for one agent until its window had closed"
        if conv.state == WAITING:
            assert not self.takers(conv), "a window lost in vain"

    def see_lead(self, event: ev.LeadTaken, at: int) -> None:
        assert at
        self.nobody_led_ms += event.gap_ms

    def see_given(self, event: ev.Offered | ev.RangAlso, at: int) -> None:
        """Nobody is given other work while they could have kept somebody's window."""
        agent, given = self.replica.agents[event.agent], self.replica.convs[event.conv]
        pressed = [conv for conv in self.pressing(at) if is_hastened(conv)]
        if is_hastened(given):
            self.met["hastened and offered"] += 1
        elif isinstance(event, ev.RangAlso) or event.why[0] not in BY_NAME:
            passed = [conv.id for conv in pressed if could_take(self.replica, agent, conv)]
            assert not passed, f"{given.id} was given to {agent.id}, and the windows of {passed} are closing"

    def see_parked(self, event: ev.Parked, at: int) -> None:
        """Who is parked while the customer waits for an answer comes back while one can still be given."""
        conv = self.replica.convs[event.conv]
        if event.record.relief and event.record.relief.callback:
            return  # called back when the customer said, over whatever line they said
        if conv.actor == "agent" and conv.hasten_ms and conv.window_ms - at >= WAKE_MS_MIN:
            self.met["parked, and to be answered"] += 1
            assert 0 < event.until_ms < event.record.window_ms, "parked until its window has closed"

    def wait(self, ms: int, *, at_once: bool = False) -> None:
        World.wait(self, ms, at_once=at_once)  # Named in full: a class with slots is made twice.
        for conv in self.pressing(self.at):
            self.met["waits and presses"] += 1
            assert is_hastened(conv) or conv.due_ms <= self.at + WORKED_OFF_MS, (
                "nothing hastens whose window is closing"
            )


_JUDGES: dict[type[ev.Event], Any] = {
    ev.WindowClosed: Watched.see_closed,
    ev.Offered: Watched.see_given,
    ev.RangAlso: Watched.see_given,
    ev.LeadTaken: Watched.see_lead,
    ev.Parked: Watched.see_parked,
}


def walked(seed: int) -> Watched:
    chance = random.Random(f"windows/{seed}")

    def look_up(world: World, line: int) -> dict[str, Any]:
        window_ms, replies = chance.choice(WINDOWS)
        spare = chance.choice((0, 100 + line)) if window_ms else 0
        return {"window_ms": window_ms and world.at + window_ms, "replies": replies, "spare_line": spare}

    world = Watched(judged=False, configurations=floors(), look_up=look_up)
    world.begin()
    for _ in range(chance.randrange(3)):
        Walk(world, chance).sign_in()
    for _ in range(STRETCHES):
        Walk(world, chance).run(STEPS // STRETCHES)
        _to_the_next_hurry(world, chance)
    return world


def _to_the_next_hurry(world: Watched, chance: random.Random) -> None:
    """Let time pass until somebody's window is about to close, and a little more."""
    convs = world.state.convs.values()
    presses = [conv.hasten_ms for conv in convs if conv.state in IN_QUEUE and conv.hasten_ms > world.at]
    if presses:
        world.wait(min(presses) - world.at + chance.choice((0, 1_000, 10_000)))


@pytest.mark.parametrize("seed", range(WALKS))
def test_nothing_loses_its_window_while_somebody_who_could_take_it_is_free(seed: int) -> None:
    assert walked(seed).entries


def test_the_walks_meet_every_way_in_which_a_window_is_kept_or_lost() -> None:
    met: Counter[str] = Counter()
    for seed in range(12):
        met += walked(seed).met
    assert set(met) >= {
        *(f"{state} with a window" for state in IN_QUEUE),
        "waits and presses",
        "hastened and offered",
        "parked, and to be answered",
        f"lost while {WAITING}",
    }, met


def test_a_floor_that_hastens_nobody_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(patience.PROMPTS, "window", lambda *_: 0)
    with pytest.raises(AssertionError, match="nothing hastens"):
        Counter(len(walked(seed).entries) for seed in range(40))
