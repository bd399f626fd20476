"""Makes the wallboard's snapshot: the day from its view, what stands now from the replica. At most one a second."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from dashboard.board.days import Days
from dashboard.board.needs import CRIT, needs
from dashboard.board.shapes import (
    AnswerShape,
    Board,
    BoardQueue,
    ChannelShape,
    DayShape,
    HalfShape,
    LevelShape,
    LongestShape,
    NeedShape,
    ShareShape,
    StateCount,
)
from dashboard.complaints.lateness import Lateness
from dashboard.errors import ApiError
from dashboard.staff import Staff
from dashboard.surroundings import Surroundings
from router.core.bundle import SECOND_MS, Bundle, Wallboard
from router.views.alarms import QUEUE_UNSTAFFED, alarms
from router.views.board import Board as Lines
from router.views.standing import AVAILABLE, HANDLING, NOT_RESPONDING, WRAPPING, Standing, Waiting
from router.views.today import Day, Level, Sums

# However many boards hang in a house, the figures are made so often.
KEPT_MS = SECOND_MS
# A view that is so little behind shows what is now: it writes four times a second.
BEHIND_MS = 2 * SECOND_MS
# Who is not responding is named up to so many; the count says the rest.
SILENT_MAX = 20
SHAPES = {NOT_RESPONDING: "triangle", WRAPPING: "square", HANDLING: "half-disc", AVAILABLE: "disc"}
SWITCHES = (("count_flow_outs", True), ("count_short_abandons", True), ("count_abandons", False))


class Figures:
    """The snapshots of one floor."""

    def __init__(self, out: Surroundings, *, staff: Staff, lines: Lines, standing: Standing, version: str) -> None:
        self._out, self._staff, self._lines, self._standing = out, staff, lines, standing
        self._version = version
        self._days, self._lateness = Days(out), Lateness(out)
        self._kept: Board | None = None
        self._making = asyncio.Lock()

    async def board(self) -> Board:
        """Return the snapshot of this second."""
        async with self._making:
            now_ms = self._out.now_ms()
            if self._kept is None or not 0 <= now_ms - self._kept.now_ms < KEPT_MS:
                self._kept = await self._made(now_ms)
            return self._kept

    async def _made(self, now_ms: int) -> Board:
        bundle = self._out.floor.bundle
        if bundle is None:
            raise ApiError("not_configured")
        today, before = await self._days.look(now_ms, bundle)
        cells = self._standing.waiting(now_ms)
        queues = [self._queue(name, today, bundle, cells, now_ms) for name in self._lines.queues()]
        some = any(queue.open for queue in queues)
        return Board(
            now_ms=now_ms,
            at_ms=self._at_ms(now_ms),
            ready=self._days.place.position > 0,
            site=bundle.name or bundle.site,
            zone=bundle.zone,
            version=self._version,
            open=some,
            opens_ms=0 if some else min((queue.opens_ms for queue in queues if queue.opens_ms), default=0),
            day=day_shape(today, bundle.wallboard),
            last_day=day_shape(before, bundle.wallboard) if before.halves else None,
            switches=[name for name, changed in SWITCHES if getattr(bundle.wallboard, name) is changed],
            target_ms=one_target(bundle),
            waiting=sum(cell.waiting for cell in cells),
            late=sum(cell.late for cell in cells),
            longest=longest([cell for cell in cells if _live(bundle, cell)], bundle.wallboard, now_ms),
            oldest=longest([cell for cell in cells if not _live(bundle, cell)], None, now_ms),
            risk=sum(cell.risk for cell in cells),
            queues=sorted(queues, key=worst_first),
            agents=self._states(bundle),
            signed_in=self._standing.signed_in,
            can_more=self._standing.can_more,
            halves=[HalfShape(**half._asdict()) for half in today.chart()],
            channels=_channels(cells, bundle),
            needs=needs(
                queues,
                silent=await self._silent(),
                names=bundle.wallboard.names,
                alarms=await self._alarms(now_ms),
                care=await self._lateness.need(now_ms),
            ),
        )

    def _at_ms(self, now_ms: int) -> int:
        """Return of when the figures are: of now, or of the last event that a view which lags behind has seen."""
        place = self._days.place
        if place.position >= self._out.floor.position or now_ms - place.at < BEHIND_MS:
            return now_ms
        return place.at

    def _queue(self, name: str, today: Day, bundle: Bundle, cells: Sequence[Waiting], now_ms: int) -> BoardQueue:
        state, counts, sums = self._out.floor.state, self._lines.figures(name), today.queues.get(name, Sums())
        own = [cell for cell in cells if cell.queue == name]
        queue, board = state.queue_state(name), bundle.wallboard
        live = [cell for cell in own if _live(bundle, cell)]
        return BoardQueue(
            name=name,
            label=state.queue_spec(name).label,
            open=queue.open,
            opens_ms=0 if queue.open else queue.until_ms,
            waiting=sum(cell.waiting for cell in own),
            longest=longest(live, board, now_ms) or longest(own, None, now_ms),
            level=level_shape(sums.level(board), board.target_percents.get(name, board.target_percent)),
            abandoned=share_shape(sums.abandoned(), board.abandoned_percent_max),
            free=counts.free,
            staffed=counts.staffed,
            risk=sum(cell.risk for cell in own),
            late=sum(cell.late for cell in own),
        )

    def _states(self, bundle: Bundle) -> list[StateCount]:
        """Return every state somebody is in, and those one may choose, in the order of their precedence."""
        away = [name for name, presence in bundle.presences.items() if not presence.accepts]
        counted = self._standing.states
        known = [AVAILABLE, HANDLING, WRAPPING, *away]
        others = sorted(name for name in counted if counted[name] and name not in known and name != NOT_RESPONDING)
        return [
            StateCount(
                name=name,
                label=bundle.presences[name].label if name in away else {},
                shape=bundle.presences[name].shape if name in away else SHAPES.get(name, "ring"),
                count=counted[name],
            )
            for name in [*known, *others, NOT_RESPONDING]
        ]

    async def _silent(self) -> list[tuple[str, int]]:
        agents = self._out.floor.state.agents
        found = self._standing.in_state(NOT_RESPONDING)[:SILENT_MAX]
        await self._staff.learn(found)
        return [(self._staff.name(agent), agents[agent].since_ms) for agent in found if agent in agents]

    async def _alarms(self, now_ms: int) -> list[NeedShape]:
        """Return what goes wrong in the machine room; a queue without people is seen at the queue itself."""
        store, site = self._out.store, self._out.floor.site
        letters, effects = await store.letterbox.depth(site), await store.outbox.depth(site)
        return [
            NeedShape(code=each.name, severe=CRIT, count=each.waiting, since_ms=each.since_ms)
            for each in alarms(self._out.floor.state, now_ms, letters=letters[:2], effects=effects[:2])
            if each.name != QUEUE_UNSTAFFED
        ]


def day_shape(day: Day, board: Wallboard) -> DayShape:
    """Return a day of the site."""
    mean_ms, median_ms = day.site.answer_ms(), day.site.median_ms()
    answer = None
    if mean_ms is not None and median_ms is not None:
        answer = AnswerShape(mean_ms=mean_ms, median_ms=median_ms, answered=day.site.answered)
    return DayShape(
        from_ms=day.from_ms,
        level=level_shape(day.site.level(board), board.target_percent),
        abandoned=share_shape(day.site.abandoned(), board.abandoned_percent_max),
        answer=answer,
        handling_ms=day.site.handling_ms(),
    )


def level_shape(level: Level | None, target_percent: int) -> LevelShape | None:
    if level is None:
        return None
    stands = level.stands(target_percent)
    return LevelShape(in_time=level.in_time, of=level.of, target_percent=target_percent, stands=stands)


def share_shape(share: Level | None, limit_percent: int) -> ShareShape | None:
    if share is None:
        return None
    over = share.in_time * 100 > limit_percent * share.of
    return ShareShape(count=share.in_time, of=share.of, limit_percent=limit_percent, over=over)


def longest(cells: Sequence[Waiting], board: Wallboard | None, now_ms: int) -> LongestShape | None:
    """Return who has waited longest; without limits nothing is over one."""
    found = min((cell for cell in cells if cell.oldest_ms), key=lambda cell: cell.oldest_ms, default=None)
    if found is None:
        return None
    over = board is not None and now_ms - found.oldest_ms > board.wait_ms_max
    return LongestShape(queue=found.queue, channel=found.channel, since_ms=found.oldest_ms, over=over)


def worst_first(queue: BoardQueue) -> tuple[int, float, int, str]:
    """Order by level less target, who has none last, and closed ones after those that are open."""
    if queue.level is None:
        return (not queue.open, 1_000.0, -queue.waiting, queue.name)
    points = 100 * queue.level.in_time / queue.level.of - queue.level.target_percent
    return (not queue.open, points, -queue.waiting, queue.name)


def one_target(bundle: Bundle) -> int:
    """Return the target in words where every queue has the same on its live channels, else 0."""
    live = {name for name, spec in bundle.channels.items() if spec.live}
    found = {
        ms for queue in bundle.queues.values() for name, ms in queue.answer_within_ms.items() if name in live and ms
    }
    return found.pop() if len(found) == 1 else 0


def _live(bundle: Bundle, cell: Waiting) -> bool:
    spec = bundle.channels.get(cell.channel)
    return spec is not None and spec.live


def _channels(cells: Sequence[Waiting], bundle: Bundle) -> list[ChannelShape]:
    """Return what waits on each channel of the site, those on which somebody waits first."""
    names = {*bundle.channels, *(cell.channel for cell in cells if cell.waiting)}
    found = [
        ChannelShape(
            name=name,
            waiting=sum(cell.waiting for cell in cells if cell.channel == name),
            since_ms=min((cell.oldest_ms for cell in cells if cell.channel == name and cell.oldest_ms), default=0),
        )
        for name in names
    ]
    return sorted(found, key=lambda channel: (-channel.waiting, channel.name))
