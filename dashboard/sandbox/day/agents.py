"""Made-up agents at the public API: they begin their shift, accept, answer, finish, take breaks and go."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import aiohttp

from dashboard.sandbox.day.access import Access
from dashboard.sandbox.day.sayings import ANSWERS, DIFFERS, OUTCOMES, PROMISES

LOOK_S = 1.0
ACCEPT_S, ANSWER_S, WRAP_UP_S = (0.5, 3.0), (3.0, 8.0), (2.0, 5.0)
# Who does not answer again in this time has what they wanted.
QUIET_S = 15.0
AGAIN_S = 3.0
ANSWERS_MAX = 3
# A caller hangs up; where none does, the agent ends the talk.
TALK_S_MAX = 60.0
# What an agent promises to come back to, and when: one at once, so that no list stands empty; more now and then.
PROMISES_MAX, PROMISED_SHARE = 4, 0.1
PROMISED_S = (5 * 60, 2 * 3_600, 20 * 3_600, 26 * 3_600, 3 * 86_400, 8 * 86_400)
# How often they look for reviews of their work, and how many of these they see differently.
REVIEWS_S, DIFFER_SHARE = 20.0, 0.25


@dataclass
class Plan:
    """What an agent means to do with one conversation, and when."""

    at_s: float
    began_s: float
    answered: int = 0


class Agent:
    """One person. `presence_now` says how they are at this hour of the day."""

    def __init__(self, access: Access, *, chance: Random, presence: Callable[[], str]) -> None:
        self._access, self._call = access, access.call
        self._chance, self._presence_now = chance, presence
        self._plans: dict[str, Plan] = {}
        self._presence = ""
        self._promised = 0

    async def work(self) -> None:
        """Be at the desk until cancelled; then the shift ends."""
        async with self._access.signed_in():
            await self._call("POST", "/shift")
            self._presence = "available"
            async with asyncio.TaskGroup() as group:
                group.create_task(self._stay())
                group.create_task(self._look_for_ever())
                group.create_task(self._answer_for_ever())

    async def _stay(self) -> None:
        """Hold the desk's socket: without it the desk would be lost."""
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with self._access.socket() as socket:
                    await socket.send_json({"type": "hello", "last_seq": 0})
                    async for message in socket:
                        if message.type is not aiohttp.WSMsgType.TEXT:
                            break
            await asyncio.sleep(LOOK_S)

    async def _look_for_ever(self) -> None:
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                await self._be()
                desk = await self._call("GET", "/desk")
                for offer in desk["offers"]:
                    await self._when_due(f"offer {offer['offer']}", ACCEPT_S, lambda offer=offer: self._accept(offer))  # type: ignore[misc]
                for each in desk["work"]:
                    await self._go_on(each)
                here = {f"offer {offer['offer']}" for offer in desk["offers"]} | {each["ref"] for each in desk["work"]}
                self._plans = {name: plan for name, plan in self._plans.items() if name in here}
            await asyncio.sleep(LOOK_S)

    async def _be(self) -> None:
        wanted = self._presence_now()
        if wanted != self._presence:
            await self._call("POST", "/presence", presence=wanted)
            self._presence = wanted

    async def _when_due(self, name: str, span_s: tuple[float, float], deed: Callable[[], Any]) -> None:
        now_s = time.monotonic()
        plan = self._plans.get(name)
        if plan is None:
            self._plans[name] = Plan(now_s + self._chance.uniform(*span_s), now_s)
        elif now_s >= plan.at_s:
            try:
                await deed()
            except aiohttp.ClientResponseError:
                # The world went on meanwhile: it is looked at anew, and the rest of the work does not wait for it.
                plan.at_s = now_s + AGAIN_S

    async def _accept(self, offer: dict[str, Any]) -> None:
        await self._call("POST", f"/conversations/{offer['ref']}/accept", offer=offer["offer"])

    async def _go_on(self, work: dict[str, Any]) -> None:
        """Do the next thing with a conversation, by how it stands."""
        deeds = {"active": (ANSWER_S, self._serve), "wrap_up": (WRAP_UP_S, self._wrap_up)}
        if work["state"] in deeds:
            span_s, deed = deeds[work["state"]]
            await self._when_due(work["ref"], span_s, lambda: deed(work))

    async def _serve(self, work: dict[str, Any]) -> None:
        plan, now_s = self._plans[work["ref"]], time.monotonic()
        talks = work["channel"] == "phone"
        quiet = now_s - plan.at_s > QUIET_S
        if talks and now_s - plan.began_s < TALK_S_MAX:
            return
        if not talks and plan.answered < ANSWERS_MAX and (work["unread"] or not plan.answered):
            plan.answered += 1
            plan.at_s = now_s + self._chance.uniform(*ANSWER_S)
            text = self._chance.choice(ANSWERS)
            path = f"/conversations/{work['ref']}/reply"
            await self._call("POST", path, text=text, then="stay", client_id=secrets.token_hex(8))
        elif talks or quiet or plan.answered >= ANSWERS_MAX:
            await self._end(work, may_promise=not talks)

    async def _end(self, work: dict[str, Any], *, may_promise: bool) -> None:
        """Close it, or promise to come back to it, with a note of what was promised."""
        at = f"/conversations/{work['ref']}"
        promises = may_promise and self._promised < PROMISES_MAX
        if promises and (not self._promised or self._chance.random() < PROMISED_SHARE):
            until_s = time.time() + self._chance.choice(PROMISED_S)
            self._promised += 1
            await self._call("POST", f"{at}/note", text=self._chance.choice(PROMISES), client_id=secrets.token_hex(8))
            await self._call("POST", f"{at}/park", until_ms=int(until_s * 1_000))
        else:
            await self._call("POST", f"{at}/close", disposition=self._chance.choice(OUTCOMES))

    async def _wrap_up(self, work: dict[str, Any]) -> None:
        path = f"/conversations/{work['ref']}/wrap-up"
        await self._call("POST", path, disposition=self._chance.choice(OUTCOMES))

    async def _answer_for_ever(self) -> None:
        """Say how they see what was found in their conversations."""
        while True:
            await asyncio.sleep(REVIEWS_S)
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                for line in (await self._call("GET", "/reviews?stage=handed"))["items"]:
                    await self._answer(line)

    async def _answer(self, line: dict[str, Any]) -> None:
        differs = self._chance.random() < DIFFER_SHARE
        said = {"view": "differ", "words": self._chance.choice(DIFFERS)} if differs else {"view": "agree"}
        path, command = f"/conversations/{line['ref']}/review", secrets.token_hex(8)
        await self._call("POST", path, deed="answer", version=line["version"], command_id=command, **said)
