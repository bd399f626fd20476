"""The heads of all lines in order of place, in blocks: one look at a block's mask passes over thirty lines at once.

With many classes the oldest heads are those that few may take, and whoever is freed would look at all of them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass, field

from router.core.waiting import Class, Place

Head = tuple[int, int, Class]  # key_ms, conversation, class; the first two are unique, so classes are never compared

# A block is split when it is fuller than this: what is left of looking is one block, and as many masks as blocks.
BLOCK_MAX = 48


@dataclass(slots=True, eq=False)
class Block:
    """Some heads in order, and their classes as bits."""

    heads: list[Head]
    mask: int = 0


@dataclass(slots=True)
class Heads:
    """`bounds` parts the blocks: block n holds what lies from bound n on, and before bound n + 1."""

    blocks: list[Block] = field(default_factory=lambda: [Block([])])
    bounds: list[Place] = field(default_factory=lambda: [(0, 0)])

    def add(self, place: Place, cls: Class) -> None:
        """Note the head of a line that has none here."""
        index = self._index(place) if len(self.blocks) > 1 else 0
        block = self.blocks[index]
        insort(block.heads, (*place, cls))
        block.mask |= cls.bit
        if len(block.heads) > BLOCK_MAX:
            upper = block.heads[BLOCK_MAX // 2 :]
            del block.heads[BLOCK_MAX // 2 :]
            mask = sum(each.bit for _, _, each in upper)
            block.mask ^= mask
            self.blocks.insert(index + 1, Block(upper, mask))
            self.bounds.insert(index + 1, upper[0][:2])

    def remove(self, place: Place, cls: Class) -> None:
        """The head of this line has gone."""
        index = self._index(place) if len(self.blocks) > 1 else 0
        block = self.blocks[index]
        del block.heads[bisect_left(block.heads, place)]
        block.mask ^= cls.bit
        if not block.heads and index:
            del self.blocks[index]
            del self.bounds[index]

    def _index(self, place: Place) -> int:
        return max(bisect_right(self.bounds, place) - 1, 0)

    def first(self, classes: int) -> Head | None:
        """Return the oldest head of these classes."""
        for block in self.blocks:
            if block.mask & classes:
                for head in block.heads:
                    if classes & head[2].bit:
                        return head
        return None

    def among(self, classes: int) -> Iterator[Head]:
        """Yield the heads of these classes, the oldest first; nothing may be added or removed meanwhile."""
        for block in self.blocks:
            if block.mask & classes:
                for head in block.heads:
                    if classes & head[2].bit:
                        yield head
