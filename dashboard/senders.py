"""Routes about senders and customers' own agents: who is blocked, who only tests, who cares for whom."""

from __future__ import annotations

from dashboard.errors import ApiError, bad_field
from dashboard.parts import Parts
from dashboard.requests import CareRequest, Nothing, SenderRequest, SendersQuery, number_of
from dashboard.routes import Call, Route
from dashboard.shapes import Care, Marked, Sender
from dashboard.surroundings import Surroundings
from router.intake.acquaintance import NAMED_AGENT, TEAM
from router.intake.senders import LINE, line_value
from router.store.port import NewMark


class Senders:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._out = parts, parts.out

    async def marks(self, call: Call) -> list[Sender]:
        found = await self._out.store.senders.marks(
            self._out.floor.site, after=call.ask.after, limit=call.ask.limit, now_ms=self._out.now_ms()
        )
        return [Sender(**{name: getattr(each, name) for name in Sender.__struct_fields__}) for each in found]

    async def mark(self, call: Call) -> Marked:
        """Mark one sender by an identity or a line, or a customer by all they are known by."""
        ask, now_ms = call.ask, self._out.now_ms()
        if ask.until_ms and ask.until_ms <= now_ms:
            raise bad_field("until_ms", "Write a time that lies in the future, or 0 for good.")
        if bool(ask.customer) == bool(ask.kind and ask.value):
            raise bad_field("kind", "Write `kind` and `value` of one sender, or `customer` for all they are known by.")
        names = await names_of(self._out, ask.customer) if ask.customer else [(ask.kind, ask.value)]
        if not names:
            raise bad_field("customer", "Write the id of a customer that is known.")
        marks = [
            NewMark(kind=kind, value=value, mark=ask.mark, reason=ask.reason, agent=call.me, until_ms=ask.until_ms)
            for kind, value in names
        ]
        return Marked(ids=await self._out.store.senders.mark(self._out.floor.site, marks, at=now_ms))

    async def unmark(self, call: Call) -> None:
        if not await self._out.store.senders.unmark(
            self._out.floor.site, number_of(call.part("id"), otherwise="not_found")
        ):
            raise ApiError("not_found")

    async def care(self, call: Call) -> Care:
        """Name the agent and the team who care for a customer; 0 and an empty text name nobody."""
        site, ask = self._out.floor.site, call.ask
        if ask.named_agent and await self._out.store.accounts.by_id(site, ask.named_agent) is None:
            raise bad_field("named_agent", "Write the id of an account, or 0 for nobody.")
        attributes = {NAMED_AGENT: str(ask.named_agent) if ask.named_agent else None, TEAM: ask.team or None}
        if not await self._out.store.archive.give_care(
            site, number_of(call.part("id"), otherwise="not_found"), attributes
        ):
            raise ApiError("not_visible")
        return Care(named_agent=ask.named_agent, team=ask.team)


async def names_of(out: Surroundings, customer: int) -> list[tuple[str, str]]:
    """Return all that a customer is known by, as marks name it; nothing of one who is not known."""
    archive, site = out.store.archive, out.floor.site
    found = await archive.customer(site, customer)
    if found is None:
        return []
    lines = await archive.lines_of(site, customer)
    names = [(each.kind, each.value) for each in found.identities]
    return names + [(LINE, line_value(line.channel, line.key)) for line in lines]


def routes(parts: Parts) -> list[Route]:
    """Return the routes of this file."""
    senders = Senders(parts)
    return [
        Route(
            method="GET", path="/senders", role="supervisor", summary="Senders that are blocked or only test",
            ask=SendersQuery, answers=list[Sender], handler=senders.marks,
        ),
        Route(
            method="POST", path="/senders", role="supervisor", summary="Block a sender, or mark it as a test",
            ask=SenderRequest, answers=Marked, handler=senders.mark,
        ),
        Route(
            method="DELETE", path="/senders/{id}", role="supervisor", summary="Take a mark away",
            ask=Nothing, answers=None, handler=senders.unmark,
        ),
        Route(
            method="PUT", path="/customers/{id}/care", role="supervisor", summary="Who cares for a customer by name",
            ask=CareRequest, answers=Care, handler=senders.care,
        ),
    ]  # fmt: skip
