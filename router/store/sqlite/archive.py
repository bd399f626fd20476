"""The archive's rows: customers, lines, conversations, messages. Everything personal, and no decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import apsw

from router.store.hashing import Hashes
from router.store.meeting import guest, with_hints
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
from router.store.sqlite import conversations, people, stories
from router.store.sqlite.connect import fetch
from router.store.sqlite.histories import give_care
from router.store.sqlite.histories import histories as read_histories
from router.store.sqlite.letterbox import Written, insert_messages, written
from router.store.sqlite.meeting import meet_all, recognise
from router.store.sqlite.readers import Readers
from router.store.sqlite.writer import Writer

# The body is one JSON text; a compare makes it the reader's own turn, however many write.
_SET_EXTRA = """
UPDATE message SET body = CASE ?5 WHEN '' THEN json_remove(body, ?3) ELSE json_set(body, ?3, ?5) END
WHERE id = ?2 AND site = ?1 AND coalesce(body ->> ?3, '') = ?4 RETURNING id
"""

_REMEMBER = """
UPDATE message SET provider = ?3, body = json_set(body, '$.provider', ?4) WHERE id = ?2 AND site = ?1
"""


class SqliteArchive:
    """The port's Archive."""

    def __init__(self, writer: Writer, readers: Readers, hashes: Hashes) -> None:
        self._writer = writer
        self._readers = readers
        self._hashes = hashes

    async def meet(self, site: str, callers: Sequence[Caller], at: int) -> list[Met]:
        """See the port. Who is known with nothing new costs no transaction."""
        if not callers:
            return []
        guests = [guest(self._hashes, site, caller, at=at) for caller in callers]
        known = self._readers.look(partial(recognise, guests=guests))
        if known is not None:
            return known
        return await self._writer.together(meet_all, [with_hints(self._hashes, one) for one in guests])

    async def write(self, site: str, bodies: Sequence[Body]) -> list[int]:
        """See the port."""
        if not bodies:
            return []
        rows = [(site, written(self._hashes, site, body)) for body in bodies]
        return await self._writer.together(write_all, rows)

    async def message(self, site: str, message: int) -> MessageRow | None:
        """See the port."""
        return self._readers.look(partial(stories.message, site=site, number=message))

    async def set_extra(self, site: str, message: int, key: str, *, old: str, new: str) -> bool:
        """See the port."""
        values = (site, message, f"$.extra.{key}", old, new)
        return await self._writer.do(lambda conn: bool(fetch(conn, _SET_EXTRA, values)))

    async def bodies_of(self, site: str, customer: int, *, extra: str, after: int, limit: int) -> list[MessageRow]:
        """See the port."""
        work = partial(stories.with_extra, site=site, customer=customer, extra=extra, after=after, limit=limit)
        return await self._readers.list(work)

    async def remember_provider(self, site: str, message: int, provider: str) -> None:
        """See the port."""
        key = self._hashes.provider(site, provider)
        await self._writer.execute(_REMEMBER, (site, message, key, provider))

    async def message_by_provider(self, site: str, channel: str, provider: str) -> MessageRow | None:
        """See the port."""
        key = self._hashes.provider(site, provider)
        return self._readers.look(partial(stories.by_provider, site=site, channel=channel, key=key))

    async def line(self, site: str, line: int) -> LineRow | None:
        """See the port."""
        return self._readers.look(partial(people.line, site=site, number=line))

    async def line_by_key(self, site: str, channel: str, key: str) -> LineRow | None:
        """See the port."""
        hashed = self._hashes.line(site, channel, key)
        return self._readers.look(partial(people.line_by_key, site=site, channel=channel, key=hashed))

    async def open_line(self, site: str, channel: str, key: str, peer: str, customer: int) -> int:
        """See the port."""
        row = (site, channel, self._hashes.line(site, channel, key), key, peer, customer)
        return await self._writer.do(partial(people.open_line, row=row))

    async def lines_of(self, site: str, customer: int) -> list[LineRow]:
        """See the port."""
        return await self._readers.list(partial(people.lines_of, site=site, customer=customer))

    async def customer(self, site: str, customer: int) -> CustomerRow | None:
        """See the port."""
        found = self._readers.look(partial(people.customers, site=site, ids=[customer]))
        return found[0] if found else None

    async def customers(self, site: str, ids: Sequence[int]) -> list[CustomerRow]:
        """See the port: in the order asked for, without those that are not there."""
        return await self._readers.few(partial(people.customers, site=site, ids=ids), len(ids))

    async def histories(self, site: str, customers: Sequence[int], *, limit: int) -> list[History]:
        """See the port."""
        work = partial(read_histories, site=site, customers=customers, limit=limit)
        return await self._readers.few(work, len(customers))

    async def give_care(
        self, site: str, customer: int, attributes: Mapping[str, str | None], *, was: Mapping[str, str] | None = None
    ) -> bool:
        """See the port."""
        new, seen = dict(attributes), dict(was or {})
        return await self._writer.do(partial(give_care, site=site, customer=customer, attributes=new, was=seen))

    async def conversation(self, site: str, conv: int) -> ConversationRow | None:
        """See the port."""
        return self._readers.look(partial(conversations.by_number, site=site, conv=conv))

    async def conversation_by_reference(self, site: str, reference: str) -> ConversationRow | None:
        """See the port."""
        return self._readers.look(partial(conversations.by_reference, site=site, reference=reference))

    async def conversations(
        self, site: str, *, customer: int = 0, owner: int = 0, states: Sequence[str] = (), limit: int
    ) -> list[ConversationRow]:
        """See the port."""
        choice = conversations.Choice(site=site, customer=customer, owner=owner, states=tuple(states), limit=limit)
        return await self._readers.list(partial(conversations.chosen, choice=choice))

    async def records_due(self, site: str, *, before_ms: int, limit: int) -> list[bytes]:
        """See the port."""
        return await self._readers.few(partial(conversations.due, site=site, before_ms=before_ms, limit=limit), limit)

    async def record(self, site: str, conv: int) -> bytes | None:
        """See the port."""
        row = await self.conversation(site, conv)
        return row.record if row is not None and row.record else None

    async def story(self, site: str, conv: int, *, before: int, limit: int) -> list[Story]:
        """See the port."""
        return await self._readers.few(partial(stories.story, site=site, conv=conv, before=before, limit=limit), limit)

    async def story_at(self, site: str, conv: int, position: int) -> TimelineRow | None:
        """See the port."""
        return self._readers.look(partial(stories.story_at, site=site, conv=conv, position=position))

    async def thread(self, site: str, conv: int, line: int, *, limit: int) -> list[Said]:
        """See the port."""
        return await self._readers.few(partial(stories.thread, site=site, conv=conv, line=line, limit=limit), limit)

    async def written_as(self, site: str, conv: int, *, author: str, client: str) -> tuple[int, str]:
        """See the port."""
        work = partial(stories.written_as, site=site, conv=conv, author=author, client=client)
        return self._readers.look(work)

    async def on_line(self, site: str, line: int, *, after: int, limit: int) -> list[Story]:
        """See the port."""
        return await self._readers.few(partial(stories.on_line, site=site, line=line, after=after, limit=limit), limit)

    async def last_words(self, site: str, convs: Sequence[int]) -> Mapping[int, MessageRow]:
        """See the port."""
        return await self._readers.few(partial(stories.last_words, site=site, convs=convs), len(convs))

    async def find_messages(
        self, site: str, words: Sequence[str], *, before: int, rows_max: int, limit: int
    ) -> list[MessageRow]:
        """See the port."""
        find = partial(stories.find_messages, site=site, words=words, before=before, rows_max=rows_max, limit=limit)
        return await self._readers.list(find)

    async def find_customers(self, site: str, words: Sequence[str], *, rows_max: int, limit: int) -> list[int]:
        """See the port."""
        find = partial(stories.find_customers, site=site, words=words, rows_max=rows_max, limit=limit)
        return await self._readers.list(find)


def write_all(conn: apsw.Connection, asks: list[list[tuple[str, Written]]]) -> list[list[int]]:
    """Write everybody's bodies in one statement."""
    number = fetch(conn, "SELECT coalesce(max(id), 0) FROM message")[0][0]
    rows: list[tuple[int, str, str, Written]] = []
    answers: list[list[int]] = []
    for ask in asks:
        answers.append([])
        for site, body in ask:
            number += 1
            rows.append((number, site, "", body))
            answers[-1].append(number)
    insert_messages(conn, rows)
    return answers
