"""Puts who writes into the segment that the configuration's rules say. What a person has said stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from router.core.bundle import Bundle
from router.core.segments import Known, SegmentRules
from router.store.port import Archive, Customers, History, Met, Placing
from router.store.port.customers import BY_RULE

# A rule counts no further: who comes more often than this comes often.
DEALINGS_MAX = 100
COUNTED = "conversations."


class Segmenting:
    """Looks for one floor, a batch at a time."""

    def __init__(self, site: str, archive: Archive, customers: Customers) -> None:
        self._site, self._archive, self._customers = site, archive, customers
        self._bundle: Bundle | None = None
        self._rules: SegmentRules | None = None
        self._counts = False

    async def placed(
        self, bundle: Bundle | None, met: Sequence[Met], histories: Mapping[int, History], *, at: int
    ) -> list[Met]:
        """Return who was met, each in their segment; who is in another than before has been put there."""
        rules = self._rules_of(bundle)
        if not rules or not met:
            return list(met)
        known = await self._known({each.customer for each in met}, histories)
        wanted = {each.customer: rules.of(_looked_at(each, known.get(each.customer)), now_ms=at) for each in met}
        moved = [each for each in met if wanted[each.customer] != each.segment]
        now = await self._move(moved, wanted, at) if moved else {}
        return [msgspec.structs.replace(each, segment=now.get(each.customer, each.segment)) for each in met]

    async def _move(self, moved: Sequence[Met], wanted: Mapping[int, str], at: int) -> dict[int, str]:
        """Put them into their segments, but for those whom a person has put elsewhere."""
        last = await self._customers.placed_by(self._site, [each.customer for each in moved if each.segment])
        now: dict[int, str] = {}
        for each in moved:
            if each.customer in now or (each.segment and last.get(each.customer) != BY_RULE):
                continue
            placing = Placing(
                command=f"rule:{each.customer}:{at}:{wanted[each.customer]}",
                customer=each.customer,
                at=at,
                agent=BY_RULE,
                was=each.segment,
                segment=wanted[each.customer],
            )
            done = await self._customers.place(self._site, placing)
            now[each.customer] = done.now if done.refused != "customer_unknown" else ""
        return now

    async def _known(self, customers: set[int], histories: Mapping[int, History]) -> Mapping[int, History]:
        """Return histories: those that are there already, or longer ones where a rule counts conversations."""
        if histories and not self._counts:
            return histories
        limit = DEALINGS_MAX if self._counts else 1
        found = await self._archive.histories(self._site, sorted(customers), limit=limit)
        return {each.customer: each for each in found}

    def _rules_of(self, bundle: Bundle | None) -> SegmentRules | None:
        if bundle is not None and bundle is not self._bundle:
            self._bundle, self._rules = bundle, SegmentRules(bundle)
            self._counts = any(COUNTED in each.when for each in bundle.segments)
        return self._rules if bundle is not None else None


def _looked_at(met: Met, history: History | None) -> Known:
    if history is None:
        return Known(language=met.language)
    return Known(
        language=met.language,
        channels=[line.channel for line in history.lines],
        attributes=history.attributes,
        opened_ms=[each.opened_ms for each in history.dealings],
    )
