"""Plays LINE towards a bot: events, push messages with their retry keys, contents, errors. It has a memory."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from dashboard.sandbox.providers.faulty import FaultyServer

TEXT_UNITS_MAX, MESSAGES_MAX = 5_000, 5
PUSH = "/v2/bot/message/push"
# A sandbox may run for days: what is older than so much is forgotten.
KEPT_MAX = 2_000


@dataclass
class LinePlatform:
    """The platform, for one channel of LINE's."""

    secret: str = "line-channel-secret"  # noqa: S105 - of nobody's account.
    token: str = "line-access-token-of-tests"  # noqa: S105 - the same.
    callback: str = ""
    heard: dict[str, list[str]] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    quota_left: int = 500
    statuses: list[int] = field(default_factory=list)
    # Told of each text that has reached a customer, with its id.
    on_said: Callable[[str, str, str], None] = lambda _to, _text, _id: None

    def __post_init__(self) -> None:
        self.server = FaultyServer()
        self._numbers = itertools.count(1)
        self._accepted: dict[str, str] = {}
        self.server.add("POST", PUSH, self._push)
        self.server.add("GET", "/v2/bot/message/{id}/content", self._content)

    @property
    def url(self) -> str:
        return self.server.url

    # --- customers ----------------------------------------------------------------------------------------------

    def event(self, user: str, kind: str = "message", **more: Any) -> dict[str, Any]:
        """Return an event as LINE writes it."""
        number = next(self._numbers)
        return {
            "type": kind,
            "timestamp": time.time_ns() // 1_000_000,
            "source": {"type": "user", "userId": user},
            "webhookEventId": f"01HEVENT{number:018}",
            "deliveryContext": {"isRedelivery": False},
            "mode": "active",
            **more,
        }

    async def say(self, user: str, text: str) -> int:
        number = next(self._numbers)
        message = {"type": "text", "id": str(468_789_577_898_262_000 + number), "text": text, "quoteToken": "q"}
        return await self.post(self.event(user, message=message, replyToken=f"reply{number}"))

    async def picture(self, user: str, media_type: str, content: bytes) -> int:
        """A customer sends a picture, which LINE keeps."""
        number = str(468_789_577_898_262_000 + next(self._numbers))
        self.files[number] = (media_type, content)
        message = {"type": "image", "id": number, "contentProvider": {"type": "line"}, "quoteToken": "q"}
        return await self.post(self.event(user, message=message, replyToken=f"reply{number}"))

    async def follow(self, user: str, *, on: bool) -> int:
        """A customer adds the account as a friend, or blocks it."""
        (self.blocked.discard if on else self.blocked.add)(user)
        return await self.post(self.event(user, "follow" if on else "unfollow"))

    async def post(self, *events: dict[str, Any], signature: str | None = None) -> int:
        """Post events; return what was answered."""
        headers, body = self.signed(*events)
        if signature is not None:
            headers["X-Line-Signature"] = signature
        async with aiohttp.ClientSession() as session, session.post(self.callback, data=body, headers=headers) as told:
            self.statuses.append(told.status)
            del self.statuses[:-KEPT_MAX]
            return told.status

    def signed(self, *events: dict[str, Any]) -> tuple[dict[str, str], bytes]:
        """Return headers and body of a post."""
        body = json.dumps({"destination": "Ubot", "events": list(events)}, ensure_ascii=False).encode()
        made = base64.b64encode(hmac.digest(self.secret.encode(), body, hashlib.sha256)).decode()
        return {"X-Line-Signature": made, "Content-Type": "application/json"}, body

    # --- the interface ------------------------------------------------------------------------------------------

    async def _push(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return _error(401, "Authentication failed. Confirm that the access token is valid.")
        key = request.headers.get("X-Line-Retry-Key", "")
        if key in self._accepted:
            headers = {"X-Line-Accepted-Request-Id": self._accepted[key]}
            return _error(409, "The retry key is already accepted", headers)
        said = await request.json()
        texts = [message["text"] for message in said["messages"]]
        if len(texts) > MESSAGES_MAX or any(not 0 < _units(text) <= TEXT_UNITS_MAX for text in texts):
            return _error(400, "The request body has 1 error(s)")
        if self.quota_left < len(texts):
            return _error(429, "You have reached your monthly limit.")
        if said["to"] in self.blocked:
            return _error(400, "Failed to send messages")
        self.quota_left -= len(texts)
        number = str(next(self._numbers))
        heard = self.heard.setdefault(said["to"], [])
        for index, text in enumerate(texts):
            heard.append(text)
            self.on_said(said["to"], text, f"{number}{index}")
        del heard[:-KEPT_MAX]
        if key:
            self._accepted[key] = number
        return web.json_response({"sentMessages": [{"id": f"{number}{index}"} for index, _ in enumerate(texts)]})

    async def _content(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return _error(401, "Authentication failed")
        found = self.files.get(request.match_info["id"])
        return web.Response(body=found[1], content_type=found[0]) if found else _error(404, "Not found")


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _error(status: int, words: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"message": words}, status=status, headers=headers)
