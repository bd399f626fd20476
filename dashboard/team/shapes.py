"""What the team's routes ask and answer. Nothing fills them here."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from dashboard.requests import CommandRequest, Level, Name
from dashboard.shapes import AgentLine, AnsweringDay, Label, Shape
from dashboard.team.rosters import SPAN, SPANS_MAX
from dashboard.team.sheets import DATES_MAX

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Span = Annotated[str, Meta(pattern=SPAN, description="hours of a day like 09:00-17:30")]
Spans = Annotated[list[Span], Meta(max_length=SPANS_MAX, description="at most six spans of hours")]
Date = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$(?!\n)", description="a date like 2026-12-24")]
Dates = Annotated[dict[Date, Spans], Meta(max_length=DATES_MAX, description="at most 400 dates")]
# So many lines of a sheet, as long as they usually are.
SHEET_CHARS_MAX = 1_000_000
Sheet = Annotated[
    str, Meta(min_length=1, max_length=SHEET_CHARS_MAX, description="a table as CSV, at most 1,000,000 characters")
]


class Busy(Shape, frozen=True, kw_only=True):
    """What occupancy is made of since the business day began: busy is handling and wrapping up."""

    handling_ms: int
    wrapping_ms: int
    available_ms: int


class Planned(Shape, frozen=True, kw_only=True):
    """A planned stretch of somebody's day."""

    from_ms: int
    to_ms: int


class Member(Shape, frozen=True, kw_only=True):
    """An account that serves. `line` is null while they are not signed in; `state` is the one they are in,
    and `since_ms` since when.

    `busy` is null for who has done nothing since the business day began; `planned` is when they are to be there now.
    """

    id: int
    name: str
    login: str
    role: str
    team: str
    skills: dict[str, int]
    languages: list[str]
    state: str
    label: Label
    shape: str
    since_ms: int
    line: AgentLine | None
    busy: Busy | None
    planned: Planned | None


class Team(Shape, frozen=True, kw_only=True):
    """Everybody; `total` also counts those beyond the list. `skills`: those there are, with their highest level."""

    members: list[Member]
    total: int
    skills: dict[str, int]


class Stretch(Shape, frozen=True, kw_only=True):
    """How long somebody was in one presence today."""

    presence: str
    label: Label
    accepts: bool
    ms: int


class MemberDay(Shape, frozen=True, kw_only=True):
    """A member's day: since when it counts, time by presence, and how they answered in the last days.

    `plan` is the whole business day's; of what of it has passed (`planned_ms`) they were there for `kept_ms`.
    """

    from_ms: int
    stretches: list[Stretch]
    answering: list[AnsweringDay]
    busy: Busy | None
    roster: dict[str, list[str]]
    dates: dict[str, list[str]]
    plan: list[Planned]
    planned_ms: int
    kept_ms: int


class RosterRequest(CommandRequest, frozen=True, kw_only=True):
    """Somebody's planned week by the site's clock; a day that is not named is free.

    `dates` go before their weekday, and are free where they have no hours; without it those that there are stay.
    """

    roster: dict[Weekday, Spans]
    dates: Dates | None = None


class SheetRequest(CommandRequest, frozen=True, kw_only=True):
    """Planned hours of many: lines of login, day (`mon` or `2026-12-24`) and hours. Days that it names are changed."""

    sheet: Sheet


class Imported(Shape, frozen=True, kw_only=True):
    """How many people's plans a sheet has changed, and how many of their days."""

    members: int
    days: int


class SkillsRequest(CommandRequest, frozen=True, kw_only=True):
    """All skills, by level; what is not named is taken away."""

    skills: Annotated[dict[Name, Level], Meta(max_length=200)]
