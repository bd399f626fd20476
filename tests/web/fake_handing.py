"""What a fake floor says about handing on, consulting and ending: targets, contacts, parties, wrap-ups."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from dashboard.errors import ApiError
from dashboard.requests import ConsultRequest, HoldRequest, Nothing, ParticipantRequest, WrapUpRequest, read
from tests.web.fake_floor import ME, FakeFloor, Record, now_ms

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MINUTE_MS = 60_000


class FakeHanding:
    """The routes of `dashboard.handing`, and those of consulting and outside parties."""

    def __init__(self, floor: FakeFloor) -> None:
        self.floor = floor
        self.noted: set[str] = set()
        self.contacts: list[Record] = []
        self.wait: Record = {"low_ms": 2 * MINUTE_MS, "high_ms": 5 * MINUTE_MS, "basis": "pace", "error_share": 0.2,
                             "measured": 40}  # fmt: skip
        self.people: list[Record] = [
            _person(8, "Somchai Prasert", accepts=True, room=True),
            _person(9, "Lena Hoff", accepts=False, room=False),
            _person(10, "Omar Diallo", accepts=True, room=False),
        ]

    def routes(self) -> list[tuple[str, str, Handler]]:
        conversation = "/conversations/{ref}"
        return [
            ("GET", f"{conversation}/targets", self.targets),
            ("GET", f"{conversation}/contacts", self.outside),
            ("POST", f"{conversation}/wrap-up", self.wrap_up),
            ("POST", f"{conversation}/wrap-up/extend", self.extend),
            ("POST", f"{conversation}/consult", self.consult),
            ("POST", f"{conversation}/consult/join", self.join),
            ("POST", f"{conversation}/consult/complete", self.complete),
            ("POST", f"{conversation}/consult/let-go", self.let_go),
            ("POST", f"{conversation}/hold", self.hold),
        ]

    async def targets(self, request: web.Request) -> web.Response:
        here = (self.floor.detail(request.match_info["ref"]) or {}).get("queue")
        queues = [self._queue(line, here) for line in self.floor.queues.values()]
        skills = [
            {"name": "refunds", "level_max": 3, "staffed": 2, "free": 1},
            {"name": "thai", "level_max": 1, "staffed": 0, "free": 0},
        ]
        return web.json_response({"queues": queues, "agents": self.people, "skills": skills})

    def _queue(self, line: Record, here: str | None) -> Record:
        shown = {key: line[key] for key in ("name", "label", "open", "opens_ms", "waiting", "staffed", "free")}
        wait = self.wait if line["waiting"] else None
        return shown | {"wait": wait, "same": line["name"] == here, "note_required": line["name"] in self.noted}

    async def outside(self, request: web.Request) -> web.Response:
        del request
        return web.json_response({"contacts": self.contacts, "party": None})

    async def wrap_up(self, request: web.Request) -> web.Response:
        ref, asked = request.match_info["ref"], read(WrapUpRequest, await request.read())
        if asked.note:
            self.floor.write(ref, kind="note", text=asked.note, client=f"{asked.command_id}-note")
        if asked.follow_up_ms:
            self.floor.moves(ref, "parked", due_ms=asked.follow_up_ms)
        else:
            self.floor.moves(ref, "closed", detail=asked.disposition)
        return self._reached()

    async def extend(self, request: web.Request) -> web.Response:
        read(Nothing, await request.read())
        live = self.floor.work[request.match_info["ref"]]
        if live.get("extended"):
            raise ApiError("extended_once")
        live |= {"extended": True, "due_ms": live["due_ms"] + MINUTE_MS}
        self.floor.changed(live)
        return self._reached()

    async def consult(self, request: web.Request) -> web.Response:
        ref, asked = request.match_info["ref"], read(ConsultRequest, await request.read())
        person = next((each for each in self.people if each["id"] == asked.to_agent), self.people[0])
        party = {"id": person["id"], "name": person["name"], "role": "consult", "until_ms": now_ms() + 20_000}
        self.taken(ref, [party])
        return self._reached()

    async def join(self, request: web.Request) -> web.Response:
        read(Nothing, await request.read())
        return self._reached()

    async def complete(self, request: web.Request) -> web.Response:
        read(ParticipantRequest, await request.read())
        self.floor.moves(request.match_info["ref"], "waiting")
        return self._reached()

    async def let_go(self, request: web.Request) -> web.Response:
        read(ParticipantRequest, await request.read())
        self.taken(request.match_info["ref"], [])
        return self._reached()

    async def hold(self, request: web.Request) -> web.Response:
        live = self.floor.work[request.match_info["ref"]]
        live["on_hold"] = read(HoldRequest, await request.read()).on
        self.floor.changed(live)
        return self._reached()

    def taken(self, ref: str, participants: list[Record]) -> None:
        """Say who takes part now."""
        self.floor.work[ref]["participants"] = participants
        self.floor.changed(self.floor.work[ref])
        self.floor.item(ref, "joined_in" if participants else "left_out")

    def comes_back(self, ref: str, why: str = "declined") -> None:
        """Nobody took what was handed on: its giver has it again."""
        summary = self.floor.closed.pop(ref)
        owner = {"id": ME["id"], "name": ME["name"]}
        self.floor.work[ref] = summary | {"state": "active", "owner": owner, "since_ms": now_ms(), "passed_by": owner}
        self.floor.changed(self.floor.work[ref])
        self.floor.item(ref, "transfer_returned", author="Somchai Prasert", agent=8, detail=why)

    def _reached(self) -> web.Response:
        return web.json_response({"position": self.floor.seq})


def _person(number: int, name: str, *, accepts: bool, room: bool) -> Record:
    presence: dict[str, Any] = {"presence": "available" if accepts else "break", "accepts": accepts}
    since = {"since_ms": now_ms() - 12 * MINUTE_MS, "room": room, "serves": accepts}
    return {"id": number, "name": name, "free": 50 if room else 0, **presence, **since}
