"""The help page's articles, their versions, and what readers said of them. No SQL, no decisions.

Nothing here is a customer's: articles are written by the team, readers are counted by days, and a visitor is a number
that was made for the one vote.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from router.store.port.row import Row


class ArticleText(Row, frozen=True, kw_only=True):
    """An article in one language. `made_of` is the number of the first language's text it was translated from.

    `number` counts the changes of this text, so that a translation can be older than what it was made of.
    """

    title: str
    text: str
    number: int = 1
    made_of: int = 0
    changed_ms: int = 0


class Article(Row, frozen=True, kw_only=True):
    """One article. `state`: draft, published, archived; `audience`: public, team.

    `version` grows with every change. `looked_ms`: when somebody last said that it still holds.
    """

    number: int = 0
    version: int = 0
    slug: str
    state: str = "draft"
    audience: str = "public"
    category: str = ""
    queues: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    texts: dict[str, ArticleText] = msgspec.field(default_factory=dict)
    created_ms: int = 0
    changed_ms: int = 0
    looked_ms: int = 0
    published_ms: int = 0
    writer: int = 0


class ArticleStep(Row, frozen=True, kw_only=True):
    """Who changed an article, when and how: `deed` is created, written, published, withdrawn, archived ..."""

    command: str
    at: int
    agent: int
    deed: str
    number: int = 0


class ArticleChange(Row, frozen=True, kw_only=True):
    """What became of a change. `refused`: edited (`faster` was), slug_taken, too_many, or empty."""

    article: Article | None = None
    refused: str = ""
    faster: int = 0


class ArticleCount(Row, frozen=True, kw_only=True):
    """How often an article was read, and how many said that it helped or did not."""

    article: int
    views: int = 0
    yes: int = 0
    no: int = 0


class SearchMissed(Row, frozen=True, kw_only=True):
    """Words that were searched for and found nothing, and how often."""

    words: str
    times: int
    last_day: int


class Articles(Protocol):
    """Articles and what is counted of them. Days are numbered since 1970."""

    async def save(self, site: str, article: Article, step: ArticleStep, *, most: int) -> ArticleChange:
        """Write a new article (number 0), or its next version; the same command changes nothing again."""

    async def get(self, site: str, number: int) -> Article | None:
        """Return an article as it stands."""

    async def all(self, site: str, *, limit: int) -> list[Article]:
        """Return all articles, by number."""

    async def revision(self, site: str) -> int:
        """Return a number that grows with every change of any article; 0 before the first."""

    async def steps(self, site: str, number: int, *, before: int, limit: int) -> list[ArticleStep]:
        """Return the changes of an article below a version (0: the newest), the newest first."""

    async def version(self, site: str, number: int, version: int) -> Article | None:
        """Return an article as it stood in a version."""

    async def read(self, site: str, views: Mapping[int, int], *, day: int) -> None:
        """Add readings by article."""

    async def vote(self, site: str, article: int, *, visitor: bytes, helped: bool, day: int) -> None:
        """Count what a visitor says of an article; a second word of the same visitor takes the place of the first."""

    async def counts(self, site: str, *, since_day: int) -> list[ArticleCount]:
        """Return what was counted since a day, of each article that was read."""

    async def missed(self, site: str, words: Mapping[str, int], *, day: int, most: int) -> None:
        """Add searches without a result; beyond so many different ones in a day new ones are not kept."""

    async def misses(self, site: str, *, since_day: int, limit: int) -> list[SearchMissed]:
        """Return what was searched in vain since a day, the most frequent first."""

    async def sweep(self, site: str, *, searches_before: int, votes_before: int) -> None:
        """Forget searches and visitors of earlier days; what was counted of articles stays."""
