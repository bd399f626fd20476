"""Which store a place is: a folder's file, or the address of a PostgreSQL database. Nothing is read or written here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from router.store.hashing import Hasher
from router.store.port import Store, StoreError
from router.store.sqlite import open_sqlite
from router.store.sqlite.evidence import SqliteEvidence, open_evidence

if TYPE_CHECKING:
    from router.store.postgresql.evidence import PostgresqlEvidence

NOT_INSTALLED = "PostgreSQL needs the package asyncpg: install patchbay with its extra, pip install 'patchbay[cluster]'"
POSTGRESQL = ("postgresql://", "postgres://")


def is_postgresql(where: str | Path) -> bool:
    """Return whether a place is a PostgreSQL database's address."""
    return isinstance(where, str) and where.startswith(POSTGRESQL)


async def open_store_at(where: str | Path, *, hasher: Hasher) -> Store:
    """Open the store of a place, `postgresql://…` or a file's path, in the running loop.

    Raises StoreUnavailable when it cannot be reached or written, StoreError when it is not ours to use.
    """
    if not is_postgresql(where):
        return await open_sqlite(where, hasher=hasher)
    try:
        from router.store.postgresql import open_postgresql  # noqa: PLC0415 - one machine needs no driver.
    except ModuleNotFoundError:
        raise StoreError(NOT_INSTALLED) from None
    return await open_postgresql(str(where), hasher=hasher)


def open_evidence_at(where: str | Path) -> SqliteEvidence | PostgresqlEvidence:
    """Open one moment of the store of a place, for `verify`, where no loop runs."""
    if not is_postgresql(where):
        return open_evidence(where)
    try:
        from router.store.postgresql.evidence import open_postgresql_evidence  # noqa: PLC0415 - see above.
    except ModuleNotFoundError:
        raise StoreError(NOT_INSTALLED) from None
    return open_postgresql_evidence(str(where))
