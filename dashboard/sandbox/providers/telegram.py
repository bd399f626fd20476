"""Plays Telegram towards a bot: updates under a secret word, sendMessage, getFile, its errors. It has a memory."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from dashboard.sandbox.providers.faulty import FaultyServer

TEXT_UNITS_MAX = 4_096
# A sandbox may run for days: what is older than so much is forgotten.
KEPT_MAX, FILES_KEPT_MAX = 2_000, 20


@dataclass
class TelegramPlatform:
    """The platform, for one bot."""

    token: str = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"  # noqa: S105 - of Telegram's own page.
    secret: str = "s3cr3t_Token-1"  # noqa: S105 - of nobody's account.
    callback: str = ""
    heard: dict[str, list[str]] = field(default_factory=dict)
    started: set[str] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    # Files that customers were sent: to whom, by which name, what.
    shown: list[tuple[str, str, bytes]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    # Told of each text that has reached a customer, with its id.
    on_said: Callable[[str, str, str], None] = lambda _to, _text, _id: None

    def __post_init__(self) -> None:
        self.server = FaultyServer()
        self._numbers = itertools.count(10_000)
        self.send = f"/bot{self.token}/sendMessage"
        self.server.add("POST", "/bot{token}/sendMessage", self._send)
        self.server.add("POST", "/bot{token}/sendPhoto", self._send_file)
        self.server.add("POST", "/bot{token}/sendDocument", self._send_file)
        self.server.add("GET", "/bot{token}/getFile", self._get_file)
        self.server.add("GET", "/file/bot{token}/{path:.*}", self._file)

    @property
    def url(self) -> str:
        return self.server.url

    # --- customers ----------------------------------------------------------------------------------------------

    def update(self, chat: int, **message: Any) -> dict[str, Any]:
        """Return an update as Telegram writes it."""
        number = next(self._numbers)
        self.started.add(str(chat))
        who = {"id": chat, "is_bot": False, "first_name": "Ann", "last_name": "Lee", "language_code": "th-TH"}
        where = {"id": chat, "type": "private", "first_name": "Ann", "last_name": "Lee"}
        said = {"message_id": number, "from": who, "chat": where, "date": int(time.time()), **message}
        return {"update_id": number, "message": said}

    async def say(self, chat: int | str, text: str) -> int:
        return await self.post(self.update(int(chat), text=text))

    async def picture(self, chat: int | str, media_type: str, content: bytes) -> int:
        """A customer sends a picture, which Telegram keeps."""
        number = f"AgACAgQAAx{next(self._numbers)}"
        self.files[number] = (media_type, content)
        return await self.post(self.update(int(chat), photo=[{"file_id": number, "width": 90, "height": 90}]))

    async def follow(self, chat: int, *, on: bool) -> int:
        """A customer stops the bot, or starts it again."""
        (self.stopped.discard if on else self.stopped.add)(str(chat))
        where, number = {"id": chat, "type": "private", "first_name": "Ann"}, next(self._numbers)
        us = {"id": 110_201_543, "is_bot": True, "first_name": "Bot"}
        member = {
            "chat": where,
            "from": {"id": chat, "is_bot": False, "first_name": "Ann"},
            "date": int(time.time()),
            "new_chat_member": {"status": "member" if on else "kicked", "user": us},
        }
        return await self.post({"update_id": number, "my_chat_member": member})

    async def post(self, update: dict[str, Any], *, secret: str | None = None) -> int:
        """Post an update; return what was answered."""
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.secret if secret is None else secret}
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.callback, json=update, headers=headers) as told,
        ):
            self.statuses.append(told.status)
            del self.statuses[:-KEPT_MAX]
            return told.status

    # --- the interface ------------------------------------------------------------------------------------------

    async def _send_file(self, request: web.Request) -> web.Response:
        """A photo must be one; a document may be anything. It is shown by its name."""
        if request.match_info["token"] != self.token:
            return _error(401, "Unauthorized")
        form, kind = await request.post(), request.path.rpartition("send")[2].lower()
        file = form.get(kind)
        if not isinstance(file, web.FileField):
            return _error(400, f"Bad Request: there is no {kind} in the request")
        content = file.file.read()
        if kind == "photo" and not content.startswith((b"\xff\xd8\xff", b"\x89PNG")):
            return _error(400, "Bad Request: IMAGE_PROCESS_FAILED")
        self.shown.append((str(form["chat_id"]), file.filename, content))
        del self.shown[:-FILES_KEPT_MAX]
        return self._said(str(form["chat_id"]), f"[{file.filename}]")

    async def _send(self, request: web.Request) -> web.Response:
        if request.match_info["token"] != self.token:
            return _error(401, "Unauthorized")
        said = await request.json()
        return self._said(str(said["chat_id"]), said["text"])

    def _said(self, chat: str, text: str) -> web.Response:
        if chat in self.stopped:
            return _error(403, "Forbidden: bot was blocked by the user")
        if chat not in self.started:
            return _error(400, "Bad Request: chat not found")
        if not text or len(text.encode("utf-16-le")) // 2 > TEXT_UNITS_MAX:
            return _error(400, "Bad Request: message is too long")
        number = next(self._numbers)
        heard = self.heard.setdefault(chat, [])
        heard.append(text)
        del heard[:-KEPT_MAX]
        self.on_said(chat, text, str(number))
        result = {"message_id": number, "chat": {"id": int(chat), "type": "private"}, "text": text}
        return web.json_response({"ok": True, "result": result})

    async def _get_file(self, request: web.Request) -> web.Response:
        number = request.query.get("file_id", "")
        if request.match_info["token"] != self.token or number not in self.files:
            return _error(400, "Bad Request: invalid file_id")
        return web.json_response({"ok": True, "result": {"file_id": number, "file_path": f"documents/{number}.bin"}})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        number = request.match_info["path"].removeprefix("documents/").removesuffix(".bin")
        if request.match_info["token"] != self.token or number not in self.files:
            return _error(404, "Not Found")
        kind, content = self.files[number]
        return web.Response(body=content, content_type=kind)


def _error(status: int, words: str) -> web.Response:
    return web.json_response({"ok": False, "error_code": status, "description": words}, status=status)
