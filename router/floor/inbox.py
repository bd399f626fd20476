"""What waits for the floor's loop: three bounded lanes, served in order with a share for each. No decisions."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

from router.core.answers import Answered
from router.core.commands import ARRIVALS, PEOPLE, TIME, Command
from router.core.state import MEMORY_MS
from router.store.port import EffectEnd

# What one batch takes of each lane at the most, so that none starves another. Together they bound how long the
# loop is held: 256 decisions of some 30 µs, and one commit.
SHARES: dict[int, int] = {TIME: 64, PEOPLE: 128, ARRIVALS: 64}
BATCH_MAX = sum(SHARES.values())
# A lane is full when its last command would wait longer than people do: at 200 batches a second, two to five
# seconds. Only arrivals wait elsewhere, in the letterbox, so their lane is short.
LIMITS: dict[int, int] = {TIME: 50_000, PEOPLE: 50_000, ARRIVALS: 4_096}
# What was looked up so long ago may have been decided and forgotten since: by a leader, for a node that stood still.
LOOKED_MS_MAX = MEMORY_MS // 2
LANE_NAMES: dict[int, str] = {TIME: "time", PEOPLE: "people", ARRIVALS: "arrivals"}


class FloorAway(Exception):
    """The floor cannot take or answer a command now. Ask again under the same command id."""


class FloorFull(FloorAway):
    """A lane of the inbox is full. Nothing happened."""

    def __init__(self, lane: str) -> None:
        super().__init__(f"the lane of {lane} is full")
        self.lane = lane


class FloorDown(FloorAway):
    """Nobody leads this floor here. Nothing happened."""


class Unavailable(FloorAway):
    """The decision could not be written down, so it was not made. Ask again under the same command id."""


@dataclass(slots=True, eq=False)
class Waiting:
    """A command and who waits for its answer. `letter` (0 for none) and `end` are settled by its decision.

    `new_ms` is when somebody last saw that the letter waits, 0 where nobody says.
    """

    command: Command
    answer: asyncio.Future[Answered]
    letter: int = 0
    end: EffectEnd | None = None
    new_ms: int = 0

    def is_stale(self, at: int) -> bool:
        """Whether the core may have forgotten that it has decided this."""
        return bool(self.new_ms) and at - self.new_ms > LOOKED_MS_MAX


class Inbox:
    """Three lanes. A flood of mail never refuses an agent's accept."""

    def __init__(self) -> None:
        self._lanes: dict[int, deque[Waiting]] = {lane: deque() for lane in SHARES}
        self._news = asyncio.Event()

    def put(self, waiting: Waiting) -> None:
        """Queue a command, or raise FloorFull by name."""
        lane = type(waiting.command).lane
        if len(self._lanes[lane]) >= LIMITS[lane]:
            raise FloorFull(LANE_NAMES[lane])
        self._lanes[lane].append(waiting)
        self._news.set()

    def drain(self) -> list[Waiting]:
        """Take the next batch: each lane's share first, then what room is left, in the lanes' order."""
        batch: list[Waiting] = []
        for lane, share in SHARES.items():
            batch += _take(self._lanes[lane], share)
        for lane in SHARES:
            batch += _take(self._lanes[lane], BATCH_MAX - len(batch))
        return batch

    async def wait(self, wait_ms: int) -> None:
        """Return when there is something to drain, at the latest after a while."""
        if any(self._lanes.values()):
            return
        self._news.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_ms / 1_000):
                await self._news.wait()

    def wake(self) -> None:
        """Let `wait` return now."""
        self._news.set()

    def depths(self) -> dict[str, int]:
        """Return how many wait in each lane."""
        return {LANE_NAMES[lane]: len(waiting) for lane, waiting in self._lanes.items()}

    def refuse_all(self, error: FloorAway) -> None:
        """Answer everything that waits with an error: the floor stops."""
        for lane in self._lanes.values():
            while lane:
                give_up(lane.popleft(), error)


def give_up(waiting: Waiting, error: FloorAway) -> None:
    """Tell one who waits that there will be no answer, unless they have gone."""
    if not waiting.answer.done():
        waiting.answer.set_exception(error)


def _take(lane: deque[Waiting], count: int) -> list[Waiting]:
    return [lane.popleft() for _ in range(min(count, len(lane)))]
