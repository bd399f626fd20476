"""Heads of lines in blocks, held against a sorted list."""

from __future__ import annotations

import random

from router.core.heads import BLOCK_MAX, Heads
from router.core.waiting import Class, Place


def lines(count: int) -> list[Class]:
    return [Class(id=number, queue="q", channel="chat", needs=(), load=1, live=True) for number in range(count)]


def test_heads_that_come_and_go_are_in_order_like_in_a_sorted_list() -> None:
    chance, heads, known = random.Random(11), Heads(), dict[Class, Place]()
    classes = lines(20 * BLOCK_MAX)
    for step in range(6_000):
        cls = chance.choice(classes)
        if cls in known:
            heads.remove(known.pop(cls), cls)
        if chance.random() < (0.9 if step < 3_000 else 0.2):
            known[cls] = (chance.randrange(500), step)
            heads.add(known[cls], cls)
        if step % 50 == 0:
            asked = sum(each.bit for each in classes if chance.random() < 0.1)
            expected = sorted((*place, each.id) for each, place in known.items() if each.bit & asked)
            assert [(key, conv, each.id) for key, conv, each in heads.among(asked)] == expected
    assert len(known) < len(heads.blocks) * BLOCK_MAX


def test_the_blocks_of_many_heads_are_never_too_full_and_go_with_them() -> None:
    heads, classes = Heads(), lines(500)
    for cls in classes:
        heads.add((1, cls.id), cls)
    assert len(heads.blocks) > 1
    assert all(len(block.heads) <= BLOCK_MAX for block in heads.blocks)
    assert all(block.mask == sum(cls.bit for _, _, cls in block.heads) for block in heads.blocks)
    for cls in classes:
        heads.remove((1, cls.id), cls)
    assert len(heads.blocks) == 1
    assert not list(heads.among(-1))
