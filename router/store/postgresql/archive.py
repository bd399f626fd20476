"""The archive's rows: customers, lines, conversations, messages. Everything personal, and no decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from router.store.hashing import Hashes
from router.store.meeting import Guest, Meeting, guest, with_hints
from router.store.port import (
    Body,
    Caller,
    ConversationRow,
    CustomerRow,
    History,
    LineRow,
    MessageRow,
    Met,
    Said,
    Story,
    TimelineRow,
)
from router.store.postgresql import conversations, meeting, members, people, stories
from router.store.postgresql.bodies import Written, decoded, written
from router.store.postgresql.connections import Connections, Runs
from router.store.postgresql.errors import Clash
from router.store.postgresql.grouping import Group
from router.store.postgresql.journal import turned
from router.store.postgresql.texts import kept

MEETINGS_MAX = 10
"""As often everybody is met anew because another node has just made somebody who is met here too."""

_WRITE = """
INSERT INTO message(site, id, direction, kind, author, client, extras, provider, provider_id, body)
SELECT e.site, nextval('message_id'), e.direction, e.kind, e.author, e.client,
  CASE WHEN e.extras = '' THEN '{}' ELSE string_to_array(e.extras, chr(31)) END, e.provider, e.provider_id, e.body
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::text[], $9::text[])
  WITH ORDINALITY e(site, direction, kind, author, client, extras, provider, provider_id, body, number)
ORDER BY e.number RETURNING id
"""

_BODY = "SELECT body, provider_id FROM message WHERE site = $1 AND id = $2"

# A compare makes it the reader's own turn, however many write.
_SET_BODY = """
UPDATE message SET body = $4, extras = $5, client = $6 WHERE site = $1 AND id = $2 AND body = $3 RETURNING 1
"""

_REMEMBER = "UPDATE message SET provider = $3, provider_id = $4 WHERE site = $1 AND id = $2"


class PostgresqlArchive:
    """The port's Archive."""

    def __init__(self, connections: Connections, hashes: Hashes) -> None:
        self._connections = connections
        self._hashes = hashes
        self._meetings: Group[list[Guest], list[Met]] = Group(self._meet_all)
        self._writings: Group[list[tuple[str, Written]], list[int]] = Group(self._write_all)

    async def meet(self, site: str, callers: Sequence[Caller], at: int) -> list[Met]:
        """See the port. Who is known with nothing new costs no writing."""
        if not callers:
            return []
        guests = [guest(self._hashes, site, caller, at=at) for caller in callers]
        known = await meeting.recognise(self._connections, guests)
        if known is not None:
            return known
        return await self._meetings.do([with_hints(self._hashes, one) for one in guests])

    async def write(self, site: str, bodies: Sequence[Body]) -> list[int]:
        """See the port."""
        rows = [(site, written(self._hashes, site, body)) for body in bodies]
        return await self._writings.do(rows) if rows else []

    async def message(self, site: str, message: int) -> MessageRow | None:
        """See the port."""
        return await stories.message(self._connections, site, message)

    async def set_extra(self, site: str, message: int, key: str, *, old: str, new: str) -> bool:
        """See the port."""
        while rows := await self._connections.read(_BODY, site, message):
            [(text, provider)] = rows
            body = decoded(text, provider)
            if body.extra.get(key, "") != old:
                return False
            extra = {name: value for name, value in body.extra.items() if name != key}
            extra.update({key: new} if new else {})
            changed = written(self._hashes, site, msgspec.structs.replace(body, extra=extra))
            values = (site, message, text, changed.body, changed.extras, changed.client)
            if await self._connections.write(_SET_BODY, *values):
                return True
        return False

    async def bodies_of(self, site: str, customer: int, *, extra: str, after: int, limit: int) -> list[MessageRow]:
        """See the port."""
        mine = await people.members_of(self._connections, site, customer)
        return await stories.with_extra(self._connections, site, mine, extra=extra, after=after, limit=limit)

    async def remember_provider(self, site: str, message: int, provider: str) -> None:
        """See the port."""
        key = self._hashes.provider(site, provider)
        await self._connections.write(_REMEMBER, site, message, key, kept(provider))

    async def message_by_provider(self, site: str, channel: str, provider: str) -> MessageRow | None:
        """See the port."""
        key = self._hashes.provider(site, provider)
        return await stories.by_provider(self._connections, site, channel, key=key)

    async def line(self, site: str, line: int) -> LineRow | None:
        """See the port."""
        return await people.line(self._connections, site, line)

    async def line_by_key(self, site: str, channel: str, key: str) -> LineRow | None:
        """See the port."""
        hashed = self._hashes.line(site, channel, key)
        return await people.line_by_key(self._connections, site, channel, key=hashed)

    async def open_line(self, site: str, channel: str, key: str, peer: str, customer: int) -> int:
        """See the port."""
        hashed = self._hashes.line(site, channel, key)
        return await people.open_line(
            self._connections, site, channel, hashed=hashed, key=key, peer=peer, customer=customer
        )

    async def lines_of(self, site: str, customer: int) -> list[LineRow]:
        """See the port."""
        return await people.lines_of(self._connections, site, customer)

    async def customer(self, site: str, customer: int) -> CustomerRow | None:
        """See the port."""
        found = await people.customers(self._connections, site, [customer])
        return found[0] if found else None

    async def customers(self, site: str, ids: Sequence[int]) -> list[CustomerRow]:
        """See the port: in the order asked for, without those that are not there."""
        return await people.customers(self._connections, site, ids)

    async def histories(self, site: str, customers: Sequence[int], *, limit: int) -> list[History]:
        """See the port."""
        return await people.histories(self._connections, site, customers, limit=limit)

    async def give_care(
        self, site: str, customer: int, attributes: Mapping[str, str | None], *, was: Mapping[str, str] | None = None
    ) -> bool:
        """See the port."""
        return await people.give_care(self._connections, site, customer, attributes=attributes, was=was or {})

    async def conversation(self, site: str, conv: int) -> ConversationRow | None:
        """See the port."""
        return await conversations.by_number(self._connections, site, conv)

    async def conversation_by_reference(self, site: str, reference: str) -> ConversationRow | None:
        """See the port."""
        return await conversations.by_reference(self._connections, site, reference)

    async def conversations(
        self, site: str, *, customer: int = 0, owner: int = 0, states: Sequence[str] = (), limit: int
    ) -> list[ConversationRow]:
        """See the port."""
        mine = await people.members_of(self._connections, site, customer) if customer else []
        return await conversations.chosen(
            self._connections, site, customers=mine, owner=owner, states=states, limit=limit
        )

    async def records_due(self, site: str, *, before_ms: int, limit: int) -> list[bytes]:
        """See the port."""
        return await conversations.due(self._connections, site, before_ms=before_ms, limit=limit)

    async def record(self, site: str, conv: int) -> bytes | None:
        """See the port."""
        row = await self.conversation(site, conv)
        return row.record if row is not None and row.record else None

    async def story(self, site: str, conv: int, *, before: int, limit: int) -> list[Story]:
        """See the port."""
        return await stories.story(self._connections, site, conv, before=before, limit=limit)

    async def story_at(self, site: str, conv: int, position: int) -> TimelineRow | None:
        """See the port."""
        return await stories.story_at(self._connections, site, conv, position=position)

    async def thread(self, site: str, conv: int, line: int, *, limit: int) -> list[Said]:
        """See the port."""
        return await stories.thread(self._connections, site, conv, line=line, limit=limit)

    async def written_as(self, site: str, conv: int, *, author: str, client: str) -> tuple[int, str]:
        """See the port."""
        return await stories.written_as(self._connections, site, conv, author=author, client=client)

    async def on_line(self, site: str, line: int, *, after: int, limit: int) -> list[Story]:
        """See the port."""
        return await stories.on_line(self._connections, site, line, after=after, limit=limit)

    async def last_words(self, site: str, convs: Sequence[int]) -> Mapping[int, MessageRow]:
        """See the port."""
        return await stories.last_words(self._connections, site, convs)

    async def find_messages(
        self, site: str, words: Sequence[str], *, before: int, rows_max: int, limit: int
    ) -> list[MessageRow]:
        """See the port."""
        return await stories.find_messages(
            self._connections, site, words, before=before, rows_max=rows_max, limit=limit
        )

    async def find_customers(self, site: str, words: Sequence[str], *, rows_max: int, limit: int) -> list[int]:
        """See the port."""
        return await stories.find_customers(self._connections, site, words, rows_max=rows_max, limit=limit)

    async def finish(self) -> None:
        """Wait until nothing is under way."""
        await self._meetings.finish()
        await self._writings.finish()

    async def _write_all(self, asks: list[list[tuple[str, Written]]]) -> list[list[int]]:
        """Write everybody's bodies in one statement."""
        rows = [
            (site, *body[:4], "\x1f".join(name.replace("\x1f", " ") for name in body.extras), *body[5:])
            for ask in asks
            for site, body in ask
        ]
        ids = iter([row[0] for row in await self._connections.write(_WRITE, *turned(rows, 9))])
        return [[next(ids) for _ in ask] for ask in asks]

    async def _meet_all(self, asks: list[list[Guest]]) -> list[list[Met]]:
        """Answer everybody, making what is missing: in order, so that a person who comes twice is one customer."""
        guests = [one for ask in asks for one in ask]
        for turn in range(MEETINGS_MAX):
            met = await meeting.meet(self._connections, guests)
            try:
                await self._write_meeting(met)
                break
            except Clash:
                if turn == MEETINGS_MAX - 1:
                    raise
        answers = iter(await meeting.answers(self._connections, met))
        return [[next(answers) for _ in ask] for ask in asks]

    async def _write_meeting(self, met: Meeting) -> None:
        """Write who is new; only who proves to be two customers at once needs more than one statement."""
        if not met.edges:
            await meeting.write(self._connections, met)
            return

        async def work(runs: Runs) -> None:
            for site in sorted({site for site, _ in met.edges}):
                await members.lock(runs, site)
            await meeting.write(runs, met)
            for site, edge in met.edges:
                await members.merge_proved(runs, site, edge)

        await self._connections.transact(work)
