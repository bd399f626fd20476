"""What the routes of complaints ask and answer. Nothing fills them here."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from dashboard.requests import ClientId, Id, Name, Number, Request
from dashboard.shapes import Label, Person, Shape

# A complaint that takes more than ten pages to tell is attached to a conversation, not written into a field.
WORDS_CHARS_MAX = 20_000
# The year 9000; calendars end with 9999.
UNTIL_MS_MAX = 221_845_392_000_000
PAGE_MAX, PAGE = 200, 50
WEEKS_MAX, WEEKS = 60, 12

Words = Annotated[str, Meta(max_length=WORDS_CHARS_MAX, description="text of at most 20,000 characters")]
Reference = Annotated[str, Meta(max_length=40, description="the reference of a conversation")]
Stage = Literal["open", "acknowledged", "examined", "answered", "closed"]
Outcome = Literal["upheld", "partly", "not_upheld"]
Deed = Literal[
    "acknowledge", "examine", "answer", "close", "withdraw", "reopen", "change", "assign", "take", "note", "link",
    "unlink",
]  # fmt: skip


class ChoiceShape(Shape, frozen=True, kw_only=True):
    """A name one may choose, with its label by language. `amount`: an amount of money is said with it."""

    name: str
    label: Label
    amount: bool = False


class SeverityShape(Shape, frozen=True, kw_only=True):
    """A severity and what is promised: `hours` names the calendar of the times, empty for the clock."""

    name: str
    label: Label
    acknowledge_ms: int
    answer_ms: int
    hours: str


class ComplaintChoices(Shape, frozen=True, kw_only=True):
    """What the site calls its complaints, in the order in which it is offered."""

    kinds: list[ChoiceShape]
    about: list[ChoiceShape]
    severities: list[SeverityShape]
    causes: list[ChoiceShape]
    remedies: list[ChoiceShape]
    outcomes: list[str]
    currency: str
    topics: list[str]


class ComplaintLine(Shape, frozen=True, kw_only=True):
    """A complaint in a list. `due` is what must happen by `due_ms`: `acknowledge`, `answer`, `close`, or nothing."""

    number: int
    version: int
    customer: Person
    kind: str
    severity: str
    queue: str
    about: str
    channel: str
    stage: str
    outcome: str
    owner: Person | None
    opened_ms: int
    due: str
    due_ms: int
    closed_ms: int
    reopened: int


class LinkedShape(Shape, frozen=True, kw_only=True):
    """A conversation of a complaint; one that the asker may not see has no `ref`."""

    ref: str
    role: str
    at: int
    channel: str
    queue: str
    state: str
    opened_ms: int


class StepShape(Shape, frozen=True, kw_only=True):
    """What somebody did; `changes` are codes by field, from what to what. `by` is null for the router."""

    number: int
    at: int
    by: Person | None
    deed: str
    changes: dict[str, list[str]]
    words: str


class ComplaintCase(Shape, frozen=True, kw_only=True):
    """Everything of one complaint. `can`: the steps whose turn it is for the asker, `next` the one that comes next."""

    line: ComplaintLine
    happened: str
    wish: str
    answer: str
    cause: str
    remedy: str
    amount: int
    currency: str
    recorder: Person | None
    acknowledge_by_ms: int
    answer_by_ms: int
    acknowledged_ms: int
    answered_ms: int
    forgotten: bool
    can: list[str]
    next: str
    linked: list[LinkedShape]
    steps: list[StepShape]
    people: dict[str, str]


class ComplaintPage(Shape, frozen=True, kw_only=True):
    """A page; `next` is what to ask for after it, empty at the end."""

    items: list[ComplaintLine]
    next: str


class ComplaintCounts(Shape, frozen=True, kw_only=True):
    """Open ones that the asker may see, how many of them are late, and the same of their own."""

    open: int
    late: int
    mine: int
    mine_late: int


class Sounding(Shape, frozen=True, kw_only=True):
    """A conversation that sounds like a complaint and belongs to none."""

    ref: str
    at: int
    topic: str
    customer: Person
    channel: str
    queue: str
    state: str


class OfConversation(Shape, frozen=True, kw_only=True):
    """The complaints of a conversation. `sounds`: it has a topic of complaints, and nobody has looked at it yet."""

    complaints: list[ComplaintLine]
    sounds: bool


class WeekShape(Shape, frozen=True, kw_only=True):
    from_ms: int
    opened: int
    closed: int
    open: int
    late: int


class CauseShape(Shape, frozen=True, kw_only=True):
    cause: str
    queue: str
    closed: int


class ComplaintFigures(Shape, frozen=True, kw_only=True):
    """A period of whole weeks by the site's clock. `whole` false: there were more than are counted."""

    from_ms: int
    to_ms: int
    weeks: list[WeekShape]
    opened: int
    closed: int
    answered: int
    in_time: int
    median_answer_ms: int
    outcomes: dict[str, int]
    causes: list[CauseShape]
    whole: bool


class ComplaintsQuery(Request, frozen=True, kw_only=True):
    """Filters: empty says any. `owner`: `me`, `nobody`, or an account's number. `closed`: those instead of open ones.

    `after` is the `next` of the page before.
    """

    stage: Stage | Literal[""] = ""
    kind: Annotated[str, Meta(max_length=100)] = ""
    severity: Annotated[str, Meta(max_length=100)] = ""
    queue: Annotated[str, Meta(max_length=100)] = ""
    owner: Annotated[str, Meta(pattern=r"^(me|nobody|[0-9]{1,15})?$(?!\n)", description="me, nobody or a number")] = ""
    closed: bool = False
    after: Annotated[
        str, Meta(pattern=r"^([0-9]{1,15}\.[0-9]{1,15})?$(?!\n)", description="the `next` of the page before")
    ] = ""
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = PAGE


class FiguresQuery(Request, frozen=True, kw_only=True):
    """So many weeks, the one of `until_ms` (0: now) the last."""

    weeks: Annotated[int, Meta(ge=1, le=WEEKS_MAX)] = WEEKS
    until_ms: Annotated[int, Meta(ge=0, le=UNTIL_MS_MAX, description="a time until the year 9000")] = 0


class RecordRequest(Request, frozen=True, kw_only=True):
    """A new complaint, of a conversation (`ref`: then its customer, queue and channel), or of a customer, or of nobody.

    `mine`: I own it. `another`: also where the conversation has one already.
    """

    command_id: ClientId
    kind: Name
    severity: Name
    happened: Annotated[
        str, Meta(min_length=1, max_length=WORDS_CHARS_MAX, description="text of 1 to 20,000 characters")
    ]
    ref: Reference = ""
    customer: Number = 0
    queue: Name | None = None
    about: Name | None = None
    wish: Words = ""
    mine: bool = True
    another: bool = False


class StepRequest(Request, frozen=True, kw_only=True):
    """A step over the `version` on the asker's screen. `words` go into its history: a note, a reason, a remark.

    Which other field goes with which step is in `FIELDS` of `dashboard.complaints.stepping`.
    """

    deed: Deed
    version: Id
    command_id: ClientId
    words: Words = ""
    customer: Number | None = None
    kind: Name | None = None
    severity: Name | None = None
    queue: Name | None = None
    about: Annotated[str, Meta(max_length=100)] | None = None
    happened: Words | None = None
    wish: Words | None = None
    answer: Words | None = None
    outcome: Outcome | Literal[""] | None = None
    cause: Annotated[str, Meta(max_length=100)] | None = None
    remedy: Annotated[str, Meta(max_length=100)] | None = None
    amount: Number | None = None
    owner: Number | None = None
    ref: Reference | None = None
    role: Literal["later", "answer"] | None = None
