"""An e-mail channel that reads a folder of a real Dovecot, with a door in memory; a line that can be cut. No test."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from channels import email
from tests.channels.door import MemoryDoor
from tests.providers.dovecot import PASSWORD, Dovecot

USER = "support@example.com"
SECRETS = {"IMAP_PASSWORD": PASSWORD}
WAIT_S_MAX = 60.0


def settings_of(server: Dovecot, **changes: Any) -> email.Settings:
    given = {
        "address": USER,
        "imap_host": "localhost",
        "imap_port": server.imaps_port,
        "imap_ca_file": str(server.cert),
        "imap_user": USER,
        "imap_password_env": "IMAP_PASSWORD",
        "imap_begin": "all",
    }
    return email.Settings(**{**given, **changes})


def mail(number: int, text: str = "", **headers: str) -> bytes:
    """Return a mail of a customer's."""
    more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"From: ann{number}@example.org\r\nTo: {USER}\r\nSubject: question {number}\r\n"
    return f"{head}Message-ID: <m{number}@example.org>\r\n{more}\r\n{text or f'words {number}'}\r\n".encode()


def door_of_now() -> MemoryDoor:
    """Return a door whose clock is the mail server's."""
    return MemoryDoor(at_ms=time.time_ns() // 1_000_000)


async def until(holds: Callable[[], bool | Awaitable[bool]], what: str = "") -> None:
    """Wait until something holds."""
    end = asyncio.get_running_loop().time() + WAIT_S_MAX
    while asyncio.get_running_loop().time() < end:
        found = holds()
        if found is True or (not isinstance(found, bool) and await found):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"did not come true: {what}")


def texts(door: MemoryDoor) -> list[str]:
    return [message.text for message in door.messages]


async def has(door: MemoryDoor, *wanted: str) -> None:
    """Wait until just these texts were taken, in this order."""
    await until(lambda: texts(door) == list(wanted), f"{wanted}, but {texts(door)}, {door.troubles}")


@asynccontextmanager
async def reading(server: Dovecot, door: MemoryDoor, **changes: Any) -> AsyncIterator[email.Email]:
    """Let a channel read, until it is killed: nothing is said to the server at the end."""
    environment = changes.pop("environment", SECRETS)
    channel = email.build(settings_of(server, **changes), door, environment)
    task = asyncio.create_task(channel.listen())
    try:
        yield channel
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@dataclass
class Proxy:
    """A line to a port: it can be cut, be silent, or be cut after so many bytes of the server's."""

    to_port: int
    silent: bool = False
    cut_after_bytes: int = -1
    port: int = 0
    opened: int = 0
    _ends: list[asyncio.StreamWriter] = field(default_factory=list)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Proxy]:
        server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()
            await server.wait_closed()
            await asyncio.sleep(0)

    def cut(self) -> None:
        """Cut every line."""
        for end in self._ends:
            end.transport.abort()
        self._ends.clear()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        self._ends.append(writer)
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.to_port)
        except OSError:
            writer.transport.abort()
            return
        self._ends.append(back)
        await asyncio.gather(self._carry(reader, back, counted=False), self._carry(there, writer, counted=True))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counted: bool) -> None:
        carried = 0
        with suppress(OSError):
            while data := await reader.read(4_096):
                carried += len(data)
                if counted and 0 <= self.cut_after_bytes < carried:
                    self.cut()
                if not self.silent:
                    writer.write(data)
                    await writer.drain()
        writer.transport.abort()
