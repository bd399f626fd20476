"""Everything that is known of one person, for them to have: plain JSON and their files. It changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec

from router.intake.senders import LINE, line_value
from router.site.filekinds import safe_name
from router.site.files import Files
from router.store.filerows import FILES, files_of
from router.store.port import ConversationRow, MessageRow, Placing, Store, Story

FORMAT = "patchbay-customer-1"
PAGE_ROWS = 200
CONVERSATIONS_MAX = 100_000
DRAFTS_MAX = 10_000
# More of one person, or more steps of one case, than anybody has ever read.
COMPLAINTS_MAX, STEPS_MAX = 1_000, 1_000
PLACINGS_MAX = 1_000
FROM_THE_START = 2**62
# How one of our own works says what is kept for itself: it is no word of a person.
INNER_EXTRAS = frozenset({FILES, "client"})


class Exporter:
    """Reads one person of one site."""

    def __init__(self, site: str, store: Store, files: Files) -> None:
        self._site = site
        self._store = store
        self._files = files

    async def read(self, customer: int) -> dict[str, Any] | None:
        """Return all that is known of a person, None where there is nobody of that number. Raises StoreError."""
        archive, care = self._store.archive, self._store.care
        person = await archive.customer(self._site, customer)
        if person is None:
            return None
        lines = await archive.lines_of(self._site, customer)
        rows = await archive.conversations(self._site, customer=customer, limit=CONVERSATIONS_MAX)
        told = {row.conv: await self._story(row) for row in sorted(rows, key=lambda row: row.conv)}
        names = [(each.kind, each.value) for each in person.identities]
        names += [(LINE, line_value(line.channel, line.key)) for line in lines]
        mine = sorted({customer, *(line.customer for line in lines), *(row.customer for row in rows)})
        shown = {message["id"] for story in told.values() for message in story["messages"]}
        return {
            "format": FORMAT,
            "customer": {**_plain(person), "numbers": mine},
            "lines": [_plain(line) for line in lines],
            "conversations": list(told.values()),
            "set_aside": [_message(row) async for row in self._words(mine) if row.id not in shown],
            "drafts": [_plain(draft) for draft in await care.drafts_on(self._site, mine, limit=DRAFTS_MAX)],
            "marks": [_plain(mark) for mark in await care.marks_on(self._site, names)],
            "merges": [_plain(edge) for edge in await care.merges(self._site, customer)],
            **await self._reviews(customer),
            "complaints": await self._complaints(customer),
            "segments": [_plain(each) for each in await self._placings(customer)],
        }

    async def write(self, customer: int, put: Callable[[str, bytes], None]) -> int | None:
        """Hand out `customer.json` and each file by its name; return how many files, None where there is nobody."""
        told = await self.read(customer)
        if told is None:
            return None
        put("customer.json", msgspec.json.format(msgspec.json.encode(told), indent=2))
        count = 0
        async for row in self._words(told["customer"]["numbers"]):
            for number, file in enumerate(files_of(row.body)):
                content = await self._files.read(file.file) if file.file else None
                if content is not None:
                    put(f"files/{file_name(row.id, number, file.name)}", content)
                    count += 1
        return count

    async def _story(self, row: ConversationRow) -> dict[str, Any]:
        items: list[Story] = []
        before, archive = FROM_THE_START, self._store.archive
        while page := await archive.story(self._site, row.conv, before=before, limit=PAGE_ROWS):
            items, before = [*page, *items], page[0].row.position
        told = {name: getattr(row, name) for name in _OF_CONVERSATION}
        steps = [_plain(item.row) for item in items]
        return {**told, "steps": steps, "messages": [_message(item.message) for item in items if item.message]}

    async def _placings(self, customer: int) -> list[Placing]:
        return await self._store.customers.placings(self._site, customer, limit=PLACINGS_MAX)

    async def _reviews(self, customer: int) -> dict[str, Any]:
        """Return what a person wrote beside their ratings, and what was written about their conversations."""
        said, reviews = await self._store.reviews.said_of(self._site, customer)
        return {"ratings": [_plain(each) for each in said], "reviews": [_plain(each) for each in reviews]}

    async def _complaints(self, customer: int) -> list[dict[str, Any]]:
        """Return a person's complaints with what was written about them, also by whoever cared for them."""
        store = self._store.complaints
        found = await store.of_person(self._site, customer, limit=COMPLAINTS_MAX)
        whole = [await store.get(self._site, each.number) for each in found]
        return [
            {
                **_plain(each),
                "steps": [_plain(step) for step in await store.steps(self._site, each.number, limit=STEPS_MAX)],
            }
            for each in whole
            if each is not None
        ]

    async def _words(self, customers: list[int]) -> AsyncIterator[MessageRow]:
        after = 0
        while page := await self._store.care.words_of(self._site, customers, after=after, limit=PAGE_ROWS):
            for row in page:
                yield row
            after = page[-1].id


_OF_CONVERSATION = ("reference", "customer", "channel", "state", "queue", "opened_ms", "closed_ms", "disposition")


def file_name(message: int, number: int, name: str) -> str:
    """Return under what name a file is handed out: no two of one person are alike."""
    return f"{message}-{number}-{safe_name(name)}"


def _message(row: MessageRow) -> dict[str, Any]:
    told = {name: value for name, value in _plain(row.body).items() if value and name != "extra"}
    extra = {name: value for name, value in row.body.extra.items() if name not in INNER_EXTRAS}
    files = [
        {"name": file.name, "media_type": file.media_type, "size_bytes": file.size_bytes, "state": file.state}
        | ({"file": file_name(row.id, number, file.name)} if file.file else {})
        for number, file in enumerate(files_of(row.body))
    ]
    return {"id": row.id, "status": row.status, **told, "extra": extra, "files": files}


def _plain(row: msgspec.Struct) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(row)
    return plain
