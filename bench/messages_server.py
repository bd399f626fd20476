"""The server under `bench.messages`: a real node with the thin channel, and robot agents inside its own process.

Run as `python -m bench.messages_server FOLDER`: it prints its port and serves until it is ended.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from pathlib import Path
from random import Random
from typing import cast

from aiohttp import web

from bench.hook import HookModule
from bench.loops import run_fast
from channels.contract import ChannelModule
from router.clock import SystemClock
from router.clustering import open_store
from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Made
from router.floor.floor import Floor
from router.node.frontdoor import BACKLOG, front_door
from router.node.node import Node, NodeParts
from router.pages import add_operators_pages
from router.site.key import SiteKey, load_site_key
from router.site.places import MAIN as SITE
from router.store.port import Body, Store
from router.telemetry import Telemetry

AGENTS, CAPACITY = 200, 100
BEHIND_MAX = 100_000
# Messages that begin with this are for the queue that nobody serves: they make the house full.
STAY = "stay"
ANSWER = "Thank you, we have taken care of it."
CONFIG = """
site: {id: main, name: Bench, zone: UTC, languages: [en]}
hours: {always: always}
topics: {stay: 'message.text.matches("^stay")'}
queues:
  general: {label: {en: General}, hours: always, wrap_up: 0s}
  empty: {label: {en: Empty}, hours: always, wrap_up: 0s, skills: {nobody: 1}}
rules:
  - {name: stay, when: '"stay" in topics', queue: empty}
  - {name: rest, queue: general}
skills: {nobody: 1}
presences:
  available: {accepts: true, shape: disc, label: {en: Available}}
dispositions: [done]
texts:
  greeting: {en: Welcome}
  off-hours: {en: "We are closed until {opens}."}
  leave-message: {en: Leave a message.}
  received: {en: "Your reference is {reference}."}
  closing: {en: We are closing.}
  in-line: {en: You are in line.}
"""


class Robots:
    """Agents that accept what rings, answer it and close it. `offered_at` is by the number of the first message."""

    def __init__(self, floor: Floor, store: Store) -> None:
        self._floor = floor
        self._archive = store.archive
        self._busy: set[asyncio.Task[None]] = set()
        self._first: dict[int, int] = {}
        self.closed = 0
        self.offered_at: dict[int, float] = {}

    async def sign_in(self) -> None:
        """Take all places."""
        for agent in range(1, AGENTS + 1):
            abilities = (("channel:hook", 1),)
            await self._made(cmd.SignIn(id=f"in{agent}", agent=agent, abilities=abilities, capacity=CAPACITY))
            await self._made(cmd.AttachDesk(id=f"desk{agent}", agent=agent, node="bench", desk=f"d{agent}"))

    async def work(self) -> None:
        """Serve every offer until cancelled."""
        async for committed in self._floor.follow(BEHIND_MAX):
            now = time.monotonic()
            for event in (event for entry in committed.entries for event in entry.events):
                if isinstance(event, ev.Received):
                    self._first[event.conv] = event.message
                elif isinstance(event, ev.Offered):
                    self.offered_at[self._first.pop(event.conv)] = now
                    task = asyncio.create_task(self._serve(event))
                    self._busy.add(task)
                    task.add_done_callback(self._busy.discard)

    async def _serve(self, offer: ev.Offered) -> None:
        agent, conv = offer.agent, offer.conv
        await self._made(cmd.Accept(id=f"a{offer.offer}", agent=agent, conv=conv, offer=offer.offer))
        body = Body(direction="out", author=f"agent:{agent}", kind="message", text=ANSWER, created_ms=0)
        (message,) = await self._archive.write(SITE, [body])
        reply = cmd.Reply(
            id=f"r{offer.offer}", agent=agent, conv=conv, message=message, then="close", disposition="done"
        )
        await self._made(reply)
        self.closed += 1

    async def _made(self, command: cmd.Command) -> None:
        answer = await self._floor.submit(command)
        assert isinstance(answer, Made), answer


async def serve(folder: Path) -> None:
    """Serve until the process is ended."""
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "site.yaml").write_text(CONFIG)
    (folder / "config" / "channels.yaml").write_text("channels: {hook: {}}\n")
    telemetry, key = Telemetry(), load_site_key(folder, {})
    store = await open_store(folder, key)
    hook = HookModule()
    node = _node(folder, hook, store=store, key=key, telemetry=telemetry)
    await node.recover()
    node.start()
    served = node.floors[SITE]
    while not served.ready:  # noqa: ASYNC110 - asked a few times, at the start
        await asyncio.sleep(0.01)
    robots = Robots(served.floor, store)
    await robots.sign_in()
    working = asyncio.create_task(robots.work())
    app = web.Application()
    app.add_routes(served.board.routes())
    add_operators_pages(app, node, telemetry)
    app.router.add_get("/bench", lambda _request: _figures(robots, hook))
    listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    async with front_door(app, listener, telemetry):
        print(listener.getsockname()[1], flush=True)
        await asyncio.wait({working})


def _node(folder: Path, hook: HookModule, *, store: Store, key: SiteKey, telemetry: Telemetry) -> Node:
    parts = NodeParts(
        name="bench",
        home="bench",
        release="bench",
        data=folder,
        config=folder / "config",
        store=store,
        clock=SystemClock(),
        key=key,
        telemetry=telemetry,
        modules={"hook": cast(ChannelModule, hook)},
        environment={},
        public_url="http://127.0.0.1",
        snapshot_command=[sys.executable, "-m", "router", "snapshot", "--data", str(folder)],
        random=Random(1),
    )
    return Node([SITE], parts)


async def _figures(robots: Robots, hook: HookModule) -> web.Response:
    """Return how many were closed, how many answers left, and the new ways from post to offer."""
    taken_ms = [
        (robots.offered_at[message] - hook.posted_at.pop(message)) * 1_000
        for message in [message for message in hook.posted_at if message in robots.offered_at]
    ]
    return web.json_response({"closed": robots.closed, "told": len(hook.told), "offered_ms": taken_ms})


if __name__ == "__main__":
    run_fast(serve(Path(sys.argv[1])))
