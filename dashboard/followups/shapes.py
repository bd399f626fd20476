"""What the routes of follow-ups ask and answer. Nothing fills them here."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from dashboard.requests import TEXT_CHARS_MAX, Code, CommandRequest, Id, Number, Request
from dashboard.shapes import Person, Shape

PAGE_MAX, PAGE = 200, 50

Group = Literal["late", "today", "tomorrow", "week", "later"]
Kind = Literal["follow_up", "snoozed", "call_back", "window"]
Deed = Literal["take", "move", "hand", "done"]
Note = Annotated[str, Meta(max_length=TEXT_CHARS_MAX, description="text of at most 100,000 characters")]


class FollowUpLine(Shape, frozen=True, kw_only=True):
    """What comes back at `due_ms`, and why (`kind`); `group` is by the site's clock.

    `back_ms`: since then it is back and nobody has taken it up; `state` says where it stands. `there`: is its owner
    `here`, `away`, or `gone` for good? Empty where it has none. `can`: what the asker may do. `note`: how it begins.
    """

    ref: str
    customer: Person
    channel: str
    queue: str
    owner: Person | None
    there: Literal["", "here", "away", "gone"]
    kind: Kind
    group: Group
    due_ms: int
    set_ms: int
    back_ms: int
    state: str
    note: str
    can: list[Deed]


class FollowUpPage(Shape, frozen=True, kw_only=True):
    """`next` goes on after the last; empty at the end. `team`: what the asker's team is called, empty for none."""

    items: list[FollowUpLine]
    next: str
    team: str


class FollowUpCounts(Shape, frozen=True, kw_only=True):
    """`late`: of all the asker may see. Beyond `most` nobody counts on: then a figure is `most`."""

    late: int
    mine_late: int
    mine_today: int
    most: int


class HandTarget(Shape, frozen=True, kw_only=True):
    id: int
    name: str
    here: bool


class FollowUp(Shape, frozen=True, kw_only=True):
    """`note` is the whole promise, `noted_by` who wrote it. `outcomes`: what may have come of it."""

    line: FollowUpLine
    note: str
    noted_by: Person | None
    noted_ms: int
    outcomes: list[str]
    outcome_required: bool


class FollowUpsQuery(Request, frozen=True, kw_only=True):
    """`scope`: mine, my team's, or all that I may see."""

    scope: Literal["mine", "team", "all"] = "mine"
    kind: Kind | Literal[""] = ""
    after: Annotated[str, Meta(pattern=r"^([0-9]{1,18}\.[0-9]{1,19})?$(?!\n)", description="`next` of a page")] = ""
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = PAGE


class TakeUpRequest(CommandRequest, frozen=True, kw_only=True):
    """`reason`: of who is not its owner."""

    reason: Code | None = None


class FollowUpRequest(CommandRequest, frozen=True, kw_only=True):
    """`due_ms` is when it was due as its reader saw it: somebody who was faster is not undone."""

    due_ms: Number
    reason: Code | None = None
    note: Note = ""


class MoveUpRequest(FollowUpRequest, frozen=True, kw_only=True):
    until_ms: Number


class HandUpRequest(FollowUpRequest, frozen=True, kw_only=True):
    """`until_ms` 0: at the time that was promised."""

    to_agent: Id
    until_ms: Number = 0


class DoneRequest(FollowUpRequest, frozen=True, kw_only=True):
    disposition: Annotated[str, Meta(max_length=200, description="an outcome, empty for none")] = ""
