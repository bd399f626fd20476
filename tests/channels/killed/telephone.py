"""A house whose customers call, agents who take the calls, and the exchange's own ledger. No test lives here."""

from __future__ import annotations

import asyncio
import random
import secrets
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp

from router.site.datalock import STORE_FILE
from tests.e2e.house import PASSWORD, House
from tests.providers.twilio import ACCOUNT, Fault, Twilio
from tests.providers.twilio_calls import Calls, Conference, Leg

OURS = "+66600000001"
QUEUES = ("general", "billing", "orders", "complaints", "after-hours-email")
SKILLS = ["billing=3", "orders=3", "complaints=3"]
AGENTS = 4
# Longer than an agent's leg rings and the reconciler's pause together.
SETTLED_S_MAX, LOOK_S = 60.0, 0.1
# Whether the exchange is still asking when we are back: each of five tries so much later, or all at once.
PATIENT_S, HASTY_S = 2.0, 0.0
# At how many looks a desk does nothing.
QUIET = 0.75
DISPOSITION = {"disposition": "resolved"}


@dataclass
class Desk:
    """An agent who takes what is offered. `wild`: who also holds, transfers, hangs up and does not answer."""

    house: House
    login: str
    session: aiohttp.ClientSession
    chance: random.Random
    csrf: str = ""
    client: str = ""
    accepts: int = 0
    wild: bool = True
    frames: int = 0
    # Conversations that this agent was about to end or to give away.
    parted: set[str] = field(default_factory=set)

    async def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        url = f"{self.house.base}/api/v1{path}"
        async with self.session.request(method, url, json=body, headers={"X-CSRF": self.csrf}) as answer:
            return await answer.json() if answer.status != 204 else {}

    async def begin(self) -> None:
        said = await self.call("POST", "/session", {"login": self.login, "password": PASSWORD})
        self.csrf, self.client = said["csrf"], f"client:agent_{said['me']['id']}"
        await self.call("POST", "/shift", {})

    async def attend(self) -> None:
        """Hold the desk's socket, as a page does, until cancelled: who has none is gone after a while."""
        while True:
            with suppress(aiohttp.ClientError, OSError):
                async with self.session.ws_connect(f"{self.house.base}/ws", origin=self.house.base) as socket:
                    await socket.send_json({"type": "hello", "last_seq": 0})
                    while not (await socket.receive()).type.name.startswith("CLOS"):
                        self.frames += 1
            await asyncio.sleep(LOOK_S)

    async def work(self) -> None:
        """Do what a desk asks for, until cancelled. While nobody answers, nothing is done."""
        while True:
            with suppress(aiohttp.ClientError, OSError):
                desk = await self.call("GET", "/desk")
                if desk.get("me") and not desk["me"]["accepts"]:
                    # Whose telephone has rung in vain is offered nothing more until they say that they are there.
                    await self.call("POST", "/presence", {"presence": "available"})
                for offer in desk.get("offers", ()):
                    self.accepts += 1
                    await self.call("POST", f"/conversations/{offer['ref']}/accept", {"offer": offer["offer"]})
                for row in desk.get("work", ()):
                    await self._handle(row)
            await asyncio.sleep(self.chance.uniform(0.05, 0.3))

    async def _handle(self, row: dict[str, Any]) -> None:
        way = f"/conversations/{row['ref']}"
        if row["state"] == "wrap_up":
            await self.call("POST", f"{way}/wrap-up", DISPOSITION)
        elif row["state"] == "active" and (await self.call("GET", way)).get("gone"):
            await self.call("POST", f"{way}/close", DISPOSITION)
        elif row["state"] == "active" and not self.wild:
            await self.call("POST", f"{way}/hold", {"on": False})
        elif row["state"] == "active":
            await self._deal(row["ref"], way)

    async def _deal(self, ref: str, way: str) -> None:
        if self.chance.random() < QUIET:
            return
        deed = self.chance.choice(("hold", "unhold", "transfer", "close"))
        if deed in {"hold", "unhold"}:
            await self.call("POST", f"{way}/hold", {"on": deed == "hold"})
        else:
            self.parted.add(ref)
            more = {"queue": self.chance.choice(QUEUES[:4])} if deed == "transfer" else DISPOSITION
            await self.call("POST", f"{way}/{deed}", more)


@dataclass
class Telephone:
    """The house, its exchange and its agents. `callers` are all legs that customers began."""

    house: House
    calls: Calls
    desks: list[Desk]
    chance: random.Random
    callers: list[Leg] = field(default_factory=list)
    left: set[str] = field(default_factory=set)
    restarts: int = 0
    # Agents whose telephone rang twice at once for one caller, or rang for whom they talked to.
    doubled: list[str] = field(default_factory=list)

    def watch(self, leg: Leg) -> None:
        """Note an agent's leg beside another one of theirs to the same caller; one of the call before may just end."""
        if leg.theirs.startswith("client:"):
            call = (leg.theirs, _line(leg))
            beside = [
                each for each in self.calls.legs.values() if (each.theirs, _line(each)) == call and not each.ended
            ]
            self.doubled += [leg.theirs] if len(beside) > 1 else []

    # --- a round --------------------------------------------------------------------------------------------------

    async def round(self, callers: int, live_s: float) -> list[tuple[Conference, str]]:
        """Let calls live for a while, then kill the house amid them. Return the talks that nobody was about to end."""
        self.calls.twilio.retry_s = self.chance.choice((PATIENT_S, HASTY_S))
        await self._moods(("answer", "answer", "answer", "busy", "ring"), wild=True)
        if self.chance.random() < 0.5:
            self.calls.twilio.faults.append(Fault(path="Calls.json", after=self.chance.random() < 0.5))
        at_desks = [asyncio.create_task(desk.work()) for desk in self.desks]
        customers = [asyncio.create_task(self._customer(live_s)) for _ in range(callers)]
        await asyncio.sleep(live_s)
        self.house.kill()
        talks = self._talks()
        # Who wants to go goes while nobody is there to be told.
        await asyncio.gather(*customers)
        for task in at_desks:
            task.cancel()
        await asyncio.gather(*at_desks, return_exceptions=True)
        self.calls.twilio.faults.clear()
        await self._moods(("answer",), wild=False)
        await self.house.start()
        self.restarts += 1
        return talks

    async def _moods(self, answers: tuple[str, ...], *, wild: bool) -> None:
        for desk in self.desks:
            desk.wild = wild
            desk.parted.clear()
            self.calls.answers[desk.client] = self.chance.choice(answers)

    async def _customer(self, live_s: float) -> None:
        """Call at some time; some hang up at another, which may be after the blow."""
        await asyncio.sleep(self.chance.uniform(0, live_s * 0.7))
        theirs = f"+4206{secrets.randbelow(10**8):08}"
        leg = self.calls.call(f"{self.house.base}/channels/phone/voice#rc=5&rp=all", theirs=theirs, ours=OURS)
        self.callers.append(leg)
        if self.chance.random() < 0.3:
            await asyncio.sleep(self.chance.uniform(0, live_s))
            await self._goes(leg)

    def _talks(self) -> list[tuple[Conference, str]]:
        """Return the talks of two that nobody was about to part, each with its customer's leg."""
        steady = {desk.client.removeprefix("client:") for desk in self.desks if not desk.parted}
        rooms = [room for room in self.calls.conferences if not room.over and set(room.legs.values()) & steady]
        return [(room, sid) for room in rooms for sid, label in room.legs.items() if label == "customer"]

    def broken(self, talks: list[tuple[Conference, str]]) -> list[str]:
        """Return the talks that are over although their customer has not hung up."""
        return [customer for room, customer in talks if room.over and customer not in self.left]

    # --- what must come of it -------------------------------------------------------------------------------------

    async def settles(self) -> None:
        """Wait, with agents who take and keep what comes, until nothing is missing."""
        at_desks = [asyncio.create_task(desk.work()) for desk in self.desks]
        try:
            end = time.monotonic() + SETTLED_S_MAX
            while missing := self.missing():
                assert time.monotonic() < end, missing
                await asyncio.sleep(LOOK_S)
        finally:
            for task in at_desks:
                task.cancel()
            await asyncio.gather(*at_desks, return_exceptions=True)

    def missing(self) -> dict[str, Any]:
        """Return what is not as it must be: every living caller in a talk or in line, and every conversation alive."""
        living = {leg.sid for leg in self.callers if not leg.ended}
        rooms = [room for room in self.calls.conferences if not room.over]
        talking = {sid for room in rooms if len(room.legs) == 2 and not room.held for sid in room.legs} & living
        agents = [leg.theirs for leg in self.calls.legs.values() if leg.theirs.startswith("client:") and not leg.ended]
        states = self.states()
        waiting = living - talking
        wrong = {
            "callers who neither talk nor wait": [sid for sid in waiting if not self.calls.legs[sid].queue],
            "callers in line although an agent is free": waiting if len(talking) < len(self.desks) else set(),
            "agents on a line without a customer": len(agents) - len(talking),
            "conversations of nobody": sum(states.values()) - len(living),
            "talks that the router does not know": len(talking) - states["active"],
            "deeds that wait": self.rows("SELECT effect FROM outbox WHERE state = 'waiting'"),
        }
        return {name: each for name, each in wrong.items() if each}

    def states(self) -> Counter[str]:
        """Return how many conversations stand how, without those that are over."""
        found = self.rows("SELECT state FROM conversation WHERE state NOT IN ('closed', 'abandoned')")
        return Counter(str(state) for (state,) in found)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the database beside the running house."""
        conn = sqlite3.connect(f"file:{self.house.data / STORE_FILE}?mode=ro", uri=True)
        try:
            return conn.execute(query).fetchall()
        finally:
            conn.close()

    async def everybody_hangs_up(self) -> None:
        for leg in self.callers:
            await self._goes(leg)

    async def _goes(self, leg: Leg) -> None:
        if not leg.ended:
            self.left.add(leg.sid)
            await self.calls.hang_up(leg)


def _line(leg: Leg) -> str:
    """Return for whose call an agent's leg was made."""
    return parse_qs(urlsplit(leg.url).query).get("line", [""])[0]


@asynccontextmanager
async def telephone(folder: Path, seed: int) -> AsyncIterator[Telephone]:
    """Open a house with an exchange and agents at work; at its end the journal keeps every promise."""
    chance, twilio = random.Random(seed), Twilio()
    await twilio.start()
    calls = Calls(twilio)
    entry = {"enabled": True, "account_sid": ACCOUNT, "auth_token_env": "TW_TOKEN", "api_url": twilio.url}
    on = {"phone": {**entry, "numbers": [OURS], "reconcile_s": 10}}
    always = {"queues": {name: {"hours": "always", "wrap_up": "0s"} for name in QUEUES}}
    house = House(folder, changes={"channels": {"channels": on}, "queues": always})
    calls.status_url = f"{house.base}/channels/phone/status#rc=5&rp=all"
    async with AsyncExitStack() as stack:
        stack.push_async_callback(twilio.stop)
        await stack.enter_async_context(house.serving())
        desks = []
        for number in range(AGENTS):
            house.add_person(f"agent{number}", skill=SKILLS)
            session = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)))
            desks.append(Desk(house, f"agent{number}", session, chance))
            await desks[-1].begin()
        pages = [asyncio.create_task(desk.attend()) for desk in desks]
        stack.callback(lambda: [page.cancel() for page in pages])
        made = Telephone(house, calls, desks, chance)
        calls.watchers.append(made.watch)
        yield made
