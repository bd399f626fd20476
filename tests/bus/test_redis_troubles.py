"""The link over a real Redis that is killed, restarted, flushed, paused, refilled and overrun."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from io import StringIO

import pytest

from router.bus.link import LinkDown, LinkError, LinkFull, NoAnswer
from router.bus.redis import RedisLink
from router.bus.redis.limits import (
    OUTSTANDING_BYTES_MAX,
    OUTSTANDING_MAX,
    PAYLOAD_BYTES_MAX,
    PILE_FRAMES_MAX,
    STREAM_BYTES_MAX,
    STREAM_FRAMES_MAX,
    WAITING_BYTES_MAX,
    WAITING_FRAMES_MAX,
)
from router.telemetry import Telemetry
from tests.servers.redis import RedisServer, running_redis

SITE = "main"
TURNS_MAX = 500
Make = Callable[[str], RedisLink]


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis"), requirepass="a-secret-word") as server:
        yield server


@pytest.fixture
def log() -> StringIO:
    return StringIO()


@pytest.fixture
async def make(server, log) -> AsyncIterator[Make]:
    server.flush()
    made: list[RedisLink] = []

    def one(node: str) -> RedisLink:
        made.append(RedisLink(server.url, node=node, telemetry=Telemetry(log)))
        return made[-1]

    yield one
    server.wake()
    for link in made:
        await link.close()
    assert "a-secret-word" not in log.getvalue()
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert not left, "closing leaves no task behind"


async def until(holds: Callable[[], bool], within_s: float = 10.0) -> None:
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.005)


async def echo(question: bytes) -> bytes:
    return question


class Listening:
    """Takes what a link hears, as fast as it comes."""

    def __init__(self, link: RedisLink, site: str = SITE) -> None:
        self.frames: list[bytes] = []
        self._task = asyncio.create_task(self._listen(link.heard(site)))

    async def _listen(self, ear: AsyncIterator[bytes]) -> None:
        async for frame in ear:
            self.frames.append(frame)

    @property
    def gaps(self) -> int:
        return self.frames.count(b"")

    async def begun(self) -> None:
        await until(lambda: bool(self.frames))

    async def hears(self, frame: bytes) -> None:
        await until(lambda: frame in self.frames)


async def asked_until_answered(link: RedisLink, question: bytes, within_s: float = 60.0) -> bytes:
    async with asyncio.timeout(within_s):
        while True:
            try:
                return await link.ask(SITE, question, within_ms=1_000)
            except LinkError:
                await asyncio.sleep(0.02)


async def test_a_redis_that_is_killed_is_down_at_once_and_up_again_by_itself(server, make: Make, log: StringIO) -> None:
    leader, second = make("a"), make("b")
    await until(lambda: leader.up and second.up)
    listening = Listening(second)
    await listening.begun()
    leading = asyncio.create_task(leader.answer(SITE, echo))
    assert await second.ask(SITE, b"before", within_ms=2_000) == b"before"
    leader.tell(SITE, b"one", last=10)
    await listening.hears(b"one")
    gaps = listening.gaps

    server.kill()
    await until(lambda: not second.up and not leader.up, 1.0)
    with pytest.raises(LinkDown):
        await second.ask(SITE, b"while it is away", within_ms=1_000)
    leader.tell(SITE, b"told while it is away", last=20)
    server.start()
    await listening.hears(b"told while it is away")
    assert listening.gaps > gaps, "who was cut off is told to look in the journal"
    assert await asked_until_answered(second, b"after") == b"after"
    leading.cancel()
    lines = log.getvalue().splitlines()
    assert 1 <= sum("link_lost" in line for line in lines) <= 7, "each part says it once"
    assert "link_mended" in log.getvalue()


async def test_a_flush_is_noticed_also_where_nothing_is_said(server, make: Make) -> None:
    leader, second = make("a"), make("b")
    await until(lambda: leader.up and second.up)
    listening = Listening(second)
    await listening.begun()
    leader.tell(SITE, b"one", last=10)
    await listening.hears(b"one")
    gaps = listening.gaps
    server.flush()
    await until(lambda: listening.gaps > gaps)
    leader.tell(SITE, b"two", last=11)
    await listening.hears(b"two")


async def test_after_a_flush_a_new_leader_is_heard_whatever_its_positions(server, make: Make) -> None:
    leader, new, second = make("a"), make("b"), make("c")
    await until(lambda: leader.up and new.up and second.up)
    listening = Listening(second)
    await listening.begun()
    leader.tell(SITE, b"high", last=1_000_000)
    await listening.hears(b"high")
    server.flush()
    new.tell(SITE, b"low", last=5)
    await listening.hears(b"low")


async def test_positions_that_go_back_with_a_restored_back_up_are_told_all_the_same(make: Make) -> None:
    leader, second = make("a"), make("b")
    await until(lambda: leader.up and second.up)
    listening = Listening(second)
    await listening.begun()
    for last, frame in ((500, b"high"), (40, b"low"), (41, b"next")):
        leader.tell(SITE, frame, last=last)
        await listening.hears(frame)
    assert listening.frames[0] == b""
    assert listening.frames.count(b"low") == 1


async def test_two_who_tell_at_once_are_both_heard(make: Make) -> None:
    old, new, second = make("a"), make("b"), make("c")
    await until(lambda: old.up and new.up and second.up)
    listening = Listening(second)
    await listening.begun()
    for last in range(1, 41):
        (old if last % 2 else new).tell(SITE, b"%d" % last, last=last)
        await asyncio.sleep(0)
    for last in range(1, 41):
        await listening.hears(b"%d" % last)


async def test_a_redis_that_stands_still_for_three_seconds_loses_no_frame(server, make: Make) -> None:
    leader, second = make("a"), make("b")
    await until(lambda: leader.up and second.up)
    listening = Listening(second)
    await listening.begun()
    leading = asyncio.create_task(leader.answer(SITE, echo))
    assert await second.ask(SITE, b"before", within_ms=2_000) == b"before"
    server.pause()
    for number in range(100):
        leader.tell(SITE, b"frame %d" % number, last=number + 1)
    with pytest.raises(NoAnswer):
        await second.ask(SITE, b"to a stone", within_ms=300)
    await asyncio.sleep(2.7)
    server.wake()
    await until(lambda: {b"frame %d" % number for number in range(100)} <= set(listening.frames))
    heard = [frame for frame in listening.frames if frame]
    assert heard == [b"frame %d" % number for number in range(100)], "in order, and what was sent twice is refused"
    assert await asked_until_answered(second, b"after") == b"after"
    leading.cancel()


async def test_who_does_not_take_what_comes_gets_a_gap_and_then_what_is_new(make: Make) -> None:
    leader, second = make("a"), make("b")
    await until(lambda: leader.up and second.up)
    slow, quick = second.heard(SITE), Listening(second)
    assert await anext(slow) == b""
    await quick.begun()
    for number in range(3 * PILE_FRAMES_MAX):
        leader.tell(SITE, b"%d" % number, last=number + 1)
        if number % 256 == 255:
            await quick.hears(b"%d" % number)
    last = b"%d" % (3 * PILE_FRAMES_MAX - 1)
    await quick.hears(last)
    assert await anext(slow) == b"", "what was not taken is not kept; the journal has it"
    kept = [await anext(slow)]
    while kept[-1] != last:
        kept.append(await anext(slow))
    assert len(kept) <= PILE_FRAMES_MAX


async def test_what_cannot_be_sent_is_dropped_oldest_first_and_said(server, make: Make) -> None:
    leader, second = make("a"), make("b")
    await until(lambda: leader.up and second.up)
    listening = Listening(second)
    await listening.begun()
    leader.tell(SITE, b"first", last=1)
    await listening.hears(b"first")
    server.pause()
    for number in range(2 * WAITING_FRAMES_MAX):
        leader.tell(SITE, b"%d" % number, last=number + 2)
    server.wake()
    last = b"%d" % (2 * WAITING_FRAMES_MAX - 1)
    await listening.hears(last)
    heard = listening.frames[listening.frames.index(b"first") + 1 :]
    assert b"" in heard
    assert heard.index(b"") <= heard.index(b"%d" % WAITING_FRAMES_MAX)
    assert len([frame for frame in heard if frame]) < 2 * WAITING_FRAMES_MAX


async def test_ten_thousand_questions_at_once_end_in_answers_or_in_full(make: Make) -> None:
    leader, second = make("a"), make("b")
    await until(lambda: leader.up and second.up)
    leading = asyncio.create_task(leader.answer(SITE, echo))
    ends = await asyncio.gather(
        *(second.ask(SITE, b"%d" % number, within_ms=20_000) for number in range(10_000)), return_exceptions=True
    )
    assert all(end == b"%d" % number for number, end in enumerate(ends[:OUTSTANDING_MAX]))
    assert all(isinstance(end, LinkFull) for end in ends[OUTSTANDING_MAX:])
    leading.cancel()


async def test_large_questions_are_full_earlier(make: Make) -> None:
    second = make("b")
    await until(lambda: second.up)
    large = bytes(PAYLOAD_BYTES_MAX)
    room = OUTSTANDING_BYTES_MAX // PAYLOAD_BYTES_MAX
    asked = [asyncio.create_task(second.ask(SITE, large, within_ms=2_000)) for _ in range(room)]
    await asyncio.sleep(0)
    with pytest.raises(LinkFull):
        await second.ask(SITE, large, within_ms=100)
    with pytest.raises(LinkError):
        await second.ask(SITE, large + b"x", within_ms=100)
    ends = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(end, NoAnswer) for end in ends)
    with pytest.raises(NoAnswer):
        await second.ask(SITE, large, within_ms=50)


async def test_what_is_settled_leaves_nothing_in_redis(server, make: Make) -> None:
    leader, second = make("a"), make("b")
    await until(lambda: leader.up and second.up)
    leading = asyncio.create_task(leader.answer(SITE, echo))
    for _ in range(5):
        await asyncio.gather(*(second.ask(SITE, bytes(1_000), within_ms=5_000) for _ in range(1_000)))
    leading.cancel()
    await asyncio.gather(leading, return_exceptions=True)
    with pytest.raises(NoAnswer):
        await second.ask(SITE, b"nobody leads", within_ms=50)
    await until(lambda: server.say("XLEN patchbay:main:questions") == ":0\r\n")


async def test_streams_stay_small_whatever_is_told_and_go_when_nobody_tells(server, make: Make) -> None:
    leader = make("a")
    await until(lambda: leader.up)
    for number in range(3 * STREAM_FRAMES_MAX):
        leader.tell(SITE, b"%d" % number, last=number + 1)
        if number % 1_024 == 1_023:
            await until(
                lambda seen=number + 1: f"-{seen}\r\n" in server.say("XREVRANGE patchbay:main:events + - COUNT 1")
            )
    small = int(server.say("XLEN patchbay:main:events")[1:])
    assert STREAM_FRAMES_MAX <= small <= 1.1 * STREAM_FRAMES_MAX
    for number in range(80):
        leader.tell(SITE, bytes(900_000), last=100_000 + number)
        await until(
            lambda seen=100_000 + number: f"-{seen}\r\n" in server.say("XREVRANGE patchbay:main:events + - COUNT 1")
        )
    large = int(server.say("XLEN patchbay:main:events")[1:])
    assert large <= STREAM_BYTES_MAX // 900_000 + 1
    assert server.memory_bytes() < 2 * STREAM_BYTES_MAX
    assert int(server.say("PTTL patchbay:main:events")[1:]) > 0


async def test_memory_stays_bounded_while_redis_is_away(server, make: Make) -> None:
    leader, second = make("a"), make("b")
    await until(lambda: leader.up and second.up)
    server.kill()
    try:
        await until(lambda: not leader.up and not second.up)
        tracemalloc.start()
        for number in range(1_000):
            leader.tell(SITE, bytes(200_000), last=number + 1)
            second.hint(SITE, bytes(1_000))
            with pytest.raises(LinkDown):
                await second.ask(SITE, bytes(10_000), within_ms=1_000)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        server.start()
    assert held < 1.2 * WAITING_BYTES_MAX


async def test_an_old_leader_stops_within_a_moment_even_while_redis_stands_still(server, make: Make) -> None:
    old, second = make("a"), make("b")
    await until(lambda: second.up)
    leading = asyncio.create_task(old.answer(SITE, echo))
    await asked_until_answered(second, b"it leads")
    server.pause()
    leading.cancel()
    # A moment is told in turns of the loop: whoever waited for an answer of Redis, or for a clock, would need more.
    for _ in range(TURNS_MAX):
        await asyncio.sleep(0)
        if leading.done():
            break
    assert leading.cancelled()


@pytest.fixture
def leading(server) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []

    def one(name: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.bus.leading", server.url, name]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL))
        assert started[-1].stdout.readline() == b"leads\n"
        return started[-1]

    yield one
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


async def test_a_leader_that_wakes_up_disturbs_nobody_and_answers_nothing_late(server, make: Make, leading) -> None:
    second = make("b")
    await until(lambda: second.up)
    old = await asyncio.to_thread(leading, "old")
    assert await asked_until_answered(second, b"1") == b"old 1"
    old.send_signal(signal.SIGSTOP)
    with pytest.raises(NoAnswer):
        await second.ask(SITE, b"2", within_ms=300)
    await asyncio.to_thread(leading, "new")
    assert await asked_until_answered(second, b"3") == b"new 3"
    old.send_signal(signal.SIGCONT)
    for number in range(100, 150):
        answer = await second.ask(SITE, b"%d" % number, within_ms=5_000)
        assert answer in {b"old %d" % number, b"new %d" % number}
    asked = []
    while b"149" not in asked:
        asked.append((await asyncio.wait_for(asyncio.to_thread(old.stdout.readline), 60)).strip())
    assert b"1" in asked
    assert b"2" not in asked, "nobody waited for it any more when its leader woke up"


async def test_a_sudden_crowd_of_new_listeners_and_leavers_misses_nothing(make: Make) -> None:
    leader, second = make("a"), make("b")
    await until(lambda: leader.up and second.up)
    steady = Listening(second, "steady")
    await steady.begun()
    ears = []
    for number in range(40):
        leader.tell("steady", b"%d" % number, last=number + 1)
        ears.append(second.heard(f"site{number}"))
        await asyncio.sleep(0.002)
    await steady.hears(b"39")
    assert [frame for frame in steady.frames if frame] == [b"%d" % number for number in range(40)]
    for ear in ears:
        assert await asyncio.wait_for(anext(ear), 60) == b""
    del ear
    ears.clear()
    await until(lambda: list(second._hearer._ears) == ["steady"])


async def test_what_others_put_there_is_passed_by(server, make: Make) -> None:
    leader, second = make("a"), make("b")
    await until(lambda: leader.up and second.up)
    listening = Listening(second)
    await listening.begun()
    leading = asyncio.create_task(leader.answer(SITE, echo))
    server.say("XADD patchbay:main:questions * q nonsense", "XADD patchbay:main:questions * other thing")
    server.say("XADD patchbay:main:events 5-5 other thing", "PUBLISH patchbay:main:hints nonsense")
    assert await second.ask(SITE, b"still there", within_ms=3_000) == b"still there"
    leader.tell(SITE, b"still told", last=7)
    await listening.hears(b"still told")
    leading.cancel()


async def test_a_key_of_another_kind_stops_nothing_else(server, make: Make) -> None:
    leader, second = make("a"), make("b")
    await until(lambda: leader.up and second.up)
    server.say("SET patchbay:main:events nonsense")
    leader.tell(SITE, b"lost", last=7)
    leading = asyncio.create_task(leader.answer(SITE, echo))
    assert await second.ask(SITE, b"still there", within_ms=3_000) == b"still there"
    leading.cancel()


async def test_hundreds_of_sites_are_heard_over_one_connection(server, make: Make) -> None:
    leader, second = make("a"), make("b")
    await until(lambda: leader.up and second.up)
    sites = [f"site{number}" for number in range(300)]
    ears = [Listening(second, site) for site in sites]
    for ear in ears:
        await ear.begun()
    for site in sites:
        leader.tell(site, site.encode(), last=1)
    for site, ear in zip(sites, ears, strict=True):
        await ear.hears(site.encode())
    assert server.say("CLIENT LIST").count("patchbay-b-") == 3
