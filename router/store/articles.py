"""An article between its row and its record, alike for every database. No SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from router.store.port import Article, ArticleCount, ArticleStep, SearchMissed

# So many versions of an article are kept; the first ones go.
VERSIONS_MAX = 200

_encoder = msgspec.json.Encoder()
_article = msgspec.json.Decoder(Article)


def coded(article: Article) -> str:
    """Return what the row does not say by itself, as JSON."""
    return _encoder.encode(msgspec.structs.replace(article, number=0, version=0)).decode()


def article_of(row: Sequence[Any]) -> Article:
    """Return an article from (id, version, data)."""
    number, version, data = row
    return msgspec.structs.replace(_article.decode(data), number=number, version=version)


def step_of(row: Sequence[Any]) -> ArticleStep:
    """Return a step from (number, command, at, agent, deed)."""
    return ArticleStep(**dict(zip(("number", "command", "at", "agent", "deed"), row, strict=True)))


def count_of(row: Sequence[Any]) -> ArticleCount:
    """Return a count from (article, views, yes, no)."""
    return ArticleCount(**dict(zip(ArticleCount.__struct_fields__, (int(each) for each in row), strict=True)))


def missed_of(row: Sequence[Any]) -> SearchMissed:
    """Return what was searched in vain from (words, times, last day)."""
    words, times, last_day = row
    return SearchMissed(words=words, times=int(times), last_day=last_day)
