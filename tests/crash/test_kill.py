"""kill -9 of the whole process group under load, at random instants: what was acknowledged is there, once."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bench.robots import Crew, RobotAgent, Work
from tests.crash.checker import faults, read, repeated_mails, taken_after_the_blow
from tests.crash.customers import Crowd, chat_customer, form_customer, mail_customer
from tests.crash.ledger import Ledger
from tests.crash.relay import Relay
from tests.e2e.house import PASSWORD, House, free_port

ROUNDS = int(os.environ.get("PATCHBAY_ROUNDS", "10"))
SEED = int(os.environ.get("PATCHBAY_SEED", "2"))
# Load runs for so long before the blow; one round in four strikes while the server is still coming up.
BLOW_S_MIN, BLOW_S_MAX = 0.3, 2.0
EARLY_S_MAX = 0.6
EARLY_ROUNDS = 4
SETTLE_S_MAX = 60
# A long proof also waits for the mails that were under way at the last blow: until their claims have run out.
DRAIN_ROUNDS_MIN = 50
DRAIN_S_MAX = 120
AGENTS = 4

FIELDS = {
    "email": {"type": "email", "required": True},
    "message": {"type": "textarea", "required": True},
}


def changes(mail_port: int, relay_port: int) -> dict[str, dict[str, Any]]:
    """Always open, no limits in the way, mail both ways."""
    many = 1_000_000
    return {
        "hours": {"hours": {"office": "always"}},
        "site": {"limits": {"capacity": 1_000}},
        "channels": {
            "channels": {
                "form": {
                    "forms": {"contact": {"fields": FIELDS, "fill_ms_min": 0}},
                    "per_address_an_hour": many,
                    "per_ip_an_hour": many,
                },
                "chat": {"messages_a_minute": many, "sessions_a_minute_and_ip": many},
                "email": {
                    "in_port": mail_port,
                    "out_host": "127.0.0.1",
                    "out_port": relay_port,
                    "out_tls": "none",
                },
            }
        },
    }


@dataclass(slots=True)
class Scene:
    """A house under load, its relay, its customers and its agents."""

    house: House
    relay: Relay
    ledger: Ledger
    crowd: Crowd
    crew: Crew
    customers: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def database(self) -> Path:
        return self.house.data / "patchbay.db"

    async def start(self) -> None:
        await self.house.start()
        for number in range(AGENTS):
            self.house.add_person(f"robot{number}")
            self.crew.robots.append(robot(self.house.base, f"robot{number}", self.ledger))
        await self.crew.start()
        kinds = [form_customer] * 3 + [chat_customer] * 3 + [mail_customer] * 2
        self.customers = [asyncio.create_task(kind(self.crowd)) for kind in kinds]

    async def stop(self) -> None:
        for task in self.customers:
            task.cancel()
        await asyncio.gather(*self.customers, return_exceptions=True)
        await self.crew.stop()
        self.house.kill()
        await self.relay.stop()

    def kill(self) -> None:
        self.house.kill()
        self.ledger.end_life(time.monotonic())

    async def restart(self) -> None:
        self.kill()
        await self.house.start()

    async def rest(self) -> None:
        """Let everybody hear their answer, and every letter its decision."""
        self.crowd.writing.clear()
        await until(lambda: not self.crowd.unheard, "every customer has heard yes")
        await until(lambda: not self.count("letter", "state = 'new'"), "every letter is settled")
        await until(lambda: not any(robot.busy for robot in self.crew.robots), "every agent has heard yes")

    def count(self, table: str, where: str) -> int:
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as conn:
            return int(conn.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()[0])


def robot(base: str, login: str, ledger: Ledger) -> RobotAgent:
    """Return an agent whose replies carry marks that the ledger knows."""
    work = Work(patrol_s=0.5, answer=lambda client_id: f"Done. reply-mark-{client_id}-end")
    made = RobotAgent(base, login, PASSWORD, work)
    made.answered_as = lambda client_id: ledger.keep_reply(f"reply-mark-{client_id}-end")
    return made


async def until(true: Any, what: str, s_max: float = SETTLE_S_MAX) -> None:
    end = time.monotonic() + s_max
    while not true():
        assert time.monotonic() < end, f"not within {s_max} s: {what}"
        await asyncio.sleep(0.05)


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Scene]:
    ledger = Ledger()
    relay = Relay(ledger)
    await relay.start()
    mail_port = free_port()
    house = House(folder, changes(mail_port, relay.port))
    made = Scene(house, relay, ledger, Crowd(house.base, mail_port, ledger), Crew())
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


async def one_round(at: Scene, number: int, chance: random.Random) -> None:
    """Load, blow, recovery; every fourth time a second blow while it recovers."""
    at.crowd.writing.set()
    await asyncio.sleep(chance.uniform(BLOW_S_MIN, BLOW_S_MAX))
    if number % EARLY_ROUNDS == EARLY_ROUNDS - 1:
        await blow_while_recovering(at, chance)
    await at.restart()
    await at.rest()
    verified = await asyncio.to_thread(at.house.command, "verify", "--data", str(at.house.data))
    assert verified.returncode == 0, verified.stdout + verified.stderr
    # In a thread: the relay lives in this loop, and a relay that does not answer would hold up what is checked.
    found = await asyncio.to_thread(lambda: faults(at.ledger, read(at.database)))
    assert not found, f"round {number}: " + "; ".join(found[:10])


async def blow_while_recovering(at: Scene, chance: random.Random) -> None:
    at.kill()
    starting = asyncio.create_task(at.house.start())
    await asyncio.sleep(chance.uniform(0, EARLY_S_MAX))
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)


@pytest.mark.crash
async def test_what_was_acknowledged_survives_every_kill_once(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    async with scene(tmp_path) as at:
        for number in range(ROUNDS):
            await one_round(at, number, chance)
        if ROUNDS >= DRAIN_ROUNDS_MIN:
            waits = "state = 'waiting' AND message <> 0"
            await until(lambda: not at.count("outbox", waits), "every reply has left", DRAIN_S_MAX)
            assert not await asyncio.to_thread(lambda: faults(at.ledger, read(at.database)))
        ways = {way: sum(1 for said in at.ledger.said.values() if said == way) for way in ("form", "chat", "mail")}
        late = taken_after_the_blow(at.ledger)
        print(f"{ROUNDS} rounds, {ways}, {len(at.ledger.answered)} replies, {repeated_mails(at.ledger)} mails again")
        print(
            f"{len(late)} mails lay in a buffer at the blow and were taken up to {max(late, default=0.0):.2f} s later"
        )
        assert all(count >= ROUNDS for count in ways.values()), f"too little load to prove anything: {ways}"
        assert len(at.ledger.answered) >= ROUNDS, "agents answered too little to prove anything"
