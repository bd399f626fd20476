"""The rows of a snapshot: what is written of a state, in which order. No way to make or read them lives here."""

from __future__ import annotations

import msgspec

from router.core.conversations import Ending, Offer, Participant
from router.core.facts import Facts
from router.core.record import Outside, Passed, Relief

Needs = tuple[tuple[str, int], ...]


class ClassRow(msgspec.Struct, array_like=True):
    queue: str
    channel: str
    needs: Needs
    load: int
    live: bool
    priority: int
    also: tuple[Needs, ...]


# A conversation in a row, in the order of CONV_FIELDS: there may be a million, so a row is a plain tuple, made and
# read without a line of Python for each field.
CONV_FIELDS = (
    "id",
    "version",
    "customer",
    "line",
    "facts",
    "cls.id",
    "key_ms",
    "opened_ms",
    "since_ms",
    "state",
    "actor",
    "due_ms",
    "owner",
    "rule",
    "offer",
    "resting",
    "held_for",
    "answered",
    "off_hours",
    "gone",
    "more_lines",
    "on_hold",
    "failed",
    "no_notice",
    "leg_ms",
    "step",
    "window_ms",
    "hasten_ms",
    "replies_left",
    "reply_by_ms",
    "held_why",
    "related",
    "test",
    "owed_ms",
    "escalated",
    "spare_line",
    "relief",
    "nudged",
    "passed",
    "participants",
    "leg_lost_ms",
    "outside",
    "outside_lines",
    "raised",
    "ending",
)
ConvRow = tuple[
    int,
    int,
    int,
    int,
    int,
    int,
    int,
    int,
    int,
    str,
    str,
    int,
    int,
    str,
    Offer | None,
    dict[int, int] | None,
    int,
    bool,
    bool,
    bool,
    tuple[int, ...],
    bool,
    bool,
    bool,
    int,
    int,
    int,
    int,
    int,
    int,
    str,
    tuple[int, ...],
    bool,
    int,
    bool,
    int,
    Relief | None,
    bool,
    Passed | None,
    dict[int, Participant] | None,
    int,
    Outside | None,
    tuple[int, ...],
    int,
    Ending | None,
]


class AgentRow(msgspec.Struct, array_like=True):
    id: int
    abilities: Needs
    capacity: int
    presence: str
    accepts: bool
    since_ms: int
    idle: int
    work: list[tuple[int, int]]
    held: list[tuple[int, int]]
    desks: list[tuple[str, str]]
    grace_until_ms: int
    passed: int
    silent: int
    winding: str
    until_ms: int


class QueueRow(msgspec.Struct, array_like=True):
    name: str
    open: bool
    until_ms: int
    serve_until_ms: int
    closure_until_ms: int
    opened_ms: int
    staged_ms: int
    counted: bool
    spell_ms: int
    starts: int
    starts_before: int


class Picture(msgspec.Struct, array_like=True):
    """One state, in plain rows. Two equal states give equal pictures."""

    position: int
    at: int
    epoch: int
    next_conv: int
    next_offer: int
    next_idle: int
    bundle_hash: str
    next_facts: int
    facts: list[tuple[int, Facts]]
    unused_facts: list[int]
    classes: list[ClassRow]
    convs: list[ConvRow]
    agents: list[AgentRow]
    queues: list[QueueRow]
    answers: list[tuple[str, int, int]]
    left: list[tuple[int, int, int, int, tuple[int, ...]]]
    lines: list[tuple[int, int]]
    unexamined: list[int]
    examined: tuple[int, int]
    strays: list[int]
    review: list[tuple[int, int]]
    emergency: tuple[int, str]
