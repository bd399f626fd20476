"""A customer with the sample client and an agent at a desk, through a whole node, its gate and a real Mosquitto."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from channels import app
from tests.channels.app.account import ENVIRONMENT, mosquitto, phone, sample, settings_of, until
from tests.channels.app.broker import Mosquitto
from tests.channels.app.test_app_gate import KEY, PATH, token
from tests.channels.staffed import SITE, StaffedHouse, staffed


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    async with mosquitto(tmp_path) as made:
        yield made


@pytest.fixture
async def house(tmp_path: Path, broker: Mosquitto) -> AsyncIterator[StaffedHouse]:
    settings = settings_of(broker, gate_broker=broker.gate_url, token_key_env="TOKEN_KEY", confirm="received")
    async with staffed(tmp_path, "app", app, settings, {**ENVIRONMENT, "TOKEN_KEY": KEY}) as made:
        await until(lambda: broker.subscriptions() > 0, "subscribed")
        yield made


def port_of(house: StaffedHouse) -> int:
    assert house.client.port is not None
    return house.client.port


async def read(house: StaffedHouse, message: int) -> None:
    """Wait until the agent sees that a message was read."""
    async with asyncio.timeout(60):
        while (row := await house.store.archive.message(SITE, message)) is None or row.status != "read":
            await asyncio.sleep(0.02)


async def test_a_customer_writes_through_the_gate_an_agent_is_offered_accepts_and_the_answer_arrives(
    house: StaffedHouse, broker: Mosquitto
) -> None:
    async with sample(broker, port=port_of(house), path=PATH, token=token) as ann:
        ann.say("Where is my parcel?")
        await house.taken()
        await house.has_said("Where is my parcel?")
        await until(lambda: not ann.unsent, "accepted")
        message = await house.answers("It arrives tomorrow.")
        shown = {}
        while "out" not in shown:
            item = await ann.screen.get()
            shown[item.kind] = item
        assert (shown["out"].text, shown["out"].message) == ("It arrives tomorrow.", message)
        assert shown["notice"].text.startswith("Your reference is ")
        await until(lambda: ann.status == "active", "told that an agent is there")
        await read(house, message)
        ann.say("Thank you!")
        await until(lambda: not ann.unsent, "accepted")
    await house.has_said("Where is my parcel?", "Thank you!")
    assert list(house.served.floor.state.convs) == [1]


async def test_a_message_that_comes_three_times_is_one_and_its_reader_is_told_once(
    house: StaffedHouse, broker: Mosquitto
) -> None:
    async with phone(broker) as ann:
        for _ in range(3):
            await ann.says("Only once, please")
        await ann.hears("accepted", 3)
        await house.taken()
        await ann.hears("msg")
        await house.has_said("Only once, please")
        assert [frame["kind"] for frame in ann.of("msg") if frame["kind"] != "in"] == ["notice"]


async def test_an_answer_while_the_broker_is_away_leaves_when_it_is_back_and_is_shown_once(
    house: StaffedHouse, broker: Mosquitto
) -> None:
    async with sample(broker) as ann:
        ann.say("hello")
        await house.taken()
        await until(lambda: not ann.unsent and ann.screen.qsize() >= 2, "accepted and confirmed")
        broker.stop()
        await house.answers("We are here.")
        await house.until(lambda: '"broker_unreachable"' in house.log.getvalue(), "tried")
        await broker.start()
        texts: list[str] = []
        while "We are here." not in texts:
            texts.append((await ann.screen.get()).text)
        await house.until(lambda: "channel_mended" in house.log.getvalue(), "mended")
        assert texts.count("We are here.") == 1


async def test_what_was_answered_while_a_device_was_away_is_told_to_a_new_device_of_the_customer(
    house: StaffedHouse, broker: Mosquitto
) -> None:
    async with phone(broker) as ann:
        await ann.says("I shall be in a tunnel")
        await ann.hears("accepted")
        await house.taken()
    await house.answers("Here is your answer.")
    async with sample(broker, device="tablet") as tablet:
        texts: list[str] = []
        while not {"Here is your answer.", "I shall be in a tunnel"} <= set(texts):
            texts.append((await tablet.screen.get()).text)
        await until(lambda: tablet.since > 0, "resumed")
    assert len(texts) == len(set(texts))
