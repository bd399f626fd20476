"""What a telephone exchange knows of a call: legs, conferences, and how fast time goes. Nothing is performed here."""

from __future__ import annotations

import asyncio
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

ENDED = {"completed", "busy", "failed", "no-answer", "canceled"}


class Left(Exception):
    """A `<Leave/>` in a document of the hold line."""


class Elsewhere(Exception):
    """The leg goes on with another document."""

    def __init__(self, url: str, **fields: str) -> None:
        super().__init__(url)
        self.url, self.fields = url, fields


class Over(Exception):
    """The leg hangs up by its document."""


@dataclass
class Leg:
    """One call. `heard` is all that was said and played to it."""

    sid: str
    theirs: str
    ours: str
    direction: str
    status: str = "ringing"
    heard: list[str] = field(default_factory=list)
    keys: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    voice: asyncio.Queue[int] = field(default_factory=asyncio.Queue)
    task: asyncio.Task[None] | None = None
    queue: str = ""
    queue_action: str = ""
    conference: str = ""
    url: str = ""
    callback: str = ""
    recording: ET.Element | None = None
    began: str = field(default_factory=lambda: format_datetime(datetime.now(UTC)))
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def ended(self) -> bool:
        return self.status in ENDED

    def record(self) -> dict[str, Any]:
        """The resource, as REST shows it."""
        return {
            "sid": self.sid,
            "to": self.ours if self.direction == "inbound" else self.theirs,
            "from": self.theirs if self.direction == "inbound" else self.ours,
            "status": self.status,
            "direction": self.direction,
            "date_created": self.began,
        }


@dataclass
class Conference:
    """One talk."""

    sid: str
    name: str
    callback: str = ""
    recorded: str = ""  # where to tell of the recording, empty for none
    legs: dict[str, str] = field(default_factory=dict)  # sid -> label
    enders: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    muted: set[str] = field(default_factory=set)
    coaches: dict[str, str] = field(default_factory=dict)  # who is heard by one leg only -> that leg
    over: bool = False
    number: int = 0

    def hearers(self, speaker: str) -> list[str]:
        """Who hears somebody speak: nobody a muted or held leg, one leg a coach, and who is held hears nobody."""
        if speaker in self.held or speaker in self.muted:
            return []
        only = self.coaches.get(speaker)
        return [sid for sid in self.legs if sid != speaker and sid not in self.held and only in {None, sid}]

    def change(self, sid: str, asked: Mapping[str, str]) -> None:
        """Do what REST says of a part: hold, mute, coach, end with it."""
        for name, members in (("Hold", self.held), ("Muted", self.muted), ("EndConferenceOnExit", self.enders)):
            if asked.get(name) == "true":
                members.add(sid)
            elif asked.get(name) == "false":
                members.discard(sid)
        if asked.get("Coaching") == "true":
            self.coaches[sid] = asked["CallSidToCoach"]
        elif asked.get("Coaching") == "false":
            self.coaches.pop(sid, None)

    def forget(self, sid: str) -> None:
        """A leg is in it no more."""
        self.legs.pop(sid, None)
        self.held.discard(sid)
        self.muted.discard(sid)
        self.coaches.pop(sid, None)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How long a second lasts here. Silence lasts longer than speech, so that a busy machine does not hear it where
    somebody presses a key; ringing longer, so that a lost answer can be looked for meanwhile. `lift_s`: from the
    ring to the answer of who answers by themselves."""

    second_s: float
    silent_second_s: float
    ringing_second_s: float
    lift_s: float = 0.0


IN_TESTS = Pace(second_s=0.02, silent_second_s=0.1, ringing_second_s=0.3)
AS_IT_IS = Pace(second_s=1.0, silent_second_s=1.0, ringing_second_s=1.0, lift_s=1.5)
