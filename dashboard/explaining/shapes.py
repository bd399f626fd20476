"""What is answered about decisions. Structs, and nothing that fills them."""

from __future__ import annotations

import msgspec

from dashboard.shapes import Label, Person, Shape


class Decision(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """One decision as it was journalled. Fields that say nothing are left out.

    `kind` is the event's name. `why` are reason codes, `among` how many groups of equal agents had somebody with room.
    `version` names the configuration that held. `ended_ms` is how long until the conversation's next decision.
    """

    seq: int
    at: int
    kind: str
    agent: Person | None = None
    to_agent: Person | None = None
    queue: str = ""
    rule: str = ""
    why: list[str] = msgspec.field(default_factory=list)
    among: int = 0
    until_ms: int = 0
    detail: str = ""
    needs: dict[str, int] = msgspec.field(default_factory=dict)
    version: str = ""


class StoodShape(Shape, frozen=True, kw_only=True):
    """How somebody stood who could serve it: asked, free, kept, full, away, resting (they had just declined it)."""

    agent: Person
    stands: str
    presence: str
    label: Label
    used: int
    capacity: int


class PassedOver(Shape, frozen=True, kw_only=True):
    """Who could have been asked, who was asked first; `able` of them, and `unable` more who were signed in."""

    items: list[StoodShape]
    able: int
    unable: int


class Explained(Shape, frozen=True, kw_only=True):
    """Decisions, oldest first; `more`: there are earlier ones."""

    ref: str
    items: list[Decision]
    more: bool
    facts: dict[str, str]
