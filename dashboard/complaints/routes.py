"""Routes of complaints: the list, one case and its steps, figures; what sounds like one and is not recorded."""

from __future__ import annotations

from aiohttp import web

from dashboard.complaints.cases import Cases
from dashboard.complaints.counting import Counting
from dashboard.complaints.shapes import (
    ChoiceShape,
    ComplaintCase,
    ComplaintChoices,
    ComplaintCounts,
    ComplaintFigures,
    ComplaintLine,
    ComplaintPage,
    ComplaintsQuery,
    FiguresQuery,
    OfConversation,
    RecordRequest,
    SeverityShape,
    Sounding,
    StepRequest,
)
from dashboard.complaints.sounding import Soundings
from dashboard.complaints.stepping import Stepping
from dashboard.errors import ApiError
from dashboard.journeys import Journeys
from dashboard.parts import Parts
from dashboard.requests import NUMBER_MAX, Nothing
from dashboard.routes import Call, Route
from dashboard.shapes import Person
from router.care.complaints import OUTCOMES
from router.core.complaints import Choice
from router.store.port import Complaint, ComplaintFilter

# Words of 20,000 characters, each escaped as JSON in its longest form, three times.
BODY_BYTES_MAX = 3 * 20_000 * 12 + 16 * 1024
# A person with more has a problem that no list solves.
OF_PERSON_MAX = 100
OWNERS = {"": -1, "nobody": 0}


class Complaining:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._out = parts, parts.out
        self._cases = Cases(parts)
        self._stepping = Stepping(parts, self._cases)
        self._counting = Counting(parts, self._cases)
        self._soundings = Soundings(parts, self._cases)
        self._journeys = Journeys(parts)

    async def choices(self, call: Call) -> ComplaintChoices:
        del call
        rules = self._cases.rules
        severities = [
            SeverityShape(
                name=each.name,
                label=each.label,
                acknowledge_ms=each.acknowledge_ms,
                answer_ms=each.answer_ms,
                hours=each.hours,
            )
            for each in rules.severities
        ]
        return ComplaintChoices(
            kinds=_choices(rules.kinds),
            about=_choices(rules.about),
            severities=severities,
            causes=_choices(rules.causes),
            remedies=_choices(rules.remedies),
            outcomes=list(OUTCOMES),
            currency=rules.currency,
            topics=list(rules.topics),
        )

    async def page(self, call: Call) -> ComplaintPage:
        """Open ones by what is due next, the late ones first; or closed ones, the newest first."""
        ask, account = call.ask, call.caller.account
        wanted = ComplaintFilter(
            stage=ask.stage,
            kind=ask.kind,
            severity=ask.severity,
            queue=ask.queue,
            owner=call.me
            if ask.owner == "me"
            else OWNERS.get(ask.owner, -1)
            if ask.owner in OWNERS
            else int(ask.owner),
            seer=account.id,
            queues=self._cases.queues_of(account),
        )
        at, _, number = ask.after.partition(".")
        cursor = (int(at or 0), int(number or 0))
        closed, site, store = ask.closed or ask.stage == "closed", self._cases.site, self._cases.store
        if closed:
            found = await store.closed(site, wanted, before=cursor, limit=ask.limit)
        else:
            found = await store.due(site, wanted, after=cursor, limit=ask.limit)
        last = found[-1] if len(found) == ask.limit else None
        after = f"{last.closed_ms if closed else last.due_ms}.{last.number}" if last else ""
        return ComplaintPage(items=await self._cases.lines(found), next=after)

    async def count(self, call: Call) -> ComplaintCounts:
        wanted = self._cases.seen_by(call.caller.account)
        found = await self._cases.store.count(self._cases.site, wanted, now_ms=self._out.now_ms())
        return ComplaintCounts(open=found.open, late=found.late, mine=found.mine, mine_late=found.mine_late)

    async def one(self, call: Call) -> ComplaintCase:
        account = call.caller.account
        return await self._cases.case(account, await self._cases.one(account, call.part("number")))

    async def record(self, call: Call) -> ComplaintCase:
        account = call.caller.account
        return await self._cases.case(account, await self._stepping.record(account, call.ask))

    async def step(self, call: Call) -> ComplaintCase:
        account = call.caller.account
        before = await self._cases.one(account, call.part("number"))
        after = await self._stepping.take(account, before, call.ask)
        if after.owner not in {0, before.owner, account.id}:
            self._out.changes.tell("complaint", str(after.number), agent=after.owner)
        return await self._cases.case(account, after)

    async def colleagues(self, call: Call) -> list[Person]:
        complaint = await self._cases.one(call.caller.account, call.part("number"))
        return [Person(id=each.id, name=each.name) for each in await self._stepping.colleagues(complaint)]

    async def figures(self, call: Call) -> ComplaintFigures:
        return await self._counting.figures(call.ask)

    async def export(self, call: Call) -> web.StreamResponse:
        content = await self._counting.table(call.ask)
        headers = {"Content-Disposition": 'attachment; filename="complaints.csv"', "Cache-Control": "no-store"}
        return web.Response(body=content, content_type="text/csv", charset="utf-8", headers=headers)

    async def sounding(self, call: Call) -> list[Sounding]:
        del call
        return await self._soundings.unrecorded()

    async def none(self, call: Call) -> None:
        """Somebody has looked: this conversation is no complaint."""
        row = await self._parts.places.row(call.caller.account, call.part("ref"))
        await self._cases.store.none_of(self._cases.site, row.conv, agent=call.me, at=self._out.now_ms())

    async def of_conversation(self, call: Call) -> OfConversation:
        account = call.caller.account
        row = await self._parts.places.row(account, call.part("ref"))
        links = await self._cases.store.of_conversations(self._cases.site, [row.conv])
        numbers = sorted({link.complaint for link in links} - {0}, reverse=True)
        found = [await self._cases.store.get(self._cases.site, number) for number in numbers[:OF_PERSON_MAX]]
        seen = [each for each in found if each is not None and self._cases.sees(account, each)]
        sounds = not links and self._soundings.sounds(row)
        return OfConversation(complaints=await self._cases.lines(seen), sounds=sounds)

    async def of_customer(self, call: Call) -> list[ComplaintLine]:
        account, text = call.caller.account, call.part("id")
        known = text.isascii() and text.isdecimal() and len(text) <= 20 and 0 < int(text) <= NUMBER_MAX
        found = await self._out.store.archive.customer(self._cases.site, int(text)) if known else None
        if found is None or not await self._journeys.sees(account, found):
            raise ApiError("not_visible")
        theirs = await self._cases.store.of_person(self._cases.site, found.id, limit=OF_PERSON_MAX)
        return await self._cases.lines(_seen(self._cases, call, theirs))


def _seen(cases: Cases, call: Call, complaints: list[Complaint]) -> list[Complaint]:
    return [each for each in complaints if cases.sees(call.caller.account, each)]


def _choices(choices: tuple[Choice, ...]) -> list[ChoiceShape]:
    return [ChoiceShape(name=each.name, label=each.label, amount=each.amount) for each in choices]


def routes(parts: Parts) -> list[Route]:
    """Return the routes of this file."""
    to = Complaining(parts)
    return [*_of_all(to), *_of_one(to)]


def _of_all(to: Complaining) -> list[Route]:
    return [
        Route(
            method="GET", path="/complaints", summary="Complaints by what is due next, the late ones first",
            ask=ComplaintsQuery, answers=ComplaintPage, handler=to.page, refusals=True,
        ),
        Route(
            method="POST", path="/complaints", summary="Record a complaint",
            tells="complaint",
            ask=RecordRequest, answers=ComplaintCase, handler=to.record, refusals=True, body_bytes_max=BODY_BYTES_MAX,
        ),
        Route(
            method="GET", path="/complaints/count", summary="How many are open and late, of all I see and of mine",
            answers=ComplaintCounts, handler=to.count, refusals=True,
        ),
        Route(
            method="GET", path="/complaints/choices", summary="Kinds, severities, causes and remedies of the site",
            answers=ComplaintChoices, handler=to.choices, refusals=True,
        ),
        Route(
            method="GET", path="/complaints/figures", role="supervisor", summary="Complaints counted by week",
            ask=FiguresQuery, answers=ComplaintFigures, handler=to.figures, refusals=True,
        ),
        Route(
            method="GET", path="/complaints/export", role="supervisor", raw=True,
            summary="Complaints of some weeks as CSV, without what anybody wrote",
            ask=FiguresQuery, answers=None, handler=to.export, refusals=True,
        ),
        Route(
            method="GET", path="/complaints/sounding", role="supervisor",
            summary="Conversations that sound like a complaint and belong to none",
            answers=list[Sounding], handler=to.sounding, refusals=True,
        ),
    ]  # fmt: skip


def _of_one(to: Complaining) -> list[Route]:
    return [
        Route(
            method="GET", path="/complaints/{number}", summary="One complaint with its history",
            answers=ComplaintCase, handler=to.one, refusals=True,
        ),
        Route(
            method="POST", path="/complaints/{number}/steps", summary="Take a step of a complaint",
            tells="complaint",
            ask=StepRequest, answers=ComplaintCase, handler=to.step, refusals=True, body_bytes_max=BODY_BYTES_MAX,
        ),
        Route(
            method="GET", path="/complaints/{number}/colleagues", summary="Who may own it: who may see it",
            answers=list[Person], handler=to.colleagues, refusals=True,
        ),
        Route(
            method="GET", path="/conversations/{ref}/complaints", summary="Its complaints, and whether it sounds so",
            answers=OfConversation, handler=to.of_conversation, refusals=True,
        ),
        Route(
            method="POST", path="/conversations/{ref}/complaints/none", summary="I have looked: it is no complaint",
            tells="complaint", ask=Nothing, answers=None, handler=to.none,
        ),
        Route(
            method="GET", path="/customers/{id}/complaints", summary="A person's complaints, the newest first",
            answers=list[ComplaintLine], handler=to.of_customer, refusals=True,
        ),
    ]  # fmt: skip
