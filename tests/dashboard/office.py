"""A real floor on a real store behind the real dashboard, on a free port. Only the channels are missing."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from channels.contract import Capabilities
from dashboard.app import build_app
from dashboard.surroundings import Softphone, Surroundings
from router.bus.in_process import InProcessBus
from router.core import bundle as b
from router.core import commands as cmd
from router.core.answers import Made
from router.core.facts import Facts
from router.floor.floor import Floor, FloorParts
from router.outbox.changes import Changes
from router.outbox.signs import Signs
from router.site.files import FolderFiles
from router.site.references import References
from router.store.port import Account, Body, Caller, Identity, NewLetter
from router.store.sqlite import SqliteStore, keyed_hasher, open_sqlite
from router.telemetry import Telemetry
from tests import patience
from tests.passwords import quick_hash

SITE = "main"
FOREVER_MS = 4_000_000_000_000
NOW_MS = 1_760_000_000_000
PASSWORD = "correct horse battery"
PASSWORD_HASH = quick_hash(PASSWORD)

CAPABILITIES = {
    "chat": Capabilities(delivery="push", live=True, load=25),
    "email": Capabilities(delivery="call", live=False, load=10),
}

INDEX = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Desk</title>
<link rel="stylesheet" href="/ui/{{version}}/desk.css">
<script type="module" src="/ui/{{version}}/js/main.js"></script>
</head><body></body></html>
"""
WEB_APP = {
    "index.html": INDEX,
    "desk.css": "body { margin: 0 }\n" * 40,
    "js/main.js": 'import { a } from "./state.js";\nimport "../vendor/ui.js";\n'
    'export { b } from "./views/desk.js";\na();\n',
    "js/state.js": 'import * as ui from "../vendor/ui.js";\nexport const a = () => ui;\n',
    "js/views/desk.js": 'import {\n  a,\n} from "../state.js";\nexport const b = a;\n',
    "vendor/ui.js": "export const h = 1;\n",
    "js/alone.js": "export const nobody = 1;\n",
    "i18n/en.json": '{"desk.title": "Desk"}',
    "notes.md": "not served",
    "widget/frame.html": "not served here",
}


class HandClock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = NOW_MS

    def now_ms(self) -> int:
        return self.at


def bundle(**changes: Any) -> b.Bundle:
    """Three queues: for everybody, for the skilled, and one that is closed."""
    fields: dict[str, Any] = {
        "site": SITE,
        "zone": "Europe/Prague",
        "languages": ("en", "th"),
        "queues": {
            "general": b.Queue(name="general", hours="always", label={"en": "General"}, pull="also"),
            "billing": b.Queue(name="billing", hours="always", label={"en": "Billing"}, skills={"billing": 3}),
            "night": b.Queue(name="night", hours="never", label={"en": "Night"}),
        },
        "rules": (b.Rule(name="bills", queue="billing", when='"bill" in topics'), b.Rule(name="rest", queue="general")),
        "topics": (b.Topic(name="bill", when='message.text.contains("bill")'),),
        "texts": {"fire": {"en": "We had to leave the house."}},
        "calendars": {"always": (0, FOREVER_MS), "never": ()},
        "skills": {"billing": 5},
        "presences": {
            "available": b.Presence(name="available", accepts=True, label={"en": "Available"}),
            "lunch": b.Presence(name="lunch", accepts=False, label={"en": "Lunch"}, shape="bar"),
        },
        "channels": {name: b.ChannelSpec(load=can.load, live=can.live) for name, can in CAPABILITIES.items()},
        "dispositions": ("solved", "other"),
        "decline_reasons": ("busy",),
    }
    return b.Bundle(**{**fields, **changes})


class Office:
    """The floor, the store, the application and the people."""

    def __init__(self, store: SqliteStore, folder: Path, *, node: str = "n1") -> None:
        self.store, self.clock, self.signs, self.changes = store, HandClock(), Signs(), Changes()
        self.references = References(bytes(range(32)))
        self.problems: list[str] = []
        self.logged: list[dict[str, Any]] = []
        self.nudged = 0
        self.web_root = folder / "web"
        self.files = FolderFiles(folder / "files", bytes(range(32)))
        self.floor = Floor(
            FloorParts(
                site=SITE,
                node=node,
                release="test",
                store=store,
                clock=self.clock,
                bus=InProcessBus(),
                telemetry=Telemetry(),
                capabilities=CAPABILITIES,
                reference=self.references.reference,
            )
        )
        self.node = node
        self.server: TestServer | None = None
        self._numbers = itertools.count(1)
        self._running: asyncio.Task[None] | None = None
        self._clients: list[Desk] = []

    @classmethod
    async def open(cls, folder: Path) -> Self:
        store = await open_sqlite(folder / "patchbay.db", hasher=keyed_hasher(bytes(range(32))))
        office = cls(store, folder)
        for name, text in WEB_APP.items():
            path = office.web_root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        await office.lead()
        await office.configure(bundle())
        await office.serve()
        return office

    def surroundings(self, **changes: Any) -> Surroundings:
        fields: dict[str, Any] = {
            "floor": self.floor,
            "store": self.store,
            "node": self.node,
            "now_ms": self.clock.now_ms,
            "public_url": "https://desk.example",
            "reference": self.references.reference,
            "version": "0.1.0",
            "settings_problems": lambda: self.problems,
            "log_error": lambda action, **keys: self.logged.append({"action": action, **keys}),
            "signs": self.signs,
            "changes": self.changes,
            "nudge_outbox": self._nudge,
            "files": self.files,
            "web_root": self.web_root,
            "softphone": lambda agent: Softphone(
                channel="phone", identity=f"agent_{agent}", token="t", until_ms=9, sdk="/channels/phone/s.js"
            ),
        }
        return Surroundings(**{**fields, **changes})

    def _nudge(self) -> None:
        self.nudged += 1

    async def lead(self, owner: str = "n1") -> None:
        """Recover and lead; a new owner is a new leadership."""
        await self.floor.recover()
        await self.store.leases.release(SITE, "lead", self.node)
        epoch = await self.store.leases.acquire(SITE, "lead", owner, now_ms=self.clock.at, ttl_ms=10**9)
        self._running = asyncio.create_task(self.floor.run(epoch))
        await eventually(lambda: self.floor.state.epoch == epoch)

    async def stop_leading(self) -> None:
        if self._running is not None:
            self.floor.stop()
            await self._running
            self._running = None

    async def serve(self, port: int | None = None, **changes: Any) -> None:
        app: web.Application = build_app(self.surroundings(**changes))
        self.server = TestServer(app, port=port)
        await self.server.start_server()

    async def stop_serving(self) -> None:
        for desk in self._clients:
            await desk.close()
        self._clients.clear()
        if self.server is not None:
            await self.server.close()
            self.server = None

    async def close(self) -> None:
        await self.stop_serving()
        await self.stop_leading()
        await self.store.close()

    async def configure(self, new: b.Bundle) -> None:
        data = b.encode_bundle(new)
        await self.store.journal.keep_bundle(SITE, b.bundle_hash(data), data, self.clock.at)
        await self.made(cmd.ApplyConfig(id=f"c{b.bundle_hash(data)}", hash=b.bundle_hash(data), bundle=new))

    async def made(self, command: cmd.Command) -> Made:
        answer = await self.floor.submit(command)
        assert isinstance(answer, Made), answer
        return answer

    # --- people ----------------------------------------------------------------------------------------

    async def account(self, login: str, *, role: str = "agent", **more: Any) -> Account:
        account = Account(id=0, login=login, name=login.title(), role=role, password=PASSWORD_HASH, **more)
        number = await self.store.accounts.add(SITE, account)
        found = await self.store.accounts.by_id(SITE, number)
        assert found is not None
        return found

    async def desk(self, login: str, *, role: str = "agent", shift: bool = False, **more: Any) -> Desk:
        """A new person, signed in; with `shift` on the floor and with an open socket."""
        account = await self.account(login, role=role, **more)
        desk = self.visitor(account)
        await desk.sign_in()
        if shift:
            await desk.begin()
        return desk

    def visitor(self, account: Account | None = None) -> Desk:
        assert self.server is not None, "served before"
        desk = Desk(self, account, str(self.server.make_url("/")).rstrip("/"))
        self._clients.append(desk)
        return desk

    # --- customers --------------------------------------------------------------------------------------

    async def arrives(
        self,
        text: str,
        *,
        channel: str = "chat",
        key: str = "k1",
        topics: tuple[str, ...] = (),
        subject: str = "",
        attributes: tuple[tuple[str, str], ...] = (),
        email: str = "",
    ) -> int:
        """A customer writes on a line; return the conversation, decided."""
        number = next(self._numbers)
        known = [Identity(kind="chat", value=key, verified="session")]
        if email:
            known.append(Identity(kind="email", value=email))
        caller = Caller(channel=channel, key=key, peer=f"{key}@example.org", name=f"Ada {key}", identities=known)
        (met,) = await self.store.archive.meet(SITE, [caller], self.clock.at)
        body = Body(direction="in", author="customer", text=text, subject=subject, created_ms=self.clock.at)
        letter = NewLetter(channel=channel, dedupe=f"d{number}", received_ms=self.clock.at, signal=b"x", body=body)
        (kept,) = await self.store.letterbox.put(SITE, [letter])
        receive = cmd.Receive(
            id=f"L{kept.id}",
            message=kept.message,
            line=met.line,
            customer=met.customer,
            channel=channel,
            facts=Facts(channel=channel, language="en", topics=topics, attributes=attributes),
            arrived_ms=self.clock.at,
            seen=self.floor.position,
        )
        answer = await self.floor.submit(receive, letter=kept.id)
        assert isinstance(answer, Made), answer
        return self.floor.state.lines[met.line]

    def ref(self, conv: int) -> str:
        return self.references.reference(conv)

    def offer(self, conv: int) -> int:
        offer = self.floor.state.convs[conv].offer
        assert offer is not None, "nobody was asked"
        return offer.id


class Answer:
    """What the API said."""

    def __init__(self, status: int, headers: Any, text: str) -> None:
        self.status, self.headers, self.text = status, headers, text
        self.body: Any = json.loads(text) if text and "json" in headers.get("Content-Type", "") else None

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])


class Desk:
    """A person's browser: cookie jar, CSRF token, sockets."""

    def __init__(self, office: Office, account: Account | None, base: str) -> None:
        self.office, self.account, self.base = office, account, base
        self.csrf = ""
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self.sockets: list[Socket] = []
        self.heard: Callable[[str, str, Answer], None] | None = None

    async def close(self) -> None:
        for socket in self.sockets:
            await socket.ws.close()
        await self.http.close()

    async def sign_in(self) -> Answer:
        assert self.account is not None
        answer = await self.post("/session", {"login": self.account.login, "password": PASSWORD})
        if answer.status == 200:
            self.csrf = answer.body["csrf"]
            # The cookie is Secure, as the public address is https; the test's own line is not.
            for cookie in self.http.cookie_jar:
                cookie["secure"] = ""
        return answer

    async def begin(self, **shift: Any) -> Socket:
        """Begin the shift with an open desk; returns when the floor knows both."""
        assert self.account is not None
        socket = await self.socket()
        answer = await self.post("/shift", shift)
        assert answer.status == 200, answer.text
        agents, number = self.office.floor, self.account.id
        await eventually(lambda: bool(agents.state.agents[number].desks))
        return socket

    async def socket(self, last_seq: int = 0, **headers: str) -> Socket:
        ws = await self.http.ws_connect(self.base + "/ws", headers=headers, timeout=aiohttp.ClientWSTimeout(ws_close=2))
        await ws.send_json({"type": "hello", "last_seq": last_seq})
        socket = Socket(ws)
        self.sockets.append(socket)
        socket.welcome = await socket.next("welcome")
        return socket

    async def call(
        self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str
    ) -> Answer:
        sent = {"X-CSRF": self.csrf} if self.csrf and method != "GET" else {}
        if body is not None or raw is not None:
            sent["Content-Type"] = "application/json"
        data = raw if raw is not None else (None if body is None else json.dumps(body).encode())
        sent = {name: value for name, value in {**sent, **headers}.items() if value}
        async with self.http.request(method, self.base + "/api/v1" + path, data=data, headers=sent) as response:
            answer = Answer(response.status, response.headers, await response.text(errors="replace"))
        if self.heard is not None:
            self.heard(method, path, answer)
        return answer

    async def get(self, path: str) -> Answer:
        return await self.call("GET", path)

    async def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return await self.call("POST", path, {} if body is None else body, **headers)

    async def accept(self, conv: int) -> Answer:
        return await self.post(f"/conversations/{self.office.ref(conv)}/accept", {"offer": self.office.offer(conv)})


class Socket:
    """A socket's frames, in order."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws
        self.frames: list[dict[str, Any]] = []
        self.welcome: dict[str, Any] = {}

    async def next(self, kind: str, **has: Any) -> dict[str, Any]:
        """Return the next frame of a kind that carries these keys; `None` means any value."""
        async with asyncio.timeout(60):
            while True:
                message = await self.ws.receive()
                assert message.type is aiohttp.WSMsgType.TEXT, (message.type, self.ws.close_code)
                frame = json.loads(message.data)
                self.frames.append(frame)
                if frame["type"] == kind and all(
                    key in frame and value in {None, frame[key] if isinstance(frame[key], str | int) else None}
                    for key, value in has.items()
                ):
                    return frame

    async def say(self, **said: Any) -> None:
        await self.ws.send_json(said)

    async def closed(self) -> int:
        """Read until the end; return the close code."""
        async with asyncio.timeout(60):
            while True:
                message = await self.ws.receive()
                if message.type is not aiohttp.WSMsgType.TEXT:
                    assert self.ws.close_code is not None
                    return self.ws.close_code


async def eventually(condition: Callable[[], Awaitable[bool] | bool]) -> None:
    """Wait for a condition."""
    await patience.until(condition)
