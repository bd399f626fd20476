"""What the database holds, read by plain SQL and decoded here. Nothing of the product is imported or asked."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

MARK = re.compile(r"\b[a-z]+-mark-[0-9A-Za-z_-]+-end\b")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the journal. `entries` are [at, command, events], an event an array that begins with its number."""

    first: int
    count: int
    epoch: int
    entries: list[Any]


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the archive: its mark, where it lies and which way it went."""

    mark: str
    direction: str
    conv: int
    line: int
    channel: str


@dataclass(slots=True)
class Kept:
    """What is in the database of one site."""

    journal: list[Row] = field(default_factory=list)
    messages: dict[int, Message] = field(default_factory=dict)
    letters: list[tuple[int, str, int, str]] = field(default_factory=list)
    told: list[tuple[str, int, int]] = field(default_factory=list)
    outbox: list[tuple[int, str, str, str]] = field(default_factory=list)
    conversations: dict[int, tuple[str, str, int]] = field(default_factory=dict)
    lines: dict[int, tuple[str, str, str]] = field(default_factory=dict)


QUERIES = {
    "journal": "SELECT first, count, epoch, entries FROM journal WHERE site = 'main' ORDER BY first",
    "messages": "SELECT id, direction, conv, line, body FROM message WHERE site = 'main' ORDER BY id",
    "letters": "SELECT message, state, position, reason FROM letter WHERE site = 'main'",
    "told": "SELECT kind, message, conv FROM timeline WHERE site = 'main' AND message <> 0",
    "outbox": "SELECT message, effect, state, reason FROM outbox WHERE site = 'main'",
    "conversations": "SELECT conv, reference, state, owner FROM conversation WHERE site = 'main'",
    "lines": "SELECT id, channel, key, peer FROM line WHERE site = 'main'",
}
Rows = Sequence[Sequence[Any]]


def read_sqlite(path: Path) -> Kept:
    """Read a file of one machine, in one view of it."""
    conn = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        conn.execute("BEGIN")
        return made_of({name: conn.execute(query).fetchall() for name, query in QUERIES.items()})
    finally:
        conn.close()


async def read_postgresql(url: str, schema: str = "") -> Kept:
    """Read the database of a cluster, in one view of it."""
    conn = await asyncpg.connect(url)
    try:
        if schema:
            await conn.execute(f"SET search_path TO {schema}")
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            return made_of({name: await conn.fetch(query) for name, query in QUERIES.items()})
    finally:
        await conn.close()


# What is under way, without reading all that ever was: letters of before a moment, effects, conversations in hand.
UNDER_WAY = (
    "SELECT count(*) FROM letter WHERE site = 'main' AND state = 'new' AND received_ms < {before_ms}",
    "SELECT count(*) FROM outbox WHERE site = 'main'",
    "SELECT count(*) FROM conversation WHERE site = 'main' AND state NOT IN ('closed', 'parked', 'abandoned')",
)


def under_way_sqlite(path: Path, before_ms: int) -> list[int]:
    """Return how many letters, effects and conversations are under way in a file of one machine."""
    conn = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return [int(conn.execute(query.format(before_ms=before_ms)).fetchone()[0]) for query in UNDER_WAY]
    finally:
        conn.close()


async def under_way_postgresql(url: str, before_ms: int) -> list[int]:
    """Return the same of a cluster's database."""
    conn = await asyncpg.connect(url)
    try:
        return [int(await conn.fetchval(query.format(before_ms=before_ms))) for query in UNDER_WAY]
    finally:
        await conn.close()


def made_of(rows: dict[str, Rows]) -> Kept:
    """Decode what the queries found."""
    kept = Kept()
    kept.journal = [Row(first, count, epoch, _decoded(entries)) for first, count, epoch, entries in rows["journal"]]
    kept.lines = {number: (channel, key, peer) for number, channel, key, peer in rows["lines"]}
    kept.messages = dict(_messages(kept, rows["messages"]))
    kept.letters = [(message, state, position, reason) for message, state, position, reason in rows["letters"]]
    kept.told = [(kind, message, conv) for kind, message, conv in rows["told"]]
    kept.outbox = [(message, effect, state, reason) for message, effect, state, reason in rows["outbox"]]
    kept.conversations = {conv: (reference, state, owner) for conv, reference, state, owner in rows["conversations"]}
    return kept


def _decoded(entries: bytes) -> list[Any]:
    found: list[Any] = msgspec.msgpack.decode(entries)
    return found


def _messages(kept: Kept, rows: Rows) -> Iterable[tuple[int, Message]]:
    for number, direction, conv, line, body in rows:
        said = json.loads(body) if isinstance(body, str | bytes) else body
        for mark in MARK.findall(said.get("text", ""))[:1]:
            yield number, Message(mark, direction, conv, line, kept.lines.get(line, ("", "", ""))[0])
