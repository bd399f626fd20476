"""A network between two programs that can be cut: what is connected breaks, who connects fails. No test lives here."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

CHUNK_BYTES = 64 * 1024


class Wire:
    """Passes bytes to a port. `cut` breaks what is connected; while `away`, who connects is hung up on."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.away = False
        self.cuts = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.away:
            writer.transport.abort()
            return
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._to_port)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, there_writer}
        ways = [asyncio.create_task(_pass(*way)) for way in ((reader, there_writer), (there_reader, writer))]
        self._tasks |= set(ways)
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for each in (writer, there_writer):
            each.transport.abort()
            self._writers.discard(each)
        await asyncio.gather(*ways, return_exceptions=True)
        self._tasks -= set(ways)

    def cut(self) -> None:
        """Break all that is connected, in the middle of whatever they say."""
        self.cuts += len(self._writers)
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def end(self) -> None:
        self.away = True
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK_BYTES):
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def wire(to_port: int) -> AsyncIterator[Wire]:
    made = Wire(to_port)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await made.end()
        await server.wait_closed()
