"""Broken lines and dying customers on chat, form and mail, at random instants, while agents answer.

Between us and them, and between us and the mail relay, lie links that are cut, held up, deaf or half open. What was
answered with yes is in one conversation, once; what an agent said leaves under one name.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import pytest

from tests.cluster.network import FaultyLink
from tests.crash.customers import chat_customer, form_customer, mail_customer
from tests.crash.scene import Scene, scene, until
from tests.patience import end_all

ROUNDS = int(os.environ.get("PATCHBAY_ROUNDS", "2"))
SEED = int(os.environ.get("PATCHBAY_SEED", "7"))
LOAD_S_MIN, LOAD_S_MAX, BROKEN_S_MAX = 0.1, 0.5, 1.0
CUSTOMERS = (form_customer, chat_customer, mail_customer)
BREAKS = (FaultyLink.cut, FaultyLink.reset, FaultyLink.stall, FaultyLink.deafen, FaultyLink.half_open)
# A short round leaves the journal to our own checker.
VERIFIED_ROUNDS_MIN = 10
# A mail on a line that is dead without a word is given up by its time-out, and then sent again.
LEFT_S_MAX = 150.0


@dataclass
class Visited:
    """A house, its links and its customers."""

    at: Scene
    lines: tuple[FaultyLink, ...]
    chance: random.Random
    deaths: int = 0

    async def round(self, number: int) -> None:
        """Load, and a blow: customers die, or lines break, each in turn first."""
        self.at.crowd.writing.set()
        await asyncio.sleep(self.chance.uniform(LOAD_S_MIN, LOAD_S_MAX))
        self.at.ledger.end_life(monotonic())
        for line in self.lines:
            self.chance.choice(BREAKS)(line)
        if number % 2:
            await self.customers_die()
        await asyncio.sleep(self.chance.uniform(0, BROKEN_S_MAX))
        for line in self.lines:
            line.heal()

    async def customers_die(self) -> None:
        """Nobody says goodbye, and those who come after them are others: to the dead nothing was promised."""
        dead, self.at.customers = self.at.customers, []
        await end_all(dead)
        self.at.crowd.unheard.clear()
        self.begin()
        self.deaths += len(dead)

    def begin(self) -> None:
        self.at.customers += [asyncio.create_task(kind(self.at.crowd)) for kind in CUSTOMERS]


@asynccontextmanager
async def visited(folder: Path) -> AsyncIterator[Visited]:
    """Put links between the house and everybody it talks to."""
    web, mail, relay = lines = (FaultyLink(0), FaultyLink(0), FaultyLink(0))
    for line in lines:
        await line.start()
    try:
        email = {"email": {"out_port": relay.port}}
        async with scene(folder, agents=2, channels={"channels": email}) as at:
            web.target_port, mail.target_port, relay.target_port = at.house.port, at.crowd.mail_port, at.relay.port
            at.crowd.base, at.crowd.mail_port = f"http://127.0.0.1:{web.port}", mail.port
            made = Visited(at, lines, random.Random(SEED))
            await made.customers_die()
            made.deaths = 0
            yield made
    finally:
        for line in lines:
            await line.stop()


@pytest.mark.crash
async def test_what_was_acknowledged_is_there_once_whatever_line_breaks_and_whoever_dies(tmp_path: Path) -> None:
    async with visited(tmp_path) as made:
        for number in range(ROUNDS):
            await made.round(number)
        # Whoever was on a line that is dead without a word notices it, and says it again.
        await made.at.rest()
        await until(lambda: not waiting(made.at), "every reply has left", LEFT_S_MAX)
        assert await made.at.judged(verify=ROUNDS >= VERIFIED_ROUNDS_MIN) == []
        assert set(made.at.ledger.said.values()) == {"form", "chat", "mail"}
        assert made.deaths
        print(f"{ROUNDS} blows, {made.deaths} customers died, {made.at.ledger.figures()}")


def waiting(at: Scene) -> int:
    return at.count("outbox", "state = 'waiting' AND message <> 0")
