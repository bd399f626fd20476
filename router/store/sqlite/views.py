"""Views' tables: made from the shape of their rows, moved on together with their place. Knows no view.

A view's rows count only while it has a place. So it is thrown away by taking its place first, in one small
transaction; the rows go afterwards, slice by slice, and a crash in between leaves nothing that counts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache, partial

import apsw
import msgspec

from router.store.port import Fenced, StoreError, ViewPlace, ViewRow, ViewSpec
from router.store.port.views import NOTHING_GONE, Gone
from router.store.sqlite.bulk import as_json
from router.store.sqlite.connect import fetch
from router.store.sqlite.readers import Readers
from router.store.sqlite.writer import Writer

SLICE_ROWS = 2_000
"""Thrown away in one transaction: some milliseconds, so that no commit waits for a large view."""

TYPES: dict[type, str] = {int: "INTEGER", str: "TEXT", bool: "INTEGER"}

_KNOWN = "SELECT value FROM meta WHERE name = 'view:' || ?"
_KEEP = "INSERT OR REPLACE INTO meta(name, value) VALUES ('view:' || ?, ?)"
_PLACE = "SELECT position, at FROM view_place WHERE view = ? AND site = ?"
_BEGIN = "INSERT OR IGNORE INTO view_place(view, site, position, at) VALUES (?, ?, 0, 0)"
_MOVE = "UPDATE view_place SET position = ?3, at = ?4 WHERE view = ?1 AND site = ?2"
_FORGET = "DELETE FROM view_place WHERE view = ? AND site = ?"
_FORGET_ALL = "DELETE FROM view_place WHERE view = ?"


class Statements:
    """The statements of one table, told by the fields of its rows. Names come from our own code, never from outside."""

    def __init__(self, name: str, row: type[ViewRow]) -> None:
        fields = msgspec.structs.fields(row)
        words = [name, *(field.name for field in fields)]
        if len(fields) < 2 or not all(word.isidentifier() and word.islower() for word in words):
            raise StoreError("a view's table has no subject and number, or a name that is none")
        names = [field.name for field in fields]
        subject, number = names[:2]
        columns = ", ".join(names)
        typed = ", ".join(f"{field.name} {TYPES[field.type]} NOT NULL" for field in fields)
        values = ", ".join(f"e.value ->> {index}" for index in range(len(names)))
        changes = ", ".join(f"{column} = excluded.{column}" for column in names[2:])
        table = f"view_{name}"
        self.table = table
        self.create = (
            f"CREATE TABLE IF NOT EXISTS {table}(site TEXT NOT NULL, {typed}, "
            f"PRIMARY KEY(site, {subject}, {number})) STRICT, WITHOUT ROWID"
        )
        self.upsert = (
            f"INSERT INTO {table}(site, {columns}) SELECT ?1, {values} FROM json_each(?2) e WHERE true "  # noqa: S608
            f"ON CONFLICT(site, {subject}, {number}) DO " + (f"UPDATE SET {changes}" if changes else "NOTHING")
        )
        self.latest = (
            f"SELECT {columns} FROM json_each(?2) s CROSS JOIN {table} t "  # noqa: S608
            f"ON t.site = ?1 AND t.{subject} = s.value AND t.{number} = "
            f"(SELECT max({number}) FROM {table} WHERE site = ?1 AND {subject} = s.value)"
        )
        self.rows = (
            f"SELECT {columns} FROM {table} WHERE site = ?1 AND ({subject}, {number}) > (?2, ?3) "  # noqa: S608
            f"ORDER BY {subject}, {number} LIMIT ?4"
        )
        self.count = f"SELECT count(*) FROM {table} WHERE site = ?"  # noqa: S608
        self.drop = (
            f"DELETE FROM {table} WHERE site = ?1 AND ({subject}, {number}) IN "  # noqa: S608
            "(SELECT e.value ->> 0, e.value ->> 1 FROM json_each(?2) e)"
        )
        self.sweep = (
            f"DELETE FROM {table} WHERE (site, {subject}, {number}) IN "  # noqa: S608
            f"(SELECT site, {subject}, {number} FROM {table} WHERE site = ?1 LIMIT ?2)"
        )


@cache
def statements(name: str, row: type[ViewRow]) -> Statements:
    """Return the statements of a table, made once."""
    return Statements(name, row)


class SqliteViews:
    """The port's Views."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def begin(self, site: str, view: ViewSpec) -> ViewPlace:
        """See the port."""
        await self._writer.do(partial(make_tables, view=view))
        place = self._place(site, view.name)
        if place is None:
            await self._sweep(site, view)
            await self._writer.execute(_BEGIN, (view.name, site))
            place = ViewPlace()
        return place

    async def latest(self, site: str, view: ViewSpec, table: str, *, subjects: Collection[int]) -> dict[int, ViewRow]:
        """See the port."""
        if not subjects:
            return {}
        row = view.tables[table]
        values = (site, as_json(sorted(set(subjects))))
        statement = statements(table, row).latest
        found = await self._readers.few(lambda conn: fetch(conn, statement, values), len(subjects))
        return {each[0]: _row(each, row) for each in found}

    async def write(
        self,
        site: str,
        view: ViewSpec,
        *,
        after: int,
        place: ViewPlace,
        rows: Mapping[str, Sequence[ViewRow]],
        gone: Gone = NOTHING_GONE,
    ) -> None:
        """See the port."""
        work = partial(write_rows, site=site, view=view, after=after, place=place, rows=rows, gone=gone)
        await self._writer.do(work)

    async def rows(self, site: str, view: ViewSpec, table: str, *, after: tuple[int, int], limit: int) -> list[ViewRow]:
        """See the port."""
        row = view.tables[table]
        statement = statements(table, row).rows
        found = await self._readers.list(lambda conn: fetch(conn, statement, (site, *after, limit)))
        return [_row(each, row) for each in found]

    async def count(self, site: str, view: ViewSpec, table: str) -> int:
        """See the port."""
        statement = statements(table, view.tables[table]).count
        return int((await self._readers.list(lambda conn: fetch(conn, statement, (site,))))[0][0])

    async def forget(self, site: str, view: ViewSpec) -> None:
        """See the port."""
        await self._writer.do(partial(make_tables, view=view))
        await self._writer.execute(_FORGET, (view.name, site))
        await self._sweep(site, view)

    def _place(self, site: str, name: str) -> ViewPlace | None:
        found = self._readers.look(lambda conn: fetch(conn, _PLACE, (name, site)))
        return ViewPlace(position=found[0][0], at=found[0][1]) if found else None

    async def _sweep(self, site: str, view: ViewSpec) -> None:
        """Delete what a view without a place has left."""
        for name, row in view.tables.items():
            statement = statements(name, row).sweep
            while await self._writer.do(partial(_sweep_slice, statement=statement, site=site)):
                continue


class Made(msgspec.Struct, frozen=True):
    """What is kept of a view's tables, so that those of another release are found."""

    version: int
    tables: dict[str, str]  # the statement that made it, by the table's name


def make_tables(conn: apsw.Connection, *, view: ViewSpec) -> None:
    """Make a view's tables; those of another version or shape go, for every site, with their places."""
    tables = [statements(name, row) for name, row in view.tables.items()]
    made = Made(view.version, {each.table: each.create for each in tables})
    kept = fetch(conn, _KNOWN, (view.name,))
    known = msgspec.json.decode(kept[0][0], type=Made) if kept else Made(0, {})
    if known == made:
        return
    conn.execute(_FORGET_ALL, (view.name,))
    for table in known.tables:
        conn.execute(f"DROP TABLE IF EXISTS {table}")
    for statement in made.tables.values():
        conn.execute(statement)
    conn.execute(_KEEP, (view.name, as_json(made)))


def write_rows(
    conn: apsw.Connection,
    *,
    site: str,
    view: ViewSpec,
    after: int,
    place: ViewPlace,
    rows: Mapping[str, Sequence[ViewRow]],
    gone: Gone,
) -> None:
    """Check where the view stands, then write rows and place: a statement or two for each table."""
    standing = fetch(conn, _PLACE, (view.name, site))
    if not standing or standing[0][0] != after:
        raise Fenced("another follower has moved this view")
    for name, changed in rows.items():
        if changed:
            conn.execute(statements(name, view.tables[name]).upsert, (site, as_json(changed)))
    for name, keys in gone.items():
        if keys:
            conn.execute(statements(name, view.tables[name]).drop, (site, as_json(keys)))
    conn.execute(_MOVE, (view.name, site, place.position, place.at))


def _sweep_slice(conn: apsw.Connection, *, statement: str, site: str) -> bool:
    conn.execute(statement, (site, SLICE_ROWS))
    return conn.changes() == SLICE_ROWS


def _row(cells: Sequence[object], row: type[ViewRow]) -> ViewRow:
    return msgspec.convert(cells, row, strict=False)
