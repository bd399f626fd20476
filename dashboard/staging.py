"""Files an agent has uploaded and not sent yet: a draft's other half, kept with the drafts. No routes, no limits."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

import msgspec

from dashboard.errors import ApiError
from dashboard.requests import FILES_MAX
from dashboard.surroundings import Surroundings
from router.store.filerows import FileRow

# No tab has such a name, so what a client keeps as a draft is never read as a list of files.
_TAB = "_files"
ID_BYTES = 12


class Staged(msgspec.Struct, frozen=True, kw_only=True):
    """One upload and its name."""

    id: str
    file: FileRow


# Two nodes change one list at the same moment, hardly ever more; who comes second looks again.
CHANGES_MAX = 50

_decoder = msgspec.json.Decoder(list[Staged])


class Staging:
    """Everybody's uploads."""

    def __init__(self, out: Surroundings) -> None:
        self._out = out

    async def of(self, agent: int, ref: str) -> list[Staged]:
        """Return what an agent has uploaded into a conversation and not sent."""
        kept = await self._kept(agent, ref)
        return _decoder.decode(kept) if kept else []

    async def _kept(self, agent: int, ref: str) -> str:
        drafts = await self._out.store.accounts.drafts(self._out.floor.site, agent)
        return drafts.get(f"{ref}:{_TAB}", "")

    async def add(self, agent: int, ref: str, file: FileRow) -> Staged:
        """Keep an upload. Raises ApiError where as many as may be were kept meanwhile, perhaps at other nodes."""
        staged = Staged(id=secrets.token_hex(ID_BYTES), file=file)

        def added(now: list[Staged]) -> list[Staged]:
            if len(now) >= FILES_MAX:
                raise ApiError("files_too_many")
            return [*now, staged]

        await self._change(agent, ref, added)
        return staged

    async def drop(self, agent: int, ref: str, ids: Sequence[str]) -> None:
        """Forget uploads: they were sent, or are not wanted any more."""
        await self._change(agent, ref, lambda now: [each for each in now if each.id not in ids])

    async def _change(self, agent: int, ref: str, change: Callable[[list[Staged]], list[Staged]]) -> None:
        """Change the list, unless another node has changed it since it was read: then look again."""
        site, accounts = self._out.floor.site, self._out.store.accounts
        for _ in range(CHANGES_MAX):
            old = await self._kept(agent, ref)
            left = change(_decoder.decode(old) if old else [])
            new = msgspec.json.encode(left).decode() if left else ""
            if await accounts.change_draft(site, agent, f"{ref}:{_TAB}", old=old, new=new, at=self._out.now_ms()):
                return
        raise ApiError("too_many", retry_after_s=1)
