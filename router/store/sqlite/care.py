"""The port's Care: who is one person, who is alike, forgetting. The statements are in members.py and erasing.py."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

import apsw

from router.store.hashing import Hashes
from router.store.limits import ALIKE_ROWS_MAX, APART, LINE_MARK
from router.store.port import Draft, Erasure, Merge, Merging, MessageRow, SenderMark
from router.store.sqlite import erasing, members, people, senders, stories
from router.store.sqlite.bulk import as_json
from router.store.sqlite.connect import fetch
from router.store.sqlite.readers import Readers
from router.store.sqlite.scrubbing import MUST_WAIT, TOO_LARGE, clean_slice
from router.store.sqlite.writer import Writer

SCRUB_TRIES, SCRUB_WAIT_S = 5, 0.2
"""A reading lasts milliseconds, a copy of the whole file a minute: after so long scrubbing is left for later."""


# Rows of customers that share a hint, each with their person; who is erased has no hint.
_ALIKE = """
SELECT DISTINCT coalesce(nullif(c.person, 0), c.id), c.id FROM json_each(?2) k CROSS JOIN hint h CROSS JOIN hint o
  CROSS JOIN customer c
WHERE h.site = ?1 AND h.customer = k.value AND o.site = h.site AND o.kind = h.kind AND o.hash = h.hash
  AND c.id = o.customer AND c.id NOT IN (SELECT value FROM json_each(?2)) LIMIT ?3
"""

_SET_ASIDE = """
INSERT INTO aside(site, message, hash) SELECT ?1, e.value ->> 0, unhex(e.value ->> 1) FROM json_each(?2) e
WHERE true ON CONFLICT(site, message) DO NOTHING
"""


class SqliteCare:
    """The port's Care."""

    def __init__(self, path: str, writer: Writer, readers: Readers, *, hashes: Hashes) -> None:
        self._path = path
        self._writer = writer
        self._readers = readers
        self._hashes = hashes

    async def merge(self, site: str, one: int, other: int, *, why: str, agent: int, at: int) -> Merging:
        """See the port."""
        edge = Merge(id=0, one=one, other=other, why=why, agent=agent, at=at)
        return await self._writer.do(partial(members.merge, site=site, edge=edge))

    async def unmerge(self, site: str, merge: int, *, agent: int, at: int) -> str:
        """See the port."""
        return await self._writer.do(partial(members.unmerge, site=site, number=merge, agent=agent, at=at))

    async def keep_apart(self, site: str, one: int, other: int, *, agent: int, at: int) -> str:
        """See the port."""
        edge = Merge(id=0, one=one, other=other, why=APART, agent=agent, at=at, undone_by=agent, undone_ms=at)
        return await self._writer.do(partial(members.keep_apart, site=site, edge=edge))

    async def merges(self, site: str, customer: int) -> list[Merge]:
        """See the port."""
        return await self._readers.list(partial(members.merges, site=site, customer=customer))

    async def alike(self, site: str, customer: int, *, limit: int) -> list[int]:
        """See the port."""
        return await self._readers.list(partial(_alike, site=site, customer=customer, limit=limit))

    async def begin_erase(
        self, site: str, customer: int, *, agent: int, at: int, letters: Sequence[int] = ()
    ) -> Erasure:
        """See the port."""

        def work(conn: apsw.Connection) -> Erasure:
            lines = people.lines_of(conn, site=site, customer=customer)
            names = [self._hashes.identity(site, LINE_MARK, f"{line.channel}:{line.key}").hex() for line in lines]
            mark = (LINE_MARK, names)
            begun = erasing.begin(conn, site=site, customer=customer, agent=agent, at=at, line_mark=mark)
            if not begun.refused:
                erasing.empty_letters(conn, site=site, letters=letters)
            return begun

        return await self._writer.do(work)

    async def words_of(self, site: str, customers: Sequence[int], *, after: int, limit: int) -> list[MessageRow]:
        """See the port."""
        work = partial(erasing.words_of, site=site, customers=customers, after=after, limit=limit)
        return await self._readers.list(work)

    async def drafts_on(self, site: str, customers: Sequence[int], *, limit: int) -> list[Draft]:
        """See the port."""
        return await self._readers.list(partial(erasing.drafts_on, site=site, customers=customers, limit=limit))

    async def blank(self, site: str, messages: Sequence[int]) -> None:
        """See the port."""
        await self._writer.do(partial(erasing.blank, site=site, messages=messages))

    async def end_erase(self, site: str, customer: int, *, at: int) -> None:
        """See the port."""
        await self._writer.do(partial(erasing.end, site=site, customer=customer, at=at))

    async def erasures(self, site: str, *, since_ms: int, limit: int) -> list[Erasure]:
        """See the port."""
        return await self._readers.list(partial(erasing.erasures, site=site, since_ms=since_ms, limit=limit))

    async def set_aside(self, site: str, messages: Sequence[tuple[int, str, str]]) -> None:
        """See the port."""
        rows = [(message, self._hashes.line(site, channel, key).hex()) for message, channel, key in messages]
        await self._writer.execute(_SET_ASIDE, (site, as_json(rows)))

    async def messages_after(self, site: str, *, after: int, limit: int) -> list[MessageRow]:
        """See the port."""
        return await self._readers.list(partial(stories.messages_after, site=site, after=after, limit=limit))

    async def drafts_before(self, site: str, *, before_ms: int, limit: int) -> list[Draft]:
        """See the port."""
        return await self._readers.list(partial(erasing.drafts_before, site=site, before_ms=before_ms, limit=limit))

    async def forget_drafts(self, site: str, drafts: Sequence[Draft]) -> int:
        """See the port."""
        return await self._writer.do(partial(erasing.forget_drafts, site=site, drafts=drafts))

    async def marks_on(self, site: str, senders_named: Sequence[tuple[str, str]]) -> list[SenderMark]:
        """See the port."""
        keys = as_json([(kind, self._hashes.identity(site, kind, value).hex()) for kind, value in senders_named])
        return await self._readers.list(partial(senders.marks_on, site=site, keys=keys))

    async def scrub(self) -> str:
        """See the port."""
        page, waits = 0, 0
        while True:
            following = await self._writer.between(partial(clean_slice, path=self._path, page=page))
            if following == TOO_LARGE:
                return "file_too_large"
            if following == MUST_WAIT:
                waits += 1
                if waits >= SCRUB_TRIES:
                    return "store_busy"
                await asyncio.sleep(SCRUB_WAIT_S)
                continue
            if not following:
                return ""
            page = following


def _alike(conn: apsw.Connection, *, site: str, customer: int, limit: int) -> list[int]:
    mine = members.members_of(conn, site, customer)
    found: dict[int, list[int]] = {}
    for person, each in fetch(conn, _ALIKE, (site, as_json(mine), ALIKE_ROWS_MAX)):
        found.setdefault(person, []).append(each)
    persons = (
        person for person in sorted(found) if not members.were_parted(conn, site, mine, [person, *found[person]])
    )
    return [person for _, person in zip(range(limit), persons, strict=False)]
