"""Articles as a folder of Markdown files, `<slug>.<language>.md`, so that they can be kept beside code. No command.

A file opens with lines of `key: value` between two lines of `---`: its title, and in one of an article's files what
holds for all its languages. While one file is faulty nothing is written; what the folder does not name stays.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from dashboard.helping.deeds import after, changed
from dashboard.helping.shapes import ArticleRequest
from router.intake.helping import ARTICLES_MAX, PUBLISHED
from router.store.port import Article, ArticleStep, Store

BY_COMMAND = 0
FILE_BYTES_MAX = 256 * 1024
FAULTS_SHOWN_MAX = 50
NAME = re.compile(r"(?P<slug>[a-z0-9-]+)\.(?P<language>[A-Za-z0-9-]+)\.md")
RULE = "---"
# What is said once for all languages of an article.
SHARED = ("category", "audience", "state", "queues")
STATES = ("draft", "published", "archived")
# What is done with an article that has one state and shall have another.
DEEDS = {
    ("draft", "published"): "publish",
    ("draft", "archived"): "archive",
    ("published", "draft"): "withdraw",
    ("published", "archived"): "archive",
    ("archived", "draft"): "restore",
    ("archived", "published"): "publish",
}


class FaultyFolder(Exception):
    """What is wrong with which files; nothing was written."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = list(faults)


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """How many articles are new, another than before, and the same."""

    new: int = 0
    changed: int = 0
    same: int = 0


class Told(msgspec.Struct):
    """One article as its files tell it."""

    slug: str
    shared: dict[str, str]
    texts: dict[str, dict[str, str]]


def told(files: Mapping[str, str]) -> list[Told]:
    """Return the articles that files tell, by name. Raises FaultyFolder."""
    found: dict[str, Told] = {}
    faults: list[str] = []
    for name, content in sorted(files.items()):
        try:
            _tell(found, name, content)
        except ValueError as fault:
            faults.append(f"{name}: {fault}")
    if faults:
        raise FaultyFolder(faults[:FAULTS_SHOWN_MAX])
    return list(found.values())


def _tell(found: dict[str, Told], name: str, content: str) -> None:
    named = NAME.fullmatch(name)
    if named is None:
        raise ValueError("name it <slug>.<language>.md, like send-back.en.md")
    head, text = _parted(content)
    one = found.setdefault(named["slug"], Told(named["slug"], {}, {}))
    for key, value in head.items():
        if key != "title" and one.shared.setdefault(key, value) != value:
            raise ValueError(f"{key} is “{value}” here and “{one.shared[key]}” in another language; say it once")
    if not head.get("title"):
        raise ValueError("it has no title; write `title: …` between the lines of ---")
    one.texts[named["language"]] = {"title": head["title"], "text": text}


def _parted(content: str) -> tuple[dict[str, str], str]:
    lines = content.replace("\r\n", "\n").lstrip("\ufeff").split("\n")
    if lines[0].strip() != RULE or RULE not in (each.strip() for each in lines[1:]):
        raise ValueError("it must open with a line of ---, lines of `key: value`, and a line of ---")
    end = next(at for at, each in enumerate(lines[1:], 1) if each.strip() == RULE)
    head = {}
    for line in filter(str.strip, lines[1:end]):
        key, parts, value = line.partition(":")
        if not parts or key.strip() not in {"title", *SHARED}:
            raise ValueError(f"“{line.strip()}” is none of title, {', '.join(SHARED)}")
        head[key.strip()] = value.strip()
    if head.get("state", PUBLISHED) not in STATES:
        raise ValueError(f"state is one of {', '.join(STATES)}")
    return head, "\n".join(lines[end + 1 :]).strip()


class Folder:
    """Takes articles of files into one site's store. `first`: the language of which the others are translations."""

    def __init__(self, site: str, store: Store, *, first: str, now_ms: int) -> None:
        self._site, self._store, self._first, self._now_ms = site, store.articles, first, now_ms

    async def take(self, files: Mapping[str, str]) -> Taken:
        """Write what is new or another. Raises FaultyFolder before it writes, or where somebody was faster."""
        known = {each.slug: each for each in await self._store.all(self._site, limit=ARTICLES_MAX)}
        wanted = []
        for each in told(files):
            before = known.get(each.slug, Article(slug=each.slug))
            try:
                wanted.append((before, *self._wanted(before, each)))
            except msgspec.ValidationError as fault:
                raise FaultyFolder([f"{each.slug}: {fault}"]) from None
        counts = dict.fromkeys(Taken.__struct_fields__, 0)
        for before, after_it, deed in wanted:
            if before.number and _content(before) == _content(after_it):
                counts["same"] += 1
                continue
            await self._save(after_it, deed)
            counts["changed" if before.number else "new"] += 1
        return Taken(**counts)

    def _wanted(self, before: Article, one: Told) -> tuple[Article, str]:
        """Return an article as its files want it, and what is done with it. Languages without a file stay."""
        texts = {tag: {"title": text.title, "text": text.text} for tag, text in before.texts.items()} | one.texts
        queues = [each.strip() for each in one.shared.get("queues", ",".join(before.queues)).split(",")]
        asked: dict[str, Any] = {
            "version": before.version,
            "slug": one.slug,
            "category": one.shared.get("category", before.category),
            "audience": one.shared.get("audience", before.audience),
            "queues": [each for each in queues if each],
            "texts": texts,
        }
        ask = msgspec.convert(asked, ArticleRequest)
        state = one.shared.get("state", before.state)
        deed = DEEDS.get((before.state, state), "write")
        made = changed(before, ask, first=self._first, now_ms=self._now_ms)
        return after(made, deed, now_ms=self._now_ms), deed

    async def _save(self, article: Article, deed: str) -> None:
        step = ArticleStep(
            command=f"{BY_COMMAND}:{secrets.token_hex(16)}",
            at=self._now_ms,
            agent=BY_COMMAND,
            deed=deed if article.number else "create",
        )
        made = await self._store.save(self._site, article, step, most=ARTICLES_MAX)
        if made.refused:
            raise FaultyFolder([f"{article.slug}: {made.refused}. What came before it is written; run it again."])


def _content(article: Article) -> tuple[Any, ...]:
    texts = {tag: (text.title, text.text) for tag, text in article.texts.items()}
    return texts, article.category, article.audience, article.queues, article.state


def files_of(articles: Iterable[Article], first: str) -> dict[str, str]:
    """Return articles as files; what holds for all languages stands in the first one's, else in any one's."""
    return {
        f"{each.slug}.{tag}.md": _file(each, tag, whole=tag == (first if first in each.texts else min(each.texts)))
        for each in articles
        for tag in each.texts
    }


def _file(article: Article, tag: str, *, whole: bool) -> str:
    text = article.texts[tag]
    lines = [f"title: {' '.join(text.title.split())}"]
    if whole:
        told_of = (article.category, article.audience, article.state, ", ".join(article.queues))
        lines += [f"{key}: {value}".rstrip() for key, value in zip(SHARED, told_of, strict=True)]
    return "\n".join([RULE, *lines, RULE, "", text.text.strip(), ""])
