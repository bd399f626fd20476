"""Tells who waits to whoever has the queue list open: everything at first, then what has changed, four times a second.

A window is one queue or all of them. Its rows are made and encoded once, however many watch; a watcher gets those of
the lines that they may see. What a window last told is kept, so that somebody who comes begins where all others are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from dashboard.board.line import STATES, Rows, line_shape
from dashboard.frames import WaitingFrame, encode
from dashboard.sockets import DeskSocket
from dashboard.staff import Sight
from dashboard.surroundings import Surroundings
from router.core.matching import Class
from router.core.state import Conv
from router.views import waiting
from router.views.standing import Standing, waits_apart
from router.views.touched import Touched

EVERY_S = 0.25
# Of a longer line nobody reads further; it is said how many there are.
ROWS_MAX = 2_000
# A window that shows only the front of its lines is filled up from behind so often.
REFILL_ROUNDS = 20
# What lines wait for changes with people, not with who waits: it is looked at once a second.
LINES_ROUNDS = 4
# Rows are made and sent so many at a time: a screenful comes at once, and the loop stays free between two.
CHUNK = 100
# Different queues that are watched at the same time; beyond, a watcher sees them all together.
WINDOWS_MAX = 200


@dataclass(slots=True)
class Told:
    """A row as it was last told: its line says who may see it."""

    line: int
    ref: str
    row: msgspec.Raw


@dataclass(slots=True)
class Window:
    """What one queue's watchers, or all queues', have been told. `whole`: everybody who waits is in it."""

    queue: str
    n: int = 0
    at: int = 0
    whole: bool = True
    begun: bool = False
    rows: dict[int, Told] = field(default_factory=dict)
    lines: dict[int, bytes] = field(default_factory=dict)
    watchers: set[DeskSocket] = field(default_factory=set)


@dataclass(slots=True)
class Batch:
    """What is told at once."""

    rows: list[Told]
    gone: list[Told]
    lines: dict[int, bytes]


class Watching:
    """One per application."""

    def __init__(self, out: Surroundings, rows: Rows, *, sight: Sight, standing: Standing) -> None:
        self._out, self._rows, self._sight, self._standing = out, rows, sight, standing
        self._windows: dict[str, Window] = {}
        self._changed: set[int] = set()
        self._anew = False
        self._rounds = 0

    # --- who watches ----------------------------------------------------------------------------------------

    def watch(self, socket: DeskSocket, queue: str | None) -> None:
        """Somebody opens the list of a queue, of all ("") or closes it (None)."""
        self.leave(socket)
        if queue is None:
            return
        if queue not in self._windows and len(self._windows) >= WINDOWS_MAX:
            queue = ""
        window = self._windows.setdefault(queue, Window(queue))
        if window.begun:
            self._begin_for(window, [socket])
        window.watchers.add(socket)

    def leave(self, socket: DeskSocket) -> None:
        """A socket watches nothing any more."""
        for queue, window in list(self._windows.items()):
            window.watchers.discard(socket)
            if not window.watchers:
                del self._windows[queue]

    # --- what changes ---------------------------------------------------------------------------------------

    def follow(self, found: Touched) -> None:
        if self._windows:
            self._changed |= found.convs
            self._anew = self._anew or found.everything

    def rebuild(self) -> None:
        self._changed.clear()
        self._anew = True

    async def tell(self) -> None:
        """Wait a moment, then tell every window what has changed in it."""
        await asyncio.sleep(EVERY_S)
        self._rounds += 1
        changed, self._changed = self._changed, set()
        if self._anew:
            self._anew = False
            for window in self._windows.values():
                window.begun = False
        for window in list(self._windows.values()):
            if not window.begun:
                await self._begin(window)
            else:
                await self._go_on(window, changed)

    async def _begin(self, window: Window) -> None:
        """Look at everybody, and tell all who watch from the beginning."""
        window.rows, window.lines, window.n = {}, {}, 0
        await self._fill(window, self._front(window.queue))
        window.at = self._out.floor.state.at
        window.lines = self._lines(window)
        window.begun = True
        self._begin_for(window, window.watchers)

    async def _go_on(self, window: Window, changed: set[int]) -> None:
        batch = await self._batch(window, changed)
        if self._rounds % REFILL_ROUNDS == 0 and not window.whole:
            front = self._front(window.queue)
            gone = window.rows.keys() - {conv.id for conv in front}
            batch.gone += [window.rows.pop(conv) for conv in gone]
            batch.rows += await self._fill(window, [conv for conv in front if conv.id not in window.rows])
        if self._rounds % LINES_ROUNDS == 0 or any(told.line not in window.lines for told in batch.rows):
            now = self._lines(window)
            batch.lines = {line: told for line, told in now.items() if window.lines.get(line) != told}
            window.lines = now
        if batch.rows or batch.gone or batch.lines:
            window.n += 1
            window.at = self._out.floor.state.at
            self._give(window, window.watchers, batch)

    async def _batch(self, window: Window, changed: Iterable[int]) -> Batch:
        convs: list[Conv] = []
        gone: list[Told] = []
        inside = self._out.floor.state.convs
        for conv_id in sorted(changed):
            conv = inside.get(conv_id)
            if conv is not None and _shown(conv, window.queue):
                if conv_id in window.rows or len(window.rows) + len(convs) < ROWS_MAX:
                    convs.append(conv)
                else:
                    window.whole = False
            elif conv_id in window.rows:
                gone.append(window.rows.pop(conv_id))
        return Batch(await self._fill(window, convs), gone, {})

    async def _fill(self, window: Window, convs: list[Conv]) -> list[Told]:
        """Make rows, some at a time. Who has left the line meanwhile is told of by what changed."""
        made: list[Told] = []
        for start in range(0, len(convs), CHUNK):
            some = [conv for conv in convs[start : start + CHUNK] if conv.state in STATES]
            for conv_id, row in (await self._rows.rows(some)).items():
                conv = self._out.floor.state.convs.get(conv_id)
                line = conv.cls.id if conv is not None else 0
                told = window.rows[conv_id] = Told(line, self._out.reference(conv_id), row)
                made.append(told)
            await asyncio.sleep(0)
        return made

    def _front(self, queue: str) -> list[Conv]:
        """Return who is to be shown: who rings or is kept, and the front of the lines in the router's order."""
        state = self._out.floor.state
        apart = [conv for number in sorted(self._standing.apart) if (conv := state.convs.get(number)) is not None]
        found = [conv for conv in apart if _shown(conv, queue)][:ROWS_MAX]
        lines = waiting.lines(state, _everybody, queue)
        found += waiting.page(state, lines, after=0, limit=ROWS_MAX - len(found))
        window = self._windows.get(queue)
        if window is not None:
            window.whole = len(found) < ROWS_MAX
        return found

    def _lines(self, window: Window) -> dict[int, bytes]:
        """Return the lines that somebody shown stands in, as they are now."""
        state = self._out.floor.state
        used = {told.line for told in window.rows.values()}
        classes = {cls.id: cls for cls in state.matching.classes if cls.id in used}
        why = waiting.lines_wait(state, classes.values())
        return {line: msgspec.json.encode(line_shape(state, cls, why[line])) for line, cls in classes.items()}

    # --- who is told what -----------------------------------------------------------------------------------

    def _begin_for(self, window: Window, sockets: Iterable[DeskSocket]) -> None:
        """Tell everything that a window has told so far."""
        self._give(window, sockets, Batch(list(window.rows.values()), [], window.lines), first=True)

    def _give(self, window: Window, sockets: Iterable[DeskSocket], batch: Batch, *, first: bool = False) -> None:
        for group, seen, total in self._groups(window, sockets):
            rows = [told.row for told in batch.rows if told.line in seen]
            lines = [msgspec.Raw(told) for line, told in batch.lines.items() if line in seen]
            whole = WaitingFrame(
                seq=0, n=window.n, at=window.at, total=total, queue=window.queue, first=first,
                gone=[told.ref for told in batch.gone],
            )  # fmt: skip
            frames = [encode(frame) for frame in _cut(whole, lines=lines, rows=rows)]
            for socket in group:
                socket.give(frames)

    def _groups(self, window: Window, sockets: Iterable[DeskSocket]) -> list[tuple[list[DeskSocket], set[int], int]]:
        """Return watchers by what they see: the lines of the window, and how many wait in all of them."""
        state = self._out.floor.state
        classes = [cls for cls in state.matching.classes if not window.queue or cls.queue == window.queue]
        groups: dict[frozenset[int], list[DeskSocket]] = {}
        for socket in sockets:
            may = self._sight.lines(socket.caller.account)
            groups.setdefault(frozenset(cls.id for cls in classes if may(cls)), []).append(socket)
        return [
            (group, set(seen), self._total(window, seen, [cls for cls in classes if cls.id in seen]))
            for seen, group in groups.items()
        ]

    def _total(self, window: Window, seen: frozenset[int], classes: list[Class]) -> int:
        apart = (self._out.floor.state.convs.get(number) for number in self._standing.apart)
        beside = sum(conv is not None and conv.cls.id in seen and _shown(conv, window.queue) for conv in apart)
        return beside + sum(cls.waiting for cls in classes)


def _cut(whole: WaitingFrame, *, lines: list[msgspec.Raw], rows: list[msgspec.Raw]) -> list[WaitingFrame]:
    """Return a batch as frames of a bounded size: lines come before the rows that stand in them."""
    parts = [{"lines": lines[start : start + CHUNK]} for start in range(0, len(lines), CHUNK)]
    parts += [{"rows": rows[start : start + CHUNK]} for start in range(0, len(rows), CHUNK)]
    if len(lines) <= CHUNK and len(rows) <= CHUNK:
        parts = [{"lines": lines, "rows": rows}]
    head = {"first": False, "gone": []}
    return [
        msgspec.structs.replace(whole, **part, **(head if number else {}), more=number < len(parts) - 1)
        for number, part in enumerate(parts)
    ]


def _shown(conv: Conv, queue: str) -> bool:
    """Return whether somebody belongs in a list of a queue, or of all."""
    return (not queue or conv.queue == queue) and (conv.state == "waiting" or waits_apart(conv))


def _everybody(cls: Class) -> bool:
    del cls
    return True
