"""Routes of reviews: what customers said, what is to be reviewed, one review and its deeds, figures."""

from __future__ import annotations

from aiohttp import web

from dashboard.errors import ApiError
from dashboard.parts import Parts
from dashboard.requests import Nothing
from dashboard.reviews.counting import Counting
from dashboard.reviews.doing import Doing
from dashboard.reviews.drawing import Drawing
from dashboard.reviews.files import Files
from dashboard.reviews.shapes import (
    DeedRequest,
    RatingPage,
    RatingsOf,
    RatingsQuery,
    RatingsSplit,
    RatingsSplitQuery,
    ReviewCase,
    ReviewCounts,
    ReviewFigures,
    ReviewFiguresQuery,
    ReviewPage,
    ReviewsQuery,
    ToDo,
    WeekQuery,
)
from dashboard.routes import Call, Route
from router.care.reviews import mean_of
from router.store.port import RatingFilter, RatingTally, ReviewFilter

DAY_MS = 24 * 3_600_000
# The words of a review and of its forty questions, each escaped as JSON in its longest form.
BODY_BYTES_MAX = (2 * 10_000 + 40 * 2_000) * 12 + 16 * 1024
# How many waiting ones are counted: beyond it the number says only that it is too large.
COUNTED_MAX = 100


class Reviewing:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._out = parts.out
        self._files = Files(parts)
        self._drawing = Drawing(self._files)
        self._doing = Doing(self._files, self._drawing)
        self._counting = Counting(self._files)

    # --- what customers said ----------------------------------------------------------------------------------

    async def ratings(self, call: Call) -> RatingPage:
        ask, wanted = call.ask, self._wanted(call)
        site, store = self._files.site, self._files.store
        found = await store.ratings(site, wanted, before=_cursor(ask.after), limit=ask.limit)
        tally: RatingTally = await store.tally(site, wanted)
        last = found[-1] if len(found) == ask.limit else None
        return RatingPage(
            items=await self._files.ratings(found),
            next=f"{last.at}.{last.position}" if last else "",
            counts=list(tally.counts),
            many=sum(tally.counts),
            worded=tally.worded,
            mean=mean_of(tally.counts),
            ended=tally.ended,
        )

    async def split(self, call: Call) -> RatingsSplit:
        """Count what customers said by agent, queue or channel."""
        by = call.ask.by
        tallies = await self._files.store.tally_by(self._files.site, self._wanted(call), by)
        people = await self._out.store.accounts.all(self._files.site) if by == "agent" else []
        names = {str(each.id): each.name for each in people}
        items = [_split(of, tally, names.get(of, "")) for of, tally in tallies.items()]
        return RatingsSplit(items=sorted(items, key=lambda each: (-each.many, each.name.casefold(), each.of)))

    def _wanted(self, call: Call) -> RatingFilter:
        ask, account = call.ask, call.caller.account
        now_ms = self._out.now_ms()
        return RatingFilter(
            since_ms=now_ms - ask.days * DAY_MS,
            until_ms=now_ms + 1,
            score_max=ask.score_max,
            channel=ask.channel,
            queue=ask.queue,
            agent=ask.agent if self._files.supervises(account) else account.id,
            worded=ask.worded,
            unseen=ask.unseen,
        )

    async def see(self, call: Call) -> None:
        """Somebody has looked at what a customer said."""
        await self._mark(call, call.me)

    async def unsee(self, call: Call) -> None:
        """Nobody has: it is to be looked at again."""
        await self._mark(call, 0)

    async def _mark(self, call: Call, agent: int) -> None:
        row = await self._files.row(call.caller.account, call.part("ref"))
        await self._files.store.see(self._files.site, row.conv, agent=agent, at=self._out.now_ms())

    # --- quality ----------------------------------------------------------------------------------------------

    async def page(self, call: Call) -> ReviewPage:
        ask, account = call.ask, call.caller.account
        supervises = self._files.supervises(account)
        wanted = ReviewFilter(agent=ask.agent if supervises else account.id, stage=ask.stage, drafts=supervises)
        found = await self._files.store.newest(self._files.site, wanted, before=_cursor(ask.after), limit=ask.limit)
        last = found[-1] if len(found) == ask.limit else None
        shown = [each for each in found if self._files.shown(account, each)]
        return ReviewPage(items=await self._files.lines(shown), next=f"{last.begun_ms}.{last.conv}" if last else "")

    async def count(self, call: Call) -> ReviewCounts:
        """Count what waits for the asker, up to a hundred of each."""
        account, now_ms = call.caller.account, self._out.now_ms()
        supervises = self._files.supervises(account)
        unseen = RatingFilter(since_ms=now_ms - 28 * DAY_MS, until_ms=now_ms + 1, score_max=2, unseen=True)
        counts = (await self._files.store.tally(self._files.site, unseen)).counts if supervises else ()
        drafts = await self._waiting(ReviewFilter(stage="draft", drafts=True)) if supervises else []
        answered = await self._waiting(ReviewFilter(stage="answered")) if supervises else []
        return ReviewCounts(
            to_answer=len(await self._waiting(ReviewFilter(agent=account.id, stage="handed"))),
            drafts=sum(reviewer == account.id for _, reviewer in drafts),
            to_settle=sum(agent != account.id for agent, _ in answered),
            unseen=sum(counts),
        )

    async def _waiting(self, wanted: ReviewFilter) -> list[tuple[int, int]]:
        """Return whose work and whose review they are."""
        found = await self._files.store.newest(self._files.site, wanted, before=(0, 0), limit=COUNTED_MAX)
        return [(each.agent, each.reviewer) for each in found]

    async def to_do(self, call: Call) -> ToDo:
        return await self._drawing.to_do(call.caller.account, call.ask.week)

    async def one(self, call: Call) -> ReviewCase:
        account = call.caller.account
        row = await self._files.row(account, call.part("ref"))
        review = await self._files.store.get(self._files.site, row.conv)
        if not (self._files.supervises(account) or self._files.shown(account, review)):
            raise ApiError("not_visible")
        return await self._files.case(account, row, review)

    async def do(self, call: Call) -> ReviewCase:
        account = call.caller.account
        row = await self._files.row(account, call.part("ref"))
        review = await self._doing.do(account, row, call.ask)
        if review is not None and call.ask.deed == "hand":
            self._files.out.changes.tell("review", row.reference, agent=review.agent)
        return await self._files.case(account, row, review)

    async def figures(self, call: Call) -> ReviewFigures:
        return await self._counting.figures(call.ask.weeks)

    async def export(self, call: Call) -> web.StreamResponse:
        content = await self._counting.table(call.ask.weeks)
        headers = {"Content-Disposition": 'attachment; filename="reviews.csv"', "Cache-Control": "no-store"}
        return web.Response(body=content, content_type="text/csv", charset="utf-8", headers=headers)


def _split(of: str, tally: RatingTally, name: str) -> RatingsOf:
    many, mean = sum(tally.counts), mean_of(tally.counts)
    return RatingsOf(
        of=of, name=name, counts=list(tally.counts), many=many, worded=tally.worded, mean=mean, ended=tally.ended
    )


def _cursor(after: str) -> tuple[int, int]:
    at, _, number = after.partition(".")
    return (int(at or 0), int(number or 0))


def routes(parts: Parts) -> list[Route]:
    """Return the routes of this file."""
    to = Reviewing(parts)
    return [*_of_ratings(to), *_of_reviews(to)]


def _of_ratings(to: Reviewing) -> list[Route]:
    return [
        Route(
            method="GET", path="/ratings", summary="What customers said, the newest first, and figures of it",
            ask=RatingsQuery, answers=RatingPage, handler=to.ratings, refusals=True,
        ),
        Route(
            method="GET", path="/ratings/split", summary="What customers said, counted by agent, queue or channel",
            ask=RatingsSplitQuery, answers=RatingsSplit, handler=to.split, refusals=True,
        ),
        Route(
            method="POST", path="/ratings/{ref}/seen", role="supervisor", summary="I have looked at it",
            tells="review", ask=Nothing, answers=None, handler=to.see,
        ),
        Route(
            method="DELETE", path="/ratings/{ref}/seen", role="supervisor", summary="It is to be looked at again",
            tells="review", answers=None, handler=to.unsee,
        ),
    ]  # fmt: skip


def _of_reviews(to: Reviewing) -> list[Route]:
    return [
        Route(
            method="GET", path="/reviews", summary="Reviews, the newest first; an agent's own that were handed over",
            ask=ReviewsQuery, answers=ReviewPage, handler=to.page, refusals=True,
        ),
        Route(
            method="GET", path="/reviews/count", summary="What waits for me",
            answers=ReviewCounts, handler=to.count, refusals=True,
        ),
        Route(
            method="GET", path="/reviews/to-do", role="supervisor", summary="Conversations of a week to be reviewed",
            ask=WeekQuery, answers=ToDo, handler=to.to_do, refusals=True,
        ),
        Route(
            method="GET", path="/reviews/figures", role="supervisor", summary="Scores by agent, team and question",
            ask=ReviewFiguresQuery, answers=ReviewFigures, handler=to.figures, refusals=True,
        ),
        Route(
            method="GET", path="/reviews/export", role="supervisor", raw=True,
            summary="Reviews of some weeks as CSV, without what anybody wrote",
            ask=ReviewFiguresQuery, answers=None, handler=to.export, refusals=True,
        ),
        Route(
            method="GET", path="/conversations/{ref}/review", summary="The review of a conversation",
            answers=ReviewCase, handler=to.one, refusals=True,
        ),
        Route(
            method="POST", path="/conversations/{ref}/review", summary="Begin, write, hand over, answer, settle",
            tells="review",
            ask=DeedRequest, answers=ReviewCase, handler=to.do, refusals=True, body_bytes_max=BODY_BYTES_MAX,
        ),
    ]  # fmt: skip
