"""Where customers find an answer themselves: the address of the help page, if there is one. No article is read out."""

from __future__ import annotations

from urllib.parse import urlencode

from router.floor.floor import Floor
from router.store.port import Article, Articles, StoreError

# A help page with more has nobody who keeps it.
ARTICLES_MAX = 500
PUBLISHED, PUBLIC = "published", "public"


class HelpAddress:
    """The help page of one floor's site."""

    def __init__(self, floor: Floor, articles: Articles, public_url: str) -> None:
        self._floor, self._articles, self._public_url = floor, articles, public_url
        self._revision = -1
        self._has_any = False

    async def of(self, language: str) -> str:
        """Return its address; empty without the page, while nothing on it is for everybody, or nobody can tell."""
        bundle = self._floor.bundle
        if bundle is None or not bundle.help.title:
            return ""
        try:
            has_any = await self._look()
        except StoreError:
            return ""
        return f"{self._public_url}/help?{urlencode({'lang': language[:2]})}" if has_any else ""

    async def _look(self) -> bool:
        revision = await self._articles.revision(self._floor.site)
        if revision != self._revision:
            articles = await self._articles.all(self._floor.site, limit=ARTICLES_MAX)
            self._has_any, self._revision = any(is_public(each) for each in articles), revision
        return self._has_any


def is_public(article: Article) -> bool:
    """Whether everybody may read it."""
    return article.state == PUBLISHED and article.audience == PUBLIC and bool(article.texts)
