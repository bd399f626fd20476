"""Routes of follow-ups: what was promised for a time, by when it is due; one of them; and what is done about it."""

from __future__ import annotations

from dashboard.errors import ApiError
from dashboard.followups.keeping import Keeping
from dashboard.followups.reading import Promised
from dashboard.followups.shapes import (
    DoneRequest,
    FollowUp,
    FollowUpCounts,
    FollowUpPage,
    FollowUpsQuery,
    HandTarget,
    HandUpRequest,
    MoveUpRequest,
    TakeUpRequest,
)
from dashboard.parts import Parts
from dashboard.routes import BODY_BYTES_MAX, Call, Route
from dashboard.shapes import Reached
from router.core.decide.promising import ASKED

# What one list may hold of colleagues to hand it to; whoever is here comes first.
COLLEAGUES_MAX = 500


class FollowingUp:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._out = parts, parts.out
        self._promised = Promised(parts)
        self.keeping = Keeping(parts, self._promised)

    async def page(self, call: Call) -> FollowUpPage:
        return await self._promised.page(call.caller.account, call.ask)

    async def count(self, call: Call) -> FollowUpCounts:
        return await self._promised.count(call.caller.account)

    async def one(self, call: Call) -> FollowUp:
        """Return one with its whole note, and what may be said and chosen about it."""
        account = call.caller.account
        row, found = await self._promised.one(account, call.part("ref"))
        lines = await self._promised.lines(account, [found])
        if not lines:
            raise ApiError("followup_over")
        text, author, noted_ms = await self._promised.note(found.note)
        await self._parts.staff.learn({author})
        bundle = self._promised.bundle
        spec = bundle.queues.get(row.queue)
        return FollowUp(
            line=lines[0],
            note=text,
            noted_by=self._parts.staff.person(author),
            noted_ms=noted_ms,
            outcomes=list((spec.outcomes if spec else ()) or bundle.dispositions),
            outcome_required=spec is not None and bool(spec.wrap_up_ms) and spec.wrap_up_mode in ASKED,
        )

    async def colleagues(self, call: Call) -> list[HandTarget]:
        """Return who may have it, whoever is signed in first."""
        row, _ = await self._promised.one(call.caller.account, call.part("ref"))
        agents = self._out.floor.state.agents
        accounts = await self._out.store.accounts.all(self._out.floor.site)
        able = [each for each in accounts if each.id != row.owner and self.keeping.may_have(each, row.queue)]
        able.sort(key=lambda each: (each.id not in agents, each.name.casefold(), each.id))
        return [HandTarget(id=each.id, name=each.name, here=each.id in agents) for each in able[:COLLEAGUES_MAX]]


def routes(parts: Parts) -> list[Route]:
    """Return the routes of this room."""
    following = FollowingUp(parts)
    keeping = following.keeping
    return [
        Route(
            method="GET", path="/followups", summary="What comes back at a time, what is due first first",
            ask=FollowUpsQuery, answers=FollowUpPage, handler=following.page,
        ),
        Route(
            method="GET", path="/followups/count", summary="How many are late, and how many are mine today",
            answers=FollowUpCounts, handler=following.count,
        ),
        Route(
            method="GET", path="/followups/{ref}", summary="One of them, with its note and what may be done",
            answers=FollowUp, handler=following.one,
        ),
        Route(
            method="GET", path="/followups/{ref}/colleagues", role="supervisor", summary="Who may have it instead",
            answers=list[HandTarget], handler=following.colleagues,
        ),
        Route(
            method="POST", path="/followups/{ref}/take", summary="Take it up now", refusals=True,
            tells="followup", ask=TakeUpRequest, answers=Reached, handler=keeping.take,
        ),
        Route(
            method="POST", path="/followups/{ref}/move", summary="Move it to another time", refusals=True,
            tells="followup", ask=MoveUpRequest, answers=Reached, handler=keeping.move, body_bytes_max=BODY_BYTES_MAX,
        ),
        Route(
            method="POST", path="/followups/{ref}/hand", role="supervisor", summary="Give it to a colleague",
            tells="followup",
            refusals=True, ask=HandUpRequest, answers=Reached, handler=keeping.hand, body_bytes_max=BODY_BYTES_MAX,
        ),
        Route(
            method="POST", path="/followups/{ref}/done", summary="It is done: close it with its outcome", refusals=True,
            tells="followup", ask=DoneRequest, answers=Reached, handler=keeping.done, body_bytes_max=BODY_BYTES_MAX,
        ),
    ]  # fmt: skip
