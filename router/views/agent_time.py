"""Agent time: in which presence each agent was, from when to when. A fold of committed events, nothing else."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from router.core.events import Entry, Event, PresenceSet, SignedOut, WindingDown
from router.store.port import ViewRow, ViewSpec
from router.views.view import Sheet, Sheets, View

TABLE = "agent_time"


class AgentTime(ViewRow, frozen=True, array_like=True, kw_only=True):
    """One agent in one presence; winding down is a span of its own, which accepts nothing.

    `ended` is the code of what ended it, empty while it lasts; `to_ms` is 0 then.
    """

    agent: int
    number: int
    presence: str
    accepts: bool
    why: str
    from_ms: int
    to_ms: int = 0
    ended: str = ""


def subjects(event: Event) -> Iterable[tuple[str, int]]:
    """Return whose time an event changes."""
    if isinstance(event, (PresenceSet, SignedOut, WindingDown)):
        yield TABLE, event.agent


def fold(sheets: Sheets, first: int, entry: Entry) -> None:
    """Write the intervals that an entry begins and ends."""
    del first
    sheet = sheets[TABLE]
    for event in entry.events:
        if isinstance(event, PresenceSet):
            _present(sheet, entry.at, event, presence=event.presence, accepts=event.accepts)
        elif isinstance(event, WindingDown):
            last = sheet.last(event.agent)
            _present(sheet, entry.at, event, presence=last.presence if last else "", accepts=False)
        elif isinstance(event, SignedOut):
            _end(sheet, entry.at, event.agent, ended="signed_out")


def _present(
    sheet: Sheet[AgentTime], at: int, event: PresenceSet | WindingDown, *, presence: str, accepts: bool
) -> None:
    """To be set once more to what one is already begins nothing."""
    last = sheet.last(event.agent)
    if last and not last.ended and (last.presence, last.accepts) == (presence, accepts):
        return
    _end(sheet, at, event.agent, ended="changed")
    sheet.put(
        AgentTime(
            agent=event.agent,
            number=last.number + 1 if last else 1,
            presence=presence,
            accepts=accepts,
            why=event.why,
            from_ms=at,
        )
    )


def _end(sheet: Sheet[AgentTime], at: int, agent: int, *, ended: str) -> None:
    last = sheet.last(agent)
    if last and not last.ended:
        sheet.put(msgspec.structs.replace(last, to_ms=at, ended=ended))


AGENT_TIME = View(spec=ViewSpec(name=TABLE, version=2, tables={TABLE: AgentTime}), subjects=subjects, fold=fold)
