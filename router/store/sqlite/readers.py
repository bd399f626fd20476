"""The readers: one connection for look-ups in the loop, a few in threads for lists. Knows no table."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import apsw

from router.store.port import StoreUnavailable
from router.store.sqlite.connect import open_reader
from router.store.sqlite.errors import DRIVER_ERRORS, border, convert

READ_THREADS = 2
"""Lists and stories are short; two keep a slow one from holding up the others."""

INLINE_ROWS_MAX = 64
"""Half a millisecond of the loop; a thread takes a third of one to be woken and to win the interpreter lock back."""

Result = TypeVar("Result")


class Readers:
    """Read-only connections; every reading sees all that was answered before it began."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._inline = open_reader(path)
        self._pool = ThreadPoolExecutor(READ_THREADS, thread_name_prefix="store-reader")
        self._local = threading.local()
        self._opened: list[apsw.Connection] = []
        self._closed = False

    def look(self, work: Callable[[apsw.Connection], Result]) -> Result:
        """Run a look-up by index here and now: it takes microseconds, a thread hop more."""
        if self._closed:
            raise StoreUnavailable("the store is closed")
        try:
            return work(self._inline)
        except DRIVER_ERRORS as error:
            raise convert(error) from error

    async def few(self, work: Callable[[apsw.Connection], Result], limit: int) -> Result:
        """Run a reading by index of at most so many rows: here and now where it is short, else in a thread."""
        return self.look(work) if limit <= INLINE_ROWS_MAX else await self.list(work)

    async def list(self, work: Callable[[apsw.Connection], Result]) -> Result:
        """Run a reading of many rows in a thread."""
        if self._closed:
            raise StoreUnavailable("the store is closed")
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._in_thread, work)

    async def close(self) -> None:
        """Wait for readings under way and close the connections."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._pool.shutdown)
        for conn in (*self._opened, self._inline):
            conn.close()

    def _in_thread(self, work: Callable[[apsw.Connection], Result]) -> Result:
        with border():
            conn = getattr(self._local, "conn", None)
            if conn is None:
                conn = self._local.conn = open_reader(self._path)
                self._opened.append(conn)
            return work(conn)
