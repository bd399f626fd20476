"""The day's figures of a wallboard, from tallies: sums and formulas of written definitions. No store, no clock.

A figure that nothing stands behind yet is None, never zero. docs/WALLBOARD.md has every definition.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from router.core.bundle import MINUTE_MS, SECOND_MS, Bundle, Wallboard
from router.settings.zones import day_of, last_ms, zone_of
from router.views.tallies import QUARTER_MS, Cell, Counted

HALF_HOUR_MS = 30 * MINUTE_MS
ON_TARGET, BELOW, FAR_BELOW = "on_target", "below", "far_below"
# Who has left so soon had not begun to wait: on the phone a greeting takes longer than a glance at a chat.
SHORT_MS, SHORT_ABANDON_MS = 5 * SECOND_MS, {"phone": 10 * SECOND_MS}
# Down to ten points under the target it is below, beyond far below.
FAR_POINTS = 10


class Level(NamedTuple):
    """A service level as the fraction it is, so that levels of queues can be summed and compared without rounding."""

    in_time: int
    of: int

    def stands(self, target_percent: int) -> str:
        """Return how it stands to a target by the raw value: 79.96 % is below 80."""
        if self.in_time * 100 >= target_percent * self.of:
            return ON_TARGET
        return BELOW if self.in_time * 100 >= (target_percent - FAR_POINTS) * self.of else FAR_BELOW


@dataclass(slots=True)
class Sums:
    """What is added up of cells. `left`: abandoned; `short` of them left before anybody could have answered.

    `answered_live` are among `answered`: of them who could have abandoned.
    """

    answered: int = 0
    answered_live: int = 0
    targeted: int = 0
    in_time: int = 0
    wait_ms: int = 0
    waits: Counted = field(default_factory=dict)
    left: int = 0
    short: int = 0
    left_targeted: int = 0
    short_targeted: int = 0
    flowed: int = 0
    flowed_targeted: int = 0
    handled: int = 0
    handle_ms: int = 0

    def add(self, cell: Cell, *, live: bool, short_ms: int) -> None:
        """Add a cell. Nobody abandons where nobody is on the line: who leaves a mail has gone elsewhere."""
        for name in ("answered", "targeted", "in_time", "wait_ms", "flowed", "flowed_targeted", "handled", "handle_ms"):
            setattr(self, name, getattr(self, name) + getattr(cell, name))
        for wait_ms, count in cell.waits.items():
            self.waits[wait_ms] = self.waits.get(wait_ms, 0) + count
        if live:
            self.answered_live += cell.answered
            self.left += sum(cell.left.values())
            self.short += shorter(cell.left, short_ms)
            self.left_targeted += sum(cell.left_targeted.values())
            self.short_targeted += shorter(cell.left_targeted, short_ms)

    def level(self, board: Wallboard) -> Level | None:
        """Return A_T / (A + B - b), by the board's switches; None where nothing has come to an end yet."""
        of = self.targeted
        if board.count_abandons:
            of += self.left_targeted - (0 if board.count_short_abandons else self.short_targeted)
        if board.count_flow_outs:
            of += self.flowed_targeted
        return Level(self.in_time, of) if of else None

    def abandoned(self) -> Level | None:
        """Return (B - b) / (A + B - b) of live channels: mails that were answered would thin it out."""
        lost = self.left - self.short
        return Level(lost, self.answered_live + lost) if self.answered_live + lost else None

    def answer_ms(self) -> int | None:
        """Return the average speed of answer."""
        return self.wait_ms // self.answered if self.answered else None

    def median_ms(self) -> int | None:
        """Return the wait that half of those answered did not exceed, as roughly as waits are counted."""
        left = (self.answered + 1) // 2
        for wait_ms in sorted(self.waits):
            left -= self.waits[wait_ms]
            if left <= 0:
                return wait_ms
        return None

    def handling_ms(self) -> int | None:
        """Return the mean time in an agent's care: active, on hold and wrap-up."""
        return self.handle_ms // self.handled if self.handled else None


def shorter(counted: Counted, than_ms: int) -> int:
    """Return how many waits are shorter than a bound of whole seconds."""
    return sum(count for wait_ms, count in counted.items() if wait_ms < than_ms)


class Half(NamedTuple):
    """One half hour of the chart, of legs with a target: how many were answered or left after a fair time; in time."""

    from_ms: int
    offered: int
    in_time: int


@dataclass(slots=True)
class Day:
    """One business day: the site's sums, each queue's, each half hour's."""

    from_ms: int
    site: Sums = field(default_factory=Sums)
    queues: dict[str, Sums] = field(default_factory=dict)
    halves: dict[int, Sums] = field(default_factory=dict)

    def chart(self) -> list[Half]:
        """Return the half hours in which anything ended, in order."""
        return [
            Half(from_ms, sums.targeted + sums.left_targeted - sums.short_targeted, sums.in_time)
            for from_ms, sums in sorted(self.halves.items())
        ]


def day_from_ms(at: int, zone_name: str, start_minute: int) -> int:
    """Return when the running business day began: when the site's clock last came to its start."""
    zone = zone_of(zone_name)
    today = day_of(at, zone)
    began_ms = last_ms(today, start_minute, zone)
    if began_ms <= at:
        return began_ms
    return last_ms(day_of(at - 24 * 60 * MINUTE_MS, zone), start_minute, zone)


def day_of_cells(quarters: Iterable[tuple[int, Iterable[Cell]]], bundle: Bundle, *, from_ms: int, to_ms: int) -> Day:
    """Add up the quarters of a day. What a quarter holds of another day's half is the caller's to leave out."""
    day, board = Day(from_ms), bundle.wallboard
    for quarter, cells in quarters:
        at = quarter * QUARTER_MS
        if not from_ms <= at < to_ms:
            continue
        half = day.halves.setdefault(from_ms + (at - from_ms) // HALF_HOUR_MS * HALF_HOUR_MS, Sums())
        for cell in cells:
            spec = bundle.channels.get(cell.channel)
            live, short_ms = spec is not None and spec.live, short_abandon_ms(board, cell.channel)
            for sums in (day.site, half, day.queues.setdefault(cell.queue, Sums())):
                sums.add(cell, live=live, short_ms=short_ms)
    return day


def short_abandon_ms(board: Wallboard, channel: str) -> int:
    """Return within which time leaving is no abandoning, on one channel."""
    return board.short_abandon_ms.get(channel, SHORT_ABANDON_MS.get(channel, SHORT_MS))
