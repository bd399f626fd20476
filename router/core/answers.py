"""What a command gets: made, refused by name, or told to look again. No other outcome exists."""

from __future__ import annotations

from dataclasses import dataclass

from router.core.events import Entry


@dataclass(frozen=True, slots=True)
class Made:
    """Decided. `position` is after the last event; `entry` is None for a repeat of an earlier command."""

    position: int
    entry: Entry | None


@dataclass(frozen=True, slots=True)
class Refused:
    """Not decided, nothing changed. `reason` is a key of `refusals.REFUSALS`."""

    reason: str


@dataclass(frozen=True, slots=True)
class LookAgain:
    """The world moved since the look-up: read again, then submit anew."""


Answered = Made | Refused | LookAgain
