"""The switches of the in-process links do what other tests rely on."""

from __future__ import annotations

import asyncio

import pytest

from router.bus.link import LinkDown, NoAnswer
from tests.bus.in_process_links import InProcessLinks

SITE = "main"


async def echo(question: bytes) -> bytes:
    return question


async def heard(ear, count: int) -> list[bytes]:
    async with asyncio.timeout(60):
        return [await anext(ear) for _ in range(count)]


async def test_who_is_cut_off_is_down_hears_nothing_and_is_told_so_afterwards() -> None:
    links = InProcessLinks()
    leader, second = links.link("a"), links.link("b")
    ear = second.heard(SITE)
    assert await heard(ear, 1) == [b""]
    links.cut("b")
    leader.tell(SITE, b"missed", last=1)
    assert leader.up
    assert not second.up
    with pytest.raises(LinkDown):
        await second.ask(SITE, b"q", within_ms=100)
    await asyncio.sleep(0.01)
    links.mend("b")
    leader.tell(SITE, b"after", last=2)
    assert await heard(ear, 2) == [b"", b"after"]


async def test_what_is_dropped_does_not_arrive_and_what_is_doubled_arrives_twice() -> None:
    links = InProcessLinks()
    leader, second = links.link("a"), links.link("b")
    ear = second.heard(SITE)
    links.drop["tell"] = 1.0
    leader.tell(SITE, b"dropped", last=1)
    links.drop["tell"], links.double["tell"] = 0.0, 1.0
    leader.tell(SITE, b"twice", last=2)
    assert await heard(ear, 3) == [b"", b"twice", b"twice"]


async def test_an_answer_that_is_dropped_or_late_is_none() -> None:
    links = InProcessLinks()
    leader, second = links.link("a"), links.link("b")
    answering = asyncio.create_task(leader.answer(SITE, echo))
    links.drop["answer"] = 1.0
    with pytest.raises(NoAnswer):
        await second.ask(SITE, b"q", within_ms=50)
    links.drop["answer"], links.delay_ms["answer"] = 0.0, 60
    with pytest.raises(NoAnswer):
        await second.ask(SITE, b"q", within_ms=50)
    assert await second.ask(SITE, b"q", within_ms=5_000) == b"q"
    answering.cancel()


async def test_a_flush_is_a_gap_for_all() -> None:
    links = InProcessLinks()
    ears = [links.link(name).heard(SITE) for name in "ab"]
    for ear in ears:
        await heard(ear, 1)
    links.flush()
    assert [await heard(ear, 1) for ear in ears] == [[b""], [b""]]
