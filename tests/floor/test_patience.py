"""What an outage put off goes soon after it: nobody waits out a back-off that grew while the provider was away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

from channels.contract import Done, Send, TryLater
from router.outbox import patience
from router.outbox.patience import BACK_OFF_MS, BACK_OFF_MS_MAX, REST_MS, back_off_ms
from tests.floor.house import SITE, House
from tests.floor.test_outbox import Scripted, talk

Eventually = Callable[[Callable[[], Awaitable[bool] | bool]], Awaitable[None]]


class Provider(Scripted):
    """One that is away until it is said to be back. `wish_ms`: what it says to whom it refuses."""

    def __init__(self, wish_ms: int = 0) -> None:
        super().__init__()
        self.away, self.wish_ms = True, wish_ms

    async def perform(self, effect: Any) -> Done:
        if self.away:
            self.sent.append(effect)
            raise TryLater("provider_unreachable", after_ms=self.wish_ms)
        return await super().perform(effect)

    def texts(self) -> list[str]:
        return [effect.text for effect in self.sent if isinstance(effect, Send)]


async def put_off(house: House, provider: Provider, eventually: Eventually, *, lines: int, tries: int) -> None:
    """Several lines, with an answer each that has failed so often."""
    for number in range(1, lines + 1):
        await talk(house, provider, key=f"k{number}", conv=number)
        await house.say(number, f"text {number}")
    outbox, now_ms = house.store.outbox, house.clock.now
    for _ in range(tries - 1):
        for each in await outbox.claim(SITE, "earlier", now_ms=now_ms, until_ms=now_ms + 1, limit=lines):
            await outbox.later(SITE, each.id, not_before_ms=now_ms, reason="away", unsure=False)
    house.start("outbox")
    await eventually(lambda: len(provider.sent) >= lines)
    await eventually(lambda: not house.outbox._running)


async def test_once_one_effect_goes_through_those_of_the_same_channel_follow_it(
    house: House, eventually: Eventually
) -> None:
    provider = Provider()
    await put_off(house, provider, eventually, lines=3, tries=8)
    assert await house.store.outbox.next_due_ms(SITE) >= house.clock.now + (BACK_OFF_MS << 7)
    tried = len(provider.sent)
    provider.away = False
    house.clock.now += REST_MS
    await talk(house, provider, key="k4", conv=4)
    await house.say(4, "text 4")
    await eventually(lambda: len(provider.sent) >= tried + 4)
    assert sorted(provider.texts()[tried:]) == ["text 1", "text 2", "text 3", "text 4"]
    assert "effects_hastened_total" in house.telemetry.render().decode()


async def test_somebody_notices_that_a_provider_is_back_although_nothing_new_is_said(
    house: House, eventually: Eventually
) -> None:
    provider = Provider()
    await put_off(house, provider, eventually, lines=3, tries=9)
    tried, provider.away = len(provider.sent), False
    house.clock.now += patience.PROBE_MS
    house.outbox.nudge()
    await eventually(lambda: len(provider.sent) >= tried + 3)
    assert sorted(provider.texts()[tried:]) == ["text 1", "text 2", "text 3"]


async def test_while_it_is_away_one_effect_of_a_channel_is_tried_now_and_then_and_no_more(
    house: House, eventually: Eventually
) -> None:
    provider = Provider()
    await put_off(house, provider, eventually, lines=3, tries=9)
    tried = len(provider.sent)
    for number in range(1, 4):
        house.clock.now += patience.PROBE_MS
        house.outbox.nudge()
        await eventually(lambda wanted=tried + number: len(provider.sent) >= wanted)  # type: ignore[misc]
        await eventually(lambda: not house.outbox._running)
    assert sorted(provider.texts()[tried:]) == ["text 1", "text 2", "text 3"], "each in turn"


async def test_a_provider_that_says_when_is_not_asked_before(house: House, eventually: Eventually) -> None:
    provider = Provider(wish_ms=600_000)
    await put_off(house, provider, eventually, lines=1, tries=1)
    provider.away = False
    house.clock.now += 590_000
    await talk(house, provider, key="k2", conv=2)
    await house.say(2, "text 2")
    await eventually(lambda: house.outbox._patience._look_ms.get("call", 0) > house.clock.now)
    await eventually(lambda: not house.outbox._running)
    assert provider.texts() == ["text 1", "text 2"]
    house.clock.now += 10_001
    house.outbox.nudge()
    await eventually(lambda: provider.texts() == ["text 1", "text 2", "text 1"])


def test_back_off_doubles_to_a_cap_with_a_quarter_of_jitter() -> None:
    random = Random(1)
    for attempts in range(40):
        plain = min(BACK_OFF_MS << min(attempts, 10), BACK_OFF_MS_MAX)
        assert plain <= back_off_ms(attempts, random) <= plain + plain // 4
