"""Orders: what those who supervise have ordered, newest first, with who and why. A fold of committed events."""

from __future__ import annotations

from collections.abc import Iterable

from router.core import events as ev
from router.store.port import ViewRow, ViewSpec
from router.views.view import Sheets, View

TABLE = "orders"
# One list for the whole site.
ALL = 0


class Order(ViewRow, frozen=True, array_like=True, kw_only=True):
    """One order. `number` is the position of its event, negative: the order of the keys is newest first.

    `conv`, `agent` and `queue` are what it names, 0 or empty for none; `figure` is its priority or its end in UTC ms.
    """

    ledger: int
    number: int
    at: int
    by: int
    deed: str
    why: str
    conv: int = 0
    agent: int = 0
    queue: str = ""
    figure: int = 0


def subjects(event: ev.Event) -> Iterable[tuple[str, int]]:
    """Return nobody: an order is written and never changed."""
    del event
    return ()


def fold(sheets: Sheets, first: int, entry: ev.Entry) -> None:
    """Write the orders of an entry."""
    for position, event in enumerate(entry.events, first):
        row = _row(event, position, entry.at)
        if row is not None:
            sheets[TABLE].put(row)


def _row(event: ev.AnyEvent, position: int, at: int) -> Order | None:
    if isinstance(event, ev.Ordered):
        return Order(
            ledger=ALL,
            number=-position,
            at=at,
            by=event.by,
            deed=event.deed,
            why=event.why,
            conv=event.conv,
            agent=event.agent,
            queue=event.queue,
            figure=event.number,
        )
    if isinstance(event, ev.Directed):
        return Order(
            ledger=ALL,
            number=-position,
            at=at,
            by=event.by,
            deed=event.deed,
            why=event.why,
            agent=event.agent,
            queue=event.queue,
        )
    if isinstance(event, ev.ConfigApplied) and event.by:
        return Order(ledger=ALL, number=-position, at=at, by=event.by, deed="roll_back", why=event.why)
    if isinstance(event, ev.ClosureOrdered) and event.by:
        deed = "close_queue" if event.until_ms else "reopen_queue"
        return Order(
            ledger=ALL,
            number=-position,
            at=at,
            by=event.by,
            deed=deed,
            why=event.reason,
            queue=event.queue,
            figure=event.until_ms,
        )
    return None


ORDERS_VIEW = View(spec=ViewSpec(name=TABLE, version=1, tables={TABLE: Order}), subjects=subjects, fold=fold)
