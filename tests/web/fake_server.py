"""docs/API.md over HTTP and a socket for one agent's desk: real pages, real headers, a fake floor behind them."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

from dashboard import headers
from dashboard.errors import CODES, ApiError
from dashboard.pages import Pages, read_files
from dashboard.requests import (
    AcceptRequest,
    CloseRequest,
    DeclineRequest,
    DraftRequest,
    EndShiftRequest,
    NoteRequest,
    ParkRequest,
    PresenceRequest,
    ReplyRequest,
    ShiftRequest,
    SignInRequest,
    TransferRequest,
    read,
)
from router.core.refusals import REFUSALS
from tests.web import fake_finding
from tests.web.fake_floor import LABELS, ME, FakeFloor, Record, config, now_ms
from tests.web.fake_handing import FakeHanding
from tests.web.fake_more import FakeMore
from tests.web.fake_persons import FakePersons
from tests.web.fake_waiting import ORDERS, everything

WEB = Path(__file__).parent.parent.parent / "dashboard" / "web"
PASSWORD = "a-password-for-tests-only"
CSRF = "the-token-of-this-session"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@functools.cache
def shipped_pages() -> Pages:
    """The web app as it is shipped, read once for all servers of a run."""
    return Pages(read_files(WEB), "test")


class FakeServer:
    """Serves the desk. Tests may make it refuse, be slow, or be away."""

    def __init__(self) -> None:
        self.floor = FakeFloor()
        self.floor.tell = self._tell
        self.handing = FakeHanding(self.floor)
        self.more = FakeMore(self.floor)
        self.persons = FakePersons(self.floor)
        self.finding = fake_finding.Finding()
        self.pages = shipped_pages()
        self.config = config() | {"version": self.pages.version}
        self.sockets: set[web.WebSocketResponse] = set()
        self.frames: list[Record] = []
        self.heard: list[Record] = []
        self.asked: list[tuple[str, str, Record]] = []
        self.refusals: dict[str, str] = {}
        self.slow_s: dict[str, float] = {}
        self.late_s: dict[str, float] = {}
        self.me = dict(ME)
        self.signed_in = False
        self.away = False
        self.forgetful = False
        self.skew_ms = 0
        self.watched: str | None = None
        self.base = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[FakeServer]:
        runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await self.drop()
            await runner.cleanup()

    # --- what tests do ---------------------------------------------------------------------------------------------

    async def drop(self, code: int = 1012) -> None:
        """End every socket, as a restart does."""
        for socket in list(self.sockets):
            await socket.close(code=code)

    async def leave(self) -> None:
        """Be unreachable: sockets end, requests get no answer."""
        self.away = True
        await self.drop()

    def asks(self, ending: str) -> list[Record]:
        """Return the bodies of the requests to addresses that end so, in order."""
        return [body for _, path, body in self.asked if path.endswith(ending)]

    # --- the socket --------------------------------------------------------------------------------------------------

    def _tell(self, frame: Record) -> None:
        sent = json.loads(json.dumps(frame))
        self.frames.append(sent)
        if "queues" in sent and self.watched is not None:
            self.show(everything(self.floor.waiting, n=0, queue=self.watched))
        for socket in list(self.sockets):
            if not socket.closed:
                asyncio.get_running_loop().create_task(_send(socket, sent))

    def show(self, frame: Record) -> None:
        """Tell whoever watches the lines; such a frame is never told again."""
        for socket in list(self.sockets):
            if not socket.closed:
                asyncio.get_running_loop().create_task(_send(socket, frame))

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if self.away:
            return _hang_up(request)
        socket = web.WebSocketResponse(heartbeat=15)
        await socket.prepare(request)
        if not self.signed_in:
            await socket.close(code=4401)
            return socket
        hello = await socket.receive_json()
        last, resync = hello["last_seq"], self.forgetful or not hello["last_seq"]
        welcome = {"type": "welcome", "seq": self.floor.seq, "now_ms": now_ms() + self.skew_ms}
        await socket.send_json(welcome | {"version": self.pages.version, "resync": resync})
        for frame in [] if resync else [each for each in self.frames if each["seq"] > last]:
            await socket.send_json(frame)
        self.sockets.add(socket)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                said = message.json()
                self.heard.append(said)
                if said["type"] == "watch":
                    self.watched = said["queue"]
                if said["type"] == "watch" and self.watched is not None:
                    await socket.send_json(everything(self.floor.waiting, n=0, queue=said["queue"]))
                if said["type"] == "ping":
                    await socket.send_json({"type": "pong", "seq": self.floor.seq, "now_ms": now_ms() + self.skew_ms})
        self.sockets.discard(socket)
        return socket

    # --- requests -----------------------------------------------------------------------------------------------------

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._door])
        app.on_response_prepare.append(headers.on_every_response)
        for method, path, handler in self._routes():
            app.router.add_route(method, f"/api/v1{path}", handler)
        app.router.add_get("/ws", self._socket)
        self.pages.add_to(app)
        return app

    def _routes(self) -> list[tuple[str, str, Handler]]:
        conversation = "/conversations/{ref}"
        return [
            ("POST", "/session", self.sign_in),
            ("DELETE", "/session", self.sign_out),
            ("GET", "/me", self.who),
            ("GET", "/config", self.configuration),
            ("GET", "/desk", self.desk),
            ("POST", "/shift", self.shift),
            ("DELETE", "/shift", self.no_shift),
            ("POST", "/presence", self.presence),
            ("GET", "/drafts", self.drafts),
            ("PUT", "/drafts/{key}", self.draft),
            ("GET", "/waiting", self.waiting),
            ("GET", "/customers/{id}", self.customer),
            ("GET", "/customers/{id}/likely", self.likely),
            ("GET", "/customers/{id}/merges", self.merges),
            ("POST", "/customers/{id}/merges", self.merge),
            ("DELETE", "/customers/{id}/merges/{merge}", self.unmerge),
            ("POST", "/customers/{id}/apart", self.apart),
            *fake_finding.routes(self),
            ("GET", conversation, self.conversation),
            ("GET", f"{conversation}/story", self.story),
            *self.handing.routes(),
            *self.more.routes(),
            *self.persons.routes(),
            *(("POST", f"{conversation}/{name}", self.act) for name in ACTS),
            *(("POST", f"{conversation}/{name}", self.order) for name in ORDERS),
        ]

    @web.middleware
    async def _door(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Be slow, away or unwilling where a test wants it; ask for the token; say refusals as the API does."""
        if self.away:
            return _hang_up(request)
        if not request.path.startswith("/api/"):
            return await handler(request)
        await asyncio.sleep(self.slow_s.get(request.path.rpartition("/")[2], 0))
        try:
            self._check(request)
            if request.method != "GET":
                self.asked.append((request.method, request.path, await request.json()))
            answer = await handler(request)
        except ApiError as error:
            said = {"code": error.code, "message": error.message, "field": error.field}
            return web.json_response({"error": said}, status=error.status)
        await asyncio.sleep(self.late_s.get(request.path.rpartition("/")[2], 0))
        return answer

    def _check(self, request: web.Request) -> None:
        name = request.path.rpartition("/")[2]
        if name in self.refusals:
            code = self.refusals[name]
            assert code in CODES or code in REFUSALS, "a fake refuses as the house does"
            raise ApiError(code)
        if name == "session" and request.method == "POST":
            return
        if not self.signed_in:
            raise ApiError("signed_out")
        if request.method != "GET" and request.headers.get("X-CSRF") != CSRF:
            raise ApiError("csrf")

    async def sign_in(self, request: web.Request) -> web.Response:
        asked = read(SignInRequest, await request.read())
        if (asked.login, asked.password) != (ME["login"], PASSWORD):
            raise ApiError("login_failed")
        self.signed_in = True
        return await self.who(request)

    async def sign_out(self, request: web.Request) -> web.Response:
        del request
        self.signed_in = False
        self.floor.agent = None
        return web.Response(status=204)

    async def who(self, request: web.Request) -> web.Response:
        del request
        return web.json_response({"me": self.me, "csrf": CSRF})

    async def configuration(self, request: web.Request) -> web.Response:
        del request
        return web.json_response(self.config)

    async def desk(self, request: web.Request) -> web.Response:
        del request
        desk = self.floor.desk()
        return web.json_response(desk | {"now_ms": desk["now_ms"] + self.skew_ms})

    async def shift(self, request: web.Request) -> web.Response:
        self.floor.begin_shift(read(ShiftRequest, await request.read()).presence or "available")
        return self._reached()

    async def no_shift(self, request: web.Request) -> web.Response:
        read(EndShiftRequest, await request.read())
        self.floor.end_shift()
        return self._reached()

    async def presence(self, request: web.Request) -> web.Response:
        asked = read(PresenceRequest, await request.read())
        self.floor.set_presence(asked.presence, when=asked.when)
        return self._reached()

    async def drafts(self, request: web.Request) -> web.Response:
        del request
        return web.json_response(self.floor.drafts)

    async def draft(self, request: web.Request) -> web.Response:
        text = read(DraftRequest, await request.read()).text
        self.floor.drafts[request.match_info["key"]] = text
        if not text:
            del self.floor.drafts[request.match_info["key"]]
        return web.Response(status=204)

    async def waiting(self, request: web.Request) -> web.Response:
        queue, after = request.query.get("queue", ""), int(request.query.get("after", "0"))
        found = [each for each in self.floor.waiting if queue in {"", each["queue"]}]
        page = [each for each in found if each["position_in_line"] > after][: int(request.query.get("limit", "50"))]
        return web.json_response({"items": page, "total": len(found)})

    async def customer(self, request: web.Request) -> web.Response:
        number = int(request.match_info["id"])
        theirs = [*self.floor.work.values(), *self.floor.closed.values()]
        told = [each for each in theirs if each["customer"]["id"] == number]
        return web.json_response(self.floor.customers[number] | {"conversations": told})

    async def likely(self, request: web.Request) -> web.Response:
        return web.json_response(self.floor.likely.get(int(request.match_info["id"]), []))

    async def merges(self, request: web.Request) -> web.Response:
        return web.json_response(self.floor.merges.get(int(request.match_info["id"]), []))

    async def merge(self, request: web.Request) -> web.Response:
        number, other = int(request.match_info["id"]), (await request.json())["other"]
        return web.json_response({"merge": self.floor.merged(number, other), "person": number})

    async def unmerge(self, request: web.Request) -> web.Response:
        for each in self.floor.merges.get(int(request.match_info["id"]), []):
            each["undone_ms"] = each["undone_ms"] or 1
        return web.Response(status=204)

    async def apart(self, request: web.Request) -> web.Response:
        self.floor.likely.pop(int(request.match_info["id"]), None)
        return web.Response(status=204)

    async def conversation(self, request: web.Request) -> web.Response:
        found = self.floor.detail(request.match_info["ref"])
        if found is None:
            raise ApiError("not_visible")
        return web.json_response(found)

    async def story(self, request: web.Request) -> web.Response:
        before, limit = int(request.query.get("before", "0")), int(request.query.get("limit", "50"))
        story = self.floor.stories.get(request.match_info["ref"])
        if story is None:
            raise ApiError("not_visible")
        items = [each for each in story if not before or each["seq"] < before]
        return web.json_response({"items": items[-limit:], "more": len(items) > limit})

    async def act(self, request: web.Request) -> web.Response:
        ref, name = request.match_info["ref"], request.path.rpartition("/")[2]
        kind, act = ACTS[name]
        asked: Any = read(kind, await request.read())
        message = act(self.floor, ref, asked)
        return self._reached(**({"message": message} if message else {}))

    async def order(self, request: web.Request) -> web.Response:
        """A supervisor's order, checked for its form; what comes of it is the lines' business."""
        read(ORDERS[request.path.rpartition("/")[2]], await request.read())
        return self._reached()

    def _reached(self, **more: int) -> web.Response:
        return web.json_response({"position": self.floor.seq, **more})


def _accept(floor: FakeFloor, ref: str, asked: AcceptRequest) -> None:
    if ref in floor.work:
        return
    if floor.accept(asked.offer) is None:
        raise ApiError("offer_gone")


def _decline(floor: FakeFloor, ref: str, asked: DeclineRequest) -> None:
    floor.withdraw({"offer": asked.offer, "ref": ref}, "declined")


def _reply(floor: FakeFloor, ref: str, asked: ReplyRequest) -> int:
    known = asked.client_id in floor.clients
    if not known and asked.seen and floor.unseen(ref, asked.seen):
        raise ApiError("unseen")
    letter = {"subject": asked.subject, "cc": asked.cc}
    message = floor.write(ref, kind="out", text=asked.text, client=asked.client_id, **letter)
    if not known and asked.then == "park":
        floor.moves(ref, "parked")
    if not known and asked.then == "close":
        floor.moves(ref, "wrap_up", due_ms=now_ms() + 60_000)
    return message


def _note(floor: FakeFloor, ref: str, asked: NoteRequest) -> int:
    return floor.write(ref, kind="note", text=asked.text, client=asked.client_id, replaces=asked.replaces)


def _transfer(floor: FakeFloor, ref: str, asked: TransferRequest) -> None:
    assert asked.queue in LABELS or asked.to_agent or asked.skills
    me = {"id": ME["id"], "name": ME["name"]}
    floor.work[ref] |= {"owner": None, "queue": asked.queue or floor.work[ref]["queue"], "passed_by": me}
    floor.moves(ref, "waiting", detail=asked.queue or "")


def _park(floor: FakeFloor, ref: str, asked: ParkRequest) -> None:
    floor.moves(ref, "parked", due_ms=asked.until_ms)


def _close(floor: FakeFloor, ref: str, asked: CloseRequest) -> None:
    del asked
    floor.moves(ref, "wrap_up", due_ms=now_ms() + 60_000)


ACTS: dict[str, tuple[Any, Callable[[FakeFloor, str, Any], int | None]]] = {
    "accept": (AcceptRequest, _accept),
    "decline": (DeclineRequest, _decline),
    "reply": (ReplyRequest, _reply),
    "note": (NoteRequest, _note),
    "transfer": (TransferRequest, _transfer),
    "park": (ParkRequest, _park),
    "close": (CloseRequest, _close),
}


def _hang_up(request: web.Request) -> web.Response:
    """Be away: the connection ends without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=503)


async def _send(socket: web.WebSocketResponse, frame: Record) -> None:
    try:
        await socket.send_json(frame)
    except ConnectionError:
        # The page has gone; it asks for what it missed when it is back.
        return
