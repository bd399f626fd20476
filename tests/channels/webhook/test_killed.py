"""kill -9 of a whole Patchbay, and lines that are cut, while customers write on channels that are described in YAML."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from router.site.datalock import STORE_FILE
from tests.channels.webhook.entry import environment_of, example
from tests.e2e.house import House
from tests.providers.faulty import Fault
from tests.providers.line import LinePlatform
from tests.providers.telegram import TelegramPlatform

ROUNDS = int(os.environ.get("PATCHBAY_ROUNDS", "1"))
SEED = int(os.environ.get("PATCHBAY_SEED", "7"))
BLOW_S_MIN, BLOW_S_MAX, PAUSE_S = 0.3, 1.0, 0.02
KEPT_S_MAX, LOOK_S = 60, 0.2
PUSH = "/v2/bot/message/push"
CUTS = (Fault(hang_up=True), Fault(hang_up=True, after=True), Fault(status=502))


class Customers:
    """Customers of two platforms, and what was acknowledged to them."""

    def __init__(self) -> None:
        self.line, self.telegram = LinePlatform(), TelegramPlatform()
        self.acknowledged: list[str] = []
        self.number = 0

    async def one_each(self) -> None:
        """A new customer of each platform writes; a post without an answer is posted again by nobody here."""
        self.number += 1
        number = self.number
        said = (f"line {number} asks", f"telegram {number} asks")
        posts = (self.line.say(f"U{number}", said[0]), self.telegram.say(number, said[1]))
        for text, status in zip(said, await asyncio.gather(*posts, return_exceptions=True), strict=True):
            if status == 200:
                self.acknowledged.append(text)

    async def write(self) -> None:
        while True:
            await self.one_each()
            await asyncio.sleep(PAUSE_S)


@pytest.fixture
async def customers(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Customers]:
    made = Customers()
    await made.line.server.start()
    await made.telegram.server.start()
    for name, value in {**environment_of(made.line), **environment_of(made.telegram)}.items():
        monkeypatch.setenv(name, value)
    yield made
    await made.line.server.stop()
    await made.telegram.server.stop()


def house_for(folder: Path, at: Customers) -> House:
    """A house that confirms each new conversation, so that something leaves without an agent."""
    entries = {"line": example("line", at.line.url), "telegram": example("telegram", at.telegram.url)}
    on = {name: {**entry, "confirm": "received"} for name, entry in entries.items()}
    house = House(folder, changes={"channels": {"channels": on}})
    at.line.callback = f"{house.base}/channels/line/hook"
    at.telegram.callback = f"{house.base}/channels/telegram/hook"
    return house


def kept(house: House) -> Counter[str]:
    conn = sqlite3.connect(f"file:{house.data / STORE_FILE}?mode=ro", uri=True)
    try:
        rows = conn.execute("SELECT body FROM message WHERE direction = 'in' AND conv <> 0").fetchall()
    finally:
        conn.close()
    return Counter(str(json.loads(body)["text"]) for (body,) in rows)


@pytest.mark.crash
async def test_nothing_acknowledged_is_lost_or_doubled_and_nothing_said_more_than_promised(
    tmp_path: Path, customers: Customers
) -> None:
    chance: Any = random.Random(SEED)
    house = house_for(tmp_path, customers)
    async with house.serving():
        for _ in range(ROUNDS):
            writing = asyncio.create_task(customers.write())
            await asyncio.sleep(chance.uniform(BLOW_S_MIN, BLOW_S_MAX))
            customers.line.server.will(PUSH, chance.choice(CUTS))
            customers.telegram.server.will(customers.telegram.send, chance.choice(CUTS))
            await asyncio.sleep(chance.uniform(0, BLOW_S_MAX))
            house.kill()
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            await house.start()
        await customers.one_each()
        for _ in range(int(KEPT_S_MAX / LOOK_S)):
            if set(customers.acknowledged) <= set(kept(house)):
                break
            await asyncio.sleep(LOOK_S)
        found = kept(house)
        assert [text for text in customers.acknowledged if not found[text]] == []
        assert [text for text, count in found.items() if count > 1] == []
        assert len(customers.acknowledged) >= 2 * ROUNDS
        assert max(map(len, customers.line.heard.values())) == 1, "LINE knows a repeat by its key"
        # A cut and a kill may both fall into one answer, and each leaves one doubt, which is one repeat.
        assert max(map(len, customers.telegram.heard.values())) <= 1 + 2 * ROUNDS
        assert house.stop() == 0
    verified = house.command("verify")
    assert verified.returncode == 0, verified.stdout
    log = house.log.read_text()
    assert not any(secret in log for secret in (customers.telegram.token, customers.line.token, customers.line.secret))
