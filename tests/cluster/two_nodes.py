"""Two nodes as processes on one PostgreSQL and one Redis, and people who ask both of them. No test lives here."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import yaml

from tests.cluster.cluster import FIELDS, write_config
from tests.cluster.desks import PASSWORD
from tests.cluster.node import Node
from tests.cluster.people import add_people
from tests.ports import free_port
from tests.servers.postgresql import PostgresqlServer
from tests.servers.redis import RedisServer

PATIENCE_S, LOOK_S = 30.0, 0.1
LIMIT = aiohttp.ClientTimeout(total=20)
FORM = {"forms": {"contact": {"fields": FIELDS, "fill_ms_min": 0}}}


class Answer(NamedTuple):
    status: int
    body: Any

    @property
    def code(self) -> str:
        """The name of a refusal, empty where there is none."""
        return str(self.body.get("error", {}).get("code", "")) if isinstance(self.body, dict) else ""


@dataclass(slots=True, eq=False)
class Person:
    """Somebody who has signed in once, at the first node; both know them."""

    nodes: Sequence[Node]
    public: str
    session: aiohttp.ClientSession
    csrf: str = ""
    id: int = 0

    async def sign_in(self, login: str) -> None:
        signed_in = (await self.ask(0, "POST", "/session", {"login": login, "password": PASSWORD})).body
        self.csrf, self.id = signed_in["csrf"], signed_in["me"]["id"]

    async def ask(self, node: int, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        """Ask one of the nodes."""
        headers = {"X-CSRF": self.csrf, "Origin": self.public}
        url = f"{self.nodes[node].base}/api/v1{path}"
        async with self.session.request(method, url, json=body, headers=headers) as answer:
            whole = answer.status != 204 and answer.content_type == "application/json"
            return Answer(answer.status, await answer.json() if whole else None)

    async def both(self, method: str, path: str, *bodies: dict[str, Any]) -> list[Answer]:
        """Ask both nodes in the same moment."""
        return await asyncio.gather(*(self.ask(node, method, path, body) for node, body in enumerate(bodies)))

    async def sees(self, node: int, path: str, true: Callable[[Any], bool]) -> Any:
        """Look until it is so: what follows the journal follows it a moment later."""
        began, body = time.monotonic(), None
        while time.monotonic() - began < PATIENCE_S:
            body = (await self.ask(node, "GET", path)).body
            if true(body):
                return body
            await asyncio.sleep(LOOK_S)
        raise AssertionError(f"{path} at {self.nodes[node].name}: {body}")

    @asynccontextmanager
    async def at_the_desk(self, node: int) -> AsyncIterator[asyncio.Queue[dict[str, Any]]]:
        """Hold the page open at a node; yield what it is told."""
        told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        async with self.session.ws_connect(f"{self.nodes[node].base}/ws", origin=self.public) as socket:
            await socket.send_json({"type": "hello", "last_seq": 0})

            async def listen() -> None:
                async for message in socket:
                    told.put_nowait(message.json())

            listening = asyncio.create_task(listen())
            try:
                assert (await told_of(told, "welcome"))["type"] == "welcome"
                yield told
            finally:
                listening.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await listening


async def told_of(
    told: asyncio.Queue[dict[str, Any]], kind: str, parts: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Wait for a frame of a type with these parts."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            frame = await told.get()
            if frame["type"] == kind and (parts or {}).items() <= frame.items():
                return frame


@dataclass(slots=True, eq=False)
class TwoNodes:
    """`sue` supervises and works, `ana` works, `ada` is the admin; both nodes are ready."""

    nodes: list[Node]
    public: str
    sue: Person
    ana: Person
    ada: Person
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def writes(self, words: str = "Where is my order?") -> str:
        """Post a form at the second node; return the reference of its conversation, as the first shows it."""
        number = next(self.numbers)
        page = f"{self.nodes[1].base}/channels/form/contact"
        async with self.sue.session.get(f"{page}/token") as given:
            token = (await given.json())["token"]
        body = {"token": token, "email": f"c{number}@example.com", "message": f"{words} {number}"}
        async with self.sue.session.post(page, json=body) as answer:
            assert answer.status == 201, await answer.text()
        rows = await self.sue.sees(0, "/waiting", lambda found: _of(found, f" {number}"))
        return str(_of(rows, f" {number}"))


def _of(waiting: dict[str, Any], end: str) -> str:
    return next((each["ref"] for each in waiting["items"] if (each["last"] or {}).get("text", "").endswith(end)), "")


def confirm_nothing(path: Path) -> None:
    """Nothing is mailed from here, where no relay is: what waits to leave would keep its customer from being erased."""
    content = yaml.safe_load(path.read_text())
    del content["channels"]["form"]["confirm"]
    path.write_text(yaml.safe_dump(content, allow_unicode=True))


@asynccontextmanager
async def two_nodes(folder: Path) -> AsyncIterator[TwoNodes]:
    """Start everything, and stop it."""
    store, bus = PostgresqlServer(durable=False).start(), RedisServer(folder / "redis").start()
    public, jars = f"http://127.0.0.1:{free_port()}", []
    nodes: list[Node] = []
    try:
        url = await store.database()
        shared = {"STORE": url, "BUS": bus.url, "PUBLIC_URL": public, "FILES": str(folder / "files")}
        environment = {**shared, "PATCHBAY_SITE_KEY": secrets.token_hex(32)}
        nodes = [Node(f"node{number}", folder / f"node{number}", environment) for number in range(2)]
        for node in nodes:
            write_config(node.config, {"form": FORM})
            confirm_nothing(node.config / "channels.yaml")
            node.begin()
        await asyncio.gather(*(node.wait_ready() for node in nodes))
        roles = {"sue": "supervisor", "ana": "agent", "ada": "admin"}
        for login, role in roles.items():
            await add_people(url, [login], role=role)
        people = []
        for login in roles:
            jars.append(aiohttp.ClientSession(timeout=LIMIT, cookie_jar=aiohttp.CookieJar(unsafe=True)))
            people.append(Person(nodes, public, jars[-1]))
            await people[-1].sign_in(login)
        yield TwoNodes(nodes, public, *people)
    finally:
        for jar in jars:
            await jar.close()
        for node in nodes:
            node.kill()
        bus.stop()
        store.close()
