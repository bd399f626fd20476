"""What customers said beside their ratings, and supervisors' reviews of conversations. No SQL, no decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from router.store.port.row import Row

Cursor = tuple[int, int]
"""After which row a page begins: its time and its number. (0, 0): at the newest."""


class RatingFilter(Row, frozen=True, kw_only=True):
    """Which ratings: those given in [since_ms, until_ms), no better than `score_max`. Empty or 0 says any.

    `without`: channels that are not looked at. `worded`, `unseen`: only those with words, nobody has looked at.
    """

    since_ms: int
    until_ms: int
    score_max: int = 5
    channel: str = ""
    queue: str = ""
    agent: int = 0
    worded: bool = False
    unseen: bool = False
    without: Sequence[str] = ()


class RatingRow(Row, frozen=True, kw_only=True):
    """What a customer said last of a conversation. `agent`, `queue`, `channel` are the conversation's now."""

    conv: int
    at: int
    position: int
    score: int
    reference: str
    channel: str
    queue: str
    agent: int
    customer: int
    words: str = ""
    seen_ms: int = 0
    seen_by: int = 0


class RatingTally(Row, frozen=True, kw_only=True):
    """How many of each score, 1 to 5; how many have words; how many served conversations ended in that time."""

    counts: Sequence[int] = (0, 0, 0, 0, 0)
    worded: int = 0
    ended: int = 0


RatedBy = Literal["agent", "queue", "channel"]
"""What ratings are counted by; each is the conversation's now."""


class EndedRow(Row, frozen=True, kw_only=True):
    """A conversation that ended, whose it was, and what may make it worth a review. `score` 0: not rated."""

    conv: int
    reference: str
    agent: int
    channel: str
    queue: str
    customer: int
    closed_ms: int
    score: int = 0
    transferred: bool = False
    reopened: bool = False


class ReviewWords(Row, frozen=True, kw_only=True, omit_defaults=True):
    """What people wrote in a review: to the agent, beside single questions, the agent's answer, the last word."""

    said: str = ""
    notes: Mapping[str, str] = {}
    answer: str = ""
    settled: str = ""


class Review(Row, frozen=True, kw_only=True, omit_defaults=True):
    """One review of one conversation. `version` is the store's: 0 until it is written.

    `sheet` is the scorecard as it was when the review was begun (JSON). `answers` are points by question, `score` is in
    thousandths, -1 while questions are open. `week` is the Monday (yyyymmdd) of the week in which the conversation
    ended, `why` what drew it. `view`: the agent's own (`agree`, `differ`). `editor` wrote this version by `command`.
    """

    conv: int
    reference: str
    agent: int
    reviewer: int
    begun_ms: int
    week: int
    customer: int = 0
    channel: str = ""
    queue: str = ""
    card: str = ""
    sheet: str = ""
    why: str = ""
    stage: str = "draft"
    answers: Mapping[str, int] = {}
    score: int = -1
    handed_ms: int = 0
    answered_ms: int = 0
    settled_ms: int = 0
    view: str = ""
    settler: int = 0
    editor: int = 0
    command: str = ""
    version: int = 0
    forgotten: bool = False
    words: ReviewWords = ReviewWords()


class ReviewChange(Row, frozen=True, kw_only=True):
    """What became of a change: the review as it is now. `faster`: who wrote the version that was in the way."""

    review: Review
    changed: bool = True
    faster: int = 0


class ReviewFilter(Row, frozen=True, kw_only=True):
    """Which reviews: empty or 0 says any; those begun as drafts and not handed over only with `drafts`."""

    agent: int = 0
    stage: str = ""
    drafts: bool = False


class Reviews(Protocol):
    """Reviews of a site: what customers said, and what supervisors found."""

    async def remark(self, site: str, conv: int, words: str, *, at: int) -> bool:
        """Keep what a customer wrote about a conversation in the place of what they wrote before.

        False where there is no such conversation, or its person has been forgotten: then nothing is kept.
        """

    async def see(self, site: str, conv: int, *, agent: int, at: int) -> None:
        """Write down that somebody has looked at a rating; who looked first stays. Agent 0: nobody has."""

    async def ratings(self, site: str, wanted: RatingFilter, *, before: Cursor, limit: int) -> list[RatingRow]:
        """Return ratings, the newest first; of a conversation only the last one."""

    async def tally(self, site: str, wanted: RatingFilter) -> RatingTally:
        """Count them. Of those that ended only channel, queue and agent are asked for."""

    async def tally_by(self, site: str, wanted: RatingFilter, by: RatedBy) -> dict[str, RatingTally]:
        """Count them apart, agents by their numbers. Those of whom something ended and nothing was rated are there."""

    async def rating(self, site: str, conv: int) -> RatingRow | None:
        """Return what the customer said last of one conversation."""

    async def ended(self, site: str, *, since_ms: int, until_ms: int, limit: int) -> list[EndedRow]:
        """Return conversations that an agent served and that ended in that time, in order of their numbers."""

    async def begin(self, site: str, review: Review) -> ReviewChange:
        """Write a review, if the conversation has none yet; else nothing is changed and the one there is returned."""

    async def change(self, site: str, review: Review) -> ReviewChange:
        """Write a review over the version it was made from. A command that is known changes nothing."""

    async def drop(self, site: str, conv: int, *, version: int) -> bool:
        """Throw a draft away; False where it is none, or another version."""

    async def get(self, site: str, conv: int) -> Review | None:
        """Return the review of a conversation."""

    async def of_week(self, site: str, week: int, *, limit: int) -> list[Review]:
        """Return the reviews of conversations that ended in a week, without words."""

    async def newest(self, site: str, wanted: ReviewFilter, *, before: Cursor, limit: int) -> list[Review]:
        """Return reviews by when they were begun, the newest first, with their words."""

    async def between(self, site: str, *, since_ms: int, until_ms: int, agent: int = 0, limit: int) -> list[Review]:
        """Return reviews that were handed over in a time, oldest first, without words."""

    async def forget(self, site: str, *, before_ms: int, limit: int) -> int:
        """Forget words that customers wrote, and those of reviews begun, before a time; at most so many of each.

        Return how many were forgotten. Scores and points stay.
        """

    async def said_of(self, site: str, customer: int) -> tuple[list[RatingRow], list[Review]]:
        """Return what a person wrote about their conversations, and what was written about these."""
