"""Compares a ledger with the database that a crash left, by SQL of its own. Nothing of ours is imported."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from tests.crash.floor_fold import FloorFold
from tests.crash.ledger import Ledger

MARK = re.compile(r"\b[a-z]+-mark-[0-9A-Za-z-]+-end\b")
# The journal's own numbers of two events: a customer's message in its conversation, and an agent's reply.
RECEIVED, SET_ASIDE, REPLIED = 10, 11, 30


# A copy taken longer before the blow was noted as sent long ago, even on a machine that is very busy.
UNDER_WAY_S_MAX = 5.0


@dataclass(slots=True)
class Left:
    """What is in the database: by mark, by message, by conversation."""

    messages: dict[str, list[tuple[int, str, int]]] = field(default_factory=lambda: defaultdict(list))
    letters: dict[int, list[tuple[str, int, str]]] = field(default_factory=lambda: defaultdict(list))
    told: Counter[tuple[str, int, int]] = field(default_factory=Counter)
    received: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    aside: Counter[int] = field(default_factory=Counter)
    replied: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    channels: dict[int, str] = field(default_factory=dict)
    waiting: set[int] = field(default_factory=set)
    conversations: dict[int, tuple[str, int]] = field(default_factory=dict)
    floor: FloorFold = field(default_factory=FloorFold)
    kept: dict[str, bytes | None] = field(default_factory=dict)


def read(path: Path) -> Left:
    """Read the whole database in one view of it."""
    left = Left()
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as conn:
        conn.execute("BEGIN")
        for number, direction, conv, channel, body in conn.execute(
            "SELECT id, direction, conv, channel, body FROM message"
        ):
            left.channels[number] = channel
            said = json.loads(body)
            for mark in set(MARK.findall(said.get("text", ""))):
                left.messages[mark].append((number, direction, conv))
                for file in json.loads(said.get("extra", {}).get("files", "[]")):
                    left.kept[mark] = _content(path.parent / "files", file["file"])
        for message, state, position, reason in conn.execute("SELECT message, state, position, reason FROM letter"):
            left.letters[message].append((state, position, reason))
        for kind, message, conv in conn.execute("SELECT kind, message, conv FROM timeline WHERE message <> 0"):
            left.told[(kind, message, conv)] += 1
        left.waiting = {row[0] for row in conn.execute("SELECT message FROM outbox WHERE state = 'waiting'")}
        left.conversations = {row[0]: row[1:] for row in conn.execute("SELECT conv, state, owner FROM conversation")}
        for first, count, epoch, entries in conn.execute(
            "SELECT first, count, epoch, entries FROM journal ORDER BY first"
        ):
            decided = msgspec.msgpack.decode(entries)
            left.floor.row(first, count, epoch=epoch, entries=decided)
            _fold(left, decided)
    conn.close()
    return left


def _content(folder: Path, name: str) -> bytes | None:
    """Return a kept file's content, None where there is none of that name."""
    found = [path for path in folder.rglob(name) if path.is_file()] if name else []
    return found[0].read_bytes() if found else None


def _fold(left: Left, entries: list[Any]) -> None:
    for _, _, events in entries:
        for event in events:
            if event[0] == RECEIVED:
                left.received[event[2]].append(event[1])
            elif event[0] == SET_ASIDE:
                left.aside[event[1]] += 1
            elif event[0] == REPLIED:
                left.replied[event[3]].append(event[1])


def faults(ledger: Ledger, left: Left) -> list[str]:
    """Return every broken promise as a sentence; empty when all were kept."""
    found = list(ledger.faults)
    for mark in sorted(ledger.said):
        found += [f"{mark}: {fault}" for fault in _said(left, mark)]
    for mark in sorted(ledger.answered):
        found += [f"{mark}: {fault}" for fault in _answered(left, mark)]
    found += _files(ledger, left)
    found += _never_said_twice(left)
    found += left.floor.found + _rows(left)
    return found + _mails(ledger, left)


def _said(left: Left, mark: str) -> list[str]:
    """An acknowledged message is there once, its letter is settled, and it is in one conversation or set aside."""
    rows = left.messages.get(mark, [])
    if len(rows) != 1:
        return [f"{len(rows)} messages where one was acknowledged"]
    message, direction, conv = rows[0]
    letters, convs = left.letters.get(message, []), left.received.get(message, [])
    checks: list[tuple[bool, Callable[[], str]]] = [
        (direction == "in", lambda: f"kept as {direction}"),
        (len(letters) == 1, lambda: f"{len(letters)} letters"),
        (all(state == "settled" for state, _, _ in letters), lambda: f"its letter is {letters}"),
        (len(convs) + left.aside[message] == 1, lambda: f"decided {len(convs) + left.aside[message]} times"),
        (not convs or convs == [conv], lambda: f"journalled in {convs}, shown in {conv}"),
        (not convs or conv in left.conversations, lambda: "its conversation is gone"),
        (not convs or left.told[("Received", message, conv)] == 1, lambda: "not once in the story"),
    ]
    return [say() for kept, say in checks if not kept]


def _files(ledger: Ledger, left: Left) -> list[str]:
    """What came with a message is there, whole, wherever a row names it."""
    return [
        f"{mark}: its file is {'not there' if left.kept.get(mark) is None else 'another'}"
        for mark, content in sorted(ledger.files.items())
        if mark in ledger.said and left.kept.get(mark) != content
    ]


def _rows(left: Left) -> list[str]:
    """Each conversation's row is what the journal says."""
    gone = {"parked", "closed", "abandoned"}
    return [
        f"conversation {number} is {conv.state} at agent {conv.owner or conv.held_for} in the journal, {row} in its row"
        for number, conv in left.floor.convs.items()
        if (row := left.conversations.get(number)) is not None
        and (row[0] != conv.state or (conv.state not in gone and row[1] != (conv.owner or conv.held_for)))
    ]


def _answered(left: Left, mark: str) -> list[str]:
    """An acknowledged reply was said once. One that was written and never said may lie beside it, unseen."""
    said = [(message, conv) for message, _, conv in left.messages.get(mark, []) if conv]
    if len(said) != 1:
        return [f"{len(said)} replies where one was acknowledged"]
    message, conv = said[0]
    if left.replied.get(message, []) != [conv]:
        return [f"journalled in {left.replied.get(message, [])}, shown in {conv}"]
    return [] if left.told[("Replied", message, conv)] == 1 else ["not once in the story"]


def _never_said_twice(left: Left) -> list[str]:
    """What nobody heard yes for may be there or not, but never twice."""
    twice = [mark for mark, rows in left.messages.items() if sum(1 for _, _, conv in rows if conv) > 1]
    many = [number for number, convs in (left.received | left.replied).items() if len(convs) > 1]
    return [f"{mark}: said twice" for mark in twice] + [f"message {number}: journalled twice" for number in many]


def _mails(ledger: Ledger, left: Left) -> list[str]:
    """A reply by mail has left under one name, again only where a blow fell on it, or its row still waits."""
    found = [f"mail {name}: {fault}" for name, copies in ledger.mails.items() for fault in _copies(ledger, copies)]
    names: dict[str, set[str]] = defaultdict(set)
    for name, marks in ledger.carried.items():
        for mark in marks:
            names[mark].add(name)
    found += [f"{mark}: left under {len(ids)} names" for mark, ids in names.items() if len(ids) > 1]
    for mark in ledger.answered - names.keys():
        for message, _, conv in left.messages.get(mark, []):
            if conv and left.channels[message] == "email" and message not in left.waiting:
                found.append(f"{mark}: neither left nor waiting")
    return found


def _copies(ledger: Ledger, copies: list[tuple[int, float]]) -> list[str]:
    """A second copy leaves only in a later life, and only when the one before was taken right before the blow."""
    found = []
    for (life, at_s), (next_life, _) in pairwise(copies):
        if next_life == life:
            found.append(f"left twice in life {life}")
        elif ledger.ends[life] - at_s > UNDER_WAY_S_MAX:
            found.append(f"left again, though it was taken {ledger.ends[life] - at_s:.1f} s before the blow")
    return found


def repeated_mails(ledger: Ledger) -> int:
    """Return how many copies came on top: a blow fell between the relay's yes and our note of it."""
    return sum(len(copies) - 1 for copies in ledger.mails.values())


def taken_after_the_blow(ledger: Ledger) -> list[float]:
    """Return, in seconds, how long after its sender's end the relay took each mail that lay in a buffer then."""
    taken = (
        at_s - ledger.ends[life] for copies in ledger.mails.values() for life, at_s in copies if life in ledger.ends
    )
    return [late_s for late_s in taken if late_s > 0]
