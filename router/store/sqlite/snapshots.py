"""Snapshots' rows: a state in pieces, and which of the old ones are kept. No decoding."""

from __future__ import annotations

import apsw

from router.store.limits import DAY_MS, NEWEST_KEPT
from router.store.port import Snapshot
from router.store.sqlite.connect import fetch

KEEP_CHUNK = "INSERT OR REPLACE INTO snapshot_chunk(site, position, number, data) VALUES (?, ?, ?, ?)"

_KEEP = "INSERT OR REPLACE INTO snapshot(site, position, at, release, chunks) VALUES (?, ?, ?, ?, ?)"

_FORGET = """
DELETE FROM snapshot WHERE site = ?1
  AND position NOT IN (SELECT position FROM snapshot WHERE site = ?1 ORDER BY position DESC LIMIT ?2)
  AND position NOT IN (SELECT max(position) FROM snapshot WHERE site = ?1 GROUP BY at / ?3)
"""

# Pieces without a snapshot are those of forgotten ones and of a child that died before its last piece.
# Another child may be writing a newer one right now: its pieces lie above.
_SWEEP = """
DELETE FROM snapshot_chunk WHERE rowid = (
  SELECT rowid FROM snapshot_chunk WHERE site = ?1 AND position < ?2
    AND position NOT IN (SELECT position FROM snapshot WHERE site = ?1) LIMIT 1)
"""


def keep(conn: apsw.Connection, *, site: str, snapshot: Snapshot, chunks: int) -> None:
    """Make the pieces a snapshot and forget what it makes superfluous."""
    conn.execute(_KEEP, (site, snapshot.position, snapshot.at, snapshot.release, chunks))
    conn.execute(_FORGET, (site, NEWEST_KEPT, DAY_MS))


def sweep(conn: apsw.Connection, *, site: str, below: int) -> bool:
    """Forget one piece of no snapshot below a position; return whether there was one.

    Pieces are overwritten before they go, so a large snapshot in one transaction would hold up every commit.
    """
    conn.execute(_SWEEP, (site, below))
    return conn.changes() > 0


_LATEST = """
SELECT position, at, release, chunks FROM snapshot WHERE site = ? AND position < ? ORDER BY position DESC LIMIT 1
"""


def latest(conn: apsw.Connection, *, site: str, before: int) -> Snapshot | None:
    """Return the newest whole snapshot below a position."""
    pieces = "SELECT data FROM snapshot_chunk WHERE site = ? AND position = ? AND number < ? ORDER BY number"
    with conn:
        rows = fetch(conn, _LATEST, (site, before))
        if not rows:
            return None
        position, at, release, chunks = rows[0]
        state = b"".join(data for (data,) in fetch(conn, pieces, (site, position, chunks)))
    return Snapshot(position=position, at=at, release=release, state=state)
