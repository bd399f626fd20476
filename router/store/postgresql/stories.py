"""Reading messages and the timeline: what was said, in order. Nothing is written here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from router.store.finding import holds, lowered, needles
from router.store.limits import VISIBLE_ON_LINE
from router.store.port import MessageRow, Said, Story, TimelineRow
from router.store.postgresql.bodies import MESSAGE, message_row
from router.store.postgresql.connections import Connections
from router.store.postgresql.texts import given, kept

_TIMELINE = "t.position, t.conv, t.line, t.kind, t.at, t.message, t.agent, t.notice, t.until_ms, t.detail"

_ONE = f"SELECT {MESSAGE} FROM message m WHERE m.site = $1 AND m.id = $2"  # noqa: S608 - the fields are constants

_STORY = f"""
SELECT {_TIMELINE}, {MESSAGE} FROM (
  SELECT * FROM timeline WHERE site = $1 AND conv = $2 AND position < $3 ORDER BY position DESC LIMIT $4) t
LEFT JOIN message m ON m.site = $1 AND m.id = t.message ORDER BY t.position
"""  # noqa: S608

_ON_LINE = f"""
SELECT {_TIMELINE}, {MESSAGE} FROM timeline t LEFT JOIN message m ON m.site = t.site AND m.id = t.message
WHERE t.site = $1 AND t.line = $2 AND t.line <> 0 AND t.position > $3 AND t.kind = ANY($5::text[])
  AND (m.direction IS NULL OR m.direction <> 'note') ORDER BY t.position LIMIT $4
"""  # noqa: S608

_AT = f"SELECT {_TIMELINE} FROM timeline t WHERE t.site = $1 AND t.conv = $2 AND t.position = $3"  # noqa: S608

_BY_PROVIDER = f"""
SELECT {MESSAGE} FROM message m LEFT JOIN line n ON n.site = m.site AND n.id = m.line
WHERE m.site = $1 AND m.provider = $2 AND (n.channel = $3 OR m.channel = $3) ORDER BY m.id LIMIT 1
"""  # noqa: S608

_LAST_WORDS = f"""
SELECT {MESSAGE} FROM unnest($2::bigint[]) k CROSS JOIN LATERAL (
  SELECT * FROM message WHERE site = $1 AND conv = k AND conv <> 0 AND direction <> 'note' AND kind <> 'notice'
  ORDER BY id DESC LIMIT 1) m
"""  # noqa: S608

_THREAD = """
SELECT m.id, m.direction, m.provider_id, m.body
FROM timeline t JOIN message m ON m.site = t.site AND m.id = t.message
WHERE t.site = $1 AND t.conv = $2 AND t.line = $3 AND m.direction <> 'note' ORDER BY t.position DESC LIMIT $4
"""

_WRITTEN_AS = """
SELECT m.id, m.direction FROM timeline t JOIN message m ON m.site = t.site AND m.id = t.message
WHERE t.site = $1 AND t.conv = $2 AND m.author = $3 AND m.client = $4 AND '{client}' <@ m.extras
ORDER BY t.position DESC LIMIT 1
"""

_WITH_EXTRA = f"""
SELECT DISTINCT ON (m.id) {MESSAGE} FROM conversation c JOIN timeline t ON t.site = c.site AND t.conv = c.conv
JOIN message m ON m.site = t.site AND m.id = t.message
WHERE c.site = $1 AND c.customer = ANY($2::bigint[]) AND m.id > $4 AND $3 = ANY(m.extras) ORDER BY m.id LIMIT $5
"""  # noqa: S608

_HOLDS = """(SELECT bool_and(position(w IN lower({text} COLLATE "C")) > 0) FROM unnest($4::text[]) w)"""

_FIND = f"""
SELECT {MESSAGE} FROM (SELECT * FROM message WHERE site = $1 AND id < $2 ORDER BY id DESC LIMIT $3) m
WHERE m.conv <> 0 AND {_HOLDS.format(text="m.body")} ORDER BY m.id DESC LIMIT $5
"""  # noqa: S608 - constants

_FIND_CUSTOMERS = f"""
SELECT id FROM (SELECT id, name FROM customer WHERE site = $1 AND id < $2 ORDER BY id DESC LIMIT $3) c
WHERE {_HOLDS.format(text="c.name")} ORDER BY id DESC LIMIT $5
"""  # noqa: S608 - constants

_AFTER = f"SELECT {MESSAGE} FROM message m WHERE m.site = $1 AND m.id > $2 ORDER BY m.id LIMIT $3"  # noqa: S608


# The largest of its numbers: above every id.
NUMBER_MAX = 2**63 - 1


class _Header(msgspec.Struct, frozen=True):
    """Of a body, what a reply's header needs."""

    subject: str = ""


_header = msgspec.json.Decoder(_Header)


async def message(conns: Connections, site: str, number: int) -> MessageRow | None:
    """Return one message."""
    return _first(await conns.read(_ONE, site, number))


async def by_provider(conns: Connections, site: str, channel: str, *, key: bytes) -> MessageRow | None:
    """Return the message that a provider knows by an id."""
    return _first(await conns.read(_BY_PROVIDER, site, key, channel))


async def story(conns: Connections, site: str, conv: int, *, before: int, limit: int) -> list[Story]:
    """Return the last rows of a conversation below a position, oldest first."""
    return [_story(row) for row in await conns.read(_STORY, site, conv, before, limit)]


async def story_at(conns: Connections, site: str, conv: int, *, position: int) -> TimelineRow | None:
    """Return one row of a timeline."""
    rows = await conns.read(_AT, site, conv, position)
    return TimelineRow(**dict(zip(TimelineRow.__struct_fields__, rows[0], strict=True))) if rows else None


async def thread(conns: Connections, site: str, conv: int, *, line: int, limit: int) -> list[Said]:
    """Return the headers of what was said last on a line, oldest first."""
    rows = await conns.read(_THREAD, site, conv, line, limit)
    return [
        Said(message=number, direction=direction, provider=given(provider), subject=_header.decode(body).subject)
        for number, direction, provider, body in reversed(rows)
    ]


async def written_as(conns: Connections, site: str, conv: int, *, author: str, client: str) -> tuple[int, str]:
    """Return (message, direction) of what an author has written under a client id."""
    rows = await conns.read(_WRITTEN_AS, site, conv, kept(author), kept(client))
    return (rows[0][0], rows[0][1]) if rows else (0, "")


async def on_line(conns: Connections, site: str, line: int, *, after: int, limit: int) -> list[Story]:
    """Return what a customer may see on a line above a position, oldest first."""
    return [_story(row) for row in await conns.read(_ON_LINE, site, line, after, limit, list(VISIBLE_ON_LINE))]


async def last_words(conns: Connections, site: str, convs: Sequence[int]) -> dict[int, MessageRow]:
    """Return the newest message of each conversation that has one."""
    found = [message_row(row) for row in await conns.read(_LAST_WORDS, site, sorted(set(convs)))]
    return {row.conv: row for row in found}


async def with_extra(
    conns: Connections, site: str, customers: Sequence[int], *, extra: str, after: int, limit: int
) -> list[MessageRow]:
    """Return the messages of customers that have such an extra, above an id, in order."""
    rows = await conns.read(_WITH_EXTRA, site, list(customers), kept(extra), after, limit)
    return [message_row(row) for row in rows]


async def messages_after(conns: Connections, site: str, *, after: int, limit: int) -> list[MessageRow]:
    """Return messages above an id, in order, whatever became of them."""
    return [message_row(row) for row in await conns.read(_AFTER, site, after, limit)]


async def find_messages(
    conns: Connections, site: str, words: Sequence[str], *, before: int, rows_max: int, limit: int
) -> list[MessageRow]:
    """Return the newest messages that say every word, of so many."""
    rows = await conns.read(_FIND, site, before, rows_max, needles(words), limit)
    return [found for row in rows if holds(found := message_row(row), words)]


async def find_customers(
    conns: Connections, site: str, words: Sequence[str], *, rows_max: int, limit: int
) -> list[int]:
    """Return the newest customers whose name holds every word, of so many."""
    held = [lowered(kept(word)) for word in words]
    return [row[0] for row in await conns.read(_FIND_CUSTOMERS, site, NUMBER_MAX, rows_max, held, limit)]


def _first(rows: Sequence[Sequence[Any]]) -> MessageRow | None:
    return message_row(rows[0]) if rows else None


def _story(row: Sequence[Any]) -> Story:
    cells = tuple(row)
    fields = TimelineRow.__struct_fields__
    timeline = TimelineRow(**dict(zip(fields, cells[: len(fields)], strict=True)))
    rest = cells[len(fields) :]
    return Story(row=timeline, message=message_row(rest) if rest[0] is not None else None)
