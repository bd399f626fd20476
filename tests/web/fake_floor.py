"""A small floor for tests of the desk: work, offers and stories as docs/API.md shows them. It routes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

Record = dict[str, Any]

LABELS = {
    "orders": {"en": "Orders", "zh": "订单", "th": "คำสั่งซื้อ"},
    "billing": {"en": "Billing", "zh": "账单", "th": "การเงิน"},
    "returns": {"en": "Returns", "zh": "退货", "th": "คืนสินค้า"},
}
PRESENCES = [
    ("available", "Available", "空闲", "พร้อมให้บริการ", True, "disc"),
    ("break", "Break", "休息", "พัก", False, "bars"),
    ("meeting", "Meeting", "会议", "ประชุม", False, "diamond"),
]
ME = {"id": 7, "login": "ines", "name": "Ines Duarte", "role": "agent", "languages": ["en"], "skills": {"orders": 3}}
LOADS = {"chat": 25, "email": 10, "form": 10}
CAPACITY = 100
MONDAY_MS = 1_790_000_000_000


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def config() -> Record:
    """Return what `GET /config` answers."""
    return {
        "site": "main",
        "zone": "Europe/Prague",
        "languages": ["en", "zh", "th"],
        "queues": [
            {"name": name, "label": label, "open": name != "returns", "opens_ms": MONDAY_MS if name == "returns" else 0}
            for name, label in LABELS.items()
        ],
        "presences": [
            {"name": name, "label": {"en": en, "zh": zh, "th": th}, "accepts": accepts, "shape": shape}
            for name, en, zh, th, accepts, shape in PRESENCES
        ],
        "dispositions": ["resolved", "refund-given", "order-changed", "follow-up-needed", "spam"],
        "decline_reasons": ["busy", "wrong-skill"],
        "channels": [{"name": name, "live": name == "chat", "load": load} for name, load in LOADS.items()],
        "version": "",
    }


class FakeFloor:
    """What one agent's desk can see. Every change is told to `tell`, as the frames of a socket."""

    def __init__(self) -> None:
        self.seq = 100
        self.agent: Record | None = None
        self.work: dict[str, Record] = {}
        self.offers: dict[int, Record] = {}
        self.stories: dict[str, list[Record]] = {}
        self.customers: dict[int, Record] = {}
        self.likely: dict[int, list[Record]] = {}
        self.merges: dict[int, list[Record]] = {}
        self.waiting: list[Record] = []
        self.closed: dict[str, Record] = {}
        self.queues = {name: _queue_line(name) for name in LABELS}
        self.drafts: dict[str, str] = {}
        self.clients: dict[str, int] = {}
        self.tell: Callable[[Record], None] = lambda frame: None

    # --- the agent -------------------------------------------------------------------------------------------

    def begin_shift(self, presence: str = "available") -> None:
        self.agent = {
            "id": ME["id"], "name": ME["name"], "presence": presence, "accepts": presence == "available",
            "since_ms": now_ms(), "used": 0, "capacity": CAPACITY, "parts": [], "queues": list(LABELS),
        }  # fmt: skip
        self.changed()

    def end_shift(self) -> None:
        self.agent = None
        self.said("desk", me=None)

    def set_presence(self, presence: str, *, when: str = "now") -> None:
        assert self.agent is not None
        if when == "now":
            self.agent |= {"presence": presence, "accepts": presence == "available", "since_ms": now_ms()}
        self.agent["winding"] = presence if when == "after_current" else ""
        self.changed()

    # --- what the world does -----------------------------------------------------------------------------------

    def offer(self, name: str = "Dao Thị Hương", *, ttl_ms: int = 20_000, channel: str = "chat", **more: Any) -> Record:
        """Ring: somebody waits and is offered to the agent."""
        self.seq += 1
        ref = more.pop("ref", f"C{self.seq:05d}")
        self.customer(self.seq, name)
        offer = {
            "offer": self.seq, "ref": ref, "until_ms": now_ms() + ttl_ms, "issued_ms": now_ms(), "channel": channel,
            "queue": "orders", "customer": {"id": self.seq, "name": name}, "waited_ms": 38_000,
            "first_words": "Hi, I was charged twice for the same order.",
            "why": [{"code": "longest_idle", "text": "free the longest"}], **more,
        }  # fmt: skip
        self.offers[self.seq] = offer
        self.said("desk", offers=[offer])
        return offer

    def lapse(self, offer: Record) -> None:
        """The time is over: the conversation goes on without this agent."""
        self.set_presence("not_responding")
        self.withdraw(offer, "lapsed")

    def withdraw(self, offer: Record, why: str) -> None:
        self.offers.pop(offer["offer"], None)
        self.said("desk", withdrawn=[{"offer": offer["offer"], "ref": offer["ref"], "why": why}])

    def own(self, name: str, *, channel: str = "chat", text: str = "Hello, can you help?", **more: Any) -> Record:
        """Give the agent a conversation, as if it had been accepted before."""
        offer = self.offer(name, channel=channel, first_words=text)
        summary = self.accept(offer["offer"])
        assert summary is not None
        summary |= more
        self.changed(summary)
        return summary

    def assign(self, name: str) -> Record:
        """Give the agent a conversation without asking, as a queue does whose desk accepts by itself."""
        self.seq += 1
        ref = f"C{self.seq:05d}"
        self.customer(self.seq, name)
        self.stories[ref] = []
        summary = self.work[ref] = self._summary(ref, self.seq, name, "chat")
        self.changed(summary)
        return summary

    def hears(self, ref: str, text: str) -> Record:
        """The customer says something."""
        summary = self.work[ref]
        item = self.item(ref, "in", text=text, author=summary["customer"]["name"])
        summary |= {"actor": "agent", "unread": summary["unread"] + 1, "due_ms": now_ms() + 90_000, "state": "active"}
        summary["last"] = {"text": text, "author": "customer", "at": item["at"]}
        self.changed(summary)
        return item

    def status(self, ref: str, client: str, status: str, detail: str = "") -> None:
        """Something became of a reply."""
        item = next(each for each in self.stories[ref] if each.get("client") == client)
        item |= {"status": status, "detail": detail}
        self.said("story", ref=ref, items=[item])

    def in_line(self, count: int) -> None:
        """Let so many wait."""
        channels, queues = list(LOADS), list(LABELS)
        self.waiting = [
            self._summary(f"W{n:05d}", n, f"Customer {n}", channels[n % 3], queue=queues[n % 2])
            | {"state": "waiting", "owner": None, "actor": "queue", "position_in_line": n, "why": ["all_busy"],
               "opened_ms": now_ms() - (count - n) * 1_000}
            for n in range(1, count + 1)
        ]  # fmt: skip
        for name, line in self.queues.items():
            line["waiting"] = sum(each["queue"] == name for each in self.waiting)
            line["oldest_ms"] = now_ms() - 164_000 if line["waiting"] else 0
        self.said("desk", queues=list(self.queues.values()))

    # --- what the agent does -------------------------------------------------------------------------------------

    def accept(self, number: int) -> Record | None:
        offer = self.offers.pop(number, None)
        if offer is None:
            return None
        ref = offer["ref"]
        summary = self._summary(ref, offer["customer"]["id"], offer["customer"]["name"], offer["channel"])
        self.work[ref] = summary
        self.item(ref, "in", text=offer["first_words"], author=summary["customer"]["name"], quiet=True)
        self.item(ref, "accepted", author=ME["name"], quiet=True)
        self.said("desk", withdrawn=[{"offer": number, "ref": ref, "why": "accepted"}])
        self.changed(summary)
        return summary

    def write(self, ref: str, *, kind: str, text: str, client: str, **more: Any) -> int:
        """Write a reply or a note, once by its client id. What is empty is left out, as the API does."""
        if client not in self.clients:
            self.clients[client] = self.seq + 1
            status = "sent" if kind == "out" else ""
            said = {name: value for name, value in more.items() if value}
            who = {"author": ME["name"], "agent": ME["id"]}
            item = self.item(ref, kind, text=text, client=client, status=status, **who, **said)
            if kind == "out":
                last = {"text": text, "author": "agent:7", "at": item["at"]}
                self.work[ref] |= {"actor": "customer", "unread": 0, "due_ms": 0, "last": last}
                self.changed(self.work[ref])
        return self.clients[client]

    def unseen(self, ref: str, seen: int) -> bool:
        """Whether the customer said something above an item two seconds ago or earlier."""
        return any(
            each["seq"] > seen and each["kind"] == "in" and each["at"] < now_ms() - 2_000 for each in self.stories[ref]
        )

    def moves(self, ref: str, state: str, *, due_ms: int = 0, detail: str = "") -> None:
        """Change the state; what leaves the agent's work is gone from the desk."""
        summary = self.work[ref]
        summary |= {"state": state, "since_ms": now_ms(), "due_ms": due_ms}
        if state in {"wrap_up", "parked", "active"}:
            self.changed(summary)
        else:
            self.closed[ref] = self.work.pop(ref)
            self.said("desk", gone=[ref])
            self.changed()
        kind = {"waiting": "transferred"}.get(state, state)
        self.item(ref, kind, author=ME["name"], detail=detail, until_ms=due_ms)

    # --- records ---------------------------------------------------------------------------------------------------

    def item(self, ref: str, kind: str, *, quiet: bool = False, **more: Any) -> Record:
        self.seq += 1
        item = {"seq": self.seq, "at": now_ms(), "kind": kind, "message": self.seq, **more}
        self.stories.setdefault(ref, []).append(item)
        if not quiet:
            self.said("story", ref=ref, items=[item])
        return item

    def customer(self, number: int, name: str) -> None:
        self.customers[number] = {
            "id": number, "person": number, "name": name, "language": "en", "segment": "gold",
            "attributes": {"order": "20418"},
            "identities": [{"kind": "email", "value": "someone@example.com", "verified": "code"},
                           {"kind": "phone", "value": "+420 600 123 456", "verified": ""}],
            "since_ms": now_ms() - 900 * 86_400_000, "conversations": [],
        }  # fmt: skip

    def merged(self, number: int, other: int) -> int:
        """Somebody says that two customers are one person."""
        self.likely.pop(number, None)
        self.customers[number]["person"] = min(number, other)
        self.merges[number] = [
            {"id": 1, "one": number, "other": other, "why": "by_hand", "at": now_ms(), "by": {"id": 1, "name": "Ana"},
             "undone_ms": 0, "undone_by": None}
        ]  # fmt: skip
        return 1

    def detail(self, ref: str) -> Record | None:
        """Return the whole conversation."""
        summary = self.work.get(ref) or self.closed.get(ref)
        if summary is None:
            return None
        line = {"id": 1, "channel": summary["channel"], "current": True, "label": "someone@example.com"}
        return summary | {
            "lines": [line], "language": "en", "disposition": "", "version": 1, "gone": False, "failed": False,
            "wrap_up_until_ms": 0, "rule": "order help", "why": ["longest_idle"],
        }  # fmt: skip

    def desk(self) -> Record:
        work, offers = list(self.work.values()), list(self.offers.values())
        return {
            "position": self.seq, "now_ms": now_ms(), "me": self.agent,
            "work": work, "offers": offers, "queues": list(self.queues.values()),
        }  # fmt: skip

    def changed(self, *summaries: Record) -> None:
        """Tell of conversations, and of the agent, whose load follows from them."""
        if self.agent is not None:
            held = [each for each in self.work.values() if each["state"] != "parked"]
            parts = [
                {"ref": each["ref"], "load": LOADS.get(each["channel"], 25), "state": each["state"]} for each in held
            ]
            self.agent |= {"parts": parts, "used": sum(part["load"] for part in parts)}
        self.said("desk", me=self.agent, **({"work": list(summaries)} if summaries else {}))

    def said(self, kind: str, **parts: Any) -> None:
        self.seq += 1
        self.tell({"type": kind, "seq": self.seq, **parts})

    def _summary(self, ref: str, number: int, name: str, channel: str, *, queue: str = "orders") -> Record:
        at = now_ms()
        return {
            "ref": ref, "state": "active", "channel": channel, "live": channel == "chat", "queue": queue,
            "customer": {"id": number, "name": name}, "opened_ms": at - 60_000, "since_ms": at, "due_ms": at + 600_000,
            "actor": "agent", "owner": {"id": ME["id"], "name": ME["name"]}, "last": None, "unread": 0,
            "subject": "" if channel == "chat" else "Invoice 2026-1180",
        }  # fmt: skip


def _queue_line(name: str) -> Record:
    closed = name == "returns"
    return {
        "name": name, "label": LABELS[name], "open": not closed, "opens_ms": MONDAY_MS if closed else 0, "waiting": 0,
        "offered": 0, "oldest_ms": 0, "active": 0, "staffed": 0 if closed else 3, "free": 0 if closed else 1,
    }  # fmt: skip
