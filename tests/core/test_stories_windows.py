"""Stories of reply windows: what is short goes first, what is parked wakes in time, what has closed is said by name."""

from __future__ import annotations

from typing import Any

import msgspec

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Refused
from router.core.bundle import DAY_MS, HOUR_MS, MINUTE_MS, Opening, Queue
from router.core.decide.windows import MARGIN_MS_MAX, hasten_ms
from router.core.lifecycle import ACTIVE, DEFERRED, OFFERED, WAITING
from router.core.orders import URGENT
from router.core.record import Record
from tests.core.floor_plan import MONDAY_MS, Floor, at_work, bundle, names

WINDOW_MS = 48 * HOUR_MS
ALWAYS = {"general": Queue(name="general", hours="always", park_ms=7 * DAY_MS)}


def floor_of(queue: Queue | None = None, **more: Any) -> Floor:
    plain = bundle()
    return Floor(bundle(queues={**plain.queues, **ALWAYS, **({"general": queue} if queue else {})}, **more))


def write(floor: Floor, line: int, *, window_ms: int = WINDOW_MS, replies: int = 5, **more: Any) -> list[ev.Event]:
    """A message of a platform that takes so many answers for so long."""
    message = floor.message(line, channel="email", record=more.pop("record", None))
    return floor.do(msgspec.structs.replace(message, window_ms=floor.at + window_ms, replies=replies, **more))


def test_a_window_is_short_when_a_quarter_is_left_and_two_hours_at_the_most() -> None:
    assert hasten_ms(0, WINDOW_MS) == WINDOW_MS - MARGIN_MS_MAX
    assert hasten_ms(0, 4 * MINUTE_MS) == 3 * MINUTE_MS
    assert hasten_ms(0, 0) == 0
    assert hasten_ms(10, 11) == 10


def test_the_message_brings_its_window_and_every_answer_counts() -> None:
    floor = floor_of()
    floor.sign_in(7)
    write(floor, 1)
    conv = floor.state.convs[1]
    assert (conv.window_ms, conv.replies_left) == (floor.at + WINDOW_MS, 4), "the confirmation was an answer too"
    floor.accept(1)
    for left in (3, 2, 1, 0):
        floor.do(cmd.Reply(id=floor.id(), agent=7, conv=1, message=5))
        assert floor.state.convs[1].replies_left == left
    assert floor.ask(cmd.Reply(id="r", agent=7, conv=1, message=5)) == Refused("replies_used")


def test_the_customer_renews_both() -> None:
    floor = floor_of()
    floor.sign_in(7)
    write(floor, 1, replies=1)
    floor.accept(1)
    floor.wait(MINUTE_MS)
    write(floor, 1)
    conv = floor.state.convs[1]
    assert (conv.window_ms, conv.replies_left) == (floor.at + WINDOW_MS, 5)


def test_the_widest_window_that_is_open_counts() -> None:
    floor = floor_of()
    floor.sign_in(7)
    write(floor, 1)
    until_ms = floor.state.convs[1].window_ms
    floor.wait(MINUTE_MS)
    write(floor, 1, window_ms=MINUTE_MS, replies=3)
    assert (floor.state.convs[1].window_ms, floor.state.convs[1].replies_left) == (until_ms, 4)


def test_a_short_window_helps_when_the_answers_of_the_wide_one_are_used_up() -> None:
    floor = floor_of()
    floor.sign_in(7)
    write(floor, 1, replies=1)
    assert floor.state.convs[1].replies_left == 0
    write(floor, 1, window_ms=MINUTE_MS, replies=3)
    assert (floor.state.convs[1].window_ms, floor.state.convs[1].replies_left) == (floor.at + MINUTE_MS, 3)


def test_automatic_mail_renews_nothing() -> None:
    floor = floor_of()
    floor.sign_in(7)
    write(floor, 1)
    until_ms = floor.state.convs[1].window_ms
    floor.wait(MINUTE_MS)
    write(floor, 1, quiet=True)
    assert floor.state.convs[1].window_ms == until_ms


def test_who_waits_with_a_window_about_to_close_goes_before_who_came_first() -> None:
    floor = floor_of()
    for line in (1, 2):
        floor.arrive(line, channel="email")
    write(floor, 3)
    floor.wait(WINDOW_MS - MARGIN_MS_MAX)
    conv = floor.state.convs[3]
    assert (conv.state, conv.cls.priority, conv.key_ms) == (WAITING, URGENT, conv.opened_ms)
    floor.sign_in(7, capacity=10)
    assert floor.state.convs[3].state == OFFERED


def test_hastening_is_said_by_name_and_begins_no_new_leg() -> None:
    floor = floor_of()
    write(floor, 1)
    leg_ms = floor.state.convs[1].leg_ms
    made = [event for event in floor.wait(WINDOW_MS - 1) if isinstance(event, (ev.Reclassed, ev.Queued))]
    assert names(made) == ["Reclassed", "Queued"]
    assert [event.why for event in made] == ["window_closing"] * 2
    assert floor.state.convs[1].leg_ms == leg_ms


def test_a_fair_turn_makes_nobody_lose_their_window() -> None:
    floor = floor_of(fair_every=1)
    floor.arrive(1, channel="email")
    write(floor, 2)
    floor.wait(WINDOW_MS - MARGIN_MS_MAX)
    floor.sign_in(7, capacity=10)
    assert floor.state.convs[2].state == OFFERED


def test_a_new_configuration_takes_nobodys_haste_away() -> None:
    floor = floor_of()
    write(floor, 1)
    floor.wait(WINDOW_MS - MARGIN_MS_MAX)
    leg_ms = floor.state.convs[1].leg_ms
    changed = bundle(queues={**bundle().queues, **ALWAYS}, reopen_ms=1)
    floor.do(cmd.ApplyConfig(id="new", hash="b2", bundle=changed))
    assert "Routed" not in names(floor.wait(MINUTE_MS))
    conv = floor.state.convs[1]
    assert (conv.cls.priority, conv.leg_ms) == (URGENT, leg_ms)


def test_a_window_that_has_closed_is_said_once_and_nothing_hastens_it_any_more() -> None:
    floor = floor_of()
    write(floor, 1)
    made = floor.wait(WINDOW_MS + 5 * HOUR_MS)
    closed = [event for event in made if isinstance(event, ev.WindowClosed)]
    assert closed == [ev.WindowClosed(1, 1, 0)]
    conv = floor.state.convs[1]
    assert (conv.state, conv.cls.priority, conv.hasten_ms) == (WAITING, 0, 0)
    floor.sign_in(7)
    floor.accept(1)
    assert floor.ask(cmd.Reply(id="r", agent=7, conv=1, message=5)) == Refused("window_closed")
    assert floor.do(cmd.Reply(id="s", agent=7, conv=1, message=5, line=2)), "another line takes it"


def test_answers_go_on_over_the_customers_other_line_where_the_queue_says_so() -> None:
    floor = floor_of(msgspec.structs.replace(ALWAYS["general"], window_closed="other-line"))
    write(floor, 1, spare_line=9)
    floor.wait(WINDOW_MS)
    conv = floor.state.convs[1]
    assert (conv.line, conv.more_lines, conv.window_ms, conv.replies_left) == (9, (1,), 0, -1)
    assert floor.state.lines == {1: 1, 9: 1}


def test_the_customer_who_writes_again_in_line_is_in_no_hurry_any_more_and_keeps_the_place() -> None:
    floor = floor_of()
    write(floor, 1)
    floor.arrive(2, channel="email")
    floor.wait(WINDOW_MS - MARGIN_MS_MAX)
    made = write(floor, 1)
    assert names(made)[-2:] == ["Reclassed", "Queued"]
    conv = floor.state.convs[1]
    assert (conv.cls.priority, conv.key_ms) == (0, conv.opened_ms)
    assert [each.id for each in floor.state.matching.in_order()] == [1, 2]
    assert "Reclassed" not in names(floor.wait(WINDOW_MS - MARGIN_MS_MAX - 1))
    assert "Reclassed" in names(floor.wait(1))


def parked(*, answered: bool, replies: int = 5) -> tuple[Floor, ev.Parked]:
    floor = floor_of()
    floor.sign_in(7)
    write(floor, 1, replies=replies)
    floor.accept(1)
    if answered:
        floor.do(cmd.Reply(id="r", agent=7, conv=1, message=5))
    event = floor.do(cmd.Park(id="p", agent=7, conv=1))[0]
    assert isinstance(event, ev.Parked)
    return floor, event


def test_parked_without_an_answer_it_wakes_before_its_window_closes() -> None:
    floor, event = parked(answered=False)
    assert (event.actor, event.until_ms) == ("clock", floor.at + WINDOW_MS - MARGIN_MS_MAX)
    floor.wait(event.until_ms - floor.at)
    made = floor.do(cmd.Wake(id="w", record=event.record))
    returned = made[0]
    assert isinstance(returned, ev.Returned)
    assert (returned.why, names(made)[1:]) == ("window_closing", ["Assigned"])


def test_who_is_parked_in_the_short_time_is_asked_again_after_half_of_what_is_left() -> None:
    floor = floor_of()
    write(floor, 1)
    floor.wait(WINDOW_MS - HOUR_MS)
    floor.sign_in(7)
    floor.accept(1)
    event = floor.do(cmd.Park(id="p", agent=7, conv=1))[0]
    assert isinstance(event, ev.Parked)
    assert event.until_ms == floor.at + HOUR_MS // 2


def test_parked_after_an_answer_it_waits_for_its_customer_as_ever() -> None:
    floor, event = parked(answered=True)
    assert (event.actor, event.until_ms) == ("customer", floor.at + 7 * DAY_MS)


def test_a_parked_one_keeps_what_is_left_of_its_window() -> None:
    floor, event = parked(answered=True)
    record: Record = event.record
    assert (record.window_ms, record.replies_left) == (floor.at + WINDOW_MS, 3)
    floor.do(cmd.Wake(id="w", record=record, why="asked"))
    conv = floor.state.convs[1]
    assert (conv.window_ms, conv.hasten_ms, conv.replies_left) == (record.window_ms, record.hasten_ms, 3)


def test_whoever_is_kept_for_one_agent_is_let_go_when_time_is_short() -> None:
    floor, event = parked(answered=True)
    floor.arrive(2)
    floor.accept(2)
    floor.do(cmd.SignIn(id="s", agent=7, abilities=floor.state.agents[7].abilities, capacity=25))
    floor.wait(WINDOW_MS - MARGIN_MS_MAX - MINUTE_MS)
    made = floor.do(cmd.Wake(id="w", record=event.record, why="asked"))
    held = made[-1]
    assert isinstance(held, ev.HeldFor)
    assert held.until_ms == floor.at + MINUTE_MS


def test_the_owner_hears_it_by_name() -> None:
    floor = floor_of()
    floor.sign_in(7)
    write(floor, 1, window_ms=44 * MINUTE_MS)
    floor.accept(1)
    made = floor.wait(33 * MINUTE_MS)
    assert isinstance(made[-1], ev.Reminded)
    assert made[-1].why == "window_closing"
    assert ev.WindowClosed(1, 1, 0) in floor.wait(11 * MINUTE_MS)
    assert floor.state.convs[1].state == ACTIVE


def test_what_has_no_window_is_as_it_was() -> None:
    floor = at_work(7)
    assert names(floor.arrive(1)) == ["FactsCoded", "Received", "ClassFormed", "Routed", "Queued", "Offered"]
    conv = floor.state.convs[1]
    assert (conv.window_ms, conv.hasten_ms, conv.replies_left) == (0, 0, -1)


# --- what waits for an opening ---------------------------------------------------------------------------------


def overnight(**words: Any) -> Floor:
    """A floor whose only queue opens again in sixteen hours, and somebody who writes to it after hours."""
    plain = bundle()
    queue = Queue(name="general", hours="office", **words)
    floor = Floor(bundle(queues={"general": queue}, rules=(plain.rules[-1],)), at=MONDAY_MS + 9 * HOUR_MS)
    write(floor, 1, window_ms=HOUR_MS)
    return floor


def test_a_window_that_closes_before_the_opening_is_said_when_it_closes_and_the_opening_stays() -> None:
    floor = overnight()
    opens_ms = floor.state.convs[1].due_ms
    assert floor.wait(HOUR_MS - 1) == []
    assert floor.wait(1) == [ev.WindowClosed(1, 1, 0)]
    assert (floor.state.convs[1].state, floor.state.convs[1].due_ms) == (DEFERRED, opens_ms)
    assert "WindowClosed" not in names(floor.wait(16 * HOUR_MS))


def test_what_goes_on_over_another_line_does_so_before_the_opening() -> None:
    floor = Floor(
        bundle(
            queues={"general": Queue(name="general", hours="office", window_closed="other-line")},
            rules=(bundle().rules[-1],),
        ),
        at=MONDAY_MS + 9 * HOUR_MS,
    )
    write(floor, 1, window_ms=HOUR_MS, spare_line=9)
    assert floor.wait(HOUR_MS) == [ev.WindowClosed(1, 1, 9)]
    assert floor.state.convs[1].line == 9


def test_who_writes_again_after_hours_has_a_window_anew_and_it_closes_once() -> None:
    floor = overnight()
    floor.wait(HOUR_MS // 2)
    write(floor, 1, window_ms=HOUR_MS)
    assert floor.wait(HOUR_MS - 1) == []
    assert floor.wait(1) == [ev.WindowClosed(1, 1, 0)]


def test_a_window_still_open_at_the_opening_is_hastened_then_and_not_said_before() -> None:
    floor = overnight()
    write(floor, 2, window_ms=17 * HOUR_MS)
    made = floor.wait(15 * HOUR_MS + HOUR_MS // 2)
    assert [event.conv for event in made if isinstance(event, ev.WindowClosed)] == [1]
    assert floor.state.convs[2].cls.priority == URGENT


def test_who_was_hastened_and_then_deferred_presses_nobody_once_the_window_has_closed() -> None:
    floor = Floor(bundle(queues={"general": Queue(name="general", hours="office")}, rules=(bundle().rules[-1],)))
    write(floor, 1, window_ms=8 * HOUR_MS)
    floor.wait(6 * HOUR_MS)
    assert floor.state.convs[1].cls.priority == URGENT
    floor.wait(HOUR_MS)
    assert floor.state.convs[1].state == DEFERRED
    made = floor.wait(HOUR_MS)
    assert names(made) == ["WindowClosed", "Reclassed"]
    assert (floor.state.convs[1].state, floor.state.convs[1].cls.priority) == (DEFERRED, 0)


def test_nobody_is_let_in_so_slowly_after_an_opening_that_their_window_runs_short_meanwhile() -> None:
    floor = overnight(opening=Opening(per_minute=1))
    for line in range(2, 62):
        floor.arrive(line, channel="email")
    write(floor, 62, window_ms=17 * HOUR_MS + HOUR_MS // 2)
    floor.wait(15 * HOUR_MS + 5 * MINUTE_MS)
    conv = floor.state.convs[62]
    assert (conv.state, conv.due_ms) == (DEFERRED, conv.hasten_ms)
    floor.wait(conv.hasten_ms - floor.at)
    assert floor.state.convs[62].state == WAITING
