"""What a command gets: made, refused by name, or told to look again. No other outcome exists."""

from __future__ import annotations

import msgspec

from router.core.events import Entry


class Made(msgspec.Struct, frozen=True, gc=False):
    """Decided. `position` is after the last event; `entry` is None for a repeat of an earlier command."""

    position: int
    entry: Entry | None


class Refused(msgspec.Struct, frozen=True, gc=False):
    """Not decided, nothing changed. `reason` is a key of `refusals.REFUSALS`."""

    reason: str


class LookAgain(msgspec.Struct, frozen=True, gc=False):
    """The world moved since the look-up: read again, then submit anew."""


Answered = Made | Refused | LookAgain
