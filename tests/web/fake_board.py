"""A server with a wallboard: a day's figures that tests may change, delay or withhold, and links that open them."""

from __future__ import annotations

import copy
from typing import Any

from aiohttp import web

from dashboard.errors import ApiError
from tests.web.fake_floor import Record, now_ms
from tests.web.fake_server import FakeServer, Handler

TOKEN = "a-token-of-a-link-for-tests"
HALF_MS = 1_800_000
# name, label, waiting, longest ms, (in time, of), abandoned, (free, staffed), risk
QUEUES: list[tuple[str, dict[str, str], int, int, tuple[int, int], tuple[int, int], tuple[int, int], int]] = [
    (
        "tech",
        {"en": "Tech support", "zh": "技术支持", "th": "ฝ่ายเทคนิค"},
        21,
        412_000,
        (610, 1_000),
        (126, 1_000),
        (0, 8),
        7,
    ),
    (
        "chinese",
        {"en": "Chinese desk", "zh": "中文组", "th": "โต๊ะภาษาจีน"},
        5,
        121_000,
        (156, 200),
        (10, 200),
        (1, 4),
        1,
    ),
    ("orders", {"en": "Orders", "zh": "订单", "th": "คำสั่งซื้อ"}, 14, 164_000, (336, 400), (14, 400), (3, 11), 2),
    ("vip", {"en": "VIP desk", "zh": "贵宾组", "th": "ลูกค้าพิเศษ"}, 1, 9_000, (97, 100), (0, 100), (2, 3), 0),
    ("billing", {"en": "Billing", "zh": "账单", "th": "การเงิน"}, 3, 48_000, (178, 200), (6, 200), (2, 5), 0),
    ("returns", {"en": "Returns", "zh": "退货", "th": "คืนสินค้า"}, 6, 71_000, (182, 200), (4, 200), (2, 6), 0),
]
CHANNELS = {
    "chat": (19, 164_000),
    "email": (11, 2_520_000),
    "phone": (9, 412_000),
    "wechat": (8, 121_000),
    "form": (3, 640_000),
}
STATES = [
    ("available", {}, "disc", 10), ("handling", {}, "half-disc", 17), ("wrap_up", {}, "square", 4),
    ("break", {"en": "Break", "zh": "休息", "th": "พัก"}, "bars", 3),
    ("meeting", {"en": "Meeting", "zh": "会议", "th": "ประชุม"}, "diamond", 2), ("not_responding", {}, "triangle", 1),
]  # fmt: skip
OFFERED = [28, 40, 58, 76, 100, 122, 136, 128, 116, 106, 98, 102, 130, 8]
IN_TIME = [28, 40, 56, 70, 88, 100, 104, 96, 90, 88, 82, 84, 88, 7]


def stands(in_time: int, of: int, target: int) -> str:
    if in_time * 100 >= target * of:
        return "on_target"
    return "below" if in_time * 100 >= (target - 10) * of else "far_below"


def level(in_time: int, of: int, target: int = 80) -> Record:
    return {"in_time": in_time, "of": of, "target_percent": target, "stands": stands(in_time, of, target)}


def share(count: int, of: int) -> Record:
    return {"count": count, "of": of, "limit_percent": 5, "over": count * 20 > of}


def day_of_board(at: int) -> Record:
    """A busy day: one queue fails, one is below its target, somebody does not respond."""
    day_ms = at // HALF_MS * HALF_MS - (len(OFFERED) - 1) * HALF_MS
    queues = [
        {
            "name": name, "label": label, "open": True, "opens_ms": 0, "waiting": waiting,
            "longest": {"queue": name, "channel": "chat", "since_ms": at - wait, "over": wait > 300_000},
            "level": level(*kept), "abandoned": share(*lost), "free": people[0], "staffed": people[1], "risk": risk,
            "late": 0,
        }
        for name, label, waiting, wait, kept, lost, people, risk in QUEUES
    ]  # fmt: skip
    day = {
        "from_ms": day_ms, "level": level(1_228, 1_486), "abandoned": share(67, 1_486),
        "answer": {"mean_ms": 41_000, "median_ms": 26_000, "answered": 1_419}, "handling_ms": 274_000,
    }  # fmt: skip
    return {
        "now_ms": at, "at_ms": at, "ready": True, "site": "Bangkok contact center", "zone": "Asia/Bangkok",
        "version": "test", "open": True, "opens_ms": 0, "day": day, "last_day": day, "switches": [],
        "target_ms": 60_000, "waiting": 50, "late": 6,
        "longest": {"queue": "tech", "channel": "phone", "since_ms": at - 412_000, "over": True},
        "oldest": {"queue": "orders", "channel": "email", "since_ms": at - 2_520_000, "over": False},
        "risk": 10, "queues": queues,
        "agents": [{"name": n, "label": each, "shape": shape, "count": c} for n, each, shape, c in STATES],
        "signed_in": 37, "can_more": 9,
        "halves": [
            {"from_ms": day_ms + n * HALF_MS, "offered": offered, "in_time": kept}
            for n, (offered, kept) in enumerate(zip(OFFERED, IN_TIME, strict=True))
        ],
        "channels": [{"name": n, "waiting": c, "since_ms": at - w} for n, (c, w) in CHANNELS.items()],
        "needs": [
            need("no_free", "crit", queue="tech", count=21, staffed=8, since_ms=at - 412_000),
            need("risk", "warn", queue="tech", count=7),
            need("silent_named", "warn", agent="Korn A.", count=1, since_ms=at - 180_000),
        ],
    }  # fmt: skip


def need(code: str, severe: str, **more: Any) -> Record:
    return {"code": code, "severe": severe, "queue": "", "count": 0, "staffed": 0, "since_ms": 0, "agent": "", **more}


class BoardServer(FakeServer):
    """`change` makes a snapshot another one; `lag_ms` is by how much the figures are older than the answer.

    `closed`: it answers, but does not know yet who may look.
    """

    def __init__(self) -> None:
        super().__init__()
        self.changes: Record = {}
        self.lag_ms = 0
        self.silent = False
        self.link = True
        self.closed = False
        self.links: list[Record] = []

    def _routes(self) -> list[tuple[str, str, Handler]]:
        return [
            ("GET", "/board", self.board),
            ("POST", "/board/session", self.board_session),
            ("GET", "/board/links", self.board_links),
            ("POST", "/board/links", self.board_link),
            ("DELETE", "/board/links/{id}", self.board_unlink),
            *super()._routes(),
        ]

    def _check(self, request: web.Request) -> None:
        """The board and its door are there for whoever has a link."""
        if request.path not in {"/api/v1/board", "/api/v1/board/session"}:
            super()._check(request)

    async def board(self, request: web.Request) -> web.Response:
        if self.silent:
            raise ApiError("unavailable")
        if not self.signed_in and not (self.link and request.cookies.get("pb_board") == TOKEN):
            raise ApiError("signed_out")
        at = now_ms()
        made = copy.deepcopy(day_of_board(at)) | {"version": self.pages.version} | self.changes
        return web.json_response(made | {"at_ms": at - self.lag_ms})

    async def board_session(self, request: web.Request) -> web.Response:
        if self.closed:
            raise ApiError("unavailable")
        if (await request.json())["token"] != TOKEN or not self.link:
            raise ApiError("link_unknown")
        response = web.Response(status=204)
        response.set_cookie("pb_board", TOKEN, httponly=True, path="/api/v1/board")
        return response

    async def board_links(self, request: web.Request) -> web.Response:
        del request
        return web.json_response(self.links)

    async def board_link(self, request: web.Request) -> web.Response:
        name = (await request.json())["name"]
        link = {"id": f"l{len(self.links)}", "name": name, "by": "Ines", "made_ms": now_ms(), "revoked_ms": 0}
        self.links.insert(0, link)
        return web.json_response({"link": link, "token": TOKEN})

    async def board_unlink(self, request: web.Request) -> web.Response:
        for link in self.links:
            if link["id"] == request.match_info["id"]:
                link["revoked_ms"] = now_ms()
        return web.Response(status=204)
