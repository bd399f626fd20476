"""The routes that tell the story of every decision about one conversation, from the journal, with its reasons.

Who was passed over is not journalled: it is replayed when somebody asks, one question at a time.
"""

from __future__ import annotations

import asyncio
from typing import Any

from dashboard.errors import ApiError
from dashboard.explaining.shapes import Decision, Explained, PassedOver, StoodShape
from dashboard.parts import Parts
from dashboard.requests import DecisionQuery, PageQuery
from dashboard.routes import Call, Route
from dashboard.shapes import Person
from router.core.facts import Facts
from router.core.record import decode_record
from router.floor.decisions import NEWEST, Decided, decisions
from router.floor.history import Passed, TooFarBack, passed_over
from router.store.port import ConversationRow

# So many answers about who was passed over are kept.
TOLD_MAX = 200


class Explaining:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._out = parts, parts.out
        self._replaying = asyncio.Lock()
        self._told: dict[tuple[int, int], Passed] = {}

    async def why(self, call: Call) -> Explained:
        """A page of its decisions, oldest first."""
        row, limit = await self._parts.places.row(call.caller.account, call.part("ref")), call.ask.limit
        decided, more = await decisions(
            self._out.store, self._out.floor.site, row.conv, before=call.ask.before or NEWEST, limit=limit
        )
        await self._parts.staff.learn({number for each in decided for number in (each.agent, each.to_agent)} - {0})
        return Explained(
            ref=row.reference,
            items=[self._decision(each) for each in decided],
            more=more,
            facts=_told_facts(self._facts(row)),
        )

    async def passed_over(self, call: Call) -> PassedOver:
        """How everybody stood, at the moment of an offer, who could have been asked."""
        row = await self._parts.places.row(call.caller.account, call.part("ref"))
        if call.ask.seq > self._out.floor.position:
            raise ApiError("not_found")
        passed = await self._passed(row.conv, call.ask.seq)
        staff, bundle = self._parts.staff, self._out.floor.bundle
        presences = bundle.presences if bundle is not None else {}
        await staff.learn({each.agent for each in passed.stood})
        return PassedOver(
            items=[
                StoodShape(
                    agent=Person(id=each.agent, name=staff.name(each.agent)),
                    stands=each.stands,
                    presence=each.presence,
                    label=presences[each.presence].label if each.presence in presences else {},
                    used=each.used,
                    capacity=each.capacity,
                )
                for each in passed.stood
            ],
            able=passed.able,
            unable=passed.unable,
        )

    async def _passed(self, conv: int, position: int) -> Passed:
        """What has been decided does not change, so an answer is kept; who asks the same meanwhile waits for it."""
        async with self._replaying:
            passed = self._told.get((conv, position))
            if passed is None:
                journal, site = self._out.store.journal, self._out.floor.site
                try:
                    passed = await passed_over(journal, site, conv=conv, position=position)
                except TooFarBack:
                    raise ApiError("too_far_back") from None
                if passed is None:
                    raise ApiError("not_found")
                if len(self._told) >= TOLD_MAX:
                    self._told.pop(next(iter(self._told)))
                self._told[conv, position] = passed
            return passed

    def _decision(self, each: Decided) -> Decision:
        staff = self._parts.staff
        return Decision(
            seq=each.seq,
            at=each.at,
            kind=each.kind,
            agent=staff.person(each.agent),
            to_agent=staff.person(each.to_agent),
            queue=each.queue,
            rule=each.rule,
            why=list(each.why),
            among=each.among,
            until_ms=each.until_ms,
            detail=each.detail,
            version=each.version,
        )

    def _facts(self, row: ConversationRow) -> Facts | None:
        state = self._out.floor.state
        conv = state.convs.get(row.conv)
        if conv is not None:
            return state.facts.by_number.get(conv.facts)
        return decode_record(row.record).facts if row.record else None


def _told_facts(facts: Facts | None) -> dict[str, str]:
    """Return what rules could look at, as text; what says nothing is left out."""
    if facts is None:
        return {}
    said = {name: _said(getattr(facts, name)) for name in facts.__struct_fields__}
    return {name: text for name, text in said.items() if text}


def _said(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join("=".join(map(str, each)) if isinstance(each, tuple) else str(each) for each in value)
    return str(value)


def routes(parts: Parts) -> list[Route]:
    """Return the routes of this file."""
    explaining = Explaining(parts)
    return [
        Route(
            method="GET", path="/conversations/{ref}/why", summary="Its decisions with their reasons, oldest first",
            ask=PageQuery, answers=Explained, handler=explaining.why,
        ),
        Route(
            method="GET", path="/conversations/{ref}/passed-over", role="supervisor",
            summary="Who could have been asked at an offer, and how they stood",
            ask=DecisionQuery, answers=PassedOver, handler=explaining.passed_over,
        ),
    ]  # fmt: skip
