"""Routes of files: uploads for a reply, and each file to whoever may see its conversation."""

from __future__ import annotations

import hashlib

from aiohttp import web

from dashboard.errors import ApiError
from dashboard.parts import Parts
from dashboard.requests import FILES_MAX, FileQuery, Nothing, UploadQuery
from dashboard.routes import Call, Route
from dashboard.shapes import FileShape
from dashboard.stories import shape_of
from router.intake.rates import Buckets
from router.site.filekinds import kind_of, safe_name
from router.site.files import FILE_BYTES_MAX, owner_of
from router.site.ranges import headers_of, part_of
from router.store.filerows import KEPT, FileRow
from router.store.port import ConversationRow

# What a person sends in a minute, and what a node holds in memory at once: a quarter of a gigabyte.
UPLOADS_A_MINUTE, MINUTE_MS = 30, 60_000
UPLOADS_AT_ONCE = 10
MARK_CHARS = 16


class FileRoutes:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._out = parts, parts.out
        self._rates = Buckets(UPLOADS_A_MINUTE, MINUTE_MS)
        self._running = 0

    async def _row(self, call: Call) -> ConversationRow:
        return await self._parts.places.row(call.caller.account, call.part("ref"))

    async def upload(self, call: Call) -> FileShape:
        """Keep a file for a reply of mine. Its type is what its content says."""
        row = await self._row(call)
        if row.owner != call.me:
            raise ApiError("not_yours")
        if not call.body:
            raise ApiError("file_empty")
        if not self._rates.take(call.me, self._out.now_ms()) or self._running >= UPLOADS_AT_ONCE:
            raise ApiError("too_many", retry_after_s=5)
        ref = call.part("ref")
        if len(await self._parts.staging.of(call.me, ref)) >= FILES_MAX:
            raise ApiError("files_too_many")
        self._running += 1
        try:
            file = await self._kept(call, row)
        finally:
            self._running -= 1
        staged = await self._parts.staging.add(call.me, ref, file)
        return shape_of(staged.id, staged.file)

    async def _kept(self, call: Call, row: ConversationRow) -> FileRow:
        line = await self._out.store.archive.line(self._out.floor.site, row.line)
        if line is None:
            raise ApiError("not_visible")
        name = await self._out.files.keep(owner_of(line.channel, line.key), call.body)
        return FileRow(
            name=safe_name(call.ask.name),
            media_type=kind_of(call.body, call.ask.media_type),
            size_bytes=len(call.body),
            file=name,
        )

    async def staged(self, call: Call) -> list[FileShape]:
        await self._row(call)
        return [shape_of(each.id, each.file) for each in await self._parts.staging.of(call.me, call.part("ref"))]

    async def drop(self, call: Call) -> None:
        await self._row(call)
        await self._parts.staging.drop(call.me, call.part("ref"), [call.part("file")])

    async def file(self, call: Call) -> web.StreamResponse:
        """Serve a file, or the part that is asked for. What may not be seen is not there."""
        row = await self._row(call)
        file = await self._parts.attaching.find(call.me, row, call.part("file"))
        size_bytes = await self._out.files.size(file.file) if file and file.state == KEPT else None
        if file is None or size_bytes is None:
            raise ApiError("not_found")
        # A print of its name: the name itself opens the file in every store there may be.
        mark = hashlib.sha256(file.file.encode()).hexdigest()[:MARK_CHARS]
        headers = headers_of(file.name, file.media_type, mark, download=call.ask.download)
        if call.http.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
        return await self._part(call, file, size_bytes, headers)

    async def _part(self, call: Call, file: FileRow, size_bytes: int, headers: dict[str, str]) -> web.StreamResponse:
        asked = call.http.headers.get("Range", "")
        part = part_of(asked, size_bytes)
        if part is None:
            return web.Response(status=416, headers={**headers, "Content-Range": f"bytes */{size_bytes}"})
        first, length = part
        content = await self._out.files.read(file.file, first=first, length=length)
        if content is None:
            raise ApiError("not_found")
        if length == size_bytes:
            return web.Response(body=content, headers=headers)
        told = {**headers, "Content-Range": f"bytes {first}-{first + length - 1}/{size_bytes}"}
        return web.Response(status=206, body=content, headers=told)


def routes(parts: Parts) -> list[Route]:
    """Return the routes of this file."""
    files = FileRoutes(parts)
    return [
        Route(
            method="POST", path="/conversations/{ref}/files", summary="Upload a file for a reply", raw=True,
            ask=UploadQuery, answers=FileShape, handler=files.upload, refusals=True, body_bytes_max=FILE_BYTES_MAX,
        ),
        Route(
            method="GET", path="/conversations/{ref}/files", summary="My uploads that are not sent yet",
            answers=list[FileShape], handler=files.staged,
        ),
        Route(
            method="GET", path="/conversations/{ref}/files/{file}", summary="A file, or a range of it", raw=True,
            ask=FileQuery, answers=None, handler=files.file,
        ),
        Route(
            method="DELETE", path="/conversations/{ref}/files/{file}", summary="Forget an upload",
            ask=Nothing, answers=None, handler=files.drop,
        ),
    ]  # fmt: skip


__all__ = ["FileRoutes", "routes"]
