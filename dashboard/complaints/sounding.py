"""Conversations that sound like a complaint and belong to none, so that nobody's complaint is lost. No routes."""

from __future__ import annotations

from typing import cast

from dashboard.complaints.cases import Cases
from dashboard.complaints.shapes import Sounding as Shown
from dashboard.parts import Parts
from dashboard.shapes import Person
from router.core.bundle import DAY_MS
from router.core.facts import Facts
from router.core.record import decode_record
from router.store.port import ConversationRow
from router.views.sounding import SOUNDINGS, SOUNDINGS_VIEW, Sounding, subject_of

# Who has not looked within two weeks will not look; the figures of topics are elsewhere.
DAYS = 14
# What one person works through; older ones come up when these are done.
SHOWN_MAX = 100
PER_DAY_MAX = 1_000


class Soundings:
    """One per application."""

    def __init__(self, parts: Parts, cases: Cases) -> None:
        self._parts, self._cases, self._out = parts, cases, parts.out

    def sounds(self, row: ConversationRow) -> bool:
        """Return whether a conversation has a topic of complaints."""
        facts = self._facts(row)
        return facts is not None and bool({*facts.topics} & {*self._cases.rules.topics})

    def _facts(self, row: ConversationRow) -> Facts | None:
        state = self._out.floor.state
        conv = state.convs.get(row.conv)
        if conv is not None:
            return state.facts.by_number.get(conv.facts)
        return decode_record(row.record).facts if row.record else None

    async def unrecorded(self) -> list[Shown]:
        """Return what nobody has recorded or looked at, the newest first."""
        found: dict[int, tuple[int, str]] = {}
        for topic in self._cases.rules.topics:
            for each in await self._of(topic):
                if each.conv not in found or found[each.conv][0] < each.at:
                    found[each.conv] = (each.at, topic)
        links = await self._cases.store.of_conversations(self._cases.site, sorted(found))
        for link in links:
            found.pop(link.conv, None)
        newest = sorted(found, key=lambda conv: (-found[conv][0], -conv))[:SHOWN_MAX]
        return await self._shown({conv: found[conv] for conv in newest})

    async def _of(self, topic: str) -> list[Sounding]:
        """Return a topic's conversations of the last days."""
        views, site, spec, now_ms = self._out.store.views, self._cases.site, SOUNDINGS_VIEW.spec, self._out.now_ms()
        await views.begin(site, spec)
        found: list[Sounding] = []
        for day in range(DAYS):
            subject = subject_of(topic, now_ms - day * DAY_MS)
            rows = await views.rows(site, spec, SOUNDINGS, after=(subject, 0), limit=PER_DAY_MAX)
            found += [row for row in cast("list[Sounding]", rows) if row.topic == subject]
        return found

    async def _shown(self, found: dict[int, tuple[int, str]]) -> list[Shown]:
        archive = self._out.store.archive
        rows = [row for conv in found if (row := await archive.conversation(self._cases.site, conv)) is not None]
        names = await self._cases.names({row.customer for row in rows})
        return [
            Shown(
                ref=row.reference,
                at=found[row.conv][0],
                topic=found[row.conv][1],
                customer=Person(id=row.customer, name=names.get(row.customer, "")),
                channel=row.channel,
                queue=row.queue,
                state=self._parts.places.inside(row).state,
            )
            for row in rows
        ]
