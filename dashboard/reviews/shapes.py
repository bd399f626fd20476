"""What the routes of reviews ask and answer. Nothing fills them here."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from dashboard.requests import ClientId, Number, Request
from dashboard.shapes import Label, Person, Shape
from router.store.port.reviews import RatedBy

# Two pages for the agent, some sentences beside a question: a review that is longer is a talk, and is held as one.
SAID_CHARS_MAX, NOTE_CHARS_MAX = 10_000, 2_000
QUESTIONS_MAX = 40
PAGE_MAX, PAGE = 200, 50
DAYS_MAX, DAYS = 366, 28
WEEKS_MAX, WEEKS = 60, 12

Said = Annotated[str, Meta(max_length=SAID_CHARS_MAX, description="text of at most 10,000 characters")]
Note = Annotated[str, Meta(max_length=NOTE_CHARS_MAX, description="text of at most 2,000 characters")]
Points = Annotated[int, Meta(ge=-1, le=10, description="points, or -1 where the question has no sense")]
Key = Annotated[str, Meta(max_length=100)]
After = Annotated[
    str, Meta(pattern=r"^([0-9]{1,15}\.[0-9]{1,15})?$(?!\n)", description="the `next` of the page before")
]
Limit = Annotated[int, Meta(ge=1, le=PAGE_MAX)]
Week = Annotated[int, Meta(ge=0, le=99991231, description="a Monday as yyyymmdd, 0 for the last whole week")]
Deed = Literal["begin", "save", "drop", "take", "hand", "take_back", "answer", "settle"]
Stage = Literal["", "draft", "handed", "answered", "settled"]


# --- what customers said ------------------------------------------------------------------------------------


class RatingsQuery(Request, frozen=True, kw_only=True):
    """Ratings of so many days until now. Empty or 0 says any; an agent gets their own whatever they ask."""

    days: Annotated[int, Meta(ge=1, le=DAYS_MAX)] = DAYS
    score_max: Annotated[int, Meta(ge=1, le=5)] = 5
    channel: Key = ""
    queue: Key = ""
    agent: Number = 0
    worded: bool = False
    unseen: bool = False
    after: After = ""
    limit: Limit = PAGE


class RatingLine(Shape, frozen=True, kw_only=True):
    """What a customer said last of a conversation. `seen_by` is null while nobody has looked at it."""

    ref: str
    at: int
    score: int
    words: str
    channel: str
    queue: str
    agent: Person | None
    customer: Person
    seen_ms: int
    seen_by: Person | None


class RatingPage(Shape, frozen=True, kw_only=True):
    """A page, and figures of all that the filters let through; `next` is what to ask for after it, empty at the end.

    `counts` are of the scores 1 to 5, `many` their sum; `mean` is in thousandths, -1 below five ratings. `ended`:
    served conversations that ended in that time, by channel, queue and agent alone.
    """

    items: list[RatingLine]
    next: str
    counts: list[int]
    many: int
    worded: int
    mean: int
    ended: int


class RatingsSplitQuery(RatingsQuery, frozen=True, kw_only=True):
    """The same, counted apart. `after` and `limit` say nothing here."""

    by: RatedBy = "agent"


class RatingsOf(Shape, frozen=True, kw_only=True):
    """Figures of one agent, queue or channel; `of` is their number or name, `name` an agent's."""

    of: str
    name: str
    counts: list[int]
    many: int
    worded: int
    mean: int
    ended: int


class RatingsSplit(Shape, frozen=True, kw_only=True):
    """The figures of each, those with the most ratings first."""

    items: list[RatingsOf]


# --- quality ------------------------------------------------------------------------------------------------


class QuestionShape(Shape, frozen=True, kw_only=True):
    name: str
    text: Label
    points: int
    weight: int
    fatal: bool


class CardShape(Shape, frozen=True, kw_only=True):
    name: str
    label: Label
    questions: list[QuestionShape]


class ReviewLine(Shape, frozen=True, kw_only=True):
    """A review in a list. `score` is in thousandths, -1 while questions are open; `view` is the agent's own."""

    ref: str
    version: int
    stage: str
    agent: Person | None
    reviewer: Person | None
    channel: str
    queue: str
    score: int
    why: str
    week: int
    begun_ms: int
    handed_ms: int
    answered_ms: int
    settled_ms: int
    view: str


class ReviewCase(Shape, frozen=True, kw_only=True):
    """Everything of one review. `line` is null where nobody has begun one; `can`: what the asker may do to it.

    `editor` wrote the newest version. `rating` is what the customer said of the conversation, null where nothing.
    """

    ref: str
    agent: Person | None
    channel: str
    queue: str
    customer: Person
    closed_ms: int
    card: CardShape
    line: ReviewLine | None
    answers: dict[str, int]
    notes: dict[str, str]
    said: str
    answer: str
    settled: str
    settler: Person | None
    editor: Person | None
    forgotten: bool
    can: list[str]
    rating: RatingLine | None


class ReviewsQuery(Request, frozen=True, kw_only=True):
    """Reviews, the newest first. An agent gets those of their own work that were handed over."""

    agent: Number = 0
    stage: Stage = ""
    after: After = ""
    limit: Limit = PAGE


class ReviewPage(Shape, frozen=True, kw_only=True):
    """A page; `next` is what to ask for after it, empty at the end."""

    items: list[ReviewLine]
    next: str


class ReviewCounts(Shape, frozen=True, kw_only=True):
    """What waits for the asker: reviews of theirs to answer, drafts of theirs, answers to settle, ratings unseen."""

    to_answer: int
    drafts: int
    to_settle: int
    unseen: int


class WeekQuery(Request, frozen=True, kw_only=True):
    week: Week = 0


class DrawnLine(Shape, frozen=True, kw_only=True):
    """A conversation to be reviewed. `why`: lot, rated, transferred, reopened, chosen; `stage` empty: not begun."""

    ref: str
    why: str
    channel: str
    queue: str
    customer: Person
    closed_ms: int
    rated: int
    stage: str
    score: int
    reviewer: Person | None


class DrawnOf(Shape, frozen=True, kw_only=True):
    """What is drawn of one agent, and how many of it have been handed over."""

    agent: Person
    done: int
    items: list[DrawnLine]


class ToDo(Shape, frozen=True, kw_only=True):
    """A week's draw. `over` false: it is not over, and only what needs no lot is drawn.

    `whole` false: more conversations ended than are drawn from.
    """

    week: int
    from_ms: int
    to_ms: int
    over: bool
    before: int
    after: int
    agents: list[DrawnOf]
    whole: bool


class DeedRequest(Request, frozen=True, kw_only=True):
    """Something done to the review of a conversation, over the `version` on the asker's screen (0: none yet).

    `words` are the agent's answer or the last word. Which field goes with which deed is in `FIELDS` of
    `dashboard.reviews.doing`.
    """

    deed: Deed
    command_id: ClientId
    version: Number = 0
    answers: Annotated[dict[Key, Points], Meta(max_length=QUESTIONS_MAX)] | None = None
    notes: Annotated[dict[Key, Note], Meta(max_length=QUESTIONS_MAX)] | None = None
    said: Said | None = None
    view: Literal["agree", "differ"] | None = None
    words: Said | None = None


# --- figures ------------------------------------------------------------------------------------------------


class ReviewFiguresQuery(Request, frozen=True, kw_only=True):
    """Reviews handed over in so many weeks, this one the last."""

    weeks: Annotated[int, Meta(ge=1, le=WEEKS_MAX)] = WEEKS


class WeekFigure(Shape, frozen=True, kw_only=True):
    week: int
    mean: int
    many: int


class AgentFigure(Shape, frozen=True, kw_only=True):
    """One agent's reviews; `differ`: of so many answers they see it differently; `weeks` are in order."""

    agent: Person
    team: str
    mean: int
    many: int
    answered: int
    differ: int
    weeks: list[WeekFigure]


class TeamFigure(Shape, frozen=True, kw_only=True):
    team: str
    mean: int
    many: int


class QuestionFigure(Shape, frozen=True, kw_only=True):
    """One question of one scorecard, by the text it had last. `zeros`: no points were given so often."""

    card: str
    label: Label
    question: str
    text: Label
    fatal: bool
    mean: int
    many: int
    zeros: int


class ReviewFigures(Shape, frozen=True, kw_only=True):
    """Means are in thousandths, -1 where they are of none; `many` is of how many. `whole` false: too many to count."""

    from_ms: int
    to_ms: int
    mean: int
    many: int
    weeks: list[WeekFigure]
    agents: list[AgentFigure]
    teams: list[TeamFigure]
    questions: list[QuestionFigure]
    whole: bool
