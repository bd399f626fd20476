"""What a fake floor says about customers as persons and about decisions: tags, marks, erasing, why."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from dashboard.errors import ApiError
from dashboard.persons.tags import TagsRequest
from dashboard.requests import SenderRequest, read
from tests.web.fake_archive import FakeArchive
from tests.web.fake_floor import FakeFloor, Record, now_ms

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MINUTE_MS = 60_000


class FakePersons:
    """The routes of `dashboard.persons`, `dashboard.senders` and `dashboard.explaining`."""

    def __init__(self, floor: FakeFloor) -> None:
        self.floor = floor
        self.archive = FakeArchive(floor)
        self.marks: list[Record] = []
        self.decisions: list[Record] = decisions()

    def routes(self) -> list[tuple[str, str, Handler]]:
        return [
            *self.archive.routes(),
            ("POST", "/customers/{id}/tags", self.tag),
            ("GET", "/customers/{id}/export", self.export),
            ("POST", "/customers/{id}/erase", self.erase),
            ("GET", "/senders", self.senders),
            ("POST", "/senders", self.mark),
            ("DELETE", "/senders/{id}", self.unmark),
            ("GET", "/conversations/{ref}/why", self.why),
            ("GET", "/conversations/{ref}/passed-over", self.passed_over),
        ]

    async def tag(self, request: web.Request) -> web.Response:
        asked = read(TagsRequest, await request.read())
        attributes = self.floor.customers[int(request.match_info["id"])]["attributes"]
        kept = [each for each in attributes.get("tags", "").split() if each not in asked.remove]
        attributes["tags"] = " ".join(dict.fromkeys([*kept, *asked.add]))
        return web.json_response({"tags": attributes["tags"].split()})

    async def export(self, request: web.Request) -> web.Response:
        return web.json_response(self.floor.customers[int(request.match_info["id"])])

    async def erase(self, request: web.Request) -> web.Response:
        self.floor.customers.pop(int(request.match_info["id"]))
        erased = {"customers": [1], "messages": 12, "files": 0, "drafts": 0, "waits": ""}
        return web.json_response(erased)

    async def senders(self, request: web.Request) -> web.Response:
        del request
        return web.json_response(self.marks)

    async def mark(self, request: web.Request) -> web.Response:
        asked = read(SenderRequest, await request.read())
        mark = {"id": len(self.marks) + 1, "kind": "email", "value": f"customer {asked.customer}", "mark": asked.mark}
        self.marks.append(mark | {"reason": asked.reason, "agent": 7, "created_ms": now_ms(), "until_ms": 0})
        return web.json_response({"ids": [mark["id"]]})

    async def unmark(self, request: web.Request) -> web.Response:
        self.marks = [each for each in self.marks if each["id"] != int(request.match_info["id"])]
        return web.Response(status=204)

    async def why(self, request: web.Request) -> web.Response:
        ref = request.match_info["ref"]
        if ref not in {**self.floor.work, **self.floor.closed}:
            raise ApiError("not_visible")
        before, limit = int(request.query.get("before", "0")), int(request.query.get("limit", "50"))
        items = [each for each in self.decisions if not before or each["seq"] < before]
        facts = {"channel": "chat", "language": "en", "topics": "refund", "attributes": "order=20418"}
        return web.json_response({"ref": ref, "items": items[-limit:], "more": len(items) > limit, "facts": facts})

    async def passed_over(self, request: web.Request) -> web.Response:
        asked = next(each for each in self.decisions if str(each["seq"]) == request.query["seq"])
        if asked["why"] != ["longest_idle"]:
            raise ApiError("too_far_back")
        common = {"label": {}, "used": 50, "capacity": 100, "presence": "available"}
        ines, ben = {"id": 7, "name": "Ines Duarte"}, {"id": 9, "name": "Ben"}
        items = [
            common | {"agent": asked["agent"], "stands": "asked"},
            common | {"agent": ines, "stands": "resting"},
            common | {"agent": ben, "stands": "away", "presence": "lunch", "label": {"en": "Lunch"}},
        ]
        return web.json_response({"items": items, "able": 3, "unable": 2})


def decisions() -> list[Record]:
    """Return a conversation that was declined, not answered, accepted and handed on."""
    begun, ines, somchai = now_ms() - 9 * MINUTE_MS, {"id": 7, "name": "Ines Duarte"}, {"id": 8, "name": "Somchai"}
    told: list[Record] = [
        {"kind": "Received", "detail": "opened"},
        {"kind": "Routed", "rule": "order help", "version": "4f2a91c07d3e"},
        {"kind": "Queued", "queue": "orders", "why": ["arrived"]},
        {"kind": "Offered", "agent": somchai, "why": ["longest_idle"], "among": 3},
        {"kind": "Declined", "agent": somchai, "detail": "busy"},
        {"kind": "Queued", "queue": "orders", "why": ["declined"]},
        {"kind": "Offered", "agent": ines, "why": ["fair_turn", "highest_level"], "among": 1},
        {"kind": "Accepted", "agent": ines},
        {"kind": "Transferred", "agent": ines, "to_agent": somchai, "until_ms": 0},
        {"kind": "OfferLapsed", "agent": somchai},
        {"kind": "TransferReturned", "agent": somchai, "why": ["lapsed"]},
        {"kind": "Parked", "agent": ines, "until_ms": begun + 90 * MINUTE_MS},
        {"kind": "Closed", "agent": ines, "detail": "resolved"},
    ]
    return [{"seq": 10 + at, "at": begun + at * 37_000, **each} for at, each in enumerate(told)]
