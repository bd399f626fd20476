"""Plays the WhatsApp Cloud API: address check, signed messages, the window, receipts, media. It has a memory."""

from __future__ import annotations

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

NUMBER_ID = "106540352242922"
TEXT_CHARS_MAX = 4_096
# A sandbox may run for days: what is older than so much is forgotten.
KEPT_MAX, FILES_KEPT_MAX = 2_000, 200


@dataclass
class WhatsAppPlatform:
    """The platform, for one business number."""

    secret: str = "app-secret"  # noqa: S105 - of nobody's account.
    verify: str = "the-word-entered-there"
    token: str = "EAAJB-the-token-of-tests"  # noqa: S105 - the same.
    callback: str = ""
    heard: dict[str, list[str]] = field(default_factory=dict)
    in_window: set[str] = field(default_factory=set)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    errors: list[tuple[int, int]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    # Told of each text that has reached a customer, with its id.
    on_said: Callable[[str, str, str], None] = lambda _to, _text, _id: None

    def __post_init__(self) -> None:
        self.server = FaultyServer()
        self._numbers = itertools.count(1)
        self.send = f"/v23.0/{NUMBER_ID}/messages"
        self.server.add("POST", self.send, self._messages)
        self.upload = f"/v23.0/{NUMBER_ID}/media"
        self.server.add("POST", self.upload, self._upload)
        self.server.add("GET", "/v23.0/{media}", self._media)
        self.server.add("GET", "/whatsapp_business/attachments/", self._file)

    @property
    def url(self) -> str:
        return self.server.url

    # --- customers ----------------------------------------------------------------------------------------------

    def message(self, number: str, kind: str = "text", **more: Any) -> dict[str, Any]:
        """Return a message as Meta writes it."""
        self.in_window.add(number)
        name, now = f"wamid.{next(self._numbers)}", str(int(time.time()))
        return {"from": number, "id": name, "timestamp": now, "type": kind, **more}

    def body(self, *messages: dict[str, Any], statuses: tuple[dict[str, Any], ...] = ()) -> bytes:
        """Return what is posted. Letters beyond ASCII are escaped, as Meta does."""
        value: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550000000", "phone_number_id": NUMBER_ID},
        }
        if messages:
            value["contacts"] = [{"profile": {"name": "Ann"}, "wa_id": messages[0]["from"]}]
            value["messages"] = list(messages)
        if statuses:
            value["statuses"] = list(statuses)
        changes = [{"value": value, "field": "messages"}]
        return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]}).encode()

    async def say(self, number: str, text: str) -> int:
        return await self.post(self.body(self.message(number, text={"body": text})))

    async def picture(self, number: str, media_type: str, content: bytes) -> int:
        """A customer sends a picture, which Meta keeps."""
        media = str(1_003_383_421_387_256 + next(self._numbers))
        self.files[media] = (media_type, content)
        image = {"id": media, "mime_type": media_type, "sha256": hashlib.sha256(content).hexdigest()}
        return await self.post(self.body(self.message(number, "image", image=image)))

    async def tell(self, number: str, wamid: str, status: str, **more: Any) -> int:
        """Tell what became of a message."""
        said = {"id": wamid, "status": status, "timestamp": str(int(time.time())), "recipient_id": number, **more}
        return await self.post(self.body(statuses=(said,)))

    async def post(self, body: bytes, *, signature: str | None = None) -> int:
        headers = self.headers(body)
        if signature is not None:
            headers["X-Hub-Signature-256"] = signature
        async with aiohttp.ClientSession() as session, session.post(self.callback, data=body, headers=headers) as told:
            self.statuses.append(told.status)
            del self.statuses[:-KEPT_MAX]
            return told.status

    def headers(self, body: bytes) -> dict[str, str]:
        """Return the headers of a post: its signature."""
        made = "sha256=" + hmac.digest(self.secret.encode(), body, hashlib.sha256).hex()
        return {"X-Hub-Signature-256": made, "Content-Type": "application/json"}

    async def check(self, word: str | None = None) -> tuple[int, str]:
        """Check the address, as when it is entered."""
        query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": word or self.verify}
        async with aiohttp.ClientSession() as session, session.get(self.callback, params=query) as told:
            return told.status, await told.text()

    # --- the interface ------------------------------------------------------------------------------------------

    async def _messages(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return _error(401, 190)
        if self.errors:
            return _error(*self.errors.pop(0))
        said = await request.json()
        text, to = self._shown(said), said["to"]
        if said.get("messaging_product") != "whatsapp" or not 0 < len(text) <= TEXT_CHARS_MAX:
            return _error(400, 100)
        if to not in self.in_window:
            return _error(400, 131047)
        heard = self.heard.setdefault(to, [])
        heard.append(text)
        del heard[:-KEPT_MAX]
        contacts = [{"input": to, "wa_id": to}]
        sent = [{"id": f"wamid.out{next(self._numbers)}"}]
        self.on_said(to, text, sent[0]["id"])
        return web.json_response({"messaging_product": "whatsapp", "contacts": contacts, "messages": sent})

    def _shown(self, said: dict[str, Any]) -> str:
        """Return what a customer sees: words, or a file by its name. Empty for what was never uploaded."""
        if said["type"] == "text":
            return str(said["text"]["body"])
        medium = said[said["type"]]
        return f"[{medium.get('filename', said['type'])}]" if medium["id"] in self.files else ""

    async def _upload(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return _error(401, 190)
        form = await request.post()
        file = form.get("file")
        if not isinstance(file, web.FileField) or form.get("messaging_product") != "whatsapp":
            return _error(400, 100)
        media = str(1_003_383_421_387_256 + next(self._numbers))
        self.files[media] = (str(form["type"]), file.file.read())
        while len(self.files) > FILES_KEPT_MAX:
            self.files.pop(next(iter(self.files)))
        return web.json_response({"id": media})

    async def _media(self, request: web.Request) -> web.Response:
        media = request.match_info["media"]
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return _error(401, 190)
        if media not in self.files:
            return _error(400, 100)
        url = f"{self.server.url}/whatsapp_business/attachments/?mid={media}"
        return web.json_response({"url": url, "mime_type": self.files[media][0], "id": media})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.Response(status=401)
        kind, content = self.files[request.query["mid"]]
        return web.Response(body=content, content_type=kind)


def _error(status: int, code: int) -> web.Response:
    error = {"message": f"(#{code}) told so", "type": "OAuthException", "code": code, "fbtrace_id": "A"}
    return web.json_response({"error": error}, status=status)
