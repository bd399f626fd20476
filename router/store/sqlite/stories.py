"""Reading messages and the timeline: what was said, in order. Nothing is written here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import apsw
import msgspec

from router.store.finding import holds, lowered, needles
from router.store.limits import VISIBLE_ON_LINE
from router.store.port import Body, MessageRow, Said, Story, TimelineRow
from router.store.sqlite.bulk import as_json
from router.store.sqlite.connect import fetch
from router.store.sqlite.members import members_of

MESSAGE = "m.id, m.conv, m.line, m.body, m.status, m.reason"

_STORY = f"""
SELECT t.position, t.conv, t.line, t.kind, t.at, t.message, t.agent, t.notice, t.until_ms, t.detail, {MESSAGE}
FROM timeline t INDEXED BY {{index}} LEFT JOIN message m ON m.id = t.message AND m.site = t.site
"""  # noqa: S608 - the fields are the constant above

# Without the index's name the planner walks the site's whole timeline, because that is in the wanted order already.
_OF_CONVERSATION = (
    _STORY.format(index="timeline_conv")
    + "WHERE t.site = ? AND t.conv = ? AND t.position < ? ORDER BY t.position DESC LIMIT ?"
)

_OF_LINE = (
    _STORY.format(index="timeline_line")  # noqa: S608 - constants
    + "WHERE t.site = ?1 AND t.line = ?2 AND t.line <> 0 AND t.position > ?3"
    + " AND t.kind IN (SELECT value FROM json_each(?5)) AND (m.direction IS NULL OR m.direction <> 'note')"
    + " ORDER BY t.position LIMIT ?4"
)

_BY_PROVIDER = f"""
SELECT {MESSAGE} FROM message m LEFT JOIN line n ON n.id = m.line
WHERE m.site = ?1 AND m.provider = ?2 AND (n.channel = ?3 OR m.channel = ?3) ORDER BY m.id LIMIT 1
"""  # noqa: S608 - the fields are the constant above

_LAST_WORDS = f"""
SELECT {MESSAGE} FROM json_each(?2) k CROSS JOIN message m
WHERE m.id = (SELECT id FROM message WHERE site = ?1 AND conv = k.value AND conv <> 0 AND direction <> 'note'
  AND kind <> 'notice' ORDER BY id DESC LIMIT 1)
"""  # noqa: S608 - the fields are the constant above

_AT = """
SELECT position, conv, line, kind, at, message, agent, notice, until_ms, detail FROM timeline
WHERE site = ? AND position = ? AND conv = ?
"""

_THREAD = """
SELECT m.id, m.direction, coalesce(m.body ->> '$.provider', ''), coalesce(m.body ->> '$.subject', '')
FROM timeline t INDEXED BY timeline_conv CROSS JOIN message m ON m.id = t.message AND m.site = t.site
WHERE t.site = ? AND t.conv = ? AND t.line = ? AND m.direction <> 'note' ORDER BY t.position DESC LIMIT ?
"""

_WRITTEN_AS = """
SELECT m.id, m.direction FROM timeline t INDEXED BY timeline_conv CROSS JOIN message m
  ON m.id = t.message AND m.site = t.site
WHERE t.site = ?1 AND t.conv = ?2 AND m.body ->> '$.author' = ?3 AND m.body ->> '$.extra.client' = ?4
ORDER BY t.position DESC LIMIT 1
"""

_WITH_EXTRA = f"""
SELECT {MESSAGE} FROM json_each(?2) k CROSS JOIN conversation c INDEXED BY conversation_customer
  CROSS JOIN timeline t INDEXED BY timeline_conv
  ON t.site = c.site AND t.conv = c.conv CROSS JOIN message m ON m.id = t.message AND m.site = t.site
WHERE c.site = ?1 AND c.customer = k.value AND m.id > ?4 AND m.body ->> ?3 IS NOT NULL
GROUP BY m.id ORDER BY m.id LIMIT ?5
"""  # noqa: S608 - the fields are the constant above

_HOLDS = "NOT EXISTS (SELECT 1 FROM json_each(?4) w WHERE instr(lower({text}), w.value) = 0)"

_FIND = f"""
SELECT {MESSAGE} FROM (SELECT * FROM message WHERE id < ?2 AND +site = ?1 ORDER BY id DESC LIMIT ?3) m
WHERE m.conv <> 0 AND {_HOLDS.format(text="m.body")} ORDER BY m.id DESC LIMIT ?5
"""  # noqa: S608 - constants

_FIND_CUSTOMERS = f"""
SELECT id FROM (SELECT id, name FROM customer WHERE id < ?2 AND +site = ?1 ORDER BY id DESC LIMIT ?3) c
WHERE {_HOLDS.format(text="c.name")} ORDER BY id DESC LIMIT ?5
"""  # noqa: S608 - constants

_AFTER = f"SELECT {MESSAGE} FROM message m WHERE m.id > ?2 AND +m.site = ?1 ORDER BY m.id LIMIT ?3"  # noqa: S608

# SQLite's largest number: above every id.
NUMBER_MAX = 2**63 - 1

_body = msgspec.json.Decoder(Body)


def message(conn: apsw.Connection, *, site: str, number: int) -> MessageRow | None:
    """Return one message."""
    statement = f"SELECT {MESSAGE} FROM message m WHERE m.id = ? AND m.site = ?"  # noqa: S608
    return _first(conn, statement, (number, site))


def by_provider(conn: apsw.Connection, *, site: str, channel: str, key: bytes) -> MessageRow | None:
    """Return the message that a provider knows by an id."""
    return _first(conn, _BY_PROVIDER, (site, key, channel))


def story(conn: apsw.Connection, *, site: str, conv: int, before: int, limit: int) -> list[Story]:
    """Return the last rows of a conversation below a position, oldest first."""
    rows = fetch(conn, _OF_CONVERSATION, (site, conv, before, limit))
    return [_story(row) for row in reversed(rows)]


def story_at(conn: apsw.Connection, *, site: str, conv: int, position: int) -> TimelineRow | None:
    """Return one row of a timeline."""
    rows = fetch(conn, _AT, (site, position, conv))
    return TimelineRow(**dict(zip(TimelineRow.__struct_fields__, rows[0], strict=True))) if rows else None


def thread(conn: apsw.Connection, *, site: str, conv: int, line: int, limit: int) -> list[Said]:
    """Return the headers of what was said last on a line, oldest first."""
    rows = fetch(conn, _THREAD, (site, conv, line, limit))
    return [Said(message=row[0], direction=row[1], provider=row[2], subject=row[3]) for row in reversed(rows)]


def written_as(conn: apsw.Connection, *, site: str, conv: int, author: str, client: str) -> tuple[int, str]:
    """Return (message, direction) of what an author has written under a client id."""
    rows = fetch(conn, _WRITTEN_AS, (site, conv, author, client))
    return (rows[0][0], rows[0][1]) if rows else (0, "")


def on_line(conn: apsw.Connection, *, site: str, line: int, after: int, limit: int) -> list[Story]:
    """Return what a customer may see on a line above a position, oldest first."""
    visible = as_json(VISIBLE_ON_LINE)
    return [_story(row) for row in fetch(conn, _OF_LINE, (site, line, after, limit, visible))]


def last_words(conn: apsw.Connection, *, site: str, convs: Sequence[int]) -> dict[int, MessageRow]:
    """Return the newest message of each conversation that has one."""
    rows = fetch(conn, _LAST_WORDS, (site, as_json(sorted(set(convs)))))
    found = [message_of(row) for row in rows]
    return {row.conv: row for row in found}


def with_extra(
    conn: apsw.Connection, *, site: str, customer: int, extra: str, after: int, limit: int
) -> list[MessageRow]:
    """Return a person's messages that have such an extra, above an id, in order."""
    values = (site, as_json(members_of(conn, site, customer)), f"$.extra.{extra}", after, limit)
    return [message_of(row) for row in fetch(conn, _WITH_EXTRA, values)]


def messages_after(conn: apsw.Connection, *, site: str, after: int, limit: int) -> list[MessageRow]:
    """Return messages above an id, in order."""
    return [message_of(row) for row in fetch(conn, _AFTER, (site, after, limit))]


def find_messages(
    conn: apsw.Connection, *, site: str, words: Sequence[str], before: int, rows_max: int, limit: int
) -> list[MessageRow]:
    """Return the newest messages that say every word, of so many."""
    rows = fetch(conn, _FIND, (site, before, rows_max, as_json(needles(words)), limit))
    return [found for row in rows if holds(found := message_of(row), words)]


def find_customers(conn: apsw.Connection, *, site: str, words: Sequence[str], rows_max: int, limit: int) -> list[int]:
    """Return the newest customers whose name holds every word, of so many."""
    held = as_json([lowered(word) for word in words])
    return [row[0] for row in fetch(conn, _FIND_CUSTOMERS, (site, NUMBER_MAX, rows_max, held, limit))]


def _first(conn: apsw.Connection, statement: str, values: tuple[str | int | bytes, ...]) -> MessageRow | None:
    rows = fetch(conn, statement, values)
    return message_of(rows[0]) if rows else None


def _story(row: tuple[Any, ...]) -> Story:
    fields = TimelineRow.__struct_fields__
    timeline = TimelineRow(**dict(zip(fields, row[: len(fields)], strict=True)))
    rest = row[len(fields) :]
    return Story(row=timeline, message=message_of(rest) if rest[0] is not None else None)


def message_of(row: tuple[Any, ...]) -> MessageRow:
    """Return a message from the fields above."""
    number, conv, line, body, status, reason = row
    return MessageRow(id=number, conv=conv, line=line, body=_body.decode(body), status=status, reason=reason)
