"""The stories of made-up customers: they come, say what they want, wait, answer, thank and leave."""

from __future__ import annotations

import asyncio
from random import Random

import aiohttp

from dashboard.sandbox.day.page import Gone, SandboxPage, Shown
from dashboard.sandbox.day.sayings import FIRST, MORE, NAMES, RATED, SPOKEN, THANKS

# Who is not answered in this time gives up, or goes on with their day.
PATIENCE_S = 150.0
TURNS_MAX = 2
THINK_S = (2.0, 6.0)
SPEAK_S = 2.5
ANNOYED = 0.12
# So many of those who were answered say how it was; most are content.
RATES = 0.6
SCORES = (5, 5, 5, 5, 4, 4, 4, 3, 2, 1)


class Customers:
    """Lets them come; each story is one call."""

    def __init__(self, page: SandboxPage, chance: Random) -> None:
        self._page, self._chance = page, chance

    async def story(self, channel: str) -> None:
        """Live through one customer's story. A line that is gone, or a node that is away, ends it."""
        name, language = self._chance.choice(NAMES)
        try:
            line = await self._page.open(channel, name, language)
            await (self._call(line) if channel == "phone" else self._write(line, language, channel))
        except (Gone, aiohttp.ClientError, TimeoutError):
            return

    async def _write(self, line: str, language: str, channel: str) -> None:
        first = "send" if channel == "form" else "say"
        await self._think()
        await self._page.do(line, first, text=self._chance.choice(FIRST[language]), language=language)
        for turn in range(1, self._chance.randint(1, TURNS_MAX + 1) + 1):
            if not await self._page.see(line, lambda shown, turn=turn: answers(shown) >= turn, PATIENCE_S):  # type: ignore[misc]
                break
            await self._think()
            words = MORE if turn <= TURNS_MAX else THANKS
            await self._page.do(line, "say", text=self._chance.choice(words[language]))
        if channel == "chat":
            await self._think()
            await self._rate(line, language)
            await self._page.do(line, "leave")

    async def _rate(self, line: str, language: str) -> None:
        """Say how it was; who was not answered is not asked."""
        if not answers(self._page.lines[line]) or self._chance.random() > RATES:
            return
        score = self._chance.choice(SCORES)
        words = self._chance.choice(("", *RATED[score > 3][language]))
        await self._page.do(line, "rate", score=str(score), text=words)

    async def _call(self, line: str) -> None:
        """Call, wait in line, talk, hang up; some hang up before."""
        wait_s = 8.0 if self._chance.random() < ANNOYED else PATIENCE_S
        if await self._page.see(line, lambda shown: shown["state"] == "talk", wait_s):
            for ours, theirs in SPOKEN[: self._chance.randint(2, len(SPOKEN))]:
                await self._page.do(line, "say", text=ours)
                await asyncio.sleep(SPEAK_S)
                await self._answer_on_the_telephone(line, theirs)
                await asyncio.sleep(SPEAK_S)
        await self._page.do(line, "hang_up")

    async def _answer_on_the_telephone(self, line: str, text: str) -> None:
        """The agent's voice: from the telephone that has just heard the customer."""
        said = self._page.lines[line]["items"][-1]["text"]
        for each in tuple(self._page.lines.values()):
            heard = each["items"] and each["items"][-1]["text"] == said
            if each["channel"] == "softphone" and each["state"] == "talk" and heard:
                await self._page.do(each["id"], "say", text=text)
                return

    async def _think(self) -> None:
        await asyncio.sleep(self._chance.uniform(*THINK_S))


def answers(shown: Shown) -> int:
    """Return how often a person has answered."""
    return sum(1 for item in shown["items"] if item["side"] == "company" and item["status"] != "automatic")
