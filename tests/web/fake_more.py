"""What a fake floor says about what is done less often: blocking whoever writes; drafts with their times."""

from __future__ import annotations

from aiohttp import web

from dashboard.errors import ApiError
from dashboard.requests import BlockRequest, Nothing, read
from tests.web.fake_floor import ME, FakeFloor, Record, now_ms
from tests.web.fake_handing import Handler

NOT_BLOCKED: Record = {"stands": False, "until_ms": 0, "reason": "", "by": None, "mine": False}


class FakeMore:
    """The routes of `dashboard.handing.blocking`."""

    def __init__(self, floor: FakeFloor) -> None:
        self.floor = floor
        self.blocked: dict[str, Record] = {}
        self.drafts_age_ms = 0
        self.late: dict[str, int] = {}

    def routes(self) -> list[tuple[str, str, Handler]]:
        path = "/conversations/{ref}/block"
        blocking = [("GET", path, self.shown), ("POST", path, self.block), ("DELETE", path, self.lift)]
        counts = [("GET", f"/{name}/count", self.counted) for name in ("complaints", "followups")]
        return [*blocking, *counts, ("GET", "/drafts/dated", self.drafts)]

    async def counted(self, request: web.Request) -> web.Response:
        """How many of a screen's things are late, mine and all."""
        count = self.late.get(request.path.split("/")[-2], 0)
        return web.json_response({"late": count, "mine_late": count})

    async def drafts(self, request: web.Request) -> web.Response:
        """Drafts as they were kept a while ago."""
        del request
        at = now_ms() - self.drafts_age_ms
        return web.json_response({key: {"text": text, "at": at} for key, text in self.floor.drafts.items()})

    async def shown(self, request: web.Request) -> web.Response:
        if self.floor.detail(request.match_info["ref"]) is None:
            raise ApiError("not_visible")
        return web.json_response(self.blocked.get(request.match_info["ref"], NOT_BLOCKED))

    async def block(self, request: web.Request) -> web.Response:
        asked = read(BlockRequest, await request.read())
        by = {"id": ME["id"], "name": ME["name"]}
        stands = {"stands": True, "until_ms": asked.until_ms, "reason": asked.reason, "by": by, "mine": True}
        self.blocked[request.match_info["ref"]] = stands
        return await self.shown(request)

    async def lift(self, request: web.Request) -> web.Response:
        read(Nothing, await request.read())
        self.blocked.pop(request.match_info["ref"], None)
        return web.Response(status=204)
