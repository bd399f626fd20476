"""kill -9 of Patchbay, of each provider, and a cut line, amid a fetch and amid a send of every channel that has both.

All channels live in one house and are struck at once; each is judged by its provider's own ledger. With more rounds the
blows fall at random instants, too. The app's broker has its own file, as have chat, form and mail (`tests/crash`).
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from router.site.datalock import STORE_FILE
from router.store.filerows import FILES
from tests.channels.killed.counterparts import ALL, JPEG, Counterpart
from tests.e2e.house import ROOT, House

ROUNDS = int(os.environ.get("PATCHBAY_ROUNDS", "1"))
SEED = int(os.environ.get("PATCHBAY_SEED", "7"))
HELD_S_MAX, SETTLED_S_MAX, LOOK_S = 30.0, 150.0, 0.05
RANDOM_S_MAX = 0.4
BLOWS = ("kill_us", "cut_lines", "kill_them")
# A node fetches four files at once: no more are held.
GROUPS = (tuple(ALL)[:4], tuple(ALL)[4:])
QUEUES = ("general", "billing", "orders", "complaints", "after-hours-email")
pytestmark = [pytest.mark.crash, pytest.mark.asyncio(loop_scope="module")]


@dataclass
class Scene:
    """A house, its providers, and what was acknowledged to each."""

    house: House
    providers: dict[str, Counterpart]
    chance: random.Random
    number: int = 0
    blows: dict[str, int] = field(default_factory=dict)

    async def strike(self, blow: str, group: Sequence[str], *, held: bool) -> None:
        """Customers of all channels write; what goes out, and what a group fetches, is held, and the blow falls."""
        for name, each in self.providers.items():
            each.hold_send(after=self.chance.random() < 0.5)
            if name in group:
                each.hold_fetch(after=self.chance.random() < 0.5)
        writing = asyncio.create_task(self.write())
        if held:
            await until(lambda: [name for name, each in self.providers.items() if not each.holds], HELD_S_MAX)
        else:
            await asyncio.sleep(self.chance.uniform(0, RANDOM_S_MAX))
        self.blows[blow] = self.blows.get(blow, 0) + 1
        await getattr(self, blow)()
        await writing
        await self.settle()

    async def kill_us(self) -> None:
        self.house.kill()
        for each in self.providers.values():
            each.cut()
        await self.house.start()

    async def kill_them(self) -> None:
        await asyncio.gather(*(each.restart() for each in self.providers.values()))

    async def cut_lines(self) -> None:
        for each in self.providers.values():
            each.cut()

    async def write(self) -> None:
        self.number += 1
        number = self.number

        async def one(name: str, provider: Counterpart) -> None:
            text = f"{name} customer {number} asks"
            # A post that was cut off is answered by nobody: it promises nothing.
            with suppress(aiohttp.ClientError, OSError):
                if await provider.write(number, text):
                    provider.acknowledged.append(text)

        await asyncio.gather(*(one(name, each) for name, each in self.providers.items()))

    async def settle(self) -> None:
        """Wait until nothing is to be done any more; a list that is pulled is looked at every minute."""
        wanted = {text for each in self.providers.values() for text in each.acknowledged}
        await until(lambda: wanted - set(self.texts()) or self.waiting(), SETTLED_S_MAX)

    # --- what the house has -----------------------------------------------------------------------------------------

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the database beside the running house."""
        conn = sqlite3.connect(f"file:{self.house.data / STORE_FILE}?mode=ro", uri=True)
        try:
            return conn.execute(query).fetchall()
        finally:
            conn.close()

    def bodies(self) -> list[dict[str, Any]]:
        found = self.rows("SELECT body FROM message WHERE direction = 'in' AND conv <> 0")
        return [json.loads(body) for (body,) in found]

    def texts(self) -> list[str]:
        return [str(body["text"]) for body in self.bodies()]

    def waiting(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT id FROM outbox WHERE state = 'waiting'")


async def until(missing: Callable[[], object], s_max: float) -> None:
    """Wait until nothing is missing."""
    end = time.monotonic() + s_max
    while left := missing():
        assert time.monotonic() < end, left
        await asyncio.sleep(LOOK_S)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """Strike all channels with every blow."""
    providers = {name: make() for name, make in ALL.items()}
    async with AsyncExitStack() as stack:
        patched = stack.enter_context(pytest.MonkeyPatch.context())
        for each in providers.values():
            await each.start()
            stack.push_async_callback(each.stop)
            for name, value in each.secrets.items():
                patched.setenv(name, value)
        house = house_for(tmp_path_factory.mktemp("amid"), providers)
        async with house.serving():
            made = Scene(house, providers, random.Random(SEED))
            for round_ in range(ROUNDS):
                for blow, group in product(BLOWS, GROUPS):
                    await made.strike(blow, group, held=round_ % 2 == 0)
            yield made
            assert house.stop() == 0
    verified = house.command("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def house_for(folder: Path, providers: dict[str, Counterpart]) -> House:
    """A house that confirms each new conversation, so that something leaves without an agent."""
    entries = {name: {**each.entry(), "enabled": True, "confirm": "received"} for name, each in providers.items()}
    always = {"queues": {name: {"hours": "always"} for name in QUEUES}}
    house = House(folder, changes={"channels": {"channels": entries}, "queues": always})
    for each in providers.values():
        each.at(house.base)
    return house


@pytest.mark.parametrize("name", sorted(ALL))
async def test_what_was_acknowledged_is_in_one_conversation_once(scene: Scene, name: str) -> None:
    texts = scene.texts()
    # Held rounds, which are every second one, let everybody be heard before the blow.
    assert len(scene.providers[name].acknowledged) >= -(-ROUNDS // 2) * len(BLOWS) * len(GROUPS)
    assert [text for text in scene.providers[name].acknowledged if texts.count(text) != 1] == []


@pytest.mark.parametrize("name", sorted(ALL))
async def test_every_picture_is_kept_once_whatever_broke_its_fetch(scene: Scene, name: str) -> None:
    query = f"SELECT body FROM message WHERE direction = 'in' AND conv <> 0 AND channel = '{name}'"
    files = [
        file for (body,) in scene.rows(query) for file in json.loads(json.loads(body).get("extra", {}).get(FILES, "[]"))
    ]
    assert len(files) >= len(scene.providers[name].acknowledged)
    assert [file for file in files if not file.get("file") or file["size_bytes"] != len(JPEG)] == []


@pytest.mark.parametrize("name", sorted(ALL))
async def test_nobody_is_told_more_often_than_the_page_says_and_nobody_never(scene: Scene, name: str) -> None:
    provider = scene.providers[name]
    given_up = scene.rows(f"SELECT reason FROM outbox WHERE state = 'dead' AND channel = '{name}'")
    assert {reason for (reason,) in given_up} <= {"unsure"}
    heard = [count for count in provider.heard() if count]
    assert max(heard) <= provider.seen_max
    assert len(heard) + len(given_up) >= len(provider.acknowledged)
    page = ROOT / "docs" / "channels" / f"{name}.md"
    said = (page if page.exists() else page.with_name("webhook.md")).read_text()
    assert "wice?" in said


async def test_every_kind_of_blow_has_fallen(scene: Scene) -> None:
    assert scene.blows == dict.fromkeys(BLOWS, ROUNDS * len(GROUPS))
