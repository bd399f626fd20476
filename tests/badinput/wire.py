"""Raw lines to a server: HTTP, sockets and SMTP as bytes, so that nothing a library would mend is mended."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import struct
from dataclasses import dataclass
from typing import Self

ANSWER_S_MAX = 30.0
GONE = (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError)
READ_BYTES_MAX = 4 * 1024 * 1024
BODILESS = (204, 304)


@dataclass(frozen=True)
class Answer:
    """`status` 0: closed without a word; `raw` is everything that came."""

    status: int
    raw: bytes

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]


NO_ANSWER, SILENCE = Answer(0, b""), Answer(-1, b"no answer in time")


class Line:
    """A connection that is opened when it is needed, and again when a new request finds that the server has hung up."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return the connection, a new one where there is none. What has ended stays: its end is still to be read."""
        if self._reader is None or self._writer is None:
            opened = await asyncio.open_connection("127.0.0.1", self._port, limit=READ_BYTES_MAX)
            self._reader, self._writer = opened
        return self._reader, self._writer

    async def send(self, data: bytes) -> None:
        """Send what is there; that a server has hung up is heard when it is read."""
        _, writer = await self._open()
        if writer.is_closing():
            return
        with contextlib.suppress(*GONE):
            writer.write(data)
            async with asyncio.timeout(ANSWER_S_MAX):
                await writer.drain()

    async def read_exactly(self, count: int) -> bytes:
        """Return so many bytes; fewer when the server has hung up."""
        reader, _ = await self._open()
        try:
            return await reader.readexactly(count)
        except asyncio.IncompleteReadError as cut:
            return cut.partial
        except ConnectionError:
            return b""

    async def ask(self, request: bytes, *, bodiless: bool = False) -> Answer:
        """Send a request and read one answer of HTTP. A kept connection may have ended: then on a new one."""
        kept = self._reader is not None
        answer = await self._asked(request, bodiless=bodiless)
        if kept and not answer.raw:
            answer = await self._asked(request, bodiless=bodiless)
        return answer

    async def _asked(self, request: bytes, *, bodiless: bool) -> Answer:
        await self.send(request)
        reader, _ = await self._open()
        try:
            async with asyncio.timeout(ANSWER_S_MAX):
                answer = await _answer(reader, bodiless=bodiless)
        except TimeoutError:
            answer = SILENCE
        except GONE:
            answer = NO_ANSWER
        if answer.status <= 0 or answer.raw.startswith(b"HTTP/1.0") or b"\r\nConnection: close" in answer.raw:
            self.close()
        return answer

    async def say_all(self, data: bytes, wait_s: float) -> bytes:
        """Send bytes; return what comes until the server hangs up, or for so long, and hang up."""
        await self.send(data)
        reader, _ = await self._open()
        heard = b""
        with contextlib.suppress(*GONE):
            async with asyncio.timeout(wait_s):
                while piece := await reader.read(65_536):
                    heard += piece
        self.close()
        return heard

    def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.transport.abort()
        self._reader = self._writer = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


async def _answer(reader: asyncio.StreamReader, *, bodiless: bool) -> Answer:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    if bodiless or status in BODILESS or status < 200:
        return Answer(status, head)
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line[15:])
    return Answer(status, head + (await reader.readexactly(length) if length else b""))


# --- web sockets -------------------------------------------------------------------------------------------

TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9
SMALL, MIDDLE = 126, 127


def frame(data: bytes, *, opcode: int = TEXT, head: int = 0x80, masked: bool = True, claims: int = -1) -> bytes:
    """Return a frame; `head` are its FIN and reserved bits, `claims` a length that is not its own."""
    size = len(data) if claims < 0 else claims
    mask_bit = 0x80 if masked else 0
    if size < SMALL:
        sized = bytes([mask_bit | size])
    elif size < 1 << 16:
        sized = bytes([mask_bit | SMALL]) + struct.pack(">H", size)
    else:
        sized = bytes([mask_bit | MIDDLE]) + struct.pack(">Q", size)
    if not masked:
        return bytes([head | opcode]) + sized + data
    # A mask of zeros is a mask: the bytes go as they are.
    return bytes([head | opcode]) + sized + b"\0\0\0\0" + data


def handshake(path: str, *, headers: str = "") -> bytes:
    """Return the request that opens a socket."""
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{headers}\r\n"
    ).encode("utf-8", "surrogateescape")


async def heard(line: Line) -> tuple[int, bytes]:
    """Return the next frame of the server as (opcode, data); opcode -1 when it has hung up."""
    first = await line.read_exactly(2)
    if len(first) < 2:
        return -1, b""
    size = first[1] & 0x7F
    if size == SMALL:
        size = int.from_bytes(await line.read_exactly(2))
    elif size == MIDDLE:
        size = int.from_bytes(await line.read_exactly(8))
    return first[0] & 0x0F, await line.read_exactly(size) if size else b""
