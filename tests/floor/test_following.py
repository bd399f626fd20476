"""A node that follows: what it piles up is bounded, and an answer that it cannot read is asked for again."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from router.bus.in_process import InProcessBus
from router.bus.no_link import NoLink
from router.core.answers import Made
from router.core.commands import SignOut
from router.floor import asking as asking_module
from router.floor.asking import Asking
from router.floor.following import PILE_BYTES_MAX, PILE_MAX, Following
from router.floor.replica import Replica
from router.floor.wire import Asked, encode_answer
from router.telemetry import Telemetry
from tests.floor.house import SITE, House

FRAME = bytes(1_000_000)


class Talks(NoLink):
    """A leader that tells more than anybody takes."""

    def __init__(self, frames: list[bytes]) -> None:
        super().__init__()
        self.frames = frames
        self.told = asyncio.Event()

    async def heard(self, _site: str) -> AsyncIterator[bytes]:
        for frame in self.frames:
            yield frame
        self.told.set()
        await asyncio.Event().wait()


@contextlib.asynccontextmanager
async def following(house: House, frames: list[bytes], *, leading: bool = False) -> AsyncIterator[Following]:
    """Follow while somebody else moves the replica: nothing is taken from the pile."""
    replica, link = Replica(house.store.journal, SITE, InProcessBus()), Talks(frames)
    follows = Following(replica, link, SITE, leading=lambda: leading, telemetry=Telemetry(io.StringIO()))
    async with replica.moving:
        task = asyncio.create_task(follows.run())
        await link.told.wait()
        yield follows
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("frames", [[FRAME] * 20, [b"x"] * (PILE_MAX + 5)])
async def test_a_pile_that_nobody_takes_from_is_bounded_and_the_journal_read_instead(
    house: House, frames: list[bytes]
) -> None:
    async with following(house, frames) as follows:
        assert sum(map(len, follows._pile)) == follows._pile_bytes <= PILE_BYTES_MAX
        assert len(follows._pile) <= PILE_MAX
        assert follows._look, "what was dropped is in the journal"


async def test_who_leads_piles_up_nothing(house: House) -> None:
    async with following(house, [FRAME, b"x"], leading=True) as follows:
        assert (list(follows._pile), follows._pile_bytes) == ([], 0)


class Answers(NoLink):
    """A leader of a newer release: its first answer has a tag that we do not know."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    async def ask(self, _site: str, _question: bytes, *, within_ms: int) -> bytes:
        self.asked += 1
        return msgspec.msgpack.encode([99, within_ms]) if self.asked == 1 else encode_answer(Made(0, None))


async def test_an_answer_that_only_a_newer_release_can_read_is_asked_for_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking_module, "UNREAD_AGAIN_S", 0.01)
    link: Any = Answers()
    replica = Replica(house.store.journal, SITE, InProcessBus())
    asks = Asking(replica, link, SITE, relay=house.store.relay, nudge=lambda: None, now_ms=house.clock.now_ms)
    answer = await asks.ask(Asked(command=SignOut(id="out", agent=1, why="x")), here=lambda: False)
    assert (answer, link.asked) == (Made(0, None), 2)
