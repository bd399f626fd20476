"""Files of a chat: one is uploaded as a message of its own, and any is fetched by a link for one visitor only."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from urllib.parse import urlencode

from aiohttp import web

from channels.chat.conversation import line_of, said_by
from channels.chat.sessions import Visitor, unseal
from channels.contract import Attachment, Door, LetterboxClosed
from router.intake.rates import Buckets
from router.site.ranges import headers_of, part_of

# Pictures of a telephone and papers of an office; what is larger belongs in a mail.
FILE_BYTES_MAX = 10 * 1024 * 1024
# Ten megabytes by a telephone's line of 1 Mbit/s.
FILE_S_MAX = 90.0
FILES_A_MINUTE, MINUTE_MS = 10, 60_000
NAME_CHARS_MAX = 500
_MARK_CHARS = 32
_CLIENT = re.compile(r"[A-Za-z0-9_-]{8,64}")
_PLACE = re.compile(r"([0-9]{1,16})-([0-9]{1,3})")


class Exchange:
    """All chats' files on this node."""

    def __init__(
        self, door: Door, may_come: Callable[[str, web.Request], bool], said: Callable[[Visitor], None]
    ) -> None:
        self._door = door
        self._may_come = may_come
        self._said = said
        self._sessions = door.secret("sessions")
        self._links = door.secret("file links")
        self._rates = Buckets(FILES_A_MINUTE, MINUTE_MS)

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """Take a file as a message. A repeat under the same id is the same message."""
        now_ms = self._door.now_ms()
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        visitor = unseal(self._sessions, token, now_ms)
        if visitor is None:
            return _refused(401, "token", "Begin a session first.")
        if not self._may_come(visitor.site, request):
            return _refused(403, "origin", "This page may not send files.")
        client, name = request.query.get("client_msg_id", ""), request.query.get("name", "")
        if request.content_type != "application/octet-stream" or not _CLIENT.fullmatch(client):
            return _refused(400, "bad_request", "Post the file itself, with client_msg_id and name in the address.")
        if not self._rates.take(visitor.id, now_ms):
            return _refused(429, "slow_down", "Too many files at once. Try again in a minute.")
        content = await request.read()
        if not content:
            return _refused(400, "empty", "This file is empty.")
        return await self._accept(visitor, client, _file(name, request.query.get("media_type", ""), content))

    async def _accept(self, visitor: Visitor, client: str, file: Attachment) -> web.StreamResponse:
        try:
            (accepted,) = await self._door.accept([said_by(visitor, client, files=(file,))])
        except LetterboxClosed:
            return _refused(503, "later", "It cannot be kept now. Try again.")
        self._said(visitor)
        return web.json_response({"client_msg_id": client, "letter": accepted.letter})

    def link(self, visitor: Visitor, message: int, number: int) -> str:
        """Return a file's address, which ends with the session and opens for no other visitor."""
        place = f"{message}-{number}"
        mark = self._mark(visitor.site, visitor.id, place, visitor.expires_ms)
        query = urlencode({"s": visitor.site, "v": visitor.id, "e": visitor.expires_ms, "t": mark})
        return f"files/{place}?{query}"

    def _mark(self, site: str, visitor: str, place: str, expires_ms: int) -> str:
        said = "\0".join((site, visitor, place, str(expires_ms))).encode()
        return hmac.digest(self._links, said, "sha256").hex()[:_MARK_CHARS]

    async def file(self, request: web.Request) -> web.StreamResponse:
        """Serve a file, or a range of it, in the same sandbox as at the desk."""
        place, query = request.match_info["file"], request.query
        site, visitor, expires = query.get("s", ""), query.get("v", ""), query.get("e", "")
        found = _PLACE.fullmatch(place)
        if not found or not (expires.isascii() and expires.isdigit() and len(expires) < 17):
            return _gone()
        mark = self._mark(site, visitor, place, int(expires))
        if not hmac.compare_digest(mark.encode(), query.get("t", "").encode()) or int(expires) <= self._door.now_ms():
            return _gone()
        try:
            line = line_of(Visitor(site=site, id=visitor, expires_ms=int(expires)))
            file = await self._door.file(line, int(found[1]), int(found[2]))
        except LetterboxClosed:
            return _refused(503, "later", "It cannot be read now. Try again.")
        return _served(file, request.headers.get("Range", "")) if file else _gone()


def _file(name: str, media_type: str, content: bytes) -> Attachment:
    return Attachment(name=name[:NAME_CHARS_MAX], media_type=media_type[:100], size_bytes=len(content), content=content)


def _served(file: Attachment, asked: str) -> web.StreamResponse:
    size_bytes = len(file.content)
    headers = headers_of(file.name, file.media_type, "", download=False)
    del headers["ETag"]
    part = part_of(asked, size_bytes)
    if part is None:
        return web.Response(status=416, headers={**headers, "Content-Range": f"bytes */{size_bytes}"})
    first, length = part
    if length == size_bytes:
        return web.Response(body=file.content, headers=headers)
    told = {**headers, "Content-Range": f"bytes {first}-{first + length - 1}/{size_bytes}"}
    return web.Response(status=206, body=file.content[first : first + length], headers=told)


def _gone() -> web.Response:
    return _refused(404, "not_found", "There is no such file, or its link has run out.")


def _refused(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status)
