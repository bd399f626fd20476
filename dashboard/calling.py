"""Routes about call-backs, emergencies and alarms: what eases a wait, what ends it for everybody, what goes wrong."""

from __future__ import annotations

from dashboard.errors import refused
from dashboard.parts import Parts
from dashboard.requests import CallbackRequest, CommandRequest, EmergencyRequest
from dashboard.routes import Call, Route
from dashboard.shapes import AlarmShape, Emergency, Reached
from router.core import commands as cmd
from router.store.port import ConversationRow
from router.views.alarms import ALARMS, alarms


class Calling:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._out = parts, parts.out

    async def _reach(self, command: cmd.Command) -> Reached:
        return Reached(position=(await self._parts.commands.submit(command)).position)

    def _id(self, call: Call, deed: str) -> str:
        return self._parts.commands.id(call.me, deed, call.ask.command_id)

    async def _row(self, call: Call, deed: str) -> ConversationRow:
        known = bool(call.ask.command_id) and self._id(call, deed) in self._out.floor.state.answers
        return await self._parts.places.row(call.caller.account, call.part("ref"), known=known)

    async def ask(self, call: Call) -> Reached:
        """Call the customer back when their turn comes, or at a time, on this line or another one of theirs."""
        row, line = await self._row(call, "callback"), call.ask.line
        channel = await self._channel_of(row, line) if line else ""
        return await self._reach(
            cmd.RequestCallback(
                id=self._id(call, "callback"),
                conv=row.conv,
                to_line=line,
                channel=channel,
                at_ms=call.ask.at_ms,
                by=call.me,
            )
        )

    async def _channel_of(self, row: ConversationRow, line: int) -> str:
        """The core knows lines by number only; whose they are and what they are is looked up here."""
        lines = await self._out.store.archive.lines_of(self._out.floor.site, row.customer)
        found = next((each.channel for each in lines if each.id == line), "")
        if not found:
            raise refused("line_unknown")
        return found

    async def failed(self, call: Call) -> Reached:
        """I called, and nobody answered."""
        row = await self._row(call, "callback_failed")
        return await self._reach(cmd.FailCallback(id=self._id(call, "callback_failed"), agent=call.me, conv=row.conv))

    async def order(self, call: Call) -> Reached:
        """Close everything until a time, with an announcement; 0 lifts it."""
        return await self._reach(
            cmd.OrderEmergency(
                id=self._id(call, "emergency"),
                until_ms=call.ask.until_ms,
                notice=call.ask.notice or "",
                by=call.me,
                reason=call.ask.reason,
            )
        )

    async def emergency(self, call: Call) -> Emergency:
        del call
        state = self._out.floor.state
        return Emergency(until_ms=state.emergency_until_ms, notice=state.emergency_notice)

    async def alarms(self, call: Call) -> list[AlarmShape]:
        """What is wrong now and no customer has said yet."""
        del call
        store, site = self._out.store, self._out.floor.site
        letters, effects = await store.letterbox.depth(site), await store.outbox.depth(site)
        found = alarms(self._out.floor.state, self._out.now_ms(), letters=letters[:2], effects=effects[:2])
        return [
            AlarmShape(name=each.name, text=ALARMS[each.name], subject=each.subject, since_ms=each.since_ms,
                       waiting=each.waiting)
            for each in found
        ]  # fmt: skip


def routes(parts: Parts) -> list[Route]:
    """Return the routes of this file."""
    calling = Calling(parts)
    return [
        Route(
            method="POST", path="/conversations/{ref}/callback", refusals=True,
            summary="Call back when their turn comes, or at a time",
            ask=CallbackRequest, answers=Reached, handler=calling.ask,
        ),
        Route(
            method="POST", path="/conversations/{ref}/callback/failed", refusals=True,
            summary="I called, and nobody answered",
            ask=CommandRequest, answers=Reached, handler=calling.failed,
        ),
        Route(
            method="POST", path="/emergency", role="supervisor", refusals=True,
            summary="Close every queue until a time, with an announcement; 0 lifts it",
            ask=EmergencyRequest, answers=Reached, handler=calling.order,
        ),
        Route(
            method="GET", path="/emergency", summary="Whether everything is closed, and until when",
            answers=Emergency, handler=calling.emergency,
        ),
        Route(
            method="GET", path="/alarms", role="supervisor", summary="What goes wrong and no customer has said yet",
            answers=list[AlarmShape], handler=calling.alarms,
        ),
    ]  # fmt: skip
