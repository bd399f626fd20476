"""A site's rows, from an SQLite file into an empty PostgreSQL database: all of them in one transaction, or none.

Views are left behind: they are made anew from the journal by whoever starts first.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, Protocol, cast

import apsw
import msgspec

from router.store.port import Body, StoreError
from router.store.postgresql.address import PATIENT, PATIENT_S, check_server, checked, connect
from router.store.postgresql.bodies import CLIENT, encoded
from router.store.postgresql.connections import Connection
from router.store.postgresql.errors import DRIVER_ERRORS, convert
from router.store.postgresql.schema import migrate
from router.store.postgresql.texts import kept
from router.store.sqlite.connect import fetch, open_reader
from router.store.sqlite.errors import border

SLICE_ROWS = 1_000
"""Written at a time: progress is said often, and a slice of snapshots' pieces stays within a gigabyte."""

JSON = frozenset({"attributes", "changes", "data", "extra", "words"})
"""Columns whose texts spell a NUL out by themselves."""

Say = Callable[[str], None]
Cells = tuple[Any, ...]


class Table(NamedTuple):
    """A table that both have: its columns but for the site, the sequence of its ids, its columns of truth."""

    name: str
    columns: str
    counted: str = ""
    truths: tuple[str, ...] = ()


MESSAGE = Table(
    "message",
    "id channel conv line direction kind author client extras provider provider_id status reason body",
    "message_id",
)

TABLES: tuple[Table, ...] = (
    Table("letter", "id channel hash received_ms message state attempts position reason signal line", "letter_id"),
    Table("journal", "first count at epoch entries"),
    Table("sealed", "first last rows sum data"),
    Table("bundle", "name at data"),
    Table("snapshot", "position at release chunks"),
    Table("snapshot_chunk", "position number data"),
    MESSAGE,
    Table("line", "id channel hash key peer customer extra", "line_id"),
    Table("customer", "id name language segment created_ms attributes person", "customer_id"),
    Table("identity", "id customer kind hash value verified", "identity_id_seq"),
    Table("timeline", "position conv line kind at message agent notice until_ms detail"),
    Table(
        "conversation",
        "conv reference customer line channel state queue owner opened_ms changed_ms due_ms closed_ms disposition"
        " record",
    ),
    Table("conversation_line", "line conv"),
    Table(
        "outbox",
        "id lane channel effect conv line message notice until_ms position created_ms go_ms head state attempts unsure"
        " reason worker early_ms",
        "outbox_id",
        ("head", "unsure"),
    ),
    Table("performed", "position id"),
    Table("lease", "name owner until_ms epoch"),
    Table("notebook", "book key value"),
    Table("account", "id login data", "account_id"),
    Table("session", "token_hash account csrf created_ms expires_ms"),
    Table("draft", "account key text at"),
    Table("sender", "id kind hash value mark reason agent created_ms until_ms", "sender_id"),
    Table("relay", "command at question answer"),
    Table("merge", "id one other why agent at undone_by undone_ms", "merge_id"),
    Table("hint", "kind hash customer"),
    Table("erasure", "customer person agent begun_ms done_ms"),
    Table("aside", "message hash customer"),
    Table(
        "complaint",
        "id command customer stage kind severity queue owner recorder opened_ms closed_ms due_ms version forgotten data"
        " words",
        "complaint_id",
        ("forgotten",),
    ),
    Table("complaint_step", "complaint number command at agent deed changes words"),
    Table("complaint_link", "complaint conv role at agent"),
    Table("remark", "conv customer said_ms words seen_ms seen_by forgotten", truths=("forgotten",)),
    Table(
        "review",
        "conv customer agent reviewer stage week begun_ms handed_ms version forgotten data words",
        truths=("forgotten",),
    ),
    Table("placement", "id command customer at agent was segment why", "placement_id"),
    Table("article", "id slug version data", "article_id"),
    Table("article_version", "article number command at agent deed data"),
    Table("article_revision", "revision"),
    Table("article_count", "day article views yes no"),
    Table("article_vote", "article visitor helped day", "", ("helped",)),
    Table("article_missed", "day said times"),
)


class Copying(Connection, Protocol):
    """What the driver can besides: take many rows at once."""

    async def copy_records_to_table(self, table: str, *, records: Iterable[Cells], columns: Sequence[str]) -> str: ...


class Moved(NamedTuple):
    """What was moved: rows by table, and a sum of the journal that both sides have."""

    rows: dict[str, int]
    journal: str


async def move_site(file: str, address: str, site: str, say: Say) -> Moved:
    """Move a site's rows. The file must be this release's, and nobody may serve it.

    Raises StoreError when the database has rows of the site already, and then nothing was written.
    """
    with border():
        source = open_reader(file)
    try:
        conn = cast("Copying", await connect(checked(address), settings=PATIENT, patience_s=PATIENT_S))
        try:
            await check_server(conn)
            await migrate(conn)
            async with conn.transaction():
                moved = await _move(source, conn, site, say)
            # Until the server has looked at them by itself, it would take full tables for empty ones.
            await conn.execute("ANALYZE")
        finally:
            await conn.close()
    except DRIVER_ERRORS as error:
        fault = convert(error)
    else:
        return moved
    finally:
        source.close()
    raise fault


async def _move(source: apsw.Connection, conn: Copying, site: str, say: Say) -> Moved:
    await _refuse_rows(conn, site)
    source.execute("BEGIN")
    counts = {}
    for table in TABLES:
        counts[table.name] = await _move_table(source, conn, table, site=site, say=say)
        there = await conn.fetchval(f"SELECT count(*) FROM {table.name} WHERE site = $1", site)  # noqa: S608 - our names
        if there != counts[table.name]:
            raise StoreError(f"of {table.name} {counts[table.name]} rows left and {there} arrived")
    here = _sum_here(source, site)
    if here != await _sum_there(conn, site):
        raise StoreError("the journal that arrived is not the one that left")
    return Moved(counts, here)


async def _refuse_rows(conn: Copying, site: str) -> None:
    for table in TABLES:
        if await conn.fetchval(f"SELECT EXISTS (SELECT 1 FROM {table.name} WHERE site = $1)", site):  # noqa: S608
            raise StoreError("the database is not empty: it has rows of this site already")


async def _move_table(source: apsw.Connection, conn: Copying, table: Table, *, site: str, say: Say) -> int:
    rows, count = _rows(source, table, site), 0
    columns = ["site", *table.columns.split()]
    while piece := [(site, *row) for row in islice(rows, SLICE_ROWS)]:
        await conn.copy_records_to_table(table.name, records=piece, columns=columns)
        count += len(piece)
        say(f"{table.name}: {count}")
        await asyncio.sleep(0)
    if table.counted:
        last = fetch(source, f"SELECT coalesce(max(id), 0) FROM {table.name}")[0][0]  # noqa: S608 - our own names
        [given_last] = fetch(source, "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?", (table.name,))
        statement = f"SELECT setval('{table.counted}', greatest($1::bigint, last_value)) FROM {table.counted}"  # noqa: S608
        await conn.execute(statement, max(last, given_last[0], 1))
    return count


def _rows(source: apsw.Connection, table: Table, site: str) -> Iterator[Cells]:
    """Yield a table's rows as PostgreSQL keeps them."""
    if table is MESSAGE:
        statement = "SELECT id, channel, conv, line, direction, kind, provider, status, reason, body FROM message"
        yield from (_message(row) for row in source.execute(f"{statement} WHERE site = ? ORDER BY id", (site,)))
        return
    names = table.columns.split()
    made = [bool if name in table.truths else _same if name in JSON else _text for name in names]
    columns = ", ".join(f'"{name}"' for name in names)
    for row in source.execute(f"SELECT {columns} FROM {table.name} WHERE site = ?", (site,)):  # noqa: S608
        yield tuple(make(cell) for cell, make in zip(row, made, strict=True))


def _text(cell: Any) -> Any:
    return kept(cell) if isinstance(cell, str) else cell


def _same(cell: Any) -> Any:
    return cell


def _message(row: Cells) -> Cells:
    number, channel, conv, line, direction, kind, provider, status, reason, text = row
    body = msgspec.json.decode(text, type=Body)
    client, extras = kept(body.extra.get(CLIENT, "")), [kept(name) for name in body.extra]
    told = (kept(body.author), client, extras, provider, kept(body.provider), status, reason, encoded(body))
    return (number, channel, conv, line, direction, kind, *told)


class JournalSum:
    """A sum of a journal, which is another one when a single bit of it is."""

    def __init__(self) -> None:
        self._total = hashlib.sha256()

    def add(self, row: Sequence[Any]) -> None:
        """Take the next row in."""
        *numbers, entries = row
        self._total.update(f"{numbers} {len(entries)}\n".encode())
        self._total.update(entries)

    def __str__(self) -> str:
        return self._total.hexdigest()


def _sum_here(source: apsw.Connection, site: str) -> str:
    total = JournalSum()
    statement = "SELECT first, count, at, epoch, entries FROM journal WHERE site = ? ORDER BY first"
    for row in source.execute(statement, (site,)):
        total.add(row)
    return str(total)


async def _sum_there(conn: Copying, site: str) -> str:
    total = JournalSum()
    statement = "SELECT first, count, at, epoch, entries FROM journal WHERE site = $1 ORDER BY first"
    async for row in conn.cursor(statement, site, prefetch=SLICE_ROWS):
        total.add(row)
    return str(total)
