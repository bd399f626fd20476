"""Stories of outside parties: consulted or given a conversation, by telephone and by mail; nobody is forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Refused
from router.core.bundle import HOUR_MS, ChannelSpec, Contact
from router.core.lifecycle import ACTIVE, DEFERRED, HELD, OFFERED, WAITING, WRAP_UP
from router.core.snapshot import decode_state, encode_state, picture_of
from tests.core.floor_plan import Floor, at_work, bundle, names

RING_MS, DUE_MS = 40_000, 4 * HOUR_MS
MAIL_LINE = 90
CALLS = {"chat": ChannelSpec(load=25, live=True, connects=True), "email": ChannelSpec(load=10, live=False)}
CONTACTS = {
    "acme": Contact(name="acme", phone="+420222333444", email="help@acme.test", mail_by="email"),
    "away": Contact(name="away", phone="+420222333445", then="leaves", refused="queue"),
    "night": Contact(name="night", phone="+420222333446", hours="never"),
    "bills": Contact(name="bills", phone="+420222333447", queues=("billing",)),
    "writes": Contact(name="writes", email="desk@writes.test", mail_by="email", refused="queue", notice="received"),
    "gone": Contact(name="gone", email="desk@gone.test", mail_by="email", then="leaves"),
}


def talking(*agents: int, channels: Any = None, channel: str = "chat") -> Floor:
    """Return a floor on which agent 1 talks with the customer of line 1."""
    plain = bundle()
    calendars = {**plain.calendars, "never": ()}
    floor = at_work(1, running=bundle(channels=channels or CALLS, contacts=CONTACTS, calendars=calendars))
    floor.arrive(1, channel=channel)
    floor.accept(1)
    for agent in agents:
        floor.sign_in(agent)
    return floor


def asked(contact: str, role: str = "consult", **more: Any) -> cmd.AskOutside:
    return cmd.AskOutside(id=f"o-{contact}-{role}", agent=1, conv=1, contact=contact, role=role, **more)


def reported(floor: Floor, joined: bool, contact: str = "acme", why: str = "") -> list[ev.Event]:
    party = f"outside:{contact}"
    return floor.do(cmd.ReportParty(id=floor.id(), line=1, party=party, joined=joined, why=why))


def given(contact: str = "acme", *agents: int) -> Floor:
    """Return a floor on which the conversation has been given to a contact who has come."""
    floor = talking(*agents)
    floor.do(asked(contact, "transfer"))
    reported(floor, True, contact)
    return floor


# --- consulting ------------------------------------------------------------------------------------------------------


def test_a_contact_is_called_and_the_owner_goes_on_owning() -> None:
    floor = talking()
    assert floor.do(asked("acme")) == [ev.OutsideAsked(1, "acme", 1, "consult", floor.at + RING_MS)]
    assert (floor.state.convs[1].state, floor.state.convs[1].owner) == (ACTIVE, 1)


def test_while_the_contact_is_consulted_the_customer_hears_music_and_comes_back_when_it_is_over() -> None:
    floor = talking()
    floor.do(asked("acme"))
    assert reported(floor, True)[1:] == [ev.OutsideJoined(1, "acme"), ev.LineHeld(1, 1, 1, True)]
    made = floor.do(cmd.LetOutsideGo(id="g", agent=1, conv=1))
    assert made == [ev.OutsideLeft(1, "acme", "cancelled"), ev.LineHeld(1, 1, 1, False)]


def test_a_customer_who_was_taken_off_hold_speaks_with_both_and_is_not_held_again() -> None:
    floor = talking()
    floor.do(asked("acme"))
    reported(floor, True)
    floor.do(cmd.HoldLine(id="h", agent=1, conv=1, on=False))
    assert reported(floor, True)[1:] == []
    assert names(reported(floor, False, why="hung_up")) == ["PartyReported", "OutsideLeft"]


def test_a_contact_who_does_not_answer_is_let_go_and_another_may_be_asked() -> None:
    floor = talking()
    floor.do(asked("acme"))
    assert floor.wait(RING_MS) == [ev.OutsideLeft(1, "acme", "no_answer")]
    assert names(floor.do(asked("away"))) == ["OutsideAsked"]


def test_two_contacts_are_not_called_at_once_but_a_second_may_be_written_to() -> None:
    floor = talking()
    floor.do(asked("acme"))
    assert floor.ask(asked("away")) == Refused("outside_asked")
    assert names(floor.do(asked("writes", line=MAIL_LINE, message=7))) == ["OutsideAsked"]


@pytest.mark.parametrize("end", ["transfer", "close", "park", "sign_out"])
def test_when_it_is_no_longer_active_the_contact_is_let_go_in_the_same_decision(end: str) -> None:
    floor = talking()
    floor.do(asked("acme"))
    reported(floor, True)
    deeds: dict[str, cmd.Command] = {
        "transfer": cmd.Transfer(id="x", agent=1, conv=1, queue="night"),
        "close": cmd.Close(id="x", agent=1, conv=1),
        "park": cmd.Park(id="x", agent=1, conv=1),
        "sign_out": cmd.SignOut(id="x", agent=1, forced=True),
    }
    made = floor.do(deeds[end])
    assert made[-1] == ev.OutsideLeft(1, "acme", "over")
    assert floor.state.dismissed == []


def test_a_consulted_colleague_puts_the_customer_on_hold_and_the_last_to_leave_brings_them_back() -> None:
    floor = talking(2)
    floor.do(cmd.Consult(id="c", agent=1, conv=1, to_agent=2))
    assert names(floor.do(cmd.JoinConsult(id="j", agent=2, conv=1))) == ["ParticipantJoined", "LineHeld"]
    floor.do(asked("acme"))
    reported(floor, True)
    assert names(reported(floor, False)) == ["PartyReported", "OutsideLeft"]
    made = floor.do(cmd.ReportParty(id="r", line=1, party="agent:2", joined=False, why="hung_up"))
    assert made[1:] == [ev.ParticipantLeft(1, 2, "leg_ended"), ev.LineHeld(1, 1, 1, False)]


def test_on_a_line_that_connects_nobody_a_consultation_holds_nobody() -> None:
    floor = talking(2, channels=bundle().channels)
    floor.do(cmd.Consult(id="c", agent=1, conv=1, to_agent=2))
    assert names(floor.do(cmd.JoinConsult(id="j", agent=2, conv=1))) == ["ParticipantJoined"]


# --- handing over by telephone ---------------------------------------------------------------------------------------


def test_a_blind_transfer_frees_the_agent_at_once_and_the_contact_has_a_time() -> None:
    floor = talking()
    floor.arrive(2)
    floor.do(cmd.Decline(id="d", agent=1, conv=2, offer=floor.state.convs[2].offer.id))
    made = floor.do(asked("acme", "transfer"))
    assert names(made)[:2] == ["HandedOut", "OutsideAsked"]
    conv = floor.state.convs[1]
    assert (conv.state, conv.actor, conv.owner, conv.due_ms) == (DEFERRED, "provider", 0, floor.at + RING_MS)


def test_who_has_come_has_it_for_as_long_as_the_contacts_rule_says() -> None:
    floor = talking()
    floor.do(asked("acme", "transfer"))
    assert reported(floor, True)[1:] == [ev.OutsideJoined(1, "acme", floor.at + DUE_MS)]
    made = floor.wait(DUE_MS)
    assert names(made)[:3] == ["OutsideLeft", "TransferReturned", "Assigned"]
    assert (floor.state.convs[1].owner, made[2].why) == (1, "outside_due")


def test_a_conversation_that_leaves_us_is_closed_when_the_contact_has_come() -> None:
    floor = talking()
    floor.do(asked("away", "transfer"))
    made = reported(floor, True, "away")
    assert names(made) == ["PartyReported", "OutsideJoined", "Closed", "OutsideLeft"]
    assert (made[2].why, made[3]) == ("handed_out", ev.OutsideLeft(1, "away", "handed_out"))
    assert floor.state.convs == {}


@pytest.mark.parametrize("why", ["busy", "no-answer", "not_accepted", "failed"])
def test_a_contact_who_does_not_take_it_gives_it_back_to_who_gave_it_at_its_old_place(why: str) -> None:
    floor = talking()
    key_ms = floor.state.convs[1].key_ms
    floor.do(asked("acme", "transfer"))
    made = reported(floor, False, why=why)[1:]
    assert made[0] == ev.OutsideLeft(1, "acme", why, True)
    assert names(made[1:]) == ["TransferReturned", "Assigned"]
    conv = floor.state.convs[1]
    assert (conv.state, conv.owner, conv.key_ms) == (ACTIVE, 1, key_ms)


def test_by_the_contacts_rule_it_goes_to_its_queue_at_its_old_place() -> None:
    floor = talking(2)
    key_ms = floor.state.convs[1].key_ms
    floor.do(cmd.SetPresence(id="b", agent=1, presence="break"))
    floor.do(asked("away", "transfer"))
    assert names(reported(floor, False, "away", "busy"))[1:3] == ["OutsideLeft", "Queued"]
    assert (floor.state.convs[1].offer.agent, floor.state.convs[1].key_ms) == (2, key_ms)


def test_a_giver_who_has_gone_home_is_not_given_it_back() -> None:
    floor = talking()
    floor.do(asked("acme", "transfer"))
    floor.do(cmd.SignOut(id="x", agent=1))
    reported(floor, False, why="busy")
    assert floor.state.convs[1].state == WAITING


def test_a_giver_who_is_full_has_it_held_for_them() -> None:
    floor = talking()
    floor.do(asked("acme", "transfer"))
    floor.sign_in(1, capacity=25)
    floor.arrive(2)
    reported(floor, False, why="busy")
    assert (floor.state.convs[1].state, floor.state.convs[1].held_for) == (HELD, 1)


def test_silence_of_a_contact_ends_with_its_ring_although_no_line_tells() -> None:
    floor = talking()
    floor.do(asked("acme", "transfer"))
    made = floor.wait(RING_MS)
    assert made[0] == ev.OutsideLeft(1, "acme", "no_answer", True)
    assert floor.state.convs[1].owner == 1


def test_a_contact_who_hangs_up_on_the_customer_brings_them_back() -> None:
    floor = given()
    made = reported(floor, False, why="hung_up")[1:]
    assert [made[0].handed, made[-1].why] == [True, "outside_left"]


@pytest.mark.parametrize(("joined", "why"), [(True, "outside_done"), (False, "customer_left")])
def test_a_customer_who_hangs_up_ends_it_and_nobody_waits_for_a_dead_call(joined: bool, why: str) -> None:
    floor = talking()
    floor.do(asked("acme", "transfer"))
    if joined:
        reported(floor, True)
    made = floor.do(cmd.LeaveLine(id="l", line=1, why="hung_up"))
    assert names(made) == ["CustomerLeft", "OutsideLeft", "Closed"]
    assert (made[-1].why, floor.state.convs) == (why, {})


def test_handing_over_to_a_consulted_contact_needs_no_other_ring() -> None:
    floor = talking()
    floor.do(asked("acme"))
    assert floor.ask(cmd.CompleteOutside(id="early", agent=1, conv=1)) == Refused("no_outside")
    reported(floor, True)
    made = floor.do(cmd.CompleteOutside(id="c", agent=1, conv=1, note=70))
    assert made == [ev.HandedOut(1, 1, "acme", floor.at + DUE_MS, 70)]
    assert floor.state.convs[1].outside.joined
    assert floor.state.agents[1].work == {}


def test_handing_over_what_leaves_us_closes_it_and_does_not_let_the_contact_go() -> None:
    floor = talking()
    floor.do(asked("away"))
    reported(floor, True, "away")
    made = floor.do(cmd.CompleteOutside(id="c", agent=1, conv=1))
    assert names(made)[:2] == ["HandedOut", "Closed"]
    assert made[2:] == [ev.OutsideLeft(1, "away", "handed_out")]


def test_a_supervisor_takes_back_what_an_outside_party_has_and_it_is_let_go() -> None:
    floor = given("acme", 9)
    made = floor.do(cmd.TakeOver(id="t", conv=1, by=9, reason="vip"))
    assert names(made) == ["Ordered", "Assigned", "OutsideLeft"]
    assert made[-1] == ev.OutsideLeft(1, "acme", "over")


def test_a_supervisor_moves_what_an_outside_party_has_and_its_customer_is_in_line_again() -> None:
    floor = given()
    made = floor.do(cmd.Move(id="m", conv=1, queue="night", by=9, reason="late"))
    assert made[-1] == ev.OutsideLeft(1, "acme", "over", True)
    assert floor.state.convs[1].state in {WAITING, OFFERED}


def test_while_nobody_led_a_contacts_time_stood_still() -> None:
    floor = talking()
    floor.do(asked("acme", "transfer"))
    floor.at += HOUR_MS
    floor.do(cmd.TakeLead(id="lead2", epoch=2, gap_ms=HOUR_MS, release="test"))
    assert floor.wait(1_000) == []
    assert floor.state.convs[1].state == DEFERRED


def test_a_new_configuration_and_an_opening_leave_what_an_outside_party_has_alone() -> None:
    floor = given()
    changed = bundle(channels=CALLS, contacts={}, rules=bundle().rules[2:])
    floor.do(cmd.ApplyConfig(id="config2", hash="b2", bundle=changed))
    floor.wait(60_000)
    assert floor.state.convs[1].state == DEFERRED
    assert names(reported(floor, False))[1] == "OutsideLeft"


def test_reports_of_a_party_that_is_none_of_it_change_nothing() -> None:
    floor = talking()
    assert names(reported(floor, True)) == ["PartyReported"]
    floor.do(asked("acme"))
    assert names(reported(floor, True, "away")) == ["PartyReported"]
    assert names(reported(floor, False, "away")) == ["PartyReported"]


@pytest.mark.parametrize(
    ("contact", "role", "more", "reason"),
    [
        ("nobody", "consult", {}, "contact_unknown"),
        ("acme", "listen", {}, "role_unknown"),
        ("bills", "consult", {}, "contact_not_allowed"),
        ("night", "consult", {}, "contact_closed"),
        ("writes", "transfer", {"message": 7, "line": MAIL_LINE}, "contact_no_way"),
        ("writes", "consult", {}, "contact_no_way"),
        ("acme", "consult", {"message": 7, "line": MAIL_LINE}, "contact_no_way"),
        ("writes", "consult", {"message": 7, "line": 1}, "line_unknown"),
    ],
)
def test_a_contact_who_cannot_be_asked_is_refused_by_name(
    contact: str, role: str, more: dict[str, int], reason: str
) -> None:
    assert talking().ask(asked(contact, role, **more)) == Refused(reason)


def test_nobody_calls_back_a_customer_who_is_with_an_outside_party() -> None:
    floor = given()
    assert floor.ask(cmd.RequestCallback(id="b", conv=1, at_ms=floor.at + 60_000)) == Refused("outside_asked")


# --- by mail ---------------------------------------------------------------------------------------------------------


def mailed(contact: str, role: str, channel: str = "email") -> tuple[Floor, list[ev.Event]]:
    floor = talking(channels=bundle().channels, channel=channel)
    return floor, floor.do(asked(contact, role, line=MAIL_LINE, message=7))


def from_outside(floor: Floor, record: Any = None) -> list[ev.Event]:
    message = floor.message(MAIL_LINE, channel="email", record=record)
    return floor.do(message)


def test_a_contact_who_is_asked_by_mail_answers_into_the_conversation_and_the_agent_is_next() -> None:
    floor, made = mailed("acme", "consult")
    assert made == [ev.OutsideAsked(1, "acme", 1, "consult", 0, MAIL_LINE, 7)]
    floor.do(cmd.Reply(id="r", agent=1, conv=1, message=8))
    assert floor.state.convs[1].actor == "customer"
    from_outside(floor)
    conv = floor.state.convs[1]
    assert (conv.actor, conv.line, conv.outside_lines) == ("agent", 1, (MAIL_LINE,))


def test_no_answer_to_the_customer_ever_goes_to_the_contact() -> None:
    floor, _ = mailed("acme", "consult")
    from_outside(floor)
    assert floor.ask(cmd.Reply(id="r", agent=1, conv=1, message=8, line=MAIL_LINE)) == Refused("line_unknown")
    assert floor.do(cmd.Reply(id="r2", agent=1, conv=1, message=8))[0].line == 1
    back = cmd.RequestCallback(id="b", conv=1, to_line=MAIL_LINE, at_ms=floor.at + 60_000, by=1)
    assert floor.ask(back) == Refused("line_unknown")


def test_what_is_given_by_mail_waits_for_the_contact_and_comes_back_to_its_owner_with_the_answer() -> None:
    floor, made = mailed("acme", "transfer")
    parked = made[-1]
    assert isinstance(parked, ev.Parked)
    assert (parked.actor, parked.until_ms, parked.record.contact) == ("provider", floor.at + DUE_MS, "acme")
    back = from_outside(floor, parked.record)
    assert names(back)[:2] == ["Returned", "Received"]
    assert (back[0].why, floor.state.convs[1].owner, floor.state.convs[1].line) == ("outside_wrote", 1, 1)


def test_a_contact_who_never_answers_is_not_forgotten() -> None:
    floor, made = mailed("acme", "transfer")
    floor.at += DUE_MS
    back = floor.do(cmd.Wake(id="w", record=made[-1].record))
    assert (back[0].why, floor.state.convs[1].owner) == ("outside_due", 1)


def test_by_its_rule_what_a_contact_does_not_answer_goes_to_the_queue() -> None:
    floor, made = mailed("writes", "transfer")
    assert names(made) == ["OutsideAsked", "Announced", "Parked"]
    floor.at += DUE_MS
    back = floor.do(cmd.Wake(id="w", record=made[-1].record))
    assert "Queued" in names(back)
    assert floor.state.convs[1].offer.agent == 1


def test_what_leaves_us_by_mail_is_wrapped_up_and_an_answer_within_the_window_reopens_it() -> None:
    floor, made = mailed("gone", "transfer", "chat")
    assert names(made) == ["OutsideAsked", "WrapUpStarted"]
    assert floor.state.convs[1].state == WRAP_UP
    again = from_outside(floor)
    assert (names(again)[-2:], again[-1].why) == (["Received", "Assigned"], "outside_wrote")


def test_a_customer_who_writes_meanwhile_is_heard() -> None:
    floor, made = mailed("acme", "transfer")
    back = floor.do(floor.message(1, channel="email", record=made[-1].record))
    assert (back[0].why, floor.state.convs[1].line) == ("customer_wrote", 1)


# --- what is kept ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["asked", "joined", "given"])
def test_a_restored_floor_knows_who_is_outside(step: str) -> None:
    floor = talking()
    floor.do(asked("acme", "transfer" if step == "given" else "consult"))
    if step != "asked":
        reported(floor, True)
    twin = decode_state(encode_state(floor.state), floor.engine.bundles)
    assert picture_of(twin) == picture_of(floor.state)
    assert set(twin.standing()) == set(floor.state.standing())
    assert twin.convs[1].outside == floor.state.convs[1].outside
