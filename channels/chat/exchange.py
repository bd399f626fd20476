"""Files of a chat: one is uploaded as a message of its own, and any is fetched by a link for one visitor only."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from urllib.parse import urlencode

from aiohttp import web

from channels import uploads
from channels.chat.conversation import line_of, said_by
from channels.chat.sessions import Visitor, unseal
from channels.contract import Attachment, Door, LetterboxClosed
from router.intake.rates import Buckets

_MARK_CHARS = 32


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
        self._rates = Buckets(uploads.FILES_A_MINUTE, uploads.MINUTE_MS)

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """Take a file as a message. A repeat under the same id is the same message."""
        now_ms = self._door.now_ms()
        visitor = unseal(self._sessions, uploads.token_of(request), now_ms)
        if visitor is None:
            return uploads.refused(401, "token", "Begin a session first.")
        if not self._may_come(visitor.site, request):
            return uploads.refused(403, "origin", "This page may not send files.")
        client = uploads.client_of(request)
        if not client:
            return uploads.not_a_file()
        if not self._rates.take(visitor.id, now_ms):
            return uploads.too_many()
        file = await uploads.file_of(request)
        return await self._accept(visitor, client, file) if file else uploads.empty()

    async def _accept(self, visitor: Visitor, client: str, file: Attachment) -> web.StreamResponse:
        try:
            (accepted,) = await self._door.accept([said_by(visitor, client, files=(file,))])
        except LetterboxClosed:
            return uploads.later()
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
        found = uploads.PLACE.fullmatch(place)
        if not found or not (expires.isascii() and expires.isdigit() and len(expires) < 17):
            return uploads.gone()
        mark = self._mark(site, visitor, place, int(expires))
        if not hmac.compare_digest(mark.encode(), query.get("t", "").encode()) or int(expires) <= self._door.now_ms():
            return uploads.gone()
        try:
            line = line_of(Visitor(site=site, id=visitor, expires_ms=int(expires)))
            file = await self._door.file(line, int(found[1]), int(found[2]))
        except LetterboxClosed:
            return uploads.later()
        return uploads.served(file, request.headers.get("Range", "")) if file else uploads.gone()
