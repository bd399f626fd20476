"""What a fake floor says about customers as a list, and about their segments."""

from __future__ import annotations

from aiohttp import web

from dashboard.errors import ApiError
from dashboard.persons.shapes import SegmentRequest
from dashboard.requests import read
from tests.web.fake_floor import ME, FakeFloor, Record, now_ms
from tests.web.fake_handing import Handler

LABELS = {
    "vip": {"en": "VIP", "zh": "贵宾", "th": "วีไอพี"},
    "press": {"en": "Press", "zh": "媒体", "th": "สื่อมวลชน"},
}


class FakeArchive:
    """The routes of `dashboard.persons.routes`."""

    def __init__(self, floor: FakeFloor) -> None:
        self.floor = floor
        self.asked: list[Record] = []
        self.placings: dict[int, list[Record]] = {}
        self.broken = False

    def routes(self) -> list[tuple[str, str, Handler]]:
        path = "/customers/{id}/segment"
        return [
            ("GET", "/customers", self.page),
            ("GET", "/segments", self.segments),
            ("GET", path, self.segment),
            ("POST", path, self.place),
        ]

    def segment_of(self, number: int) -> str:
        return str(self.placings[number][0]["segment"]) if self.placings.get(number) else ""

    async def page(self, request: web.Request) -> web.Response:
        """Whoever fits, the newest first, by pages."""
        if self.broken:
            raise ApiError("unavailable")
        ask = dict(request.query)
        self.asked.append(ask)
        lines = [self._line(number, row) for number, row in sorted(self.floor.customers.items(), reverse=True)]
        if ask.get("order") == "name":
            lines.sort(key=lambda line: str(line["name"]).lower())
        kept = [line for line in lines if _fits(line, ask)]
        first, limit = int(ask.get("after") or 0), int(ask.get("limit", "50"))
        more = first + limit < len(kept)
        return web.json_response({"items": kept[first : first + limit], "next": str(first + limit) if more else ""})

    def _line(self, number: int, row: Record) -> Record:
        work = [each for each in self.floor.work.values() if each["customer"]["id"] == number]
        last = work[-1] if work else None
        return {
            "id": number,
            "name": row["name"],
            "known_by": "",
            "segment": self.segment_of(number),
            "language": row["language"],
            "channels": sorted({each["channel"] for each in work}),
            "tags": row["attributes"].get("tags", "").split(),
            "last": last and {"ref": last["ref"], "at": now_ms() - 60_000, **{key: last[key] for key in CONTACT}},
            "counted": len(work),
            "more": False,
            "open": len(work),
            "rating": 4 if number % 2 else 0,
        }

    async def segments(self, request: web.Request) -> web.Response:
        del request
        counts = [self.segment_of(number) for number in self.placings]
        found = [
            {"name": name, "label": label, "rule": "", "count": counts.count(name), "most": 10_000}
            for name, label in LABELS.items()
        ]
        return web.json_response({"segments": found})

    async def segment(self, request: web.Request) -> web.Response:
        number = int(request.match_info["id"])
        return web.json_response({"segment": self.segment_of(number), "placings": self.placings.get(number, [])})

    async def place(self, request: web.Request) -> web.Response:
        number, asked = int(request.match_info["id"]), read(SegmentRequest, await request.read())
        if asked.was != self.segment_of(number):
            raise ApiError("segment_changed")
        self.put(number, asked.segment, why=asked.why, was=asked.was)
        return await self.segment(request)

    def put(self, number: int, segment: str, *, why: str = "", was: str = "") -> None:
        """Put somebody into a segment."""
        by = {"id": ME["id"], "name": ME["name"]}
        placing = {"at": now_ms(), "by": by, "how": "hand", "was": was, "segment": segment, "why": why}
        self.placings[number] = [placing, *self.placings.get(number, [])]


CONTACT = ("channel", "queue", "state")


def _fits(line: Record, ask: Record) -> bool:
    return (
        str(ask.get("text", "")).lower() in str(line["name"]).lower()
        and ask.get("segment", "") in {"", line["segment"]}
        and (not ask.get("channel") or ask["channel"] in line["channels"])
        and (not ask.get("tag") or ask["tag"] in line["tags"])
    )
