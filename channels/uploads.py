"""Files between a customer's device and us by HTTP: read within limits, served in a sandbox. Whose, it does not say."""

from __future__ import annotations

import re

from aiohttp import web

from channels.contract import Attachment
from router.site.ranges import headers_of, part_of

# Pictures of a telephone and papers of an office; what is larger belongs in a mail.
FILE_BYTES_MAX = 10 * 1024 * 1024
# Ten megabytes by a telephone's line of 1 Mbit/s.
FILE_S_MAX = 90.0
FILES_A_MINUTE, MINUTE_MS = 10, 60_000
NAME_CHARS_MAX = 500
CLIENT = re.compile(r"[A-Za-z0-9_-]{8,64}")
PLACE = re.compile(r"([0-9]{1,16})-([0-9]{1,3})")


def token_of(request: web.Request) -> str:
    """Return what a device proves itself with."""
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def client_of(request: web.Request) -> str:
    """Return the device's name for what it sends, empty where the request is not the file itself under a name."""
    client = request.query.get("client_msg_id", "")
    return client if request.content_type == "application/octet-stream" and CLIENT.fullmatch(client) else ""


async def file_of(request: web.Request) -> Attachment | None:
    """Return the file that a request is, None for an empty one. Its kind is what the router finds in its content."""
    content = await request.read()
    name, media_type = request.query.get("name", ""), request.query.get("media_type", "")
    file = Attachment(name=name[:NAME_CHARS_MAX], media_type=media_type[:100], size_bytes=len(content), content=content)
    return file if content else None


def served(file: Attachment, asked: str) -> web.StreamResponse:
    """Serve a file, or a range of it, in the same sandbox as at the desk."""
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


def not_a_file() -> web.Response:
    return refused(400, "bad_request", "Post the file itself, with client_msg_id and name in the address.")


def too_many() -> web.Response:
    return refused(429, "slow_down", "Too many files at once. Try again in a minute.")


def empty() -> web.Response:
    return refused(400, "empty", "This file is empty.")


def gone() -> web.Response:
    return refused(404, "not_found", "There is no such file, or its link has run out.")


def later() -> web.Response:
    return refused(503, "later", "It cannot be done now. Try again.")


def refused(status: int, code: str, message: str) -> web.Response:
    """Say no in the form of our API."""
    return web.json_response({"error": {"code": code, "message": message}}, status=status)
