"""Plays Weibo towards an account of the fan service: pushes, the reply interface, files, errors. It has a memory."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import unquote

import aiohttp
from aiohttp import web

from dashboard.sandbox.providers.faulty import FaultyServer
from dashboard.sandbox.providers.tencent import sorted_sha1

WINDOW_MS = 48 * 3_600_000
TRIES, PATIENCE_S = 3, 5.0
TEXT_CHARS = 300
KEPT_MAX = 2_000
PEKING = timezone(timedelta(hours=8))
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass
class Fan:
    """One customer: what they were told, at once or later, and until when they may be."""

    uid: str
    follows: bool = True
    until_ms: int = 0
    texts: list[str] = field(default_factory=list)
    greeted: list[str] = field(default_factory=list)


@dataclass
class Pushed:
    """What our webhook said, try by try."""

    statuses: list[int]
    body: str


@dataclass
class WeiboPlatform:
    """The platform, for one account."""

    uid: str = "1902538057"
    app_secret: str = "the-app-secret-of-tests"  # noqa: S105 - of nobody's account.
    access_token: str = "2.00the-access-token-of-tests"  # noqa: S105 - the same.
    callback: str = ""
    now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    fans: dict[str, Fan] = field(default_factory=dict)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    errors: list[int] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    # Told of each text that has reached a customer.
    on_said: Callable[[str, str], None] = lambda _uid, _text: None

    def __post_init__(self) -> None:
        self.server = FaultyServer()
        self._numbers = itertools.count(1)
        self.server.add("POST", "/2/messages/reply.json", self._reply)
        self.server.add("GET", "/2/mss/msget", self._file)

    @property
    def url(self) -> str:
        return self.server.url

    def fan(self, uid: str) -> Fan:
        return self.fans.setdefault(uid, Fan(uid))

    # --- customers ----------------------------------------------------------------------------------------------

    async def say(self, uid: str, text: str) -> Pushed:
        return await self.push(self.body(uid, "text", text=text))

    async def happen(self, uid: str, subtype: str, key: str = "") -> Pushed:
        self.fan(uid).follows = subtype != "unfollow"
        return await self.push(self.body(uid, "event", data={"subtype": subtype, "key": key}))

    def body(self, uid: str, kind: str, *, text: str = "", data: Any = None) -> dict[str, Any]:
        """Return a push as the platform writes it: ids are numbers, the time is Peking's."""
        at = datetime.fromtimestamp(self.now_ms() // 1_000, UTC).astimezone(PEKING)
        stamp = f"{DAYS[at.weekday()]} {MONTHS[at.month - 1]} {at.day:02} {at:%H:%M:%S} +0800 {at.year}"
        ids = {"receiver_id": int(self.uid), "sender_id": int(uid)}
        return {"type": kind, **ids, "created_at": stamp, "text": text, "data": data or {}}

    async def push(self, body: dict[str, Any]) -> Pushed:
        """Push something: five seconds, three tries, the same body."""
        fan = self.fan(str(body["sender_id"]))
        fan.until_ms = self.now_ms() + WINDOW_MS
        statuses, answer = [], ""
        for _ in range(TRIES):
            status, answer = await self._post(json.dumps(body).encode())
            statuses.append(status)
            if status == 200:
                break
        if statuses[-1] == 200 and answer:
            fan.greeted.append(self._passive(fan, json.loads(answer)))
            self.on_said(fan.uid, fan.greeted[-1])
        return Pushed(statuses, answer)

    def query(self, **changes: str) -> dict[str, str]:
        """Return the signed query of a push; `changes` replaces parts of it."""
        stamp = {"timestamp": str(self.now_ms()), "nonce": str(next(self._numbers)), **changes}
        signature = sorted_sha1(self.app_secret, stamp["timestamp"], stamp["nonce"])
        return {"signature": signature, **stamp}

    async def _post(self, body: bytes) -> tuple[int, str]:
        timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(self.callback, params=self.query(), data=body) as answer,
            ):
                return answer.status, await answer.text()
        except (aiohttp.ClientError, TimeoutError):
            return 0, ""

    def _passive(self, fan: Fan, reply: dict[str, Any]) -> str:
        assert reply["result"] is True, "an answer that says something must say so"
        assert (reply["sender_id"], reply["receiver_id"]) == (self.uid, fan.uid), "we are the sender of an answer"
        said: str = json.loads(unquote(reply["data"]))["text"]
        return said

    # --- the interface ------------------------------------------------------------------------------------------

    async def _reply(self, request: web.Request) -> web.Response:
        self.raw.append(await request.read())
        del self.raw[:-KEPT_MAX]
        form = await request.post()
        if form.get("access_token") != self.access_token:
            return _error(21332, "invalid_access_token", 403)
        if self.errors and (code := self.errors.pop(0)):
            return _error(code, "told so", 400)
        fan = self.fans.get(str(form.get("receiver_id")))
        if fan is None or not fan.follows or self.now_ms() >= fan.until_ms:
            return _error(20504, "not in the window", 400)
        text = json.loads(str(form["data"]))["text"]
        if form.get("type") != "text" or len(text) >= TEXT_CHARS:
            return _error(10008, "param error", 400)
        fan.texts.append(text)
        self.on_said(fan.uid, text)
        return web.json_response({"result": True, "sender_id": self.uid, "receiver_id": fan.uid, "type": "text"})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("access_token") != self.access_token:
            return _error(21332, "invalid_access_token", 403)
        found = self.files.get(request.query.get("fid", ""))
        if found is None:
            return _error(20001, "no such file", 404)
        return web.Response(body=found[1], content_type=found[0])


def _error(code: int, words: str, status: int) -> web.Response:
    return web.json_response({"error": words, "error_code": code, "request": "/2/x"}, status=status)
