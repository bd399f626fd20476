"""The border: every error of the driver becomes one of the port's here. No SQL, no retry.

A driver's error may quote a row, a parameter or an address, so nothing of its text goes on, not even as a cause.
"""

from __future__ import annotations

import asyncio

import asyncpg

from router.store.port import Fenced, StoreError, StoreUnavailable
from router.store.postgresql.functions import JOURNAL_MOVED, NOT_THE_LEADER


class Clash(StoreError):
    """Somebody else has written the same key in the same moment: look again."""


FENCED: dict[str, str] = {
    NOT_THE_LEADER: "another leader has taken over",
    JOURNAL_MOVED: "the journal has moved on",
}

# What trying again later may cure. Where the server says so by itself, nothing was written. By whole code or by class.
UNAVAILABLE: dict[str, str] = {
    "25006": "the database is read-only",
    "28": "the database refuses our name or password",
    "3D": "the database does not exist",
    "40": "the database had to choose between two writers",
    "53100": "the disk of the database is full",
    "53200": "the database has no memory left",
    "53300": "the database has no connection left",
    "53": "the database has no room left",
    "55P03": "another writer holds the row",
    "57014": "the database took too long",
    "57P03": "the database is starting or stopping",
    "58": "the disk of the database reported an error",
    "42501": "the database may not be touched",
}

# The server or the way to it broke off: whether it had written is not known.
BROKEN_OFF = frozenset({"08000", "08001", "08003", "08004", "08006", "57P01", "57P02", "57P04", "57P05", "25P03"})

BROKEN: dict[str, str] = {
    "22": "a value has the wrong form",
    "23": "a row clashes with one that is there",
    "42": "a statement was refused",
    "54": "a value is too big",
    "XX001": "the database is damaged",
    "XX002": "the database is damaged",
}

UNIQUE_VIOLATION = "23505"
GONE = "the database cannot be reached"
SLOW = "the database took too long"
UNKNOWN_OUTCOME = "the database did not confirm the write; what it kept is known when it answers again"
NO_TLS = "the database offers no TLS: turn it on there, or say sslmode=disable in its address where the network is ours"

LOST = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncio.IncompleteReadError,
)
DRIVER_ERRORS = (*LOST, asyncpg.PostgresError, TimeoutError, UnicodeEncodeError)


def is_lost(error: BaseException) -> bool:
    """Return whether the connection is of no more use, however far the statement came."""
    if isinstance(error, asyncpg.DataError):
        return False
    if isinstance(error, asyncpg.PostgresError):
        return _code(error) in BROKEN_OFF or _code(error) == "25006"
    return isinstance(error, (*LOST, TimeoutError))


def convert(error: BaseException) -> StoreError:
    """Return the port's error for any error of a reading, or of a writing that the server refused."""
    if isinstance(error, StoreError):
        return error
    if isinstance(error, (UnicodeEncodeError, asyncpg.DataError, asyncpg.exceptions.CharacterNotInRepertoireError)):
        return StoreError("a text is not Unicode, or a number too large")
    if isinstance(error, asyncpg.PostgresError):
        return _of_server(_code(error))
    if isinstance(error, TimeoutError):
        return StoreUnavailable(SLOW)
    if isinstance(error, ConnectionError) and "SSL" in str(error):
        return StoreUnavailable(NO_TLS)
    if isinstance(error, LOST):
        return StoreUnavailable(GONE)
    return StoreError(f"the store failed: {type(error).__name__}")


def convert_write(error: BaseException) -> StoreError:
    """Return the port's error for a writing: what broke off after it was sent may have been done.

    The driver refuses a dead connection before it writes to it, and a read-only server has done nothing.
    """
    was_sent = not isinstance(error, asyncpg.InterfaceError) and _code(error) != "25006"
    return StoreError(UNKNOWN_OUTCOME) if was_sent and is_lost(error) else convert(error)


def is_trouble(fault: StoreError) -> bool:
    """Return whether a fault is the database's and not the caller's."""
    return isinstance(fault, StoreUnavailable) or str(fault) == UNKNOWN_OUTCOME


def _of_server(code: str) -> StoreError:
    if code in FENCED:
        return Fenced(FENCED[code])
    if code in BROKEN_OFF:
        return StoreUnavailable(GONE)
    if code == UNIQUE_VIOLATION:
        return Clash(BROKEN["23"])
    for known in (code, code[:2]):
        if known in UNAVAILABLE:
            return StoreUnavailable(UNAVAILABLE[known])
        if known in BROKEN:
            return StoreError(BROKEN[known])
    return StoreError(f"the database failed with code {code}")


def _code(error: BaseException) -> str:
    return str(getattr(error, "sqlstate", None) or "")
