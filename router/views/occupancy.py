"""Occupancy: how long each agent handled, wrapped up and was free, as sums that only grow. A fold of committed events.

A row is written in each quarter of an hour in which something changed for its agent, with the sums until then and what
they had in hand; between two rows nothing changed. So the sums at any beginning of a quarter follow from one row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from msgspec.structs import replace

from router.core import events as ev
from router.store.port import ViewRow, ViewSpec
from router.views.standing import AVAILABLE, HANDLING, WRAPPING
from router.views.tallies import QUARTER_MS
from router.views.view import Sheets, View

TABLE = "occupancy"
# Neither at work nor free for it: a chosen reason, silence, signed out.
AWAY = ""


class Occupied(ViewRow, frozen=True, array_like=True, kw_only=True):
    """How an agent stood after the last change in a quarter: since when, with what in hand, and the sums until then.

    `active` and `wrapping` are numbers of conversations, apart by spaces. `began` is their state when the quarter
    began, and the sums of that moment are `first_…`.
    """

    agent: int
    quarter: int
    since_ms: int = 0
    accepts: bool = False
    active: str = ""
    wrapping: str = ""
    handling_ms: int = 0
    wrapping_ms: int = 0
    available_ms: int = 0
    began: str = AWAY
    first_handling_ms: int = 0
    first_wrapping_ms: int = 0
    first_available_ms: int = 0

    @property
    def state(self) -> str:
        """Return what they were doing since `since_ms`, as the wallboard counts it."""
        if not self.accepts:
            return AWAY
        if self.active:
            return HANDLING
        return WRAPPING if self.wrapping else AVAILABLE


class Spent(NamedTuple):
    """Time in the three states that occupancy is made of."""

    handling_ms: int = 0
    wrapping_ms: int = 0
    available_ms: int = 0

    def later(self, state: str, ms: int) -> Spent:
        """Return the sums after so much more time in a state; less for a negative time."""
        sums = dict(zip((HANDLING, WRAPPING, AVAILABLE), self, strict=True))
        if state in sums:
            sums[state] += ms
        return Spent(*sums.values())

    def less(self, other: Spent) -> Spent:
        return Spent(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))

    @property
    def busy_ms(self) -> int:
        return self.handling_ms + self.wrapping_ms


def spent_until(row: Occupied, at: int) -> Spent:
    """Return an agent's sums at a time, from their last row before it."""
    sums = Spent(row.handling_ms, row.wrapping_ms, row.available_ms)
    return sums.later(row.state, max(0, at - row.since_ms))


def spent_before(row: Occupied, at: int) -> Spent:
    """Return an agent's sums at the beginning of a quarter, from their first row in it or after it."""
    sums = Spent(row.first_handling_ms, row.first_wrapping_ms, row.first_available_ms)
    return sums.later(row.began, min(0, at - row.quarter * QUARTER_MS))


def _turned(row: Occupied | None, agent: int, at: int) -> Occupied:
    """Return an agent's row of this quarter, brought up to a time."""
    quarter = at // QUARTER_MS
    if row is None:
        return Occupied(agent=agent, quarter=quarter, since_ms=at)
    if row.quarter != quarter:
        first = spent_until(row, quarter * QUARTER_MS)
        began = row.state
    else:
        first = Spent(row.first_handling_ms, row.first_wrapping_ms, row.first_available_ms)
        began = row.began
    sums = spent_until(row, at)
    return replace(
        row,
        quarter=quarter,
        since_ms=at,
        began=began,
        **sums._asdict(),
        **{f"first_{name}": value for name, value in first._asdict().items()},
    )


def _with(numbers: str, conv: int) -> str:
    return " ".join(sorted({*numbers.split(), str(conv)}))


def _without(numbers: str, conv: int) -> str:
    return " ".join(each for each in numbers.split() if each != str(conv))


def _begun(row: Occupied, event: ev.Accepted | ev.Assigned | ev.ParticipantAsked) -> Occupied:
    """It takes room at them: as theirs, or as that of a colleague who is asked. Whoever listens in takes none."""
    return replace(row, active=_with(row.active, event.conv), wrapping=_without(row.wrapping, event.conv))


def _wrapping(row: Occupied, event: ev.WrapUpStarted) -> Occupied:
    return replace(row, active=_without(row.active, event.conv), wrapping=_with(row.wrapping, event.conv))


def _over(row: Occupied, event: Any) -> Occupied:
    return replace(row, active=_without(row.active, event.conv), wrapping=_without(row.wrapping, event.conv))


def _present(row: Occupied, event: ev.PresenceSet) -> Occupied:
    return replace(row, accepts=event.accepts)


def _gone(row: Occupied, event: ev.SignedOut) -> Occupied:
    del event
    return replace(row, accepts=False, active="", wrapping="")


STEPS: dict[type[ev.Event], Callable[[Occupied, Any], Occupied]] = {
    ev.Accepted: _begun,
    ev.Assigned: _begun,
    ev.ParticipantAsked: _begun,
    ev.ParticipantLeft: _over,
    ev.WrapUpStarted: _wrapping,
    ev.Closed: _over,
    ev.Parked: _over,
    ev.Transferred: _over,
    ev.TakenBack: _over,
    ev.HandedOut: _over,
    ev.CallbackFailed: _over,
    ev.PresenceSet: _present,
    ev.SignedOut: _gone,
}


def subjects(event: ev.Event) -> Iterable[tuple[str, int]]:
    """Return whose time an event changes."""
    if type(event) in STEPS and event.agent:  # type: ignore[attr-defined]
        yield TABLE, event.agent  # type: ignore[attr-defined]


def fold(sheets: Sheets, first: int, entry: ev.Entry) -> None:
    """Write what an entry changes for agents."""
    del first
    sheet = sheets[TABLE]
    for event in entry.events:
        for _, agent in subjects(event):
            before: Occupied | None = sheet.last(agent)
            after = STEPS[type(event)](before or Occupied(agent=agent, quarter=0), event)
            if before is None or _stands(before) != _stands(after):
                turned = _turned(before, agent, entry.at)
                sheet.put(replace(turned, accepts=after.accepts, active=after.active, wrapping=after.wrapping))


def _stands(row: Occupied) -> tuple[bool, str, str]:
    return row.accepts, row.active, row.wrapping


OCCUPANCY = View(spec=ViewSpec(name=TABLE, version=1, tables={TABLE: Occupied}), subjects=subjects, fold=fold)
