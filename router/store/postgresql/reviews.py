"""The port's Reviews. Ratings are read from the timeline, where each commit has written them; words lie beside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from router.store.port import RatingFilter, RatingRow, RatingTally, Review, ReviewChange, ReviewFilter
from router.store.port.reviews import Cursor, EndedRow, RatedBy
from router.store.postgresql.connections import Connections, Runs
from router.store.postgresql.people import members_of
from router.store.reviews import FIRST, coded, ended_of, rating_of, review_of, tallies_of, tally_of, text_of, worded

_REMARK = """
INSERT INTO remark(site, conv, customer, said_ms, words) SELECT c.site, c.conv, c.customer, $4::bigint, $3::text
FROM conversation c WHERE c.site = $1 AND c.conv = $2
  AND NOT EXISTS (SELECT 1 FROM erasure e WHERE e.site = c.site AND e.customer = c.customer)
ON CONFLICT(site, conv) DO UPDATE SET words = excluded.words, said_ms = excluded.said_ms
  WHERE NOT remark.forgotten RETURNING 1
"""

_SEE = """
INSERT INTO remark(site, conv, customer, seen_ms, seen_by) SELECT c.site, c.conv, c.customer, $3::bigint, $4::bigint
FROM conversation c WHERE c.site = $1 AND c.conv = $2
ON CONFLICT(site, conv) DO UPDATE SET seen_ms = excluded.seen_ms, seen_by = excluded.seen_by
  WHERE remark.seen_by = 0 OR excluded.seen_by = 0
"""

_RATED = """
FROM timeline t JOIN conversation c ON c.site = t.site AND c.conv = t.conv
LEFT JOIN remark r ON r.site = t.site AND r.conv = t.conv
WHERE t.site = $1 AND t.kind = 'Rated' AND t.at >= $2 AND t.at < $3
  AND t.position = (SELECT l.position FROM timeline l WHERE l.site = t.site AND l.conv = t.conv AND l.kind = 'Rated'
    ORDER BY l.position DESC LIMIT 1)
  AND t.detail::int <= $4 AND ($5::text = '' OR c.channel = $5) AND ($6::text = '' OR c.queue = $6)
  AND ($7::bigint = 0 OR c.owner = $7) AND (NOT $8::boolean OR coalesce(r.words, '""') <> '""')
  AND (NOT $9::boolean OR coalesce(r.seen_by, 0) = 0) AND c.channel <> ALL($10::text[])
"""

_FIELDS = """
t.conv, t.at, t.position, t.detail::int, c.reference, c.channel, c.queue, c.owner, c.customer,
coalesce(r.words, '""'), coalesce(r.seen_ms, 0), coalesce(r.seen_by, 0)
"""

_RATINGS = f"""
SELECT {_FIELDS} {_RATED} AND (t.at, t.position) < ($11::bigint, $12::bigint)
ORDER BY t.at DESC, t.position DESC LIMIT $13
"""

_TALLY = f"""
SELECT t.detail::int, count(*), count(*) FILTER (WHERE coalesce(r.words, '""') <> '""') {_RATED} GROUP BY 1
"""

_OF = {"agent": "owner", "queue": "queue", "channel": "channel"}

_TALLY_BY = {
    by: f"""
SELECT c.{column}, t.detail::int, count(*), count(*) FILTER (WHERE coalesce(r.words, '""') <> '""') {_RATED}
GROUP BY 1, 2
"""
    for by, column in _OF.items()
}

_RATING = f"""
SELECT {_FIELDS} FROM timeline t JOIN conversation c ON c.site = t.site AND c.conv = t.conv
LEFT JOIN remark r ON r.site = t.site AND r.conv = t.conv
WHERE t.site = $1 AND t.conv = $2 AND t.kind = 'Rated' ORDER BY t.position DESC LIMIT 1
"""  # noqa: S608 - the fields are a constant

_ENDED_WHERE = """
FROM conversation WHERE site = $1 AND closed_ms > 0 AND owner <> 0 AND closed_ms >= $2
  AND closed_ms < $3 AND ($4::text = '' OR channel = $4) AND ($5::text = '' OR queue = $5)
  AND ($6::bigint = 0 OR owner = $6)
  AND channel <> ALL($7::text[])
"""
_ENDED_COUNT = f"SELECT count(*) {_ENDED_WHERE}"
_ENDED_BY = {by: f"SELECT {column}, count(*) {_ENDED_WHERE} GROUP BY 1" for by, column in _OF.items()}

_ENDED = """
SELECT c.conv, c.reference, c.owner, c.channel, c.queue, c.customer, c.closed_ms,
  coalesce((SELECT detail::int FROM timeline t WHERE t.site = c.site AND t.conv = c.conv
    AND t.kind = 'Rated' ORDER BY t.position DESC LIMIT 1), 0),
  EXISTS (SELECT 1 FROM timeline t WHERE t.site = c.site AND t.conv = c.conv AND t.kind = 'Transferred'),
  EXISTS (SELECT 1 FROM timeline t WHERE t.site = c.site AND t.conv = c.conv AND t.kind = 'Closed'
    AND EXISTS (SELECT 1 FROM timeline l WHERE l.site = t.site AND l.conv = t.conv AND l.position > t.position
      AND l.kind IN ('Returned', 'Queued', 'Assigned', 'Accepted')))
FROM conversation c WHERE c.site = $1 AND c.closed_ms > 0 AND c.owner <> 0 AND c.closed_ms >= $2 AND c.closed_ms < $3
ORDER BY c.conv LIMIT $4
"""

_BEGIN = """
INSERT INTO review(site, conv, customer, agent, reviewer, stage, week, begun_ms, handed_ms, version, data, words)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $11) ON CONFLICT (site, conv) DO NOTHING RETURNING 1
"""

_CHANGE = """
UPDATE review SET reviewer = $4, stage = $5, handed_ms = $6, data = $7, words = $8, version = $3 + 1
WHERE site = $1 AND conv = $2 AND version = $3 AND NOT forgotten RETURNING 1
"""

_DROP = "DELETE FROM review WHERE site = $1 AND conv = $2 AND version = $3 AND stage = 'draft' RETURNING 1"
_ONE = "SELECT version, forgotten, data, words FROM review WHERE site = $1 AND conv = $2"

_OF_WEEK = "SELECT version, forgotten, data FROM review WHERE site = $1 AND week = $2 ORDER BY conv LIMIT $3"

_NEWEST = """
SELECT version, forgotten, data, words FROM review WHERE site = $1 AND (begun_ms, conv) < ($2::bigint, $3::bigint)
  AND ($4::bigint = 0 OR agent = $4) AND ($5::text = '' OR stage = $5)
  AND ($6::boolean OR handed_ms > 0)
ORDER BY begun_ms DESC, conv DESC LIMIT $7
"""

_NEWEST_OF = """
SELECT version, forgotten, data, words FROM review WHERE site = $1 AND (begun_ms, conv) < ($2::bigint, $3::bigint)
  AND agent = $4 AND ($5::text = '' OR stage = $5)
  AND ($6::boolean OR handed_ms > 0)
ORDER BY begun_ms DESC, conv DESC LIMIT $7
"""

_BETWEEN = """
SELECT version, forgotten, data FROM review WHERE site = $1 AND handed_ms > 0 AND handed_ms >= $2 AND handed_ms < $3
  AND ($4::bigint = 0 OR agent = $4) ORDER BY handed_ms, conv LIMIT $5
"""

_SAID = f"""
SELECT {_FIELDS} FROM remark r CROSS JOIN LATERAL (
  SELECT * FROM timeline l WHERE l.site = r.site AND l.conv = r.conv AND l.kind = 'Rated'
  ORDER BY l.position DESC LIMIT 1) t
JOIN conversation c ON c.site = r.site AND c.conv = r.conv
WHERE r.site = $1 AND r.customer = ANY($2::bigint[]) AND r.words <> '""' ORDER BY r.conv
"""  # noqa: S608 - the fields are a constant

_REVIEWED = """
SELECT version, forgotten, data, words FROM review
WHERE site = $1 AND customer = ANY($2::bigint[]) ORDER BY conv
"""

_FORGET = (
    """
UPDATE remark SET words = '""', forgotten = true
WHERE site = $1 AND customer = ANY($2::bigint[])
""",
    """
UPDATE review SET words = '{}', forgotten = true
WHERE site = $1 AND customer = ANY($2::bigint[])
""",
)


_FORGET_OLD = (
    """
UPDATE remark SET words = '""', forgotten = true WHERE site = $1 AND conv IN (
  SELECT conv FROM remark WHERE site = $1 AND NOT forgotten AND said_ms > 0 AND said_ms < $2 ORDER BY conv LIMIT $3)
RETURNING conv
""",
    """
UPDATE review SET words = '{}', forgotten = true WHERE site = $1 AND conv IN (
  SELECT conv FROM review WHERE site = $1 AND NOT forgotten AND begun_ms < $2 ORDER BY conv LIMIT $3)
RETURNING conv
""",
)


class PostgresqlReviews:
    """The port's Reviews."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def remark(self, site: str, conv: int, words: str, *, at: int) -> bool:
        """See the port."""
        return bool(await self._connections.write(_REMARK, site, conv, text_of(words), at))

    async def see(self, site: str, conv: int, *, agent: int, at: int) -> None:
        """See the port."""
        await self._connections.write(_SEE, site, conv, at if agent else 0, agent)

    async def ratings(self, site: str, wanted: RatingFilter, *, before: Cursor, limit: int) -> list[RatingRow]:
        """See the port."""
        first = before if before[0] else FIRST
        rows = await self._connections.read(_RATINGS, site, *_values(wanted), *first, limit)
        return [rating_of(row) for row in rows]

    async def tally(self, site: str, wanted: RatingFilter) -> RatingTally:
        """See the port."""
        rows = await self._connections.read(_TALLY, site, *_values(wanted))
        ((ended,),) = await self._connections.read(_ENDED_COUNT, site, *_ended_values(wanted))
        return tally_of(rows, ended)

    async def tally_by(self, site: str, wanted: RatingFilter, by: RatedBy) -> dict[str, RatingTally]:
        """See the port."""
        rows = await self._connections.read(_TALLY_BY[by], site, *_values(wanted))
        over = await self._connections.read(_ENDED_BY[by], site, *_ended_values(wanted))
        return tallies_of(rows, over)

    async def rating(self, site: str, conv: int) -> RatingRow | None:
        """See the port."""
        rows = await self._connections.read(_RATING, site, conv)
        return rating_of(rows[0]) if rows else None

    async def ended(self, site: str, *, since_ms: int, until_ms: int, limit: int) -> list[EndedRow]:
        """See the port."""
        return [ended_of(row) for row in await self._connections.read(_ENDED, site, since_ms, until_ms, limit)]

    async def begin(self, site: str, review: Review) -> ReviewChange:
        """See the port."""
        one = review
        row = (site, one.conv, one.customer, one.agent, one.reviewer, one.stage, one.week, one.begun_ms,
               one.handed_ms, coded(one), worded(one))  # fmt: skip
        return await self._written(_BEGIN, row, one)

    async def change(self, site: str, review: Review) -> ReviewChange:
        """See the port."""
        one = review
        row = (site, one.conv, one.version, one.reviewer, one.stage, one.handed_ms, coded(one), worded(one))
        return await self._written(_CHANGE, row, one)

    async def drop(self, site: str, conv: int, *, version: int) -> bool:
        """See the port."""
        return bool(await self._connections.write(_DROP, site, conv, version))

    async def get(self, site: str, conv: int) -> Review | None:
        """See the port."""
        rows = await self._connections.read(_ONE, site, conv)
        return review_of(rows[0]) if rows else None

    async def of_week(self, site: str, week: int, *, limit: int) -> list[Review]:
        """See the port."""
        return [review_of(row) for row in await self._connections.read(_OF_WEEK, site, week, limit)]

    async def newest(self, site: str, wanted: ReviewFilter, *, before: Cursor, limit: int) -> list[Review]:
        """See the port."""
        first = before if before[0] else FIRST
        values = (*first, wanted.agent, wanted.stage, wanted.drafts, limit)
        statement = _NEWEST_OF if wanted.agent else _NEWEST
        return [review_of(row) for row in await self._connections.read(statement, site, *values)]

    async def between(self, site: str, *, since_ms: int, until_ms: int, agent: int = 0, limit: int) -> list[Review]:
        """See the port."""
        rows = await self._connections.read(_BETWEEN, site, since_ms, until_ms, agent, limit)
        return [review_of(row) for row in rows]

    async def forget(self, site: str, *, before_ms: int, limit: int) -> int:
        """See the port."""
        return sum([len(await self._connections.write(each, site, before_ms, limit)) for each in _FORGET_OLD])

    async def said_of(self, site: str, customer: int) -> tuple[list[RatingRow], list[Review]]:
        """See the port."""
        mine = await members_of(self._connections, site, customer)
        said = [rating_of(row) for row in await self._connections.read(_SAID, site, mine)]
        return said, [review_of(row) for row in await self._connections.read(_REVIEWED, site, mine)]

    async def _written(self, statement: str, row: tuple[Any, ...], one: Review) -> ReviewChange:
        """Write one; what is there now is read in the same transaction, and its row is locked where it was written."""

        async def work(runs: Runs) -> ReviewChange:
            new = bool(await runs.write(statement, *row))
            now = review_of((await runs.read(_ONE, row[0], one.conv))[0])
            same = new or now.command == one.command
            return ReviewChange(review=now, changed=same, faster=0 if same else now.editor)

        return await self._connections.transact(work)


def _values(wanted: RatingFilter) -> tuple[Any, ...]:
    one = wanted
    return (one.since_ms, one.until_ms, one.score_max, one.channel, one.queue, one.agent, one.worded, one.unseen,
            list(one.without))  # fmt: skip


def _ended_values(wanted: RatingFilter) -> tuple[Any, ...]:
    one = wanted
    return (one.since_ms, one.until_ms, one.channel, one.queue, one.agent, list(one.without))


async def forget_of(runs: Runs, *, site: str, customers: Sequence[int]) -> None:
    """Forget what customers wrote with their ratings and what was written in reviews; scores stay."""
    for statement in _FORGET:
        await runs.write(statement, site, list(customers))
