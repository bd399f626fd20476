"""Asks every node for a decision, again and again, and notes when each was answered: how long nobody decided."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.cluster.desks import GONE, LIMIT, PASSWORD
from tests.cluster.diary import Diary

EVERY_S = 0.1
# A decision that takes longer is asked for again, so that a question that was lost is not counted as an outage.
PATIENCE_S = 1.0
PRESENCES = ("break", "lunch")


@dataclass(slots=True, eq=False)
class Pulse:
    """An agent who changes their presence at one node while `asking`. An answer means: the leader has decided."""

    base: str
    login: str
    public: str
    diaries: Path
    beats: list[float] = field(default_factory=list)
    asking: asyncio.Event = field(default_factory=asyncio.Event)
    _session: aiohttp.ClientSession = field(init=False)
    _csrf: str = ""
    _beating: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Sign in and begin."""
        self._session = aiohttp.ClientSession(timeout=LIMIT, cookie_jar=aiohttp.CookieJar(unsafe=True))
        told = await self._post("/session", {"login": self.login, "password": PASSWORD})
        self._csrf = told["csrf"]
        await self._post("/shift", {"presence": PRESENCES[0]})
        self._beating = asyncio.create_task(self._beat())

    async def stop(self) -> None:
        """End it."""
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)
            await self._session.close()

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        headers = {"X-CSRF": self._csrf, "Origin": self.public}
        async with self._session.post(f"{self.base}/api/v1{path}", json=body, headers=headers) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def _beat(self) -> None:
        diary, number = Diary(self.diaries, f"pulse-{self.login}"), 0
        while True:
            await self.asking.wait()
            number += 1
            with contextlib.suppress(*GONE):
                async with asyncio.timeout(PATIENCE_S):
                    told = await self._post("/presence", {"presence": PRESENCES[number % 2]})
                self.beats.append(time.monotonic())
                diary.write("beat", position=told["position"])
            await asyncio.sleep(EVERY_S)

    def first_after(self, at_s: float) -> float | None:
        """Return when the first answer came that was heard after a moment."""
        return next((beat for beat in self.beats if beat > at_s), None)


def longest_silence(beats: list[float], since_s: float, until_s: float) -> float:
    """Return the longest time within a stretch in which nobody heard of a decision."""
    marks = [since_s, *sorted(beat for beat in beats if since_s < beat < until_s), until_s]
    return max(later - earlier for earlier, later in itertools.pairwise(marks))
