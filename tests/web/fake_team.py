"""A server with a team beside its wallboard: members in every state, a day, skills and sign-outs."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from dashboard.errors import bad_field
from dashboard.requests import SendOffRequest, read
from dashboard.shapes import AnsweringDay
from dashboard.team.shapes import RosterRequest, SheetRequest, SkillsRequest
from dashboard.team.sheets import SheetFault, read_sheet
from tests.web.fake_board import BoardServer
from tests.web.fake_floor import Record, now_ms
from tests.web.fake_server import Handler

STATES = [
    ("available", {}, "disc"), ("handling", {}, "half-disc"), ("wrap_up", {}, "square"),
    ("break", {"en": "Break", "zh": "休息", "th": "พัก"}, "bars"), ("not_responding", {}, "triangle"),
    ("offline", {}, "ring"),
]  # fmt: skip
NAMES = ["Ines Duarte", "Somchai Prasert", "陈思远", "Mali Srisai", "Korn Anan", "Marta Kowalska"]


def member(number: int) -> Record:
    """One of each state in turn."""
    state, label, shape = STATES[number % len(STATES)]
    parts = [{"ref": f"C{number:04}", "load": 50, "state": "active"}] if state == "handling" else []
    line = {
        "id": number, "name": NAMES[number % len(NAMES)], "presence": state, "accepts": number < 3,
        "since_ms": now_ms() - 240_000, "used": 50 * len(parts), "capacity": 100, "parts": parts, "queues": [],
        "winding": "", "until_ms": 0,
    }  # fmt: skip
    return {
        "id": number, "name": line["name"], "login": f"a{number}", "role": "agent", "team": "Day",
        "skills": {"billing": 2}, "languages": ["en"], "state": state, "label": label, "shape": shape,
        "since_ms": line["since_ms"],
        "line": None if state == "offline" else line,
        "busy": {"handling_ms": 60_000 * number, "wrapping_ms": 0, "available_ms": 60_000} if number < 3 else None,
        "planned": {"from_ms": now_ms() - 600_000, "to_ms": now_ms() + 600_000} if state == "offline" else None,
    }  # fmt: skip


class TeamServer(BoardServer):
    """`members` are those there are; what a test asks for changes them."""

    def __init__(self) -> None:
        super().__init__()
        self.me["role"] = "supervisor"
        self.members = [member(number) for number in range(6)]
        self.roster: dict[str, list[str]] = {"mon": ["09:00-17:00"]}
        self.dates: dict[str, list[str]] = {}
        self.sheets: list[str] = []

    def _routes(self) -> list[tuple[str, str, Handler]]:
        return [
            ("GET", "/team", self.team),
            ("GET", "/team/{id}/day", self.day),
            ("PUT", "/team/{id}/skills", self.skills),
            ("PUT", "/team/{id}/roster", self.plan),
            ("POST", "/team/rosters", self.sheet),
            ("POST", "/agents/{id}/sign-out", self.send_off),
            *super()._routes(),
        ]

    def _one(self, request: web.Request) -> Any:
        return next(each for each in self.members if str(each["id"]) == request.match_info["id"])

    async def team(self, request: web.Request) -> web.Response:
        del request
        return web.json_response(
            {"members": self.members, "total": len(self.members), "skills": {"billing": 3, "orders": 2}}
        )

    async def day(self, request: web.Request) -> web.Response:
        stretches = [
            {"presence": "available", "label": {"en": "Available"}, "accepts": True, "ms": 7_200_000},
            {"presence": "break", "label": {"en": "Break"}, "accepts": False, "ms": 1_200_000},
        ]
        counted = dict.fromkeys(AnsweringDay.__struct_fields__, 4)
        day = {
            "from_ms": now_ms() - 9_000_000, "stretches": stretches, "answering": [counted],
            "busy": self._one(request)["busy"], "roster": self.roster, "dates": self.dates,
            "planned_ms": 7_200_000, "kept_ms": 5_400_000,
            "plan": [{"from_ms": now_ms() - 7_200_000, "to_ms": now_ms() + 7_200_000}],
        }  # fmt: skip
        return web.json_response(day)

    async def plan(self, request: web.Request) -> web.Response:
        asked = read(RosterRequest, await request.read())
        self.roster = {str(day): list(spans) for day, spans in asked.roster.items()}
        self.dates = {day: list(spans) for day, spans in (asked.dates or {}).items()}
        return await self.day(request)

    async def sheet(self, request: web.Request) -> web.Response:
        text = read(SheetRequest, await request.read()).sheet
        try:
            plans = read_sheet(text, [each["login"] for each in self.members])
        except SheetFault as fault:
            raise bad_field("sheet", f"Nothing was changed: {fault}.") from None
        self.sheets.append(text)
        return web.json_response({"members": len(plans), "days": sum(map(len, plans.values()))})

    async def skills(self, request: web.Request) -> web.Response:
        self._one(request)["skills"] = read(SkillsRequest, await request.read()).skills
        return await self.team(request)

    async def send_off(self, request: web.Request) -> web.Response:
        read(SendOffRequest, await request.read())
        self._one(request).update(state="offline", shape="ring", line=None, label={})
        return self._reached()
