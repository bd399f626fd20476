"""A house whose customers call, agents who take the calls, and the exchange's own ledger. No test lives here.

What befalls them is in `blows`.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp

from channels.phone.wording import SAID
from router.site.datalock import STORE_FILE
from tests.cluster.network import FaultyLink
from tests.e2e.house import PASSWORD, House
from tests.patience import end_all
from tests.providers.twilio import ACCOUNT, Fault, Twilio
from tests.providers.twilio_calls import Calls, Conference, Leg

OURS = "+66600000001"
QUEUES = ("general", "billing", "orders", "complaints", "after-hours-email")
SKILLS = ["billing=3", "orders=3", "complaints=3"]
AGENTS = 4
# Longer than an agent's leg rings, the reconciler's pause and the last of some doubled waits together.
SETTLED_S_MAX, LOOK_S = 90.0, 0.1
# An exchange that hears nothing for so long asks again.
SILENT_S_MAX = 3.0
# Whether the exchange is still asking when we are back: each of five tries so much later, or all at once.
PATIENT_S, HASTY_S = 2.0, 0.0
# Who only keeps what comes has time.
CALM_S = 0.5
# At how many looks a desk does nothing.
QUIET = 0.75
OVER = "('closed', 'abandoned')"
DISPOSITION = {"disposition": "resolved"}
# One caller of three goes at some time, and one of three others asks to be called back, by a key until it is heard.
GOES, CALLED_BACK, KEY_S = 0.3, 0.3, 0.3
# Who could not be called back is tried again after the test: they are kept, and that is all that is asked here.
CALL_BACKS = {"attempts": 3, "retry": "2h"}
AGENT_FIRST, CUSTOMER_FIRST = MODES = ("agent-first", "customer-first")
Talks = list[tuple[Conference, str]]
# Strikes a telephone amid its calls, lets the customers finish what they want, and returns the talks that must go on.
Blow = Callable[["Telephone", Awaitable[Any], Talks], Awaitable[Talks]]


@dataclass
class Desk:
    """An agent who takes what is offered. `wild`: who also holds, transfers, hangs up and does not answer."""

    house: House
    login: str
    session: aiohttp.ClientSession
    chance: random.Random
    csrf: str = ""
    client: str = ""
    accepts: Counter[str] = field(default_factory=Counter)
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
                    self.accepts[offer["ref"]] += 1
                    await self.call("POST", f"/conversations/{offer['ref']}/accept", {"offer": offer["offer"]})
                for row in desk.get("work", ()):
                    await self._handle(row)
            await asyncio.sleep(self.chance.uniform(0.05, 0.3) if self.wild else CALM_S)

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
    # What the house says to the exchange goes by one, what the exchange asks of the house by the other.
    lines: tuple[FaultyLink, FaultyLink]
    desks: list[Desk]
    chance: random.Random
    callers: list[Leg] = field(default_factory=list)
    # Who is called first for a call-back.
    mode: str = AGENT_FIRST
    # Numbers of those who have been in a talk with somebody.
    met: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    # Agents whose telephone rang beside another call that was theirs, or nobody's.
    doubled: list[str] = field(default_factory=list)
    rung: set[str] = field(default_factory=set)

    def watch(self, leg: Leg) -> None:
        """Judge a leg to an agent when it begins to ring.

        Nothing of theirs may be up beside it but a leg of a call that somebody else has by then: the end of that one
        waits its turn among the deeds of its own line, and whoever rings now cannot know of it.
        """
        room = self.calls.room_of(leg)
        if room is not None and len(room.legs) > 1:
            self.met |= {self.calls.legs[sid].theirs for sid in room.legs}
        if leg.direction == "inbound" or leg.sid in self.rung:
            return
        self.rung.add(leg.sid)
        if not leg.theirs.startswith("client:"):
            if self.mode == CUSTOMER_FIRST:
                leg.keys.put_nowait("1")  # A person has answered.
            return
        agent = leg.theirs.removeprefix("client:agent_")
        for each in self.calls.legs.values():
            if each is leg or each.theirs != leg.theirs or each.ended:
                continue
            owner = self.owner_of(_line(each)) if _line(each) != _line(leg) else agent
            self.doubled += [f"{leg.theirs} beside a call of {owner}"] if owner in {"", "0", agent} else []

    def owner_of(self, call: str) -> str:
        """Return who has the conversation of a call."""
        of_line = "SELECT id FROM line WHERE channel = 'phone' AND key = ?"
        found = self.rows(f"SELECT owner FROM conversation WHERE line = ({of_line}) ORDER BY conv DESC", call)
        return str(found[0][0]) if found else ""

    # --- a round --------------------------------------------------------------------------------------------------

    async def round(self, callers: int, live_s: float, blow: Blow) -> Talks:
        """Let calls live for a while, and a blow fall amid them. Return the talks that nobody was about to end."""
        self.calls.twilio.retry_s = self.chance.choice((PATIENT_S, HASTY_S))
        await self._moods(("answer", "answer", "answer", "busy", "ring"), wild=True)
        if self.chance.random() < 0.5:
            self.calls.twilio.faults.append(Fault(path="Calls.json", after=self.chance.random() < 0.5))
        at_desks = [asyncio.create_task(desk.work()) for desk in self.desks]
        customers = [asyncio.create_task(self._customer(live_s)) for _ in range(callers)]
        await asyncio.sleep(live_s)
        talks = self._talks()
        # Who wants to go goes while nobody is there to be told.
        talks = await blow(self, asyncio.gather(*customers), talks)
        await end_all(at_desks)
        self.calls.twilio.faults.clear()
        await self._moods(("answer",), wild=False)
        return talks

    def calm(self) -> Talks:
        """Let no agent end or give away anything from now on. Return the talks that go on."""
        for desk in self.desks:
            desk.wild = False
        return self._talks()

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
        self.calls.answers[theirs] = "answer"
        if self.chance.random() < GOES:
            await asyncio.sleep(self.chance.uniform(0, live_s))
            await self._goes(leg)
        elif self.chance.random() < CALLED_BACK:
            # Who is talking by now presses no key.
            for _ in range(int(live_s / KEY_S)):
                if not leg.conference and leg.keys.empty():
                    leg.keys.put_nowait("1")
                await asyncio.sleep(KEY_S)

    def _talks(self) -> Talks:
        """Return the talks of two that nobody was about to part, each with its customer's leg."""
        steady = {desk.client.removeprefix("client:") for desk in self.desks if not desk.parted}
        rooms = [room for room in self.calls.conferences if not room.over and set(room.legs.values()) & steady]
        return [(room, sid) for room in rooms for sid, label in room.legs.items() if label == "customer"]

    def broken(self, talks: Talks) -> list[str]:
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
            await end_all(at_desks)

    def missing(self) -> dict[str, Any]:
        """Return what is not as it must be: every living caller in a talk or in line, and every conversation alive."""
        living = {leg.sid for leg in self.living()}
        rooms = [room for room in self.calls.conferences if not room.over]
        talking = {sid for room in rooms if len(room.legs) == 2 and not room.held for sid in room.legs} & living
        agents = [leg.theirs for leg in self.calls.legs.values() if leg.theirs.startswith("client:") and not leg.ended]
        states = self.states()
        waiting = living - talking
        wrong = {
            "callers who neither talk nor wait": [sid for sid in waiting if not self.calls.legs[sid].queue],
            "callers in line although an agent is free": waiting if len(talking) < len(self.desks) else set(),
            "agents on a line without a customer": len(agents) - len(talking),
            "conversations of nobody": sum(states.values()) - states["deferred"] - len(living),
            "call-backs that were forgotten": self.forgotten(),
            "talks that the router does not know": len(talking) - states["active"],
            "deeds that wait": self.rows("SELECT effect FROM outbox WHERE state = 'waiting'"),
        }
        return {name: each for name, each in wrong.items() if each}

    def living(self) -> list[Leg]:
        """Return the legs that customers are on: they have called, or were called back."""
        return [leg for leg in self.calls.legs.values() if not leg.theirs.startswith("client:") and not leg.ended]

    def forgotten(self) -> list[str]:
        """Return who heard that they would be called back, and was not, nor waits for it, nor has hung up since."""
        gone = {self.calls.legs[sid].theirs for sid in self.left}
        asked = {leg.theirs for leg in self.callers if SAID["call-back-kept"]["en"] in leg.heard} - self.met - gone
        lines = "SELECT l.peer FROM line l JOIN conversation c ON c.line = l.id"
        # What an agent has ended is an agent's answer.
        rows = self.rows(f"{lines} WHERE c.state NOT IN {OVER} OR c.disposition <> ''")
        kept = {str(peer).partition(" ")[0] for (peer,) in rows}
        return sorted(asked - kept)

    def called_again(self) -> list[str]:
        """Return the agents whose telephone has rung for a caller more often than they accepted that caller."""
        lines = "SELECT l.key, c.reference FROM line l JOIN conversation c ON c.line = l.id WHERE l.channel = 'phone'"
        references = {str(key): str(reference) for key, reference in self.rows(lines)}
        rung = Counter((leg.theirs, _line(leg)) for leg in self.calls.legs.values() if leg.theirs.startswith("client:"))
        accepted = {desk.client: desk.accepts for desk in self.desks}
        return [client for (client, line), count in rung.items() if count > accepted[client][references.get(line, "")]]

    def states(self) -> Counter[str]:
        """Return how many conversations stand how, without those that are over."""
        found = self.rows(f"SELECT state FROM conversation WHERE state NOT IN {OVER}")
        return Counter(str(state) for (state,) in found)

    def rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        """Ask the database beside the running house."""
        conn = sqlite3.connect(f"file:{self.house.data / STORE_FILE}?mode=ro", uri=True)
        try:
            return conn.execute(query, values).fetchall()
        finally:
            conn.close()

    async def everybody_hangs_up(self) -> None:
        for leg in self.living():
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
    chance, twilio = random.Random(seed), Twilio(silent_s_max=SILENT_S_MAX)
    mode = MODES[seed % len(MODES)]
    await twilio.start()
    calls = Calls(twilio)
    ours = FaultyLink(int(twilio.url.rpartition(":")[2]))
    await ours.start()
    twilio.url = f"http://127.0.0.1:{ours.port}"
    entry = {"enabled": True, "account_sid": ACCOUNT, "auth_token_env": "TW_TOKEN", "api_url": twilio.url}
    on = {"phone": {**entry, "numbers": [OURS], "reconcile_s": 10}}
    always = {
        "queues": {
            name: {"hours": "always", "wrap_up": "0s", "callback": {**CALL_BACKS, "mode": mode}} for name in QUEUES
        }
    }
    house = House(folder, changes={"channels": {"channels": on}, "queues": always})
    theirs = FaultyLink(house.port)
    await theirs.start()
    twilio.reach = lambda url: url.replace(house.base, f"http://127.0.0.1:{theirs.port}")
    calls.status_url = f"{house.base}/channels/phone/status#rc=5&rp=all"
    async with AsyncExitStack() as stack:
        for each in (ours, theirs, twilio):
            stack.push_async_callback(each.stop)
        await stack.enter_async_context(house.serving())
        desks = []
        for number in range(AGENTS):
            house.add_person(f"agent{number}", skill=SKILLS)
            session = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)))
            desks.append(Desk(house, f"agent{number}", session, chance))
            await desks[-1].begin()
        pages = [asyncio.create_task(desk.attend()) for desk in desks]
        stack.callback(lambda: [page.cancel() for page in pages])
        made = Telephone(house, calls, (ours, theirs), desks, chance, mode=mode)
        calls.watchers.append(made.watch)
        yield made
