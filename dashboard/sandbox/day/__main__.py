"""The process of a day: told on its standard input where to go, it ends when that closes. Prints nothing but faults."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
import time
from random import Random
from typing import Any

import aiohttp

from dashboard.sandbox.day.access import Access
from dashboard.sandbox.day.agents import Agent
from dashboard.sandbox.day.curve import FIRST, FIRST_GAP_S, channel_of, gap_s, hour_at, presence_at
from dashboard.sandbox.day.customers import Customers
from dashboard.sandbox.day.page import SandboxPage
from dashboard.sandbox.day.reviewer import Reviewer

# More stories at once than this machine should tell beside serving them.
STORIES_MAX = 60
LONG_POLL_S = 60.0


async def main() -> None:
    """Live through days until the input closes."""
    loop = asyncio.get_running_loop()
    told: dict[str, Any] = json.loads(await asyncio.to_thread(sys.stdin.readline))
    day = asyncio.create_task(live(told))
    closed = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    # Ctrl-C reaches the whole group; who has begun this day ends it, by closing the input.
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    closed.add_done_callback(lambda _: day.cancel())
    with contextlib.suppress(asyncio.CancelledError):
        await day


async def live(told: dict[str, Any]) -> None:
    """Bring agents, who reviews them, and customers, by the hour of the day."""
    chance, began_s = Random(), time.monotonic()  # noqa: S311 - made-up people, no secret.
    timeout = aiohttp.ClientTimeout(total=LONG_POLL_S)
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=jar) as session, asyncio.TaskGroup() as group:
        page = SandboxPage(session, told["base"])
        await page.enter(told["token"])
        group.create_task(page.follow())
        for place, (login, password) in enumerate(told["agents"]):
            agent = Agent(
                Access(told["base"], login, password),
                chance=chance,
                presence=lambda place=place: presence_at(hour_at(time.monotonic() - began_s), place),  # type: ignore[misc]
            )
            group.create_task(agent.work())
        group.create_task(Reviewer(Access(told["base"], *told["reviewer"]), chance=chance).work())
        await arrivals(page, chance, began_s, group=group)


async def arrivals(page: SandboxPage, chance: Random, began_s: float, *, group: asyncio.TaskGroup) -> None:
    """Let customers come: one of each kind at once, then by the curve."""
    customers, stories = Customers(page, chance), set[asyncio.Task[None]]()

    def begin(channel: str) -> None:
        if channel and len(stories) < STORIES_MAX:
            story = group.create_task(customers.story(channel))
            stories.add(story)
            story.add_done_callback(stories.discard)

    for channel in FIRST:
        await asyncio.sleep(FIRST_GAP_S)
        begin(channel if page.playable.get(channel) else "")
    while True:
        await asyncio.sleep(gap_s(hour_at(time.monotonic() - began_s), chance))
        begin(channel_of(chance, page.playable))


if __name__ == "__main__":
    asyncio.run(main())
