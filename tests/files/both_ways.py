"""What a file that came, or goes out, looks like on a whole node. No test lives here."""

from __future__ import annotations

import asyncio
import time

from router.core import commands as cmd
from router.store.filerows import KEPT, FileRow, files_of, with_files
from router.store.port import Body
from tests.channels.staffed import AGENT, SITE, StaffedHouse

# A first refusal is followed by two seconds of back-off.
BOUND_S = 60.0


async def arrived(house: StaffedHouse, message: int = 1) -> tuple[FileRow, bytes | None]:
    """Wait until a message's first file is kept; return it and its content."""
    async with asyncio.timeout(BOUND_S):
        while True:
            row = await house.store.archive.message(SITE, message)
            files = files_of(row.body) if row else []
            if files and files[0].state == KEPT:
                return files[0], await house.served.files.read(files[0].file)
            await asyncio.sleep(0.02)


async def answers_with(house: StaffedHouse, text: str, content: bytes, media_type: str) -> None:
    """The agent replies with words and a file, as the desk writes it."""
    name = await house.served.files.keep("test", content)
    file = FileRow(name="drawing.png", media_type=media_type, size_bytes=len(content), file=name)
    body = Body(direction="out", author=f"agent:{AGENT}", text=text, created_ms=time.time_ns() // 1_000_000)
    (message,) = await house.store.archive.write(SITE, [with_files(body, [file])])
    await house.made(cmd.Reply(id=f"say{message}", agent=AGENT, conv=1, message=message, then="stay"))
