"""The sandbox's page as a program uses it: enters, follows the scene, opens lines, does deeds. Nobody's story."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp

Shown = dict[str, Any]
AGAIN_S = 1.0


class Gone(Exception):
    """A line is not there any more, or cannot do what its customer wants: their story is over."""


class SandboxPage:
    """One program at the page."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self._session, self._base = session, base
        self._version = 0
        self._changed = asyncio.Event()
        self.lines: dict[str, Shown] = {}
        self.playable: dict[str, bool] = {}

    async def enter(self, token: str) -> None:
        await self._post("enter", token=token)

    async def follow(self) -> None:
        """Keep the copy of the scene as it is there, until cancelled."""
        while True:
            try:
                url = f"{self._base}/sandbox/api/scene?after={self._version}"
                async with self._session.get(url) as answer:
                    answer.raise_for_status()
                    self._take(await answer.json())
            except (aiohttp.ClientError, TimeoutError):
                await asyncio.sleep(AGAIN_S)

    async def open(self, channel: str, name: str, language: str) -> str:
        """Let somebody come; return their line."""
        said = await self._post("open", channel=channel, name=name, language=language)
        self.lines[said["line"]["id"]] = said["line"]
        return str(said["line"]["id"])

    async def do(self, line: str, deed: str, **wish: str) -> None:
        await self._post("do", line=line, deed=deed, wish=wish)

    async def see(self, line: str, holds: Callable[[Shown], bool], wait_s: float) -> bool:
        """Wait until something is so on a line; return whether it came to be. Raises Gone."""
        try:
            async with asyncio.timeout(wait_s):
                while True:
                    shown = self.lines.get(line)
                    if shown is None:
                        raise Gone
                    if holds(shown):
                        return True
                    await self._changed.wait()
        except TimeoutError:
            return False

    async def _post(self, path: str, **body: Any) -> Shown:
        async with self._session.post(f"{self._base}/sandbox/api/{path}", json=body) as answer:
            if answer.status in {404, 409}:
                raise Gone
            answer.raise_for_status()
            said: Shown = await answer.json()
            return said

    def _take(self, told: Shown) -> None:
        if told["whole"]:
            self.lines.clear()
        self._version = told["version"]
        self.lines |= {line["id"]: line for line in told["lines"]}
        self.playable = {each["name"]: not each["off"] for each in told["channels"]}
        for gone in told["gone"]:
            self.lines.pop(gone, None)
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
