"""How a connection to the file is opened and tuned. No rows are read or written here."""

from __future__ import annotations

from typing import Any

import apsw

BUSY_MS = 5_000
"""How long a writer waits for another process (a snapshot child, the command line) before it gives up."""

READ_BUSY_MS = 250
"""Readers do not block in WAL; only a recovery after a crash makes them wait, and that is short."""

CACHE_KIB = 16_384
"""Of the writer: the upper pages of every index of a busy floor."""

WAL_BYTES_MAX = 64 * 1024 * 1024
"""To this the log is cut back after a long reading made it grow."""


def open_writer(path: str) -> apsw.Connection:
    """Open the one connection that writes and checkpoints."""
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    conn = apsw.Connection(path, flags=flags, statementcachesize=200)
    conn.set_busy_timeout(BUSY_MS)
    conn.pragma("journal_mode", "WAL")
    conn.pragma("synchronous", "FULL")
    conn.pragma("foreign_keys", 0)
    conn.pragma("secure_delete", 1)
    conn.pragma("temp_store", 2)
    conn.pragma("cache_size", -CACHE_KIB)
    conn.pragma("journal_size_limit", WAL_BYTES_MAX)
    # The writer checkpoints by itself between two batches, after it has answered.
    conn.wal_autocheckpoint(0)
    return conn


def open_reader(path: str) -> apsw.Connection:
    """Open a connection that cannot write."""
    conn = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READONLY, statementcachesize=200)
    conn.set_busy_timeout(READ_BUSY_MS)
    conn.pragma("temp_store", 2)
    return conn


def fetch(conn: apsw.Connection, statement: str, values: tuple[str | int | bytes, ...] = ()) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows; what the columns hold is known to the caller, not to the driver."""
    return conn.execute(statement, values).fetchall()
