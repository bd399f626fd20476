"""A whole Patchbay with its sandbox, the page's own interface to it, and agents at the API. No test lives here."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.e2e.house import PASSWORD, ROOT, House

PATIENCE_S = 60.0
SECRET = re.compile(r"/sandbox#(\S+)")


@dataclass
class SandboxHouse(House):
    """Started with `--sandbox`; all calendars are as `changes` say."""

    flags: tuple[str, ...] = ("--sandbox",)

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "router", "serve", *self.flags],
                cwd=ROOT,
                env=self.environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        await self.wait_ready()
        await until(lambda: self.token, "the token is printed")

    @property
    def token(self) -> str:
        found = SECRET.findall(self.last_words())
        return found[-1] if found else ""


async def until(condition: Callable[[], object], what: str) -> None:
    """Wait for what must come true."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"did not come true within {PATIENCE_S:.0f} s: {what}"
        await asyncio.sleep(0.05)


@dataclass
class Stand:
    """Somebody at the sandbox's page, without a browser."""

    house: SandboxHouse
    session: aiohttp.ClientSession
    lines: dict[str, dict[str, Any]] = field(default_factory=dict)
    channels: dict[str, dict[str, str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    version: int = 0

    async def post(self, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
        async with self.session.post(f"{self.house.base}/sandbox/api/{path}", json=body) as answer:
            return answer.status, await answer.json()

    async def opens(self, channel: str, name: str = "Eva Malá", **more: str) -> str:
        status, said = await self.post("open", channel=channel, name=name, **more)
        assert status == 200, said
        return str(said["line"]["id"])

    async def does(self, line: str, deed: str, **wish: str) -> None:
        status, said = await self.post("do", line=line, deed=deed, wish=wish)
        assert status == 200, said

    async def sees(self, line: str, condition: Callable[[dict[str, Any]], object], what: str) -> dict[str, Any]:
        """Follow the scene until a line is as it must be."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not (line in self.lines and condition(self.lines[line])):
                    await self.look()
        except TimeoutError:
            raise AssertionError(f"{what}: {json.dumps(self.lines.get(line), ensure_ascii=False)}") from None
        return self.lines[line]

    async def hears(self, line: str, text: str) -> dict[str, Any]:
        """Wait until somebody on a line has been told something."""
        return await self.sees(line, lambda shown: text in " | ".join(texts(shown, "company")), text)

    async def look(self) -> None:
        url = f"{self.house.base}/sandbox/api/scene?after={self.version}"
        async with self.session.get(url) as answer:
            assert answer.status == 200, await answer.text()
            told = await answer.json()
        self.version = told["version"]
        self.lines |= {line["id"]: line for line in told["lines"]}
        self.channels = {each["name"]: each for each in told["channels"]}
        self.wrong = told["wrong"]
        for gone in told["gone"]:
            self.lines.pop(gone, None)


def texts(line: dict[str, Any], side: str) -> list[str]:
    return [item["text"] for item in line["items"] if item["side"] == side]


@asynccontextmanager
async def standing(house: SandboxHouse) -> AsyncIterator[Stand]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        stand = Stand(house, session)
        status, said = await stand.post("enter", token=house.token)
        assert status == 200, said
        yield stand


@dataclass
class Agent:
    """Somebody at the desk's API."""

    house: House
    session: aiohttp.ClientSession
    csrf: str = ""

    async def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        url = f"{self.house.base}/api/v1{path}"
        async with self.session.request(method, url, json=body, headers={"X-CSRF": self.csrf}) as answer:
            assert answer.status < 300, f"{method} {path}: {answer.status} {await answer.text()}"
            return await answer.json() if answer.status != 204 else None

    async def accepts(self) -> str:
        """Take the next offer; return the conversation's reference."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            for offer in (await self.call("GET", "/desk"))["offers"]:
                await self.call("POST", f"/conversations/{offer['ref']}/accept", {"offer": offer["offer"]})
                return str(offer["ref"])
            await asyncio.sleep(0.1)
        raise AssertionError("nothing was offered")

    async def reads(self, ref: str, text: str) -> None:
        """Wait until the customer's words are in the story."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            story = await self.call("GET", f"/conversations/{ref}/story")
            if any(text in item.get("text", "") for item in story["items"] if item["kind"] == "in"):
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"not in the story: {text}")

    async def answers(self, ref: str, text: str) -> None:
        body = {"text": text, "then": "stay", "client_id": secrets.token_hex(8)}
        await self.call("POST", f"/conversations/{ref}/reply", body)

    async def ends(self, ref: str) -> None:
        await self.call("POST", f"/conversations/{ref}/close", {"disposition": "resolved"})
        detail = await self.call("GET", f"/conversations/{ref}")
        if detail["state"] == "wrap_up":
            await self.call("POST", f"/conversations/{ref}/wrap-up", {"disposition": "resolved"})


@asynccontextmanager
async def at_work(house: House, login: str) -> AsyncIterator[Agent]:
    """Sign in and begin the shift."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        agent = Agent(house, session)
        agent.csrf = (await agent.call("POST", "/session", {"login": login, "password": PASSWORD}))["csrf"]
        await agent.call("POST", "/shift", {})
        yield agent
