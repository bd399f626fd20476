"""What the team's routes ask and answer. Nothing fills them here."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from dashboard.requests import CommandRequest, Level, Name
from dashboard.shapes import AgentLine, AnsweringDay, Label, Shape


class Member(Shape, frozen=True, kw_only=True):
    """An account that serves. `line` is null while they are not signed in; `state` is the one they are in."""

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
    line: AgentLine | None


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
    """A member's day: since when it counts, time by presence, and how they answered in the last days."""

    from_ms: int
    stretches: list[Stretch]
    answering: list[AnsweringDay]


class SkillsRequest(CommandRequest, frozen=True, kw_only=True):
    """All skills, by level; what is not named is taken away."""

    skills: Annotated[dict[Name, Level], Meta(max_length=200)]
