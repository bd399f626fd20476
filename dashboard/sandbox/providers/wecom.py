"""Plays WeCom's customer service towards a corporation: callbacks, the list with its cursor, sessions, message ids.

A real HTTP server with a memory; it knows nothing of Patchbay but the address which it calls, and the envelope.
"""

from __future__ import annotations

import itertools
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from dashboard.sandbox.providers.faulty import FaultyServer
from dashboard.sandbox.providers.tencent import Envelope

WINDOW_MS, QUOTA = 48 * 3_600_000, 5
WELCOME_MS, TOKEN_MS = 20_000, 600_000
TEXT_BYTES_MAX, MSGID_CHARS_MAX = 2_048, 32
NEW, OURS, POOL, STAFF, ENDED = range(5)
RANDOM = b"0123456789abcdef"
# A sandbox may run for days: what is older than so much is forgotten.
KEPT_MAX = 2_000


@dataclass
class Visitor:
    """One customer in the chat of one account."""

    open_kfid: str
    user: str
    state: int = NEW
    until_ms: int = 0
    quota: int = 0
    heard: list[dict[str, Any]] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        return [said["text"]["content"] for said in self.heard if said["msgtype"] == "text"]


@dataclass
class WeComPlatform:
    """The platform, for one corporation. `page` is how many items one call lists."""

    corp_id: str = "ww0123456789abcdef"
    secret: str = "the-corp-secret-of-tests"  # noqa: S105 - of nobody's account.
    token: str = "the-token-of-tests"  # noqa: S105 - the same.
    aes_key: str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
    callback: str = ""
    page: int = 1_000
    now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    visitors: dict[tuple[str, str], Visitor] = field(default_factory=dict)
    listed: defaultdict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    media: dict[str, tuple[str, str, bytes]] = field(default_factory=dict)
    errors: dict[str, list[int]] = field(default_factory=dict)
    pulled: list[dict[str, Any]] = field(default_factory=list)
    welcomes: dict[str, tuple[Visitor, int]] = field(default_factory=dict)
    # Told of each text that has reached a customer of an account.
    on_said: Callable[[str, str, str], None] = lambda _kf, _user, _text: None

    def __post_init__(self) -> None:
        self.server = FaultyServer()
        self._numbers = itertools.count(1)
        self._access = ""
        self._ids: set[tuple[str, str]] = set()
        self._tokens: dict[str, int] = {}
        for method, path, handler in (
            ("GET", "/cgi-bin/gettoken", self._gettoken),
            ("POST", "/cgi-bin/kf/sync_msg", self._sync),
            ("POST", "/cgi-bin/kf/send_msg", self._send),
            ("POST", "/cgi-bin/kf/send_msg_on_event", self._welcome),
            ("POST", "/cgi-bin/kf/service_state/trans", self._trans),
            ("POST", "/cgi-bin/media/upload", self._upload),
            ("GET", "/cgi-bin/media/get", self._get),
        ):
            self.server.add(method, path, handler)

    @property
    def url(self) -> str:
        return self.server.url

    def visitor(self, open_kfid: str, user: str) -> Visitor:
        return self.visitors.setdefault((open_kfid, user), Visitor(open_kfid, user))

    def spoil_token(self) -> None:
        self._access = ""

    # --- customers ----------------------------------------------------------------------------------------------

    async def say(self, open_kfid: str, user: str, text: str) -> int:
        """A customer writes; returns what our webhook said to the callback."""
        self.write(open_kfid, user, msgtype="text", text={"content": text})
        return await self.call(open_kfid)

    async def picture(self, open_kfid: str, user: str, content: bytes) -> int:
        """A customer sends a picture, which the platform keeps; returns what our webhook said to the callback."""
        media_id = f"picture_{next(self._numbers)}"
        self.media[media_id] = ("image/jpeg", f"{media_id}.jpg", content)
        self.write(open_kfid, user, msgtype="image", image={"media_id": media_id})
        return await self.call(open_kfid)

    def write(self, open_kfid: str, user: str, **said: Any) -> str:
        """A customer writes, and the callback is lost."""
        visitor = self.visitor(open_kfid, user)
        visitor.until_ms, visitor.quota = self.now_ms() + WINDOW_MS, QUOTA
        if visitor.state == ENDED:
            visitor.state = NEW
        ids = {"open_kfid": open_kfid, "external_userid": user, "origin": 3, "servicer_userid": ""}
        return self._list(open_kfid, {**ids, **said})

    def event(self, open_kfid: str, user: str, kind: str, **more: Any) -> str:
        inside = {"event_type": kind, "open_kfid": open_kfid, "external_userid": user, **more}
        return self._list(open_kfid, {"origin": 4, "msgtype": "event", "event": inside})

    async def enter(self, open_kfid: str, user: str, scene: str = "") -> int:
        """A customer opens the chat and may be welcomed for twenty seconds."""
        code = f"CODE{next(self._numbers)}"
        self.welcomes[code] = (self.visitor(open_kfid, user), self.now_ms() + WELCOME_MS)
        self.event(open_kfid, user, "enter_session", scene=scene, scene_param="", welcome_code=code)
        return await self.call(open_kfid)

    async def call(self, open_kfid: str) -> int:
        """Call back, sealed, once."""
        token = f"ENC{next(self._numbers)}"
        self._tokens[token] = self.now_ms() + TOKEN_MS
        query, body = self.sealed(self.document(open_kfid, token))
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session,
                session.post(self.callback, params=query, data=body) as answer,
            ):
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return 0

    def document(self, open_kfid: str, token: str = "", event: str = "kf_msg_or_event") -> str:
        fields = {"ToUserName": self.corp_id, "CreateTime": str(self.now_ms() // 1_000), "MsgType": "event"}
        fields |= {"Event": event, "Token": token, "OpenKfId": open_kfid}
        return f"<xml>{''.join(f'<{name}><![CDATA[{value}]]></{name}>' for name, value in fields.items())}</xml>"

    def sealed(self, document: str, **query: str) -> tuple[dict[str, str], bytes]:
        """Return the query and body of a callback; `query` replaces parts of it."""
        sealer = Envelope(self.token, self.aes_key, self.corp_id)
        encrypt = sealer.seal(document.encode(), RANDOM)
        stamp = {"timestamp": str(self.now_ms() // 1_000), "nonce": str(next(self._numbers)), **query}
        signature = sealer.signature(stamp["timestamp"], stamp["nonce"], encrypt)
        body = f"<xml><ToUserName>{self.corp_id}</ToUserName><Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>"
        return {"msg_signature": signature, **stamp}, body.encode()

    def _list(self, open_kfid: str, item: dict[str, Any]) -> str:
        msgid = f"{'4' * 33}{next(self._numbers):06}"
        self.listed[open_kfid].append({"msgid": msgid, "send_time": self.now_ms() // 1_000, **item})
        return msgid

    # --- the interface ------------------------------------------------------------------------------------------

    async def _gettoken(self, request: web.Request) -> web.Response:
        if (request.query.get("corpid"), request.query.get("corpsecret")) != (self.corp_id, self.secret):
            return _error(40001, "invalid credential")
        self._access = self._access or f"token-{next(self._numbers)}"
        return web.json_response({"errcode": 0, "errmsg": "ok", "access_token": self._access, "expires_in": 7_200})

    async def _sync(self, request: web.Request) -> web.Response:
        said, fault = await self._asked(request, "sync")
        if fault:
            return _error(fault, "told so")
        self.pulled.append(said)
        del self.pulled[:-KEPT_MAX]
        token = said.get("token")
        if token and self._tokens.get(token, 0) <= self.now_ms():
            return _error(95007, "invalid msg token")
        items = self.listed.get(said.get("open_kfid", ""))
        if items is None:
            return _error(95000, "invalid open_kfid")
        first = int(said.get("cursor") or 0)
        last = min(first + self.page, len(items))
        more = int(last < len(items))
        body = {"errcode": 0, "errmsg": "ok", "next_cursor": str(last), "has_more": more, "msg_list": items[first:last]}
        return web.json_response(body)

    async def _send(self, request: web.Request) -> web.Response:
        said, fault = await self._asked(request, "send")
        visitor = self.visitors.get((said.get("open_kfid", ""), said.get("touser", "")))
        fault = fault or self._fault_of(said, visitor)
        if fault or visitor is None:
            return _error(fault or 40096, "hint: [x]")
        self._ids.add((visitor.open_kfid, said["msgid"]))
        visitor.quota -= 1
        self._hears(visitor, said)
        return web.json_response({"errcode": 0, "errmsg": "ok", "msgid": said["msgid"]})

    def _fault_of(self, said: dict[str, Any], visitor: Visitor | None) -> int:
        if visitor is None:
            return 40096
        msgid = said.get("msgid", "")
        if len(msgid) > MSGID_CHARS_MAX or (visitor.open_kfid, msgid) in self._ids:
            return 40058
        if visitor.state not in {NEW, OURS}:
            return 95018
        if self.now_ms() >= visitor.until_ms:
            return 95002
        if visitor.quota <= 0:
            return 95001
        kind = said["msgtype"]
        if kind == "text":
            return 40058 if len(said["text"]["content"].encode()) > TEXT_BYTES_MAX else 0
        return 0 if said[kind]["media_id"] in self.media else 40007

    async def _welcome(self, request: web.Request) -> web.Response:
        said, fault = await self._asked(request, "welcome")
        visitor, until_ms = self.welcomes.pop(said.get("code", ""), (None, 0))
        if fault or visitor is None or self.now_ms() >= until_ms:
            return _error(fault or 40029, "invalid code")
        self._hears(visitor, said)
        return web.json_response({"errcode": 0, "errmsg": "ok", "msgid": said["msgid"]})

    def _hears(self, visitor: Visitor, said: dict[str, Any]) -> None:
        visitor.heard.append(said)
        del visitor.heard[:-KEPT_MAX]
        shown = said["text"]["content"] if said["msgtype"] == "text" else f"[{said['msgtype']}]"
        self.on_said(visitor.open_kfid, visitor.user, shown)

    async def _trans(self, request: web.Request) -> web.Response:
        said, fault = await self._asked(request, "trans")
        visitor = self.visitors.get((said.get("open_kfid", ""), said.get("external_userid", "")))
        if fault or visitor is None:
            return _error(fault or 40096, "told so")
        if visitor.state not in {NEW, OURS, POOL} or said["service_state"] != OURS:
            return _error(95016, "not allowed")
        visitor.state = OURS
        return _error(0, "ok")

    async def _upload(self, request: web.Request) -> web.Response:
        if fault := self._token_fault(request):
            return _error(fault, "told so")
        form = await request.post()
        file = form["media"]
        assert isinstance(file, web.FileField), "a file is uploaded as one"
        media_id = f"media_{next(self._numbers)}"
        self.media[media_id] = (file.content_type, file.filename, file.file.read())
        return web.json_response({"errcode": 0, "type": request.query["type"], "media_id": media_id})

    async def _get(self, request: web.Request) -> web.StreamResponse:
        if fault := self._token_fault(request):
            return _error(fault, "told so")
        found = self.media.get(request.query.get("media_id", ""))
        if found is None:
            return _error(40007, "invalid media_id")
        media_type, name, content = found
        disposition = f'attachment; filename="{name}"'
        return web.Response(body=content, content_type=media_type, headers={"Content-disposition": disposition})

    async def _asked(self, request: web.Request, where: str) -> tuple[dict[str, Any], int]:
        waiting = self.errors.get(where)
        said: dict[str, Any] = await request.json()
        return said, self._token_fault(request) or (waiting.pop(0) if waiting else 0)

    def _token_fault(self, request: web.Request) -> int:
        given = request.query.get("access_token", "")
        return 0 if given and given == self._access else 40014


def _error(code: int, message: str) -> web.Response:
    return web.json_response({"errcode": code, "errmsg": message})
