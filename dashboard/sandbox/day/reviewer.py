"""A made-up supervisor at the public API: reads what was rated, reviews it, and has the last word."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from random import Random
from typing import Any

import aiohttp

from dashboard.sandbox.day.access import Access
from dashboard.sandbox.day.sayings import FOUND, LAST_WORDS

# One an hour of the day, that is a minute here, until there is something on every list; the worst ratings first.
REVIEW_S, REVIEWS_MAX = 30.0, 12
# Every so many-th stays a draft.
DRAFT_EACH = 5
# Of the points there are; who was rated badly got fewer.
SHARES = {1: 0.5, 2: 0.6, 3: 0.8, 4: 0.95, 5: 0.97}


class Reviewer:
    """One person."""

    def __init__(self, access: Access, *, chance: Random) -> None:
        self._access, self._call, self._chance = access, access.call, chance
        self._begun = 0

    async def work(self) -> None:
        """Review until cancelled."""
        async with self._access.signed_in():
            while True:
                await asyncio.sleep(REVIEW_S)
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    await self._settle()
                    await self._review()

    async def _settle(self) -> None:
        """Where somebody sees it differently, say the last word."""
        for line in (await self._call("GET", "/reviews?stage=answered"))["items"]:
            if line["view"] == "differ":
                await self._do(line["ref"], "settle", line["version"], words=self._chance.choice(LAST_WORDS))

    async def _review(self) -> None:
        if self._begun >= REVIEWS_MAX:
            return
        ratings = (await self._call("GET", "/ratings"))["items"]
        for rating in sorted(ratings, key=lambda each: each["score"]):
            case = await self._call("GET", f"/conversations/{rating['ref']}/review")
            if "begin" in case["can"]:
                await self._do(rating["ref"], "begin")
                self._begun += 1
                answers = {each["name"]: self._points(each, rating["score"]) for each in case["card"]["questions"]}
                deed = "hand" if self._begun % DRAFT_EACH else "save"
                said = self._chance.choice(FOUND[rating["score"] > 2])
                await self._do(rating["ref"], deed, 1, answers=answers, said=said)
                return

    def _points(self, question: dict[str, Any], score: int) -> int:
        """Return the points of one question: of each there is, by chance."""
        return sum(self._chance.random() < SHARES[score] for _ in range(question["points"]))

    async def _do(self, ref: str, deed: str, version: int = 0, **said: Any) -> None:
        path, command = f"/conversations/{ref}/review", secrets.token_hex(8)
        await self._call("POST", path, deed=deed, version=version, command_id=command, **said)
