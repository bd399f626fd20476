"""The decisions about one conversation, as they were journalled, with their reasons. No words and no names of people.

Nothing is searched for: the timeline has the positions of a conversation's events, and the journal is read at those.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from router.core import events as ev
from router.store.port import Store, TimelineRow

NEWEST = (1 << 63) - 1
# Messages are read in the thread; these are about what was said, not about what was decided.
UNTOLD = frozenset({"Noted", "Replied", "DeliveryReported"})
# Steps whose detail is the queue where it is from then on.
_TO_QUEUE = frozenset({"Diverted", "Queued", "Deferred", "Overflowed", "Announced"})


class Decided(NamedTuple):
    """One decision: `kind` is the event's name, `why` are reason codes, `version` the configuration that held."""

    seq: int
    at: int
    kind: str
    agent: int
    to_agent: int
    queue: str
    rule: str
    why: tuple[str, ...]
    among: int
    until_ms: int
    detail: str
    version: str


async def decisions(
    store: Store, site: str, conv: int, *, before: int = NEWEST, limit: int
) -> tuple[list[Decided], bool]:
    """Return a page of what was decided before a position, oldest first, and whether there is more before it.

    At most `limit`, and at least one if there is any: what nobody decided is passed over.
    """
    rows, more = await _page(store, site, conv, before, limit)
    while more and not rows.told:
        rows, more = await _page(store, site, conv, rows.first, limit)
    events = await _events(store, site, conv, [each.position for each in rows.told])
    versions = await store.journal.bundles(site)
    return [_decided(row, events.get(row.position), versions) for row in rows.told], more


class _Rows(NamedTuple):
    """Rows of a timeline that tell a decision, and the position of the first of all that were looked at."""

    told: list[TimelineRow]
    first: int


async def _page(store: Store, site: str, conv: int, before: int, limit: int) -> tuple[_Rows, bool]:
    story = await store.archive.story(site, conv, before=before, limit=limit + 1)
    page = [each.row for each in story[-limit:]]
    told = [row for row in page if row.kind not in UNTOLD]
    return _Rows(told, page[0].position if page else 0), len(story) > limit


async def _events(store: Store, site: str, conv: int, positions: Sequence[int]) -> dict[int, Any]:
    """Return a conversation's events at these positions. Each batch of the journal is read once."""
    found: dict[int, Any] = {}
    read_until = 0
    for position in sorted(positions):
        if position <= read_until:
            continue
        async for batch in store.journal.read(site, position - 1, position):
            at = batch.first
            for entry in ev.decode_entries(batch.entries):
                for event in entry.events:
                    if getattr(event, "conv", 0) == conv:
                        found[at] = event
                    at += 1
            read_until = at - 1
    return found


def _decided(row: TimelineRow, event: Any, versions: Sequence[tuple[str, int]]) -> Decided:
    why = getattr(event, "why", "")
    return Decided(
        seq=row.position,
        at=row.at,
        kind=row.kind,
        agent=row.agent,
        to_agent=event.to_agent if isinstance(event, ev.Transferred) else 0,
        queue=_queue_of(row),
        rule=getattr(event, "rule", ""),
        why=tuple(each for each in ((why,) if isinstance(why, str) else why) if each),
        among=getattr(event, "among", 0),
        until_ms=row.until_ms,
        detail=row.detail,
        version=next((name for name, kept_ms in versions if kept_ms <= row.at), "")[:12],
    )


def _queue_of(row: TimelineRow) -> str:
    to_queue = row.kind in _TO_QUEUE or (row.kind == "Transferred" and not row.detail.startswith("agent:"))
    return row.detail if to_queue else ""
