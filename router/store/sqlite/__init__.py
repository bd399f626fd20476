"""The store in one SQLite file, through `apsw`: what is opened here, and nothing that decides."""

from router.store.hashing import Hasher, keyed_hasher
from router.store.sqlite.store import SqliteStore, open_sqlite

__all__ = ["Hasher", "SqliteStore", "keyed_hasher", "open_sqlite"]
