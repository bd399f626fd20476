"""Connections to the database: bounded, timed, and made anew in this one place. Knows no table.

Every writing is one statement, so a transaction never waits for us. A reading that met a dead connection is asked once
more on a new one; a writing never is, because nobody knows whether it was done.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeVar

from router.store.port import StoreError, StoreUnavailable
from router.store.postgresql.errors import DRIVER_ERRORS, GONE, convert, convert_write, is_lost, is_trouble

WAITING_MAX = 10_000
"""Callers that wait for a connection. Beyond it they are told to come back; intake has the letterbox's own answer."""

WAIT_S = 5.0
"""For a free connection: as long as a desk waits for an answer before it says so."""

BACK_OFF_S, BACK_OFF_S_MAX = 0.05, 1.0
"""After a connection was refused nobody knocks for so long, twice as long each time: a node must see within a second
that the database is back, and a thousand callers must not knock a thousand times."""

TROUBLE_S = 5.0
"""Who asks is told of a failed writing for so long after the last."""

Result = TypeVar("Result")
Value = object
Row = Sequence[Any]


class Connection(Protocol):
    """What we use of the driver's connection."""

    async def execute(self, statement: str, *values: Value) -> str: ...

    async def fetch(self, statement: str, *values: Value) -> list[Row]: ...

    async def fetchval(self, statement: str, *values: Value) -> Any: ...

    def transaction(self, *, isolation: str | None = None, readonly: bool = False) -> Any: ...

    def cursor(self, statement: str, *values: Value, prefetch: int | None = None) -> Any: ...

    async def close(self) -> None: ...

    def terminate(self) -> None: ...

    def is_closed(self) -> bool: ...


class Runs(Protocol):
    """Where statements are run: on any free connection, each durable by itself, or all in one transaction."""

    async def read(self, statement: str, *values: Value) -> list[Row]: ...

    async def write(self, statement: str, *values: Value) -> list[Row]: ...


class Transaction:
    """One connection in the middle of a transaction."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def read(self, statement: str, *values: Value) -> list[Row]:
        """Return the rows of a statement that writes nothing."""
        return await self._conn.fetch(statement, *values)

    async def write(self, statement: str, *values: Value) -> list[Row]:
        """Do one statement; it holds when the transaction does."""
        return await self._conn.fetch(statement, *values)


class Connections:
    """At most `size` connections, each used by one caller at a time."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], size: int) -> None:
        self._open = connect
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()
        self._room = asyncio.Semaphore(size)
        self._waiting = 0
        self._closed = False
        self._back_off_s = 0.0
        self._not_before_s = 0.0
        self._why = GONE
        self._failed = (-TROUBLE_S, "")

    @property
    def trouble(self) -> str:
        """Why something could not be written in the last seconds, empty when all was. A sentence without details."""
        failed_s, sentence = self._failed
        return sentence if time.monotonic() - failed_s < TROUBLE_S else ""

    async def read(self, statement: str, *values: Value) -> list[Row]:
        """Return the rows of a statement that writes nothing."""
        for last in (False, True):
            conn = await self._take()
            fault: StoreError | None = None
            try:
                return await conn.fetch(statement, *values)
            except DRIVER_ERRORS as error:
                self._look_at(conn, error)
                once_more = is_lost(error) and not isinstance(error, TimeoutError) and not last
                if not once_more:
                    fault = convert(error)
            except asyncio.CancelledError as gone:
                self._look_at(conn, gone)
                raise
            finally:
                self._give_back(conn)
            if fault is not None:
                raise fault
        raise StoreUnavailable(GONE)

    async def write(self, statement: str, *values: Value) -> list[Row]:
        """Do one statement, durably, and return its rows. Raises StoreError when its outcome is unknown."""
        try:
            conn = await self._take()
        except StoreError as refused:
            self._note(refused)
            raise
        try:
            return await conn.fetch(statement, *values)
        except DRIVER_ERRORS as error:
            self._look_at(conn, error)
            fault = convert_write(error)
        except asyncio.CancelledError as gone:
            self._look_at(conn, gone)
            raise
        finally:
            self._give_back(conn)
        self._note(fault)
        raise fault

    async def transact(self, work: Callable[[Runs], Awaitable[Result]]) -> Result:
        """Do several statements in one transaction, for what is rare: a node that is paused in it holds its locks."""
        conn = await self._take()
        try:
            async with conn.transaction():
                return await work(Transaction(conn))
        except DRIVER_ERRORS as error:
            self._look_at(conn, error)
            fault = convert_write(error)
        except asyncio.CancelledError as gone:
            self._look_at(conn, gone)
            raise
        finally:
            self._give_back(conn)
        self._note(fault)
        raise fault

    async def close(self) -> None:
        """Close what is idle and break off what is under way. Calling it twice changes nothing."""
        self._closed = True
        idle, self._idle = self._idle, []
        for conn in idle:
            try:
                await asyncio.wait_for(conn.close(), WAIT_S)
            except DRIVER_ERRORS:
                conn.terminate()
        for conn in tuple(self._busy):
            conn.terminate()

    async def _take(self) -> Connection:
        if self._closed:
            raise StoreUnavailable("the store is closed")
        if self._room.locked():
            await self._wait_for_room()
        else:
            await self._room.acquire()
        try:
            conn = self._idle_one() or await self._connect()
        except BaseException:
            self._room.release()
            raise
        self._busy.add(conn)
        return conn

    async def _wait_for_room(self) -> None:
        if self._waiting >= WAITING_MAX:
            raise StoreUnavailable("too many wait for the database")
        self._waiting += 1
        try:
            async with asyncio.timeout(WAIT_S):
                await self._room.acquire()
        except TimeoutError:
            raise StoreUnavailable("all connections to the database are busy") from None
        finally:
            self._waiting -= 1

    def _idle_one(self) -> Connection | None:
        while self._idle:
            conn = self._idle.pop()
            if not conn.is_closed():
                return conn
        return None

    async def _connect(self) -> Connection:
        if time.monotonic() < self._not_before_s:
            raise StoreUnavailable(self._why)
        try:
            conn = await self._open()
        except (*DRIVER_ERRORS, StoreError) as error:
            fault = convert(error)
        else:
            self._back_off_s = 0.0
            return conn
        self._back_off_s = min(max(2 * self._back_off_s, BACK_OFF_S), BACK_OFF_S_MAX)
        self._not_before_s = time.monotonic() + self._back_off_s
        self._why = str(fault)
        raise fault

    def _look_at(self, conn: Connection, error: BaseException) -> None:
        """A connection that broke is not used again, nor one whose caller went away: the cancelling may come late."""
        if isinstance(error, asyncio.CancelledError) or is_lost(error):
            conn.terminate()

    def _give_back(self, conn: Connection) -> None:
        self._busy.discard(conn)
        if self._closed:
            conn.terminate()
        elif not conn.is_closed():
            self._idle.append(conn)
        self._room.release()

    def _note(self, fault: StoreError) -> None:
        if is_trouble(fault):
            self._failed = (time.monotonic(), str(fault))
