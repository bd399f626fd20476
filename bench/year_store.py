"""What lies beside the core in the simulated year: rows of what has left it, and the node's alarm clock over them."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

from router.core import events as ev
from router.core.answers import Answered
from router.core.bundle import DAY_MS, Bundle
from router.core.commands import Command
from router.core.record import Record, decode_record, encode_record
from router.floor.floor import Floor
from router.node.wakes import Wakes
from router.store.port import Archive, ConversationRow
from router.telemetry import Telemetry

# A closed conversation may be reopened for a day; the year's own memory need not be kept longer.
CLOSED_KEPT_MS = 2 * DAY_MS
Result = TypeVar("Result")


class HandClock:
    """The virtual clock."""

    def __init__(self, at: int) -> None:
        self.at = at

    def now_ms(self) -> int:
        return self.at


class Rows:
    """Conversations outside the core, by id, line and due time: as much of an archive as waking and look-ups ask."""

    def __init__(self) -> None:
        self._records: dict[int, tuple[bytes, int]] = {}  # conversation -> record, due_ms (0 once ended)
        self._due: list[tuple[int, int]] = []
        self._ended: OrderedDict[int, int] = OrderedDict()  # conversation -> when
        self._line_of: dict[int, int] = {}

    @property
    def parked(self) -> int:
        """How many are parked."""
        return len(self._due)

    def follow(self, at: int, event: ev.Event) -> None:
        """Take over what left the core, let go of what returned to it."""
        if isinstance(event, ev.Returned):
            self._forget(event.conv)
        elif isinstance(event, ev.Parked):
            self._keep(event.record, event.until_ms)
            insort(self._due, (event.until_ms, event.conv))
        elif isinstance(event, ev.Closed | ev.Abandoned):
            self._keep(event.record, 0)
            self._ended[event.conv] = at
            while self._ended and next(iter(self._ended.values())) < at - CLOSED_KEPT_MS:
                self._forget(next(iter(self._ended)))

    def _keep(self, record: Record, due_ms: int) -> None:
        self._records[record.conv] = (encode_record(record), due_ms)
        for line in (record.line, *record.more_lines):
            self._line_of[line] = record.conv

    def _forget(self, conv: int) -> None:
        data, due_ms = self._records.pop(conv)
        self._ended.pop(conv, None)
        if due_ms:
            del self._due[bisect_left(self._due, (due_ms, conv))]
        record = decode_record(data)
        for line in (record.line, *record.more_lines):
            if self._line_of.get(line) == conv:
                del self._line_of[line]

    def on_line(self, line: int) -> Record | None:
        """Return the record of the line's last conversation."""
        return self.of(self._line_of.get(line, 0))

    def of(self, conv: int) -> Record | None:
        """Return a conversation's record."""
        data, _ = self._records.get(conv, (b"", 0))
        return decode_record(data) if data else None

    # --- the archive's half that waking asks ------------------------------------------------------------------

    async def records_due(self, _site: str, *, before_ms: int, limit: int) -> list[bytes]:
        """See the port."""
        return [self._records[conv][0] for _, conv in self._due[: bisect_left(self._due, (before_ms, 0))][:limit]]

    async def conversation(self, _site: str, conv: int) -> ConversationRow | None:
        """See the port."""
        data, due_ms = self._records.get(conv, (b"", 0))
        if not data:
            return None
        record = decode_record(data)
        return ConversationRow(
            conv=conv,
            reference="",
            customer=record.customer,
            line=record.line,
            channel=record.channel,
            state=record.state,
            queue=record.queue,
            owner=record.owner,
            opened_ms=record.opened_ms,
            changed_ms=record.left_ms,
            due_ms=due_ms,
            record=data,
        )


class _Door:
    """As much of a floor as the alarm clock asks."""

    site = "main"
    leading = True

    def __init__(self, bundle: Callable[[], Bundle | None], submit: Callable[[Command], Answered]) -> None:
        self._bundle = bundle
        self._submit = submit

    @property
    def bundle(self) -> Bundle | None:
        return self._bundle()

    async def submit(self, command: Command) -> Answered:
        return self._submit(command)


def alarm_clock(
    rows: Rows, clock: HandClock, *, bundle: Callable[[], Bundle | None], submit: Callable[[Command], Answered]
) -> Wakes:
    """Return the node's own alarm clock, which reads ahead ten minutes, over these rows."""
    door, archive = cast(Floor, _Door(bundle, submit)), cast(Archive, rows)
    return Wakes(door, archive, clock, telemetry=Telemetry())


def done(work: Coroutine[Any, Any, Result]) -> Result:
    """Run to its end what never has to wait: everything it asks is at hand."""
    try:
        work.send(None)
    except StopIteration as ended:
        return cast(Result, ended.value)
    raise AssertionError("nothing in the simulated year waits")
