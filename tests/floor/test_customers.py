"""What a look-up brings of customers and senders: windows, own agents, blocks, tests, floods; and what comes of it."""

from __future__ import annotations

from typing import Any

import msgspec

from channels import contract as sig
from router.core import bundle as b
from router.core.commands import Receive
from router.intake.lookup import LookUp
from router.intake.senders import MESSAGES_A_MINUTE_MAX, MINUTE_MS, Watch
from router.store.port import NewMark
from tests.floor.house import CALL, CAPABILITIES, SITE, House, bundle, wrote

HOUR_MS = b.HOUR_MS
WINDOWED = msgspec.structs.replace(CALL, reply_window_ms=48 * HOUR_MS, reply_quota=5)
ADA = sig.Identity(kind="email", value="ada@example.org", verified="smtp")


def looking_with(house: House, **capabilities: sig.Capabilities) -> None:
    known = {**CAPABILITIES, **capabilities}
    house.intake._look_up = LookUp(house.floor, house.store.archive, known, watch=Watch(SITE, house.store.senders))


async def decided(house: House, message: sig.AnySignal, channel: str = "push") -> sig.Decided:
    door = house.door(channel)
    accepted = (await door.accept([message]))[0]
    answer = await door.decided(accepted.letter, wait_ms=5_000)
    assert answer is not None
    return answer


async def settled_why(house: House, message: sig.AnySignal, channel: str = "push") -> str:
    """Return the state of a letter once it is decided: set aside, or that of its conversation."""
    return (await decided(house, message, channel)).state


def conv_on(house: House, number: int) -> Any:
    return house.floor.state.convs[number]


async def mark(house: House, kind: str, value: str, word: str, *, until_ms: int = 0) -> None:
    new = NewMark(kind=kind, value=value, mark=word, reason="abuse", agent=9, until_ms=until_ms)
    await house.store.senders.mark(SITE, [new], at=house.clock.now)


async def with_queue(house: House, **words: Any) -> None:
    plain = bundle()
    queue = msgspec.structs.replace(plain.queues["general"], **words)
    await house.configure(msgspec.structs.replace(plain, queues={**plain.queues, "general": queue}))


async def test_the_channels_window_begins_when_the_customer_wrote(house: House) -> None:
    looking_with(house, call=WINDOWED)
    house.start("intake")
    sent_ms = house.clock.now - HOUR_MS
    await decided(house, wrote("hello", channel="call", sent_ms=sent_ms), "call")
    conv = conv_on(house, 1)
    assert (conv.window_ms, conv.replies_left) == (sent_ms + 48 * HOUR_MS, 5)


async def test_a_message_may_bring_a_window_of_its_own(house: House) -> None:
    looking_with(house, call=WINDOWED)
    house.start("intake")
    pressed = wrote("menu", channel="call", reply_window_ms=60_000, reply_quota=3)
    await decided(house, pressed, "call")
    assert (conv_on(house, 1).window_ms, conv_on(house, 1).replies_left) == (house.clock.now + 60_000, 3)


async def test_a_clock_ahead_of_ours_makes_no_window_longer(house: House) -> None:
    looking_with(house, call=WINDOWED)
    house.start("intake")
    await decided(house, wrote("hello", channel="call", sent_ms=house.clock.now + HOUR_MS), "call")
    assert conv_on(house, 1).window_ms == house.clock.now + 48 * HOUR_MS


async def test_a_channel_without_a_window_has_none(house: House) -> None:
    house.start("intake")
    await decided(house, wrote("hello"))
    assert (conv_on(house, 1).window_ms, conv_on(house, 1).replies_left) == (0, -1)


async def test_who_has_the_customer_now_gets_their_second_channel_too(house: House) -> None:
    await with_queue(house, affinity={"same_customer": b.Affinity()}, related=True)
    house.start("intake")
    await house.agent(1)
    await decided(house, wrote("hello", identities=(ADA,)))
    await house.accept_offer(1)
    await house.agent(2)
    await decided(house, wrote("and by mail", channel="call", key="k2", identities=(ADA,)), "call")
    offer = conv_on(house, 2).offer
    assert (offer.agent, offer.why) == (1, ("same_customer",))
    assert (conv_on(house, 1).related, conv_on(house, 2).related) == ((2,), (1,))


async def test_an_unproved_claim_makes_nobody_the_same_customer(house: House) -> None:
    await with_queue(house, affinity={"same_customer": b.Affinity()}, related=True)
    house.start("intake")
    await house.agent(1)
    await decided(house, wrote("hello", identities=(ADA,)))
    await house.accept_offer(1)
    claim = sig.Identity(kind="email", value="ada@example.org")
    await decided(house, wrote("it is me", channel="call", key="k2", identities=(claim,)), "call")
    assert conv_on(house, 2).related == ()


async def test_the_last_agent_and_the_repeat_are_found_in_the_archive(house: House) -> None:
    repeat = b.Repeat(within_ms=HOUR_MS, priority=2)
    await with_queue(house, affinity={"last_agent": b.Affinity(within_ms=HOUR_MS)}, repeat=repeat, wrap_up_ms=0)
    house.start("intake")
    await house.agent(1)
    await decided(house, wrote("hello", identities=(ADA,)))
    await house.accept_offer(1)
    await house.say(1, "done", then="close")
    await house.agent(2)
    await decided(house, wrote("once more", channel="call", key="k2", identities=(ADA,)), "call")
    conv = conv_on(house, 2)
    assert (conv.offer.agent, conv.offer.why, conv.cls.priority) == (1, ("last_agent",), 2)


async def test_the_agent_who_is_named_for_a_customer_is_asked_first(house: House) -> None:
    await with_queue(house, affinity={"named_agent": b.Affinity()})
    house.start("intake")
    for agent in (1, 2):
        await house.agent(agent)
    await decided(house, wrote("hello", identities=(ADA,)))
    assert await house.store.archive.give_care(SITE, conv_on(house, 1).customer, {"named_agent": "2"})
    await decided(house, wrote("next", channel="call", key="k2", identities=(ADA,)), "call")
    assert (conv_on(house, 2).offer.agent, conv_on(house, 2).offer.why) == (2, ("named_agent",))


async def test_a_blocked_sender_opens_nothing_and_is_set_aside_by_name(house: House) -> None:
    house.start("intake")
    await mark(house, "email", "ada@example.org", "blocked")
    assert await settled_why(house, wrote("hello", identities=(ADA,))) == "set_aside"
    assert not house.floor.state.convs
    claim = sig.Identity(kind="email", value="ada@example.org")
    assert await settled_why(house, wrote("me again", key="k2", identities=(claim,))) == "set_aside"
    assert await settled_why(house, wrote("somebody else", key="k3")) == "waiting"


async def test_a_block_ends_when_it_has_expired(house: House) -> None:
    house.start("intake")
    await mark(house, "email", "ada@example.org", "blocked", until_ms=house.clock.now + 1_000)
    assert await settled_why(house, wrote("one", identities=(ADA,))) == "set_aside"
    house.clock.now += 1_000
    assert await settled_why(house, wrote("two", identities=(ADA,))) == "waiting"


async def test_a_line_can_be_blocked_and_a_live_channel_is_told_before_it_answers(house: House) -> None:
    await mark(house, "line", "push:k1", "blocked")
    line = wrote("x").line
    assert await house.door("push").refuses(line) == "blocked"
    assert await house.door("push").refuses(wrote("x", key="k2").line, [ADA]) == ""


async def test_a_test_sender_is_routed_like_anybody_and_marked(house: House) -> None:
    house.start("intake")
    await mark(house, "line", "push:k1", "test")
    await decided(house, wrote("hello"))
    await decided(house, wrote("hello", key="k2"))
    assert (conv_on(house, 1).test, conv_on(house, 2).test) == (True, False)


async def test_what_comes_by_a_test_channel_is_marked(house: House) -> None:
    plain = bundle()
    channels = {**plain.channels, "call": msgspec.structs.replace(plain.channels["call"], test=True)}
    await house.configure(msgspec.structs.replace(plain, channels=channels))
    house.start("intake")
    await decided(house, wrote("hello", channel="call"), "call")
    assert conv_on(house, 1).test


async def test_a_flood_of_one_sender_is_bounded_and_harms_nobody_else(house: House) -> None:
    watch = Watch(SITE, house.store.senders)
    message = wrote("again", identities=(ADA,))
    counted = [watch.floods(letter, message, 1_000) for letter in range(MESSAGES_A_MINUTE_MAX + 5)]
    assert counted == [False] * MESSAGES_A_MINUTE_MAX + [True] * 5
    other_line = wrote("again", key="k2", identities=(ADA,))
    assert watch.floods(1_001, other_line, 1_000), "another line of the same sender is the same sender"
    assert not watch.floods(1_002, wrote("hello", key="k3"), 1_000)
    assert not watch.floods(1_003, message, 61_000)
    assert not watch.floods(1_004, message, 1_000), "it came before the last one and is looked up after it"


async def test_a_letter_that_is_looked_up_again_is_no_flood(house: House) -> None:
    """While nobody leads each is looked up again and again; its sender has written once."""
    await house.door("push").accept([wrote("again", identities=(ADA,))])
    letters = await house.store.letterbox.waiting(SITE, before_ms=house.clock.now + 1, limit=9)
    for _ in range(MESSAGES_A_MINUTE_MAX + 5):
        [command] = await house.intake._looked(letters)
        assert isinstance(command, Receive)


async def test_what_came_slowly_and_waited_through_an_outage_is_no_flood(house: House) -> None:
    watch, message = Watch(SITE, house.store.senders), wrote("again", identities=(ADA,))
    every_ms = 2 * MINUTE_MS // MESSAGES_A_MINUTE_MAX
    assert not any(watch.floods(number, message, number * every_ms) for number in range(3 * MESSAGES_A_MINUTE_MAX))
