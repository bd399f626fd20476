"""Hints of customers who were met by a release that kept none: made once, in slices, before the file is used."""

from __future__ import annotations

import apsw
import msgspec

from router.store.hashing import Hashes
from router.store.hints import hints_of
from router.store.port import Identity
from router.store.sqlite.bulk import insert_rows
from router.store.sqlite.connect import fetch

SLICE_CUSTOMERS = 1_000
"""Some fifty milliseconds: another process that opens the file at the same time waits no longer."""

DONE = "done"
_READ = "SELECT value FROM meta WHERE name = 'hints'"
_NOTE = "INSERT OR REPLACE INTO meta(name, value) VALUES ('hints', ?)"
_CUSTOMERS = """
SELECT c.id, c.site, c.name, (SELECT json_group_array(json_array(i.kind, i.value)) FROM identity i
  WHERE i.site = c.site AND i.customer = c.id)
FROM customer c WHERE c.id > ? ORDER BY c.id LIMIT ?
"""


def fill_hints(conn: apsw.Connection, hashes: Hashes) -> None:
    """Go on where an earlier opening stopped; a file that is done costs one look."""
    noted = fetch(conn, _READ)
    after = noted[0][0] if noted else "0"
    while after != DONE:
        after = _fill_slice(conn, hashes, int(after))


def _fill_slice(conn: apsw.Connection, hashes: Hashes, after: int) -> str:
    conn.execute("BEGIN IMMEDIATE")
    try:
        rows = fetch(conn, _CUSTOMERS, (after, SLICE_CUSTOMERS))
        hints = [
            (site, kind, hashes.hint(site, kind, value), customer)
            for customer, site, name, known in rows
            for kind, value in hints_of(name, [Identity(kind=k, value=v) for k, v in msgspec.json.decode(known)])
        ]
        insert_rows(conn, "hint(site, kind, hash, customer)", hints, then="ON CONFLICT DO NOTHING")
        following = str(rows[-1][0]) if len(rows) == SLICE_CUSTOMERS else DONE
        conn.execute(_NOTE, (following,))
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise
    return following
