"""Stories of mornings after a full night, of emergencies, and of customers who fall silent; one sentence each."""

from __future__ import annotations

from typing import Any

from router.core import commands as cmd
from router.core import events as ev
from router.core.bundle import HOUR_MS, MINUTE_MS, Bundle, Closing, OffHours, Opening, Queue, Silence
from router.core.decide.openings import SPREAD_MS_MAX
from router.core.lifecycle import ACTIVE, DEFERRED, OFFERED, WAITING
from tests.core.floor_plan import MONDAY_MS, Floor, bundle, desk, names

NIGHT_MS = MONDAY_MS + 10 * HOUR_MS
OPENS_MS = MONDAY_MS + 24 * HOUR_MS
STEP_MS = 3_000
TEXTS = {"fire": {"en": "We had to leave the house."}, "still-there": {"en": "Are you there?"}}


def running(**general: Any) -> Bundle:
    spec = Queue(**{"name": "general", "hours": "office", "off_hours": OffHours(), **general})
    return bundle(queues={**bundle().queues, "general": spec}, texts=TEXTS)


def of(kind: type[Any], events: list[ev.Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def night(count: int, per_minute: int = 20) -> Floor:
    """So many mails have come in the night."""
    floor = Floor(running(opening=Opening(per_minute=per_minute)), at=NIGHT_MS)
    for line in range(1, count + 1):
        floor.arrive(line, channel="email")
    floor.wait(OPENS_MS - floor.at)
    return floor


def waiting(floor: Floor) -> list[int]:
    return [conv.id for conv in floor.state.matching.in_order("general")]


def test_five_hundred_of_the_night_come_in_by_twenty_a_minute_in_order() -> None:
    floor = night(500)
    assert waiting(floor) == []
    floor.wait(MINUTE_MS)
    assert waiting(floor) == list(range(1, 21))
    floor.wait(24 * MINUTE_MS)
    assert waiting(floor) == list(range(1, 501))


def test_who_calls_fresh_is_served_before_the_night_has_come_in() -> None:
    floor = night(500)
    floor.sign_in(7, capacity=25)
    desk(floor, 7)
    made = floor.arrive(501)
    assert of(ev.Offered, made)[0].conv == 501


def test_live_lines_are_never_held_back_at_an_opening() -> None:
    floor = Floor(running(opening=Opening(per_minute=1)), at=NIGHT_MS)
    floor.arrive(1, channel="email")
    floor.arrive(2)
    floor.wait(OPENS_MS - floor.at)
    assert waiting(floor) == [2]


def test_the_last_of_a_long_night_is_in_line_after_two_hours() -> None:
    floor = night(50, per_minute=1)
    floor.wait(SPREAD_MS_MAX)
    assert len(waiting(floor)) == 50
    much = night(200, per_minute=1)
    much.wait(SPREAD_MS_MAX)
    assert len(waiting(much)) == 200


def test_a_new_configuration_does_not_let_the_night_in_at_once() -> None:
    floor = night(100)
    again = running(opening=Opening(per_minute=20), hold_ms=1)
    floor.do(cmd.ApplyConfig(id="again", hash="b2", bundle=again))
    floor.wait(MINUTE_MS)
    assert waiting(floor) == list(range(1, 21))


def test_without_a_pace_everybody_comes_in_at_the_opening() -> None:
    assert len(waiting(night(50, per_minute=0))) == 50


def test_a_closing_in_the_middle_keeps_the_rest_for_the_next_opening() -> None:
    floor = night(100)
    floor.wait(MINUTE_MS)
    until_ms = floor.at + HOUR_MS
    floor.do(cmd.OrderClosure(id="shut", queue="general", until_ms=until_ms, by=1, reason="drill"))
    floor.wait(HOUR_MS - 1)
    assert waiting(floor) == []
    assert {conv.due_ms for conv in floor.state.convs.values()} == {until_ms}
    floor.wait(10 * MINUTE_MS)
    assert waiting(floor) == list(range(1, 101))


# --- emergency -----------------------------------------------------------------------------------------------


def alarm(floor: Floor, ms: int = HOUR_MS) -> list[ev.Event]:
    until_ms = floor.at + ms if ms else 0
    return floor.do(cmd.OrderEmergency(id=floor.id(), until_ms=until_ms, notice="fire", by=3, reason="fire"))


def test_an_emergency_closes_every_queue_and_says_who_and_why() -> None:
    floor = Floor(running())
    made = alarm(floor)
    ordered = of(ev.EmergencyOrdered, made)[0]
    assert (ordered.by, ordered.reason, ordered.until_ms) == (3, "fire", floor.at + HOUR_MS)
    assert {event.queue: event.why for event in of(ev.QueueClosed, made)} == dict.fromkeys(
        ("general", "billing", "night"), "emergency"
    )


def test_who_waits_and_who_comes_hears_the_announcement_once_and_keeps_their_place() -> None:
    floor = Floor(running())
    floor.arrive(1)
    alarm(floor)
    made = [*floor.wait(1), *floor.arrive(2), *floor.wait(MINUTE_MS)]
    told = of(ev.Announced, made)
    assert [(event.conv, event.notice) for event in told] == [(1, "fire"), (2, "fire")]
    assert {conv.state for conv in floor.state.convs.values()} == {DEFERRED}
    assert {conv.queue for conv in floor.state.convs.values()} == {"general"}
    assert names(floor.do(cmd.LeaveLine(id="bye", line=1))) == ["CustomerLeft"]


def test_it_is_over_by_itself_and_everybody_is_back_in_line() -> None:
    floor = Floor(running())
    for line in (1, 2):
        floor.arrive(line)
    alarm(floor)
    made = floor.wait(HOUR_MS)
    assert of(ev.EmergencyOrdered, made)[0].reason == "expired"
    assert floor.state.emergency_until_ms == 0
    assert waiting(floor) == [1, 2]
    assert [name for name, queue in floor.state.queues.items() if not queue.open] == []


def test_it_is_lifted_by_hand() -> None:
    floor = Floor(running())
    floor.arrive(1)
    alarm(floor)
    floor.wait(MINUTE_MS)
    alarm(floor, 0)
    floor.wait(1)
    assert waiting(floor) == [1]
    assert alarm(floor, 0) == []


def test_a_queue_that_is_closed_anyway_stays_closed_after_it() -> None:
    floor = Floor(running(), at=NIGHT_MS)
    alarm(floor)
    floor.wait(HOUR_MS)
    assert not floor.state.queues["general"].open
    assert floor.state.queues["night"].open


def test_those_who_are_being_served_go_on_and_nothing_new_is_offered() -> None:
    floor = Floor(running(closing=Closing(serve_ms=HOUR_MS)))
    floor.sign_in(7, capacity=25)
    desk(floor, 7)
    floor.arrive(1)
    floor.accept(1)
    floor.arrive(2)
    alarm(floor)
    floor.wait(1)
    assert floor.state.convs[1].state == ACTIVE
    floor.do(cmd.Close(id="done", agent=7, conv=1, disposition="solved"))
    assert floor.state.convs[2].state == DEFERRED


def test_what_rings_may_still_be_taken() -> None:
    floor = Floor(running())
    floor.sign_in(7)
    desk(floor, 7)
    floor.arrive(1)
    alarm(floor)
    assert floor.state.convs[1].state == OFFERED
    floor.accept(1)
    assert floor.state.convs[1].state == ACTIVE


# --- silent customers -----------------------------------------------------------------------------------------


def silent(**general: Any) -> Floor:
    """An agent has answered a chat and waits."""
    silence = {"chat": Silence(remind_ms=3 * MINUTE_MS, close_ms=10 * MINUTE_MS, notice="still-there")}
    floor = Floor(running(silent=silence, **general))
    floor.sign_in(7)
    desk(floor, 7)
    floor.arrive(1)
    floor.accept(1)
    floor.do(cmd.Reply(id="hello", agent=7, conv=1, message=5))
    return floor


def test_a_silent_customer_is_reminded_and_then_left_alone_by_name() -> None:
    floor = silent()
    made = floor.wait(3 * MINUTE_MS)
    assert names(made) == ["Reminded", "Announced"]
    assert made[1].notice == "still-there"  # type: ignore[attr-defined]
    made = floor.wait(7 * MINUTE_MS)
    assert names(made) == ["Closed"]
    assert of(ev.Closed, made)[0].why == "customer_silent"
    assert floor.state.agents[7].used == 0


def test_who_answers_after_the_reminder_has_all_their_time_again() -> None:
    floor = silent()
    floor.wait(3 * MINUTE_MS)
    floor.arrive(1)
    floor.do(cmd.Reply(id="more", agent=7, conv=1, message=6))
    assert names(floor.wait(3 * MINUTE_MS)) == ["Reminded", "Announced"]


def test_nobody_is_closed_while_the_agent_owes_an_answer() -> None:
    floor = silent()
    floor.arrive(1)
    assert of(ev.Closed, floor.wait(HOUR_MS)) == []


def test_nobody_is_closed_while_the_agent_has_put_them_on_hold() -> None:
    floor = silent()
    floor.do(cmd.HoldLine(id="hold", agent=7, conv=1, on=True))
    assert of(ev.Closed, floor.wait(HOUR_MS)) == []


def test_other_channels_are_only_said_aloud() -> None:
    floor = silent()
    floor.arrive(2, channel="email")
    floor.accept(2)
    floor.do(cmd.Reply(id="mail", agent=7, conv=2, message=6))
    made = [event for event in floor.wait(HOUR_MS) if getattr(event, "conv", 0) == 2]
    assert set(names(made)) == {"Reminded"}
    assert WAITING not in {conv.state for conv in floor.state.convs.values()}
