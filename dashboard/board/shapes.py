"""What a wallboard is answered with: figures and codes; the screen finds the words. Nothing fills them here."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from dashboard.requests import CommandRequest, Request
from dashboard.shapes import Label, Shape


class LevelShape(Shape, frozen=True, kw_only=True):
    """A service level as its fraction. `stands` (on_target, below, far_below) is judged by the raw value."""

    in_time: int
    of: int
    target_percent: int
    stands: str


class ShareShape(Shape, frozen=True, kw_only=True):
    """So many `of` all; `over`: beyond its limit."""

    count: int
    of: int
    limit_percent: int
    over: bool


class LongestShape(Shape, frozen=True, kw_only=True):
    """Who has waited longest, since when, and where."""

    queue: str
    channel: str
    since_ms: int
    over: bool


class AnswerShape(Shape, frozen=True, kw_only=True):
    mean_ms: int
    median_ms: int
    answered: int


class BoardQueue(Shape, frozen=True, kw_only=True):
    name: str
    label: Label
    open: bool
    opens_ms: int
    waiting: int
    longest: LongestShape | None
    level: LevelShape | None
    abandoned: ShareShape | None
    free: int
    staffed: int
    risk: int
    late: int


class StateCount(Shape, frozen=True, kw_only=True):
    """How many agents are in a state. `label` is empty for states of the router's own."""

    name: str
    label: Label
    shape: str
    count: int


class HalfShape(Shape, frozen=True, kw_only=True):
    from_ms: int
    offered: int
    in_time: int


class ChannelShape(Shape, frozen=True, kw_only=True):
    name: str
    waiting: int
    since_ms: int


class NeedShape(Shape, frozen=True, kw_only=True):
    """Something that needs looking after. `code` names the sentence; `severe` (crit, warn) says how much."""

    code: str
    severe: str
    queue: str = ""
    count: int = 0
    staffed: int = 0
    since_ms: int = 0
    agent: str = ""


class DayShape(Shape, frozen=True, kw_only=True):
    """What a business day came to."""

    from_ms: int
    level: LevelShape | None
    abandoned: ShareShape | None
    answer: AnswerShape | None
    handling_ms: int | None


class Board(Shape, frozen=True, kw_only=True):
    """Everything one look needs. `at_ms`: the time of which the figures are; `ready`: there are figures at all."""

    now_ms: int
    at_ms: int
    ready: bool
    site: str
    zone: str
    version: str
    open: bool
    opens_ms: int
    day: DayShape
    last_day: DayShape | None
    switches: list[str]
    target_ms: int
    waiting: int
    late: int
    longest: LongestShape | None
    oldest: LongestShape | None
    risk: int
    queues: list[BoardQueue]
    agents: list[StateCount]
    signed_in: int
    can_more: int
    halves: list[HalfShape]
    channels: list[ChannelShape]
    needs: list[NeedShape]


class LinkShape(Shape, frozen=True, kw_only=True):
    """A read-only link to the wallboard. `revoked_ms`: 0 while it opens one."""

    id: str
    name: str
    by: str
    made_ms: int
    revoked_ms: int


class MadeLink(Shape, frozen=True, kw_only=True):
    """A new link with its token, which is told once and kept nowhere."""

    link: LinkShape
    token: str


LinkName = Annotated[str, Meta(min_length=1, max_length=80, description="a name of 1 to 80 characters")]


class LinkRequest(CommandRequest, frozen=True, kw_only=True):
    """`name`: where the board hangs."""

    name: LinkName


class TokenRequest(Request, frozen=True, kw_only=True):
    token: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{20,100}$(?!\n)", description="the token of a link")]
