"""The port's Articles. What is asked by has columns, all else of an article is JSON beside them."""

from __future__ import annotations

from collections.abc import Mapping

from router.store.articles import VERSIONS_MAX, article_of, coded, count_of, missed_of, step_of
from router.store.port import Article, ArticleChange, ArticleCount, ArticleStep, SearchMissed
from router.store.postgresql.connections import Connections, Runs
from router.store.postgresql.texts import given, kept

# Who writes an article holds this row until the end: a revision that can be read has all earlier ones before it.
_HOLD = """
INSERT INTO article_revision(site, revision) VALUES ($1, 0)
ON CONFLICT (site) DO UPDATE SET revision = article_revision.revision
"""
_REVISE = "UPDATE article_revision SET revision = revision + 1 WHERE site = $1"
_REVISION = "SELECT revision FROM article_revision WHERE site = $1"
_NEW = "INSERT INTO article(site, slug, version, data) VALUES ($1, $2, 1, $3) RETURNING id"
_CHANGE = """
UPDATE article SET slug = $4, version = $3 + 1, data = $5 WHERE site = $1 AND id = $2 AND version = $3 RETURNING id
"""
_STEP = """
INSERT INTO article_version(site, article, number, command, at, agent, deed, data)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_KNOWN = "SELECT article FROM article_version WHERE site = $1 AND command = $2"
_LAST = "SELECT agent FROM article_version WHERE site = $1 AND article = $2 ORDER BY number DESC LIMIT 1"
_TAKEN = "SELECT id FROM article WHERE site = $1 AND slug = $2"
_NUMBER = "SELECT count(*) FROM article WHERE site = $1"
_OLD = "DELETE FROM article_version WHERE site = $1 AND article = $2 AND number <= $3"
_ONE = "SELECT id, version, data FROM article WHERE site = $1 AND id = $2"
_ALL = "SELECT id, version, data FROM article WHERE site = $1 ORDER BY id LIMIT $2"
_STEPS = """
SELECT number, command, at, agent, deed FROM article_version WHERE site = $1 AND article = $2
  AND number < coalesce(nullif($3::bigint, 0), 9000000000) ORDER BY number DESC LIMIT $4
"""
_VERSION = "SELECT article, number, data FROM article_version WHERE site = $1 AND article = $2 AND number = $3"
_COUNT = """
INSERT INTO article_count AS c (site, day, article, views, yes, no)
SELECT $1::text, $2::bigint, * FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[]) ORDER BY 3
ON CONFLICT (site, day, article) DO UPDATE SET views = c.views + excluded.views, yes = c.yes + excluded.yes,
  no = c.no + excluded.no
"""
_FIRST_VOTE = """
INSERT INTO article_vote(site, article, visitor, helped, day) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (site, article, visitor) DO NOTHING RETURNING 1
"""
_OTHER_VOTE = """
UPDATE article_vote SET helped = $4, day = $5 WHERE site = $1 AND article = $2 AND visitor = $3 AND helped <> $4
RETURNING 1
"""
_COUNTS = """
SELECT article, sum(views), sum(yes), sum(no) FROM article_count WHERE site = $1 AND day >= $2
GROUP BY article ORDER BY article
"""
_MISSED = """
INSERT INTO article_missed AS m (site, day, said, times) SELECT $1, $2, said, times
FROM unnest($3::text[], $4::bigint[]) e(said, times)
WHERE EXISTS (SELECT 1 FROM article_missed o WHERE o.site = $1 AND o.day = $2 AND o.said = e.said)
  OR (SELECT count(*) FROM article_missed WHERE site = $1 AND day = $2) < $5
ORDER BY said
ON CONFLICT (site, day, said) DO UPDATE SET times = m.times + excluded.times
"""
_MISSES = """
SELECT said, sum(times), max(day) FROM article_missed WHERE site = $1 AND day >= $2
GROUP BY said ORDER BY 2 DESC, said COLLATE "C" LIMIT $3
"""
_FORGET_SEARCHES = "DELETE FROM article_missed WHERE site = $1 AND day < $2"
_FORGET_VISITORS = "DELETE FROM article_vote WHERE site = $1 AND day < $2"


class PostgresqlArticles:
    """The port's Articles."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def save(self, site: str, article: Article, step: ArticleStep, *, most: int) -> ArticleChange:
        """See the port."""

        async def work(runs: Runs) -> ArticleChange:
            await runs.write(_HOLD, site)
            return await _save(runs, site, article, step=step, most=most)

        return await self._connections.transact(work)

    async def get(self, site: str, number: int) -> Article | None:
        """See the port."""
        rows = await self._connections.read(_ONE, site, number)
        return article_of(rows[0]) if rows else None

    async def all(self, site: str, *, limit: int) -> list[Article]:
        """See the port."""
        return [article_of(row) for row in await self._connections.read(_ALL, site, limit)]

    async def revision(self, site: str) -> int:
        """See the port."""
        rows = await self._connections.read(_REVISION, site)
        return int(rows[0][0]) if rows else 0

    async def steps(self, site: str, number: int, *, before: int, limit: int) -> list[ArticleStep]:
        """See the port."""
        return [step_of(row) for row in await self._connections.read(_STEPS, site, number, before, limit)]

    async def version(self, site: str, number: int, version: int) -> Article | None:
        """See the port."""
        rows = await self._connections.read(_VERSION, site, number, version)
        return article_of(rows[0]) if rows else None

    async def read(self, site: str, views: Mapping[int, int], *, day: int) -> None:
        """See the port."""
        none = [0] * len(views)
        await self._connections.write(_COUNT, site, day, list(views), list(views.values()), none, none)

    async def vote(self, site: str, article: int, *, visitor: bytes, helped: bool, day: int) -> None:
        """See the port."""

        async def work(runs: Runs) -> None:
            said = (site, article, visitor, helped, day)
            yes, no = int(helped), int(not helped)
            if await runs.write(_FIRST_VOTE, *said):
                taken = (0, 0)
            elif await runs.write(_OTHER_VOTE, *said):
                taken = (-no, -yes)
            else:
                return
            await runs.write(_COUNT, site, day, [article], [0], [yes + taken[0]], [no + taken[1]])

        await self._connections.transact(work)

    async def counts(self, site: str, *, since_day: int) -> list[ArticleCount]:
        """See the port."""
        return [count_of(row) for row in await self._connections.read(_COUNTS, site, since_day)]

    async def missed(self, site: str, words: Mapping[str, int], *, day: int, most: int) -> None:
        """See the port."""
        said = [kept(each) for each in words]
        await self._connections.write(_MISSED, site, day, said, list(words.values()), most)

    async def misses(self, site: str, *, since_day: int, limit: int) -> list[SearchMissed]:
        """See the port."""
        rows = await self._connections.read(_MISSES, site, since_day, limit)
        return [missed_of((given(words), times, day)) for words, times, day in rows]

    async def sweep(self, site: str, *, searches_before: int, votes_before: int) -> None:
        """See the port."""
        await self._connections.write(_FORGET_SEARCHES, site, searches_before)
        await self._connections.write(_FORGET_VISITORS, site, votes_before)


async def _save(runs: Runs, site: str, article: Article, *, step: ArticleStep, most: int) -> ArticleChange:
    known = await runs.read(_KNOWN, site, step.command)
    if known:
        return ArticleChange(article=await _get(runs, site, known[0][0]))
    taken = await runs.read(_TAKEN, site, article.slug)
    if taken and taken[0][0] != article.number:
        return ArticleChange(refused="slug_taken")
    version, number = article.version, article.number
    if number:
        if not await runs.write(_CHANGE, site, number, version, article.slug, coded(article)):
            faster = await runs.read(_LAST, site, number)
            now = await _get(runs, site, number)
            return ArticleChange(article=now, refused="edited", faster=faster[0][0] if faster else 0)
    elif (await runs.read(_NUMBER, site))[0][0] >= most:
        return ArticleChange(refused="too_many_articles")
    else:
        number = (await runs.write(_NEW, site, article.slug, coded(article)))[0][0]
    values = (version + 1, step.command, step.at, step.agent, step.deed, coded(article))
    await runs.write(_STEP, site, number, *values)
    await runs.write(_OLD, site, number, version + 1 - VERSIONS_MAX)
    await runs.write(_REVISE, site)
    return ArticleChange(article=await _get(runs, site, number))


async def _get(runs: Runs, site: str, number: int) -> Article | None:
    rows = await runs.read(_ONE, site, number)
    return article_of(rows[0]) if rows else None
