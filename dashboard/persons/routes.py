"""Routes of the archive of customers: the list, as a table, segments, and who is in which."""

from __future__ import annotations

from aiohttp import web

from dashboard.errors import ApiError
from dashboard.journeys import Journeys
from dashboard.parts import Parts
from dashboard.persons import tags
from dashboard.persons.exporting import EXPORT_LOOKS, EXPORT_MAX, table
from dashboard.persons.listing import Listing
from dashboard.persons.placing import Segments
from dashboard.persons.shapes import CustomerPage, CustomersQuery, SegmentOf, SegmentRequest, SegmentsShape
from dashboard.requests import NUMBER_MAX
from dashboard.routes import Call, Route
from router.store.port import CustomerRow


class Archive:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._out = parts.out
        self._listing, self._segments, self._journeys = Listing(parts), Segments(parts), Journeys(parts)

    async def page(self, call: Call) -> CustomerPage:
        return await self._listing.page(call.caller.account, call.ask)

    async def export(self, call: Call) -> web.StreamResponse:
        found = await self._listing.found(call.caller.account, call.ask, looks=EXPORT_LOOKS, most=EXPORT_MAX)
        content = table(await self._listing.cards.lines(found.cards))
        headers = {"Content-Disposition": 'attachment; filename="customers.csv"', "Cache-Control": "no-store"}
        return web.Response(body=content, content_type="text/csv", charset="utf-8", headers=headers)

    async def segments(self, call: Call) -> SegmentsShape:
        del call
        return await self._segments.all()

    async def segment_of(self, call: Call) -> SegmentOf:
        return await self._segments.of(await self._seen(call))

    async def place(self, call: Call) -> SegmentOf:
        await self._segments.put(await self._seen(call), call.ask, agent=call.me)
        return await self._segments.of(await self._seen(call))

    async def _seen(self, call: Call) -> CustomerRow:
        """Return a customer whom the asker may see; anybody else does not exist."""
        text = call.part("id")
        known = text.isascii() and text.isdecimal() and len(text) <= 20 and 0 < int(text) <= NUMBER_MAX
        found = await self._out.store.archive.customer(self._out.floor.site, int(text)) if known else None
        if found is None or not await self._journeys.sees(call.caller.account, found):
            raise ApiError("not_visible")
        return found


def routes(parts: Parts) -> list[Route]:
    """Return the routes of this file."""
    archive = Archive(parts)
    return [
        *tags.routes(parts),
        Route(
            method="GET", path="/customers", summary="A page of customers, as they are filtered and ordered",
            ask=CustomersQuery, answers=CustomerPage, handler=archive.page,
        ),
        Route(
            method="GET", path="/customers/table", summary="The same customers as CSV, 10,000 at most",
            role="supervisor", raw=True, ask=CustomersQuery, answers=None, handler=archive.export, refusals=True,
        ),
        Route(
            method="GET", path="/segments", summary="The segments of the configuration, and how many are in each",
            answers=SegmentsShape, handler=archive.segments,
        ),
        Route(
            method="GET", path="/customers/{id}/segment",
            summary="Which segment a person is in, and what put them there",
            answers=SegmentOf, handler=archive.segment_of,
        ),
        Route(
            method="POST", path="/customers/{id}/segment", summary="Put a person into a segment by hand, or out of one",
            role="supervisor", ask=SegmentRequest, answers=SegmentOf, handler=archive.place, refusals=True,
        ),
    ]  # fmt: skip
