"""Journals written by hand, with the rows that belong to them, for `verify`'s tests. No test lives here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from router.core import events as ev
from router.core.facts import Facts
from router.core.record import Record
from router.store.port import ConversationRow, JournalRow, Letter, TimelineRow
from router.verify import Finding, Report, verify

SITE = "main"
START_MS = 1_000_000
CHAT_NEEDS = (("channel:chat", 1),)


def record(conv: int = 1, state: str = "closed", **given: Any) -> Record:
    plain = {
        "version": 1,
        "customer": 1,
        "line": 1,
        "channel": "chat",
        "queue": "general",
        "needs": CHAT_NEEDS,
        "load": 25,
        "key_ms": START_MS,
        "opened_ms": START_MS,
        "owner": 7,
        "facts": Facts(channel="chat"),
        "left_ms": START_MS,
    }
    return Record(conv=conv, state=state, **{**plain, **given})


@dataclass
class Scene:
    """A journal that grows entry by entry, and the store's rows beside it, which tests then spoil."""

    at: int = START_MS
    rows: list[JournalRow] = field(default_factory=list)
    told: list[TimelineRow] = field(default_factory=list)
    archive: dict[int, tuple[int, int]] = field(default_factory=dict)
    lines: dict[int, str] = field(default_factory=lambda: {1: "chat", 2: "email"})
    convs: dict[int, ConversationRow] = field(default_factory=dict)
    box: list[tuple[Letter, str]] = field(default_factory=list)
    outbox: list[tuple[int, int]] = field(default_factory=list)
    latest: int | None = None
    end: int = 0
    epoch: int = 1

    # --- writing ------------------------------------------------------------------------------------------

    def do(self, *events: Any, after_ms: int = 0) -> int:
        """One decision, some time after the last one; return the position of its first event."""
        self.at += after_ms
        first = self.end + 1
        for position, event in enumerate(events, first):
            self._tell(position, event)
        entries = ev.encode_entries([ev.Entry(self.at, f"c{first}", tuple(events))])
        row = JournalRow(first=first, count=len(events), at=self.at, epoch=self.epoch, entries=entries)
        self.rows.append(row)
        self.end += len(events)
        return first

    def _tell(self, position: int, event: Any) -> None:
        conv, line = getattr(event, "conv", 0), getattr(event, "line", 0)
        message = getattr(event, "message", 0)
        if isinstance(event, (ev.Received, ev.Replied, ev.Noted, ev.Announced)):
            kind = type(event).__name__
            self.told.append(
                TimelineRow(position=position, conv=conv, line=line, kind=kind, at=self.at, message=message)
            )
        if isinstance(event, (ev.Received, ev.Replied, ev.Noted)):
            self.archive[message] = (conv, line)
        if isinstance(event, ev.MessageSetAside):
            self.archive[message] = (0, 0)

    def shown(self, conv: int, state: str, *, owner: int = 0, queue: str = "general") -> None:
        """Write the conversation's row as it should be at the end."""
        self.convs[conv] = ConversationRow(
            conv=conv,
            reference=f"R{conv}",
            customer=1,
            line=1,
            channel="chat",
            state=state,
            queue=queue,
            owner=owner,
            opened_ms=START_MS,
            changed_ms=self.at,
        )

    def letter(self, number: int, state: str = "settled", *, message: int, position: int = 1, reason: str = "") -> None:
        letter = Letter(
            id=number,
            channel="chat",
            received_ms=START_MS,
            message=message,
            state=state,
            attempts=0,
            position=position,
            signal=b"",
        )
        self.box.append((letter, reason))

    # --- what happens often -----------------------------------------------------------------------------------

    def begin(self) -> None:
        """A leader, an open queue with one class, agent 7 with room for two chats."""
        self.do(ev.LeadTaken(1, 0, "0.1.0", 0))
        self.do(ev.QueueOpened("general", self.at + 3_600_000))
        self.do(ev.FactsCoded(1, Facts(channel="chat")), ev.ClassFormed(1, "general", "chat", CHAT_NEEDS, 25, True))
        self.sign_in(7)

    def sign_in(self, agent: int, *, capacity: int = 50) -> None:
        self.do(
            ev.SignedIn(agent, CHAT_NEEDS, capacity, "available"),
            ev.PresenceSet(agent, "available", True, "signed_in"),
        )

    def arrive(self, conv: int, *more: Any, after_ms: int = 0, **given: Any) -> int:
        """A chat message opens a conversation, is routed and queued."""
        self.at += after_ms
        message = given.get("message", conv * 100)
        key_ms = given.get("key_ms", self.at)
        return self.do(
            ev.Received(conv, message, 1, 1, 1, self.at, True, False),
            ev.Routed(conv, 1, "rest", key_ms),
            ev.Queued(conv, self.at + 3_600_000, "arrived"),
            *more,
        )

    def offer(self, conv: int, number: int, *, agent: int = 7, ms: int = 20_000, after_ms: int = 0) -> ev.Offered:
        return ev.Offered(conv, agent, number, self.at + after_ms + ms, ("longest_idle",), 1)

    def accept(self, conv: int, number: int, *, agent: int = 7) -> ev.Accepted:
        return ev.Accepted(conv, agent, number, self.at + 600_000)

    # --- the port of evidence ---------------------------------------------------------------------------------

    def journal(self, site: str) -> Iterator[JournalRow]:
        assert site == SITE
        return iter(self.rows)

    def timeline(self, site: str, *, first: int, last: int) -> list[TimelineRow]:
        assert site == SITE
        return [row for row in self.told if first <= row.position <= last]

    def messages(self, site: str, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
        assert site == SITE
        return {number: self.archive[number] for number in ids if number in self.archive}

    def channels(self, site: str, lines: Sequence[int]) -> dict[int, str]:
        assert site == SITE
        return {line: self.lines[line] for line in lines if line in self.lines}

    def conversations(self, site: str) -> Iterator[ConversationRow]:
        assert site == SITE
        return iter(self.convs.values())

    def letters(self, site: str) -> Iterator[tuple[Letter, str]]:
        assert site == SITE
        return iter(self.box)

    def effects(self, site: str) -> Iterator[tuple[int, int]]:
        assert site == SITE
        return iter(self.outbox)

    def snapshot(self, site: str) -> int | None:
        assert site == SITE
        return self.latest

    def close(self) -> None:
        self.rows.clear()

    # --- asking -----------------------------------------------------------------------------------------------

    def report(self, **given: Any) -> Report:
        return verify(self, SITE, **given)

    def findings(self, **given: Any) -> list[Finding]:
        return self.report(**given).findings

    def names(self, **given: Any) -> list[str]:
        """The names of what was found, rows that no test has written left out."""
        return [finding.name for finding in self.findings(**given) if finding.name != "row_missing"]
