"""What is answered about handing over. Structs, and nothing that fills them."""

from __future__ import annotations

from dashboard.shapes import Label, Person, Shape, WaitShape


class TargetQueue(Shape, frozen=True, kw_only=True):
    """A queue to hand to. `same`: it is there already; `note_required`: who hands to it leaves a note."""

    name: str
    label: Label
    open: bool
    opens_ms: int
    waiting: int
    staffed: int
    free: int = 0
    wait: WaitShape | None = None
    same: bool = False
    note_required: bool = False


class TargetAgent(Shape, frozen=True, kw_only=True):
    """A colleague who is signed in. `serves`: they can serve the queue in which the conversation is now."""

    id: int
    name: str
    presence: str
    accepts: bool
    free: int
    since_ms: int = 0
    room: bool = True
    serves: bool = False


class TargetSkill(Shape, frozen=True, kw_only=True):
    """A skill that can be asked for within the conversation's queue, and how many who have it are there and free."""

    name: str
    level_max: int
    staffed: int
    free: int


class Targets(Shape, frozen=True, kw_only=True):
    queues: list[TargetQueue]
    agents: list[TargetAgent]
    skills: list[TargetSkill]


class Blocked(Shape, frozen=True, kw_only=True):
    """Whether the customer of a conversation is blocked: until when (0: for good), by whom. `mine`: I may lift it."""

    stands: bool
    until_ms: int = 0
    reason: str = ""
    by: Person | None = None
    mine: bool = False
