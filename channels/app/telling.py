"""What an app is told beside answers: that its message is kept, what it missed, what happens now. Decides nothing."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import suppress

from channels.app import frames
from channels.app.publishing import Publisher
from channels.contract import Door, EffectFailed, LetterboxClosed, LineItem, LineRef
from channels.frames import write

# What was missed is read and told in pages; who missed more asks again with the number that `resumed` gave.
PAGE_ITEMS, REPLAY_ITEMS_MAX = 100, 1_000
# Replays at once: each reads the archive. The others wait in order.
REPLAYS_AT_ONCE = 8
REPLAYS_MAX = 5_000
# Lines whose signs are passed on; beyond it the one heard of longest ago is told answers only.
WATCHED_MAX = 2_000
# A word of the moment is worth nothing later: the broker drops it for who is away.
TYPING_EXPIRES_S, WORD_EXPIRES_S, MISSED_EXPIRES_S = 10, 60, 600
LINE_KINDS = frozenset({"in", "status"})


class Teller:
    """Tells apps. What cannot be told now is not told again by itself: the app asks."""

    def __init__(self, door: Door, publisher: Publisher, prefix: str) -> None:
        self._door = door
        self._publisher = publisher
        self._prefix = prefix
        self._replays: dict[str, asyncio.Task[None]] = {}
        self._watched: OrderedDict[str, asyncio.Task[None]] = OrderedDict()
        self._places = asyncio.Semaphore(REPLAYS_AT_ONCE)

    async def tell(self, customer: str, *payloads: bytes, expires_s: int = WORD_EXPIRES_S) -> bool:
        """Publish to a customer; False where that was not possible."""
        try:
            await self._publisher.say(frames.topic(self._prefix, customer, frames.OUT), *payloads, expires_s=expires_s)
        except EffectFailed:
            return False
        return True

    async def close(self) -> None:
        """End what is under way."""
        tasks = [*self._replays.values(), *self._watched.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- what was missed ----------------------------------------------------------------------------------------------

    def replay(self, customer: str, since: int) -> None:
        """Tell a customer what happened on their line after a number. A newer wish replaces an older one."""
        earlier = self._replays.pop(customer, None)
        if earlier is not None:
            earlier.cancel()
        if len(self._replays) < REPLAYS_MAX:
            self._replays[customer] = asyncio.create_task(self._replay(customer, since))
            self._replays[customer].add_done_callback(lambda task: self._over(self._replays, customer, task))

    async def _replay(self, customer: str, since: int) -> None:
        """While the archive is away nobody is told; the app asks again."""
        with suppress(LetterboxClosed):
            async with self._places:
                await self._missed(customer, since)

    async def _missed(self, customer: str, since: int) -> None:
        line = frames.line_of(customer)
        if since and not await self._knows(line, since):
            await self.tell(customer, write("reset"), expires_s=MISSED_EXPIRES_S)
            since = 0
        told, more = 0, True
        while more and told < REPLAY_ITEMS_MAX:
            items = await self._door.line_items(line, after=since, limit=PAGE_ITEMS)
            if items and not await self.tell(customer, *map(frames.of_item, items), expires_s=MISSED_EXPIRES_S):
                return
            told, more = told + len(items), len(items) == PAGE_ITEMS
            since = items[-1].seq if items else since
        await self.tell(customer, write("resumed", seq=since, more=more), expires_s=MISSED_EXPIRES_S)

    async def _knows(self, line: LineRef, seq: int) -> bool:
        """Return whether a number is of this line; after a restore from back-up it may be of a time that was lost."""
        items = await self._door.line_items(line, after=seq - 1, limit=1)
        return bool(items) and items[0].seq == seq

    # --- what happens now ---------------------------------------------------------------------------------------------

    def watch(self, customer: str) -> None:
        """Pass on what happens on a line beside answers, which come by the outbox."""
        if customer in self._watched:
            self._watched.move_to_end(customer)
            return
        if len(self._watched) >= WATCHED_MAX:
            self.leave(next(iter(self._watched)))
        task = asyncio.create_task(self._watch(customer))
        self._watched[customer] = task
        task.add_done_callback(lambda ended: self._over(self._watched, customer, ended))

    def leave(self, customer: str) -> None:
        """Pass on nothing more to a customer who is away."""
        task = self._watched.pop(customer, None)
        if task is not None:
            task.cancel()

    async def _watch(self, customer: str) -> None:
        """One who is too slow hears of the next thing; what was missed is in the archive."""
        while True:
            follow = self._door.follow(frames.line_of(customer))
            try:
                async for item in follow:
                    if item.kind in LINE_KINDS:
                        await self.tell(customer, frames.of_item(item), expires_s=_worth_s(item))
                if not follow.overrun:
                    return
            finally:
                follow.close()

    def _over(self, tasks: dict[str, asyncio.Task[None]], customer: str, task: asyncio.Task[None]) -> None:
        if tasks.get(customer) is task:
            del tasks[customer]


def _worth_s(item: LineItem) -> int:
    return WORD_EXPIRES_S if item.seq else TYPING_EXPIRES_S
