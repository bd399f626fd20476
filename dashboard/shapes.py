"""What the API answers with: the records of docs/API.md as structs, and nothing that fills them."""

from __future__ import annotations

import msgspec

Label = dict[str, str]


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A record that leaves the house."""


class Fault(Shape, frozen=True, kw_only=True, omit_defaults=True):
    code: str
    message: str
    field: str = ""


class Failure(Shape, frozen=True, kw_only=True):
    error: Fault


class Me(Shape, frozen=True, kw_only=True):
    id: int
    login: str
    name: str
    role: str
    languages: list[str]
    skills: dict[str, int]


class SignedIn(Shape, frozen=True, kw_only=True):
    me: Me
    csrf: str


class Person(Shape, frozen=True, kw_only=True):
    id: int
    name: str


class Last(Shape, frozen=True, kw_only=True):
    text: str
    author: str
    at: int


class Summary(Shape, frozen=True, kw_only=True):
    """`stage` of a live line where nothing waits to be answered: `talking`, or `left`: what remains is wrap-up."""

    ref: str
    state: str
    channel: str
    live: bool
    queue: str
    customer: Person
    opened_ms: int
    since_ms: int
    due_ms: int
    actor: str
    owner: Person | None
    last: Last | None
    unread: int
    subject: str
    reply_by_ms: int = 0
    window_ms: int = 0
    replies_left: int = -1
    test: bool = False
    stage: str = ""


class WaitShape(Shape, frozen=True, kw_only=True):
    low_ms: int
    high_ms: int
    basis: str
    error_share: float
    measured: int


class FileLimits(Shape, frozen=True, kw_only=True):
    """What a line sends: the largest of each media type (`*`: any other), how many, how large together (0: any)."""

    kinds: dict[str, int]
    files_max: int
    bytes_max: int


class FileShape(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """A file of a message or of a draft. `state` is kept, coming or failed; `why` a code; `shown`: a browser may."""

    id: str
    name: str
    media_type: str
    size_bytes: int
    state: str
    why: str = ""
    shown: bool = False


class Line(Shape, frozen=True, kw_only=True):
    id: int
    channel: str
    current: bool
    label: str
    files: FileLimits | None = None
    letters: bool = False
    unwritable: bool = False


class DatedDraft(Shape, frozen=True, kw_only=True):
    text: str
    at: int


class Participant(Shape, frozen=True, kw_only=True):
    """Somebody who takes part without owning; it rings at them until `until_ms`, 0 once they are there."""

    id: int
    name: str
    role: str
    until_ms: int


class OrderLine(Shape, frozen=True, kw_only=True):
    """One order of a supervisor. `number` grows with time; `ref`, `agent`, `queue` are what it names."""

    number: int
    at: int
    by: Person
    deed: str
    reason: str
    ref: str
    agent: Person | None
    queue: str
    figure: int


class OrdersPage(Shape, frozen=True, kw_only=True):
    items: list[OrderLine]
    more: bool


class Conversation(Summary, frozen=True, kw_only=True):
    """`complains`: it belongs to a complaint, or sounds like one and nobody has looked."""

    lines: list[Line]
    language: str
    disposition: str
    version: int
    gone: bool
    failed: bool
    wrap_up_until_ms: int
    rule: str
    why: list[str]
    priority: int
    times_back: int
    participants: list[Participant]
    related: list[str] = []
    outcome_kept: str = ""
    follow_up_ms: int = 0
    extended: bool = False
    on_hold: bool = False
    recorded: str = ""
    passed_by: Person | None = None
    complains: bool = False


class Item(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a story. Fields that say nothing are left out."""

    seq: int
    at: int
    kind: str
    message: int = 0
    text: str = ""
    html: str = ""
    subject: str = ""
    author: str = ""
    agent: int = 0
    notice: str = ""
    until_ms: int = 0
    status: str = ""
    detail: str = ""
    client: str = ""
    cut: bool = False
    files: list[FileShape] = []
    replaces: int = 0
    cc: list[str] = []


class StoryPage(Shape, frozen=True, kw_only=True):
    items: list[Item]
    more: bool


class IdentityShape(Shape, frozen=True, kw_only=True):
    kind: str
    value: str
    verified: str


class Customer(Shape, frozen=True, kw_only=True):
    id: int
    person: int
    name: str
    language: str
    segment: str
    identities: list[IdentityShape]
    attributes: dict[str, str]
    since_ms: int
    conversations: list[Summary]


class QueueLine(Shape, frozen=True, kw_only=True):
    name: str
    label: Label
    open: bool
    opens_ms: int
    waiting: int
    offered: int
    oldest_ms: int
    active: int
    staffed: int
    free: int
    escalated: int
    wait: WaitShape | None = None


class WorkPart(Shape, frozen=True, kw_only=True):
    ref: str
    load: int
    state: str


class AgentLine(Shape, frozen=True, kw_only=True):
    id: int
    name: str
    presence: str
    accepts: bool
    since_ms: int
    used: int
    capacity: int
    parts: list[WorkPart]
    queues: list[str]
    winding: str
    until_ms: int


class AnsweringDay(Shape, frozen=True, kw_only=True):
    """What one agent did with offers on one day, and how much of what they handled was short."""

    day_ms: int
    rung: int
    accepted: int
    auto_answered: int
    pulled: int
    declined: int
    lapsed: int
    taken: int
    withdrawn: int
    taken_back: int
    declined_in_a_row: int
    declined_in_a_row_max: int
    lapsed_in_a_row: int
    lapsed_in_a_row_max: int
    closed: int
    closed_10s: int
    closed_30s: int
    closed_60s: int


class Why(Shape, frozen=True, kw_only=True):
    code: str
    text: str


class Offer(Shape, frozen=True, kw_only=True):
    offer: int
    ref: str
    until_ms: int
    issued_ms: int
    channel: str
    queue: str
    customer: Person
    waited_ms: int
    first_words: str
    why: list[Why]


class TakingPart(Shape, frozen=True, kw_only=True):
    """A conversation of somebody else in which I take part, or am asked to until `until_ms`."""

    ref: str
    role: str
    by: Person | None
    until_ms: int


class Desk(Shape, frozen=True, kw_only=True):
    position: int
    now_ms: int
    me: AgentLine | None
    work: list[Summary]
    offers: list[Offer]
    queues: list[QueueLine]
    taking_part: list[TakingPart] = []


class Reached(Shape, frozen=True, kw_only=True):
    """A command was decided; the node's replica has reached `position`."""

    position: int


class Written(Reached, frozen=True, kw_only=True):
    message: int


class Emergency(Shape, frozen=True, kw_only=True):
    until_ms: int
    notice: str


class AlarmShape(Shape, frozen=True, kw_only=True):
    name: str
    text: str
    subject: str
    since_ms: int
    waiting: int


class DeadLetter(Shape, frozen=True, kw_only=True):
    id: int
    channel: str
    effect: str
    ref: str
    reason: str
    attempts: int
    created_ms: int


class Quarantined(Shape, frozen=True, kw_only=True):
    id: int
    channel: str
    received_ms: int
    attempts: int
    reason: str


class Sender(Shape, frozen=True, kw_only=True):
    id: int
    kind: str
    value: str
    mark: str
    reason: str
    agent: int
    created_ms: int
    until_ms: int


class Marked(Shape, frozen=True, kw_only=True):
    ids: list[int]


class Care(Shape, frozen=True, kw_only=True):
    named_agent: int
    team: str
