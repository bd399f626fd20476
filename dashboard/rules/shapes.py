"""What the rules' screen asks with and is answered with: codes and figures; the screen finds the words."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from dashboard.requests import Code, CommandRequest, Name, Number, Request
from dashboard.shapes import Label, Person, Shape

TRIED_TEXT_CHARS_MAX = 4_000
ATTRIBUTES_MAX = 32
# Years beyond which nobody asks, and calendars are guesses.
AT_MAX = 4_102_444_800_000  # 2100


Attributes = Annotated[
    dict[Name, Annotated[str, Meta(max_length=200)]], Meta(max_length=ATTRIBUTES_MAX, description="names and values")
]


class TryRequest(Request, frozen=True, kw_only=True):
    """A message that somebody might send. `at_ms` 0 is now; `kind` empty: as its channel begins."""

    channel: Name
    text: Annotated[str, Meta(max_length=TRIED_TEXT_CHARS_MAX, description="text of at most 4,000 characters")] = ""
    subject: Annotated[str, Meta(max_length=1_000, description="text of at most 1,000 characters")] = ""
    language: Annotated[str, Meta(max_length=35, description="a language's code, empty to see it from the text")] = ""
    segment: Annotated[str, Meta(max_length=100, description="a segment, empty for none")] = ""
    kind: Annotated[str, Meta(max_length=20, description="`message`, `line`, or empty")] = ""
    attributes: Attributes = msgspec.field(default_factory=dict)
    customer: Number = 0
    at_ms: Annotated[int, Meta(ge=0, le=AT_MAX, description="a time in UTC ms, 0 for now")] = 0


class RollBackRequest(CommandRequest, frozen=True, kw_only=True):
    reason: Code


class FileAsked(Request, frozen=True, kw_only=True):
    """`version` is the name of a version, `disk`, or empty for the one that runs."""

    name: Annotated[str, Meta(max_length=500, description="a file's name")]
    version: Annotated[str, Meta(max_length=64)] = ""


class ArchiveAsked(Request, frozen=True, kw_only=True):
    version: Annotated[str, Meta(max_length=64)] = ""


class DiffAsked(Request, frozen=True, kw_only=True):
    """From one version to another: names of versions, `disk`, or empty for the one that runs."""

    before: Annotated[str, Meta(max_length=64)] = ""
    after: Annotated[str, Meta(max_length=64)] = "disk"


class WeekAsked(Request, frozen=True, kw_only=True):
    at_ms: Annotated[int, Meta(ge=0, le=AT_MAX, description="a time in UTC ms, 0 for now")] = 0


class VersionShape(Shape, frozen=True, kw_only=True):
    """`name` is what it is asked for by, `content` names its files. `way`: files, rollback or extension."""

    name: str
    content: str
    at: int
    way: str
    by: Person | None
    reason: str
    files: int
    rules: int


class ProblemShape(Shape, frozen=True, kw_only=True):
    """`hint`: what to write instead; `source`: the line as it stands in the file, empty where it cannot be read."""

    file: str
    line: int
    column: int
    where: str
    message: str
    hint: str
    source: str


class DiskShape(Shape, frozen=True, kw_only=True):
    """`state`: same (it runs), refused (it has problems), other (another version was put back), unknown."""

    state: str
    content: str
    since_ms: int
    looked_ms: int
    problems: list[ProblemShape]
    warnings: list[ProblemShape]


class SectionShape(Shape, frozen=True, kw_only=True):
    name: str
    line: int
    entries: int


class FileShape(Shape, frozen=True, kw_only=True):
    name: str
    lines: int
    sections: list[SectionShape]
    problems: int


class RuleShape(Shape, frozen=True, kw_only=True):
    """One rule. `joined` is `&&`, `||` or empty; `never`: it can match nothing, `caught_by` are the rules that take it.

    `matched` counts the last 24 hours; `last_ms` 0: never; `since_ms`: since when it stands there as it is.
    """

    number: int
    name: str
    file: str
    line: int
    joined: str
    when: list[str]
    queue: str
    label: Label
    skills: dict[str, int]
    priority: int
    head_start_ms: int
    bonds: list[str]
    matched: int
    last_ms: int
    since_ms: int
    never: bool
    caught_by: list[int]


class RulesPage(Shape, frozen=True, kw_only=True):
    running: VersionShape
    disk: DiskShape
    files: list[FileShape]
    counts: dict[str, int]
    rules: list[RuleShape]
    skills: dict[str, int]
    segments: list[str]
    attributes: dict[str, list[str]]
    texts: dict[str, Label]
    read_ms: int


class FileText(Shape, frozen=True, kw_only=True):
    name: str
    text: str


class DiffLine(Shape, frozen=True, kw_only=True):
    """`kind`: same, out, in, or gap; `old` and `new` are line numbers, 0 where it has none."""

    kind: str
    old: int
    new: int
    text: str


class FileDiff(Shape, frozen=True, kw_only=True):
    """`change`: changed, added, removed. `cut`: there are more lines than are told."""

    name: str
    change: str
    lines: list[DiffLine]
    cut: bool


class DiffShape(Shape, frozen=True, kw_only=True):
    files: list[FileDiff]


class LookedShape(Shape, frozen=True, kw_only=True):
    name: str
    value: str


class PartShape(Shape, frozen=True, kw_only=True):
    text: str
    holds: bool
    failed: bool
    looked: list[LookedShape]


class JudgedShape(Shape, frozen=True, kw_only=True):
    number: int
    name: str
    queue: str
    label: Label
    holds: bool
    joined: str
    parts: list[PartShape]


class StepShape(Shape, frozen=True, kw_only=True):
    kind: str
    queue: str
    label: Label
    other: str
    other_label: Label
    notice: str
    text: Label
    agent: Person | None
    until_ms: int
    why: list[str]
    waiting: int


class AbleShape(Shape, frozen=True, kw_only=True):
    agent: Person
    stands: str
    presence: str
    label: Label
    free: int
    capacity: int
    since_ms: int


class FactsShape(Shape, frozen=True, kw_only=True):
    channel: str
    language: str
    segment: str
    kind: str
    topics: list[str]
    attributes: dict[str, str]


class NeedShape(Shape, frozen=True, kw_only=True):
    kind: str
    name: str
    level: int


class TriedShape(Shape, frozen=True, kw_only=True):
    """What would become of a message, or how one was placed (`past`: then nobody is looked at now)."""

    at_ms: int
    version: str
    past: bool
    facts: FactsShape
    trace: list[JudgedShape]
    later: int
    rule: str
    queue: str
    label: Label
    needs: list[NeedShape]
    load: int
    priority: int
    head_start_ms: int
    hours: str
    targets: dict[str, int]
    closed_by: str
    opens_ms: int
    steps: list[StepShape]
    ends_in: str
    ends_label: Label
    asked: Person | None
    able: list[AbleShape]
    able_count: int
    people: bool
    refused: str


class DayShape(Shape, frozen=True, kw_only=True):
    date: str
    start_ms: int
    why: str
    spans: list[list[int]]


class WeekQueue(Shape, frozen=True, kw_only=True):
    """`closed_by`: emergency, closure or hours; empty while it is open."""

    name: str
    label: Label
    open: bool
    opens_ms: int
    until_ms: int
    closed_by: str


class WeekShape(Shape, frozen=True, kw_only=True):
    calendar: str
    zone: str
    days: list[DayShape]
    queues: list[WeekQueue]


class WeeksShape(Shape, frozen=True, kw_only=True):
    at_ms: int
    weeks: list[WeekShape]
