"""Names and last words of conversations for lists: read from the archive in batches, kept, and made stale by events.

Personal data: what is kept here never reaches a log, and is bounded in number and length.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from dashboard.surroundings import Surroundings
from router.core import events as ev
from router.store.filerows import files_of
from router.store.port import Body, MessageRow, Story

# What a card shows of a text; the rest is in the story.
WORDS_CHARS_MAX = 160
# Some 1 kB each: the open work of a large floor, and no more than 20 MB.
KEPT_MAX = 20_000
# How far back unread messages are counted and a subject is looked for.
STORY_ROWS = 60
# Stories read at the same time, so that one desk's start does not take all the store's readers.
STORIES_AT_ONCE = 4
# So long may a name that was erased elsewhere be shown here; each look is one short reading.
ERASURES_HEARD_MS = 30_000
# What nodes tell each other and no desk: who is who has changed, somebody was erased.
MERGED, ERASED = "merged", "erased"
# Above every position: the newest rows of a story.
NEWEST = 2**62


@dataclass(slots=True)
class Told:
    """What lists say of a conversation. `whole`: unread and subject were looked up in its story."""

    customer: int
    name: str = ""
    text: str = ""
    author: str = ""
    at: int = 0
    subject: str = ""
    unread: int = 0
    whole: bool = False
    heard: int = 1
    fresh: int = 0

    @property
    def stale(self) -> bool:
        """Whether something was said after the last reading began."""
        return self.fresh != self.heard


def shortened(text: str) -> str:
    """Return a text as one line of a card."""
    line = " ".join(text[: 4 * WORDS_CHARS_MAX].split())
    return line if len(line) <= WORDS_CHARS_MAX else line[: WORDS_CHARS_MAX - 1] + "…"


class Words:
    """A bounded cache in front of the archive."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._out = surroundings
        self._told: OrderedDict[int, Told] = OrderedDict()
        self._heard_ms = surroundings.now_ms()
        self._stories = asyncio.Semaphore(STORIES_AT_ONCE)

    async def of(self, convs: Iterable[tuple[int, int]], *, whole: bool = False) -> dict[int, Told]:
        """Return what is told of (conversation, customer) pairs; three queries at most, unless `whole` is new."""
        await self._hear_of_erasures()
        asked = dict(convs)
        found = {conv: self._entry(conv, customer) for conv, customer in asked.items()}
        stale = [conv for conv, told in found.items() if told.stale]
        if stale:
            await self._freshen({conv: found[conv] for conv in stale})
        if whole:
            lacking = [(conv, told) for conv, told in found.items() if not told.whole]
            await asyncio.gather(*(self._read_story(conv, told) for conv, told in lacking))
        return found

    def _entry(self, conv: int, customer: int) -> Told:
        told = self._told.get(conv)
        if told is None or told.customer != customer:
            told = self._told[conv] = Told(customer)
        self._told.move_to_end(conv)
        while len(self._told) > KEPT_MAX:
            self._told.popitem(last=False)
        return told

    async def _freshen(self, stale: dict[int, Told]) -> None:
        site, archive = self._out.floor.site, self._out.store.archive
        began = {conv: told.heard for conv, told in stale.items()}
        newest = await archive.last_words(site, list(stale))
        nameless = {told.customer for told in stale.values() if not told.name}
        names = {row.id: row.name for row in await archive.customers(site, sorted(nameless))} if nameless else {}
        for conv, told in stale.items():
            told.name = told.name or names.get(told.customer, "")
            told.fresh = began[conv]
            if conv in newest:
                _say(told, newest[conv])

    async def _read_story(self, conv: int, told: Told) -> None:
        async with self._stories:
            story = await self._out.store.archive.story(self._out.floor.site, conv, before=NEWEST, limit=STORY_ROWS)
        told.whole, told.unread = True, unread(story)
        subjects = [each.message.body.subject for each in story if each.message and each.message.body.subject]
        told.subject = subjects[0] if subjects else told.subject

    def hear(self, entries: Sequence[ev.Entry]) -> None:
        """Follow a commit: what was said since makes the last words stale and the unread count grow."""
        for entry in entries:
            for event in entry.events:
                if isinstance(event, (ev.Received, ev.Replied)):
                    self._heard(event)

    def _heard(self, event: ev.Received | ev.Replied) -> None:
        told = self._told.get(event.conv)
        if told is None:
            return
        told.heard += 1
        if isinstance(event, ev.Replied):
            told.unread = 0
        elif not event.quiet:
            told.unread += 1

    def rename(self) -> None:
        """Who is who has changed: every name is read again."""
        for told in self._told.values():
            told.name, told.heard = "", told.heard + 1

    def forget(self, customers: Collection[int]) -> None:
        """Forget what was kept of customers who are erased."""
        gone = [conv for conv, told in self._told.items() if told.customer in customers]
        for conv in gone:
            del self._told[conv]

    def expect_erasures(self) -> None:
        """Another node says that it has erased somebody: whom is looked up before anything is told again."""
        self._heard_ms = min(self._heard_ms, self._out.now_ms() - ERASURES_HEARD_MS)

    async def _hear_of_erasures(self) -> None:
        """Another node or the command line may have erased somebody: their names go from this memory as well."""
        now_ms = self._out.now_ms()
        if now_ms < self._heard_ms + ERASURES_HEARD_MS:
            return
        since_ms, self._heard_ms = self._heard_ms - ERASURES_HEARD_MS, now_ms
        found = await self._out.store.care.erasures(self._out.floor.site, since_ms=since_ms, limit=KEPT_MAX)
        self.forget({customer for erasure in found for customer in erasure.customers})

    def seen(self, conv: int) -> bool:
        """The owner looks at it; return whether anything had been unread."""
        told = self._told.get(conv)
        if told is None or not told.unread:
            return False
        told.unread, told.whole = 0, True
        return True


def _say(told: Told, message: MessageRow) -> None:
    body = message.body
    told.text, told.author, told.at = (
        shortened(body.text or body.subject or _first_file(body)),
        body.author,
        body.created_ms,
    )
    told.subject = told.subject or shortened(body.subject)
    if not told.whole and body.direction == "in":
        told.unread = max(told.unread, 1)


def _first_file(body: Body) -> str:
    return next((file.name for file in files_of(body)), "")


def unread(story: Sequence[Story]) -> int:
    """Count the customer's messages since the last reply."""
    count = 0
    for each in story:
        if each.row.kind == "Received" and each.row.detail != "quiet":
            count += 1
        elif each.row.kind == "Replied":
            count = 0
    return count
