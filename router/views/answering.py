"""Answering: what each agent did with offers and handled, day by day (UTC). A fold of committed events, nothing else.

It shows what should be asked about, and accuses nobody: declines and time-outs in a row, work closed within
seconds of its accept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from router.core import events as ev
from router.core.bundle import DAY_MS
from router.store.port import ViewRow, ViewSpec
from router.views.view import Sheet, Sheets, View

TABLE, BEGUN = "answering", "answering_begun"
# Work that was over so soon after its accept is counted apart; the reader chooses which of them is too short.
SHORT_MS = (10_000, 30_000, 60_000)


class Answering(ViewRow, frozen=True, array_like=True, kw_only=True):
    """One agent's day. `in_a_row` run on from day to day; `..._max` is the longest row that the day saw.

    `accepted` counts people, `auto_answered` their desks, `pulled` what was taken from a line, `taken` what somebody
    faster had. `closed_10s` are among `closed`: over within ten seconds of the accept.
    """

    agent: int
    day: int
    rung: int = 0
    accepted: int = 0
    auto_answered: int = 0
    pulled: int = 0
    declined: int = 0
    lapsed: int = 0
    taken: int = 0
    withdrawn: int = 0
    taken_back: int = 0
    declined_in_a_row: int = 0
    declined_in_a_row_max: int = 0
    lapsed_in_a_row: int = 0
    lapsed_in_a_row_max: int = 0
    closed: int = 0
    closed_10s: int = 0
    closed_30s: int = 0
    closed_60s: int = 0


class Begun(ViewRow, frozen=True, array_like=True, kw_only=True):
    """Who began to handle a conversation, and when; nobody has it where `agent` is 0."""

    conv: int
    number: int
    agent: int
    begun_ms: int


@dataclass(slots=True)
class Folding:
    """The rows of a batch while one entry is folded."""

    days: Sheet[Answering]
    begun: Sheet[Begun]
    at: int

    def today(self, agent: int) -> Answering:
        """Return an agent's row of this day, begun where it is the first; rows of answers run on."""
        day, last = self.at // DAY_MS, self.days.last(agent)
        if last is not None and last.day == day:
            return last
        if last is None:
            return Answering(agent=agent, day=day)
        declined, lapsed = last.declined_in_a_row, last.lapsed_in_a_row
        return Answering(
            agent=agent,
            day=day,
            declined_in_a_row=declined,
            declined_in_a_row_max=declined,
            lapsed_in_a_row=lapsed,
            lapsed_in_a_row_max=lapsed,
        )

    def count(self, agent: int, *names: str) -> None:
        row = self.today(agent)
        self.days.put(msgspec.structs.replace(row, **{name: getattr(row, name) + 1 for name in names}))

    def silent_or_not(self, agent: int, *, row: str, other: str) -> None:
        """One more of a row of answers, which ends a row of the other kind."""
        today = self.today(agent)
        length = getattr(today, row) + 1
        longest = max(length, getattr(today, f"{row}_max"))
        self.days.put(msgspec.structs.replace(today, **{row: length, f"{row}_max": longest, other: 0}))

    def begin(self, conv: int, agent: int) -> None:
        """Note that an agent has begun; whatever they did in a row is over."""
        self.days.put(msgspec.structs.replace(self.today(agent), declined_in_a_row=0, lapsed_in_a_row=0))
        self.begun.put(Begun(conv=conv, number=0, agent=agent, begun_ms=self.at))

    def stop(self, conv: int) -> None:
        last = self.begun.last(conv)
        if last is not None and last.agent:
            self.begun.put(msgspec.structs.replace(last, agent=0))


def _rung(folding: Folding, event: ev.Offered | ev.RangAlso) -> None:
    folding.count(event.agent, "rung")


def _accepted(folding: Folding, event: ev.Accepted) -> None:
    folding.count(event.agent, "auto_answered" if event.why else "accepted")
    folding.begin(event.conv, event.agent)


def _assigned(folding: Folding, event: ev.Assigned) -> None:
    """Who goes on with their own wrap-up has handled it since they began."""
    if event.why == "pulled":
        folding.count(event.agent, "pulled")
    last = folding.begun.last(event.conv)
    if last is None or last.agent != event.agent:
        folding.begin(event.conv, event.agent)


def _declined(folding: Folding, event: ev.Declined | ev.RingStopped) -> None:
    folding.count(event.agent, "declined")
    folding.silent_or_not(event.agent, row="declined_in_a_row", other="lapsed_in_a_row")


def _lapsed(folding: Folding, event: ev.OfferLapsed | ev.RingStopped) -> None:
    folding.count(event.agent, "lapsed")
    folding.silent_or_not(event.agent, row="lapsed_in_a_row", other="declined_in_a_row")


def _withdrawn(folding: Folding, event: ev.OfferWithdrawn) -> None:
    folding.count(event.agent, "withdrawn")


def _ring_stopped(folding: Folding, event: ev.RingStopped) -> None:
    stopped = {"declined": _declined, "lapsed": _lapsed}.get(event.why)
    if stopped:
        stopped(folding, event)
    else:
        folding.count(event.agent, "taken" if event.why == "taken" else "withdrawn")


def _over(folding: Folding, event: ev.WrapUpStarted | ev.Closed) -> None:
    """What is over for its agent, counted once: at the beginning of wrap-up where there is one."""
    last = folding.begun.last(event.conv)
    if last is None or not last.agent or last.agent != event.agent:
        return
    lasted_ms = folding.at - last.begun_ms
    short = [f"closed_{limit_ms // 1_000}s" for limit_ms in SHORT_MS if lasted_ms < limit_ms]
    folding.count(event.agent, "closed", *short)
    folding.stop(event.conv)


def _given_away(folding: Folding, event: ev.Parked | ev.Transferred | ev.TakenBack) -> None:
    if isinstance(event, ev.TakenBack):
        folding.count(event.agent, "taken_back")
    folding.stop(event.conv)


STEPS: dict[type[ev.Event], Callable[[Folding, Any], None]] = {
    ev.Offered: _rung,
    ev.RangAlso: _rung,
    ev.Accepted: _accepted,
    ev.Assigned: _assigned,
    ev.Declined: _declined,
    ev.OfferLapsed: _lapsed,
    ev.OfferWithdrawn: _withdrawn,
    ev.RingStopped: _ring_stopped,
    ev.WrapUpStarted: _over,
    ev.Closed: _over,
    ev.Parked: _given_away,
    ev.Transferred: _given_away,
    ev.TakenBack: _given_away,
}


def subjects(event: ev.Event) -> Iterable[tuple[str, int]]:
    """Return the agent whose day an event is about, and the conversation."""
    if type(event) in STEPS:
        yield TABLE, event.agent  # type: ignore[attr-defined]
        yield BEGUN, event.conv  # type: ignore[attr-defined]


def fold(sheets: Sheets, first: int, entry: ev.Entry) -> None:
    """Write the days that an entry changes."""
    del first
    folding = Folding(sheets[TABLE], sheets[BEGUN], entry.at)
    for event in entry.events:
        step = STEPS.get(type(event))
        if step:
            step(folding, event)


ANSWERING = View(
    spec=ViewSpec(name=TABLE, version=1, tables={TABLE: Answering, BEGUN: Begun}), subjects=subjects, fold=fold
)
