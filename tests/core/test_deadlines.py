"""Deadlines: near ones exact and in order, far ones in buckets, dead ones swept; held against a sorted list."""

from __future__ import annotations

import random

from router.core.deadlines import AGENT, AHEAD_AT_ONCE, BUCKET_MS, CONVERSATION, DEAD_SLACK, Deadlines, Due


def drained(deadlines: Deadlines, due_ms: dict[int, int], at: int) -> list[Due]:
    """Take everything that is due at a time; a conversation's own due time is what it falls due at."""

    def of(conv: int) -> tuple[int, int] | None:
        return (due_ms[conv], 0) if conv in due_ms else None

    deadlines.open_until(at, of)
    taken: list[Due] = []
    while (due := deadlines.pop(at)) is not None:
        if due[1] != CONVERSATION or due_ms.get(due[3]) == due[0]:
            taken.append(due)
    return taken


def test_what_falls_due_comes_out_in_the_order_of_a_sorted_list() -> None:
    chance, deadlines, due_ms = random.Random(3), Deadlines(), dict[int, int]()
    for conv in range(500):
        for _ in range(chance.choice((1, 1, 2))):
            due_ms[conv] = chance.randrange(1, 40 * BUCKET_MS)
            deadlines.set_conversation(due_ms[conv], conv, 0)
    expected = sorted((due, CONVERSATION, 0, conv, "") for conv, due in due_ms.items())
    taken, at = list[Due](), 0
    while len(taken) < len(expected):
        at += chance.randrange(1, 2 * BUCKET_MS)
        due = drained(deadlines, due_ms, at)
        assert all(each[0] <= at for each in due)
        taken += due
    assert taken == expected


def test_a_conversation_that_is_due_within_an_opened_bucket_is_noted_exactly() -> None:
    deadlines = Deadlines()
    deadlines.open_until(10 * BUCKET_MS, lambda _: None)
    deadlines.set_conversation(10 * BUCKET_MS + 5, 7, 0)
    assert deadlines.next_ms() == 10 * BUCKET_MS + 5


def test_nothing_falls_due_before_the_next_time_that_is_named() -> None:
    deadlines = Deadlines()
    deadlines.set_conversation(5 * BUCKET_MS + 9, 1, 0)
    assert deadlines.next_ms() == 5 * BUCKET_MS
    deadlines.set(7, AGENT, 3)
    assert deadlines.next_ms() == 7
    assert Deadlines().next_ms() == 0


def test_an_empty_floor_names_no_time() -> None:
    deadlines = Deadlines()
    deadlines.set_conversation(5 * BUCKET_MS, 1, 0)
    assert not drained(deadlines, {}, 9 * BUCKET_MS)
    assert deadlines.next_ms() == 0


def test_a_thousand_changes_of_mind_leave_no_litter() -> None:
    """A conversation whose due time is moved again and again takes a bounded room."""
    deadlines = Deadlines()
    for number in range(20 * DEAD_SLACK):
        deadlines.set_conversation(BUCKET_MS * 1_000 + number, number, 0)
        if deadlines.is_littered():
            deadlines.sweep(lambda _: True, lambda held: [conv for conv in held if conv > 20 * DEAD_SLACK - 10])
    assert deadlines.noted <= DEAD_SLACK + 20
    assert sum(map(len, deadlines.buckets.values())) == deadlines.noted


def test_a_bucket_in_which_very_many_fall_due_is_opened_little_by_little_before_its_time() -> None:
    deadlines, count = Deadlines(), 4 * AHEAD_AT_ONCE
    due_ms = 10 * BUCKET_MS + 5
    for conv in range(1, count + 1):
        deadlines.set_conversation(due_ms + count - conv, conv, 0)

    def of(conv: int) -> tuple[int, int]:
        return due_ms + count - conv, 0

    deadlines.open_until(8 * BUCKET_MS, of)
    assert deadlines.next_ms() == 10 * BUCKET_MS, "not before the bucket before it"
    for step in range(1, 5):
        deadlines.open_until(9 * BUCKET_MS + step, of)
        assert (deadlines.next_ms() == 9 * BUCKET_MS) == (step < 3), "the rest of it comes with its time"
        assert (len(deadlines.heap), deadlines.noted) == (step * AHEAD_AT_ONCE, count - step * AHEAD_AT_ONCE)
        assert not deadlines.is_littered()
    deadlines.open_until(11 * BUCKET_MS, of)
    popped = [deadlines.pop(11 * BUCKET_MS) for _ in range(count)]
    assert popped == [(due_ms + back, CONVERSATION, 0, count - back, "") for back in range(count)]
