"""Stories of those who take part without owning: consulted colleagues, and supervisors who listen, whisper or barge."""

from __future__ import annotations

import pytest

from router.core import commands as cmd
from router.core import events as ev
from router.core.lifecycle import ACTIVE, OFFERED, WAITING
from router.core.snapshot import decode_state, encode_state, picture_of
from tests.core.floor_plan import ABILITIES, Floor, at_work, names

OFFER_MS = 20_000


def talking(*others: int) -> Floor:
    """Return a floor on which agent 1 talks with the customer of line 1 and others are there."""
    floor = at_work(1)
    floor.arrive(1)
    floor.accept(1)
    for agent in others:
        floor.sign_in(agent, capacity=25)
    return floor


def ask(floor: Floor, to_agent: int = 0, queue: str = "") -> list[ev.Event]:
    return floor.do(cmd.Consult(id=floor.id(), agent=1, conv=1, to_agent=to_agent, queue=queue))


def consulted(*others: int) -> Floor:
    floor = talking(2, *others)
    ask(floor, 2)
    floor.do(cmd.JoinConsult(id="join", agent=2, conv=1))
    return floor


def test_a_colleague_who_is_asked_rings_and_the_owner_goes_on_owning() -> None:
    floor = talking(2)
    assert ask(floor, 2) == [ev.ParticipantAsked(1, 2, 1, "consult", floor.at + OFFER_MS)]
    conv = floor.state.convs[1]
    assert (conv.state, conv.owner, conv.participants[2].role) == (ACTIVE, 1, "consult")


def test_a_consultation_takes_room_so_that_nothing_else_rings_meanwhile() -> None:
    floor = talking(2)
    floor.do(cmd.SetPresence(id="b", agent=1, presence="break"))
    ask(floor, 2)
    floor.arrive(2)
    assert floor.state.convs[2].state == WAITING
    floor.do(cmd.LeaveParty(id="l", agent=2, conv=1))
    assert floor.state.convs[2].offer.agent == 2


def test_a_transfer_frees_who_was_asked_first_for_who_has_waited_longer() -> None:
    floor = Floor()
    floor.sign_in(1)
    for number in (1, 2):
        floor.arrive(number)
    floor.accept(2)
    floor.sign_in(2, capacity=25)
    floor.do(cmd.Consult(id="c", agent=1, conv=2, to_agent=2))
    floor.do(cmd.SetPresence(id="b", agent=1, presence="break"))
    assert floor.state.convs[1].state == WAITING
    made = floor.do(cmd.Transfer(id="t", agent=1, conv=2, queue="general"))
    assert names(made) == ["Transferred", "Queued", "Offered", "ParticipantLeft"]
    assert (floor.state.convs[1].offer.agent, floor.state.convs[2].state) == (2, WAITING)


def test_who_is_asked_by_a_queue_is_who_the_router_would_choose_and_never_the_owner() -> None:
    floor = talking()
    floor.sign_in(3, abilities=(("channel:chat", 1),))
    floor.sign_in(4, abilities=ABILITIES)
    asked = ask(floor, queue="billing")[-1]
    assert isinstance(asked, ev.ParticipantAsked)
    assert asked.agent == 4


def test_a_queue_in_which_nobody_is_free_is_said_by_name() -> None:
    floor = talking()
    assert ask(floor, queue="billing")[-1] == ev.ParticipantLeft(1, 0, "nobody_free")
    assert floor.state.convs[1].participants is None


def test_silence_ends_the_asking_and_the_colleague_stays_as_they_were() -> None:
    floor = talking(2)
    ask(floor, 2)
    assert names(floor.wait(OFFER_MS)) == ["ParticipantLeft"]
    assert (floor.state.agents[2].presence, floor.state.agents[2].used) == ("available", 0)


def test_who_declines_is_free_again_and_the_owner_may_ask_another() -> None:
    floor = talking(2, 3)
    ask(floor, 2)
    assert floor.do(cmd.LeaveParty(id="l", agent=2, conv=1)) == [ev.ParticipantLeft(1, 2, "declined")]
    assert names(ask(floor, 3)) == ["ParticipantAsked"]


def test_who_has_joined_stays_past_the_ringing_and_leaves_by_their_own_will() -> None:
    floor = consulted()
    assert "ParticipantLeft" not in names(floor.wait(OFFER_MS))
    assert floor.do(cmd.LeaveParty(id="l", agent=2, conv=1)) == [ev.ParticipantLeft(1, 2, "left")]


def test_the_owner_lets_a_colleague_go() -> None:
    floor = consulted()
    made = floor.do(cmd.CancelConsult(id="c", agent=1, conv=1, to_agent=2))
    assert made == [ev.ParticipantLeft(1, 2, "cancelled")]


def test_handing_over_to_who_takes_part_needs_no_ringing_and_no_other_room() -> None:
    floor = consulted()
    made = floor.do(cmd.CompleteConsult(id="c", agent=1, conv=1, to_agent=2, note=70))
    assert names(made) == ["Transferred", "Assigned", "ParticipantLeft"]
    conv = floor.state.convs[1]
    assert (conv.owner, conv.participants, floor.state.agents[2].work) == (2, None, {1: 25})
    assert floor.state.agents[1].work == {}


def test_there_is_never_a_second_owner() -> None:
    floor = consulted()
    answer = floor.ask(cmd.Reply(id="r", agent=2, conv=1, message=9))
    assert answer.reason == "not_yours"


def test_a_participant_may_write_a_note() -> None:
    floor = consulted()
    assert names(floor.do(cmd.Note(id="n", agent=2, conv=1, message=9))) == ["Noted"]


@pytest.mark.parametrize("end", ["close", "park", "transfer", "sign_out"])
def test_when_it_is_no_longer_active_nobody_takes_part_and_their_room_is_filled(end: str) -> None:
    floor = consulted(3)
    floor.do(cmd.SetPresence(id="b", agent=3, presence="break"))
    floor.do(cmd.SetPresence(id="c", agent=1, presence="break"))
    floor.arrive(2)
    assert floor.state.convs[2].state == WAITING
    deeds: dict[str, cmd.Command] = {
        "close": cmd.Close(id="x", agent=1, conv=1, disposition="solved"),
        "park": cmd.Park(id="x", agent=1, conv=1),
        "transfer": cmd.Transfer(id="x", agent=1, conv=1, queue="billing"),
        "sign_out": cmd.SignOut(id="x", agent=1, forced=True),
    }
    made = floor.do(deeds[end])
    assert ev.ParticipantLeft(1, 2, "over") in made
    rings = [conv.id for conv in floor.state.convs.values() if conv.offer and conv.offer.agent == 2]
    assert rings, "the room of who took part is filled in the same decision"
    assert floor.state.parted == []


def test_wrap_up_is_the_owners_alone() -> None:
    floor = consulted()
    assert names(floor.do(cmd.Close(id="x", agent=1, conv=1))) == ["WrapUpStarted", "ParticipantLeft"]


def test_who_goes_home_takes_part_no_longer_and_takes_nothing_with_them() -> None:
    floor = consulted()
    made = floor.do(cmd.SignOut(id="x", agent=2))
    assert names(made) == ["ParticipantLeft", "SignedOut"]
    assert (floor.state.convs[1].state, floor.state.convs[1].owner) == (ACTIVE, 1)


def test_who_stops_accepting_is_asked_no_longer_and_talks_on_where_they_have_joined() -> None:
    floor = talking(2)
    ask(floor, 2)
    made = floor.do(cmd.SetPresence(id="b", agent=2, presence="break"))
    assert names(made) == ["ParticipantLeft", "PresenceSet"]
    floor = consulted()
    floor.do(cmd.SetPresence(id="b", agent=2, presence="break"))
    assert 2 in floor.state.convs[1].participants


@pytest.mark.parametrize("role", ["listen", "whisper", "barge"])
def test_a_supervisor_takes_part_without_room_and_it_is_written_who_and_why(role: str) -> None:
    floor = talking(9)
    made = floor.do(cmd.JoinAs(id="j", agent=9, conv=1, role=role, reason="coaching"))
    assert made == [ev.Ordered(1, 9, role, "coaching", agent=1), ev.ParticipantJoined(1, 9, role, 9)]
    assert (floor.state.agents[9].used, floor.state.convs[1].owner) == (0, 1)


def test_a_supervisor_changes_from_listening_to_barging_in() -> None:
    floor = talking(9)
    floor.do(cmd.JoinAs(id="j", agent=9, conv=1, role="listen", reason="coaching"))
    floor.do(cmd.JoinAs(id="k", agent=9, conv=1, role="barge", reason="angry_customer"))
    assert floor.state.convs[1].participants[9].role == "barge"


def test_a_supervisor_who_listened_and_goes_home_is_nowhere() -> None:
    floor = talking(9)
    floor.do(cmd.JoinAs(id="j", agent=9, conv=1, role="listen", reason="coaching"))
    floor.do(cmd.SignOut(id="x", agent=9))
    assert floor.state.convs[1].participants is None


def test_a_gap_without_a_leader_is_no_silence_of_who_was_asked() -> None:
    floor = talking(2)
    ask(floor, 2)
    floor.at += 60_000
    floor.do(cmd.TakeLead(id="lead2", epoch=2, gap_ms=60_000, release="test"))
    assert floor.state.convs[1].participants[2].until_ms == floor.at + OFFER_MS


def test_a_restored_floor_knows_who_takes_part() -> None:
    floor = consulted()
    restored = decode_state(encode_state(floor.state), floor.engine.bundles)
    assert picture_of(restored) == picture_of(floor.state)
    assert restored.agents[2].parts == {1}


def test_what_rings_elsewhere_cannot_be_joined() -> None:
    floor = at_work(1)
    floor.arrive(1)
    assert floor.state.convs[1].state == OFFERED
    answer = floor.ask(cmd.JoinAs(id="j", agent=1, conv=1, role="listen", reason="asked"))
    assert answer.reason == "not_active"
