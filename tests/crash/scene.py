"""A house under load with its relay, its customers and its agents, and how a round of a crash test goes."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.robots import Crew, RobotAgent, Work
from tests.crash.checker import faults, read
from tests.crash.customers import Crowd, chat_customer, form_customer, mail_customer
from tests.crash.ledger import Ledger
from tests.crash.relay import Relay
from tests.crash.subject_house import SEEDED, Subject
from tests.e2e.house import PASSWORD, House, merged
from tests.patience import end_all
from tests.ports import free_port

SETTLE_S_MAX = 60
# A step of a busy floor comes within a second; one that has not come by then is not waited for.
STEP_S_MAX = 5.0
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
    """A house under load, its relay, its customers and its agents. `fault` names a subject's, once there are people."""

    house: House
    relay: Relay
    ledger: Ledger
    crowd: Crowd
    crew: Crew
    habit: str = "answer"
    agents: int = AGENTS
    fault: str = ""
    customers: list[asyncio.Task[None]] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    @property
    def database(self) -> Path:
        return self.house.data / "patchbay.db"

    async def start(self) -> None:
        logins = [f"robot{number}" for number in range(self.agents)]
        # Before the first start: a subject's disk, whose power can be cut, must not think that it knows the files.
        for login in logins:
            await asyncio.to_thread(self.house.add_person, login)
        if isinstance(self.house, Subject):
            self.house.more |= {SEEDED: self.fault} if self.fault else {}
        await self.house.start()
        self.crew.robots += [robot(self.house.base, login, self.ledger, habit=self.habit) for login in logins]
        await self.crew.start()
        kinds = [form_customer] * 3 + [chat_customer] * 3 + [mail_customer] * 2
        self.customers = [asyncio.create_task(kind(self.crowd)) for kind in kinds]

    async def stop(self) -> None:
        self.crowd.writing.clear()
        self.house.kill()
        await end_all(self.customers)
        await self.crew.stop()
        await self.relay.stop()

    def kill(self) -> None:
        self.house.kill()
        self.ledger.end_life(time.monotonic())

    async def ended(self, order: str) -> None:
        """Let the subject end itself at a step; one that does not come to it within its time is ended anyway."""
        assert isinstance(self.house, Subject), "only a subject has a trap"
        self.house.order(order)
        if not await self.house.died(STEP_S_MAX):
            self.missed.append(order)
            way, _, _, seed = order.split()
            self.house.order(f"{way} time 1 {seed}")
            assert await self.house.died(STEP_S_MAX), "the trap did not spring"
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

    async def judged(self, *, verify: bool = True) -> list[str]:
        """Return every broken promise, as our checker and `patchbay verify` see it."""
        # In a thread: the relay lives in this loop, and a relay that does not answer would hold up what is checked.
        # Agents go on answering meanwhile: what was promised is looked up before the database, what has left after it.
        promised = {"said": dict(self.ledger.said), "answered": set(self.ledger.answered)}
        left = await asyncio.to_thread(lambda: read(self.database))
        found = faults(replace(self.ledger, **promised), left)
        if verify:
            ran = await asyncio.to_thread(self.house.command, "verify", "--data", str(self.house.data))
            found += [] if ran.returncode == 0 else [f"verify: {line}" for line in ran.stdout.splitlines()]
        return found


def robot(base: str, login: str, ledger: Ledger, *, habit: str = "answer") -> RobotAgent:
    """Return an agent whose replies carry marks that the ledger knows."""
    work = Work(habit=habit, patrol_s=0.5, answer=lambda client_id: f"Done. reply-mark-{client_id}-end")
    made = RobotAgent(base, login, PASSWORD, work)
    made.answered_as = lambda client_id: ledger.keep_reply(f"reply-mark-{client_id}-end")
    return made


async def until(true: Any, what: str, s_max: float = SETTLE_S_MAX) -> None:
    end = time.monotonic() + s_max
    while not true():
        assert time.monotonic() < end, f"not within {s_max} s: {what}"
        await asyncio.sleep(0.05)


@asynccontextmanager
async def scene(
    folder: Path,
    kind: type[House] = House,
    *,
    habit: str = "answer",
    agents: int = AGENTS,
    fault: str = "",
    **more: Any,
) -> AsyncIterator[Scene]:
    """A house with everybody around it, not yet under load. `more` changes its configuration."""
    ledger = Ledger()
    relay = Relay(ledger)
    await relay.start()
    mail_port = free_port()
    house = kind(folder, merged(changes(mail_port, relay.port), more))
    made = Scene(house, relay, ledger, Crowd(house.base, mail_port, ledger), Crew(), habit, agents, fault)
    try:
        await made.start()
        yield made
    finally:
        await made.stop()
