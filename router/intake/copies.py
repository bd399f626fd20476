"""Copies of what was said, for customers who ask: whether there are any, of which conversation, and over which line."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from channels.contract import Capabilities, CopyAsked
from router.core.bundle import Bundle
from router.floor.effects import COPY_TEXT
from router.store.port import Archive, Caller

ADDRESS = "email"
# As long as keys of mail threads are.
KEY_CHARS = 16
# The newest messages among which an answer is looked for.
THREAD_MAX = 100


def copies_by(bundle: Bundle | None, capabilities: Mapping[str, Capabilities]) -> str:
    """Return the channel that sends copies, empty where there is none, or the site has no text to begin them with."""
    if bundle is None or COPY_TEXT not in bundle.texts:
        return ""
    return next((name for name in bundle.channels if _writes(capabilities.get(name))), "")


def _writes(can: Capabilities | None) -> bool:
    return can is not None and can.writes_to == ADDRESS


class Copies:
    """Finds what a copy is of and where it goes, for one site."""

    def __init__(self, site: str, archive: Archive) -> None:
        self._site, self._archive = site, archive

    async def wanted(self, signal: CopyAsked, line: int, *, by: str, at_ms: int) -> tuple[int, int]:
        """Return (conversation, line to the address), zeros where there is nothing to send.

        A line asks for its own conversations only, and for those in which somebody answered: a machine that talks
        to itself is not mailed around.
        """
        said = await self._archive.on_line(self._site, line, after=signal.item - 1, limit=1)
        if not said or said[0].row.position != signal.item:
            return 0, 0
        conversation = await self._archive.conversation(self._site, said[0].row.conv)
        if conversation is None or not await self._answered(conversation.conv, line):
            return 0, 0
        name = hashlib.sha256(f"copy\0{conversation.reference}\0{signal.to}".encode()).hexdigest()[:KEY_CHARS]
        # Nobody has proved the address: whoever writes from there is somebody else until they prove who they are.
        (met,) = await self._archive.meet(self._site, [Caller(channel=by, key=name, peer=signal.to)], at_ms)
        return conversation.conv, met.line

    async def _answered(self, conv: int, line: int) -> bool:
        said = await self._archive.thread(self._site, conv, line, limit=THREAD_MAX)
        return any(each.direction == "out" for each in said)
