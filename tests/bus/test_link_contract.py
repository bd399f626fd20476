"""What every link must hold, over each of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from io import StringIO

import pytest

from router.bus.link import Link, LinkDown, LinkFull, NoAnswer
from router.bus.redis import RedisLink
from router.bus.redis.limits import ANSWERING_MAX, OUTSTANDING_MAX, PAYLOAD_BYTES_MAX
from router.telemetry import Telemetry
from tests.bus.in_process_links import InProcessLinks
from tests.servers.redis import RedisServer, running_redis

SITE, OTHER = "main", "other"


class Hub:
    """Hands out links of one kind, and closes them at the end of the test."""

    def __init__(self, make: Callable[[str], Link]) -> None:
        self._make = make
        self._made: list[Link] = []

    async def link(self, node: str) -> Link:
        link = self._make(node)
        self._made.append(link)
        await until(lambda: link.up)
        return link

    async def close(self) -> None:
        for link in self._made:
            await link.close()


async def until(holds, within_s: float = 30.0) -> None:
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.002)


async def next_of(iterator: AsyncIterator[bytes]) -> bytes:
    async with asyncio.timeout(60):
        return await anext(iterator)


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(params=["in_process", "redis"])
async def hub(request, server) -> AsyncIterator[Hub]:
    if request.param == "redis":
        server.flush()
        hub = Hub(lambda node: RedisLink(server.url, node=node, telemetry=Telemetry(StringIO())))
    else:
        hub = Hub(InProcessLinks().link)
    yield hub
    await hub.close()


async def echo(question: bytes) -> bytes:
    return b"<" + question + b">"


async def test_what_is_told_is_heard_by_every_node_in_order(hub: Hub) -> None:
    leader, second, third = [await hub.link(name) for name in "abc"]
    ears = [link.heard(SITE) for link in (second, third)]
    assert [await next_of(ear) for ear in ears] == [b"", b""], "who begins to listen looks into the journal"
    for number in range(1, 101):
        leader.tell(SITE, b"frame %d" % number, last=number * 3)
    for ear in ears:
        heard = []
        while len(heard) < 100:
            if frame := await next_of(ear):
                heard.append(frame)
        assert heard == [b"frame %d" % number for number in range(1, 101)]


async def test_sites_do_not_hear_each_other(hub: Hub) -> None:
    leader, second = await hub.link("a"), await hub.link("b")
    ear, other = second.heard(SITE), second.heard(OTHER)
    assert (await next_of(ear), await next_of(other)) == (b"", b"")
    leader.tell(SITE, b"one", last=1)
    leader.tell(OTHER, b"two", last=1)
    assert await frame_of(ear) == b"one"
    assert await frame_of(other) == b"two"


async def frame_of(ear: AsyncIterator[bytes]) -> bytes:
    while not (frame := await next_of(ear)):
        continue
    return frame


async def test_a_frame_too_large_to_move_is_told_as_a_gap(hub: Hub) -> None:
    leader, second = await hub.link("a"), await hub.link("b")
    ear = second.heard(SITE)
    await next_of(ear)
    leader.tell(SITE, b"x", last=1)
    assert await frame_of(ear) == b"x"
    leader.tell(SITE, bytes(PAYLOAD_BYTES_MAX + 1), last=2)
    assert await next_of(ear) == b""


async def test_a_question_is_answered_by_the_leader(hub: Hub) -> None:
    leader, second = await hub.link("a"), await hub.link("b")
    answering = asyncio.create_task(leader.answer(SITE, echo))
    assert await second.ask(SITE, b"who", within_ms=5_000) == b"<who>"
    answers = await asyncio.gather(*(second.ask(SITE, b"%d" % n, within_ms=5_000) for n in range(500)))
    assert answers == [b"<%d>" % n for n in range(500)]
    answering.cancel()


async def test_a_question_waits_for_a_leader_who_comes_in_time(hub: Hub) -> None:
    leader, second = await hub.link("a"), await hub.link("b")
    asking = asyncio.create_task(second.ask(SITE, b"anybody", within_ms=5_000))
    await asyncio.sleep(0.1)
    answering = asyncio.create_task(leader.answer(SITE, echo))
    assert await asking == b"<anybody>"
    answering.cancel()


async def test_where_nobody_leads_no_answer_comes(hub: Hub) -> None:
    second = await hub.link("b")
    with pytest.raises(NoAnswer):
        await second.ask(SITE, b"anybody", within_ms=100)


async def test_a_question_older_than_its_askers_patience_is_dropped_unread(hub: Hub) -> None:
    leader, second = await hub.link("a"), await hub.link("b")
    with pytest.raises(NoAnswer):
        await second.ask(SITE, b"too late", within_ms=50)
    seen: list[bytes] = []

    async def note(question: bytes) -> bytes:
        seen.append(question)
        return question

    answering = asyncio.create_task(leader.answer(SITE, note))
    assert await second.ask(SITE, b"in time", within_ms=5_000) == b"in time"
    assert seen == [b"in time"]
    answering.cancel()


async def test_questions_are_answered_at_once_and_never_too_many(hub: Hub) -> None:
    leader, second = await hub.link("a"), await hub.link("b")
    gate, inside, most = asyncio.Event(), 0, 0

    async def slow(question: bytes) -> bytes:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await gate.wait()
        inside -= 1
        return question

    answering = asyncio.create_task(leader.answer(SITE, slow))
    asked = [asyncio.create_task(second.ask(SITE, b"q", within_ms=20_000)) for _ in range(OUTSTANDING_MAX)]
    await until(lambda: inside == ANSWERING_MAX)
    with pytest.raises(LinkFull):
        await second.ask(SITE, b"one more", within_ms=1_000)
    gate.set()
    assert await asyncio.gather(*asked) == [b"q"] * OUTSTANDING_MAX
    assert most == ANSWERING_MAX
    answering.cancel()


async def test_who_stops_answering_answers_nothing_more(hub: Hub) -> None:
    old, new, second = [await hub.link(name) for name in "abc"]
    started, ended = asyncio.Event(), asyncio.Event()

    async def never(question: bytes) -> bytes:
        started.set()
        try:
            return await asyncio.get_running_loop().create_future()
        finally:
            ended.set()

    leading = asyncio.create_task(old.answer(SITE, never))
    asking = asyncio.create_task(second.ask(SITE, b"first", within_ms=1_500))
    await asyncio.wait_for(started.wait(), 60)
    leading.cancel()
    await asyncio.wait([leading], timeout=60)
    assert leading.done()
    assert ended.is_set()
    with pytest.raises(NoAnswer):
        await asking
    leading = asyncio.create_task(new.answer(SITE, echo))
    assert await second.ask(SITE, b"second", within_ms=5_000) == b"<second>"
    leading.cancel()


async def test_of_two_leaders_one_answer_is_enough(hub: Hub) -> None:
    old, new, second = [await hub.link(name) for name in "abc"]
    both = [asyncio.create_task(link.answer(SITE, echo)) for link in (old, new)]
    answers = await asyncio.gather(*(second.ask(SITE, b"%d" % n, within_ms=5_000) for n in range(100)))
    assert answers == [b"<%d>" % n for n in range(100)]
    for leading in both:
        leading.cancel()


async def test_hints_reach_the_others_and_never_oneself(hub: Hub) -> None:
    first, second, third = [await hub.link(name) for name in "abc"]
    ears = {link: link.hints(SITE) for link in (first, second, third)}
    arrived: dict[Link, list[bytes]] = {link: [] for link in ears}

    async def listen(link: Link) -> None:
        async for hint in ears[link]:
            arrived[link].append(hint)

    listening = [asyncio.create_task(listen(link)) for link in ears]
    async with asyncio.timeout(60):
        while not (arrived[second] and arrived[third]):
            first.hint(SITE, b"typing")
            await asyncio.sleep(0.02)
    assert not arrived[first]
    assert set(arrived[second]) == {b"typing"}
    for task in listening:
        task.cancel()


async def test_a_closed_link_ends_what_listens_and_what_waits(hub: Hub) -> None:
    link = await hub.link("a")
    ear, hints = link.heard(SITE), link.hints(SITE)
    await next_of(ear)
    waiting = [asyncio.ensure_future(anext(each)) for each in (ear, hints)]
    asking = asyncio.create_task(link.ask(SITE, b"q", within_ms=20_000))
    answering = asyncio.create_task(link.answer(OTHER, echo))
    await asyncio.sleep(0.05)
    await link.close()
    for each in waiting:
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(each, 60)
    with pytest.raises(LinkDown):
        await asyncio.wait_for(asking, 60)
    await asyncio.wait_for(answering, 60)
    assert not link.up
    with pytest.raises(LinkDown):
        await link.ask(SITE, b"q", within_ms=100)
    link.tell(SITE, b"after", last=1)
    link.hint(SITE, b"after")
    await link.close()


async def test_when_all_is_closed_no_task_is_left(hub: Hub) -> None:
    before = asyncio.all_tasks()
    links = [await hub.link(name) for name in "abc"]
    ears = [link.heard(SITE) for link in links]
    for ear in ears:
        await next_of(ear)
    answering = asyncio.create_task(links[0].answer(SITE, echo))
    assert await links[1].ask(SITE, b"q", within_ms=5_000) == b"<q>"
    answering.cancel()
    for link in links:
        await link.close()
    await until(lambda: asyncio.all_tasks() <= before)
