"""Files that the provider comes to fetch: lent for a while under an address nobody can guess. Memory only, bounded."""

from __future__ import annotations

import hmac
from collections import OrderedDict
from collections.abc import Sequence

import msgspec
from aiohttp import web

from channels.contract import Attachment

# The provider fetches while it takes the message; a quarter of an hour covers its own retries.
LENT_MS = 15 * 60_000
# Beyond so much the oldest goes first: thirty-two messages are sent at once, each with 5 MB at the most.
LENT_BYTES_MAX = 160 * 1024 * 1024
# What Twilio takes of a message: ten files, 5 MB together.
FILES_MAX, FILE_BYTES_MAX = 10, 5 * 1024 * 1024


class Lent(msgspec.Struct, frozen=True, kw_only=True):
    """One file on loan."""

    file: Attachment
    until_ms: int


class Lending:
    """What is lent by this node."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._lent: OrderedDict[str, Lent] = OrderedDict()
        self._bytes = 0

    def lend(self, files: Sequence[Attachment], key: str, now_ms: int) -> list[str]:
        """Lend the files of an effect and return their names; a repeat gives the same names."""
        names = []
        for number, file in enumerate(files):
            name = hmac.digest(self._secret, f"{key}\0{number}".encode(), "sha256").hex()[:40]
            self._drop(name)
            self._lent[name] = Lent(file=file, until_ms=now_ms + LENT_MS)
            self._bytes += len(file.content)
            names.append(name)
        while self._lent and (self._bytes > LENT_BYTES_MAX or next(iter(self._lent.values())).until_ms < now_ms):
            self._drop(next(iter(self._lent)))
        return names

    def answer(self, name: str, now_ms: int) -> web.Response:
        """Give a file to whoever knows its name."""
        lent = self._lent.get(name)
        if lent is None or lent.until_ms < now_ms:
            raise web.HTTPNotFound(text="There is no such file.")
        headers = {
            "X-Content-Type-Options": "nosniff",
            "Content-Disposition": "attachment",
            "Cache-Control": "no-store",
        }
        return web.Response(body=lent.file.content, content_type=_plain(lent.file.media_type), headers=headers)

    def _drop(self, name: str) -> None:
        lent = self._lent.pop(name, None)
        self._bytes -= len(lent.file.content) if lent else 0


def _plain(kind: str) -> str:
    kind = kind.partition(";")[0].strip().lower()
    known = (
        kind.isascii() and kind.count("/") == 1 and kind.replace("/", "").replace("-", "").replace("+", "").isalnum()
    )
    return kind if known else "application/octet-stream"
