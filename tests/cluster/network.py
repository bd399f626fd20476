"""TCP links on which things go wrong: cut, stalled, slow, deaf, half open, healed. What they carry is not looked at."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field

CHUNK_BYTES = 1 << 16
# A target that is down shall be noticed by the caller at once, as it would be without us.
CONNECT_S_MAX = 2.0
STOP_S_MAX = 5.0


@dataclass(slots=True, eq=False)
class Connection:
    """One connection and its two halves. `lost`: dead, and neither side is told; `torn`: bytes are missing."""

    client: asyncio.StreamWriter
    target: asyncio.StreamWriter
    lost: bool = False
    torn: bool = False

    def abort(self) -> None:
        """End both halves at once."""
        for side in (self.client, self.target):
            side.transport.abort()


@dataclass(slots=True, eq=False)
class FaultyLink:
    """A port that leads to another one. Faults hold until `heal`; they can be combined."""

    target_port: int
    port: int = 0
    host: str = "127.0.0.1"
    delay_s: float = 0.0
    is_cut: bool = False
    is_deaf: bool = False
    bytes_through: int = 0
    _flowing: asyncio.Event = field(default_factory=asyncio.Event)
    _connections: set[Connection] = field(default_factory=set)
    _pumps: set[asyncio.Task[None]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen, on a port of the system's choice where none is given."""
        self._flowing.set()
        self._server = await asyncio.start_server(self._connected, self.host, self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """End everything."""
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._connections):
            connection.abort()
        for pump in tuple(self._pumps):
            pump.cancel()
        if self._pumps:
            await asyncio.wait(self._pumps, timeout=STOP_S_MAX)
        for connection in tuple(self._connections):
            for side in (connection.client, connection.target):
                with contextlib.suppress(OSError):
                    await side.wait_closed()

    # --- faults -----------------------------------------------------------------------------------------------------

    def cut(self) -> None:
        """Reset what is connected and refuse everybody."""
        self.is_cut = True
        self._reset()

    def reset(self) -> None:
        """Reset what is connected; who comes again is served."""
        self._reset()

    def stall(self) -> None:
        """Carry nothing and lose nothing: after `heal` all of it arrives."""
        self._flowing.clear()

    def delay(self, seconds: float) -> None:
        """Carry each piece later by so much, both ways."""
        self.delay_s = seconds

    def deafen(self) -> None:
        """Carry what the client says and lose what it is answered. `heal` resets these connections."""
        self.is_deaf = True

    def half_open(self) -> None:
        """Lose all that is connected now without telling either side, for ever; who comes again is served."""
        for connection in self._connections:
            connection.lost = True

    def heal(self) -> None:
        """Carry everything again."""
        self.is_cut, self.is_deaf, self.delay_s = False, False, 0.0
        for connection in tuple(self._connections):
            if connection.torn:
                connection.abort()
        self._flowing.set()

    @property
    def connected(self) -> int:
        """How many connections there are."""
        return len(self._connections)

    # --- carrying ---------------------------------------------------------------------------------------------------

    def _reset(self) -> None:
        for connection in tuple(self._connections):
            connection.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            writer.transport.abort()
            return
        try:
            async with asyncio.timeout(CONNECT_S_MAX):
                await self._flowing.wait()
                back, target = await asyncio.open_connection(self.host, self.target_port)
        except (OSError, TimeoutError):
            writer.transport.abort()
            return
        connection = Connection(writer, target)
        self._connections.add(connection)
        for source, sink, answers in ((reader, target, False), (back, writer, True)):
            pump = asyncio.create_task(self._pump(connection, source, sink, answers=answers))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _pump(
        self, connection: Connection, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        try:
            while piece := await source.read(CHUNK_BYTES):
                await self._flowing.wait()
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                if connection.lost:
                    continue
                if answers and (self.is_deaf or connection.torn):
                    connection.torn = True
                    continue
                sink.write(piece)
                await sink.drain()
                self.bytes_through += len(piece)
        except (OSError, asyncio.CancelledError):
            connection.abort()
        if not connection.lost:
            await self._close(connection, sink)

    async def _close(self, connection: Connection, sink: asyncio.StreamWriter) -> None:
        """One side has ended: the other one is told, after what was still under way."""
        await self._flowing.wait()
        self._connections.discard(connection)
        sink.close()
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await sink.wait_closed()
