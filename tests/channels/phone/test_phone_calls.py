"""Calls come in, wait, are connected, held, moved and ended, in any order and with any webhook lost."""

from __future__ import annotations

import pytest

from channels import phone
from channels.contract import Connect, HangUp, Hold, LineOpened, Move, Play, Standing, TryLater, Undeliverable, Unsure
from channels.phone.missed import Missed
from channels.phone.wording import SAID
from tests.channels.phone.conftest import AGENT_PHONE, OURS, PAGES, THEIRS, Exchange, exchange_with, until
from tests.providers.twilio import TOKEN, Fault
from tests.providers.twilio_calls import Leg

BOTH = [{"customer", "agent_1"}]


def connect(exchange: Exchange, leg: Leg, agent: int = 1, key: str = "k1") -> Connect:
    return Connect(key=key, line=exchange.line(leg), party=f"agent:{agent}", address=f"agent_{agent}")


async def talking(exchange: Exchange) -> Leg:
    """A customer talks to agent 1."""
    exchange.calls.answers["client:agent_1"] = "answer"
    leg = await exchange.waiting()
    await exchange.channel.perform(connect(exchange, leg))
    await until(lambda: exchange.calls.together() == BOTH, "together")
    return leg


# --- in and waiting -------------------------------------------------------------------------------------------


async def test_a_call_is_on_the_disk_and_greeted_in_the_callers_language(exchange: Exchange) -> None:
    leg = await exchange.waiting()
    (opened,) = exchange.door.signals
    assert isinstance(opened, LineOpened)
    assert (opened.language, opened.line.key, opened.line.peer) == ("th", leg.sid, f"{THEIRS} via {OURS}")
    known = [(one.kind, one.value, one.verified) for one in opened.identities]
    assert known == [("caller_id", THEIRS, "carrier"), ("phone", THEIRS, "")]
    assert leg.heard[0] == SAID["greeting"]["th"]


async def test_a_blocked_caller_hears_the_busy_tone_and_makes_no_line(exchange: Exchange) -> None:
    exchange.door.blocked = {THEIRS}
    told = {"CallSid": "CA" + "7" * 32, "From": THEIRS, "To": OURS, "CallStatus": "ringing", "Direction": "inbound"}
    answer = await exchange.twilio.post(f"{PAGES}/voice", told)
    assert "<Reject" in answer[1]
    assert exchange.door.signals == []


async def test_the_configurations_own_words_take_the_place_of_ours(exchange: Exchange) -> None:
    exchange.door.texts["phone-greeting:th"] = "ยินดีต้อนรับ"
    leg = await exchange.waiting()
    assert leg.heard[0] == "ยินดีต้อนรับ"


async def test_the_same_ring_twice_is_one_line(exchange: Exchange) -> None:
    leg = await exchange.waiting()
    told = {"CallSid": leg.sid, "From": THEIRS, "To": OURS, "CallStatus": "ringing", "Direction": "inbound"}
    await exchange.twilio.post(f"{PAGES}/voice", told)
    assert len(exchange.door.signals) == 1


async def test_who_waits_hears_the_place_and_what_to_press(exchange: Exchange) -> None:
    leg = await exchange.waiting("+420123456789")
    exchange.door.places[leg.sid] = 3
    await until(lambda: "You are number 3 in line." in leg.heard, "the place")
    exchange.door.places[leg.sid] = 1
    await until(lambda: "You are number 1 in line." in leg.heard, "the next place")
    assert SAID["keys"]["en"] in leg.heard


@pytest.mark.parametrize(
    ("standing", "heard"),
    [
        (Standing(place=3, low_ms=190_000, high_ms=290_000, basis="pace"), "The wait is about 3 to 5 minutes."),
        (Standing(place=3, low_ms=121_000, high_ms=119_000, basis="head"), "The wait is about 2 minutes."),
        (Standing(place=1, low_ms=0, high_ms=40_000, basis="pace"), "The wait is about one minute or less."),
    ],
)
async def test_who_waits_hears_how_long_as_a_range_of_minutes(
    exchange: Exchange, standing: Standing, heard: str
) -> None:
    leg = await exchange.waiting("+420123456789")
    exchange.door.standings[leg.sid] = standing
    await until(lambda: heard in leg.heard, "how long it will be")


async def test_without_a_basis_nobody_hears_a_time(exchange: Exchange) -> None:
    leg = await exchange.waiting("+420123456789")
    exchange.door.standings[leg.sid] = Standing(place=7)
    await until(lambda: "You are number 7 in line." in leg.heard, "the place")
    assert not any("minute" in sentence for sentence in leg.heard)


@pytest.mark.parametrize("number", ["anonymous", "+266696687", "+86282452253", ""])
async def test_a_hidden_caller_is_nobody(exchange: Exchange, number: str) -> None:
    await exchange.waiting(number)
    (opened,) = exchange.door.signals
    assert isinstance(opened, LineOpened)
    assert opened.identities == ()
    assert opened.line.peer == f"hidden via {OURS}"


async def test_a_key_of_the_menu_gives_language_and_facts() -> None:
    menu = {"1": {"language": "zh", "facts": {"about": "billing"}}}
    import msgspec

    from channels.phone.asked import MenuKey

    async with exchange_with(menu=msgspec.convert(menu, dict[str, MenuKey])) as exchange:
        exchange.door.texts["phone-menu"] = "Press 1 for bills."
        leg = exchange.ring()
        await until(lambda: leg.heard == ["Press 1 for bills."], "the menu")
        leg.keys.put_nowait("1")
        await until(lambda: bool(leg.queue), "on the hold line")
        (opened,) = exchange.door.signals
        assert isinstance(opened, LineOpened)
        assert (opened.language, opened.declared) == ("zh", {"about": "billing"})
        silent = await exchange.waiting()
        assert exchange.line(silent).key == silent.sid


async def test_while_the_letterbox_is_closed_a_caller_is_asked_to_wait_and_then_taken(exchange: Exchange) -> None:
    exchange.door.closed = True
    leg = exchange.ring()
    await until(lambda: leg.heard.count(SAID["one-moment"]["th"]) == 2, "asked to wait")
    exchange.door.closed = False
    await until(lambda: bool(leg.queue), "on the hold line")
    assert len(exchange.door.signals) == 1


async def test_a_letterbox_that_stays_closed_is_said_in_the_end(exchange: Exchange) -> None:
    exchange.door.closed = True
    leg = exchange.ring()
    await until(lambda: leg.ended, "hung up")
    assert leg.heard[-1] == SAID["sorry"]["th"]


async def test_a_call_from_an_agents_browser_is_no_customer(exchange: Exchange) -> None:
    leg = exchange.ring("client:agent_1")
    await until(lambda: leg.ended, "refused")
    assert exchange.door.signals == []


# --- talking --------------------------------------------------------------------------------------------------


async def test_an_agent_who_answers_in_the_browser_talks_to_the_caller(exchange: Exchange) -> None:
    await talking(exchange)
    await until(lambda: len(exchange.parties()) == 2, "told")
    assert sorted(exchange.parties()) == [("joined", "agent:1", ""), ("joined", "customer", "")]


async def test_an_agents_telephone_takes_the_call_when_a_key_is_pressed(exchange: Exchange) -> None:
    exchange.calls.answers[AGENT_PHONE] = "answer"
    leg = await exchange.waiting()
    await exchange.channel.perform(connect(exchange, leg, agent=2))
    await until(lambda: exchange.calls.ringing(AGENT_PHONE) is not None, "rings")
    agent = exchange.calls.ringing(AGENT_PHONE)
    assert agent is not None
    await until(lambda: SAID["agent-accept"]["en"] in agent.heard, "asked to accept")
    assert leg.queue
    agent.keys.put_nowait("1")
    await until(lambda: exchange.calls.together() == [{"customer", "agent_2"}], "together")


async def test_an_agents_own_voicemail_takes_no_call(exchange: Exchange) -> None:
    exchange.calls.answers[AGENT_PHONE] = "answer"
    leg = await exchange.waiting()
    await exchange.channel.perform(connect(exchange, leg, agent=2))
    await until(lambda: exchange.parties() == [("left", "agent:2", "not_accepted")], "told")
    assert leg.queue


@pytest.mark.parametrize("how", ["busy", "no-answer", "failed"])
async def test_an_agents_leg_that_fails_is_told_and_the_caller_goes_on_waiting(exchange: Exchange, how: str) -> None:
    exchange.calls.answers["client:agent_1"] = how
    leg = await exchange.waiting()
    await exchange.channel.perform(connect(exchange, leg))
    await until(lambda: exchange.parties() == [("left", "agent:1", how)], "told")
    assert leg.queue


async def test_hold_and_back(exchange: Exchange) -> None:
    leg = await talking(exchange)
    line = exchange.line(leg)
    await exchange.channel.perform(Hold(key="h1", line=line, on=True))
    await until(lambda: SAID["on-hold"]["th"] in leg.heard, "music, in their language")
    assert exchange.calls.conferences[0].held == {leg.sid}
    await exchange.channel.perform(Hold(key="h2", line=line, on=False))
    assert exchange.calls.conferences[0].held == set()


async def test_a_line_that_is_moved_waits_again_and_gets_the_next_agent(exchange: Exchange) -> None:
    leg = await talking(exchange)
    first = exchange.calls.ringing("client:agent_1")
    assert first is not None
    await exchange.channel.perform(Move(key="m1", line=exchange.line(leg), to="queue"))
    await until(lambda: bool(leg.queue) and first.ended, "on the hold line, the agent gone")
    turns = len(leg.heard)
    await until(lambda: SAID["waiting"]["th"] in leg.heard[turns:], "spoken to in the same language")
    exchange.calls.answers["client:agent_3"] = "answer"
    await exchange.channel.perform(connect(exchange, leg, agent=3, key="k2"))
    await until(lambda: exchange.calls.together() == [{"customer", "agent_3"}], "together")
    assert ("left", "customer", "hung_up") not in exchange.parties()
    assert not [told for told in exchange.parties() if told[2] == "not_accepted"]


async def test_hanging_up_ends_every_leg_and_may_be_done_twice(exchange: Exchange) -> None:
    leg = await talking(exchange)
    for key in ("u1", "u2"):
        await exchange.channel.perform(HangUp(key=key, line=exchange.line(leg)))
    await until(lambda: all(each.ended for each in exchange.calls.legs.values()), "all ended")


@pytest.mark.parametrize("effect", [Hold, Move])
async def test_what_is_done_to_a_call_that_is_over_is_undeliverable(exchange: Exchange, effect: type) -> None:
    leg = await exchange.waiting()
    await exchange.calls.hang_up(leg)
    more = {"on": True} if effect is Hold else {"to": "queue"}
    with pytest.raises(Undeliverable, match=r"not_talking|call_over"):
        await exchange.channel.perform(effect(key="x", line=exchange.line(leg), **more))
    with pytest.raises(Undeliverable, match="call_over"):
        await exchange.channel.perform(connect(exchange, leg))


async def test_a_notice_is_said_once_to_who_waits_and_into_a_talk(exchange: Exchange) -> None:
    exchange.door.texts["closing"] = "We are closing."
    leg = await exchange.waiting()
    line = exchange.line(leg)
    exchange.door.happen(line, kind="notice", notice="in-line", text="You are in line.")
    await exchange.channel.perform(Play(key="p1", line=line, notice="in-line"))
    await until(lambda: leg.heard.count(SAID["waiting"]["th"]) > 4, "some turns")
    assert leg.heard.count("You are in line.") == 1
    exchange.calls.answers["client:agent_1"] = "answer"
    await exchange.channel.perform(connect(exchange, leg))
    await until(lambda: exchange.calls.together() == BOTH, "together")
    await exchange.channel.perform(Play(key="p2", line=line, notice="closing"))
    await until(lambda: leg.heard[-1] == "We are closing.", "said into the talk")


# --- hang-ups -------------------------------------------------------------------------------------------------


async def test_a_caller_who_hangs_up_in_the_line_is_told_once_by_two_webhooks(exchange: Exchange) -> None:
    leg = await exchange.waiting()
    await exchange.calls.hang_up(leg)
    await until(lambda: not exchange.twilio.tasks, "all told")
    assert exchange.parties() == [("left", "customer", "hung_up")]


@pytest.mark.parametrize("lost", ["exit", "status"])
async def test_either_webhook_alone_tells_of_a_hang_up(exchange: Exchange, lost: str) -> None:
    exchange.calls.lost.add(lost)
    leg = await exchange.waiting()
    await exchange.calls.hang_up(leg)
    await until(lambda: exchange.parties() == [("left", "customer", "hung_up")], "told")


async def test_with_both_lost_the_list_tells(exchange: Exchange) -> None:
    exchange.calls.lost |= {"exit", "status"}
    missed = found(exchange)
    await missed.round()
    leg = await exchange.waiting()
    await exchange.calls.hang_up(leg)
    for _ in range(2):
        assert await missed.round()
    assert exchange.parties() == [("left", "customer", "hung_up")]


async def test_a_caller_who_hangs_up_while_talking_ends_the_talk(exchange: Exchange) -> None:
    leg = await talking(exchange)
    await exchange.calls.hang_up(leg)
    await until(lambda: exchange.calls.together() == [], "over")
    await until(lambda: ("left", "customer", "hung_up") in exchange.parties(), "told")
    await until(lambda: ("left", "agent:1") in [told[:2] for told in exchange.parties()], "the agent, too")


async def test_an_agent_who_hangs_up_is_told_and_does_not_end_the_customers_call(exchange: Exchange) -> None:
    leg = await talking(exchange)
    agent = exchange.calls.ringing("client:agent_1")
    assert agent is not None
    await exchange.calls.hang_up(agent)
    await until(lambda: ("left", "agent:1") in [told[:2] for told in exchange.parties()], "told")
    assert not leg.ended


async def test_an_agent_rings_no_longer_for_a_caller_who_has_gone(exchange: Exchange) -> None:
    leg = await exchange.waiting()
    await exchange.channel.perform(connect(exchange, leg))
    agent = exchange.calls.ringing("client:agent_1")
    assert agent is not None
    await exchange.calls.hang_up(leg)
    await until(lambda: agent.ended, "rings no longer")


async def test_an_agent_who_answers_too_late_hears_that_the_caller_has_gone(exchange: Exchange) -> None:
    exchange.calls.lost |= {"exit", "status"}
    leg = await exchange.waiting()
    await exchange.channel.perform(connect(exchange, leg))
    agent = exchange.calls.ringing("client:agent_1")
    assert agent is not None
    await exchange.calls.hang_up(leg)
    agent.answered.set()
    await until(lambda: agent.heard == [SAID["caller-gone"]["en"]], "told")
    assert ("left", "customer", "call_over") in exchange.parties()


# --- lost answers ---------------------------------------------------------------------------------------------


async def test_a_lost_answer_to_a_connection_is_found_by_its_ringing_leg(exchange: Exchange) -> None:
    leg = await exchange.waiting()
    exchange.door.at_ms = 0
    exchange.twilio.faults.append(Fault(path="Calls.json", after=True))
    with pytest.raises(Unsure):
        await exchange.channel.perform(connect(exchange, leg))
    agent = exchange.calls.ringing("client:agent_1")
    found_leg = await exchange.channel.find("k1")
    assert agent is not None
    assert found_leg is not None
    assert found_leg.provider == agent.sid


async def test_an_earlier_leg_to_the_same_agent_is_not_taken_for_the_lost_one(exchange: Exchange) -> None:
    exchange.door.at_ms = 0
    exchange.calls.answers["client:agent_1"] = "busy"
    first, second = await exchange.waiting(), await exchange.waiting("+66812345679")
    await exchange.channel.perform(connect(exchange, first, key="k1"))
    exchange.twilio.faults.append(Fault(path="Calls.json"))
    with pytest.raises(Unsure):
        await exchange.channel.perform(connect(exchange, second, key="k2"))
    assert await exchange.channel.find("k2") is None
    again = phone.build(exchange.channel._settings, exchange.door, {"TOKEN": TOKEN})
    assert await again.find("k2") is None, "nor in a later life of the node"


async def test_who_waits_is_not_dropped_while_nothing_can_be_read(exchange: Exchange) -> None:
    leg = await exchange.waiting()
    exchange.door.closed = exchange.door.book.away = True
    turns = len(leg.heard)
    await until(lambda: len(leg.heard) > turns + 3, "more turns")
    leg.keys.put_nowait("1")
    await until(leg.keys.empty, "pressed")
    turns = len(leg.heard)
    await until(lambda: len(leg.heard) > turns + 3, "more turns")
    assert leg.queue
    assert not [text for text in leg.heard if text.startswith("error")]
    exchange.door.closed = exchange.door.book.away = False
    exchange.calls.answers["client:agent_1"] = "answer"
    await exchange.channel.perform(connect(exchange, leg))
    await until(lambda: exchange.calls.together() == BOTH, "together")


async def test_who_has_left_the_line_for_a_moment_comes_back_when_nothing_can_be_read(exchange: Exchange) -> None:
    leg = await exchange.waiting()
    leg.keys.put_nowait("1")
    await until(lambda: SAID["call-back"]["th"] in leg.heard, "asked")
    exchange.door.book.away = True
    leg.keys.put_nowait("1")
    await until(lambda: leg.heard.count(SAID["one-moment"]["th"]) > 1, "asked to wait")
    exchange.door.book.away = False
    await until(lambda: bool(leg.queue), "waits again")
    assert not leg.ended


async def test_a_connection_that_never_left_is_not_found(exchange: Exchange) -> None:
    leg = await exchange.waiting()
    exchange.twilio.faults.append(Fault(path="Calls.json"))
    with pytest.raises(Unsure):
        await exchange.channel.perform(connect(exchange, leg))
    assert await exchange.channel.find("k1") is None
    assert await exchange.channel.find("never tried") is None


async def test_a_provider_that_is_away_rings_the_agent_later(exchange: Exchange) -> None:
    leg = await exchange.waiting()
    exchange.twilio.faults.append(Fault(status=503))
    with pytest.raises(TryLater):
        await exchange.channel.perform(connect(exchange, leg))


async def test_a_caller_who_could_not_be_fetched_comes_at_the_next_turn(exchange: Exchange) -> None:
    exchange.calls.answers["client:agent_1"] = "answer"
    leg = await exchange.waiting()
    exchange.twilio.faults.append(Fault(path=f"Calls/{leg.sid}.json", times=0))
    (fault,) = exchange.twilio.faults
    await exchange.channel.perform(connect(exchange, leg))
    fault.times, fault.status = 1, 503
    await until(lambda: exchange.calls.together() == BOTH, "together")


def found(exchange: Exchange) -> Missed:
    channel = exchange.channel
    assert channel._rest is not None, "configured"
    assert channel._hands is not None, "configured"
    return Missed(channel._rest, channel._hands, numbers=(OURS,))
