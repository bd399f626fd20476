"""The port's Articles. What is asked by has columns, all else of an article is JSON beside them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import apsw

from router.store.articles import VERSIONS_MAX, article_of, coded, count_of, missed_of, step_of
from router.store.port import Article, ArticleChange, ArticleCount, ArticleStep, SearchMissed
from router.store.sqlite.connect import fetch
from router.store.sqlite.readers import Readers
from router.store.sqlite.writer import Writer

_NEW = "INSERT INTO article(site, slug, version, data) VALUES (?, ?, 1, ?) RETURNING id"
_CHANGE = "UPDATE article SET slug = ?4, version = ?3 + 1, data = ?5 WHERE id = ?2 AND version = ?3 AND +site = ?1"
_STEP = "INSERT INTO article_version(site, article, number, command, at, agent, deed, data) VALUES (?,?,?,?,?,?,?,?)"
_KNOWN = "SELECT article FROM article_version WHERE site = ? AND command = ?"
_LAST = "SELECT agent FROM article_version WHERE site = ? AND article = ? ORDER BY number DESC LIMIT 1"
_TAKEN = "SELECT id FROM article WHERE site = ? AND slug = ?"
_NUMBER = "SELECT count(*) FROM article WHERE site = ?"
_OLD = "DELETE FROM article_version WHERE site = ? AND article = ? AND number <= ?"
_ONE = "SELECT id, version, data FROM article WHERE id = ? AND +site = ?"
_ALL = "SELECT id, version, data FROM article WHERE site = ? ORDER BY id LIMIT ?"
_REVISE = """
INSERT INTO article_revision(site, revision) VALUES (?, 1) ON CONFLICT(site) DO UPDATE SET revision = revision + 1
"""
_REVISION = "SELECT revision FROM article_revision WHERE site = ?"
_STEPS = """
SELECT number, command, at, agent, deed FROM article_version WHERE site = ?1 AND article = ?2
  AND number < iif(?3 = 0, 9000000000, ?3) ORDER BY number DESC LIMIT ?4
"""
_VERSION = "SELECT article, number, data FROM article_version WHERE site = ? AND article = ? AND number = ?"
_COUNT = """
INSERT INTO article_count(site, day, article, views, yes, no) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT(site, day, article) DO UPDATE SET views = views + excluded.views, yes = yes + excluded.yes,
  no = no + excluded.no
"""
_VOTED = "SELECT helped FROM article_vote WHERE site = ? AND article = ? AND visitor = ?"
_VOTE = """
INSERT INTO article_vote(site, article, visitor, helped, day) VALUES (?, ?, ?, ?, ?)
ON CONFLICT(site, article, visitor) DO UPDATE SET helped = excluded.helped, day = excluded.day
"""
_COUNTS = """
SELECT article, sum(views), sum(yes), sum(no) FROM article_count WHERE site = ? AND day >= ?
GROUP BY article ORDER BY article
"""
_MISSED = """
INSERT INTO article_missed(site, day, said, times) SELECT ?1, ?2, ?3, ?4
WHERE EXISTS (SELECT 1 FROM article_missed WHERE site = ?1 AND day = ?2 AND said = ?3)
  OR (SELECT count(*) FROM article_missed WHERE site = ?1 AND day = ?2) < ?5
ON CONFLICT(site, day, said) DO UPDATE SET times = times + excluded.times
"""
_MISSES = """
SELECT said, sum(times), max(day) FROM article_missed WHERE site = ? AND day >= ?
GROUP BY said ORDER BY 2 DESC, 1 LIMIT ?
"""
_FORGET_SEARCHES = "DELETE FROM article_missed WHERE site = ? AND day < ?"
_FORGET_VISITORS = "DELETE FROM article_vote WHERE site = ? AND day < ?"


class SqliteArticles:
    """The port's Articles."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def save(self, site: str, article: Article, step: ArticleStep, *, most: int) -> ArticleChange:
        """See the port."""
        return await self._writer.do(partial(_save, site=site, article=article, step=step, most=most))

    async def get(self, site: str, number: int) -> Article | None:
        """See the port."""
        return self._readers.look(partial(_get, site=site, number=number))

    async def all(self, site: str, *, limit: int) -> list[Article]:
        """See the port."""
        return await self._readers.list(lambda conn: [article_of(row) for row in fetch(conn, _ALL, (site, limit))])

    async def revision(self, site: str) -> int:
        """See the port."""
        rows = self._readers.look(lambda conn: fetch(conn, _REVISION, (site,)))
        return int(rows[0][0]) if rows else 0

    async def steps(self, site: str, number: int, *, before: int, limit: int) -> list[ArticleStep]:
        """See the port."""
        return [step_of(row) for row in await self._rows(_STEPS, (site, number, before, limit))]

    async def version(self, site: str, number: int, version: int) -> Article | None:
        """See the port."""
        rows = await self._rows(_VERSION, (site, number, version))
        return article_of(rows[0]) if rows else None

    async def read(self, site: str, views: Mapping[int, int], *, day: int) -> None:
        """See the port."""

        def work(conn: apsw.Connection) -> None:
            for article, count in views.items():
                conn.execute(_COUNT, (site, day, article, count, 0, 0))

        await self._writer.do(work)

    async def vote(self, site: str, article: int, *, visitor: bytes, helped: bool, day: int) -> None:
        """See the port."""
        await self._writer.do(partial(_vote, site=site, article=article, visitor=visitor, helped=helped, day=day))

    async def counts(self, site: str, *, since_day: int) -> list[ArticleCount]:
        """See the port."""
        return [count_of(row) for row in await self._rows(_COUNTS, (site, since_day))]

    async def missed(self, site: str, words: Mapping[str, int], *, day: int, most: int) -> None:
        """See the port."""

        def work(conn: apsw.Connection) -> None:
            for said, times in words.items():
                conn.execute(_MISSED, (site, day, said, times, most))

        await self._writer.do(work)

    async def misses(self, site: str, *, since_day: int, limit: int) -> list[SearchMissed]:
        """See the port."""
        return [missed_of(row) for row in await self._rows(_MISSES, (site, since_day, limit))]

    async def sweep(self, site: str, *, searches_before: int, votes_before: int) -> None:
        """See the port."""
        await self._writer.execute(_FORGET_SEARCHES, (site, searches_before))
        await self._writer.execute(_FORGET_VISITORS, (site, votes_before))

    async def _rows(self, statement: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        return await self._readers.list(lambda conn: fetch(conn, statement, values))


def _save(conn: apsw.Connection, *, site: str, article: Article, step: ArticleStep, most: int) -> ArticleChange:
    known = fetch(conn, _KNOWN, (site, step.command))
    if known:
        return ArticleChange(article=_get(conn, site=site, number=known[0][0]))
    taken = fetch(conn, _TAKEN, (site, article.slug))
    if taken and taken[0][0] != article.number:
        return ArticleChange(refused="slug_taken")
    if article.number:
        conn.execute(_CHANGE, (site, article.number, article.version, article.slug, coded(article)))
        if not conn.changes():
            faster = fetch(conn, _LAST, (site, article.number))
            now = _get(conn, site=site, number=article.number)
            return ArticleChange(article=now, refused="edited", faster=faster[0][0] if faster else 0)
        number = article.number
    elif fetch(conn, _NUMBER, (site,))[0][0] >= most:
        return ArticleChange(refused="too_many_articles")
    else:
        number = fetch(conn, _NEW, (site, article.slug, coded(article)))[0][0]
    version = article.version + 1
    conn.execute(_STEP, (site, number, version, step.command, step.at, step.agent, step.deed, coded(article)))
    conn.execute(_OLD, (site, number, version - VERSIONS_MAX))
    conn.execute(_REVISE, (site,))
    return ArticleChange(article=_get(conn, site=site, number=number))


def _get(conn: apsw.Connection, *, site: str, number: int) -> Article | None:
    rows = fetch(conn, _ONE, (number, site))
    return article_of(rows[0]) if rows else None


def _vote(conn: apsw.Connection, *, site: str, article: int, visitor: bytes, helped: bool, day: int) -> None:
    before = fetch(conn, _VOTED, (site, article, visitor))
    if before and bool(before[0][0]) == helped:
        return
    conn.execute(_VOTE, (site, article, visitor, int(helped), day))
    yes, no = int(helped), int(not helped)
    taken = (-no, -yes) if before else (0, 0)
    conn.execute(_COUNT, (site, day, article, 0, yes + taken[0], no + taken[1]))
