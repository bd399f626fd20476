"""Views' tables: made from the shape of their rows, moved on together with their place. Knows no view.

A view's rows count only while it has a place. So it is thrown away by taking its place first, in one small
transaction; the rows go afterwards, slice by slice, and a crash in between leaves nothing that counts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

from router.store.port import Fenced, StoreError, ViewPlace, ViewRow, ViewSpec
from router.store.port.views import NOTHING_GONE, Gone
from router.store.postgresql.connections import Connections, Runs
from router.store.postgresql.journal import turned
from router.store.postgresql.texts import given, kept

SLICE_ROWS = 2_000
"""Thrown away in one statement: some milliseconds, well within what the server allows one."""

TYPES: dict[type, str] = {int: "bigint", str: "text", bool: "boolean"}

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('patchbay views ' || current_schema(), 0))"
_KNOWN = "SELECT value FROM meta WHERE name = 'view:' || $1"
_KEEP = """
INSERT INTO meta(name, value) VALUES ('view:' || $1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""
_PLACE = "SELECT position, at FROM view_place WHERE site = $1 AND view = $2"
_BEGIN = "INSERT INTO view_place(site, view, position, at) VALUES ($1, $2, 0, 0) ON CONFLICT DO NOTHING"
_FORGET = "DELETE FROM view_place WHERE site = $1 AND view = $2"
_FORGET_ALL = "DELETE FROM view_place WHERE view = $1"
_MOVE = "UPDATE view_place SET position = $4, at = $5 WHERE site = $1 AND view = $2 AND position = $3 RETURNING 1"


class Statements:
    """The statements of one table, told by the fields of its rows. Names come from our own code, never from outside."""

    def __init__(self, name: str, row: type[ViewRow]) -> None:
        fields = msgspec.structs.fields(row)
        words = [name, *(field.name for field in fields)]
        if len(fields) < 2 or not all(word.isidentifier() and word.islower() for word in words):
            raise StoreError("a view's table has no subject and number, or a name that is none")
        names = [f'"{field.name}"' for field in fields]
        subject, number = names[:2]
        columns = ", ".join(names)
        typed = ", ".join(f'"{field.name}" {TYPES[field.type]} NOT NULL' for field in fields)
        changes = ", ".join(f"{column} = excluded.{column}" for column in names[2:])
        table = f"view_{name}"
        self.table = table
        self.types = [TYPES[field.type] for field in fields]
        self.create = f"CREATE TABLE {table}(site text NOT NULL, {typed}, PRIMARY KEY(site, {subject}, {number}))"
        self._insert = f"INSERT INTO {table}(site, {columns}) SELECT $1, e.* FROM unnest("  # noqa: S608
        self._then = f"ON CONFLICT (site, {subject}, {number}) DO " + (
            f"UPDATE SET {changes}" if changes else "NOTHING"
        )
        self.latest = (
            f"SELECT {', '.join('t.' + each for each in names)} FROM unnest($2::bigint[]) s CROSS JOIN LATERAL "  # noqa: S608
            f"(SELECT {columns} FROM {table} WHERE site = $1 AND {subject} = s ORDER BY {number} DESC LIMIT 1) t"
        )
        self.rows = (
            f"SELECT {columns} FROM {table} WHERE site = $1 AND ({subject}, {number}) > ($2, $3) "  # noqa: S608
            f"ORDER BY {subject}, {number} LIMIT $4"
        )
        self.count = f"SELECT count(*) FROM {table} WHERE site = $1"  # noqa: S608
        self._drop = f"DELETE FROM {table} WHERE site = $1 AND ({subject}, {number}) IN "  # noqa: S608
        self.sweep = (
            f"DELETE FROM {table} WHERE site = $1 AND ({subject}, {number}) IN (SELECT {subject}, {number} "  # noqa: S608
            f"FROM {table} WHERE site = $1 ORDER BY {subject}, {number} LIMIT $2) RETURNING 1"
        )

    def upsert(self, first_value: int) -> str:
        """Return the writing of rows whose columns are the values from a number on, if the view's place was moved."""
        arrays = ", ".join(f"${first_value + index}::{kind}[]" for index, kind in enumerate(self.types))
        return f"{self._insert}{arrays}) e WHERE EXISTS (SELECT 1 FROM moved) {self._then}"  # noqa: S608

    def drop(self, first_value: int) -> str:
        """Return the deletion of rows whose keys are the two values from a number on, if the view's place was moved."""
        keys = f"unnest(${first_value}::bigint[], ${first_value + 1}::bigint[])"
        return f"{self._drop}(SELECT * FROM {keys}) AND EXISTS (SELECT 1 FROM moved)"  # noqa: S608


@cache
def statements(name: str, row: type[ViewRow]) -> Statements:
    """Return the statements of a table, made once."""
    return Statements(name, row)


class PostgresqlViews:
    """The port's Views."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def begin(self, site: str, view: ViewSpec) -> ViewPlace:
        """See the port."""
        await self._make_tables(view)
        place = await self._place(site, view.name)
        if place is None:
            await self._sweep(site, view)
            await self._connections.write(_BEGIN, site, view.name)
            place = await self._place(site, view.name)
        return place or ViewPlace()

    async def latest(self, site: str, view: ViewSpec, table: str, *, subjects: Collection[int]) -> dict[int, ViewRow]:
        """See the port."""
        if not subjects:
            return {}
        row = view.tables[table]
        found = await self._connections.read(statements(table, row).latest, site, sorted(set(subjects)))
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
        """See the port. One statement moves the place and, only if it was where we thought, writes all tables."""
        values: list[Any] = [site, view.name, after, place.position, place.at]
        parts = [f"WITH moved AS ({_MOVE})"]
        for number, (name, changed) in enumerate(rows.items()):
            if not changed:
                continue
            made = statements(name, view.tables[name])
            newest = {row.key: msgspec.structs.astuple(row) for row in changed}
            parts.append(f"rows_{number} AS ({made.upsert(len(values) + 1)})")
            columns = turned(list(newest.values()), len(made.types))
            values += [_kept(column, kind) for column, kind in zip(columns, made.types, strict=True)]
        for number, (name, keys) in enumerate(gone.items()):
            if keys:
                parts.append(f"gone_{number} AS ({statements(name, view.tables[name]).drop(len(values) + 1)})")
                values += turned(list(keys), 2)
        moved = await self._connections.write(f"{', '.join(parts)} SELECT 1 FROM moved", *values)  # noqa: S608
        if not moved:
            raise Fenced("another follower has moved this view")

    async def rows(self, site: str, view: ViewSpec, table: str, *, after: tuple[int, int], limit: int) -> list[ViewRow]:
        """See the port."""
        row = view.tables[table]
        found = await self._connections.read(statements(table, row).rows, site, *after, limit)
        return [_row(each, row) for each in found]

    async def count(self, site: str, view: ViewSpec, table: str) -> int:
        """See the port."""
        return int((await self._connections.read(statements(table, view.tables[table]).count, site))[0][0])

    async def forget(self, site: str, view: ViewSpec) -> None:
        """See the port."""
        await self._make_tables(view)
        await self._connections.write(_FORGET, site, view.name)
        await self._sweep(site, view)

    async def _make_tables(self, view: ViewSpec) -> None:
        tables = [statements(name, row) for name, row in view.tables.items()]
        made = Made(view.version, {each.table: each.create for each in tables})
        if await _known(self._connections, view) != made:
            await self._connections.transact(lambda runs: make_tables(runs, view, made))

    async def _place(self, site: str, name: str) -> ViewPlace | None:
        found = await self._connections.read(_PLACE, site, name)
        return ViewPlace(position=found[0][0], at=found[0][1]) if found else None

    async def _sweep(self, site: str, view: ViewSpec) -> None:
        """Delete what a view without a place has left."""
        for name, row in view.tables.items():
            statement = statements(name, row).sweep
            while len(await self._connections.write(statement, site, SLICE_ROWS)) == SLICE_ROWS:
                continue


class Made(msgspec.Struct, frozen=True):
    """What is kept of a view's tables, so that those of another release are found."""

    version: int
    tables: dict[str, str]  # the statement that made it, by the table's name


async def make_tables(runs: Runs, view: ViewSpec, made: Made) -> None:
    """Make a view's tables; those of another version or shape go, for every site, with their places."""
    await runs.write(_LOCK)
    known = await _known(runs, view)
    if known == made:
        return
    await runs.write(_FORGET_ALL, view.name)
    for table in sorted({*known.tables, *made.tables}):
        await runs.write(f"DROP TABLE IF EXISTS {table}")
    for statement in made.tables.values():
        await runs.write(statement)
    await runs.write(_KEEP, view.name, msgspec.json.encode(made).decode())


async def _known(runs: Runs, view: ViewSpec) -> Made:
    rows = await runs.read(_KNOWN, view.name)
    return msgspec.json.decode(rows[0][0], type=Made) if rows else Made(0, {})


def _kept(column: list[Any], kind: str) -> list[Any]:
    return [kept(cell) for cell in column] if kind == TYPES[str] else column


def _row(cells: Sequence[object], row: type[ViewRow]) -> ViewRow:
    return msgspec.convert([given(cell) if isinstance(cell, str) else cell for cell in cells], row, strict=False)
