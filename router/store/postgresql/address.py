"""Where the database is and how we speak to it: address, time-outs, session settings. No rows are read or written."""

from __future__ import annotations

from typing import cast
from urllib.parse import parse_qs, urlsplit

import asyncpg

from router.store.port import StoreError
from router.store.postgresql.connections import Connection

SCHEMES = ("postgresql://", "postgres://")

CONNECT_S = 5.0
"""A server that has not answered in so long is as good as gone: the callers have their own patience."""

STATEMENT_MS = 10_000
"""The server gives a statement up after this: the longest of ours, a slice of a view, takes a tenth."""

LOCK_MS = 5_000
"""Ours hold locks for milliseconds. Longer is an operator's session that was left open: better say so than hang."""

COMMAND_S = 15.0
"""More than the server allows a statement. Only a way that swallows everything makes it come to this."""

PATIENT = {"idle_in_transaction_session_timeout": "0", "statement_timeout": "0"}
PATIENT_S = 3_600.0
"""For what nobody waits for: one moment of everything that is checked, a site that moves, tables that are cleaned."""

KEEPALIVE_S, KEEPALIVE_TRIES = 5, 3
"""A server that lost us frees our locks within so many tries, not after the two hours of the operating system."""

FOR_LEASES = {"statement_timeout": "1000", "lock_timeout": "1000"}
FOR_LEASES_S = 1.5
"""A lease is renewed several times a second: an attempt that hangs must not stand in the way of the next."""

IDLE_IN_TRANSACTION_MS = 5_000
"""Only making tables takes several statements; a node that is paused in the middle lets go after this."""

VERSION_MIN = 140_000

# `synchronous_commit` stands first: what we acknowledge is on disk, whatever the server's default says.
SESSION: dict[str, str] = {
    "synchronous_commit": "on",
    "default_transaction_isolation": "read committed",
    "statement_timeout": str(STATEMENT_MS),
    "lock_timeout": str(LOCK_MS),
    "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MS),
    "tcp_keepalives_idle": str(KEEPALIVE_S),
    "tcp_keepalives_interval": str(KEEPALIVE_S),
    "tcp_keepalives_count": str(KEEPALIVE_TRIES),
    "timezone": "UTC",
    # Compiling a statement takes longer than any of ours runs.
    "jit": "off",
    "application_name": "patchbay",
}

LOOPBACK = frozenset({"", "localhost", "127.0.0.1", "::1"})


def is_address(where: str) -> bool:
    """Return whether a place is that of a PostgreSQL database."""
    return where.startswith(SCHEMES)


def without_secrets(address: str) -> str:
    """Return an address as it may be shown: no password, no parameters."""
    try:
        parts = urlsplit(address)
        user = f"{parts.username}@" if parts.username else ""
        hosts = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "postgresql://…"
    return f"postgresql://{user}{hosts}{parts.path}"


def checked(address: str) -> str:
    """Return an address with TLS demanded where the way leaves this machine and nothing else was said.

    Raises StoreError when it is none.
    """
    try:
        parts = urlsplit(address)
        hosts = {_host(one) for one in parts.netloc.rpartition("@")[2].split(",")}
        said = parse_qs(parts.query, strict_parsing=bool(parts.query))
    except ValueError:
        raise StoreError("the address of the database is not postgresql://user@host:port/database") from None
    if "sslmode" in said or hosts <= LOOPBACK or "host" in said:
        return address
    return f"{address}{'&' if parts.query else '?'}sslmode=require"


def _host(place: str) -> str:
    return place[1:].partition("]")[0] if place.startswith("[") else place.partition(":")[0]


async def connect(address: str, *, settings: dict[str, str] | None = None, patience_s: float = COMMAND_S) -> Connection:
    """Open one connection. The password is in the address, in PGPASSWORD, or in the file that PGPASSFILE names."""
    several = "," in urlsplit(address).netloc
    try:
        conn = await asyncpg.connect(
            address,
            timeout=CONNECT_S,
            command_timeout=patience_s,
            server_settings={**SESSION, **(settings or {})},
            target_session_attrs="read-write" if several else "any",
        )
    except (asyncpg.ClientConfigurationError, ValueError, TypeError):
        fault = StoreError("the address of the database, or something said in it, is not understood")
    else:
        return cast("Connection", conn)
    raise fault


async def check_server(conn: Connection) -> None:
    """Refuse a server that is too old, or that would not keep every text as it is."""
    if int(await conn.fetchval("SELECT current_setting('server_version_num')::integer")) < VERSION_MIN:
        raise StoreError("the database is too old: PostgreSQL 14 or newer is needed")
    if await conn.fetchval("SELECT current_setting('server_encoding')") != "UTF8":
        raise StoreError("the database does not keep UTF8: make it with ENCODING 'UTF8'")
