"""Promises: which conversations come back at a time, why, and whose they are. A fold of committed events.

A promise stands from the moment a conversation is parked until a time, or deferred for a call-back, until somebody
has taken it up, the customer came first, or it has ended. One that came back and that nobody has taken up is still
promised: it is what people forget.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from router.core import events as ev
from router.core.bundle import MINUTE_MS
from router.core.record import Record
from router.store.port import ViewRow, ViewSpec
from router.views.view import Sheets, View

PROMISES, OF_OWNER, THREADS = "promises", "promises_of_owner", "promise_threads"
FOLLOW_UP, SNOOZED, CALL_BACK, WINDOW = "follow_up", "snoozed", "call_back", "window"
KINDS = (FOLLOW_UP, SNOOZED, CALL_BACK, WINDOW)
# With this the core says that a promise was given another time or another owner: it goes, and comes at once again.
REPLANNED = "replanned"
# A conversation that returns for these was due. For any other somebody or something came first.
DUE = frozenset({"due", "window_closing", "callback_due"})
CALLED = frozenset({"callback", "callback_retry"})
# Within one owner rows go by minute and conversation; as many conversations no site will ever have.
_CONVS = 2**36


class Promise(ViewRow, frozen=True, array_like=True, kw_only=True):
    """`back_ms`: since then it is back and nobody has taken it up; 0 while it is away. `note` is the last one's id.

    `owner` 0: whoever is next in its queue.
    """

    due_ms: int
    conv: int
    owner: int
    kind: str
    queue: str
    note: int
    set_ms: int
    back_ms: int = 0


class Owned(ViewRow, frozen=True, array_like=True, kw_only=True):
    """The same by owner, the earliest first."""

    owner: int
    number: int
    due_ms: int
    conv: int
    kind: str
    queue: str
    note: int
    set_ms: int
    back_ms: int = 0


class Thread(ViewRow, frozen=True, array_like=True, kw_only=True):
    """What must be known of a conversation to read an event about it; `due_ms` 0: nothing is promised."""

    conv: int
    number: int = 0
    wrapping: bool = False
    note: int = 0
    due_ms: int = 0
    owner: int = 0
    kind: str = ""
    queue: str = ""
    set_ms: int = 0
    back_ms: int = 0


def subjects(event: ev.Event) -> Iterable[tuple[str, int]]:
    """Return the conversation of an event that may change a promise."""
    if type(event) in _STEPS:
        yield THREADS, event.conv  # type: ignore[attr-defined]


def fold(sheets: Sheets, first: int, entry: ev.Entry) -> None:
    """Write what an entry promises, keeps and overtakes."""
    del first
    for event in entry.events:
        step = _STEPS.get(type(event))
        if step is None:
            continue
        conv: int = event.conv  # type: ignore[union-attr]
        known: Thread | None = sheets[THREADS].last(conv)
        before = known or Thread(conv=conv)
        after = step(before, event, entry.at)
        _write(sheets, before, after, known=known is not None)


def _write(sheets: Sheets, before: Thread, after: Thread, *, known: bool) -> None:
    if before == after:
        return
    if before.due_ms:
        sheets[PROMISES].drop(_promise(before))
        sheets[OF_OWNER].drop(_owned(before))
    if after.due_ms:
        sheets[PROMISES].put(_promise(after))
        sheets[OF_OWNER].put(_owned(after))
    if after.due_ms or after.wrapping or after.note:
        sheets[THREADS].put(after)
    elif known:
        sheets[THREADS].drop(before)


def _promise(of: Thread) -> Promise:
    return Promise(
        due_ms=of.due_ms,
        conv=of.conv,
        owner=of.owner,
        kind=of.kind,
        queue=of.queue,
        note=of.note,
        set_ms=of.set_ms,
        back_ms=of.back_ms,
    )


def _owned(of: Thread) -> Owned:
    return Owned(
        owner=of.owner,
        number=of.due_ms // MINUTE_MS * _CONVS + of.conv,
        due_ms=of.due_ms,
        conv=of.conv,
        kind=of.kind,
        queue=of.queue,
        note=of.note,
        set_ms=of.set_ms,
        back_ms=of.back_ms,
    )


# --- what each event does ---------------------------------------------------------------------------------------


def _wrapping(before: Thread, event: ev.WrapUpStarted, at: int) -> Thread:
    del event, at
    return replace(before, wrapping=True)


def _noted(before: Thread, event: ev.Noted, at: int) -> Thread:
    del at
    return replace(before, note=event.message)


def _parked(before: Thread, event: ev.Parked, at: int) -> Thread:
    if event.actor != "clock":
        return replace(_nothing(before), wrapping=False)
    return replace(
        before,
        wrapping=False,
        due_ms=event.until_ms,
        owner=event.record.owner,
        kind=_kind(before, event, at),
        queue=event.record.queue,
        set_ms=at,
        back_ms=0,
    )


def _kind(before: Thread, event: ev.Parked, at: int) -> str:
    record = event.record
    if record.relief is not None and record.relief.callback:
        return CALL_BACK
    if before.wrapping:
        return FOLLOW_UP
    return WINDOW if event.until_ms == _window_wakes_ms(record, at) else SNOOZED


def _window_wakes_ms(record: Record, at: int) -> int:
    """Return when the core itself would ask for it again, whatever time was said (see `decide.windows.wake_ms`)."""
    if not record.hasten_ms:
        return 0
    return record.hasten_ms if record.hasten_ms > at else at + (record.window_ms - at) // 2


def _deferred(before: Thread, event: ev.Deferred, at: int) -> Thread:
    if event.why not in CALLED:
        return before
    return replace(
        before,
        wrapping=False,
        due_ms=event.until_ms,
        owner=0,
        kind=CALL_BACK,
        queue=event.queue,
        set_ms=at,
        back_ms=0,
    )


def _returned(before: Thread, event: ev.Returned, at: int) -> Thread:
    if not before.due_ms:
        return before
    if event.why == REPLANNED:
        return replace(_nothing(before), wrapping=before.kind == FOLLOW_UP)
    return replace(before, back_ms=at) if event.why in DUE else _nothing(before)


def _called(before: Thread, event: ev.Queued, at: int) -> Thread:
    """A deferred call-back whose time has come waits for its turn again."""
    waits = before.kind == CALL_BACK and before.due_ms and not before.back_ms
    return replace(before, back_ms=at) if waits and event.why in DUE else before


def _taken(before: Thread, event: Any, at: int) -> Thread:
    del event, at
    return _nothing(before)


def _ended(before: Thread, event: Any, at: int) -> Thread:
    del event, at
    return Thread(conv=before.conv)


def _nothing(before: Thread) -> Thread:
    return Thread(conv=before.conv, wrapping=before.wrapping, note=before.note)


_STEPS: Mapping[type[ev.Event], Callable[[Thread, Any, int], Thread]] = {
    ev.WrapUpStarted: _wrapping,
    ev.Noted: _noted,
    ev.Parked: _parked,
    ev.Deferred: _deferred,
    ev.Returned: _returned,
    ev.Queued: _called,
    ev.Accepted: _taken,
    ev.Assigned: _taken,
    ev.Closed: _ended,
    ev.Abandoned: _ended,
}

PROMISES_VIEW = View(
    spec=ViewSpec(name=PROMISES, version=1, tables={PROMISES: Promise, OF_OWNER: Owned, THREADS: Thread}),
    subjects=subjects,
    fold=fold,
)
