"""Robot agents that work a real desk over HTTP and socket: accept, answer, close. They judge nothing.

A robot asks again, under the same ids, while the server is away; so it outlives a crash as a good desk does.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=30)
ANSWER = "Thank you, we have taken care of it."
AGAIN_S = 0.2
READY_S_MAX = 30
NOT_RESPONDING = "not_responding"
# Beyond these statuses a repeat is answered like the first time: the request itself is at fault.
PASSING = frozenset({429, 500, 502, 503, 504})


@dataclass(slots=True)
class Work:
    """What a robot does with an offer: `answer` accepts, replies and closes; `keep` only accepts.

    `patrol_s`: how often it looks at its whole desk for work that came without an offer; 0 for never.
    """

    habit: str = "answer"
    patrol_s: float = 0.0
    disposition: str = "resolved"
    presence: str = "available"
    answer: Callable[[str], str] = lambda client_id: ANSWER


class RobotAgent:
    """One signed-in agent.

    `heard` is called with every offer it sees (agent id, offer), `answered_as` with the client id of every
    reply that the API has acknowledged.
    """

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
        self.answered_as: Callable[[str], None] = lambda client_id: None
        self._seen: set[int] = set()
        self._busy: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self._csrf = ""
        self._loops: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Sign in, start the shift, open the desk's socket."""
        self._session = aiohttp.ClientSession(
            timeout=REQUEST_TIMEOUT, cookie_jar=aiohttp.CookieJar(unsafe=True), connector=aiohttp.TCPConnector(limit=8)
        )
        signed_in = await self.post("/session", {"login": self.login, "password": self.password})
        self._csrf, self.id = signed_in["csrf"], signed_in["me"]["id"]
        await self.post("/shift", {})
        ready = asyncio.Event()
        self._loops = [asyncio.create_task(self._follow(ready)), asyncio.create_task(self._patrol())]
        await asyncio.wait_for(ready.wait(), READY_S_MAX)

    async def stop(self) -> None:
        """Close the desk as a closed browser would."""
        tasks = [*self._busy, *self._loops]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session:
            await self._session.close()

    @property
    def busy(self) -> bool:
        """Whether something it began is not answered yet."""
        return bool(self._busy)

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        """Post to the API; a named refusal comes back as its error body."""
        assert self._session is not None, "start comes first"
        headers = {"X-CSRF": self._csrf}
        async with self._session.post(f"{self.base}/api/v1{path}", json=body, headers=headers) as response:
            if response.status in {404, 409}:
                return await response.json()
            response.raise_for_status()
            return await response.json()

    async def post_until_answered(self, path: str, body: dict[str, Any]) -> Any:
        """Post again while the server is away. `body` carries an id, so that a repeat is the same act."""
        while True:
            try:
                return await self.post(path, body)
            except aiohttp.ClientResponseError as refused:
                if refused.status not in PASSING:
                    raise
            except (aiohttp.ClientError, TimeoutError, ConnectionError):
                self._session_alive()
            await asyncio.sleep(AGAIN_S)

    def _session_alive(self) -> None:
        assert self._session is not None, "start comes first"
        assert not self._session.closed, "a stopped robot asks nothing"

    async def get(self, path: str) -> Any:
        """Ask the API. Raises aiohttp's errors."""
        assert self._session is not None, "start comes first"
        async with self._session.get(f"{self.base}/api/v1{path}") as response:
            response.raise_for_status()
            return await response.json()

    async def _follow(self, ready: asyncio.Event) -> None:
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, ConnectionError):
                await self._one_socket(ready)
            await asyncio.sleep(AGAIN_S)

    async def _one_socket(self, ready: asyncio.Event) -> None:
        assert self._session is not None, "start comes first"
        async with self._session.ws_connect(f"{self.base}/ws", origin=self.base) as socket:
            await socket.send_json({"type": "hello", "last_seq": 0})
            async for message in socket:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    break
                frame = message.json()
                if frame["type"] == "welcome":
                    await self._look_at_desk()
                    ready.set()
                elif frame["type"] == "desk":
                    self._take_offers(frame.get("offers") or [])

    async def _patrol(self) -> None:
        while self.work.patrol_s:
            await asyncio.sleep(self.work.patrol_s)
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, ConnectionError):
                await self._look_at_desk()

    async def _look_at_desk(self) -> None:
        """Take up what is there already: after a crash, offers that still ring and work that was accepted."""
        in_hand = self._in_hand()
        desk = await self.get("/desk")
        self._take_offers(desk["offers"])
        if desk["me"] and desk["me"]["presence"] == NOT_RESPONDING:
            await self.post("/presence", {"presence": self.work.presence})
        if self.work.habit == "answer":
            in_hand |= self._in_hand()
            for summary in desk["work"]:
                if summary["state"] == "active" and summary["ref"] not in in_hand:
                    self._begin(summary["ref"], 0, since_ms=summary["since_ms"])

    def _in_hand(self) -> set[str]:
        return {task.get_name() for task in self._busy}

    def _take_offers(self, offers: list[dict[str, Any]]) -> None:
        for offer in offers:
            if offer["offer"] not in self._seen:
                self._seen.add(offer["offer"])
                self.heard(self.id, offer)
                self._begin(offer["ref"], offer["offer"])

    def _begin(self, ref: str, offer: int, *, since_ms: int = 0) -> None:
        """Serve as a task that is named by the conversation. The stay at this robot makes the reply's id."""
        task = asyncio.create_task(self._serve(ref, offer, f"{self.login}-{ref}-{offer or since_ms}"), name=ref)
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)

    async def _serve(self, ref: str, offer: int, client_id: str) -> None:
        """Accept an offer (0: it is accepted already), then do what this robot does."""
        if offer and not await self._accept(ref, offer):
            return
        if self.work.habit == "answer":
            await self._answer(ref, client_id)

    async def _accept(self, ref: str, offer: int) -> bool:
        body = {"offer": offer, "command_id": f"{self.login}-accepts-{offer}"}
        answer = await self.post_until_answered(f"/conversations/{ref}/accept", body)
        if "error" in answer:
            self.refused.append(answer["error"]["code"])
            return False
        self.accepted.append(ref)
        return True

    async def _answer(self, ref: str, client_id: str) -> None:
        reply = {
            "text": self.work.answer(client_id),
            "client_id": client_id,
            "then": "close",
            "disposition": self.work.disposition,
        }
        replied = await self.post_until_answered(f"/conversations/{ref}/reply", reply)
        if "error" in replied:
            self.refused.append(replied["error"]["code"])
        else:
            self.answered += 1
            self.answered_as(client_id)


@dataclass(slots=True)
class Crew:
    """Several robots, started and stopped together."""

    robots: list[RobotAgent] = field(default_factory=list)

    async def start(self, at_once: int = 4) -> None:
        """Sign everybody in, a few at a time: password checks are meant to be slow."""
        for first in range(0, len(self.robots), at_once):
            await asyncio.gather(*(robot.start() for robot in self.robots[first : first + at_once]))

    async def stop(self) -> None:
        """Close all desks."""
        await asyncio.gather(*(robot.stop() for robot in self.robots))
