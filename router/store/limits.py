"""What every store holds to besides the port: limits, and the names of what is kept. No SQL, no rows."""

from __future__ import annotations

from collections.abc import Iterator

DAY_MS = 24 * 60 * 60 * 1_000

DEDUPE_DAYS = 35
"""Longer than any provider sends again; mail servers give up after five days, cursors are reset by months."""

PRUNE_ROWS = 1_000
"""Looked at in one transaction while old hashes are thrown away, so that nobody waits for it."""

CHUNK_BYTES = 1024 * 1024
"""One piece is one short transaction; the last one makes the snapshot exist."""

NEWEST_KEPT = 3
"""Besides one of each day: if the newest turns out unreadable, there is one before it."""

EARLIEST_MS = 1
"""`next_due_ms` says 0 for nothing, so no effect is due at 0."""

VISIBLE_ON_LINE = (
    "Received",
    "Replied",
    "Announced",
    "Accepted",
    "Assigned",
    "Queued",
    "Deferred",
    "WrapUpStarted",
    "Closed",
    "Abandoned",
    "Parked",
)
"""The kinds of timeline row a customer may see: what was said to or by them, and how their request stands."""

LINES_MAX = 20
"""A person has a handful of lines; a mailing list that writes in its customers' names has thousands."""

LINE_MARK = "line"

ALIKE_ROWS_MAX = 500
"""A hint that hundreds share (a switchboard's number, the name of many) says little: no more of them is looked at."""

APART = "apart"

MERGES_MAX = 200
"""What a page about one person shows of who made them one; somebody who merges and parts all day is seen anyway."""

ENDED = ("closed", "abandoned")

OPEN_SHOWN_MAX = 20
"""Of open conversations so many are named: whoever closes those may ask again."""


def cut(state: bytes) -> Iterator[bytes]:
    """Cut a state into pieces, one when it is asked for."""
    for start in range(0, len(state), CHUNK_BYTES):
        yield state[start : start + CHUNK_BYTES]
