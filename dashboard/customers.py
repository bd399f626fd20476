"""Routes about customers as persons: who may be one, merging and parting, everything known of one, forgetting one."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from dashboard.errors import ApiError
from dashboard.journeys import Journeys
from dashboard.parts import Parts
from dashboard.person_shapes import ErasedPerson, Likely, MergeAnswer, MergeMade
from dashboard.requests import Nothing, OtherRequest, number_of
from dashboard.routes import Call, Route
from dashboard.sessions import may
from dashboard.words import ERASED, MERGED
from router.care.erasing import Eraser
from router.care.exporting import Exporter
from router.care.suggesting import suggestions
from router.core import commands as cmd
from router.floor.inbox import FloorAway
from router.store.port import CustomerRow, Merge

BY_HAND = "by_hand"
# The store's word means another thing at this border, where it is said of requests.
TOO_MANY = "too_many_customers"


class Customers:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._out = parts, parts.out
        self._site = parts.out.floor.site
        self._care = parts.out.store.care
        self._journeys = Journeys(parts)

    async def likely(self, call: Call) -> list[Likely]:
        """Who may be the same person; of an agent's asking only those whom they may see as well."""
        customer = await self._seen(call, call.part("id"))
        found = []
        for each in await suggestions(self._out.store, self._site, customer.id):
            if await self._journeys.sees(call.caller.account, each.customer):
                evidence = list(each.evidence)
                found.append(
                    Likely(id=each.customer.person, name=each.customer.name, score=each.score, evidence=evidence)
                )
        return found

    async def merge(self, call: Call) -> MergeMade:
        """Two customers are one person: the asker must see both."""
        one, other = await self._both(call)
        made = await self._care.merge(self._site, one.id, other.id, why=BY_HAND, agent=call.me, at=self._out.now_ms())
        if made.refused:
            raise ApiError(TOO_MANY if made.refused == "too_many" else made.refused)
        shown = await self._out.store.archive.customer(self._site, one.id)
        self._parts.words.rename()
        await self._tell_desks(f"merge:{made.merge}", one.id)
        return MergeMade(merge=made.merge, person=shown.person if shown else one.id)

    async def _tell_desks(self, deed: str, customer: int, apart: int = 0) -> None:
        """What both have open is told of each other, or no longer. A floor that is away loses nothing by it."""
        archive = self._out.store.archive
        mine = [line.id for line in await archive.lines_of(self._site, customer)]
        theirs = [line.id for line in await archive.lines_of(self._site, apart)] if apart else []
        with suppress(FloorAway):
            await self._parts.commands.attempt(cmd.Relate(id=deed, lines=tuple(mine), apart=tuple(theirs)))

    async def keep_apart(self, call: Call) -> None:
        """Two customers are not one person, whatever speaks for it."""
        one, other = await self._both(call)
        refused = await self._care.keep_apart(self._site, one.id, other.id, agent=call.me, at=self._out.now_ms())
        if refused:
            raise ApiError(refused)

    async def _both(self, call: Call) -> tuple[CustomerRow, CustomerRow]:
        return await self._seen(call, call.part("id")), await self._seen(call, str(call.ask.other))

    async def merges(self, call: Call) -> list[MergeAnswer]:
        customer = await self._seen(call, call.part("id"))
        return await self._told(await self._care.merges(self._site, customer.id))

    async def _told(self, merges: list[Merge]) -> list[MergeAnswer]:
        await self._parts.staff.learn({agent for each in merges for agent in (each.agent, each.undone_by) if agent})
        return [
            MergeAnswer(
                id=each.id,
                one=each.one,
                other=each.other,
                why=each.why,
                at=each.at,
                by=self._parts.staff.person(each.agent),
                undone_ms=each.undone_ms,
                undone_by=self._parts.staff.person(each.undone_by),
            )
            for each in merges
        ]

    async def unmerge(self, call: Call) -> None:
        """Take a merge of this person back."""
        customer, number = await self._seen(call, call.part("id")), number_of(call.part("merge"))
        edge = next((each for each in await self._care.merges(self._site, customer.id) if each.id == number), None)
        if edge is None:
            raise ApiError("merge_unknown")
        refused = await self._care.unmerge(self._site, number, agent=call.me, at=self._out.now_ms())
        if refused:
            raise ApiError(refused)
        self._parts.words.rename()
        await self._tell_desks(f"unmerge:{number}", edge.one, edge.other)

    async def export(self, call: Call) -> dict[str, Any]:
        """Everything that is known of a person, without the contents of files."""
        told = await Exporter(self._site, self._out.store, self._out.files).read(number_of(call.part("id")))
        if told is None:
            raise ApiError("not_visible")
        return told

    async def erase(self, call: Call) -> ErasedPerson:
        """Forget a person for good."""
        eraser = Eraser(self._site, self._out.store, self._out.files, self._out.now_ms)
        done = await eraser.erase(number_of(call.part("id")), agent=call.me)
        if done.refused == "customer_unknown":
            raise ApiError("not_visible")
        if done.refused:
            raise ApiError(done.refused)
        self._parts.words.forget(done.customers)
        return ErasedPerson(
            customers=list(done.customers),
            messages=done.messages,
            files=done.files,
            drafts=done.drafts,
            waits=done.waits,
        )

    async def _seen(self, call: Call, part: str) -> CustomerRow:
        """Return a customer whom the asker may see; anybody else does not exist."""
        found = await self._out.store.archive.customer(self._site, number_of(part))
        account = call.caller.account
        if found is None or not (may(account.role, "supervisor") or await self._journeys.sees(account, found)):
            raise ApiError("not_visible")
        return found


def routes(parts: Parts) -> list[Route]:
    """Return the routes of this file."""
    customers = Customers(parts)
    return [
        Route(
            method="GET", path="/customers/{id}/likely", summary="Who may be the same person, and what speaks for it",
            answers=list[Likely], handler=customers.likely,
        ),
        Route(
            method="GET", path="/customers/{id}/merges", summary="Who made this person one, and who took it back",
            answers=list[MergeAnswer], handler=customers.merges,
        ),
        Route(
            method="POST", path="/customers/{id}/merges", summary="Another customer is the same person", tells=MERGED,
            ask=OtherRequest, answers=MergeMade, handler=customers.merge, refusals=True,
        ),
        Route(
            method="DELETE", path="/customers/{id}/merges/{merge}", summary="Take a merge back", tells=MERGED,
            ask=Nothing, answers=None, handler=customers.unmerge, refusals=True,
        ),
        Route(
            method="POST", path="/customers/{id}/apart", summary="Another customer is not the same person",
            ask=OtherRequest, answers=None, handler=customers.keep_apart, refusals=True,
        ),
        Route(
            method="GET", path="/customers/{id}/export", summary="Everything that is known of a person", role="admin",
            answers=dict[str, Any], handler=customers.export,
        ),
        Route(
            method="POST", path="/customers/{id}/erase", summary="Forget a person for good", role="admin", tells=ERASED,
            ask=Nothing, answers=ErasedPerson, handler=customers.erase, refusals=True,
        ),
    ]  # fmt: skip
