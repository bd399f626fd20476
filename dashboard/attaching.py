"""From the ids of files to the files: uploads of an agent, and those of the conversation's own story. No routes."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.errors import ApiError
from dashboard.staging import Staging
from dashboard.surroundings import FileRefused, Surroundings
from router.store.filerows import KEPT, FileRow, files_of
from router.store.port import ConversationRow

STORY_MARK = "-"


class Attaching:
    """Finds files, and asks whether a line can send them."""

    def __init__(self, out: Surroundings, staging: Staging) -> None:
        self._out, self._staging = out, staging

    async def find(self, agent: int, row: ConversationRow, name: str) -> FileRow | None:
        """Return a file of the conversation's story, or an upload of this agent into it."""
        message, mark, number = name.partition(STORY_MARK)
        if mark:
            return await self._of_story(row, message, number)
        return next((each.file for each in await self._staging.of(agent, row.reference) if each.id == name), None)

    async def _of_story(self, row: ConversationRow, message: str, number: str) -> FileRow | None:
        if not (message.isdecimal() and number.isdecimal() and len(message) < 19):
            return None
        found = await self._out.store.archive.message(self._out.floor.site, int(message))
        if found is None or found.conv != row.conv:
            return None
        files = files_of(found.body)
        return files[int(number)] if int(number) < len(files) else None

    async def gather(self, agent: int, row: ConversationRow, ids: Sequence[str]) -> tuple[FileRow, ...]:
        """Return the files of a reply. Raises ApiError `file_unknown`."""
        found = [await self.find(agent, row, name) for name in dict.fromkeys(ids)]
        # Where a provider had it is of the message that brought it, not of the reply that sends it on.
        rows = [FileRow(name=f.name, media_type=f.media_type, size_bytes=f.size_bytes, file=f.file) for f in found if f]
        if len(rows) < len(found) or any(file.state != KEPT for file in rows):
            raise ApiError("file_unknown", field="files")
        return tuple(rows)

    async def check(self, line: int, files: Sequence[FileRow]) -> None:
        """Raise ApiError by name where a line's channel cannot send these files."""
        if not files:
            return
        found = await self._out.store.archive.line(self._out.floor.site, line)
        try:
            can = self._out.sendable(found.channel if found else "")
            can.check([(file.media_type, file.size_bytes) for file in files])
        except FileRefused as refused:
            raise ApiError(refused.reason, field="files") from None
