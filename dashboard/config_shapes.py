"""What screens are told of the running configuration: what can be chosen, and how it is called. No decisions."""

from __future__ import annotations

import msgspec

from dashboard.shapes import Label, Shape


class QueueChoice(Shape, frozen=True, kw_only=True):
    name: str
    label: Label
    open: bool
    opens_ms: int
    wrap_up_mode: str = "timed"
    outcomes: list[str] = msgspec.field(default_factory=list)


class PresenceChoice(Shape, frozen=True, kw_only=True):
    """`idle`: nobody chooses it."""

    name: str
    label: Label
    accepts: bool
    shape: str
    idle: bool = False


class IdleShape(Shape, frozen=True, kw_only=True):
    """In which presence somebody is who has not touched their desk for so long."""

    presence: str
    after_ms: int


class ChannelChoice(Shape, frozen=True, kw_only=True):
    name: str
    live: bool
    load: int


class Config(Shape, frozen=True, kw_only=True):
    site: str
    zone: str
    languages: list[str]
    queues: list[QueueChoice]
    presences: list[PresenceChoice]
    dispositions: list[str]
    decline_reasons: list[str]
    channels: list[ChannelChoice]
    version: str
    outcome_reasons: dict[str, list[str]] = msgspec.field(default_factory=dict)
    calendar: str = ""
    idle: IdleShape | None = None
