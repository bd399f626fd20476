"""kill -9 of a whole Patchbay, kill -9 of the broker, a cut network, while customers write with the sample client.

Only `accepted` promises anything. What was accepted is in a conversation, once; the rest is said again.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from docs.channels.app_client import AppClient
from router.site.datalock import STORE_FILE
from tests.channels.app.account import mosquitto, sample
from tests.channels.app.broker import OUR_PASSWORD, Mosquitto
from tests.channels.app.wire import Wire, wire
from tests.e2e.house import House

ROUNDS = int(os.environ.get("PATCHBAY_ROUNDS", "1"))
SEED = int(os.environ.get("PATCHBAY_SEED", "7"))
CUSTOMERS = tuple(f"cust-{number}" for number in range(1, 5))
BLOW_S_MIN, BLOW_S_MAX = 0.2, 1.0
PAUSE_S = 0.05
DRAIN_S_MAX, LOOK_S = 100, 0.2
QUEUES = ("general", "billing", "orders", "complaints", "after-hours-email")


@dataclass
class Scene:
    """Everybody: the house, the broker, the two networks, the customers, and what they have said."""

    house: House
    broker: Mosquitto
    ours: Wire
    theirs: Wire
    customers: list[AppClient]
    said: dict[str, str]

    async def write(self) -> None:
        """Customers write, one after the other, for as long as it is wanted."""
        while True:
            for client in self.customers:
                number = len(self.said) + 1
                text = f"{client.customer} says number {number}"
                self.said[client.say(text)] = text
            await asyncio.sleep(PAUSE_S)

    def accepted(self) -> list[str]:
        waiting = {name for client in self.customers for name in client.unsent}
        return [text for name, text in self.said.items() if name not in waiting]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        conn = sqlite3.connect(f"file:{self.house.data / STORE_FILE}?mode=ro", uri=True)
        try:
            return conn.execute(query).fetchall()
        finally:
            conn.close()

    def kept(self) -> Counter[str]:
        found = self.rows("SELECT body FROM message WHERE direction = 'in' AND conv <> 0")
        return Counter(str(json.loads(body)["text"]) for (body,) in found)


def house_for(folder: Path, port: int) -> House:
    """A house that confirms each new conversation, so that something leaves without an agent."""
    entry = {
        "enabled": True,
        "broker": f"mqtt://127.0.0.1:{port}",
        "password_env": "MQTT_PASSWORD",
        "confirm": "received",
        "messages_a_minute": 100_000,
    }
    always = {"queues": {name: {"hours": "always"} for name in QUEUES}}
    return House(folder, changes={"channels": {"channels": {"app": entry}}, "queues": always})


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        broker = await stack.enter_async_context(mosquitto(folder, CUSTOMERS))
        ours = await stack.enter_async_context(wire(broker.port))
        theirs = await stack.enter_async_context(wire(broker.port))
        (folder / "house").mkdir()
        house = await stack.enter_async_context(house_for(folder / "house", ours.port).serving())
        customers = [
            await stack.enter_async_context(sample(broker, name, port=theirs.port, repeat_s=2.0)) for name in CUSTOMERS
        ]
        yield Scene(house, broker, ours, theirs, customers, {})


async def kill_us(at: Scene) -> None:
    at.house.kill()
    await at.house.start()


async def kill_the_broker(at: Scene) -> None:
    at.broker.kill()
    await at.broker.start()


async def cut_our_network(at: Scene) -> None:
    at.ours.away = True
    at.ours.cut()
    await asyncio.sleep(BLOW_S_MIN)
    at.ours.away = False


async def cut_their_network(at: Scene) -> None:
    at.theirs.away = True
    at.theirs.cut()
    await asyncio.sleep(BLOW_S_MIN)
    at.theirs.away = False


BLOWS = (kill_us, kill_the_broker, cut_our_network, cut_their_network)


@pytest.mark.crash
async def test_nothing_accepted_is_lost_nothing_is_doubled_and_everything_said_is_accepted_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MQTT_PASSWORD", OUR_PASSWORD)
    chance = random.Random(SEED)
    async with scene(tmp_path) as at:
        writing = asyncio.create_task(at.write())
        for number in range(2 * ROUNDS):
            await asyncio.sleep(chance.uniform(BLOW_S_MIN, BLOW_S_MAX))
            await BLOWS[number % len(BLOWS)](at)
        await asyncio.sleep(BLOW_S_MAX)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        promised = at.accepted()
        await drained(at)
        found = at.kept()
        assert [(text, found[text]) for text in promised if found[text] != 1] == []
        assert [(text, found[text]) for text in at.said.values() if found[text] != 1] == []
        assert set(found) == set(at.said.values())
        for client in at.customers:
            assert not client.refused
            seqs = [item.seq for item in shown(client)]
            assert len(seqs) == len(set(seqs))
        assert at.house.stop() == 0
        verified = at.house.command("verify")
        assert verified.returncode == 0, verified.stdout + verified.stderr
        print(f"{2 * ROUNDS} blows, {len(at.said)} said, {len(promised)} accepted before the end")


async def drained(at: Scene) -> None:
    """Everything said is accepted and in a conversation, and every answer has left."""
    for _ in range(int(DRAIN_S_MAX / LOOK_S)):
        unsent = [name for client in at.customers for name in client.unsent]
        waiting = at.rows("SELECT id FROM outbox WHERE state = 'waiting'")
        if not unsent and not waiting and set(at.said.values()) <= set(at.kept()):
            return
        await asyncio.sleep(LOOK_S)
    lost = set(at.said.values()) - set(at.kept())
    raise AssertionError(
        f"{len(unsent)} not accepted, {len(lost)} not kept: {sorted(lost)[:5]}\n{at.house.last_words()}"
    )


def shown(client: AppClient) -> list[Any]:
    return [client.screen.get_nowait() for _ in range(client.screen.qsize())]
