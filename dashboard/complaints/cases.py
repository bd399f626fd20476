"""Complaints as somebody may see them: which ones, and how they look outside. Reads only; no routes."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.complaints.shapes import ComplaintCase, ComplaintLine, LinkedShape, StepShape
from dashboard.errors import ApiError
from dashboard.parts import Parts
from dashboard.requests import NUMBER_MAX
from dashboard.sessions import may
from dashboard.shapes import Person
from dashboard.staff import abilities_of
from router.care.complaints import DUE, NEXT, Asker, possible
from router.care.usual import rules_of
from router.core.bundle import Bundle
from router.core.complaints import ComplaintRules
from router.store.port import Account, Complaint, ComplaintFilter, ComplaintLink, ComplaintStep
from router.views.board import serves

# The life of the worst case anybody remembers; beyond it somebody writes a book, not a history.
STEPS_MAX = 500


class Cases:
    """One per application."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self.out = parts, parts.out
        self.site, self.store = parts.out.floor.site, parts.out.store.complaints

    @property
    def bundle(self) -> Bundle:
        if self.out.floor.bundle is None:
            raise ApiError("not_configured")
        return self.out.floor.bundle

    @property
    def rules(self) -> ComplaintRules:
        return rules_of(self.bundle)

    def asker(self, account: Account) -> Asker:
        return Asker(account.id, supervisor=may(account.role, "supervisor"))

    def queues_of(self, account: Account) -> list[str] | None:
        """Return whose queues' complaints an account may see, None for all."""
        if may(account.role, "supervisor"):
            return None
        bundle = self.bundle
        abilities = abilities_of(account, bundle)
        return [name for name in bundle.queues if serves(bundle, name, abilities)]

    def seen_by(self, account: Account) -> ComplaintFilter:
        return ComplaintFilter(seer=account.id, queues=self.queues_of(account))

    def sees(self, account: Account, complaint: Complaint) -> bool:
        queues = self.queues_of(account)
        return queues is None or complaint.queue in queues or account.id in {complaint.owner, complaint.recorder}

    async def one(self, account: Account, text: str) -> Complaint:
        """Return a complaint by its number. Raises ApiError `not_visible`, whether it is hidden or nowhere."""
        known = text.isascii() and text.isdecimal() and len(text) <= 20 and 0 < int(text) <= NUMBER_MAX
        found = await self.store.get(self.site, int(text)) if known else None
        if found is None or not self.sees(account, found):
            raise ApiError("not_visible")
        return found

    async def steps(self, number: int) -> list[ComplaintStep]:
        return await self.store.steps(self.site, number, limit=STEPS_MAX)

    # --- how they look outside --------------------------------------------------------------------------------

    async def lines(self, complaints: Sequence[Complaint]) -> list[ComplaintLine]:
        """Return lines in the given order."""
        await self._parts.staff.learn(each.owner for each in complaints)
        names = await self.names({each.customer for each in complaints})
        return [self._line(each, names) for each in complaints]

    async def names(self, customers: set[int]) -> dict[int, str]:
        """Return the names of customers, empty for whom nobody has named."""
        found = await self.out.store.archive.customers(self.site, sorted(customers - {0}))
        return {each.id: each.name for each in found}

    def _line(self, one: Complaint, names: dict[int, str]) -> ComplaintLine:
        return ComplaintLine(
            number=one.number,
            version=one.version,
            customer=Person(id=one.customer, name=names.get(one.customer, "")),
            kind=one.kind,
            severity=one.severity,
            queue=one.queue,
            about=one.about,
            channel=one.channel,
            stage=one.stage,
            outcome=one.outcome,
            owner=self._parts.staff.person(one.owner),
            opened_ms=one.opened_ms,
            due=DUE[one.stage],
            due_ms=one.due_ms,
            closed_ms=one.closed_ms,
            reopened=one.reopened,
        )

    async def case(self, account: Account, one: Complaint) -> ComplaintCase:
        """Return everything of a complaint."""
        steps, links = await self.steps(one.number), await self.store.links(self.site, one.number)
        people = await self._learn(one, steps)
        (line,) = await self.lines([one])
        can = possible(one, self.asker(account))
        return ComplaintCase(
            line=line,
            happened=one.words.happened,
            wish=one.words.wish,
            answer=one.words.answer,
            cause=one.cause,
            remedy=one.remedy,
            amount=one.amount,
            currency=one.currency,
            recorder=self._parts.staff.person(one.recorder),
            acknowledge_by_ms=one.acknowledge_by_ms,
            answer_by_ms=one.answer_by_ms,
            acknowledged_ms=one.acknowledged_ms,
            answered_ms=one.answered_ms,
            forgotten=one.forgotten,
            can=list(can),
            next=NEXT.get(one.stage, "") if NEXT.get(one.stage) in can else "",
            linked=[await self._linked(account, link) for link in links],
            steps=[self._step(step) for step in steps],
            people={str(agent): self._parts.staff.name(agent) for agent in people},
        )

    async def _learn(self, one: Complaint, steps: Sequence[ComplaintStep]) -> set[int]:
        """Make the names of everybody who is mentioned known; return who they are."""
        owners = {int(each) for step in steps for each in step.changes.get("owner", ())}
        people = {one.owner, one.recorder, *owners, *(step.agent for step in steps)} - {0}
        await self._parts.staff.learn(people)
        return people

    def _step(self, step: ComplaintStep) -> StepShape:
        changes = {name: list(change) for name, change in step.changes.items()}
        by = self._parts.staff.person(step.agent)
        return StepShape(number=step.number, at=step.at, by=by, deed=step.deed, changes=changes, words=step.words)

    async def _linked(self, account: Account, link: ComplaintLink) -> LinkedShape:
        row = await self.out.store.archive.conversation(self.site, link.conv)
        if row is None or not self._parts.sight.row(account, row):
            return LinkedShape(ref="", role=link.role, at=link.at, channel="", queue="", state="", opened_ms=0)
        inside = self._parts.places.inside(row)
        return LinkedShape(
            ref=row.reference,
            role=link.role,
            at=link.at,
            channel=inside.channel,
            queue=inside.queue,
            state=inside.state,
            opened_ms=row.opened_ms,
        )
