"""Alarms, each said before a customer does; one sentence each."""

from __future__ import annotations

from router.core import commands as cmd
from router.core.bundle import HOUR_MS, SECOND_MS
from router.views.alarms import (
    ALARMS,
    LETTERBOX_AGE_MS,
    LETTERBOX_AGES,
    OUTBOX_AGE_MS,
    OUTBOX_STANDS,
    QUEUE_UNSTAFFED,
    UNSTAFFED_AFTER_MS,
    Alarm,
    alarms,
)
from tests.core.floor_plan import MONDAY_MS, Floor

NOTHING = (0, 0)


def raised(floor: Floor, letters: tuple[int, int] = NOTHING, effects: tuple[int, int] = NOTHING) -> list[Alarm]:
    return alarms(floor.state, floor.at, letters=letters, effects=effects)


def names(found: list[Alarm]) -> list[tuple[str, str]]:
    return [(each.name, each.subject) for each in found]


def test_a_queue_that_is_open_with_nobody_signed_in_alarms_after_a_minute() -> None:
    floor = Floor()
    floor.wait(UNSTAFFED_AFTER_MS - 1)
    assert raised(floor) == []
    floor.wait(1)
    floor.arrive(1)
    found = raised(floor)
    assert names(found) == [(QUEUE_UNSTAFFED, name) for name in ("billing", "general", "night")]
    assert [(each.waiting, each.since_ms) for each in found] == [
        (0, MONDAY_MS + HOUR_MS),
        (1, MONDAY_MS + HOUR_MS),
        (0, MONDAY_MS + HOUR_MS),
    ]


def test_somebody_who_can_serve_it_ends_the_alarm_though_on_a_break() -> None:
    floor = Floor()
    floor.sign_in(7, abilities=(("channel:chat", 1),))
    floor.do(cmd.SetPresence(id="break", agent=7, presence="break"))
    floor.wait(UNSTAFFED_AFTER_MS)
    assert names(raised(floor)) == [(QUEUE_UNSTAFFED, "billing")]


def test_a_closed_queue_needs_nobody() -> None:
    floor = Floor()
    floor.wait(10 * HOUR_MS)
    assert names(raised(floor)) == [(QUEUE_UNSTAFFED, "night")]


def test_letters_and_effects_that_stand_alarm_with_their_age_and_number() -> None:
    floor = Floor()
    floor.wait(OUTBOX_AGE_MS - SECOND_MS)
    old = floor.at - LETTERBOX_AGE_MS
    assert raised(floor, letters=(3, old)) == [Alarm(LETTERBOX_AGES, "", old, 3)]
    assert raised(floor, letters=(3, old + 1)) == []
    stands = floor.at - OUTBOX_AGE_MS
    assert raised(floor, effects=(2, stands)) == [Alarm(OUTBOX_STANDS, "", stands, 2)]
    assert raised(floor, effects=(2, stands + 1)) == []


def test_every_alarm_has_its_sentence() -> None:
    assert set(ALARMS) == {QUEUE_UNSTAFFED, LETTERBOX_AGES, OUTBOX_STANDS}
    assert all(sentence.endswith(".") for sentence in ALARMS.values())
