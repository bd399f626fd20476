"""Routes of a supervisor's orders about conversations and people, each with a reason, and the list of all orders."""

from __future__ import annotations

from dashboard.errors import refused
from dashboard.parts import Parts
from dashboard.requests import (
    AssignRequest,
    JoinAsRequest,
    MoveRequest,
    OrderPresenceRequest,
    OrderRequest,
    OrdersQuery,
    PriorityRequest,
    RecallRequest,
    Request,
)
from dashboard.routes import Call, Handler, Route
from dashboard.shapes import OrderLine, OrdersPage, Person, Reached
from dashboard.staff import abilities_at_presence
from dashboard.supervising import number_in
from router.core import commands as cmd
from router.core.record import decode_record
from router.store.port import ConversationRow
from router.views.orders import ALL, ORDERS_VIEW, TABLE, Order

# Below every number of an order: the list begins with the newest.
BEFORE_ALL = -(2**62)


class Ordering:
    """The handlers. Roles are checked by the table of routes; who and why go with every command."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._out = parts, parts.out

    async def _row(self, call: Call) -> ConversationRow:
        return await self._parts.places.row(call.caller.account, call.part("ref"))

    def _id(self, call: Call, deed: str) -> str:
        return self._parts.commands.id(call.me, deed, call.ask.command_id)

    async def _reach(self, command: cmd.Command) -> Reached:
        return Reached(position=(await self._parts.commands.submit(command)).position)

    async def assign(self, call: Call) -> Reached:
        row, ask = await self._row(call), call.ask
        return await self._reach(
            cmd.Assign(
                id=self._id(call, "assign"),
                conv=row.conv,
                to_agent=ask.to_agent,
                by=call.me,
                reason=ask.reason,
                forced=ask.forced,
            )
        )

    async def move(self, call: Call) -> Reached:
        row, ask = await self._row(call), call.ask
        return await self._reach(
            cmd.Move(
                id=self._id(call, "move"),
                conv=row.conv,
                queue=ask.queue,
                by=call.me,
                reason=ask.reason,
                skills=tuple(sorted(ask.skills.items())),
            )
        )

    async def priority(self, call: Call) -> Reached:
        row, ask = await self._row(call), call.ask
        return await self._reach(
            cmd.Reprioritise(
                id=self._id(call, "priority"), conv=row.conv, priority=ask.priority, by=call.me, reason=ask.reason
            )
        )

    async def take_over(self, call: Call) -> Reached:
        row = await self._row(call)
        return await self._reach(
            cmd.TakeOver(id=self._id(call, "take_over"), conv=row.conv, by=call.me, reason=call.ask.reason)
        )

    async def withdraw(self, call: Call) -> Reached:
        row = await self._row(call)
        return await self._reach(
            cmd.WithdrawOffer(id=self._id(call, "withdraw"), conv=row.conv, by=call.me, reason=call.ask.reason)
        )

    async def end(self, call: Call) -> Reached:
        row = await self._row(call)
        return await self._reach(cmd.End(id=self._id(call, "end"), conv=row.conv, by=call.me, reason=call.ask.reason))

    async def recall(self, call: Call) -> Reached:
        """Bring back what is parked, before the customer or its time does."""
        row, ask = await self._row(call), call.ask
        data = await self._out.store.archive.record(self._out.floor.site, row.conv)
        if not data:
            raise refused("not_parked")
        return await self._reach(
            cmd.Recall(
                id=self._id(call, "recall"),
                record=decode_record(data),
                by=call.me,
                reason=ask.reason,
                to_queue=ask.to_queue,
            )
        )

    async def join_as(self, call: Call) -> Reached:
        row, ask = await self._row(call), call.ask
        return await self._reach(
            cmd.JoinAs(id=self._id(call, "join_as"), agent=call.me, conv=row.conv, role=ask.role, reason=ask.reason)
        )

    async def presence(self, call: Call) -> Reached:
        ask, agent, floor = call.ask, number_in(call.part("id")), self._out.floor
        account = await self._out.store.accounts.by_id(floor.site, agent)
        return await self._reach(
            cmd.SetPresence(
                id=self._id(call, "order_presence"),
                agent=agent,
                presence=ask.presence,
                by=call.me,
                reason=ask.reason,
                abilities=abilities_at_presence(account, floor.bundle) if account else (),
            )
        )

    async def orders(self, call: Call) -> OrdersPage:
        """Return a page of orders, newest first."""
        ask, views, site = call.ask, self._out.store.views, self._out.floor.site
        await views.begin(site, ORDERS_VIEW.spec)
        after = (ALL, -ask.before if ask.before else BEFORE_ALL)
        found = await views.rows(site, ORDERS_VIEW.spec, TABLE, after=after, limit=ask.limit + 1)
        rows = [row for row in found if isinstance(row, Order)]
        await self._parts.staff.learn({each for row in rows for each in (row.by, row.agent)})
        return OrdersPage(items=[self._line(row) for row in rows[: ask.limit]], more=len(rows) > ask.limit)

    def _line(self, row: Order) -> OrderLine:
        staff = self._parts.staff
        return OrderLine(
            number=-row.number,
            at=row.at,
            by=Person(id=row.by, name=staff.name(row.by)),
            deed=row.deed,
            reason=row.why,
            ref=self._out.reference(row.conv) if row.conv else "",
            agent=staff.person(row.agent),
            queue=row.queue,
            figure=row.figure,
        )


# deed -> (what it takes, what it says of itself)
_DEEDS: dict[str, tuple[type[Request], str]] = {
    "assign": (AssignRequest, "Give it to an agent as theirs; `forced`: also without room"),
    "move": (MoveRequest, "Move it to another queue, its place kept"),
    "priority": (PriorityRequest, "Give it another priority"),
    "take-over": (OrderRequest, "Become its owner"),
    "withdraw": (OrderRequest, "Stop its ringing"),
    "end": (OrderRequest, "End what nobody has yet"),
    "recall": (RecallRequest, "Bring it back from being parked"),
    "join-as": (JoinAsRequest, "Take part: listen, whisper or barge in"),
}


def routes(parts: Parts) -> list[Route]:
    """Return the routes of this file."""
    ordering = Ordering(parts)
    handlers: dict[str, Handler] = {deed: getattr(ordering, deed.replace("-", "_")) for deed in _DEEDS}
    about_conversations = [
        Route(
            method="POST", path=f"/conversations/{{ref}}/{deed}", role="supervisor", refusals=True,
            summary=summary, ask=ask, answers=Reached, handler=handlers[deed],
        )
        for deed, (ask, summary) in _DEEDS.items()
    ]  # fmt: skip
    return [
        *about_conversations,
        Route(
            method="POST", path="/agents/{id}/presence", role="supervisor", refusals=True,
            summary="Set an agent's presence", ask=OrderPresenceRequest, answers=Reached, handler=ordering.presence,
        ),
        Route(
            method="GET", path="/orders", role="supervisor", summary="What has been ordered, by whom and why",
            ask=OrdersQuery, answers=OrdersPage, handler=ordering.orders,
        ),
    ]  # fmt: skip
