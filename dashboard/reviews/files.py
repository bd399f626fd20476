"""Reviews and ratings as somebody may see them: which ones, and how they look outside. Reads only; no routes."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from dashboard.errors import ApiError
from dashboard.parts import Parts
from dashboard.reviews.shapes import CardShape, QuestionShape, RatingLine, ReviewCase, ReviewLine
from dashboard.sessions import may
from dashboard.shapes import Person
from router.care.reviews import DEEDS, card_for, refused
from router.core.bundle import Bundle
from router.core.scorecards import ReviewRules, Scorecard
from router.store.port import Account, ConversationRow, RatingRow, Review


class Files:
    """One per application."""

    def __init__(self, parts: Parts) -> None:
        self.parts, self.out = parts, parts.out
        self.site, self.store = parts.out.floor.site, parts.out.store.reviews

    @property
    def bundle(self) -> Bundle:
        if self.out.floor.bundle is None:
            raise ApiError("not_configured")
        return self.out.floor.bundle

    @property
    def rules(self) -> ReviewRules:
        return self.bundle.reviews

    def supervises(self, account: Account) -> bool:
        return may(account.role, "supervisor")

    async def row(self, account: Account, ref: str) -> ConversationRow:
        """Return a conversation: any for supervisors, for an agent one that is theirs or was when it was reviewed.

        Raises ApiError `not_visible`.
        """
        row = await self.parts.places.row(account, ref, known=True)
        if self.supervises(account) or row.owner == account.id:
            return row
        review = await self.store.get(self.site, row.conv)
        if review is None or review.agent != account.id:
            raise ApiError("not_visible")
        return row

    def shown(self, account: Account, review: Review | None) -> bool:
        """Return whether somebody may see a review: drafts are their supervisors' alone, and nobody's own."""
        if review is None:
            return False
        if review.agent == account.id:
            return review.stage != "draft"
        return self.supervises(account)

    # --- how they look outside --------------------------------------------------------------------------------

    async def names(self, customers: set[int]) -> dict[int, str]:
        """Return the names of customers, empty for whom nobody has named."""
        found = await self.out.store.archive.customers(self.site, sorted(customers - {0}))
        return {each.id: each.name for each in found}

    async def ratings(self, rows: Sequence[RatingRow]) -> list[RatingLine]:
        """Return ratings in the given order."""
        await self.parts.staff.learn({each.agent for each in rows} | {each.seen_by for each in rows})
        names = await self.names({each.customer for each in rows})
        return [self._rating(each, names) for each in rows]

    def _rating(self, row: RatingRow, names: dict[int, str]) -> RatingLine:
        person = self.parts.staff.person
        return RatingLine(
            ref=row.reference,
            at=row.at,
            score=row.score,
            words=row.words,
            channel=row.channel,
            queue=row.queue,
            agent=person(row.agent),
            customer=Person(id=row.customer, name=names.get(row.customer, "")),
            seen_ms=row.seen_ms,
            seen_by=person(row.seen_by),
        )

    async def lines(self, reviews: Sequence[Review]) -> list[ReviewLine]:
        """Return reviews in the given order."""
        await self.parts.staff.learn({each.agent for each in reviews} | {each.reviewer for each in reviews})
        return [self._line(each) for each in reviews]

    def _line(self, one: Review) -> ReviewLine:
        person = self.parts.staff.person
        return ReviewLine(
            ref=one.reference,
            version=one.version,
            stage=one.stage,
            agent=person(one.agent),
            reviewer=person(one.reviewer),
            channel=one.channel,
            queue=one.queue,
            score=one.score,
            why=one.why,
            week=one.week,
            begun_ms=one.begun_ms,
            handed_ms=one.handed_ms,
            answered_ms=one.answered_ms,
            settled_ms=one.settled_ms,
            view=one.view,
        )

    async def case(self, account: Account, row: ConversationRow, review: Review | None) -> ReviewCase:
        """Return everything of a conversation's review; of one that the asker may not see only that it may come."""
        one = review if self.shown(account, review) else None
        agent, settler, editor = (one.agent, one.settler, one.editor) if one else (row.owner, 0, 0)
        staff = self.parts.staff
        await staff.learn({agent, settler, editor})
        said = await self.store.rating(self.site, row.conv)
        words = one.words if one else None
        return ReviewCase(
            ref=row.reference,
            agent=staff.person(agent),
            channel=row.channel,
            queue=row.queue,
            customer=Person(id=row.customer, name=(await self.names({row.customer})).get(row.customer, "")),
            closed_ms=row.closed_ms,
            card=card_shape(sheet_of(one) if one else card_for(self.rules, row.channel)),
            line=(await self.lines([one]))[0] if one else None,
            answers=dict(one.answers) if one else {},
            notes=dict(words.notes) if words else {},
            said=words.said if words else "",
            answer=words.answer if words else "",
            settled=words.settled if words else "",
            settler=staff.person(settler),
            editor=staff.person(editor),
            forgotten=bool(one and one.forgotten),
            can=self.possible(account, row, review),
            rating=(await self.ratings([said]))[0] if said else None,
        )

    def possible(self, account: Account, row: ConversationRow, review: Review | None) -> list[str]:
        """Return what somebody may do to the review of a conversation, in the order of its life."""
        supervises = self.supervises(account)
        if review is None:
            return ["begin"] if supervises and begun_refused(row, me=account.id) == "" else []
        if review.forgotten or not self.shown(account, review):
            return []
        return [deed for deed in DEEDS if not refused(deed, review, me=account.id, supervises=supervises)]


def begun_refused(row: ConversationRow, *, me: int) -> str:
    """Return by name why a conversation cannot be reviewed by somebody, empty where it can."""
    if not row.closed_ms or not row.owner:
        return "review_unserved"
    return "review_own" if row.owner == me else ""


def sheet_of(review: Review) -> Scorecard:
    """Return the scorecard as it was when a review was begun."""
    return msgspec.json.decode(review.sheet, type=Scorecard)


def card_shape(card: Scorecard) -> CardShape:
    questions = [
        QuestionShape(name=each.name, text=each.text, points=each.points, weight=each.weight, fatal=each.fatal)
        for each in card.questions
    ]
    return CardShape(name=card.name, label=card.label, questions=questions)
