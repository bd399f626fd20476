"""The relay's promises, for every store."""

from __future__ import annotations

from typing import Any

SITE = "main"


async def test_a_question_waits_until_it_is_answered(store: Any) -> None:
    await store.relay.ask(SITE, "D1:a", b"first", at=10)
    await store.relay.ask(SITE, "D1:b", b"second", at=20)
    assert await store.relay.unanswered(SITE, limit=10) == [("D1:a", b"first"), ("D1:b", b"second")]
    assert await store.relay.take(SITE, "D1:a") is None
    await store.relay.answer(SITE, [("D1:a", b"yes")])
    assert await store.relay.unanswered(SITE, limit=10) == [("D1:b", b"second")]
    assert await store.relay.take(SITE, "D1:a") == b"yes"
    assert await store.relay.take(SITE, "D1:a") is None


async def test_a_question_asked_twice_is_one_and_keeps_its_answer(store: Any) -> None:
    await store.relay.ask(SITE, "D1:a", b"first", at=10)
    await store.relay.answer(SITE, [("D1:a", b"yes")])
    await store.relay.ask(SITE, "D1:a", b"first", at=30)
    assert await store.relay.unanswered(SITE, limit=10) == []
    assert await store.relay.take(SITE, "D1:a") == b"yes"


async def test_another_question_under_the_same_command_takes_the_place_of_the_first_and_its_answer(
    store: Any,
) -> None:
    """A letter that was looked up again: what was said of the earlier look-up is not what is asked now."""
    await store.relay.ask(SITE, "L1", b"first look", at=10)
    await store.relay.ask(SITE, "L1", b"second look", at=20)
    assert await store.relay.unanswered(SITE, limit=10) == [("L1", b"second look")]
    await store.relay.answer(SITE, [("L1", b"look again")])
    await store.relay.ask(SITE, "L1", b"third look", at=30)
    assert await store.relay.take(SITE, "L1") is None
    assert await store.relay.unanswered(SITE, limit=10) == [("L1", b"third look")]


async def test_a_question_that_somebody_still_asks_is_not_swept(store: Any) -> None:
    await store.relay.ask(SITE, "L1", b"q", at=10)
    await store.relay.ask(SITE, "L1", b"q", at=60)
    assert await store.relay.sweep(SITE, before_ms=50) == 0


async def test_questions_are_handed_out_oldest_first_and_bounded(store: Any) -> None:
    for number in range(5):
        await store.relay.ask(SITE, f"D1:{number}", b"q", at=50 - number)
    assert [command for command, _ in await store.relay.unanswered(SITE, limit=2)] == ["D1:4", "D1:3"]


async def test_sites_do_not_see_each_others_questions(store: Any) -> None:
    await store.relay.ask("north", "D1:a", b"q", at=1)
    assert await store.relay.unanswered("south", limit=10) == []


async def test_what_is_old_is_swept(store: Any) -> None:
    await store.relay.ask(SITE, "D1:old", b"q", at=10)
    await store.relay.ask(SITE, "D1:new", b"q", at=99)
    assert await store.relay.sweep(SITE, before_ms=50) == 1
    assert [command for command, _ in await store.relay.unanswered(SITE, limit=9)] == ["D1:new"]
