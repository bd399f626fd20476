"""Sleepers: whoever waits far behind weighs little, and is word for word the same when asked for."""

from __future__ import annotations

import random

import msgspec
import pytest

from router.core.conversations import ALIKE_MAX, Conv, Conversations
from router.core.lifecycle import ACTIVE, WAITING
from router.core.waiting import Class

OPENED_MS = 1_800_000_000_000


def line() -> Class:
    """Return a class whose head is somebody else."""
    return Class(id=0, queue="q", channel="chat", needs=(), load=25, live=True, head=(0, -1))


def someone(conv_id: int, cls: Class, chance: random.Random) -> Conv:
    opened_ms = OPENED_MS + chance.randrange(-5_000_000, 5_000_000)
    window_ms = chance.choice((0, opened_ms, opened_ms + 3, opened_ms + 900_000, opened_ms + 172_800_000))
    return Conv(
        id=conv_id,
        version=chance.randrange(3),
        customer=chance.randrange(1, 2**62),
        line=chance.randrange(1, 2**62),
        facts=chance.randrange(1, 9_000),
        cls=cls,
        key_ms=opened_ms - chance.choice((0, 300_000)),
        opened_ms=opened_ms,
        since_ms=opened_ms + chance.choice((0, 3, 900_000)),
        state=WAITING,
        due_ms=opened_ms + chance.randrange(1, 10_000_000),
        rule=chance.choice(("a", "b")),
        answered=chance.random() < 0.5,
        off_hours=chance.random() < 0.5,
        gone=chance.random() < 0.5,
        failed=chance.random() < 0.5,
        no_notice=chance.random() < 0.5,
        leg_ms=opened_ms - chance.choice((0, 7_000)),
        step=chance.randrange(3),
        window_ms=window_ms,
        hasten_ms=window_ms and window_ms - chance.choice((1, 900_000)),
        replies_left=chance.randrange(-1, 6),
        reply_by_ms=chance.choice((0, opened_ms, opened_ms + 3, opened_ms + 900_000)),
        test=chance.random() < 0.5,
    )


def asleep(convs: Conversations, *those: Conv) -> None:
    for conv in those:
        convs[conv.id] = conv
        convs.stirred.append(conv.id)
    convs.settle(len(convs))


def words(conv: Conv | None) -> object:
    return None if conv is None else msgspec.structs.astuple(conv)


def test_who_wakes_is_word_for_word_who_fell_asleep() -> None:
    chance, convs, cls = random.Random(5), Conversations(awake_max=0), line()
    people = [someone(number, cls, chance) for number in range(1, 400)]
    told = {conv.id: words(conv) for conv in people}
    asleep(convs, *people)
    assert not convs.awake()
    assert {conv.id: words(conv) for conv in convs.values()} == told
    assert {number: words(convs[number]) for number in told} == told
    assert len(convs.awake()) == len(people)


def test_sleepers_are_counted_found_and_listed_like_everybody() -> None:
    convs, cls, chance = Conversations(awake_max=0), line(), random.Random(1)
    asleep(convs, someone(7, cls, chance), someone(9, cls, chance))
    convs[3] = someone(3, cls, chance)
    assert len(convs) == 3
    assert sorted(convs) == [3, 7, 9]
    assert 7 in convs
    assert 8 not in convs
    assert convs.get(8) is None
    assert convs.peek(8) is None
    with pytest.raises(KeyError):
        convs[8]


def test_reading_a_list_wakes_nobody_and_asking_for_one_wakes_that_one() -> None:
    convs, cls, chance = Conversations(awake_max=0), line(), random.Random(1)
    asleep(convs, someone(7, cls, chance), someone(9, cls, chance))
    assert len(list(convs.values())) == 2
    assert convs.peek(7) is not convs.peek(7)
    assert not convs.awake()
    woken = convs.get(7)
    assert woken is convs[7]
    assert list(convs.awake()) == [woken]
    convs.settle(2)
    assert not convs.awake()


def test_what_was_written_to_a_woken_one_is_kept_when_it_sleeps_again() -> None:
    convs, cls, chance = Conversations(awake_max=0), line(), random.Random(1)
    asleep(convs, someone(7, cls, chance))
    convs[7].gone, convs[7].due_ms = True, OPENED_MS + 77
    convs.settle(1)
    assert not convs.awake()
    assert (convs[7].gone, convs[7].due_ms) == (True, OPENED_MS + 77)


@pytest.mark.parametrize(
    ("field", "value"),
    [("state", ACTIVE), ("resting", {3: 9}), ("more_lines", (8,)), ("owner", 4)],
)
def test_who_is_out_of_the_ordinary_stays_awake(field: str, value: object) -> None:
    convs = Conversations(awake_max=0)
    conv = someone(7, line(), random.Random(1))
    setattr(conv, field, value)
    asleep(convs, conv)
    assert list(convs.awake()) == [conv]


def test_the_head_of_a_line_stays_awake() -> None:
    convs, cls = Conversations(awake_max=0), line()
    conv = someone(7, cls, random.Random(1))
    cls.head = (conv.key_ms, conv.id)
    asleep(convs, conv)
    assert list(convs.awake()) == [conv]


def test_a_floor_of_ordinary_size_never_sleeps() -> None:
    convs, cls, chance = Conversations(awake_max=10), line(), random.Random(1)
    asleep(convs, *(someone(number, cls, chance) for number in range(1, 11)))
    assert len(convs.awake()) == 10


def test_endless_combinations_keep_their_people_awake_and_no_more() -> None:
    convs, cls, chance = Conversations(awake_max=0), line(), random.Random(1)
    people = [someone(number, cls, chance) for number in range(1, ALIKE_MAX + 10)]
    for conv in people:
        conv.rule = f"rule {conv.id}"
    asleep(convs, *people)
    assert len(convs.awake()) == 9
    assert len(convs) == len(people)
