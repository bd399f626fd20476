"""What a customer sees on a line, live: followers of lines, fed from the archive when a commit touches their line."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from channels.contract import LineFile, LineItem, LineRef
from router.bus.port import Committed
from router.core import events as ev
from router.core.record import decode_record
from router.core.state import State
from router.floor.floor import Floor
from router.outbox.signs import Signs
from router.outbox.wording import notice_text
from router.store.filerows import KEPT, files_of
from router.store.port import Body, Store, StoreError, Story
from router.telemetry import Telemetry, error_code

# What one socket may be behind; a slower one resumes from the archive.
ITEMS_MAX = 500
BATCHES_BEHIND_MAX = 10_000
READ_MAX = 200
AGAIN_S = 0.5
# The states a customer is told, by the event that brings them. For a customer it is over when the agent has ended it:
# the wrap-up is between us. A state may be told twice.
STATES: dict[str, str] = {
    "Queued": "waiting",
    "Deferred": "deferred",
    "Accepted": "active",
    "Assigned": "active",
    "Parked": "parked",
    "WrapUpStarted": "closed",
    "Closed": "closed",
    "Abandoned": "abandoned",
}
TYPING, QUIET = "typing", "quiet"


class LineFollow:
    """One follower of one line. Bounded: `overrun` asks for a resume."""

    def __init__(self, line: LineRef, leave: Callable[[LineFollow], None]) -> None:
        self.line = line
        self.line_id = 0
        self.overrun = False
        self.end_signs: Callable[[], None] | None = None
        self._leave = leave
        self._items: deque[LineItem] = deque()
        self._news = asyncio.Event()
        self._ended = False

    def __aiter__(self) -> LineFollow:
        return self

    async def __anext__(self) -> LineItem:
        while not self._items:
            if self._ended:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._items.popleft()

    def give(self, items: Iterable[LineItem]) -> None:
        """Take items, or overrun: then it is emptied and ends."""
        for item in items:
            if len(self._items) >= ITEMS_MAX:
                self.drop()
                return
            self._items.append(item)
        self._news.set()

    def drop(self) -> None:
        """Overrun: what was not read yet is found in the archive."""
        self._items.clear()
        self.overrun = True
        self.close()

    def sign(self, on: bool) -> None:
        """Pass on that an agent is typing. It has no place on the line, so its number is 0."""
        self.give([LineItem(seq=0, kind="status", at=0, state=TYPING if on else QUIET)])

    def close(self) -> None:
        """Follow no longer."""
        self._ended = True
        if self.end_signs is not None:
            self.end_signs()
            self.end_signs = None
        self._leave(self)
        self._news.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class HubParts:
    """What the hub receives from the composition root."""

    floor: Floor
    store: Store
    signs: Signs
    reference: Callable[[int], str]
    telemetry: Telemetry


class LineHub:
    """One floor's followed lines: one listener for all of them, one reading per touched line."""

    def __init__(self, parts: HubParts) -> None:
        self._floor = parts.floor
        self._site = parts.floor.site
        self._store = parts.store
        self._signs = parts.signs
        self._reference = parts.reference
        self._count = parts.telemetry
        self._new: dict[LineFollow, None] = {}
        self._by_line: defaultdict[int, list[LineFollow]] = defaultdict(list)
        self._seen: dict[int, int] = {}
        self._lines_of: dict[int, int] = {}
        self._convs_on: defaultdict[int, set[int]] = defaultdict(set)

    def follow(self, line: LineRef) -> LineFollow:
        """Follow a line from now on, known or not yet."""
        follow = LineFollow(line, self._left)
        self._enter(follow, self._floor.lines.known(line.channel, line.key))
        return follow

    def close(self) -> None:
        """End every follower: the node stops."""
        for follow in [*self._new, *(follow for follows in self._by_line.values() for follow in follows)]:
            follow.close()

    async def run(self) -> None:
        """Feed followers until cancelled."""
        while True:
            follower = self._floor.follow(BATCHES_BEHIND_MAX)
            try:
                async for committed in follower:
                    await self._committed(committed)
            except StoreError as error:
                self._count.warning("task_failed", task="hub", error=error_code(error))
            finally:
                follower.close()
            self._drop_all()
            await asyncio.sleep(AGAIN_S)

    async def items(self, line: int, *, after: int, limit: int) -> list[LineItem]:
        """Return what the customer may see on a line above a number."""
        stories = await self._store.archive.on_line(self._site, line, after=after, limit=limit)
        return [item for story in stories if (item := await self._item(story)) is not None]

    # --- feeding ------------------------------------------------------------------------------------------------

    def _enter(self, follow: LineFollow, line: int) -> None:
        if not line:
            self._new[follow] = None
            return
        follow.line_id = line
        follow.end_signs = self._signs.hold(line, follow.sign)
        if line not in self._by_line:
            self._seen[line] = self._floor.position
            conv = self._floor.state.lines.get(line)
            if conv:
                self._note(conv, line)
        self._by_line[line].append(follow)

    def _left(self, follow: LineFollow) -> None:
        self._new.pop(follow, None)
        follows = self._by_line.get(follow.line_id, [])
        if follow in follows:
            follows.remove(follow)
        if follow.line_id and not follows:
            self._by_line.pop(follow.line_id, None)
            self._seen.pop(follow.line_id, None)
            # Thousands leave at once when a node stops: nobody looks through the others.
            for conv in tuple(self._convs_on.get(follow.line_id, ())):
                self._forget(conv)

    def _note(self, conv: int, line: int) -> None:
        self._forget(conv)
        self._lines_of[conv] = line
        self._convs_on[line].add(conv)

    def _forget(self, conv: int) -> None:
        line = self._lines_of.pop(conv, 0)
        if line:
            self._convs_on[line].discard(conv)
            if not self._convs_on[line]:
                del self._convs_on[line]

    async def _committed(self, committed: Committed) -> None:
        await self._find_new(committed)
        touched = {line for entry in committed.entries for event in entry.events for line in self._touches(event)}
        for line in sorted(touched):
            await self._feed(line, committed)

    async def _find_new(self, committed: Committed) -> None:
        """Lines that were met since, here or at another node: from this commit on they are known."""
        if not self._new:
            return
        await self._floor.lines.channels_of(
            {getattr(event, "line", 0) for entry in committed.entries for event in entry.events} - {0}
        )
        for follow in tuple(self._new):
            line = self._floor.lines.known(follow.line.channel, follow.line.key)
            if line and follow in self._new:
                del self._new[follow]
                self._enter(follow, line)
                self._seen[line] = min(self._seen[line], committed.first - 1)

    def _touches(self, event: Any) -> list[int]:
        line, conv = getattr(event, "line", 0), getattr(event, "conv", 0)
        if isinstance(event, ev.Returned):
            line = event.record.line
        if line in self._by_line:
            self._note(conv, line)
        known = self._lines_of.get(conv, 0)
        if isinstance(event, (ev.Parked, ev.Closed, ev.Abandoned)):
            self._forget(conv)
        return [each for each in {line, known} if each in self._by_line]

    async def _feed(self, line: int, committed: Committed) -> None:
        after = self._seen.get(line, committed.first - 1)
        items = await self.items(line, after=after, limit=READ_MAX)
        follows = tuple(self._by_line.get(line, ()))
        if len(items) >= READ_MAX:
            for follow in follows:
                follow.drop()
            return
        if line in self._by_line:
            self._seen[line] = max([self._seen[line], committed.last, *(item.seq for item in items)])
        for follow in follows:
            follow.give(items)

    def _drop_all(self) -> None:
        for follow in [follow for follows in tuple(self._by_line.values()) for follow in follows]:
            follow.drop()

    # --- one item -------------------------------------------------------------------------------------------------

    async def _item(self, story: Story) -> LineItem | None:
        row, message = story.row, story.message
        if row.kind == "Announced":
            return LineItem(
                seq=row.position,
                kind="notice",
                at=row.at,
                notice=row.notice,
                until_ms=row.until_ms,
                text=await self._notice(story),
            )
        if row.kind in STATES:
            author = await self._name(row.agent) if STATES[row.kind] == "active" else ""
            return LineItem(
                seq=row.position,
                kind="status",
                at=row.at,
                state=STATES[row.kind],
                author=author,
                until_ms=row.until_ms if row.kind == "Deferred" else 0,
            )
        if message is None or message.body.direction == "note":
            return None
        inbound = message.body.direction == "in"
        return LineItem(
            seq=row.position,
            kind="in" if inbound else "out",
            at=row.at,
            message=message.id,
            text=message.body.text,
            author="" if inbound else await self._name(row.agent),
            client=(message.body.extra.get("client") or message.body.provider) if inbound else "",
            files=_kept(message.body),
        )

    async def _name(self, agent: int) -> str:
        account = await self._store.accounts.by_id(self._site, agent) if agent else None
        return account.name if account else ""

    async def _notice(self, story: Story) -> str:
        bundle = self._floor.bundle
        if bundle is None:
            return ""
        row = story.row
        language = await language_of(row.conv, self._floor.state, self._store, site=self._site)
        reference = self._reference(row.conv)
        return notice_text(bundle, row.notice, language, until_ms=row.until_ms, queue=row.detail, reference=reference)


def _kept(body: Body) -> tuple[LineFile, ...]:
    return tuple(
        LineFile(number=number, name=file.name, media_type=file.media_type, size_bytes=file.size_bytes)
        for number, file in enumerate(files_of(body))
        if file.state == KEPT
    )


async def language_of(conv: int, state: State, store: Store, *, site: str) -> str:
    """Return the language of a conversation, inside the core or out of it."""
    inside = state.convs.get(conv)
    if inside is not None:
        return state.facts.by_number[inside.facts].language
    data = await store.archive.record(site, conv)
    return decode_record(data).facts.language if data else ""
