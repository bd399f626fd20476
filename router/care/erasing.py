"""Forgetting a person: their names, addresses, words, drafts and files, for good, and taken up again after a crash.

Who may ask for it is the caller's to decide. The journal has nothing of it: numbers and codes stay and are read on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from channels.contract import decode_signal
from router.site.files import Files
from router.store.filerows import FileRow, files_of
from router.store.port import Body, Erasure, Letter, Store

# Messages in one slice: a fraction of a second in which other writings wait for turns.
SLICE_MESSAGES, SLICE_DRAFTS = 200, 200
# Beyond it somebody has to look into the quarantine anyway.
QUARANTINE_LOOKED_AT = 10_000
# A list of uploads lies among the drafts; see dashboard/staging.py.
UPLOADS = ":_files"


class _Upload(msgspec.Struct, frozen=True):
    file: FileRow


_uploads = msgspec.json.Decoder(list[_Upload])


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """What an erasure did. `refused`: why nothing was done, and `open` what stands in the way.

    `waits` is why the last traces in the store's files must wait; the daily sweep goes on with it.
    """

    customers: tuple[int, ...] = ()
    messages: int = 0
    files: int = 0
    drafts: int = 0
    refused: str = ""
    open: tuple[str, ...] = ()
    waits: str = ""


class Eraser:
    """Erases persons of one site."""

    def __init__(self, site: str, store: Store, files: Files, now_ms: Callable[[], int]) -> None:
        self._site = site
        self._store = store
        self._files = files
        self._now_ms = now_ms

    async def erase(self, customer: int, *, agent: int) -> Erased:
        """Forget a person, as whoever of their customers is named. Raises StoreError; asked again it goes on."""
        letters = await self._letters_of(customer)
        begun = await self._store.care.begin_erase(
            self._site, customer, agent=agent, at=self._now_ms(), letters=[letter.id for letter in letters]
        )
        if begun.refused:
            return Erased(refused=begun.refused, open=tuple(begun.open))
        return await self.go_on(begun)

    async def go_on(self, erasure: Erasure) -> Erased:
        """Do what is left of an erasure. Files go before the rows that name them: a crash leaves nothing unnamed."""
        messages, files = await self._blank_words(erasure.customers)
        drafts, uploads = await self._forget_drafts(erasure.customers)
        waits = await self._store.care.scrub()
        if not waits:
            await self._store.care.end_erase(self._site, erasure.customers[0], at=self._now_ms())
        return Erased(
            customers=tuple(erasure.customers), messages=messages, files=files + uploads, drafts=drafts, waits=waits
        )

    async def _blank_words(self, customers: Sequence[int]) -> tuple[int, int]:
        care, after, messages, files = self._store.care, 0, 0, 0
        while words := await care.words_of(self._site, customers, after=after, limit=SLICE_MESSAGES):
            after = words[-1].id
            names = {name for row in words for name in names_in(files_of(row.body))}
            await self._files.erase(sorted(names))
            await care.blank(self._site, [row.id for row in words])
            messages, files = messages + sum(says_something(row.body) for row in words), files + len(names)
        return messages, files

    async def _forget_drafts(self, customers: Sequence[int]) -> tuple[int, int]:
        care, drafts, files = self._store.care, 0, 0
        while found := await care.drafts_on(self._site, customers, limit=SLICE_DRAFTS):
            names = {name for draft in found if draft.key.endswith(UPLOADS) for name in uploads_in(draft.text)}
            await self._files.erase(sorted(names))
            drafts, files = drafts + await care.forget_drafts(self._site, found), files + len(names)
        return drafts, files

    async def _letters_of(self, customer: int) -> list[Letter]:
        """Return their letters in quarantine; what these say is noted as theirs, to be found with their words."""
        known = await self._store.archive.customer(self._site, customer)
        if known is None:
            return []
        lines = await self._store.archive.lines_of(self._site, customer)
        identities = {(each.kind, each.value) for each in known.identities}
        found = [
            letter
            for letter, _ in await self._store.letterbox.quarantined(self._site, QUARANTINE_LOOKED_AT)
            if _is_theirs(letter, {(line.channel, line.key) for line in lines}, identities)
        ]
        if lines and found:
            said = [(letter.message, lines[0].channel, lines[0].key) for letter in found if letter.message]
            await self._store.care.set_aside(self._site, said)
        return found


def names_in(files: Iterable[FileRow]) -> list[str]:
    """Return the names under which contents are kept."""
    return [file.file for file in files if file.file]


def uploads_in(text: str) -> list[str]:
    """Return the names of the contents in somebody's list of uploads."""
    return names_in(each.file for each in _uploads.decode(text))


def says_something(body: Body) -> bool:
    """Return whether there was anything to take out of a message."""
    return "erased" not in body.extra


def _is_theirs(letter: Letter, lines: set[tuple[str, str]], identities: set[tuple[str, str]]) -> bool:
    try:
        signal: Any = decode_signal(letter.signal)
    except msgspec.MsgspecError:
        return False
    claimed = {(each.kind, each.value) for each in getattr(signal, "identities", ())}
    return (signal.line.channel, signal.line.key) in lines or bool(claimed & identities)
