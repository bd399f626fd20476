"""Stories of serving: talking, wrapping up, passing on, and of customers who leave before or while they are served."""

from __future__ import annotations

import pytest

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Refused
from router.core.bundle import HOUR_MS, ChannelSpec
from router.core.lifecycle import ACTIVE, HELD, WAITING, WRAP_UP
from tests.core.floor_plan import Floor, bundle, line_of, names, offered_to

WRAP_UP_MS, HOLD_MS, REMIND_MS = 60_000, 120_000, 600_000


def begun(capacity: int = 100) -> Floor:
    floor = Floor()
    floor.sign_in(7, capacity=capacity)
    floor.arrive(1)
    floor.accept(1)
    return floor


def test_a_reply_makes_the_customer_act_next() -> None:
    floor = begun()
    made = floor.do(cmd.Reply(id="r", agent=7, conv=1, message=50))
    assert names(made) == ["Replied"]
    assert floor.state.convs[1].actor == "customer"
    floor.arrive(1)
    assert floor.state.convs[1].actor == "agent"


def test_who_stands_still_is_named_again_and_again() -> None:
    floor = begun()
    floor.arrive(1)
    first, second = floor.wait(2 * REMIND_MS)
    assert isinstance(first, ev.Reminded)
    assert (first.actor, first.why) == ("agent", "agent_silent")
    assert isinstance(second, ev.Reminded)
    floor.do(cmd.Reply(id="r", agent=7, conv=1, message=50))
    silent = floor.wait(REMIND_MS)[0]
    assert isinstance(silent, ev.Reminded)
    assert (silent.actor, silent.why) == ("customer", "customer_silent")


def test_nobody_in_line_is_forgotten() -> None:
    floor = Floor()
    floor.arrive(1)
    reminded = floor.wait(HOUR_MS)[0]
    assert isinstance(reminded, ev.Reminded)
    assert (reminded.actor, reminded.why, reminded.due_ms) == ("queue", "waiting_long", floor.at + HOUR_MS)


def test_a_reply_over_another_line_moves_the_conversation_and_both_lines_lead_to_it() -> None:
    floor = begun()
    floor.do(cmd.Reply(id="r", agent=7, conv=1, message=50, line=22))
    assert (floor.state.convs[1].line, floor.state.convs[1].more_lines) == (22, (1,))
    for line in (1, 22):
        assert names(floor.arrive(line)) == ["Received"]
    floor.do(cmd.Reply(id="r2", agent=7, conv=1, message=51, line=1))
    assert (floor.state.convs[1].line, floor.state.convs[1].more_lines) == (1, (22,))


def test_closing_begins_the_wrap_up_which_keeps_the_room_until_it_is_finished() -> None:
    floor = begun(capacity=25)
    floor.arrive(2)
    assert names(floor.do(cmd.Close(id="x", agent=7, conv=1))) == ["WrapUpStarted"]
    assert (floor.state.convs[1].state, line_of(floor)) == (WRAP_UP, [2])
    made = floor.do(cmd.FinishWrapUp(id="f", agent=7, conv=1, disposition="solved"))
    assert names(made) == ["Closed", "Offered"]


def test_a_disposition_said_at_once_needs_no_wrap_up() -> None:
    floor = begun()
    assert names(floor.do(cmd.Close(id="x", agent=7, conv=1, disposition="solved"))) == ["Closed"]


def test_a_reply_can_be_the_last_word() -> None:
    floor = begun()
    made = floor.do(cmd.Reply(id="r", agent=7, conv=1, message=5, then="close", disposition="solved"))
    assert names(made) == ["Replied", "Closed"]


def test_a_wrap_up_ends_by_itself_and_says_so() -> None:
    floor = begun()
    floor.do(cmd.Close(id="x", agent=7, conv=1))
    assert floor.wait(WRAP_UP_MS - 1) == []
    closed = floor.wait(1)[0]
    assert isinstance(closed, ev.Closed)
    assert (closed.why, closed.disposition) == ("wrap_up_timeout", "timeout")


def test_a_customer_who_writes_during_wrap_up_is_talked_to_again() -> None:
    floor = begun()
    floor.do(cmd.Close(id="x", agent=7, conv=1))
    assert names(floor.arrive(1)) == ["Received", "Assigned"]
    conv = floor.state.convs[1]
    assert (conv.state, conv.owner, floor.state.agents[7].used) == (ACTIVE, 7, 25)
    assert "Closed" not in names(floor.wait(WRAP_UP_MS))


def test_a_quiet_message_during_wrap_up_only_joins() -> None:
    floor = begun()
    floor.do(cmd.Close(id="x", agent=7, conv=1))
    assert names(floor.do(floor.message(1, quiet=True))) == ["Received"]
    assert floor.state.convs[1].state == WRAP_UP


# --- transfers --------------------------------------------------------------------------------------------------


def test_a_transfer_to_an_agent_rings_there_and_nowhere_else() -> None:
    floor = begun()
    floor.sign_in(8)
    made = floor.do(cmd.Transfer(id="t", agent=7, conv=1, to_agent=8, note=3))
    assert names(made) == ["Transferred", "Offered"]
    assert (offered_to(floor, 1), made[1].why) == (8, ("named_agent",))  # type: ignore[attr-defined]


def test_a_transfer_to_a_full_agent_is_held_and_then_queued() -> None:
    floor = begun()
    floor.sign_in(8, capacity=10)
    assert names(floor.do(cmd.Transfer(id="t", agent=7, conv=1, to_agent=8))) == ["Transferred", "HeldFor"]
    assert floor.state.convs[1].state == HELD
    assert names(floor.wait(HOLD_MS)) == ["Queued", "Offered"]
    assert offered_to(floor, 1) == 7


def test_what_is_held_rings_as_soon_as_there_is_room() -> None:
    floor = begun()
    floor.sign_in(8, capacity=10)
    floor.do(cmd.Transfer(id="t", agent=7, conv=1, to_agent=8))
    assert names(floor.sign_in(8, capacity=50)) == ["SignedIn", "Offered"]
    assert offered_to(floor, 1) == 8


def test_what_is_held_for_an_agent_who_leaves_goes_to_its_queue() -> None:
    floor = begun()
    floor.sign_in(8, capacity=10)
    floor.do(cmd.Transfer(id="t", agent=7, conv=1, to_agent=8))
    assert names(floor.do(cmd.SignOut(id="o", agent=8))) == ["SignedOut", "Queued", "Offered"]


def test_a_transfer_to_a_queue_does_not_ring_again_at_the_giver_while_they_rest_from_it() -> None:
    floor = begun(capacity=25)
    floor.arrive(2, topics=("bill",))
    floor.do(cmd.Transfer(id="t", agent=7, conv=1, queue="billing"))
    assert (offered_to(floor, 2), line_of(floor)) == (7, [1])


def test_after_the_rest_a_transferred_conversation_rings_even_at_the_giver() -> None:
    floor = begun()
    floor.do(cmd.Transfer(id="t", agent=7, conv=1, queue="billing"))
    assert line_of(floor) == [1]
    assert names(floor.wait(floor.state.queue_spec("billing").rest_ms)) == ["RestEnded", "Offered"]
    assert offered_to(floor, 1) == 7


# --- leaving ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [False, True])
def test_a_live_customer_who_leaves_before_an_answer_has_abandoned(asked: bool) -> None:
    floor = Floor()
    if asked:
        floor.sign_in(7, capacity=25)
    floor.arrive(1)
    floor.arrive(2)
    made = floor.do(cmd.LeaveLine(id="l", line=1))
    assert names(made) == (["OfferWithdrawn", "Abandoned", "Offered"] if asked else ["Abandoned"])
    assert 1 not in floor.state.convs


def test_a_mail_in_line_does_not_leave_with_its_sender() -> None:
    floor = Floor()
    floor.arrive(1, channel="email")
    assert names(floor.do(cmd.LeaveLine(id="l", line=1))) == ["CustomerLeft"]
    assert line_of(floor) == [1]


@pytest.mark.parametrize("state", [ACTIVE, WRAP_UP])
def test_an_owner_is_told_that_the_customer_left(state: str) -> None:
    floor = begun()
    if state == WRAP_UP:
        floor.do(cmd.Close(id="x", agent=7, conv=1))
    assert names(floor.do(cmd.LeaveLine(id="l", line=1))) == ["CustomerLeft"]
    assert (floor.state.convs[1].gone, floor.state.convs[1].state) == (True, state)


def test_leaving_a_line_that_is_no_longer_the_current_one_changes_nothing() -> None:
    floor = begun()
    floor.do(cmd.Reply(id="r", agent=7, conv=1, message=5, line=22))
    floor.do(cmd.Transfer(id="t", agent=7, conv=1, queue="general"))
    floor.do(cmd.LeaveLine(id="l", line=1))
    assert (floor.state.convs[1].state, floor.state.convs[1].gone) == (WAITING, False)


def test_nobody_can_leave_a_line_without_a_conversation() -> None:
    floor = Floor()
    assert floor.ask(cmd.LeaveLine(id="l", line=1)) == Refused("conversation_unknown")


def test_a_line_is_put_on_hold_and_taken_off() -> None:
    floor = begun()
    assert names(floor.do(cmd.HoldLine(id="h", agent=7, conv=1, on=True))) == ["LineHeld"]
    assert floor.do(cmd.HoldLine(id="h2", agent=7, conv=1, on=True)) == []
    assert floor.state.convs[1].on_hold
    floor.do(cmd.HoldLine(id="h3", agent=7, conv=1, on=False))
    assert not floor.state.convs[1].on_hold


def test_a_channel_that_becomes_live_is_abandoned_like_one() -> None:
    floor = Floor()
    floor.arrive(1, channel="email")
    floor.do(cmd.LeaveLine(id="l", line=1))
    channels = {**bundle().channels, "email": ChannelSpec(load=10, live=True)}
    floor.do(cmd.ApplyConfig(id="live", hash="b2", bundle=bundle(channels=channels)))
    floor.arrive(2, channel="email")
    assert names(floor.do(cmd.LeaveLine(id="l2", line=2))) == ["Abandoned"]
