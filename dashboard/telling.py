"""Makes a desk's frames from what changed for it: reads replica, figures and archive, and sends nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dashboard.frames import DeskPart, StoryFrame, Withdrawn, desk_frames, desk_parts, encode, slices
from dashboard.parts import Parts
from dashboard.pictures import Shown, rings, works_on
from dashboard.ring import Ended, Share
from dashboard.shapes import Item
from dashboard.stories import cut
from router.core.state import Conv


class Telling:
    """From ids to encoded frames."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._out = parts, parts.out
        # Who has taken part in anything: they are told, too, that there is nothing any more.
        self._partners: set[int] = set()

    async def frames(self, agent: int, share: Share, *, before: int, seq: int) -> list[str]:
        """Return the frames for one agent, the same for all their desks.

        What is gone is told first, so that what rings again at the same desk stays.
        """
        work, ringing, gone = await self._sorted_out(agent, share.convs)
        parts: list[DeskPart] = [{"gone": [self._out.reference(conv) for conv in sorted(gone)]}] if gone else []
        parts += desk_parts(
            work=await self._parts.pictures.summaries(work, whole=True),
            offers=await self._parts.pictures.offers(ringing),
            withdrawn=[self._withdrawn(each) for each in share.ended if not self._still_rings(agent, each)],
        )
        if share.me:
            parts.append({"me": await self._parts.pictures.me(agent)})
        taking_part = await self._parts.pictures.taking_part(agent) if share.convs else []
        if taking_part or (share.convs and agent in self._partners):
            self._partners.add(agent)
            parts.append({"taking_part": taking_part})
        return desk_frames(parts, before=before, seq=seq)

    async def _sorted_out(self, agent: int, convs: Iterable[int]) -> tuple[list[Shown], list[Conv], set[int]]:
        """Return what is the agent's work (parked, too), what rings, and what is neither (any more)."""
        work: list[Shown] = []
        ringing: list[Conv] = []
        gone: set[int] = set()
        inside = self._out.floor.state.convs
        for conv_id in sorted(convs):
            conv = inside.get(conv_id)
            if conv is None:
                row = await self._out.store.archive.conversation(self._out.floor.site, conv_id)
                if row is not None and row.state == "parked" and row.owner == agent:
                    work.append(row)
                else:
                    gone.add(conv_id)
            elif works_on(conv, agent):
                work.append(conv)
            else:
                gone.add(conv_id)
                if rings(conv, agent):
                    ringing.append(conv)
        return work, ringing, gone

    def _withdrawn(self, ended: Ended) -> Withdrawn:
        return Withdrawn(offer=ended.offer, ref=self._out.reference(ended.conv), why=ended.why)

    def _still_rings(self, agent: int, ended: Ended) -> bool:
        conv = self._out.floor.state.convs.get(ended.conv)
        return conv is not None and rings(conv, agent) and conv.offer is not None and conv.offer.id == ended.offer

    def queue_frames(self, seq: int, queues: Iterable[str]) -> list[str]:
        """Return the frames with these queues' lines, the same for everybody."""
        known = set(self._parts.board.queues())
        lines = [self._parts.pictures.queue_line(name) for name in sorted(queues) if name in known]
        return desk_frames(desk_parts(queues=lines), before=seq, seq=seq)

    def all_queue_frames(self, seq: int) -> list[str]:
        """Return the frames with every queue's line: what a desk that resumes may have missed of them is not kept."""
        return self.queue_frames(seq, self._parts.board.queues())

    def story_frames(self, seq: int, conv: int, items: Sequence[Item]) -> list[str]:
        """Return the frames with these items, the same for everybody who looks."""
        ref = self._out.reference(conv)
        parts = slices([cut(item) for item in items])
        return [encode(StoryFrame(seq=seq, ref=ref, items=part)) for part in parts]  # type: ignore[arg-type]
