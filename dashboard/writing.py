"""What people write: text into the archive first, then the command that names it, once per client id. No HTTP."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from dashboard.commands import Commands
from dashboard.shapes import Written
from dashboard.surroundings import Surroundings
from router.core.commands import Command
from router.site.ratelinks import PLACE
from router.store.filerows import FileRow, with_files
from router.store.port import Body

# What was written and may be repeated: the archive knows it too, once it is decided. Ids only.
REMEMBERED_MAX = 10_000

# kind of writing -> (direction, kind) of its body
REPLY, NOTE = ("out", "message"), ("note", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Something to be written by an agent into a conversation, under the client's id."""

    agent: int
    conv: int
    text: str
    client: str
    kind: tuple[str, str]
    subject: str = ""
    files: tuple[FileRow, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def author(self) -> str:
        return f"agent:{self.agent}"

    @property
    def key(self) -> tuple[int, str, str]:
        return (self.agent, self.kind[0], self.client)


class Writing:
    """One message per (agent, kind, client id), however often it is sent."""

    def __init__(self, out: Surroundings, *, commands: Commands) -> None:
        self._out, self._commands = out, commands
        self._written: OrderedDict[tuple[int, str, str], int] = OrderedDict()
        self._turns: dict[tuple[int, str, str], tuple[asyncio.Lock, int]] = {}

    async def say(self, draft: Draft, command: Callable[[int], Command], check: Callable[[], None]) -> Written:
        """Write and submit. A repeat gets the first answer; `check` raises before anything new is written."""
        async with self._turn(draft):
            earlier = await self.earlier(draft)
            if earlier:
                return Written(position=self._out.floor.position, message=earlier)
            check()
            message = await self.write(draft)
            made = await self._commands.submit(command(message))
            if made.entry is None:
                message = await self.earlier(draft) or message
            return Written(position=made.position, message=message)

    async def write(self, draft: Draft) -> int:
        """Write the text; return the id of its message, which is the earlier one for a repeat."""
        known = self._written.get(draft.key)
        if known:
            return known
        body = Body(
            direction=draft.kind[0],
            author=draft.author,
            kind=draft.kind[1],
            text=self._linked(draft),
            subject=draft.subject,
            created_ms=self._out.now_ms(),
            extra={**draft.extra, **({"client": draft.client} if draft.client else {})},
        )
        (message,) = await self._out.store.archive.write(self._out.floor.site, [with_files(body, draft.files)])
        if draft.client:
            self._written[draft.key] = message
            while len(self._written) > REMEMBERED_MAX:
                self._written.popitem(last=False)
        return message

    def _linked(self, draft: Draft) -> str:
        """Return the text as it leaves: a link by which its customer rates stands where one is wanted."""
        links, bundle = self._out.rate_links, self._out.floor.bundle
        if links is None or bundle is None or draft.kind != REPLY or PLACE not in draft.text:
            return draft.text
        return draft.text.replace(PLACE, links.link(draft.conv, for_ms=bundle.reviews.link_ms))

    async def earlier(self, draft: Draft) -> int:
        """Return the message of a repeat that is in the story already, 0 for none: a restart forgets nothing."""
        if not draft.client:
            return 0
        archive, site = self._out.store.archive, self._out.floor.site
        message, direction = await archive.written_as(site, draft.conv, author=draft.author, client=draft.client)
        return message if direction == draft.kind[0] else 0

    @asynccontextmanager
    async def _turn(self, draft: Draft) -> AsyncIterator[None]:
        """Let two deliveries of one request go one after the other."""
        lock, users = self._turns.get(draft.key, (asyncio.Lock(), 0))
        self._turns[draft.key] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            lock, users = self._turns[draft.key]
            if users == 1:
                del self._turns[draft.key]
            else:
                self._turns[draft.key] = (lock, users - 1)
