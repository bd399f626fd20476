"""Stories of customers who are called back instead of waiting on the line; one sentence each."""

from __future__ import annotations

from typing import Any

import pytest

from router.core import commands as cmd
from router.core import events as ev
from router.core.bundle import HOUR_MS, MINUTE_MS, SECOND_MS, Callback, ChannelSpec, OffHours, Queue
from router.core.decide.callbacks import NEAR_MS
from router.core.lifecycle import ACTIVE, DEFERRED, OFFERED, WAITING
from tests.core.floor_plan import MONDAY_MS, Floor, bundle, desk, names

CALLS = (("channel:chat", 1), ("channel:phone", 1))
RETRY_MS = 10 * MINUTE_MS
PLACE = MONDAY_MS + HOUR_MS


def floor_with(mode: str = "agent_first", *agents: int, **callback: Any) -> Floor:
    plain = bundle()
    general = Queue(
        name="general",
        hours="office",
        wrap_up_ms=0,
        callback=Callback(mode=mode, **callback),
        off_hours=OffHours(),
    )
    channels = {**plain.channels, "phone": ChannelSpec(load=100, live=True)}
    floor = Floor(bundle(queues={**plain.queues, "general": general}, channels=channels))
    for agent in agents:
        at_desk(floor, agent)
    return floor


def at_desk(floor: Floor, agent: int) -> list[ev.Event]:
    made = floor.sign_in(agent, abilities=CALLS)
    desk(floor, agent)
    return made


def of(kind: type[Any], events: list[ev.Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def ask(floor: Floor, conv: int = 1, **said: Any) -> list[ev.Event]:
    return floor.do(cmd.RequestCallback(id=floor.id(), conv=conv, **said))


def leaves(floor: Floor, line: int = 1, why: str = "left") -> list[ev.Event]:
    return floor.do(cmd.LeaveLine(id=floor.id(), line=line, why=why))


def answers(floor: Floor, line: int = 1) -> list[ev.Event]:
    return floor.do(cmd.ReportParty(id=floor.id(), line=line, party="customer", joined=True))


def hang_up_and_wait(mode: str = "agent_first", **callback: Any) -> Floor:
    """Somebody has called, asked to be called back, and hung up."""
    floor = floor_with(mode, **callback)
    floor.arrive(1, channel="phone")
    ask(floor)
    leaves(floor)
    return floor


def test_who_asks_to_be_called_back_may_hang_up_and_keeps_their_place() -> None:
    floor = floor_with()
    floor.arrive(1, channel="phone")
    floor.wait(MINUTE_MS)
    floor.arrive(2, channel="phone")
    assert names(ask(floor)) == ["CallbackAsked"]
    assert names(leaves(floor)) == ["CustomerLeft"]
    conv = floor.state.convs[1]
    assert (conv.state, conv.key_ms) == (WAITING, PLACE)
    made = at_desk(floor, 7)
    assert of(ev.Offered, made)[0].conv == 1


def test_the_agent_calls_and_the_customer_answers() -> None:
    floor = hang_up_and_wait()
    at_desk(floor, 7)
    floor.accept(1)
    assert names(answers(floor)) == ["PartyReported", "CallbackReached"]
    conv = floor.state.convs[1]
    assert (conv.state, conv.owner, conv.relief, conv.gone) == (ACTIVE, 7, None, False)


@pytest.mark.parametrize("why", ["no-answer", "busy", "failed"])
def test_who_does_not_answer_is_called_again_later_and_the_agent_is_free(why: str) -> None:
    floor = hang_up_and_wait()
    at_desk(floor, 7)
    floor.accept(1)
    made = leaves(floor, why=why)
    assert names(made) == ["CallbackFailed", "Deferred"]
    assert floor.state.agents[7].used == 0
    conv = floor.state.convs[1]
    assert (conv.state, conv.due_ms, conv.key_ms) == (DEFERRED, floor.at + RETRY_MS, PLACE)
    assert of(ev.Offered, floor.wait(RETRY_MS))[0].agent == 7


def test_the_agent_may_say_that_nobody_answered() -> None:
    floor = hang_up_and_wait()
    at_desk(floor, 7)
    floor.accept(1)
    made = floor.do(cmd.FailCallback(id="vain", agent=7, conv=1))
    assert of(ev.CallbackFailed, made)[0].why == "no_answer"


def test_after_the_last_attempt_it_is_given_up_by_name() -> None:
    floor = hang_up_and_wait(attempts=2)
    at_desk(floor, 7)
    floor.accept(1)
    leaves(floor, why="busy")
    floor.wait(RETRY_MS)
    floor.accept(1)
    made = leaves(floor, why="busy")
    assert names(made) == ["CallbackFailed", "Closed"]
    assert of(ev.Closed, made)[0].why == "callback_unreached"
    assert 1 not in floor.state.convs


def test_an_attempt_that_would_fall_into_the_night_is_made_at_the_opening() -> None:
    floor = hang_up_and_wait()
    at_desk(floor, 7)
    floor.wait(MONDAY_MS + 8 * HOUR_MS - MINUTE_MS - floor.at)
    floor.do(cmd.SetPresence(id="back", agent=7, presence="available"))
    floor.accept(1)
    made = leaves(floor, why="busy")
    assert of(ev.Deferred, made)[0].until_ms == MONDAY_MS + 24 * HOUR_MS


def test_a_customer_who_is_called_first_is_matched_when_they_answer() -> None:
    floor = hang_up_and_wait("customer_first")
    made = at_desk(floor, 7)
    assert names(made)[-1] == "CustomerCalled"
    conv = floor.state.convs[1]
    assert (conv.state, conv.actor, conv.due_ms) == (DEFERRED, "customer", floor.at + 45 * SECOND_MS)
    made = answers(floor)
    assert names(made) == ["PartyReported", "CallbackReached", "Queued", "Offered"]
    assert of(ev.Queued, made)[0].why == "callback_reached"
    assert floor.state.convs[1].key_ms == PLACE


def test_while_a_customer_is_called_the_agent_takes_the_next() -> None:
    floor = hang_up_and_wait("customer_first")
    floor.arrive(2, channel="phone")
    made = at_desk(floor, 7)
    assert [event.conv for event in of(ev.Offered, made)] == [2]


def test_a_customer_who_was_called_first_and_hangs_up_in_line_has_given_up() -> None:
    floor = hang_up_and_wait("customer_first")
    floor.arrive(2, channel="phone")
    at_desk(floor, 7)
    answers(floor)
    assert names(leaves(floor))[-1] == "Abandoned"


def test_a_call_that_rings_out_has_failed() -> None:
    floor = hang_up_and_wait("customer_first")
    at_desk(floor, 7)
    made = floor.wait(45 * SECOND_MS)
    assert names(made) == ["CallbackFailed", "Deferred"]
    assert names(floor.wait(RETRY_MS)) == ["Queued", "CustomerCalled"]


def test_a_call_for_a_near_time_is_kept_and_one_for_a_far_time_is_parked() -> None:
    floor = floor_with()
    floor.arrive(1)
    floor.arrive(2)
    assert names(ask(floor, 1, at_ms=floor.at + NEAR_MS)) == ["CallbackAsked", "Deferred"]
    made = ask(floor, 2, at_ms=floor.at + 3 * HOUR_MS)
    assert names(made) == ["CallbackAsked", "Parked"]
    record = of(ev.Parked, made)[0].record
    assert (record.actor, record.key_ms, record.relief.callback) == ("clock", PLACE, "agent_first")
    floor.wait(3 * HOUR_MS)
    floor.do(cmd.Wake(id="wake", record=record))
    assert [conv.id for conv in floor.state.matching.in_order("general")] == [1, 2]


def test_a_call_for_a_time_is_not_made_before_it() -> None:
    floor = floor_with()
    floor.arrive(1)
    ask(floor, at_ms=floor.at + 5 * MINUTE_MS)
    at_desk(floor, 7)
    floor.do(cmd.ApplyConfig(id="again", hash="b2", bundle=bundle(zone="Europe/Prague")))
    assert of(ev.Offered, floor.wait(5 * MINUTE_MS - 1)) == []
    assert of(ev.Offered, floor.wait(1))[0].conv == 1


def test_an_agent_who_talks_may_promise_a_call_and_makes_it() -> None:
    floor = floor_with("agent_first", 7)
    floor.arrive(1)
    floor.accept(1)
    made = ask(floor, by=7, at_ms=floor.at + HOUR_MS)
    assert of(ev.Parked, made)[0].agent == 7
    floor.wait(HOUR_MS)
    made = floor.do(cmd.Wake(id="wake", record=of(ev.Parked, made)[0].record))
    assert of(ev.Assigned, made)[0].agent == 7


def test_a_chat_may_be_called_on_the_telephone_by_those_who_can() -> None:
    floor = floor_with()
    floor.sign_in(8, abilities=(("channel:phone", 1),))
    desk(floor, 8)
    floor.arrive(1)
    made = ask(floor, to_line=20, channel="phone")
    assert names(made)[-3:] == ["CallbackAsked", "Queued", "Offered"]
    conv = floor.state.convs[1]
    assert (conv.line, conv.channel, conv.offer.agent, conv.load) == (20, "phone", 8, 100)
    assert names(leaves(floor)) == ["CustomerLeft"]


def test_what_rings_is_asked_back_when_the_call_is_to_be_another_one() -> None:
    floor = floor_with("agent_first", 7)
    floor.arrive(1)
    assert floor.state.convs[1].state == OFFERED
    made = ask(floor, at_ms=floor.at + MINUTE_MS)
    assert names(made) == ["OfferWithdrawn", "CallbackAsked", "Deferred"]


def test_asking_twice_changes_nothing() -> None:
    floor = floor_with()
    floor.arrive(1)
    ask(floor)
    assert ask(floor) == []


def test_the_customer_is_told_where_the_queue_says_so() -> None:
    floor = floor_with(notice="kept")
    floor.arrive(1)
    assert of(ev.Announced, ask(floor))[0].notice == "kept"


def test_a_queue_that_closes_keeps_a_call_for_its_opening() -> None:
    floor = hang_up_and_wait()
    floor.wait(8 * HOUR_MS)
    assert floor.state.convs[1].state == DEFERRED
    at_desk(floor, 7)
    floor.wait(MONDAY_MS + 24 * HOUR_MS - floor.at)
    assert floor.state.convs[1].state == OFFERED
