"""Heads of lines in blocks, held against a sorted list."""

from __future__ import annotations

import random

import pytest

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


def test_the_only_one_of_the_classes_asked_for_is_found_at_once_and_gone_when_it_is_removed() -> None:
    heads, (first, second) = Heads(), lines(2)
    heads.add((5, 1), first)
    heads.add((3, 2), second)
    assert heads.first(first.bit) == (5, 1, first)
    heads.remove((5, 1), first)
    assert heads.first(first.bit) is None
    assert heads.first(first.bit | second.bit) == (3, 2, second)


@pytest.mark.parametrize("count", [BLOCK_MAX // 4, 10 * BLOCK_MAX])
def test_a_head_that_moves_stands_where_it_belongs(count: int) -> None:
    chance, heads, known = random.Random(12), Heads(), dict[Class, Place]()
    for cls in lines(count):
        known[cls] = (chance.randrange(500), cls.id)
        heads.add(known[cls], cls)
    for step in range(2_000):
        cls = chance.choice(list(known))
        place = (chance.randrange(500), count + step)
        heads.move(known[cls], place, cls)
        known[cls] = place
        asked = chance.choice(list(known)).bit | chance.choice(list(known)).bit
        oldest = min((*known[each], each.id) for each in known if each.bit & asked)
        found = heads.first(asked)
        assert found is not None
        assert (*found[:2], found[2].id) == oldest
    assert [(head[:2], head[2]) for head in heads.among(-1)] == sorted(
        ((place, cls) for cls, place in known.items()), key=lambda each: each[0]
    )


@pytest.mark.parametrize("come", [0, 3, 20 * BLOCK_MAX])
def test_many_heads_are_exchanged_at_once_as_if_one_by_one(come: int) -> None:
    heads, classes = Heads(), lines(come + 3 * BLOCK_MAX)
    before, new = classes[: 3 * BLOCK_MAX], classes[3 * BLOCK_MAX :]
    for cls in before:
        heads.add((1_000 - cls.id, cls.id), cls)
    gone = sum(cls.bit for cls in before[::2])
    heads.exchange(gone, [(900 - cls.id, cls.id, cls) for cls in new])
    stay = [(1_000 - cls.id, cls.id) for cls in before[1::2]] + [(900 - cls.id, cls.id) for cls in new]
    assert [head[:2] for head in heads.among(-1)] == sorted(stay)
    assert all(len(block.heads) <= BLOCK_MAX for block in heads.blocks)
    for cls in before[1::2]:
        heads.remove((1_000 - cls.id, cls.id), cls)
    for cls in new:
        heads.remove((900 - cls.id, cls.id), cls)
    assert not list(heads.among(-1))
    heads.add((1, 1), classes[0])
    assert heads.first(-1) == (1, 1, classes[0])
