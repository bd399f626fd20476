"""The port's Care: who is one person, who is alike, forgetting. The statements are in members.py and erasing.py."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from router.store.hashing import Hashes
from router.store.limits import ALIKE_ROWS_MAX, APART, LINE_MARK
from router.store.port import Draft, Erasure, Merge, Merging, MessageRow, SenderMark, StoreUnavailable
from router.store.postgresql import erasing, members, people, stories
from router.store.postgresql.connections import Connection, Connections, Runs
from router.store.postgresql.errors import DRIVER_ERRORS, convert
from router.store.postgresql.journal import turned
from router.store.postgresql.senders import sender_mark
from router.store.postgresql.texts import kept

# Rows of customers that share a hint, each with their person; who is erased has no hint.
_ALIKE = """
SELECT DISTINCT coalesce(nullif(c.person, 0), c.id), c.id FROM hint h
JOIN hint o ON o.site = h.site AND o.kind = h.kind AND o.hash = h.hash
JOIN customer c ON c.site = o.site AND c.id = o.customer
WHERE h.site = $1 AND h.customer = ANY($2::bigint[]) AND o.customer <> ALL($2::bigint[]) LIMIT $3
"""

_SET_ASIDE = """
INSERT INTO aside(site, message, hash) SELECT $1, * FROM unnest($2::bigint[], $3::bytea[]) e(message, hash)
ON CONFLICT (site, message) DO NOTHING
"""

_MARKS_ON = """
SELECT s.id, s.kind, s.value, s.mark, s.reason, s.agent, s.created_ms, s.until_ms
FROM unnest($2::text[], $3::bytea[]) k(kind, hash) JOIN sender s ON s.site = $1 AND s.kind = k.kind AND s.hash = k.hash
ORDER BY s.id
"""

# The tables whose rows erasing overwrites or takes away.
_ERASED_TABLES = (
    "customer, line, identity, hint, sender, message, draft, aside, complaint, complaint_step, remark, review"
)


MUST_WAIT = "store_busy"
"""Why scrubbing is left for later: somebody holds a table, or the server is away."""


class PostgresqlCare:
    """The port's Care."""

    def __init__(self, connections: Connections, hashes: Hashes, patient: Callable[[], Awaitable[Connection]]) -> None:
        self._patient = patient
        self._connections = connections
        self._hashes = hashes

    async def merge(self, site: str, one: int, other: int, *, why: str, agent: int, at: int) -> Merging:
        """See the port."""
        edge = Merge(id=0, one=one, other=other, why=why, agent=agent, at=at)

        async def work(runs: Runs) -> Merging:
            await members.lock(runs, site)
            return await members.merge(runs, site, edge)

        return await self._connections.transact(work)

    async def unmerge(self, site: str, merge: int, *, agent: int, at: int) -> str:
        """See the port."""

        async def work(runs: Runs) -> str:
            await members.lock(runs, site)
            return await members.unmerge(runs, site, merge, agent=agent, at=at)

        return await self._connections.transact(work)

    async def keep_apart(self, site: str, one: int, other: int, *, agent: int, at: int) -> str:
        """See the port."""
        edge = Merge(id=0, one=one, other=other, why=APART, agent=agent, at=at, undone_by=agent, undone_ms=at)

        async def work(runs: Runs) -> str:
            await members.lock(runs, site)
            return await members.keep_apart(runs, site, edge)

        return await self._connections.transact(work)

    async def merges(self, site: str, customer: int) -> list[Merge]:
        """See the port."""
        return await members.merges(self._connections, site, customer)

    async def alike(self, site: str, customer: int, *, limit: int) -> list[int]:
        """See the port."""
        mine = await people.members_of(self._connections, site, customer)
        found: dict[int, list[int]] = {}
        for person, each in await self._connections.read(_ALIKE, site, mine, ALIKE_ROWS_MAX):
            found.setdefault(person, []).append(each)
        alike: list[int] = []
        for person in sorted(found):
            if len(alike) == limit:
                break
            if not await members.were_parted(self._connections, site, mine, [person, *found[person]]):
                alike.append(person)
        return alike

    async def begin_erase(
        self, site: str, customer: int, *, agent: int, at: int, letters: Sequence[int] = ()
    ) -> Erasure:
        """See the port."""

        async def work(runs: Runs) -> Erasure:
            await members.lock(runs, site)
            lines = await people.lines_of(runs, site, customer)
            names = [self._hashes.identity(site, LINE_MARK, f"{line.channel}:{line.key}") for line in lines]
            erasure = await erasing.begin(runs, site, customer, agent=agent, at=at, line_mark=(LINE_MARK, names))
            if not erasure.refused and letters:
                await erasing.empty_letters(runs, site, letters)
            return erasure

        return await self._connections.transact(work)

    async def words_of(self, site: str, customers: Sequence[int], *, after: int, limit: int) -> list[MessageRow]:
        """See the port."""
        return await erasing.words_of(self._connections, site, customers, after=after, limit=limit)

    async def drafts_on(self, site: str, customers: Sequence[int], *, limit: int) -> list[Draft]:
        """See the port."""
        return await erasing.drafts_on(self._connections, site, customers, limit=limit)

    async def blank(self, site: str, messages: Sequence[int]) -> None:
        """See the port."""
        await self._connections.transact(lambda runs: erasing.blank(runs, site, messages))

    async def end_erase(self, site: str, customer: int, *, at: int) -> None:
        """See the port."""
        await erasing.end(self._connections, site, customer, at=at)

    async def erasures(self, site: str, *, since_ms: int, limit: int) -> list[Erasure]:
        """See the port."""
        return await erasing.erasures(self._connections, site, since_ms=since_ms, limit=limit)

    async def set_aside(self, site: str, messages: Sequence[tuple[int, str, str]]) -> None:
        """See the port."""
        rows = [(message, self._hashes.line(site, channel, key)) for message, channel, key in messages]
        await self._connections.write(_SET_ASIDE, site, *turned(rows, 2))

    async def messages_after(self, site: str, *, after: int, limit: int) -> list[MessageRow]:
        """See the port."""
        return await stories.messages_after(self._connections, site, after=after, limit=limit)

    async def drafts_before(self, site: str, *, before_ms: int, limit: int) -> list[Draft]:
        """See the port."""
        return await erasing.drafts_before(self._connections, site, before_ms=before_ms, limit=limit)

    async def forget_drafts(self, site: str, drafts: Sequence[Draft]) -> int:
        """See the port."""
        return await erasing.forget_drafts(self._connections, site, drafts)

    async def marks_on(self, site: str, senders: Sequence[tuple[str, str]]) -> list[SenderMark]:
        """See the port."""
        rows = [(kept(kind), self._hashes.identity(site, kind, value)) for kind, value in senders]
        return [sender_mark(row) for row in await self._connections.read(_MARKS_ON, site, *turned(rows, 2))]

    async def scrub(self) -> str:
        """See the port. A vacuum takes overwritten rows out of the tables; the server's log forgets with time."""
        try:
            conn = await self._patient()
            try:
                await conn.execute(f"VACUUM {_ERASED_TABLES}")
            finally:
                await conn.close()
        except DRIVER_ERRORS as error:
            fault = convert(error)
        else:
            return ""
        if isinstance(fault, StoreUnavailable):
            return MUST_WAIT
        raise fault
