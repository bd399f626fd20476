"""The port's Reviews. Ratings are read from the timeline, where each commit has written them; words lie beside."""

from __future__ import annotations

from functools import partial
from typing import Any

import apsw

from router.store.port import RatingFilter, RatingRow, RatingTally, Review, ReviewChange, ReviewFilter
from router.store.port.reviews import Cursor, EndedRow, RatedBy
from router.store.reviews import FIRST, coded, ended_of, rating_of, review_of, tallies_of, tally_of, text_of, worded
from router.store.sqlite.bulk import as_json
from router.store.sqlite.connect import fetch
from router.store.sqlite.members import members_of
from router.store.sqlite.readers import Readers
from router.store.sqlite.writer import Writer

_REMARK = """
INSERT INTO remark(site, conv, customer, said_ms, words) SELECT c.site, c.conv, c.customer, ?4, ?3 FROM conversation c
WHERE c.site = ?1 AND c.conv = ?2
  AND NOT EXISTS (SELECT 1 FROM erasure e WHERE e.site = c.site AND e.customer = c.customer)
ON CONFLICT(site, conv) DO UPDATE SET words = excluded.words, said_ms = excluded.said_ms WHERE NOT forgotten
"""

_SEE = """
INSERT INTO remark(site, conv, customer, seen_ms, seen_by) SELECT c.site, c.conv, c.customer, ?3, ?4
FROM conversation c WHERE c.site = ?1 AND c.conv = ?2
ON CONFLICT(site, conv) DO UPDATE SET seen_ms = excluded.seen_ms, seen_by = excluded.seen_by
  WHERE seen_by = 0 OR excluded.seen_by = 0
"""

_RATED = """
FROM timeline t CROSS JOIN conversation c ON c.site = t.site AND c.conv = t.conv
LEFT JOIN remark r ON r.site = t.site AND r.conv = t.conv
WHERE t.site = ?1 AND t.kind = 'Rated' AND t.at >= ?2 AND t.at < ?3
  AND NOT EXISTS (SELECT 1 FROM timeline l WHERE l.site = t.site AND l.conv = t.conv AND l.kind = 'Rated'
    AND l.position > t.position)
  AND CAST(t.detail AS INTEGER) <= ?4 AND (?5 = '' OR c.channel = ?5) AND (?6 = '' OR c.queue = ?6)
  AND (?7 = 0 OR c.owner = ?7) AND (?8 = 0 OR coalesce(r.words, '""') <> '""')
  AND (?9 = 0 OR coalesce(r.seen_by, 0) = 0) AND c.channel NOT IN (SELECT value FROM json_each(?10))
"""

_FIELDS = """
t.conv, t.at, t.position, CAST(t.detail AS INTEGER), c.reference, c.channel, c.queue, c.owner, c.customer,
coalesce(r.words, '""'), coalesce(r.seen_ms, 0), coalesce(r.seen_by, 0)
"""

_RATINGS = f"""
SELECT {_FIELDS} {_RATED} AND (t.at, t.position) < (?11, ?12) ORDER BY t.at DESC, t.position DESC LIMIT ?13
"""

_TALLY = f"""
SELECT CAST(t.detail AS INTEGER), count(*), sum(coalesce(r.words, '""') <> '""') {_RATED} GROUP BY 1
"""

_OF = {"agent": "owner", "queue": "queue", "channel": "channel"}

_TALLY_BY = {
    by: f"""
SELECT c.{column}, CAST(t.detail AS INTEGER), count(*), sum(coalesce(r.words, '""') <> '""') {_RATED} GROUP BY 1, 2
"""
    for by, column in _OF.items()
}

_RATING = f"""
SELECT {_FIELDS} FROM timeline t CROSS JOIN conversation c ON c.site = t.site AND c.conv = t.conv
LEFT JOIN remark r ON r.site = t.site AND r.conv = t.conv
WHERE t.site = ?1 AND t.conv = ?2 AND t.kind = 'Rated' ORDER BY t.position DESC LIMIT 1
"""  # noqa: S608 - the fields are a constant

_ENDED_WHERE = """
FROM conversation WHERE site = ?1 AND closed_ms > 0 AND owner <> 0 AND closed_ms >= ?2
  AND closed_ms < ?3 AND (?4 = '' OR channel = ?4) AND (?5 = '' OR queue = ?5) AND (?6 = 0 OR owner = ?6)
  AND channel NOT IN (SELECT value FROM json_each(?7))
"""
_ENDED_COUNT = f"SELECT count(*) {_ENDED_WHERE}"
_ENDED_BY = {by: f"SELECT {column}, count(*) {_ENDED_WHERE} GROUP BY 1" for by, column in _OF.items()}

_ENDED = """
SELECT c.conv, c.reference, c.owner, c.channel, c.queue, c.customer, c.closed_ms,
  coalesce((SELECT CAST(detail AS INTEGER) FROM timeline t WHERE t.site = c.site AND t.conv = c.conv
    AND t.kind = 'Rated' ORDER BY t.position DESC LIMIT 1), 0),
  EXISTS (SELECT 1 FROM timeline t WHERE t.site = c.site AND t.conv = c.conv AND t.kind = 'Transferred'),
  EXISTS (SELECT 1 FROM timeline t WHERE t.site = c.site AND t.conv = c.conv AND t.kind = 'Closed'
    AND EXISTS (SELECT 1 FROM timeline l WHERE l.site = t.site AND l.conv = t.conv AND l.position > t.position
      AND l.kind IN ('Returned', 'Queued', 'Assigned', 'Accepted')))
FROM conversation c WHERE c.site = ?1 AND c.closed_ms > 0 AND c.owner <> 0 AND c.closed_ms >= ?2 AND c.closed_ms < ?3
ORDER BY c.conv LIMIT ?4
"""

_BEGIN = """
INSERT INTO review(site, conv, customer, agent, reviewer, stage, week, begun_ms, handed_ms, version, data, words)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?) ON CONFLICT(site, conv) DO NOTHING
"""

_CHANGE = """
UPDATE review SET reviewer = ?4, stage = ?5, handed_ms = ?6, data = ?7, words = ?8, version = ?3 + 1
WHERE site = ?1 AND conv = ?2 AND version = ?3 AND forgotten = 0
"""

_DROP = "DELETE FROM review WHERE site = ?1 AND conv = ?2 AND version = ?3 AND stage = 'draft'"
_ONE = "SELECT version, forgotten, data, words FROM review WHERE site = ?1 AND conv = ?2"

_OF_WEEK = "SELECT version, forgotten, data FROM review WHERE site = ?1 AND week = ?2 ORDER BY conv LIMIT ?3"

_NEWEST = """
SELECT version, forgotten, data, words FROM review WHERE site = ?1 AND (begun_ms, conv) < (?2, ?3)
  AND (?4 = 0 OR +agent = ?4) AND (?5 = '' OR stage = ?5) AND (?6 OR handed_ms > 0)
ORDER BY begun_ms DESC, conv DESC LIMIT ?7
"""

_NEWEST_OF = """
SELECT version, forgotten, data, words FROM review WHERE site = ?1 AND (begun_ms, conv) < (?2, ?3)
  AND agent = ?4 AND (?5 = '' OR stage = ?5) AND (?6 OR handed_ms > 0)
ORDER BY begun_ms DESC, conv DESC LIMIT ?7
"""

_BETWEEN = """
SELECT version, forgotten, data FROM review WHERE site = ?1 AND handed_ms > 0 AND handed_ms >= ?2 AND handed_ms < ?3
  AND (?4 = 0 OR +agent = ?4) ORDER BY handed_ms, conv LIMIT ?5
"""

_SAID = f"""
SELECT {_FIELDS} FROM remark r CROSS JOIN timeline t ON t.site = r.site AND t.conv = r.conv AND t.kind = 'Rated'
CROSS JOIN conversation c ON c.site = t.site AND c.conv = t.conv
WHERE r.site = ?1 AND r.customer IN (SELECT value FROM json_each(?2)) AND r.words <> '""'
  AND NOT EXISTS (SELECT 1 FROM timeline l WHERE l.site = t.site AND l.conv = t.conv AND l.kind = 'Rated'
    AND l.position > t.position)
ORDER BY t.conv
"""  # noqa: S608 - the fields are a constant

_REVIEWED = """
SELECT version, forgotten, data, words FROM review
WHERE site = ?1 AND customer IN (SELECT value FROM json_each(?2)) ORDER BY conv
"""

_FORGET = (
    """
UPDATE remark SET words = '""', forgotten = 1
WHERE site = ?1 AND customer IN (SELECT value FROM json_each(?2))
""",
    """
UPDATE review SET words = '{}', forgotten = 1
WHERE site = ?1 AND customer IN (SELECT value FROM json_each(?2))
""",
)


_FORGET_OLD = (
    """
UPDATE remark SET words = '""', forgotten = 1 WHERE site = ?1 AND conv IN (
  SELECT conv FROM remark WHERE site = ?1 AND forgotten = 0 AND said_ms > 0 AND said_ms < ?2 LIMIT ?3)
""",
    """
UPDATE review SET words = '{}', forgotten = 1 WHERE site = ?1 AND conv IN (
  SELECT conv FROM review WHERE site = ?1 AND forgotten = 0 AND begun_ms < ?2 LIMIT ?3)
""",
)


class SqliteReviews:
    """The port's Reviews."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def remark(self, site: str, conv: int, words: str, *, at: int) -> bool:
        """See the port."""

        def work(conn: apsw.Connection) -> bool:
            conn.execute(_REMARK, (site, conv, text_of(words), at))
            return conn.changes() > 0

        return await self._writer.do(work)

    async def see(self, site: str, conv: int, *, agent: int, at: int) -> None:
        """See the port."""
        await self._writer.execute(_SEE, (site, conv, at if agent else 0, agent))

    async def ratings(self, site: str, wanted: RatingFilter, *, before: Cursor, limit: int) -> list[RatingRow]:
        """See the port."""
        first = before if before[0] else FIRST
        return [rating_of(row) for row in await self._rows(_RATINGS, (site, *_values(wanted), *first, limit))]

    async def tally(self, site: str, wanted: RatingFilter) -> RatingTally:
        """See the port."""
        rows = await self._rows(_TALLY, (site, *_values(wanted)))
        ((ended,),) = await self._rows(_ENDED_COUNT, (site, *_ended_values(wanted)))
        return tally_of(rows, ended)

    async def tally_by(self, site: str, wanted: RatingFilter, by: RatedBy) -> dict[str, RatingTally]:
        """See the port."""
        rows = await self._rows(_TALLY_BY[by], (site, *_values(wanted)))
        return tallies_of(rows, await self._rows(_ENDED_BY[by], (site, *_ended_values(wanted))))

    async def rating(self, site: str, conv: int) -> RatingRow | None:
        """See the port."""
        rows = await self._rows(_RATING, (site, conv))
        return rating_of(rows[0]) if rows else None

    async def ended(self, site: str, *, since_ms: int, until_ms: int, limit: int) -> list[EndedRow]:
        """See the port."""
        return [ended_of(row) for row in await self._rows(_ENDED, (site, since_ms, until_ms, limit))]

    async def begin(self, site: str, review: Review) -> ReviewChange:
        """See the port."""
        return await self._writer.do(partial(_begin, site=site, review=review))

    async def change(self, site: str, review: Review) -> ReviewChange:
        """See the port."""
        return await self._writer.do(partial(_change, site=site, review=review))

    async def drop(self, site: str, conv: int, *, version: int) -> bool:
        """See the port."""

        def work(conn: apsw.Connection) -> bool:
            conn.execute(_DROP, (site, conv, version))
            return conn.changes() > 0

        return await self._writer.do(work)

    async def get(self, site: str, conv: int) -> Review | None:
        """See the port."""
        rows = await self._rows(_ONE, (site, conv))
        return review_of(rows[0]) if rows else None

    async def of_week(self, site: str, week: int, *, limit: int) -> list[Review]:
        """See the port."""
        return [review_of(row) for row in await self._rows(_OF_WEEK, (site, week, limit))]

    async def newest(self, site: str, wanted: ReviewFilter, *, before: Cursor, limit: int) -> list[Review]:
        """See the port."""
        first = before if before[0] else FIRST
        values = (site, *first, wanted.agent, wanted.stage, wanted.drafts, limit)
        statement = _NEWEST_OF if wanted.agent else _NEWEST
        return [review_of(row) for row in await self._rows(statement, values)]

    async def between(self, site: str, *, since_ms: int, until_ms: int, agent: int = 0, limit: int) -> list[Review]:
        """See the port."""
        return [review_of(row) for row in await self._rows(_BETWEEN, (site, since_ms, until_ms, agent, limit))]

    async def forget(self, site: str, *, before_ms: int, limit: int) -> int:
        """See the port."""

        def work(conn: apsw.Connection) -> int:
            forgotten = 0
            for statement in _FORGET_OLD:
                conn.execute(statement, (site, before_ms, limit))
                forgotten += conn.changes()
            return forgotten

        return await self._writer.do(work)

    async def said_of(self, site: str, customer: int) -> tuple[list[RatingRow], list[Review]]:
        """See the port."""

        def work(conn: apsw.Connection) -> list[tuple[list[RatingRow], list[Review]]]:
            mine = as_json(members_of(conn, site, customer))
            said = [rating_of(row) for row in fetch(conn, _SAID, (site, mine))]
            return [(said, [review_of(row) for row in fetch(conn, _REVIEWED, (site, mine))])]

        return (await self._readers.list(work))[0]

    async def _rows(self, statement: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        return await self._readers.list(lambda conn: fetch(conn, statement, values))


def _values(wanted: RatingFilter) -> tuple[str | int, ...]:
    one = wanted
    return (one.since_ms, one.until_ms, one.score_max, one.channel, one.queue, one.agent, int(one.worded),
            int(one.unseen), as_json(list(one.without)))  # fmt: skip


def _ended_values(wanted: RatingFilter) -> tuple[str | int, ...]:
    one = wanted
    return (one.since_ms, one.until_ms, one.channel, one.queue, one.agent, as_json(list(one.without)))


def _sure(conn: apsw.Connection, site: str, conv: int) -> Review:
    return review_of(fetch(conn, _ONE, (site, conv))[0])


def _begin(conn: apsw.Connection, *, site: str, review: Review) -> ReviewChange:
    one = review
    conn.execute(
        _BEGIN,
        (site, one.conv, one.customer, one.agent, one.reviewer, one.stage, one.week, one.begun_ms, one.handed_ms,
         coded(one), worded(one)),
    )  # fmt: skip
    new, now = conn.changes() > 0, _sure(conn, site, one.conv)
    same = new or now.command == one.command
    return ReviewChange(review=now, changed=same, faster=0 if same else now.editor)


def _change(conn: apsw.Connection, *, site: str, review: Review) -> ReviewChange:
    one = review
    conn.execute(
        _CHANGE, (site, one.conv, one.version, one.reviewer, one.stage, one.handed_ms, coded(one), worded(one))
    )
    new, now = conn.changes() > 0, _sure(conn, site, one.conv)
    same = new or now.command == one.command
    return ReviewChange(review=now, changed=same, faster=0 if same else now.editor)


def forget_of(conn: apsw.Connection, *, site: str, customers: str) -> None:
    """Forget what customers (JSON) wrote with their ratings and what was written in reviews; scores stay."""
    for statement in _FORGET:
        conn.execute(statement, (site, customers))
