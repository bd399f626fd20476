"""What customers write beside a rating: kept as a row of its own, never in the journal. No letter, no decision."""

from __future__ import annotations

from channels.contract import LetterboxClosed, LineRef
from router.floor.floor import Floor
from router.store.port import Store, StoreError


async def keep_remark(floor: Floor, store: Store, line: LineRef, *, item: int, words: str, at: int) -> bool:
    """Keep words about the conversation whose item this is; a line speaks of its own conversations only."""
    try:
        line_id = await floor.lines.find(line.channel, line.key)
        found = await store.archive.on_line(floor.site, line_id, after=item - 1, limit=1) if line_id else []
        if not found or found[0].row.position != item:
            return False
        return await store.reviews.remark(floor.site, found[0].row.conv, words, at=at)
    except StoreError:
        raise LetterboxClosed("nothing can be written down now") from None
