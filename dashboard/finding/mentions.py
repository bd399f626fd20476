"""Notes that name colleagues: who may be named, who was, and that they have looked. It decides nothing.

A mention waits where its reader's drafts are, so it is forgotten with the conversation. The note itself carries the
numbers of those it names, and every node's hub tells the desks it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from dashboard.finding.shapes import Colleague, MentionShape
from dashboard.staff import Sight, Staff
from dashboard.surroundings import Surroundings
from router.store.port import Account, ConversationRow

# No tab has such a name, so what a client keeps as a draft is never read as a mention.
_TAB = "_mention"
# A note to more is a circular.
NAMED_MAX = 10
# What a list over the composer can be asked for.
COLLEAGUES_MAX = 500
_NAMED = re.compile(r"(?:^|[^\w@])@([\w.+-]{1,200})")
# The key of a body's extras under which a note carries whom it names.
EXTRA = "mentions"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A mention as it waits: ids only."""

    by: int
    at: int


_decoder = msgspec.json.Decoder(Kept)


class Mentions:
    """Everybody's mentions."""

    def __init__(self, out: Surroundings, *, staff: Staff, sight: Sight) -> None:
        self._out, self._staff, self._sight = out, staff, sight

    async def colleagues(self, row: ConversationRow, *, but: int) -> list[Colleague]:
        """Return who may see a conversation, by name."""
        found = [each for each in await self._accounts(row) if each.id != but]
        found.sort(key=lambda each: (each.name.casefold(), each.id))
        return [Colleague(id=each.id, login=each.login, name=each.name) for each in found[:COLLEAGUES_MAX]]

    async def named(self, text: str, row: ConversationRow, *, but: int) -> tuple[int, ...]:
        """Return whom a note names, of those who may see the conversation."""
        logins = {match.rstrip(".").casefold() for match in _NAMED.findall(text)}
        if not logins:
            return ()
        found = [each.id for each in await self._accounts(row) if each.login.casefold() in logins and each.id != but]
        return tuple(sorted(found)[:NAMED_MAX])

    async def _accounts(self, row: ConversationRow) -> list[Account]:
        accounts = await self._out.store.accounts.all(self._out.floor.site)
        return [each for each in accounts if not each.disabled and self._sight.row(each, row)]

    async def keep(self, ref: str, agents: Iterable[int], *, by: int) -> None:
        """Let a mention wait until it was looked at. A second one of the same conversation takes its place."""
        text = msgspec.json.encode(Kept(by=by, at=self._out.now_ms())).decode()
        for agent in agents:
            await self._save(agent, ref, text)

    async def forget(self, agent: int, ref: str) -> None:
        """It was looked at."""
        await self._save(agent, ref, "")

    async def _save(self, agent: int, ref: str, text: str) -> None:
        site, now_ms = self._out.floor.site, self._out.now_ms()
        await self._out.store.accounts.save_draft(site, agent, f"{ref}:{_TAB}", text, now_ms)

    async def of(self, agent: int) -> list[MentionShape]:
        """Return what waits for an agent, the newest first."""
        drafts = await self._out.store.accounts.drafts(self._out.floor.site, agent)
        parts = [(key.partition(":"), text) for key, text in drafts.items()]
        kept = [(ref, _decoder.decode(text)) for (ref, _, tab), text in parts if tab == _TAB]
        await self._staff.learn(each.by for _, each in kept)
        kept.sort(key=lambda pair: (-pair[1].at, pair[0]))
        return [MentionShape(ref=ref, by=self._staff.person(each.by), at=each.at) for ref, each in kept]

    async def told(self, note: int) -> tuple[int, ...]:
        """Return whom a note names."""
        row = await self._out.store.archive.message(self._out.floor.site, note)
        return tuple(_numbers(row.body.extra.get(EXTRA, ""))) if row else ()


def extra_of(agents: Sequence[int]) -> dict[str, str]:
    """Return how a note's body says whom it names."""
    return {EXTRA: " ".join(map(str, agents))} if agents else {}


def _numbers(text: str) -> list[int]:
    return [int(word) for word in text.split()[:NAMED_MAX] if word.isdecimal()]
