"""What becomes of a fetched file: kept by its content, written into its message, or given up by name. Calls nobody."""

from __future__ import annotations

import msgspec

from channels.contract import Done, TryLater, Undeliverable
from router.clock import Clock
from router.core.bundle import MINUTE_MS
from router.site.filekinds import kind_of
from router.site.files import FILE_BYTES_MAX, GONE, TOO_LARGE, Files, owner_of
from router.store.filerows import FILES, FileRow, files_of, to_fetch, with_files
from router.store.port import Effect, MessageRow, Store, StoreError, StoreUnavailable

# A provider may tell of a file before it has it: so long after the message, "there is none" is asked again.
GONE_MS = 2 * MINUTE_MS
# Files that are on their way at once, each whole in memory: 100 MiB, and places left for replies.
FETCHES_MAX = 4
FULL_MS = 1_000
# What a channel calls it -> what everybody calls it.
NAMES = {
    "gone": GONE,
    "media_unusable": GONE,
    "file_unusable": GONE,
    "expired": GONE,
    "answer_too_large": TOO_LARGE,
    "file_too_large": TOO_LARGE,
}
# Two files of one message may arrive at once, and each writes the same row.
WRITES_MAX = 12


class Fetching:
    """Keeps one floor's fetched files."""

    def __init__(self, site: str, store: Store, files: Files, clock: Clock) -> None:
        self._site = site
        self._archive = store.archive
        self._files = files
        self._clock = clock
        self._running = 0

    def begin(self) -> None:
        """Take a place, or wait for one: raises TryLater."""
        if self._running >= FETCHES_MAX:
            raise TryLater("fetches_full", after_ms=FULL_MS)
        self._running += 1

    def end(self) -> None:
        """Give the place back."""
        self._running -= 1

    def named(self, effect: Effect, reason: str) -> str:
        """Return a failure's name. Raises TryLater for a file that may come to be."""
        name = NAMES.get(reason, reason)
        if name == GONE and self._clock.now_ms() - effect.created_ms < GONE_MS:
            raise TryLater(GONE)
        return name

    async def keep(self, effect: Effect, done: Done) -> None:
        """Keep what came, on the disk before its row. Raises Undeliverable by name, TryLater while nothing is kept."""
        content = next((file.content for file in done.files), b"")
        declared = next((file.media_type for file in done.files), "")
        if not content:
            raise Undeliverable("file_unusable")
        if len(content) > FILE_BYTES_MAX:
            raise Undeliverable(TOO_LARGE)
        line = await self._archive.line(self._site, effect.line)
        if line is None:
            raise Undeliverable("line_unknown")
        try:
            name = await self._files.keep(owner_of(line.channel, line.key), content)
        except StoreUnavailable:
            raise TryLater("store_away") from None
        kind = kind_of(content, declared)
        await self._write(effect, media_type=kind, size_bytes=len(content), file=name, reason="")

    async def give_up(self, effect: Effect, reason: str) -> None:
        """Write down why it will not come."""
        await self._write(effect, reason=reason)

    async def _write(self, effect: Effect, **changes: str | int) -> None:
        for _ in range(WRITES_MAX):
            message = await self._archive.message(self._site, effect.message)
            changed = _changed(message, int(effect.notice), changes) if message else None
            if message is None or changed is None:
                return
            old = message.body.extra.get(FILES, "")
            new = with_files(message.body, changed).extra[FILES]
            if old == new or await self._archive.set_extra(self._site, effect.message, FILES, old=old, new=new):
                return
        raise StoreError("a message's files change too often")


def _changed(message: MessageRow, number: int, changes: dict[str, str | int]) -> list[FileRow] | None:
    """Return the files with the n-th fetched one changed; None where it is here already, or never was."""
    files = files_of(message.body)
    numbers = to_fetch(files)
    if not 0 < number <= len(numbers) or files[numbers[number - 1]].file:
        return None
    files[numbers[number - 1]] = msgspec.structs.replace(files[numbers[number - 1]], **changes)
    return files
