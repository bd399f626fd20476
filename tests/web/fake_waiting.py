"""Who waits, as the socket tells it: frames made of the fake floor's line. No server and no test lives here."""

from __future__ import annotations

from typing import Any

from dashboard.requests import AssignRequest, MoveRequest, Nothing, OrderRequest, PriorityRequest, Request
from tests.web.fake_floor import Record, now_ms

ORDERS: dict[str, type[Request]] = {
    "take": Nothing,
    "assign": AssignRequest,
    "move": MoveRequest,
    "priority": PriorityRequest,
    "take-over": OrderRequest,
    "withdraw": OrderRequest,
    "end": OrderRequest,
}
LINES = {"chat": 1, "email": 2, "form": 3}


def line_of(number: int, channel: str, queue: str, **more: Any) -> Record:
    """Return a line of plain order: whoever has waited longest goes first."""
    return {
        "line": number, "queue": queue, "channel": channel, "live": channel == "chat", "priority": 0,
        "needs": {"skill:orders": 1}, "why": "all_busy", "gain": 1_000, "per_ms": 60_000, "base": 0, "runs": True,
        "pull": True, **more,
    }  # fmt: skip


def row_of(each: Record, number: int) -> Record:
    at = now_ms()
    return {
        "ref": each["ref"], "nth": number, "line": line_number(each), "state": each["state"],
        "name": each["customer"]["name"], "since_ms": each["opened_ms"], "key_ms": each["opened_ms"],
        "waited_ms": at - each["opened_ms"], "at": at, "due_ms": at + 90_000,
        **{name: each[name] for name in ("offered", "until_ms", "next", "next_ms") if name in each},
    }  # fmt: skip


def line_number(each: Record) -> int:
    """One line for each queue and channel."""
    return LINES[each["channel"]] + (10 if each["queue"] == "billing" else 0)


def everything(waiting: list[Record], *, n: int, queue: str = "") -> Record:
    """Return the frame with which a watch begins."""
    shown = [(number, each) for number, each in enumerate(waiting, 1) if queue in {"", each["queue"]}]
    found = {line_number(each): line_of(line_number(each), each["channel"], each["queue"]) for _, each in shown}
    return {
        "type": "waiting", "seq": 0, "n": n, "at": now_ms(), "total": len(shown), "queue": queue, "first": True,
        "lines": list(found.values()), "rows": [row_of(each, number) for number, each in shown],
    }  # fmt: skip


def change(n: int, total: int, **parts: Any) -> Record:
    """Return a batch of changes."""
    return {"type": "waiting", "seq": 0, "n": n, "at": now_ms(), "total": total, "queue": "", **parts}
