"""Stories of work that stands still: unanswered, its owner away or going, and a bound for every state there is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Refused
from router.core.bundle import DAY_MS, HOUR_MS, MINUTE_MS, Queue, Unanswered
from router.core.lifecycle import ACTIVE, DEFERRED, HELD, OFFERED, OUT, STATES, UNPLACED, WAITING, WRAP_UP
from tests.core.floor_plan import MONDAY_MS, Floor, bundle, desk, names

PAGE = Path(__file__).parent.parent.parent / "docs" / "routing" / "nobody-forgotten.md"
OFFER_MS, HOLD_MS, WRAP_UP_MS, REMIND_MS = 20_000, 2 * MINUTE_MS, MINUTE_MS, 10 * MINUTE_MS
SOON = Unanswered(remind_ms=2 * MINUTE_MS, after_ms=5 * MINUTE_MS)
UP = Unanswered(remind_ms=2 * MINUTE_MS, after_ms=5 * MINUTE_MS, then="supervisor")


def staffed(*agents: int, **general: Any) -> Floor:
    queue = Queue(name="general", hours="office", **general)
    floor = Floor(bundle(queues={**bundle().queues, "general": queue}))
    for agent in agents:
        floor.sign_in(agent)
        desk(floor, agent)
    return floor


def talking(*agents: int, channel: str = "chat", **general: Any) -> Floor:
    """The first agent has a conversation that nobody has answered yet."""
    floor = staffed(agents[0], **general)
    floor.arrive(1, channel=channel)
    floor.accept(1)
    for agent in agents[1:]:
        floor.sign_in(agent)
        desk(floor, agent)
    return floor


def reply(floor: Floor, agent: int = 1, conv: int = 1) -> list[ev.Event]:
    return floor.do(cmd.Reply(id=floor.id(), agent=agent, conv=conv, message=60))


def told(made: list[ev.Event]) -> list[str]:
    """Return each event's name with its reason, where it has one."""
    return [f"{type(each).__name__} {getattr(each, 'why', '')}".strip() for each in made if hasattr(each, "why")]


# --- unanswered ----------------------------------------------------------------------------------------------


def test_an_owner_who_does_not_answer_is_reminded_and_then_the_queue_has_it_back_at_its_place() -> None:
    floor = talking(1, unanswered={"": SOON})
    key_ms = floor.state.convs[1].key_ms
    made = floor.wait(SOON.after_ms)
    assert told(made) == ["Reminded agent_silent"] * 2 + ["TakenBack unanswered", "Queued unanswered"]
    conv = floor.state.convs[1]
    assert (conv.owner, conv.key_ms, set(conv.resting)) == (0, key_ms, {1})


def test_what_was_taken_back_goes_to_somebody_else_at_once() -> None:
    floor = talking(1, 2, unanswered={"": SOON})
    made = floor.wait(SOON.after_ms)
    assert names(made)[-3:] == ["TakenBack", "Queued", "Offered"]
    assert floor.state.convs[1].offer.agent == 2


def test_an_answer_ends_the_wait() -> None:
    floor = talking(1, 2, unanswered={"": SOON})
    floor.wait(SOON.after_ms - 1)
    reply(floor)
    assert "TakenBack" not in names(floor.wait(SOON.after_ms * 3))
    assert floor.state.convs[1].owner == 1


def test_what_is_said_on_top_does_not_begin_the_wait_anew() -> None:
    floor = talking(1, unanswered={"": SOON})
    floor.wait(SOON.after_ms - 1_000)
    floor.arrive(1)
    assert "TakenBack" in names(floor.wait(1_000))


def test_every_later_message_is_waited_for_as_the_first_was() -> None:
    floor = talking(1, unanswered={"": SOON})
    reply(floor)
    floor.wait(MINUTE_MS)
    floor.arrive(1)
    assert floor.state.convs[1].owed_ms == floor.at
    assert "TakenBack" in names(floor.wait(SOON.after_ms))


def test_the_target_of_the_next_answer_reminds_by_its_own_name() -> None:
    floor = talking(1, next_within_ms={"chat": MINUTE_MS})
    reply(floor)
    floor.arrive(1)
    made = floor.wait(MINUTE_MS)
    assert told(made) == ["Reminded reply_late"]


def test_another_queue_sends_it_up_and_leaves_it_where_it_is() -> None:
    floor = talking(1, unanswered={"": UP})
    made = floor.wait(UP.after_ms)
    assert told(made)[-1] == "Escalated unanswered"
    conv = floor.state.convs[1]
    assert (conv.owner, conv.escalated) == (1, True)
    assert floor.at < conv.due_ms <= floor.at + UP.remind_ms
    reply(floor)
    assert not floor.state.convs[1].escalated


def test_what_nobody_heeded_is_sent_up_again() -> None:
    floor = talking(1, unanswered={"": UP})
    made = floor.wait(3 * UP.after_ms)
    assert told(made).count("Escalated unanswered") == 3


def test_a_rule_of_one_channel_holds_for_that_channel_only() -> None:
    floor = talking(1, channel="email", unanswered={"chat": SOON})
    assert "TakenBack" not in names(floor.wait(SOON.after_ms))


def test_who_is_being_talked_to_is_not_waiting() -> None:
    floor = talking(1, unanswered={"": SOON})
    floor.do(cmd.ReportParty(id="on", line=1, party="agent:1", joined=True))
    assert "TakenBack" not in names(floor.wait(SOON.after_ms * 3))


def test_without_a_rule_those_who_supervise_hear_of_it_within_the_hour() -> None:
    floor = talking(1)
    assert told(floor.wait(6 * REMIND_MS))[-1] == "Escalated unanswered"


def test_who_left_with_everything_answered_is_wrapped_up_and_closed() -> None:
    floor = talking(1)
    reply(floor)
    floor.do(cmd.LeaveLine(id="bye", line=1))
    assert names(floor.wait(REMIND_MS + WRAP_UP_MS)) == ["WrapUpStarted", "Closed"]


def test_a_call_is_over_when_the_customer_hangs_up_and_wrap_up_begins_at_once() -> None:
    floor = talking(1)
    floor.do(cmd.ReportParty(id="on", line=1, party="agent:1", joined=True))
    assert names(floor.do(cmd.LeaveLine(id="bye", line=1))) == ["CustomerLeft", "WrapUpStarted"]
    assert names(floor.wait(WRAP_UP_MS)) == ["Closed"]


def test_who_has_not_spoken_with_the_owner_yet_may_come_back_for_the_answer() -> None:
    floor = talking(1)
    assert names(floor.do(cmd.LeaveLine(id="bye", line=1))) == ["CustomerLeft"]
    assert floor.state.convs[1].state == ACTIVE


@pytest.mark.parametrize(
    ("part", "made"),
    [
        (cmd.Consult(id="c", agent=1, conv=1, to_agent=2), ["CustomerLeft"]),
        (
            cmd.JoinAs(id="c", agent=2, conv=1, role="listen", reason="quality"),
            ["CustomerLeft", "WrapUpStarted", "ParticipantLeft"],
        ),
    ],
)
def test_a_hang_up_cuts_off_no_colleague_who_was_asked_but_whoever_listens(part: cmd.Command, made: list[str]) -> None:
    floor = talking(1, 2)
    floor.do(cmd.ReportParty(id="on", line=1, party="agent:1", joined=True))
    assert floor.do(part)
    assert names(floor.do(cmd.LeaveLine(id="bye", line=1))) == made


def test_a_reply_that_failed_makes_its_customer_wait_again() -> None:
    floor = talking(1, unanswered={"": SOON})
    reply(floor)
    floor.do(cmd.ReportDelivery(id="no", conv=1, message=60, status="failed"))
    assert floor.state.convs[1].owed_ms == floor.at


# --- absent owners ---------------------------------------------------------------------------------------------


def parked_by_one(**general: Any) -> tuple[Floor, Any]:
    """Agent 1 has parked a mail and gone home."""
    floor = talking(1, channel="email", **general)
    parked = floor.do(cmd.Park(id="park", agent=1, conv=1, until_ms=floor.at + HOUR_MS))[0]
    floor.do(cmd.SignOut(id="home", agent=1))
    assert isinstance(parked, ev.Parked)
    return floor, parked.record


def test_what_wakes_goes_to_the_team_when_its_owner_is_not_there() -> None:
    floor, record = parked_by_one()
    assert names(floor.do(cmd.Wake(id="w", record=record)))[-1] == "Queued"


def test_a_queue_may_wait_for_an_absent_owner_and_gives_it_to_the_team_after_that() -> None:
    floor, record = parked_by_one(owner_absent_ms=2 * HOUR_MS)
    made = floor.do(cmd.Wake(id="w", record=record))
    assert told(made)[-1] == "HeldFor owner_absent"
    assert told(floor.wait(2 * HOUR_MS)) == ["Queued owner_absent"]


def test_the_owner_who_comes_back_has_it_at_once() -> None:
    floor, record = parked_by_one(owner_absent_ms=2 * HOUR_MS)
    floor.do(cmd.Wake(id="w", record=record))
    made = floor.sign_in(1)
    assert told(made)[-1] == "Assigned owner_free"


def test_mails_in_hand_wait_for_who_has_gone_where_the_queue_says_so() -> None:
    floor = talking(1, channel="email", owner_absent_ms=HOUR_MS)
    assert told(floor.do(cmd.SignOut(id="home", agent=1))) == ["SignedOut signed_out", "HeldFor owner_absent"]
    assert told(floor.sign_in(1))[-1] == "Assigned owner_free"


# --- going -----------------------------------------------------------------------------------------------------


def test_live_work_may_be_left_to_the_queue_which_tells_the_customer() -> None:
    floor = talking(1, shift_end="queue")
    key_ms = floor.state.convs[1].key_ms
    made = floor.do(cmd.SignOut(id="home", agent=1))
    assert names(made) == ["SignedOut", "Announced", "Queued"]
    assert (made[1].notice, told(made)[-1]) == ("in-line", "Queued rescued")  # type: ignore[attr-defined]
    assert (floor.state.convs[1].state, floor.state.convs[1].key_ms) == (WAITING, key_ms)


def test_winding_down_gives_nothing_new_and_holds_when_the_work_is_done() -> None:
    floor = talking(1)
    made = floor.do(cmd.SetPresence(id="soon", agent=1, presence="break", when="after_current"))
    assert told(made) == ["WindingDown chosen"]
    floor.arrive(2)
    assert floor.state.convs[2].state == WAITING
    agent = floor.state.agents[1]
    assert (agent.presence, agent.winding) == ("available", "break")
    made = floor.do(cmd.Close(id="done", agent=1, conv=1, disposition="solved"))
    assert told(made) == ["Closed handled", "PresenceSet wound_down"]
    assert (agent.presence, agent.winding) == ("break", "")


def test_what_rings_goes_back_when_winding_down_begins() -> None:
    floor = talking(1)
    floor.arrive(2)
    made = floor.do(cmd.SetPresence(id="soon", agent=1, presence="break", when="after_current"))
    assert told(made) == ["OfferWithdrawn winding_down", "WindingDown chosen", "Queued agent_away"]


def test_who_has_nothing_in_hand_is_away_at_once() -> None:
    floor = staffed(1)
    made = floor.do(cmd.SetPresence(id="soon", agent=1, presence="break", when="after_current"))
    assert told(made) == ["PresenceSet chosen"]


def test_a_click_ends_winding_down() -> None:
    floor = talking(1)
    floor.do(cmd.SetPresence(id="soon", agent=1, presence="break", when="after_current"))
    floor.do(cmd.SetPresence(id="no", agent=1, presence="available"))
    floor.arrive(2)
    assert (floor.state.convs[2].state, floor.state.agents[1].winding) == (OFFERED, "")


def test_at_the_end_of_the_shift_winding_down_begins_and_ends_in_a_sign_out() -> None:
    floor = talking(1)
    end_ms = floor.at + HOUR_MS
    abilities = floor.state.agents[1].abilities
    floor.do(cmd.SignIn(id="roster", agent=1, abilities=abilities, capacity=100, until_ms=end_ms))
    reply(floor)
    assert told(floor.wait(HOUR_MS))[-1] == "WindingDown shift_over"
    made = floor.do(cmd.Close(id="done", agent=1, conv=1, disposition="solved"))
    assert told(made) == ["Closed handled", "SignedOut shift_over"]
    assert 1 not in floor.state.agents


def test_who_has_nothing_in_hand_at_the_end_of_the_shift_is_signed_out() -> None:
    floor = Floor()
    floor.do(cmd.SignIn(id="in", agent=1, abilities=(), capacity=100, until_ms=floor.at + 1_000))
    assert told(floor.wait(1_000)) == ["WindingDown shift_over", "SignedOut shift_over"]


# --- every state has its bound ----------------------------------------------------------------------------------


def in_line() -> Floor:
    floor = Floor()
    floor.arrive(1)
    return floor


def held() -> Floor:
    floor = talking(1, 2)
    floor.sign_in(2, capacity=24)
    floor.do(cmd.Transfer(id="give", agent=1, conv=1, to_agent=2))
    return floor


def ringing() -> Floor:
    floor = staffed(1)
    floor.arrive(1)
    return floor


def wrapping() -> Floor:
    floor = talking(1)
    floor.do(cmd.Close(id="close", agent=1, conv=1))
    return floor


def deferred() -> Floor:
    floor = Floor(bundle(queues={"general": Queue(name="general", hours="office")}, rules=bundle().rules[2:]))
    floor.wait(MONDAY_MS + 9 * HOUR_MS - floor.at)
    floor.arrive(1)
    return floor


# State -> how one gets stuck there, the bound, and the event that says so. Nobody does anything meanwhile.
BOUNDS: dict[str, tuple[Callable[[], Floor], int, type[ev.Event]]] = {
    WAITING: (in_line, HOUR_MS, ev.Reminded),
    HELD: (held, HOLD_MS, ev.Queued),
    OFFERED: (ringing, OFFER_MS, ev.OfferLapsed),
    ACTIVE: (lambda: talking(1, unanswered={"": SOON}), SOON.after_ms, ev.TakenBack),
    WRAP_UP: (wrapping, WRAP_UP_MS, ev.Closed),
    DEFERRED: (deferred, DAY_MS, ev.Queued),
}
# Between two events of one decision, and outside the core where the store's due time stands in the record.
NEVER_STUCK = {UNPLACED, OUT}


@pytest.mark.parametrize("state", BOUNDS)
def test_whatever_is_stuck_is_freed_or_said_aloud_within_its_bound(state: str) -> None:
    stuck, bound_ms, event = BOUNDS[state]
    floor = stuck()
    assert floor.state.convs[1].state == state
    made = floor.wait(bound_ms)
    assert event in map(type, made), names(made)


def test_the_page_names_every_state_with_its_bound() -> None:
    assert set(BOUNDS) | NEVER_STUCK == set(STATES)
    page = PAGE.read_text()
    for state, (_, _, event) in BOUNDS.items():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{state}`"))
        assert f"`{event.__name__}`" in row, state


def test_who_is_not_there_is_refused_what_waits_for_them() -> None:
    floor = talking(1, channel="email", owner_absent_ms=HOUR_MS)
    floor.do(cmd.SignOut(id="home", agent=1))
    assert floor.ask(cmd.Reply(id="r", agent=1, conv=1, message=61)) == Refused("not_active")
