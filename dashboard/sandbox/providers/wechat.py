"""Plays WeChat towards an Official Account: its tokens, windows, media and errors, and customers who write.

A real HTTP server with a memory; it knows nothing of Patchbay but the address to which it pushes, and the envelope.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

import aiohttp
from aiohttp import web

from dashboard.sandbox.providers.faulty import FaultyServer
from dashboard.sandbox.providers.tencent import Envelope, fields_of, sorted_sha1

WINDOW_MS, QUOTA = 48 * 3_600_000, 5
SHORT_WINDOW_MS, SHORT_QUOTA = 60_000, 3
TOKEN_S = 7_200
TRIES, PATIENCE_S = 3, 5.0
TEXT_BYTES_MAX = 2_048
RANDOM = b"0123456789abcdef"
UPLOADS = {"image": ("image/", 10 << 20), "voice": ("audio/", 2 << 20), "video": ("video/", 10 << 20)}


@dataclass
class Customer:
    """One follower: what they were sent, and what may be sent yet."""

    openid: str
    follows: bool = True
    until_ms: int = 0
    quota: int = 0
    heard: list[dict[str, Any]] = field(default_factory=list)
    greeted: list[str] = field(default_factory=list)
    signs: list[str] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        return [said["text"]["content"] for said in self.heard if said["msgtype"] == "text"]


@dataclass
class Answered:
    """What our webhook said to a push, try by try. `notice`: the customer was told that the service is broken."""

    statuses: list[int]
    body: str
    seconds: float
    notice: bool


@dataclass
class WeChatPlatform:
    """One account at the platform."""

    app_id: str = "wx0123456789abcdef"
    secret: str = "the-app-secret-of-tests"  # noqa: S105 - of nobody's account.
    token: str = "the-token-of-tests"  # noqa: S105 - the same.
    aes_key: str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
    account: str = "gh_0123456789ab"
    mode: str = "safe"
    # How many answers each message of a customer allows.
    quota: int = QUOTA
    callback: str = ""
    now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    customers: dict[str, Customer] = field(default_factory=dict)
    media: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    films: dict[str, bytes] = field(default_factory=dict)
    errors: dict[str, list[int]] = field(default_factory=dict)
    # Told of each text that has reached a customer.
    on_said: Callable[[str, str], None] = lambda _openid, _text: None

    def __post_init__(self) -> None:
        self.server = FaultyServer()
        self._numbers = itertools.count(1)
        self._access = ""
        self._access_until_ms = 0
        self.forced = 0
        for method, path, handler in (
            ("POST", "/cgi-bin/stable_token", self._stable_token),
            ("POST", "/cgi-bin/message/custom/send", self._send),
            ("POST", "/cgi-bin/message/custom/typing", self._typing),
            ("POST", "/cgi-bin/media/upload", self._upload),
            ("GET", "/cgi-bin/media/get", self._get),
            ("GET", "/film/{id}", self._film),
        ):
            self.server.add(method, path, handler)

    @property
    def url(self) -> str:
        return self.server.url

    def customer(self, openid: str) -> Customer:
        return self.customers.setdefault(openid, Customer(openid))

    def spoil_token(self) -> None:
        """Somebody else has forced a new token: ours is dead though it looks alive."""
        self._access, self._access_until_ms = "", 0

    # --- customers ----------------------------------------------------------------------------------------------

    async def say(self, openid: str, text: str, **more: str) -> Answered:
        """A customer writes."""
        return await self.push(openid, MsgType="text", Content=text, MsgId=self.number(), **more)

    async def happen(self, openid: str, event: str, **more: str) -> Answered:
        """A customer follows, leaves, scans or presses."""
        customer = self.customer(openid)
        customer.follows = event != "unsubscribe"
        if event in {"subscribe", "SCAN", "CLICK"}:
            self._open(customer, SHORT_WINDOW_MS, SHORT_QUOTA)
        return await self.push(openid, MsgType="event", Event=event, **more)

    async def push(self, openid: str, **fields: str) -> Answered:
        """Push something as the platform does: five seconds, three tries, the same message."""
        if fields["MsgType"] != "event":
            self._open(self.customer(openid), WINDOW_MS, self.quota)
        document = self.document(openid, **fields)
        begun = time.monotonic()
        statuses: list[int] = []
        body = ""
        for _ in range(TRIES):
            status, body = await self._post(document)
            statuses.append(status)
            if status == 200:
                break
        understood = statuses[-1] == 200 and (body in ("", "success") or self._heard_at_once(openid, body))
        return Answered(statuses, body, time.monotonic() - begun, notice=not understood)

    def _heard_at_once(self, openid: str, body: str) -> bool:
        """Read an answer that says something, sealed where the account is; anything else is a broken service."""
        try:
            fields = fields_of(body.encode())
            if self.mode != "plain":
                sealer = Envelope(self.token, self.aes_key, self.app_id)
                stamp = (fields["TimeStamp"], fields["Nonce"], fields["Encrypt"])
                if fields["MsgSignature"] != sealer.signature(*stamp):
                    return False
                fields = fields_of(sealer.open(fields["Encrypt"]))
            if (fields["ToUserName"], fields["FromUserName"], fields["MsgType"]) != (openid, self.account, "text"):
                return False
        except (ValueError, KeyError):
            return False
        self.customer(openid).greeted.append(fields["Content"])
        self.on_said(openid, fields["Content"])
        return True

    def number(self) -> str:
        return str(24_000_000_000_000_000 + next(self._numbers))

    def document(self, openid: str, **fields: str) -> str:
        """Return the document of a push. Fields with a dot are put inside one another."""
        head = {"ToUserName": self.account, "FromUserName": openid, "CreateTime": str(self.now_ms() // 1_000)}
        return f"<xml>{''.join(_element(name, value) for name, value in {**head, **fields}.items())}</xml>"

    def sealed(self, document: str, **query: str) -> tuple[dict[str, str], bytes]:
        """Return the query and body of a push in the account's mode; `query` replaces parts of it."""
        stamp = {"timestamp": str(self.now_ms() // 1_000), "nonce": str(next(self._numbers)), **query}
        signature = sorted_sha1(self.token, stamp["timestamp"], stamp["nonce"])
        plain = {"signature": signature, **stamp, "openid": "o"}
        if self.mode == "plain":
            return {**plain, **query}, document.encode()
        sealer = Envelope(self.token, self.aes_key, self.app_id)
        encrypt = sealer.seal(document.encode(), RANDOM)
        seal = {"encrypt_type": "aes", "msg_signature": sealer.signature(stamp["timestamp"], stamp["nonce"], encrypt)}
        inner = document.removeprefix("<xml>").removesuffix("</xml>") if self.mode == "compatible" else ""
        head = f"<ToUserName><![CDATA[{self.account}]]></ToUserName>" if not inner else ""
        body = f"<xml>{head}{inner}<Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>"
        return {**plain, **seal, **query}, body.encode()

    async def _post(self, document: str) -> tuple[int, str]:
        query, body = self.sealed(document)
        timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(self.callback, params=query, data=body, headers={"Content-Type": "text/xml"}) as answer,
            ):
                return answer.status, await answer.text()
        except (aiohttp.ClientError, TimeoutError):
            return 0, ""

    def _open(self, customer: Customer, window_ms: int, quota: int) -> None:
        until_ms = self.now_ms() + window_ms
        if until_ms > customer.until_ms or window_ms == WINDOW_MS:
            customer.until_ms, customer.quota = until_ms, quota

    # --- the interface ------------------------------------------------------------------------------------------

    async def _stable_token(self, request: web.Request) -> web.Response:
        said = await request.json()
        if said.get("appid") != self.app_id:
            return _error(40013, "invalid appid")
        if said.get("secret") != self.secret:
            return _error(40125, "invalid appsecret")
        if (forced := self._next_error("token")) is not None:
            return _error(forced, "told so")
        if said.get("force_refresh"):
            self.forced += 1
            self._access = ""
        if not self._access or self.now_ms() >= self._access_until_ms:
            self._access = f"token-{next(self._numbers)}-{'x' * 480}"
            self._access_until_ms = self.now_ms() + TOKEN_S * 1_000
        left_s = max(1, (self._access_until_ms - self.now_ms()) // 1_000)
        return web.json_response({"access_token": self._access, "expires_in": left_s})

    async def _send(self, request: web.Request) -> web.Response:
        raw = await request.read()
        fault = self._token_fault(request) or self._next_error("send")
        if fault:
            return _error(fault, "told so")
        said = json.loads(raw.decode())
        customer = self.customers.get(said.get("touser", ""))
        fault = self._fault_of(said, raw, customer)
        if fault or customer is None:
            return _error(fault or 40003, "hint: [x]")
        customer.quota -= 1
        customer.heard.append(said)
        self.on_said(customer.openid, said["text"]["content"] if said["msgtype"] == "text" else f"[{said['msgtype']}]")
        return _error(0, "ok")

    def _fault_of(self, said: dict[str, Any], raw: bytes, customer: Customer | None) -> int:
        if customer is None:
            return 40003
        if not customer.follows or self.now_ms() >= customer.until_ms:
            return 45015
        if customer.quota <= 0:
            return 45047
        kind = str(said.get("msgtype"))
        if kind == "text":
            content = said["text"]["content"]
            escaped = b"\\u" in raw
            return 45002 if len(content.encode()) > TEXT_BYTES_MAX else 40033 if escaped else 0
        return 0 if said.get(kind, {}).get("media_id") in self.media else 40007

    async def _typing(self, request: web.Request) -> web.Response:
        fault = self._token_fault(request)
        if fault:
            return _error(fault, "told so")
        said = await request.json()
        self.customer(said["touser"]).signs.append(said["command"])
        return _error(0, "ok")

    async def _upload(self, request: web.Request) -> web.Response:
        fault = self._token_fault(request) or self._next_error("upload")
        if fault:
            return _error(fault, "told so")
        form = await request.post()
        file = form.get("media")
        starts, bytes_max = UPLOADS[request.query["type"]]
        if not isinstance(file, web.FileField) or not file.content_type.startswith(starts):
            return _error(40004, "invalid media type")
        content = file.file.read()
        if len(content) > bytes_max:
            return _error(40009, "invalid image size")
        media_id = f"media_{next(self._numbers)}"
        self.media[media_id] = (file.content_type, content)
        return web.json_response({"type": request.query["type"], "media_id": media_id, "created_at": 1})

    async def _get(self, request: web.Request) -> web.StreamResponse:
        fault = self._token_fault(request)
        if fault:
            return _error(fault, "told so")
        media_id = request.query.get("media_id", "")
        if media_id in self.films:
            return web.json_response({"video_url": f"{self.url}/film/{media_id}"})
        if media_id not in self.media:
            return _error(40007, "invalid media_id")
        media_type, content = self.media[media_id]
        disposition = f'attachment; filename="{media_id}.jpg"'
        return web.Response(body=content, content_type=media_type, headers={"Content-disposition": disposition})

    async def _film(self, request: web.Request) -> web.StreamResponse:
        return web.Response(body=self.films[request.match_info["id"]], content_type="video/mp4")

    def _token_fault(self, request: web.Request) -> int:
        given = request.query.get("access_token", "")
        if not given or given != self._access:
            return 40001
        return 42001 if self.now_ms() >= self._access_until_ms else 0

    def _next_error(self, where: str) -> int | None:
        waiting = self.errors.get(where)
        return waiting.pop(0) if waiting else None


def _element(name: str, value: str) -> str:
    if "." in name:
        outer, inner = name.split(".", 1)
        return f"<{outer}>{_element(inner, value)}</{outer}>"
    if value.isdigit() and name in {"CreateTime", "MsgId"}:
        return f"<{name}>{value}</{name}>"
    inside = f"<![CDATA[{value}]]>" if "]]>" not in value else escape(value)
    return f"<{name}>{inside}</{name}>"


def _error(code: int, message: str) -> web.Response:
    return web.json_response({"errcode": code, "errmsg": message})
