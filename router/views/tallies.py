"""Tallies: what legs came to, per quarter of an hour, queue and channel. Counting only: no formula, no configuration.

A leg counts in the quarter in which it is answered, abandoned or left. Every zone's offset is a whole number of
quarters, so days and half hours of any site are sums of them, also where the zone's rules change.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from router.core.bundle import HOUR_MS, MINUTE_MS, SECOND_MS
from router.store.port import ViewRow

TALLIES = "leg_tally"
QUARTER_MS = 15 * MINUTE_MS
# Everything is one subject of the table: its rows are numbered by their quarter since 1970.
EVERYTHING = 1
# Waits are counted to the second up to ten minutes, to the minute up to a day, then to the hour: a bounded number of
# kinds, and as exact as a board says a wait.
SECONDS_UNTIL_MS, MINUTES_UNTIL_MS = 10 * MINUTE_MS, 24 * HOUR_MS

Counted = dict[int, int]


class Cell(msgspec.Struct, kw_only=True, array_like=True):
    """What legs of one queue and channel came to in one quarter.

    `answered` legs with a target of the queue's are `targeted`, of them `in_time`. `waits` counts those answered by
    their wait, `left` who abandoned by theirs, `left_targeted` those among them with a target. `flowed` were moved on
    before anybody answered. `handled` ended after an answer, other than by being parked; `handle_ms` is the time in
    agents' care of all that ended or were parked.
    """

    queue: str
    channel: str
    answered: int = 0
    targeted: int = 0
    in_time: int = 0
    wait_ms: int = 0
    waits: Counted = {}
    left: Counted = {}
    left_targeted: Counted = {}
    flowed: int = 0
    flowed_targeted: int = 0
    handled: int = 0
    handle_ms: int = 0


class Tally(ViewRow, frozen=True, array_like=True, kw_only=True):
    """One quarter of an hour. `cells` are its cells, encoded: they are only ever read together."""

    subject: int
    quarter: int
    cells: str


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(list[Cell])


def cells_of(row: Tally) -> list[Cell]:
    """Return a quarter's cells."""
    return _decoder.decode(row.cells)


def rough_ms(wait_ms: int) -> int:
    """Return a wait as it is counted: rounded down to the second, the minute or the hour."""
    for until_ms, unit_ms in ((SECONDS_UNTIL_MS, SECOND_MS), (MINUTES_UNTIL_MS, MINUTE_MS)):
        if wait_ms < until_ms:
            return wait_ms // unit_ms * unit_ms
    return wait_ms // HOUR_MS * HOUR_MS


def add_one(counted: Counted, wait_ms: int) -> None:
    """Count a wait."""
    rough = rough_ms(wait_ms)
    counted[rough] = counted.get(rough, 0) + 1


class Tallying:
    """The quarter of an entry's time while the entry is folded. Nothing is decoded before something is counted."""

    def __init__(self, last: Tally | None, at: int) -> None:
        self.quarter = at // QUARTER_MS
        self._last = last if last is not None and last.quarter == self.quarter else None
        self._cells: dict[tuple[str, str], Cell] = {}

    def cell(self, queue: str, channel: str) -> Cell:
        """Return the cell to count in."""
        if not self._cells and self._last is not None:
            self._cells = {(cell.queue, cell.channel): cell for cell in cells_of(self._last)}
        cell = self._cells.get((queue, channel))
        if cell is None:
            # The containers are the cell's own: counting in one must not count in another.
            cell = Cell(queue=queue, channel=channel, waits={}, left={}, left_targeted={})
            self._cells[queue, channel] = cell
        return cell

    def rows(self) -> Iterable[Tally]:
        """Return the row to be written, where anything was counted."""
        if self._cells:
            cells = [self._cells[key] for key in sorted(self._cells)]
            yield Tally(subject=EVERYTHING, quarter=self.quarter, cells=_encoder.encode(cells).decode())
