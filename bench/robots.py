"""Robot agents that work a real desk over HTTP and socket: accept, answer, close. They judge nothing."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=30)
ANSWER = "Thank you, we have taken care of it."


@dataclass(slots=True)
class Work:
    """What a robot does with an offer: `answer` accepts, replies and closes; `keep` only accepts."""

    habit: str = "answer"
    disposition: str = "solved"


class RobotAgent:
    """One signed-in agent. `heard` is called with every offer it sees: (agent id, offer)."""

    def __init__(self, base: str, login: str, password: str, work: Work | None = None) -> None:
        self.base = base
        self.login = login
        self.password = password
        self.work = work or Work()
        self.id = 0
        self.accepted: list[str] = []
        self.refused: list[str] = []
        self.answered = 0
        self.heard: Callable[[int, dict[str, Any]], None] = lambda agent, offer: None
        self._seen: set[int] = set()
        self._busy: set[asyncio.Task[None]] = set()
        self._count = itertools.count()
        self._session: aiohttp.ClientSession | None = None
        self._csrf = ""
        self._loop: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Sign in, start the shift, open the desk's socket."""
        self._session = aiohttp.ClientSession(
            timeout=REQUEST_TIMEOUT, cookie_jar=aiohttp.CookieJar(unsafe=True), connector=aiohttp.TCPConnector(limit=8)
        )
        signed_in = await self.post("/session", {"login": self.login, "password": self.password})
        self._csrf, self.id = signed_in["csrf"], signed_in["me"]["id"]
        await self.post("/shift", {})
        ready = asyncio.Event()
        self._loop = asyncio.create_task(self._follow(ready))
        await asyncio.wait_for(ready.wait(), 30)

    async def stop(self) -> None:
        """Close the desk as a closed browser would."""
        tasks = [*self._busy, *([self._loop] if self._loop else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session:
            await self._session.close()

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        """Post to the API; a named refusal comes back as its error body."""
        assert self._session is not None, "start comes first"
        headers = {"X-CSRF": self._csrf}
        async with self._session.post(f"{self.base}/api/v1{path}", json=body, headers=headers) as response:
            if response.status == 409:
                return await response.json()
            response.raise_for_status()
            return await response.json()

    async def get(self, path: str) -> Any:
        assert self._session is not None, "start comes first"
        async with self._session.get(f"{self.base}/api/v1{path}") as response:
            response.raise_for_status()
            return await response.json()

    async def _follow(self, ready: asyncio.Event) -> None:
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                await self._one_socket(ready)
            await asyncio.sleep(0.2)

    async def _one_socket(self, ready: asyncio.Event) -> None:
        assert self._session is not None, "start comes first"
        async with self._session.ws_connect(f"{self.base}/ws", origin=self.base) as socket:
            await socket.send_json({"type": "hello", "last_seq": 0})
            async for message in socket:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    break
                frame = message.json()
                if frame["type"] == "welcome":
                    self._take_offers((await self.get("/desk"))["offers"])
                    ready.set()
                elif frame["type"] == "desk":
                    self._take_offers(frame.get("offers") or [])

    def _take_offers(self, offers: list[dict[str, Any]]) -> None:
        for offer in offers:
            if offer["offer"] not in self._seen:
                self._seen.add(offer["offer"])
                self.heard(self.id, offer)
                task = asyncio.create_task(self._serve(offer))
                self._busy.add(task)
                task.add_done_callback(self._busy.discard)

    async def _serve(self, offer: dict[str, Any]) -> None:
        ref = offer["ref"]
        answer = await self.post(f"/conversations/{ref}/accept", {"offer": offer["offer"]})
        if "error" in answer:
            self.refused.append(answer["error"]["code"])
            return
        self.accepted.append(ref)
        if self.work.habit == "keep":
            return
        reply = {
            "text": ANSWER,
            "client_id": f"{self.login}-{next(self._count)}",
            "then": "close",
            "disposition": self.work.disposition,
        }
        replied = await self.post(f"/conversations/{ref}/reply", reply)
        if "error" in replied:
            self.refused.append(replied["error"]["code"])
        else:
            self.answered += 1


@dataclass(slots=True)
class Crew:
    """Several robots, started and stopped together."""

    robots: list[RobotAgent] = field(default_factory=list)

    async def start(self, at_once: int = 4) -> None:
        """Sign everybody in, a few at a time: password checks are meant to be slow."""
        for first in range(0, len(self.robots), at_once):
            await asyncio.gather(*(robot.start() for robot in self.robots[first : first + at_once]))

    async def stop(self) -> None:
        await asyncio.gather(*(robot.stop() for robot in self.robots))
