"""Routes about blocking whoever writes in a conversation: an agent for a day, a supervisor as long as they say."""

from __future__ import annotations

from dashboard.errors import bad_field, refused
from dashboard.handing.shapes import Blocked
from dashboard.parts import Parts
from dashboard.requests import BlockRequest, Nothing
from dashboard.routes import Call, Route
from dashboard.senders import names_of
from dashboard.sessions import may
from router.intake.senders import BLOCKED
from router.store.port import ConversationRow, NewMark, SenderMark

# Long enough for a supervisor to have looked at it, and no longer: one person alone shuts nobody out for good.
AGENT_BLOCK_MS_MAX = 24 * 3_600_000


class Blocking:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._out = parts, parts.out

    async def _row(self, call: Call) -> ConversationRow:
        return await self._parts.places.row(call.caller.account, call.part("ref"))

    async def _marks(self, row: ConversationRow) -> list[SenderMark]:
        """Return the blocks that stand on anything the customer is known by."""
        names, now_ms = await names_of(self._out, row.customer), self._out.now_ms()
        found = await self._out.store.care.marks_on(self._out.floor.site, names)
        return [each for each in found if each.mark == BLOCKED and (not each.until_ms or each.until_ms > now_ms)]

    async def shown(self, call: Call) -> Blocked:
        return await self._blocked(call, await self._marks(await self._row(call)))

    async def _blocked(self, call: Call, marks: list[SenderMark]) -> Blocked:
        if not marks:
            return Blocked(stands=False)
        longest = max(marks, key=lambda each: (not each.until_ms, each.until_ms))
        await self._parts.staff.learn([longest.agent])
        return Blocked(
            stands=True,
            until_ms=longest.until_ms,
            reason=longest.reason,
            by=self._parts.staff.person(longest.agent),
            mine=any(_may_lift(call, each) for each in marks),
        )

    async def block(self, call: Call) -> Blocked:
        """Block all that the customer is known by. What somebody else has said already stands and is not shortened."""
        row, ask, now_ms = await self._row(call), call.ask, self._out.now_ms()
        supervises = may(call.caller.account.role, "supervisor")
        if not supervises and row.owner != call.me:
            raise refused("not_yours")
        if ask.until_ms and ask.until_ms <= now_ms:
            raise bad_field("until_ms", "Write a time that lies in the future.")
        if not supervises and not 0 < ask.until_ms <= now_ms + AGENT_BLOCK_MS_MAX:
            raise bad_field("until_ms", "Write a time within the next 24 hours; for longer, ask a supervisor.")
        kept = {(each.kind, each.value) for each in await self._marks(row) if not _may_lift(call, each)}
        marks = [
            NewMark(kind=kind, value=value, mark=BLOCKED, reason=ask.reason, agent=call.me, until_ms=ask.until_ms)
            for kind, value in await names_of(self._out, row.customer)
            if (kind, value) not in kept
        ]
        await self._out.store.senders.mark(self._out.floor.site, marks, at=now_ms)
        return await self.shown(call)

    async def lift(self, call: Call) -> None:
        """Take back what the asker may: an agent what they have blocked themselves."""
        for each in await self._marks(await self._row(call)):
            if _may_lift(call, each):
                await self._out.store.senders.unmark(self._out.floor.site, each.id)


def _may_lift(call: Call, mark: SenderMark) -> bool:
    return mark.agent == call.me or may(call.caller.account.role, "supervisor")


def routes(parts: Parts) -> list[Route]:
    """Return the routes of this file."""
    blocking, path = Blocking(parts), "/conversations/{ref}/block"
    return [
        Route(
            method="GET", path=path, summary="Whether who writes here is blocked",
            answers=Blocked, handler=blocking.shown,
        ),
        Route(
            method="POST", path=path, refusals=True, summary="Block who writes here: an agent for 24 hours at most",
            ask=BlockRequest, answers=Blocked, handler=blocking.block,
        ),
        Route(
            method="DELETE", path=path, summary="Take a block back", ask=Nothing, answers=None, handler=blocking.lift,
        ),
    ]  # fmt: skip
