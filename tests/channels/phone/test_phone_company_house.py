"""A whole node, and more than two on the line: supervisors, colleagues, outsiders; and who is called back first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from router.core import commands as cmd
from router.core.lifecycle import ACTIVE, DEFERRED, WAITING
from tests.channels.phone.conftest import THEIRS
from tests.channels.phone.house import exchanging, telephoned
from tests.channels.phone.test_phone_house import accepted, talking, waiting
from tests.floor.nodehouse import CONFIG, NodeHouse
from tests.providers.twilio_calls import Calls, Leg

PARTNER, TAXI = "+420222333444", "+420222333445"
CONTACTS = f"""
contacts:
  partner: {{phone: "{PARTNER}", ring: 30s}}
  taxi: {{phone: "{TAXI}", then: leaves, confirm: false, refused: queue}}
"""
CALLBACK = "callback: {mode: customer-first, attempts: 2, retry: 1m, ring: 30s}"
RULES = CONFIG.replace(
    "{label: {en: General}, hours: always,", "{label: {en: General}, hours: always, " + CALLBACK + ","
)
ALL = [{"customer", "agent_1", "agent_2"}]


@pytest.fixture
async def calls() -> AsyncIterator[Calls]:
    async with exchanging() as made:
        yield made


@pytest.fixture
async def house(tmp_path: Path, calls: Calls) -> AsyncIterator[NodeHouse]:
    async with telephoned(tmp_path, calls, config=RULES + CONTACTS) as made:
        yield made


def conv(house: NodeHouse) -> Any:
    return house.served.floor.state.convs.get(1)


def leg(calls: Calls, theirs: str) -> Leg:
    return next(each for each in reversed(calls.legs.values()) if each.theirs == theirs)


async def colleague(house: NodeHouse, calls: Calls) -> None:
    calls.answers["client:agent_2"] = "answer"
    await house.agent(2, "phone")


async def together(house: NodeHouse, calls: Calls, *labels: str) -> None:
    await house.until(lambda: calls.together() == [set(labels)], f"together: {labels}")


# --- supervisors and colleagues ------------------------------------------------------------------------------------


async def test_a_supervisor_listens_whispers_and_barges_in_and_the_talk_goes_on_without_them(
    house: NodeHouse, calls: Calls
) -> None:
    customer = await talking(house, calls)
    await colleague(house, calls)
    for role, hearers in (("listen", set()), ("whisper", {"agent_1"}), ("barge", {"agent_1", "customer"})):
        await house.made(cmd.JoinAs(id=role, agent=2, conv=1, role=role, reason="coaching"))
        await together(house, calls, "customer", "agent_1", "agent_2")
        room, ninth = calls.conferences[0], leg(calls, "client:agent_2")
        await house.until(lambda: {room.legs[sid] for sid in room.hearers(ninth.sid)} == hearers, role)  # noqa: B023
    await house.made(cmd.LeaveParty(id="l", agent=2, conv=1))
    await together(house, calls, "customer", "agent_1")
    await calls.hang_up(customer)
    await house.until(lambda: conv(house) is None or conv(house).gone, "told")


async def test_a_consultation_is_spoken_while_the_customer_hears_music_and_the_colleague_takes_over(
    house: NodeHouse, calls: Calls
) -> None:
    customer = await talking(house, calls)
    await colleague(house, calls)
    await house.made(cmd.Consult(id="c", agent=1, conv=1, to_agent=2))
    await house.made(cmd.JoinConsult(id="j", agent=2, conv=1))
    await together(house, calls, "customer", "agent_1", "agent_2")
    await house.until(lambda: calls.conferences[0].held == {customer.sid}, "on hold")
    await house.made(cmd.CompleteConsult(id="d", agent=1, conv=1, to_agent=2))
    await together(house, calls, "customer", "agent_2")
    await house.until(lambda: not calls.conferences[0].held, "hears the colleague")
    assert len([each for each in calls.legs.values() if each.theirs == "client:agent_2"]) == 1
    await calls.hang_up(leg(calls, "client:agent_2"))
    await house.until(lambda: conv(house).leg_lost_ms > 0, "the new owner's line is watched")


async def test_a_colleague_whose_telephone_fails_has_left_and_the_customer_comes_off_hold(
    house: NodeHouse, calls: Calls
) -> None:
    await talking(house, calls)
    await colleague(house, calls)
    calls.answers["client:agent_2"] = "busy"
    await house.made(cmd.Consult(id="c", agent=1, conv=1, to_agent=2))
    await house.made(cmd.JoinConsult(id="j", agent=2, conv=1))
    await house.until(lambda: conv(house).participants is None, "left")
    await house.until(lambda: not conv(house).on_hold and not calls.conferences[0].held, "off hold")


async def test_an_owner_who_goes_home_leaves_nobody_in_an_empty_talk(house: NodeHouse, calls: Calls) -> None:
    customer = await talking(house, calls)
    await house.made(cmd.SignOut(id="x", agent=1, forced=True))
    await house.until(lambda: bool(customer.queue), "in line again")
    assert conv(house).state == WAITING


# --- outside parties ------------------------------------------------------------------------------------------------


async def ask(house: NodeHouse, contact: str, role: str) -> None:
    await house.made(cmd.AskOutside(id=f"{contact}-{role}", agent=1, conv=1, contact=contact, role=role))


async def test_an_outside_party_is_consulted_and_takes_over(house: NodeHouse, calls: Calls) -> None:
    customer = await talking(house, calls)
    calls.answers[PARTNER] = "answer"
    await ask(house, "partner", "consult")
    await together(house, calls, "customer", "agent_1", "outside_partner")
    await house.until(lambda: calls.conferences[0].held == {customer.sid}, "on hold")
    await house.made(cmd.CompleteOutside(id="c", agent=1, conv=1))
    await together(house, calls, "customer", "outside_partner")
    await house.until(lambda: not calls.conferences[0].held, "speaks with them")
    assert (conv(house).state, conv(house).actor) == (DEFERRED, "provider")
    await calls.hang_up(customer)
    await house.until(lambda: conv(house) is None, "done")
    row = await house.store.archive.conversation("main", 1)
    assert row is not None
    assert row.state == "closed"


async def test_a_blind_transfer_that_is_not_taken_comes_back_to_who_gave_it(house: NodeHouse, calls: Calls) -> None:
    customer = await talking(house, calls)
    calls.answers[PARTNER] = "busy"
    await ask(house, "partner", "transfer")
    await house.until(lambda: conv(house).state == ACTIVE, "the agent has it again")
    await together(house, calls, "customer", "agent_1")
    assert not customer.ended


async def test_a_blind_transfer_is_taken_by_a_person_who_presses_a_key(house: NodeHouse, calls: Calls) -> None:
    await talking(house, calls)
    calls.answers[PARTNER] = "answer"
    await ask(house, "partner", "transfer")
    await house.until(lambda: calls.ringing(PARTNER) is not None, "rings")
    leg(calls, PARTNER).keys.put_nowait("1")
    await together(house, calls, "customer", "outside_partner")
    await house.until(lambda: conv(house).outside.joined and not calls.conferences[0].held, "together")
    await calls.hang_up(leg(calls, PARTNER))
    await together(house, calls, "customer", "agent_1")
    assert conv(house).owner == 1


async def test_what_leaves_us_is_closed_and_the_call_goes_on_until_one_of_them_hangs_up(
    house: NodeHouse, calls: Calls
) -> None:
    customer = await talking(house, calls)
    calls.answers[TAXI] = "answer"
    await ask(house, "taxi", "transfer")
    await house.until(lambda: conv(house) is None, "closed")
    await together(house, calls, "customer", "outside_taxi")
    await house.until(lambda: leg(calls, TAXI).sid in calls.conferences[0].enders, "no more ours")
    await calls.hang_up(leg(calls, TAXI))
    await house.until(lambda: customer.ended, "over")


async def test_who_hangs_up_while_an_outside_party_rings_ends_everything(house: NodeHouse, calls: Calls) -> None:
    customer = await talking(house, calls)
    await ask(house, "partner", "transfer")
    await house.until(lambda: calls.ringing(PARTNER) is not None, "rings")
    await calls.hang_up(customer)
    await house.until(lambda: conv(house) is None, "closed")
    await house.until(lambda: leg(calls, PARTNER).ended, "rings no longer")


# --- customers who are called first ----------------------------------------------------------------------------------


async def asked_for(house: NodeHouse, calls: Calls) -> None:
    """A customer has asked to be called back, and has hung up."""
    customer = await waiting(house, calls)
    for key in ("1", "1"):
        customer.keys.put_nowait(key)
    await house.until(lambda: customer.ended and conv(house).relief is not None, "asked for")


async def test_the_customer_is_called_first_and_then_the_agent(house: NodeHouse, calls: Calls) -> None:
    await asked_for(house, calls)
    calls.answers |= {"client:agent_1": "answer", THEIRS: "answer"}
    await house.agent(1, "phone")
    await house.until(lambda: leg(calls, THEIRS).direction != "inbound", "called")
    assert not [each for each in calls.legs.values() if each.theirs == "client:agent_1"]
    again = leg(calls, THEIRS)
    again.keys.put_nowait("1")
    await accepted(house)
    await together(house, calls, "customer", "agent_1")
    await calls.hang_up(again)
    await house.until(lambda: conv(house) is None or conv(house).gone, "over")


@pytest.mark.parametrize("how", ["busy", "no-answer", "machine"])
async def test_a_call_that_reaches_nobody_is_tried_again_by_rule(house: NodeHouse, calls: Calls, how: str) -> None:
    await asked_for(house, calls)
    calls.answers[THEIRS] = "answer" if how == "machine" else how
    await house.agent(1, "phone")
    await house.until(lambda: conv(house).relief.tries == 1, "failed once")
    assert (conv(house).state, conv(house).actor) == (DEFERRED, "clock")
    story = await house.store.archive.story("main", 1, before=1 << 60, limit=50)
    assert [item.row.detail for item in story if item.row.kind == "CallbackFailed"] == [how]


async def test_a_promised_call_is_made_at_its_time_customer_first(house: NodeHouse, calls: Calls) -> None:
    customer = await waiting(house, calls)
    now_ms = house.served.floor.state.at
    await house.made(cmd.RequestCallback(id="b", conv=1, at_ms=now_ms + 1_500))
    await house.until(lambda: customer.ended or bool(customer.queue), "still there or gone")
    await calls.hang_up(customer)
    calls.answers[THEIRS] = "answer"
    await house.agent(1, "phone")
    await house.until(lambda: leg(calls, THEIRS).direction != "inbound", "called at its time")
    leg(calls, THEIRS).keys.put_nowait("1")
    await house.until(lambda: conv(house).offer is not None, "an agent is asked")
    await house.until(lambda: bool(leg(calls, THEIRS).queue), "in line, and not at the machine that takes messages")


async def test_who_stays_on_the_line_although_a_call_back_was_promised_is_not_called(
    house: NodeHouse, calls: Calls
) -> None:
    customer = await waiting(house, calls)
    await house.made(cmd.RequestCallback(id="b", conv=1))
    calls.answers["client:agent_1"] = "answer"
    await house.agent(1, "phone")
    await accepted(house)
    await together(house, calls, "customer", "agent_1")
    assert [each for each in calls.legs.values() if each.theirs == THEIRS] == [customer]
