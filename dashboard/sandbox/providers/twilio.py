"""Twilio's REST interface and webhooks, stateful, held to the vendor's OpenAPI document; calls are in `twilio_calls`.

It checks who asks and what, answers as the vendor does, and fails as it is told. Nothing here knows pytest.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import aiohttp
from aiohttp import web
from yarl import URL

from dashboard.sandbox.providers.accepting import all_taken
from dashboard.sandbox.providers.described import Described, Pairs

DOCUMENT = Path(__file__).parent / "openapi" / "twilio_api_v2010.json"
ACCOUNT = "AC" + "3" * 32
TOKEN = "auth-token-of-the-fake"  # noqa: S105 - of nobody's account.
PAGE_SIZE = 50
# A sandbox may run for days: what is older than so many is forgotten.
KEPT_MAX = 2_000
# Requests under way at a stop are waited for: one that is cut off may leave half a line behind.
STOP_S = 5


@dataclass
class Fault:
    """What shall go wrong with calls to a path. `after`: the deed is done first. `status` 0: the line is dropped."""

    path: str = ""
    status: int = 0
    code: int = 0
    after: bool = False
    times: int = 1
    delay_s: float = 0.0


@dataclass
class Asked:
    """One request to us."""

    method: str
    path: str
    query: Pairs
    form: Pairs

    def get(self, name: str) -> str:
        return next((value for key, value in [*self.form, *self.query] if key == name), "")

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.form if key == name]


@dataclass
class Twilio:
    """One account. `reach` turns a public address of the product into one that can be called."""

    sid: str = ACCOUNT
    token: str = TOKEN
    # An API key and its secret, with which one may sign in instead.
    key: tuple[str, str] = (f"SK{'4' * 32}", "secret-of-the-key-of-the-fake-32b")
    reach: Callable[[str], str] = lambda url: url
    # So long after a failure a webhook is called again, where its address asks for it.
    retry_s: float = 0.0
    # A webhook that says nothing for so long has not answered; 0: it may take its time.
    silent_s_max: float = 0.0
    # Statuses that follow a message by themselves, in this order; none: the test tells them.
    auto_statuses: Sequence[str] = ()
    messages: list[dict[str, Any]] = field(default_factory=list)
    media: dict[str, list[tuple[str, str, bytes]]] = field(default_factory=dict)
    fetched: list[bytes] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    # What the storage behind media saw: a header with our credentials must never reach it.
    storage_headers: list[dict[str, str]] = field(default_factory=list)
    opted_out: set[str] = field(default_factory=set)
    # Told of each message that has reached a customer's telephone.
    on_sent: Callable[[dict[str, Any]], None] = lambda _: None
    url: str = ""

    def __post_init__(self) -> None:
        self._described = Described(DOCUMENT)
        self._count = 0
        self._stopping = False
        self._requests: set[asyncio.Task[tuple[int, str]]] = set()
        self._runner: web.AppRunner | None = None
        self.session: aiohttp.ClientSession
        self.tasks: set[asyncio.Task[Any]] = set()
        self.more: Callable[[Asked], Awaitable[tuple[int, dict[str, Any]] | None]] | None = None

    # --- life ---------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Serve on a free port."""
        app = web.Application(client_max_size=1 << 20)
        app.router.add_route("*", "/storage/{name}", self._storage)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        patience_s = self.silent_s_max or None
        self.session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(sock_connect=patience_s, sock_read=patience_s)
        )

    async def stop(self) -> None:
        """Stop everything that runs; nothing begins any more."""
        self._stopping = True
        for task in tuple(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        if self._requests:
            await asyncio.wait(set(self._requests), timeout=STOP_S)
        await self.session.close()
        await all_taken()
        if self._runner is not None:
            await self._runner.cleanup()

    def later(self, work: Any) -> None:
        """Let something happen beside."""
        if self._stopping:
            work.close()
            return
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def new_sid(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count:032x}"

    # --- webhooks -----------------------------------------------------------------------------------------------

    def sign(self, url: str, fields: dict[str, str]) -> str:
        """Sign as the vendor does."""
        said = url + "".join(f"{name}{fields[name]}" for name in sorted(fields))
        return base64.b64encode(hmac.new(self.token.encode(), said.encode(), hashlib.sha1).digest()).decode()

    async def post(self, url: str, fields: dict[str, str], *, signature: str | None = None) -> tuple[int, str]:
        """Call a webhook, signed. A fragment says how to try again; it is neither sent nor signed."""
        url, _, policy = url.partition("#")
        fields = {"AccountSid": self.sid, "ApiVersion": "2010-04-01", **fields}
        headers = {"X-Twilio-Signature": self.sign(url, fields) if signature is None else signature}
        tries = 1 + int(dict(parse_qsl(policy)).get("rc", "0"))
        status, text = 0, ""
        for number in range(tries):
            await asyncio.sleep(self.retry_s if number else 0)
            request = asyncio.create_task(self._request(URL(self.reach(url), encoded=True), fields, headers))
            self._requests.add(request)
            request.add_done_callback(self._requests.discard)
            # A provider that loses interest in an answer does not cut the line.
            status, text = await asyncio.shield(request)
            if status < 500:
                break
        return status, text

    async def _request(self, url: URL, fields: dict[str, str], headers: dict[str, str]) -> tuple[int, str]:
        try:
            async with self.session.post(url, data=fields, headers=headers) as answer:
                return answer.status, await answer.text()
        except aiohttp.ClientError:
            # Nobody answers there now, or the line broke amid the answer: the vendor's 11200.
            return HTTPStatus.BAD_GATEWAY, ""

    async def receive(self, url: str, **fields: str) -> tuple[int, str]:
        """A message comes in: it is listed, and the webhook is called."""
        sid = fields.setdefault("MessageSid", self.new_sid("SM"))
        if all(message["sid"] != sid for message in self.messages):
            self.list_message(sid, direction="inbound", **fields)
        return await self.post(url, {"NumMedia": "0", "NumSegments": "1", **fields})

    def list_message(self, sid: str, *, direction: str, **fields: str) -> dict[str, Any]:
        """Put a message into the list, newest first."""
        now = format_datetime(datetime.now(UTC))
        record = {
            "sid": sid,
            "account_sid": self.sid,
            "direction": direction,
            "from": fields.get("From", ""),
            "to": fields.get("To", ""),
            "body": fields.get("Body", ""),
            "status": "received" if direction == "inbound" else "queued",
            "num_media": fields.get("NumMedia", "0"),
            "num_segments": "1",
            "date_created": now,
            "date_sent": now,
            "error_code": None,
            "uri": f"/2010-04-01/Accounts/{self.sid}/Messages/{sid}.json",
        }
        self.messages.insert(0, record)
        del self.messages[KEPT_MAX:]
        return record

    async def report(self, record: dict[str, Any], status: str, code: int | None = None) -> int:
        """Tell what became of a message."""
        record["status"], record["error_code"] = status, code
        told = {"MessageSid": record["sid"], "MessageStatus": status, "From": record["from"], "To": record["to"]}
        if code:
            told["ErrorCode"] = str(code)
        answered, _ = await self.post(record["callback"], told)
        return answered

    def sent(self) -> list[dict[str, Any]]:
        """What customers got, oldest first."""
        return [record for record in reversed(self.messages) if record["direction"] != "inbound"]

    # --- REST ---------------------------------------------------------------------------------------------------

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        form = parse_qsl((await request.read()).decode(), keep_blank_values=True)
        asked = Asked(request.method, request.path, parse_qsl(request.query_string, keep_blank_values=True), form)
        self.asked.append(asked)
        del self.asked[:-KEPT_MAX]
        fault = next((each for each in self.faults if each.times > 0 and each.path in request.path), None)
        if fault is not None:
            fault.times -= 1
            await asyncio.sleep(fault.delay_s)
            if not fault.after:
                return self._fail(request, fault)
        status, answer = await self._answer(request, asked)
        if fault is not None:
            return self._fail(request, fault)
        if isinstance(answer, web.Response):
            return answer
        return web.json_response(answer, status=status) if status != 204 else web.Response(status=204)

    def _fail(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if not fault.status:
            assert request.transport is not None, "the line was open"
            request.transport.abort()
            return web.Response()
        return web.json_response(error(fault.code or fault.status, fault.status)[1], status=fault.status)

    async def _answer(self, request: web.Request, asked: Asked) -> tuple[int, Any]:
        if request.headers.get("Authorization") not in {_basic(self.sid, self.token), _basic(*self.key)}:
            return error(20003, 401)
        root = f"/2010-04-01/Accounts/{self.sid}"
        if (
            asked.path.startswith((f"{root}/Messages/", f"{root}/Recordings/"))
            and asked.method == "GET"
            and not asked.path.endswith(".json")
        ):
            return 302, web.Response(
                status=302, headers={"Location": f"{self.url}/storage/{asked.path.rpartition('/')[2]}"}
            )
        faults = self._described.faults(asked.method, asked.path, asked.query, asked.form)
        if faults:
            self.wrong += [f"{asked.method} {asked.path}: {fault}" for fault in faults]
            del self.wrong[:-KEPT_MAX]
            return error(20001, 400)
        if asked.path == f"{root}/Messages.json":
            return self._send(asked) if asked.method == "POST" else self._list(asked)
        if asked.path.endswith("/Media.json"):
            held = self.media.get(asked.path.split("/")[-2], [])
            return 200, {"media_list": [{"sid": sid, "content_type": kind} for sid, kind, _ in held]}
        found = await self.more(asked) if self.more else None
        return found or error(20404, 404)

    async def _storage(self, request: web.Request) -> web.StreamResponse:
        self.storage_headers.append(dict(request.headers))
        name = request.match_info["name"]
        for held in self.media.values():
            for sid, kind, content in held:
                if sid == name:
                    return web.Response(body=content, content_type=kind)
        return web.Response(status=404)

    def _send(self, asked: Asked) -> tuple[int, dict[str, Any]]:
        to, sender, body = asked.get("To"), asked.get("From"), asked.get("Body")
        if to in self.opted_out:
            return error(21610, 400)
        if len(body) > 1600:
            return error(21617, 400)
        if not (to.removeprefix("whatsapp:").startswith("+") and sender):
            return error(21211, 400)
        record = self.list_message(self.new_sid("SM"), direction="outbound-api", From=sender, To=to, Body=body)
        record["callback"] = asked.get("StatusCallback")
        self.later(self._follow(record, asked.all("MediaUrl")))
        return 201, {key: value for key, value in record.items() if key != "callback"}

    async def _follow(self, record: dict[str, Any], media: list[str]) -> None:
        for url in media:
            async with self.session.get(self.reach(url)) as answer:
                self.fetched.append(await answer.read())
        self.on_sent(record)
        for status in self.auto_statuses:
            await self.report(record, status)

    def _list(self, asked: Asked) -> tuple[int, dict[str, Any]]:
        wanted = {"To": "to", "From": "from"}
        found = [
            record
            for record in self.messages
            if all(not asked.get(name) or record[key] == asked.get(name) for name, key in wanted.items())
        ]
        page, size = int(asked.get("Page") or 0), int(asked.get("PageSize") or PAGE_SIZE)
        shown = [{k: v for k, v in record.items() if k != "callback"} for record in found[page * size :][:size]]
        rest = len(found) > (page + 1) * size
        query = urlencode([*(pair for pair in asked.query if pair[0] != "Page"), ("Page", str(page + 1))])
        onward = f"{asked.path}?{query}" if rest else None
        return 200, {"messages": shown, "next_page_uri": onward, "page": page, "page_size": size}


def _basic(user: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()


def error(code: int, status: int) -> tuple[int, dict[str, Any]]:
    return status, {"code": code, "message": "as the vendor would say", "more_info": "", "status": status}
