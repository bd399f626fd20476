"""A store and a folder of files, with a person in them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from router.care.erasing import Eraser
from router.care.exporting import Exporter
from router.care.sweeping import Sweeper
from router.site.files import FolderFiles, owner_of
from router.store.filerows import FileRow, with_files
from router.store.port import Body, Identity, Met, NewLetter, Settled
from router.store.sqlite import SqliteStore
from tests.store.makers import SITE, caller, commit, conversation, row

START_MS = 1_800_000_000_000


class HandClock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = START_MS

    def now_ms(self) -> int:
        return self.now


@dataclass(slots=True)
class Home:
    """What the tests look at."""

    folder: Path
    store: SqliteStore
    files: FolderFiles
    clock: HandClock

    @property
    def eraser(self) -> Eraser:
        return Eraser(SITE, self.store, self.files, self.clock.now_ms)

    @property
    def exporter(self) -> Exporter:
        return Exporter(SITE, self.store, self.files)

    @property
    def sweeper(self) -> Sweeper:
        return Sweeper(SITE, self.store, self.files, self.clock.now_ms)

    async def meets(self, key: str, *identities: Identity, name: str = "", channel: str = "chat") -> Met:
        [met] = await self.store.archive.meet(
            SITE, [caller(key, *identities, name=name, channel=channel, peer=f"{key}-peer")], self.clock.now
        )
        return met

    async def keeps(self, content: bytes, *, key: str = "k", name: str = "a.txt") -> FileRow:
        kept = await self.files.keep(owner_of("chat", key), content)
        return FileRow(name=name, media_type="text/plain", size_bytes=len(content), file=kept)

    async def says(self, met: Met, text: str, *files: FileRow, conv: int, state: str = "closed") -> int:
        """Let somebody have said something in a conversation that stands so now."""
        words = Body(direction="in", author="customer", text=text, provider=f"<{conv}@x>", created_ms=self.clock.now)
        signal = NewLetter(
            channel="chat",
            dedupe=f"{conv}-{text}",
            received_ms=self.clock.now,
            signal=text.encode(),
            body=with_files(words, files),
        )
        [kept] = await self.store.letterbox.put(SITE, [signal])
        at = (await self.store.journal.end(SITE))[0] + 1
        await commit(
            self.store,
            conversations=[conversation(conv, state, customer=met.customer, line=met.line)],
            timeline=[row(at, "Received", conv=conv, line=met.line, message=kept.message)],
            placed=[(kept.message, conv, met.line)],
            settled=[Settled(letter=kept.id, position=at)],
        )
        return kept.message

    def on_disk(self) -> bytes:
        """Return every byte of every file there is."""
        return b"\0".join(path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file())
