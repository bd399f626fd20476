"""A real `patchbay serve` under bad input: its people, its good customers, what it keeps and what it logs. No tests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from bench.robots import Crew, RobotAgent, Work
from bench.subject import Subject
from tests.badinput.api import Known
from tests.badinput.doors import Doors
from tests.badinput.tally import MARK
from tests.e2e.house import PASSWORD, House
from tests.ports import free_port

ROBOTS = 3
SERVED_S_MAX = 30
MANY = 1_000_000_000
FIELDS = {
    "name": {"type": "text"},
    "email": {"type": "email", "required": True},
    "about": {"type": "select", "fact": True, "options": {"order": {"en": "An order"}}},
    "message": {"type": "textarea", "required": True},
}


class Clerk(RobotAgent):
    """Answers each conversation once. One that comes back, because its address takes no mail, is closed."""

    def __init__(self, base: str, login: str) -> None:
        super().__init__(base, login, PASSWORD, Work(patrol_s=1.0))
        self._told: set[str] = set()

    async def _answer(self, ref: str, client_id: str) -> None:
        if ref in self._told:
            body = {"disposition": self.work.disposition, "command_id": client_id}
            await self.post_until_answered(f"/conversations/{ref}/close", body)
        else:
            self._told.add(ref)
            await super()._answer(ref, client_id)


def changes(mail_port: int, relay_port: int) -> dict[str, dict[str, Any]]:
    """Always open; no limit of rates, so that every input reaches what it is meant for; mail both ways."""
    form = {"forms": {"contact": {"fields": FIELDS, "fill_ms_min": 0}}}
    return {
        "hours": {"hours": {"office": "always"}},
        "site": {"limits": {"capacity": 1_000}},
        "channels": {
            "channels": {
                "form": {**form, "per_address_an_hour": MANY, "per_ip_an_hour": MANY},
                "chat": {"messages_a_minute": MANY, "sessions_a_minute_and_ip": MANY},
                "email": {
                    "in_port": mail_port,
                    "out_host": "127.0.0.1",
                    "out_port": relay_port,
                    "out_tls": "none",
                },
            }
        },
    }


def without_confirmations(house: House) -> None:
    """Nobody is told that their message has come: the relay is not what is tried here."""
    path = house.config / "channels.yaml"
    content = yaml.safe_load(path.read_text())
    for entry in content["channels"].values():
        entry.pop("confirm", None)
    path.write_text(yaml.safe_dump(content, allow_unicode=True))


@dataclass
class Scene:
    """The house, who works in it, and the doors that are pushed at."""

    house: House
    doors: Doors
    crew: Crew
    keeper: RobotAgent
    rss: list[int] = field(default_factory=list)

    def measure(self) -> int:
        """Return the server's memory in bytes, and remember it."""
        assert self.house.process is not None, "the house has been started"
        status = Path(f"/proc/{self.house.process.pid}/status").read_text()
        line = next(each for each in status.splitlines() if each.startswith("VmRSS:"))
        self.rss.append(int(line.split()[1]) * 1_024)
        return self.rss[-1]

    def log(self) -> list[str]:
        """Return what the server has logged."""
        return self.house.log.read_text(errors="replace").splitlines()

    async def good_customer(self) -> None:
        """Somebody writes by form and is answered by an agent, as on any other day."""
        async with aiohttp.ClientSession() as session:
            reference = await post_form(session, self.house.base)
        answered = lambda: any(reference in robot.accepted and not robot.busy for robot in self.crew.robots)  # noqa: E731
        await until(answered, "a good conversation is accepted and answered")


async def post_form(session: aiohttp.ClientSession, base: str) -> str:
    page = f"{base}/channels/form/contact"
    async with session.get(f"{page}/token") as given:
        token = (await given.json())["token"]
    body = {"token": token, "name": MARK, "email": f"{MARK}@example.org", "message": f"Good day, {MARK}"}
    async with session.post(page, json=body) as answer:
        assert answer.status == 201, await answer.text()
        return str((await answer.json())["reference"])


async def until(true: Callable[[], bool], what: str, s_max: float = SERVED_S_MAX) -> None:
    end = time.monotonic() + s_max
    while not true():
        assert time.monotonic() < end, f"not within {s_max} s: {what}"
        await asyncio.sleep(0.05)


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Scene]:
    """Open the house with a supervisor who keeps what she gets, and robots who answer and close all else."""
    relay = Subject(["-m", "bench.sink"])
    mail_port = free_port()
    house = House(folder, changes(mail_port, relay.read_port()))
    without_confirmations(house)
    crew = Crew()
    keeper = RobotAgent(house.base, "ana", PASSWORD, Work(habit="keep"))
    try:
        await house.start()
        # The first accounts have small numbers, which bad input may guess; the robots have larger ones.
        house.add_person("ana", role="supervisor")
        house.add_person("spare")
        await keeper.start()
        async with aiohttp.ClientSession() as session:
            await post_form(session, house.base)
            await post_form(session, house.base)
        await until(lambda: len(keeper.accepted) == 2, "the supervisor has two conversations")
        await keeper.post("/presence", {"presence": "break"})
        for loop in keeper._loops:
            loop.cancel()
        for number in range(ROBOTS):
            house.add_person(f"robot{number}", skill=["billing=3", "orders=3", "complaints=3"])
            crew.robots.append(Clerk(house.base, f"robot{number}"))
        await crew.start()
        made = Scene(house, await doors_of(house, mail_port, keeper), crew, keeper)
        await made.good_customer()
        yield made
    finally:
        await crew.stop()
        await keeper.stop()
        if house.running:
            house.stop()
        relay.stop()


async def doors_of(house: House, mail_port: int, keeper: RobotAgent) -> Doors:
    """Return what a stranger who has got hold of a supervisor's session knows."""
    assert keeper._session is not None, "the keeper is signed in"
    cookie = next(each.value for each in keeper._session.cookie_jar if each.key == "pb_session")
    async with keeper._session.get(f"{house.base}/api/v1/openapi.json") as answer:
        document = await answer.json()
    values = {
        "ref": [*keeper.accepted, "0000000000"],
        "id": [str(keeper.id), "999"],
        "name": ["billing", "nowhere"],
        "key": [f"{keeper.accepted[0]}:reply", "x:y"],
        "queue": ["general", "billing"],
        "presence": ["lunch", "break"],
        "disposition": ["resolved"],
    }
    doors = Doors(house.port, mail_port, document, Known(values, cookie, keeper._csrf, f"127.0.0.1:{house.port}"))
    await doors.learn()
    return doors
