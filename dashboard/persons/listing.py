"""The list of customers, page by page: along an index, with a bound on how far one page looks. No routes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import msgspec

from dashboard.parts import Parts
from dashboard.persons.cards import Card, Cards, fits
from dashboard.persons.shapes import CustomerPage, CustomersQuery
from router.settings.zones import zone_of
from router.store.finding import lowered
from router.store.hints import EMAIL, NAME, PHONE, PHONE_END, digits_of, folded_name, hints_of_identity
from router.store.port import Account

# Read together: some milliseconds of a reader's thread.
SLICE = 100
# One page looks at so many rows at most, then says how far it came: a tenth of a second.
LOOK_MAX = 1_000
# Of a segment with fewer everybody is put in order by last contact; in a larger one the next is never far.
SEGMENT_MAX = 5_000
# Looked through for a part of a name; whose name begins so, or who has that number or address, is found by index.
NAMES_LOOKED_AT = 20_000
FOUND_MAX = 60
PHONE_DIGITS_MIN = 5
DAY_MS = 24 * 60 * 60 * 1_000
FOREVER_MS = 1 << 62
NUMBER_DIGITS_MAX = 15
# Of 64 bits.
DIGITS_MAX = 18
IDENTITY_KINDS = ("app", "openid", "wecom", "weibo")

Step = tuple[str, int, int]
"""Where a list may go on after a candidate, the candidate, and the conversation by which it was met, 0 for none."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Cards of one page. `next` is empty at the end."""

    cards: list[Card]
    next: str


class Listing:
    """One per application."""

    def __init__(self, parts: Parts) -> None:
        self._out, self.cards = parts.out, Cards(parts)
        self._site, self._store = parts.out.floor.site, parts.out.store

    async def page(self, account: Account, ask: CustomersQuery) -> CustomerPage:
        found = await self.found(account, ask, looks=LOOK_MAX)
        return CustomerPage(items=await self.cards.lines(found.cards), next=found.next)

    async def found(self, account: Account, ask: CustomersQuery, *, looks: int, most: int = 0) -> Found:
        """Return at most `most` who fit (0: as many as were asked for), or as many as so many looks find."""
        since_ms, until_ms = self._span(ask)
        most, looked = most or ask.limit, 0
        kept: dict[int, Card] = {}
        async for steps in self._steps(ask, since_ms=since_ms, until_ms=until_ms):
            cards = await self.cards.of(account, list(dict.fromkeys(number for _, number, _ in steps)))
            for place, number, conv in steps:
                card = cards.get(number)
                if card is None or (conv and (not card.dealt or card.dealt[0].conv != conv)):
                    continue
                if not fits(card, ask, since_ms=since_ms, until_ms=until_ms) or card.row.person in kept:
                    continue
                kept[card.row.person] = card
                if len(kept) == most:
                    return Found(cards=list(kept.values()), next=place)
            looked += len(steps)
            if looked >= looks:
                return Found(cards=list(kept.values()), next=steps[-1][0])
        return Found(cards=list(kept.values()), next="")

    def _span(self, ask: CustomersQuery) -> tuple[int, int]:
        """Return between when the last conversation changed."""
        now_ms, bundle = self._out.now_ms(), self._out.floor.bundle
        if ask.last == "today":
            zone = zone_of(bundle.zone if bundle else "UTC")
            midnight = datetime.fromtimestamp(now_ms / 1_000, zone).replace(hour=0, minute=0, second=0, microsecond=0)
            return int(midnight.timestamp() * 1_000), FOREVER_MS
        if ask.last == "longer":
            return 1, now_ms - 90 * DAY_MS
        return (now_ms - int(ask.last) * DAY_MS if ask.last else 0), FOREVER_MS

    # --- where candidates come from ------------------------------------------------------------------------------

    async def _steps(self, ask: CustomersQuery, *, since_ms: int, until_ms: int) -> AsyncIterator[list[Step]]:
        kind, _, place = ask.after.partition(":")
        if ask.text.strip():
            found = [("", number, 0) for number in await self._by_text(ask.text.strip())]
            steps = _sliced(found)
        elif ask.order == "name":
            steps = self._by_name(place if kind == "n" else "")
        else:
            members = await self._members(ask.segment) if kind in {"", "s"} else []
            if members:
                steps = self._of_members(members, place)
            else:
                steps = self._walk(place if kind == "w" else "", since_ms=since_ms, until_ms=until_ms)
        async for several in steps:
            yield several

    async def _walk(self, place: str, *, since_ms: int, until_ms: int) -> AsyncIterator[list[Step]]:
        """Go along the conversations, the last change first; who is met again is passed over by who asks."""
        before = _pair(place) or ((until_ms, 0) if until_ms < FOREVER_MS else (0, 0))
        while True:
            found = await self._store.customers.recent(self._site, before=before, limit=SLICE)
            steps = [(f"w:{each.at}.{each.conv}", each.customer, each.conv) for each in found if each.at >= since_ms]
            if steps:
                yield steps
            if len(steps) < SLICE:
                return
            before = (found[-1].at, found[-1].conv)

    async def _by_name(self, place: str) -> AsyncIterator[list[Step]]:
        number, _, name = place.partition(".")
        known = number.isascii() and number.isdecimal() and len(number) <= DIGITS_MAX
        after = (name, int(number)) if known else ("", 0)
        while True:
            found = await self._store.customers.named(self._site, prefix="", after=after, limit=SLICE)
            if found:
                yield [(f"n:{each}.{called[:200]}", each, 0) for called, each in found]
            if len(found) < SLICE:
                return
            after = found[-1]

    async def _members(self, segment: str) -> list[tuple[int, int]]:
        """Return (last contact, customer) of a small segment, the last first; nobody where it is large."""
        if not segment:
            return []
        found = await self._store.customers.in_segment(self._site, segment, after=0, limit=SEGMENT_MAX + 1)
        if len(found) > SEGMENT_MAX:
            return []
        last = await self._store.customers.last_contacts(self._site, found)
        return sorted(((last.get(each, 0), each) for each in found), reverse=True)

    def _of_members(self, members: Sequence[tuple[int, int]], place: str) -> AsyncIterator[list[Step]]:
        before = _pair(place)
        return _sliced([(f"s:{at}.{each}", each, 0) for at, each in members if before is None or (at, each) < before])

    async def _by_text(self, text: str) -> list[int]:
        """Return who has that number, then who has that address, name or words in a name, the last contact first."""
        store, site = self._store, self._site
        named = text.isascii() and text.isdecimal() and len(text) <= NUMBER_DIGITS_MAX
        found = await store.customers.known_by(site, _hints(text), limit=FOUND_MAX)
        begin = await store.customers.named(site, prefix=lowered(text), after=("", 0), limit=FOUND_MAX)
        found += [number for _, number in begin]
        found += await store.archive.find_customers(site, text.split(), rows_max=NAMES_LOOKED_AT, limit=FOUND_MAX)
        last = await store.customers.last_contacts(site, list(dict.fromkeys(found)))
        found.sort(key=lambda each: -last.get(each, 0))
        return list(dict.fromkeys([*([int(text)] if named else []), *found]))


async def _sliced(steps: Sequence[Step]) -> AsyncIterator[list[Step]]:
    for first in range(0, len(steps), SLICE):
        yield list(steps[first : first + SLICE])


def _hints(text: str) -> list[tuple[str, str]]:
    """Return by what somebody may be known who is looked for so."""
    found = hints_of_identity(EMAIL, text)
    if len(digits_of(text)) >= PHONE_DIGITS_MIN:
        found += [hint for hint in hints_of_identity(PHONE, text) if hint[0] in {PHONE, PHONE_END}]
    if folded_name(text):
        found.append((NAME, folded_name(text)))
    return [*found, *((kind, text) for kind in IDENTITY_KINDS)]


def _pair(place: str) -> tuple[int, int] | None:
    one, _, other = place.partition(".")
    known = all(part.isascii() and part.isdecimal() and len(part) <= DIGITS_MAX for part in (one, other))
    return (int(one), int(other)) if known else None
