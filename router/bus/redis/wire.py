"""One connection to Redis: pipelines and pushed messages as plain values. No retries, no knowledge of what is said."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from typing import Protocol

from redis.exceptions import BusyLoadingError, ReadOnlyError, RedisError, ResponseError

Word = bytes | str | int
Command = tuple[Word, ...]
Reply = object
# Replies that say that this server is not the one to talk to now: a replica, or one that reads its files.
ELSEWHERE: tuple[type[RedisError], ...] = (ReadOnlyError, BusyLoadingError)


class WireLost(Exception):
    """The connection failed; whether what was sent arrived is unknown. Its text is a kind of error and nothing else."""


class Refusal(Exception):
    """Redis refused one command. `code` is the first word of its reply; the rest may repeat what we sent."""

    def __init__(self, code: str, *, stale: bool) -> None:
        super().__init__(code)
        self.code = code
        self.stale = stale


class RawConnection(Protocol):
    """What we use of the package's connection."""

    async def connect(self) -> None: ...

    def pack_commands(self, commands: Iterable[Command]) -> list[bytes]: ...

    async def send_packed_command(self, command: list[bytes], check_health: bool = ...) -> None: ...

    async def read_response(self) -> Reply: ...

    async def disconnect(self, nowait: bool = ...) -> None: ...


def lost(error: BaseException) -> WireLost:
    """Return what a failure is called. Its words may hold an address or a password, so they are left out."""
    return WireLost(type(error).__name__)


def refused(error: ResponseError) -> Refusal:
    """Return a refusal without its words. An id that is too small is the one whose kind we must know."""
    words = str(error)
    return Refusal((words.split() or [""])[0][:32], stale="equal or smaller" in words)


class Wire:
    """A connection in use by one task at a time; a second one may send while the first reads pushed messages.

    The time-outs are here and not in the package: there each reply has its own, and a cancelled write may go on.
    """

    def __init__(self, raw: RawConnection, patience_ms: int) -> None:
        self._raw = raw
        self._patience_s = patience_ms / 1_000

    async def open(self) -> None:
        """Connect and sign in."""
        try:
            async with asyncio.timeout(self._patience_s):
                await self._raw.connect()
        except (RedisError, OSError, ValueError) as error:
            raise lost(error) from None

    async def run(self, commands: Sequence[Command]) -> list[Reply]:
        """Send all in one go and return a reply for each; a refused one is a `Refusal` in its place."""
        try:
            async with asyncio.timeout(self._patience_s):
                await self._raw.send_packed_command(self._raw.pack_commands(commands), check_health=False)
                return [await self._reply() for _ in commands]
        except (RedisError, OSError) as error:
            raise lost(error) from None

    async def one(self, *command: Word) -> Reply:
        """Send one command and return its reply. A refusal is raised as a lost connection."""
        (reply,) = await self.run([command])
        if isinstance(reply, Refusal):
            raise WireLost(reply.code)
        return reply

    async def send(self, commands: Sequence[Command]) -> None:
        """Send without reading."""
        try:
            async with asyncio.timeout(self._patience_s):
                await self._raw.send_packed_command(self._raw.pack_commands(commands), check_health=False)
        except (RedisError, OSError) as error:
            raise lost(error) from None

    async def pushed(self) -> Reply:
        """Return the next pushed message. Raises WireLost when none comes for too long."""
        try:
            async with asyncio.timeout(self._patience_s):
                return await self._raw.read_response()
        except (RedisError, OSError) as error:
            raise lost(error) from None

    async def close(self) -> None:
        """Close without waiting for the other side."""
        with contextlib.suppress(RedisError, OSError):
            await self._raw.disconnect(nowait=True)

    async def _reply(self) -> Reply:
        try:
            return await self._raw.read_response()
        except ELSEWHERE:
            raise
        except ResponseError as error:
            return refused(error)
