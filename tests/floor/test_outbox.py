"""Effects: in order, once, retried in one place, and given up by name."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from channels.contract import Capabilities, Done, Send, TryLater, Undeliverable, Unsure
from router.outbox import ages
from router.outbox import worker as outbox_module
from router.store.port import Effect
from tests.floor.house import CALL, FINDING, SITE, House, wrote
from tests.patience import until

Eventually = Callable[[Callable[[], Awaitable[bool] | bool]], Awaitable[None]]


class Scripted:
    """A `call` channel that does what its script says, and then works."""

    def __init__(self, capabilities: Capabilities = CALL, script: list[Any] | None = None) -> None:
        self.capabilities = capabilities
        self.script = script or []
        self.sent: list[Any] = []
        self.asked: list[str] = []
        self.provider: dict[str, Done] = {}
        self.gate: asyncio.Event | None = None

    def routes(self) -> list[Any]:
        return []

    async def listen(self) -> None:
        return

    async def perform(self, effect: Any) -> Done:
        self.sent.append(effect)
        if self.gate is not None:
            await self.gate.wait()
        step = self.script.pop(0) if self.script else None
        done = Done(provider=f"<{effect.key}@example.org>")
        if isinstance(step, tuple):
            self.provider[effect.key] = done
            raise step[0]
        if step is not None:
            raise step
        self.provider[effect.key] = done
        return done

    async def find(self, key: str) -> Done | None:
        self.asked.append(key)
        return self.provider.get(key)


async def talk(house: House, channel: Scripted, *, name: str = "call", key: str = "k1", conv: int = 1) -> None:
    """A conversation on a call channel, accepted by agent 1."""
    house.channels[name] = channel  # type: ignore[assignment]
    if not house.floor.state.agents:
        await house.agent()
    if not any(task.get_coro().__qualname__ == "Intake.run" for task in house.tasks):  # type: ignore[union-attr]
        house.start("intake")
    await house.door(name).accept(
        [wrote("help", channel=name, key=key, subject="Broken kettle", provider=f"<{key}@x>")]
    )
    while conv not in house.floor.state.convs:
        await asyncio.sleep(0.005)
    await house.accept_offer(conv)


async def status(house: House, message: int) -> tuple[str, str]:
    row = await house.store.archive.message(SITE, message)
    assert row is not None
    return row.status, row.reason


def until_status(house: House, message: int, wanted: str) -> Callable[[], Awaitable[bool]]:
    async def reached() -> bool:
        return (await status(house, message))[0] == wanted

    return reached


async def dead(house: House) -> list[Effect]:
    return await house.store.outbox.dead_letters(SITE, 10)


async def test_a_reply_is_sent_threaded_and_reported(house: House, eventually: Eventually) -> None:
    channel = Scripted()
    await talk(house, channel)
    house.start("outbox")
    first = await house.say(1, "Have you tried turning it off?")
    await eventually(until_status(house, first, "sent"))
    second = await house.say(1, "And on?")
    await eventually(until_status(house, second, "sent"))
    one, two = channel.sent
    assert isinstance(one, Send)
    assert (one.text, one.subject, one.line.peer) == (
        "Have you tried turning it off?",
        "Re: Broken kettle",
        "k1@example.org",
    )
    assert one.thread == ("<k1@x>",)
    assert two.thread == ("<k1@x>", f"<{one.key}@example.org>")
    assert one.key != two.key
    assert len(one.key) == 32
    assert house.references.conversation(one.reference) == 1


async def test_replies_of_one_line_keep_their_order_while_the_first_is_held_up(
    house: House, eventually: Eventually
) -> None:
    channel = Scripted(script=[TryLater("provider_away", after_ms=60_000)])
    await talk(house, channel)
    await talk(house, channel, key="k2", conv=2)
    house.start("outbox")
    first = await house.say(1, "one")
    second = await house.say(1, "two")
    await eventually(lambda: len(channel.sent) == 1)
    other = await house.say(2, "other line")
    await eventually(until_status(house, other, "sent"))
    assert [effect.text for effect in channel.sent] == ["one", "other line"]
    house.clock.now += 90_000
    house.outbox.nudge()
    await eventually(until_status(house, second, "sent"))
    assert [effect.text for effect in channel.sent] == ["one", "other line", "one", "two"]
    assert await status(house, first) == ("sent", "")
    assert channel.sent[0].key == channel.sent[2].key


async def test_an_undeliverable_reply_frees_the_lane_and_the_agent_must_act(
    house: House, eventually: Eventually
) -> None:
    channel = Scripted(script=[Undeliverable("mailbox_unknown")])
    await talk(house, channel)
    house.start("outbox")
    lost = await house.say(1, "one")
    fine = await house.say(1, "two")
    await eventually(until_status(house, fine, "sent"))
    await eventually(until_status(house, lost, "failed"))
    assert await status(house, lost) == ("failed", "mailbox_unknown")
    await eventually(lambda: house.floor.state.convs[1].failed)
    assert [letter.reason for letter in await dead(house)] == ["mailbox_unknown"]


async def test_a_failed_reply_of_a_closed_conversation_brings_it_back_to_its_owner(
    house: House, eventually: Eventually
) -> None:
    from router.core import commands as cmd

    channel = Scripted(script=[Undeliverable("mailbox_unknown")])
    await talk(house, channel)
    message = await house.say(1, "one")
    await house.made(cmd.Close(id="close", agent=1, conv=1, disposition="done"))
    assert house.floor.state.convs == {}
    house.start("outbox")
    await eventually(until_status(house, message, "failed"))
    await eventually(lambda: 1 in house.floor.state.convs)
    assert house.floor.state.convs[1].owner == 1


async def test_an_unsure_effect_is_looked_for_and_not_repeated(house: House, eventually: Eventually) -> None:
    channel = Scripted(FINDING, [(Unsure("no_answer"),)])
    await talk(house, channel, name="finding")
    house.start("outbox")
    message = await house.say(1, "one")
    await eventually(lambda: len(channel.sent) == 1)
    await _until_waiting(house)
    house.clock.now += 10_000
    house.outbox.nudge()
    await eventually(until_status(house, message, "sent"))
    assert len(channel.sent) == 1
    assert channel.asked == [channel.sent[0].key]


async def test_an_unsure_effect_that_the_provider_never_saw_is_repeated_under_its_key(
    house: House, eventually: Eventually
) -> None:
    channel = Scripted(FINDING, [Unsure("no_answer")])
    await talk(house, channel, name="finding")
    house.start("outbox")
    message = await house.say(1, "one")
    await eventually(lambda: len(channel.sent) == 1)
    await _until_waiting(house)
    house.clock.now += 10_000
    house.outbox.nudge()
    await eventually(until_status(house, message, "sent"))
    assert len({effect.key for effect in channel.sent}) == 1
    assert len(channel.sent) == 2


async def test_where_nobody_can_be_asked_an_unsure_effect_is_repeated_once_and_then_given_up(
    house: House, eventually: Eventually
) -> None:
    channel = Scripted(CALL, [Unsure("no_answer"), Unsure("no_answer")])
    await talk(house, channel)
    house.start("outbox")
    message = await house.say(1, "one")
    await eventually(lambda: len(channel.sent) == 1)
    await _until_waiting(house)
    house.clock.now += 10_000
    house.outbox.nudge()
    await eventually(until_status(house, message, "failed"))
    assert len(channel.sent) == 2
    assert await status(house, message) == ("failed", "unsure")
    assert "effects_repeated_unsure_total" in house.telemetry.render().decode()


async def test_a_call_that_does_not_come_back_is_unsure(
    house: House, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "CALL_MS_MAX", 20)
    channel = Scripted(FINDING)
    channel.gate = asyncio.Event()
    await talk(house, channel, name="finding")
    house.start("outbox")
    await house.say(1, "one")
    await eventually(lambda: len(channel.sent) == 1)
    await _until_waiting(house)
    assert '"action":"effect_unsure"' in house.log.getvalue()


async def test_an_answer_that_is_too_old_is_given_up_as_expired(
    house: House, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ages.AGE_MS_MAX, "send", 60_000)
    channel = Scripted(script=[TryLater("provider_away")])
    await talk(house, channel)
    house.start("outbox")
    message = await house.say(1, "one")
    await eventually(lambda: len(channel.sent) == 1)
    await _until_waiting(house)
    house.clock.now += 61_000
    house.outbox.nudge()
    await eventually(until_status(house, message, "failed"))
    assert (await status(house, message))[1] == "expired"
    assert len(channel.sent) == 1


async def test_what_may_have_happened_is_looked_for_before_it_is_given_up_as_too_old(
    house: House, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider could not be reached for longer than an answer is good for, but it had taken it."""
    monkeypatch.setitem(ages.AGE_MS_MAX, "send", 60_000)
    channel = Scripted(FINDING, [(Unsure("no_answer"),)])
    await talk(house, channel, name="finding")
    house.start("outbox")
    message = await house.say(1, "one")
    await eventually(lambda: len(channel.sent) == 1)
    await _until_waiting(house)
    house.clock.now += 61_000
    house.outbox.nudge()
    await eventually(until_status(house, message, "sent"))
    assert (len(channel.sent), len(channel.asked)) == (1, 1)


@pytest.mark.parametrize(("doubt_ms", "asked"), [(ages.DOUBT_MS_MAX, 1), (500, 0)])
async def test_what_has_not_happened_in_time_is_given_up_and_after_a_while_unasked(
    house: House, eventually: Eventually, monkeypatch: pytest.MonkeyPatch, doubt_ms: int, asked: int
) -> None:
    monkeypatch.setitem(ages.AGE_MS_MAX, "send", 60_000)
    monkeypatch.setattr(ages, "DOUBT_MS_MAX", doubt_ms)
    channel = Scripted(FINDING, [Unsure("no_answer")])
    await talk(house, channel, name="finding")
    house.start("outbox")
    message = await house.say(1, "one")
    await eventually(lambda: len(channel.sent) == 1)
    await _until_waiting(house)
    house.clock.now += 61_000
    house.outbox.nudge()
    await eventually(until_status(house, message, "failed"))
    assert (await status(house, message))[1] == "expired"
    assert (len(channel.sent), len(channel.asked)) == (1, asked)


async def test_a_dead_letter_that_is_revived_is_sent(house: House, eventually: Eventually) -> None:
    channel = Scripted(script=[Undeliverable("mailbox_full")])
    await talk(house, channel)
    house.start("outbox")
    message = await house.say(1, "one")
    await eventually(until_status(house, message, "failed"))
    assert await house.store.outbox.revive(SITE, (await dead(house))[0].id)
    house.outbox.nudge()
    await eventually(until_status(house, message, "sent"))
    assert len(channel.sent) == 2


async def test_a_worker_that_died_in_the_middle_leaves_the_effect_to_the_next(
    tmp_path: Path, eventually: Eventually
) -> None:
    house = await House.open(tmp_path)
    await house.lead()
    await house.configure()
    channel = Scripted()
    channel.gate = asyncio.Event()
    await talk(house, channel)
    house.start("outbox")
    message = await house.say(1, "one")
    await eventually(lambda: len(channel.sent) == 1)
    for task in tuple(house.outbox._running):
        task.cancel()
    await house.close()
    house.clock.now += 3_600_000
    later = await House.open(tmp_path, house.clock)
    channel.gate = None
    later.channels["call"] = channel  # type: ignore[assignment]
    await later.lead()
    later.start("outbox")
    await eventually(until_status(later, message, "sent"))
    assert channel.sent[0].key == channel.sent[1].key
    await later.close()


async def test_a_call_that_a_graceful_stop_cuts_off_is_looked_for_in_the_next_life(
    house: House, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "DRAIN_MS", 20)
    channel = Scripted(FINDING)
    channel.gate = asyncio.Event()
    await talk(house, channel, name="finding")
    house.start("outbox")
    message = await house.say(1, "one")
    await eventually(lambda: len(channel.sent) == 1)
    house.tasks.pop().cancel()
    await house.outbox.drain()
    channel.provider[channel.sent[0].key] = Done(provider="<kept@example.org>")
    house.clock.now += 10_000
    house.start("outbox")
    await eventually(until_status(house, message, "sent"))
    assert len(channel.sent) == 1
    assert channel.asked == [channel.sent[0].key]


async def test_a_channel_that_is_off_holds_its_lane(house: House, eventually: Eventually) -> None:
    channel = Scripted()
    await talk(house, channel)
    del house.channels["call"]
    house.start("outbox")
    message = await house.say(1, "one")
    await eventually(lambda: '"reason":"channel_off"' in house.log.getvalue())
    house.channels["call"] = channel  # type: ignore[assignment]
    await _until_waiting(house)
    house.clock.now += 10_000
    house.outbox.nudge()
    await eventually(until_status(house, message, "sent"))


async def test_a_notice_is_said_in_the_customers_words_with_opening_and_reference(
    house: House, eventually: Eventually
) -> None:
    channel = Scripted()
    house.channels["call"] = channel  # type: ignore[assignment]
    house.start("intake", "outbox")
    await house.door("call").accept([wrote("night", channel="call", subject="Re: Kettle")])
    await eventually(lambda: len(channel.sent) == 1)
    notice = channel.sent[0]
    reference = house.references.reference(1)
    assert notice.text == f"We are closed, night.  Your number is {reference}."
    assert (notice.automatic, notice.notice, notice.subject) == (True, "closed", "Re: Kettle")


async def test_nothing_of_what_was_said_reaches_log_or_metrics(house: House, eventually: Eventually) -> None:
    channel = Scripted(script=[TryLater("away"), RuntimeError("k1@example.org said kettle")])
    await talk(house, channel)
    house.start("outbox")
    await house.say(1, "the kettle of Ada")
    await eventually(lambda: len(channel.sent) == 1)
    await _until_waiting(house)
    house.clock.now += 10_000
    house.outbox.nudge()
    await eventually(lambda: '"reason":"channel_broken"' in house.log.getvalue())
    said = house.log.getvalue() + house.telemetry.render().decode()
    assert not any(word in said for word in ("kettle", "Ada", "example.org"))


async def _until_waiting(house: House) -> None:
    """Wait until what was put off is written down."""
    await until(lambda: not house.outbox._running, "effects are still in flight")
