"""Agents at desks that spread over the nodes: accept, answer, transfer, park, wrap up, close. They judge nothing.

A desk whose node dies goes on at another one, and asks again under the same ids, as a page behind a balancer does.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import aiohttp

from tests.cluster.diary import Diary
from tests.cluster.front import Front
from tests.patience import end_all

PASSWORD = "a-password-for-tests-only"
ANSWER_S_MAX = 4.0
AGAIN_S = 0.1
# Beyond these statuses a repeat is answered like the first time: the request itself is at fault.
PASSING = frozenset({429, 500, 502, 503, 504})
GONE = (aiohttp.ClientError, TimeoutError, ConnectionError)
LIMIT = aiohttp.ClientTimeout(total=ANSWER_S_MAX, sock_connect=2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How agents work. Shares are of the conversations they accept; `think_s`: before each act."""

    transfers: float = 0.1
    parks: float = 0.1
    second_words: float = 0.2
    think_s: float = 0.05
    patrol_s: float = 1.0
    queue: str = "general"


@dataclass(slots=True, eq=False)
class Desk:
    """One agent. `public` is what browsers say they come from."""

    front: Front
    login: str
    public: str
    diaries: Path
    chance: Random
    habits: Habits = Habits()
    agent: int = 0
    base: str = ""
    in_hand: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    done: int = 0
    _csrf: str = ""
    _acts: int = 0
    _diary: Diary = field(init=False)
    _session: aiohttp.ClientSession = field(init=False)
    _loops: list[asyncio.Task[None]] = field(default_factory=list)

    async def start(self) -> None:
        """Sign in at some node, begin the shift, open the desk."""
        self._diary = Diary(self.diaries, self.login)
        self._session = aiohttp.ClientSession(
            timeout=LIMIT, cookie_jar=aiohttp.CookieJar(unsafe=True), connector=aiohttp.TCPConnector(limit=0)
        )
        self.base = self.front.pick()
        signed_in = await self._until_answered("/session", {"login": self.login, "password": PASSWORD})
        self._csrf, self.agent = signed_in["csrf"], signed_in["me"]["id"]
        await self._until_answered("/shift", {})
        self._diary.write("signed_in", agent=self.agent)
        self._loops = [asyncio.create_task(self._follow()), asyncio.create_task(self._patrol())]

    async def stop(self) -> None:
        """Close the page."""
        await end_all([*self._loops, *self.in_hand.values()])
        await self._session.close()

    # --- asking -------------------------------------------------------------------------------------------------------

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"X-CSRF": self._csrf, "Origin": self.public}
        url = f"{self.base}/api/v1{path}"
        async with self._session.request(method, url, json=body, headers=headers) as answer:
            if answer.status in {404, 409}:
                return await answer.json()
            answer.raise_for_status()
            return await answer.json()

    async def _until_answered(self, path: str, body: dict[str, Any]) -> Any:
        """Post until somebody answers, wherever a node is. `body` carries an id where it matters."""
        while True:
            try:
                return await self._ask("POST", path, body)
            except aiohttp.ClientResponseError as refused:
                if refused.status not in PASSING:
                    raise
                self._elsewhere()
            except GONE:
                self._elsewhere()
            await asyncio.sleep(AGAIN_S)

    def _elsewhere(self) -> None:
        self.front.failed(self.base)
        self.base = self.front.pick()

    # --- looking ------------------------------------------------------------------------------------------------------

    async def _follow(self) -> None:
        while True:
            base = self.base
            with contextlib.suppress(*GONE):
                async with self._session.ws_connect(f"{base}/ws", origin=self.public, heartbeat=2.0) as socket:
                    await self._listen(socket)
            if base == self.base:
                self._elsewhere()
            await asyncio.sleep(AGAIN_S)

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        await socket.send_json({"type": "hello", "last_seq": 0})
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                break
            frame = message.json()
            if frame["type"] == "welcome":
                await self._look()
            elif frame["type"] == "desk":
                self._take(frame.get("offers") or [])

    async def _patrol(self) -> None:
        """Look at the whole desk now and then: at offers that still ring and at work that nobody told of."""
        while True:
            await asyncio.sleep(self.habits.patrol_s)
            with contextlib.suppress(*GONE):
                await self._look()

    async def _look(self) -> None:
        in_hand = set(self.in_hand)
        desk = await self._ask("GET", "/desk")
        self._take(desk["offers"])
        if desk["me"] and not desk["me"]["accepts"]:
            await self._ask("POST", "/presence", {"presence": "available"})
        for summary in desk["work"]:
            if summary["ref"] in in_hand or summary["ref"] in self.in_hand:
                continue
            if summary["state"] == "active":
                self._begin(summary["ref"], self._answer(summary["ref"], f"since{summary['since_ms']}"))
            elif summary["state"] == "wrap_up":
                self._begin(summary["ref"], self._wrap_up(summary["ref"]))

    def _take(self, offers: list[dict[str, Any]]) -> None:
        for offer in offers:
            if offer["offer"] not in self.seen and offer["ref"] not in self.in_hand:
                self.seen.add(offer["offer"])
                self._diary.write("rung", agent=self.agent, offer=offer["offer"], ref=offer["ref"])
                self._begin(offer["ref"], self._serve(offer["ref"], offer["offer"]))

    def _begin(self, ref: str, work: Any) -> None:
        task = asyncio.create_task(work)
        self.in_hand[ref] = task
        task.add_done_callback(lambda _: self.in_hand.pop(ref, None))

    # --- working ------------------------------------------------------------------------------------------------------

    async def _act(self, ref: str, act: str, body: dict[str, Any], **noted: Any) -> bool:
        """Do one thing until it is answered, and note yes or the named no."""
        self._acts += 1
        body = {"command_id": f"{self.login}-{self._acts}-{ref}", **body}
        answer = await self._until_answered(f"/conversations/{ref}/{act}", body)
        if "error" in answer:
            self._diary.write("refused", agent=self.agent, ref=ref, act=act, code=answer["error"]["code"])
            return False
        self._diary.write(NOTED[act], agent=self.agent, ref=ref, **noted)
        return True

    async def _serve(self, ref: str, offer: int) -> None:
        if await self._act(ref, "accept", {"offer": offer}, offer=offer):
            await self._answer(ref, f"offer{offer}")

    async def _answer(self, ref: str, stay: str) -> None:
        """Do what this agent does with a conversation of theirs. `stay` makes the ids of its replies."""
        await asyncio.sleep(self.habits.think_s)
        gives = self.chance.random() < self.habits.transfers
        if gives and await self._act(ref, "transfer", {"queue": self.habits.queue}):
            return
        if self.chance.random() < self.habits.second_words and not await self._reply(ref, f"{stay}-first", "stay"):
            return
        await asyncio.sleep(self.habits.think_s)
        parks = self.chance.random() < self.habits.parks
        if await self._reply(ref, stay, "park" if parks else "close"):
            self.done += 1

    async def _reply(self, ref: str, stay: str, then: str) -> bool:
        client_id = f"{self.login}-{ref}-{stay}"
        mark = f"reply-mark-{client_id}-end"
        body: dict[str, Any] = {"text": f"Done. {mark}", "client_id": client_id, "then": then}
        if then == "close":
            body["disposition"] = "resolved"
        answer = await self._until_answered(f"/conversations/{ref}/reply", body)
        if "error" in answer:
            self._diary.write("refused", agent=self.agent, ref=ref, act="reply", code=answer["error"]["code"])
            return False
        self._diary.write("replied", agent=self.agent, ref=ref, mark=mark, node=self.base)
        return True

    async def _wrap_up(self, ref: str) -> None:
        await self._act(ref, "wrap-up", {"disposition": "resolved"})


NOTED = {"accept": "accepted", "transfer": "transferred", "wrap-up": "wrapped_up", "park": "parked", "close": "closed"}
