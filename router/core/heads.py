"""The heads of all lines in order of place, in blocks: one look at a block's mask passes over thirty lines at once.

With many classes the oldest heads are those that few may take, and whoever is freed would look at all of them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
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
    bits: list[int]  # of the class of each head
    mask: int = 0


@dataclass(slots=True)
class Heads:
    """`bounds` parts the blocks: block n holds what lies from bound n on, and before bound n + 1.

    `of` is the head of each class, by its bit.
    """

    blocks: list[Block] = field(default_factory=lambda: [Block([], [])])
    bounds: list[Place] = field(default_factory=lambda: [(0, 0)])
    of: dict[int, Head] = field(default_factory=dict)

    def add(self, place: Place, cls: Class) -> None:
        """Note the head of a line that has none here."""
        number = bisect_right(self.bounds, place) - 1 if len(self.blocks) > 1 else 0
        block, bit = self.blocks[number], cls.bit
        heads, head = block.heads, (place[0], place[1], cls)
        index = bisect_left(heads, head)
        heads.insert(index, head)
        block.bits.insert(index, bit)
        block.mask |= bit
        self.of[bit] = head
        if len(heads) > BLOCK_MAX:
            self._split(number)

    def _split(self, number: int) -> None:
        """Part a block in two."""
        block, half = self.blocks[number], BLOCK_MAX // 2
        upper = Block(block.heads[half:], block.bits[half:], sum(block.bits[half:]))
        del block.heads[half:], block.bits[half:]
        block.mask ^= upper.mask
        self.blocks.insert(number + 1, upper)
        self.bounds.insert(number + 1, upper.heads[0][:2])

    def remove(self, place: Place, cls: Class) -> None:
        """The head of this line has gone."""
        number = bisect_right(self.bounds, place) - 1 if len(self.blocks) > 1 else 0
        block = self.blocks[number]
        heads = block.heads
        index = bisect_left(heads, place)
        del heads[index], block.bits[index], self.of[cls.bit]
        block.mask ^= cls.bit
        if number and not heads:
            del self.blocks[number], self.bounds[number]

    def move(self, before: Place, place: Place, cls: Class) -> None:
        """The head of this line is another now."""
        if len(self.blocks) > 1:
            self.remove(before, cls)
            self.add(place, cls)
            return
        (block,) = self.blocks
        heads, bits, bit = block.heads, block.bits, cls.bit
        index = bisect_left(heads, before)
        del heads[index], bits[index]
        head = self.of[bit] = (place[0], place[1], cls)
        index = bisect_left(heads, head)
        heads.insert(index, head)
        bits.insert(index, bit)

    def exchange(self, gone: int, come: list[Head]) -> None:
        """Let the heads of some classes go and others come, all at once: one by one costs more for many."""
        kept = [head for block in self.blocks for head in block.heads if not gone & head[2].bit]
        heads, half = sorted([*kept, *come]), BLOCK_MAX // 2
        parts = [heads[index : index + half] for index in range(0, len(heads), half)] or [heads]
        self.blocks = [Block(part, bits := [head[2].bit for head in part], sum(bits)) for part in parts]
        self.bounds = [(0, 0), *(part[0][:2] for part in parts[1:])]
        self.of = {head[2].bit: head for head in heads}

    def first(self, classes: int) -> Head | None:
        """Return the oldest head of these classes."""
        only = self.of.get(classes)  # often they are one
        if only is not None:
            return only
        for block in self.blocks:
            if block.mask & classes:
                for bit in block.bits:
                    if classes & bit:
                        return self.of[bit]
        return None

    def among(self, classes: int) -> Iterator[Head]:
        """Yield the heads of these classes, the oldest first; nothing may be added or removed meanwhile."""
        for block in self.blocks:
            if block.mask & classes:
                for head in block.heads:
                    if classes & head[2].bit:
                        yield head
