"""Articles for the store's tests, with everything that does not matter filled in."""

from __future__ import annotations

from typing import Any

from router.store.port import Article, ArticleStep, ArticleText, Store
from tests.store.makers import SITE

MOST = 1_000
VISITOR = b"v" * 16


def article(slug: str = "returns", **given: Any) -> Article:
    texts = {"en": ArticleText(title="Returns", text="Send it back.", changed_ms=5)}
    return Article(slug=slug, **{"texts": texts, "category": "orders", "writer": 7, **given})


def step(command: str, **given: Any) -> ArticleStep:
    return ArticleStep(command=command, **{"at": 1_000, "agent": 7, "deed": "written", **given})


async def publish(store: Store, words: str) -> None:
    """Write one with something in every table."""
    texts = {"en": ArticleText(title=words, text=words)}
    made = await store.articles.save(SITE, article(texts=texts), step("publish"), most=10**9)
    assert made.article is not None
    await store.articles.read(SITE, {made.article.number: 3}, day=20_000)
    await store.articles.vote(SITE, made.article.number, visitor=VISITOR, helped=True, day=20_000)
    await store.articles.missed(SITE, {words: 2}, day=20_000, most=9)


async def ask_of_articles(store: Store) -> None:
    """Ask everything there is to ask, with something to be found."""
    articles = store.articles
    made = (await articles.save(SITE, article("asked"), step("asked"), most=10**9)).article
    assert made is not None
    await articles.save(SITE, made, step("again"), most=MOST)
    await articles.save(SITE, made, step("late"), most=MOST)
    await articles.get(SITE, made.number)
    await articles.all(SITE, limit=5)
    await articles.revision(SITE)
    await articles.steps(SITE, made.number, before=0, limit=5)
    await articles.version(SITE, made.number, 1)
    await articles.read(SITE, {made.number: 3}, day=20_000)
    for helped in (True, False):
        await articles.vote(SITE, made.number, visitor=VISITOR, helped=helped, day=20_000)
    await articles.counts(SITE, since_day=19_999)
    await articles.missed(SITE, {"bicycle": 2}, day=20_000, most=9)
    await articles.misses(SITE, since_day=19_999, limit=5)
    await articles.sweep(SITE, searches_before=5, votes_before=5)
