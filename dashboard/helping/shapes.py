"""What the routes of articles ask and answer. Nothing fills them here."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from dashboard.helping.blocks import Block
from dashboard.requests import CommandRequest, Name, Number, Request
from dashboard.shapes import Label, Shape

TITLE_CHARS_MAX, TEXT_CHARS_MAX = 200, 50_000
LANGUAGES_MAX, QUEUES_MAX = 10, 50

Slug = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$(?!\n)",
        min_length=1,
        max_length=80,
        description="a name in the address of a-z, 0-9 and single hyphens, at most 80 characters",
    ),
]
Language = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$(?!\n)", description="a language like en")]
State = Literal["draft", "published", "archived"]
Audience = Literal["public", "team"]
Deed = Literal["write", "publish", "withdraw", "archive", "restore", "look"]


class TextRequest(Request, frozen=True, kw_only=True):
    """An article in one language, in Markdown."""

    title: Annotated[str, Meta(min_length=1, max_length=TITLE_CHARS_MAX, description="1 to 200 characters")]
    text: Annotated[str, Meta(min_length=1, max_length=TEXT_CHARS_MAX, description="1 to 50,000 characters")]


Texts = Annotated[dict[Language, TextRequest], Meta(max_length=LANGUAGES_MAX, description="texts by language")]


class ArticleRequest(CommandRequest, frozen=True, kw_only=True):
    """An article as it shall be, and what is done with it. `version` is the one that was looked at, 0 for a new one.

    `checked`: languages whose text still says what the first language's does, although it was not changed.
    """

    version: Number = 0
    slug: Slug
    category: Annotated[str, Meta(max_length=100, description="a category's name, or nothing")] = ""
    audience: Audience = "public"
    queues: Annotated[list[Name], Meta(max_length=QUEUES_MAX, description="at most 50 queues")] = msgspec.field(
        default_factory=list
    )
    texts: Texts
    checked: Annotated[list[Language], Meta(max_length=LANGUAGES_MAX, description="at most 10 languages")] = (
        msgspec.field(default_factory=list)
    )
    deed: Deed = "write"


class PreviewRequest(Request, frozen=True, kw_only=True):
    text: Annotated[str, Meta(max_length=TEXT_CHARS_MAX, description="at most 50,000 characters")]


class ArticlesQuery(Request, frozen=True, kw_only=True):
    """`q`: words that it says, in any language."""

    q: Annotated[str, Meta(max_length=200, description="at most 200 characters")] = ""
    state: State | None = None


class ArticleLine(Shape, frozen=True, kw_only=True):
    """An article in a list. `titles` by language; `older`: languages whose text was made of an earlier one.

    `views`, `yes`, `no` are counted over the last 30 days. `stale`: nobody has looked at it for too long.
    `url` is empty where nobody outside may read it. `queues`: where it is needed most, none for everywhere.
    """

    number: int
    version: int
    slug: str
    state: str
    audience: str
    category: str
    titles: dict[str, str]
    older: list[str]
    changed_ms: int
    by: str
    views: int
    yes: int
    no: int
    stale: bool
    url: str
    queues: list[str]


class ArticleList(Shape, frozen=True, kw_only=True):
    """Articles, the fittest first where words were asked for, else by category and title; and what they are of."""

    items: list[ArticleLine]
    categories: dict[str, Label]
    languages: list[str]
    on: bool


class ArticleTextShape(Shape, frozen=True, kw_only=True):
    """A text with its elements as they are shown."""

    title: str
    text: str
    older: bool
    changed_ms: int
    tree: list[Block]


class ArticleStepShape(Shape, frozen=True, kw_only=True):
    """What somebody did with it, by the version that came of it."""

    version: int
    deed: str
    at: int
    by: str


class ArticleCase(Shape, frozen=True, kw_only=True):
    """One article. `deeds`: what the asker may do with it now."""

    line: ArticleLine
    queues: list[str]
    texts: dict[str, ArticleTextShape]
    steps: list[ArticleStepShape]
    deeds: list[str]


class Previewed(Shape, frozen=True, kw_only=True):
    """A text as it will be shown."""

    tree: list[Block]


class Missed(Shape, frozen=True, kw_only=True):
    """What was searched for and not found, and how often, in the last 30 days."""

    words: str
    times: int
    last_ms: int
