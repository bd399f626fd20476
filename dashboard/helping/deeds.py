"""What may be done with an article and what becomes of it: one table, and pure changes. No store, no request."""

from __future__ import annotations

import msgspec

from dashboard.helping.shapes import ArticleRequest, TextRequest
from router.store.port import Article, ArticleText

# deed -> (from which states, to which, empty for the same)
TABLE: dict[str, tuple[frozenset[str], str]] = {
    "write": (frozenset({"draft", "published"}), ""),
    "publish": (frozenset({"draft"}), "published"),
    "withdraw": (frozenset({"published"}), "draft"),
    "archive": (frozenset({"draft", "published"}), "archived"),
    "restore": (frozenset({"archived"}), "draft"),
    "look": (frozenset({"published"}), ""),
}


def may_do(article: Article) -> tuple[str, ...]:
    """Return the deeds that follow from an article's state."""
    return tuple(deed for deed, (states, _) in TABLE.items() if article.state in states)


def after(article: Article, deed: str, *, now_ms: int) -> Article:
    """Return an article after a deed. Whatever is done with it, somebody has looked at it."""
    state = TABLE[deed][1] or article.state
    published_ms = now_ms if state == "published" and article.state != "published" else article.published_ms
    return msgspec.structs.replace(article, state=state, looked_ms=now_ms, published_ms=published_ms)


def changed(article: Article, ask: ArticleRequest, *, first: str, now_ms: int) -> Article:
    """Return an article as it is asked for. A text that says the same stays the one it was.

    A translation that was written anew, or that somebody has checked, is of the first language's text of now.
    """
    texts = {tag: _text(article.texts.get(tag), asked, now_ms=now_ms) for tag, asked in ask.texts.items()}
    source = texts.get(first)
    for tag, text in texts.items():
        anew = text is not article.texts.get(tag) or tag in ask.checked
        if source is not None and tag != first and anew:
            texts[tag] = msgspec.structs.replace(text, made_of=source.number)
    return msgspec.structs.replace(
        article,
        version=ask.version,
        slug=ask.slug,
        category=ask.category,
        audience=ask.audience,
        queues=tuple(ask.queues),
        texts=texts,
        created_ms=article.created_ms or now_ms,
        changed_ms=now_ms if texts != article.texts else article.changed_ms,
    )


def _text(known: ArticleText | None, asked: TextRequest, *, now_ms: int) -> ArticleText:
    if known is not None and (known.title, known.text) == (asked.title, asked.text):
        return known
    number = known.number + 1 if known else 1
    return ArticleText(title=asked.title, text=asked.text, number=number, changed_ms=now_ms)
