"""What the list of customers and their segments ask and answer. Nothing fills them here."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from dashboard.requests import ClientId, Request
from dashboard.shapes import Label, Person, Shape

PAGE_MAX, PAGE = 100, 50

Filter = Annotated[str, Meta(max_length=100)]
SegmentName = Annotated[str, Meta(max_length=100, description="a segment's name, empty for none")]
Cursor = Annotated[str, Meta(max_length=600, description="the `next` of the page before")]


class CustomersQuery(Request, frozen=True, kw_only=True):
    """Which customers a list shows; empty means any. `last`: when they were here last, in days or longer ago."""

    text: Annotated[str, Meta(max_length=100, description="a name, a number, an address")] = ""
    segment: Filter = ""
    language: Filter = ""
    channel: Filter = ""
    tag: Filter = ""
    last: Literal["", "today", "7", "30", "90", "longer"] = ""
    open: Literal["", "yes", "no"] = ""
    order: Literal["last", "name"] = "last"
    after: Cursor = ""
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = PAGE


class LastContact(Shape, frozen=True, kw_only=True):
    """The last of a person's conversations that the asker may see."""

    ref: str
    at: int
    channel: str
    queue: str
    state: str


class CustomerLine(Shape, frozen=True, kw_only=True):
    """A person in the list. `counted`: conversations, `more` of them than are counted; `rating` 0 for none.

    `known_by`: an address, for who has no name.
    """

    id: int
    name: str
    known_by: str
    segment: str
    language: str
    channels: list[str]
    tags: list[str]
    last: LastContact | None
    counted: int
    more: bool
    open: int
    rating: int


class CustomerPage(Shape, frozen=True, kw_only=True):
    """`next`: where to go on, empty at the end; a page may be short and have one: so far was looked for it."""

    items: list[CustomerLine]
    next: str


class SegmentShape(Shape, frozen=True, kw_only=True):
    """A segment of the running configuration. `count` goes no further than `most`; `rule`: it may be by rule."""

    name: str
    label: Label
    rule: str
    count: int
    most: int


class SegmentsShape(Shape, frozen=True, kw_only=True):
    segments: list[SegmentShape]


class SegmentRequest(Request, frozen=True, kw_only=True):
    """`was` is the segment the asker saw; `why` is shown beside the person, and forgotten with them."""

    command_id: ClientId
    segment: SegmentName
    was: SegmentName
    why: Annotated[str, Meta(max_length=500, description="why, in at most 500 characters")] = ""


class PlacingShape(Shape, frozen=True, kw_only=True):
    """`by` is nobody where `how` is `rule` or `import`."""

    at: int
    by: Person | None
    how: Literal["hand", "rule", "import"]
    was: str
    segment: str
    why: str


class SegmentOf(Shape, frozen=True, kw_only=True):
    """Which segment a person is in, and what put them there, the last first."""

    segment: str
    placings: list[PlacingShape]
