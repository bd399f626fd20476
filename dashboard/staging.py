"""Files an agent has uploaded and not sent yet: a draft's other half, kept with the drafts. No routes, no limits."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence

import msgspec

from dashboard.surroundings import Surroundings
from router.store.filerows import FileRow

# No tab has such a name, so what a client keeps as a draft is never read as a list of files.
_TAB = "_files"
ID_BYTES = 12


class Staged(msgspec.Struct, frozen=True, kw_only=True):
    """One upload and its name."""

    id: str
    file: FileRow


_decoder = msgspec.json.Decoder(list[Staged])


class Staging:
    """Everybody's uploads."""

    def __init__(self, out: Surroundings) -> None:
        self._out = out
        self._turn = asyncio.Lock()

    async def of(self, agent: int, ref: str) -> list[Staged]:
        """Return what an agent has uploaded into a conversation and not sent."""
        drafts = await self._out.store.accounts.drafts(self._out.floor.site, agent)
        kept = drafts.get(f"{ref}:{_TAB}")
        return _decoder.decode(kept) if kept else []

    async def add(self, agent: int, ref: str, file: FileRow) -> Staged:
        """Keep an upload."""
        staged = Staged(id=secrets.token_hex(ID_BYTES), file=file)
        await self._change(agent, ref, lambda now: [*now, staged])
        return staged

    async def drop(self, agent: int, ref: str, ids: Sequence[str]) -> None:
        """Forget uploads: they were sent, or are not wanted any more."""
        await self._change(agent, ref, lambda now: [each for each in now if each.id not in ids])

    async def _change(self, agent: int, ref: str, change: Callable[[list[Staged]], list[Staged]]) -> None:
        async with self._turn:
            kept = change(await self.of(agent, ref))
            text = msgspec.json.encode(kept).decode() if kept else ""
            site, now_ms = self._out.floor.site, self._out.now_ms()
            await self._out.store.accounts.save_draft(site, agent, f"{ref}:{_TAB}", text, now_ms)
