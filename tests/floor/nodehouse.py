"""A whole node on a folder, with a configuration of its own and whatever channel modules a test brings."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from random import Random
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from router.clock import SystemClock
from router.clustering import open_store
from router.core import commands as cmd
from router.core.answers import Made
from router.node.node import Node, NodeParts, Served
from router.pages import add_operators_pages
from router.site.datalock import STORE_FILE
from router.site.key import load_site_key
from router.site.places import MAIN as SITE
from router.telemetry import Telemetry
from tests import patience

CONFIG = """
site: {id: main, name: Test, zone: Europe/Prague, languages: [en, th]}
hours:
  always: always
  never: never
queues:
  general: {label: {en: General}, hours: always, wrap_up: 1m}
  night: {label: {en: Night}, hours: never, closed: {then: general}}
rules:
  - {name: rest, queue: general}
skills: {}
presences:
  available: {accepts: true, shape: disc, label: {en: Available}}
dispositions: [done]
texts:
  greeting: {en: Welcome, th: ยินดีต้อนรับ}
  off-hours: {en: "We are closed until {opens}."}
  leave-message: {en: Leave a message.}
  received: {en: "Your reference is {reference}."}
  closing: {en: We are closing.}
  in-line: {en: You are in line.}
"""


class NodeHouse:
    """A node, its web server, and a client."""

    def __init__(self, folder: Path, modules: dict[str, Any], channels: str) -> None:
        self.folder = folder
        self.modules = modules
        self.config = folder / "config"
        self.data = folder / "data"
        self.config.mkdir(exist_ok=True)
        self.data.mkdir(exist_ok=True)
        self.write(CONFIG, channels)
        self.log = io.StringIO()
        self.telemetry = Telemetry(self.log)
        self.node: Node
        self.client: TestClient[web.Request, web.Application]

    def write(self, text: str, channels: str) -> None:
        (self.config / "site.yaml").write_text(text)
        (self.config / "channels.yaml").write_text(f"channels:\n{channels}")

    async def start(self, name: str = "n1", environment: dict[str, str] | None = None) -> None:
        key = load_site_key(self.data, {})
        self.store = await open_store(self.data, key)
        self.node = Node(
            [SITE],
            NodeParts(
                name=name,
                home="home",
                release="test",
                data=self.data,
                config=self.config,
                store=self.store,
                clock=SystemClock(),
                key=key,
                telemetry=self.telemetry,
                modules=self.modules,
                environment=environment or {},
                public_url="http://127.0.0.1",
                snapshot_command=[sys.executable, "-m", "router", "snapshot", "--data", str(self.data)],
                random=Random(1),
            ),
        )
        await self.node.recover()
        self.node.start()
        app = web.Application()
        app.add_routes(self.served.board.routes())
        add_operators_pages(app, self.node, self.telemetry)
        self.client = TestClient(TestServer(app))
        await self.client.start_server()

    @property
    def served(self) -> Served:
        return self.node.floors[SITE]

    async def stop(self) -> None:
        self.served.board.shut()
        await self.client.close()
        await self.node.stop()

    async def until(self, condition: Any, what: str = "") -> None:
        await patience.until(condition, what, lambda: self.log.getvalue()[-3000:])

    async def ready(self) -> None:
        await self.until(lambda: self.served.ready, "ready")

    async def agent(self, agent: int, *channels: str) -> None:
        abilities = tuple(sorted((f"channel:{name}", 1) for name in channels))
        await self.made(cmd.SignIn(id=f"in{agent}", agent=agent, abilities=abilities, capacity=100))
        await self.made(cmd.AttachDesk(id=f"desk{agent}", agent=agent, node="n1", desk=f"d{agent}"))

    async def made(self, command: cmd.Command) -> Made:
        answer = await self.served.floor.submit(command)
        assert isinstance(answer, Made), answer
        return answer

    async def post(self, path: str, **said: Any) -> tuple[int, Any]:
        async with self.client.post(path, json=said) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text.startswith("{") else text

    @property
    def path(self) -> Path:
        return self.data / STORE_FILE
