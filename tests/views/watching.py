"""Legs and agent time told in another way: by watching the core's state after each event. No test lives here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from router.core import events as ev
from router.core.bundle import Bundle
from router.core.evolve import evolve, remember
from router.core.lifecycle import ACTIVE, DEFERRED, HELD, UNPLACED, WAITING, WRAP_UP
from router.core.state import State
from router.store.port import ViewRow
from router.views.agent_time import AgentTime
from router.views.keeper import numbered
from router.views.legs import Leg
from router.views.view import Sheet, View
from tests.core.walk import Walk
from tests.core.world import World

SERVED, IN_LINE = {ACTIVE, WRAP_UP}, {WAITING, HELD, DEFERRED}
Numbered = Sequence[tuple[int, ev.Entry]]
Tables = dict[str, dict[tuple[int, int], ViewRow]]


def walked(seed: int, steps: int = 300) -> World:
    """A random floor's day."""
    world = World(judged=False)
    world.begin()
    Walk(world, Random(seed)).run(steps)
    return world


def cut(entries: Numbered, chance: Random) -> Iterable[Numbered]:
    """Cut entries into batches by chance."""
    start = 0
    while start < len(entries):
        end = start + chance.choice((1, 1, 2, 5, 40))
        yield entries[start:end]
        start = end


def folded(view: View, batches: Iterable[Numbered]) -> Tables:
    """Fold batches the way in which the store is asked: the last rows of the subjects, then what has changed."""
    tables: Tables = {name: {} for name in view.spec.tables}
    for batch in batches:
        wanted = {pair for _, entry in batch for event in entry.events for pair in view.subjects(event)}
        sheets = {
            name: Sheet({key[0]: rows[key] for key in sorted(rows) if (name, key[0]) in wanted})
            for name, rows in tables.items()
        }
        for first, entry in batch:
            view.fold(sheets, first, entry)
        for name, sheet in sheets.items():
            tables[name].update({row.key: row for row in sheet.changed})
            for key in sheet.gone:
                tables[name].pop(key, None)
    return tables


def rows_of(tables: Tables, name: str) -> list[ViewRow]:
    return [tables[name][key] for key in sorted(tables[name])]


@dataclass
class Stay:
    """A leg as it was seen: where it began and ended, and who answered."""

    conv: int
    queue: str
    channel: str
    why: str
    entered_ms: int
    first: int
    last: int = 0
    answered_ms: int = 0
    answered_by: int = 0
    left_ms: int = 0
    left_why: str = ""


@dataclass
class LegWatch:
    """Watches conversations. What happened in between is counted afterwards, from the events between two positions."""

    bundles: Mapping[str, Bundle]
    state: State = field(default_factory=State)
    stays: dict[int, list[Stay]] = field(default_factory=dict)
    next_why: dict[int, str] = field(default_factory=dict)
    seen: list[tuple[int, int, ev.Event]] = field(default_factory=list)

    def legs(self, entries: Iterable[ev.Entry]) -> list[Leg]:
        for entry in entries:
            for event in entry.events:
                self._see(entry.at, event)
            remember(self.state, entry.command, entry.at)
        return [leg for conv in sorted(self.stays) for leg in self._counted(conv)]

    def _see(self, at: int, event: ev.Event) -> None:
        conv_id = getattr(event, "conv", 0)
        before = self._picture(conv_id)
        evolve(self.state, at, event, self.bundles)
        after = self._picture(conv_id)
        position = self.state.position
        self.seen.append((position, at, event))
        if isinstance(event, ev.Returned):
            self.next_why[conv_id] = event.why
        elif after is None:
            if before is not None:
                self._end(conv_id, at, event.record.state)  # type: ignore[attr-defined]
        elif isinstance(event, ev.Transferred):
            self._end(conv_id, at, "transferred")
        elif isinstance(event, ev.TakenBack):
            self._end(conv_id, at, event.why)
        elif isinstance(event, ev.HandedOut):
            self._end(conv_id, at, "handed_out")
            self.next_why[conv_id] = "handed_back"
        elif isinstance(event, ev.OutsideLeft | ev.Announced) or self._is_handed(conv_id):
            return  # No queue has it, until it is somebody's again; and what is announced moves nobody.
        else:
            self._compare(conv_id, at, event, before=before, after=after)

    def _is_handed(self, conv_id: int) -> bool:
        conv = self.state.convs.get(conv_id)
        return conv is not None and conv.outside is not None and conv.outside.handed

    def _compare(
        self, conv_id: int, at: int, event: ev.Event, *, before: tuple[str, str] | None, after: tuple[str, str]
    ) -> None:
        state, queue = after
        stay = self._stay(conv_id)
        if isinstance(event, ev.Diverted | ev.Overflowed):
            if stay is None and before is not None:
                self._begin(conv_id, at, before[1])
            self._end(conv_id, at, event.why if isinstance(event, ev.Overflowed) else "diverted")
            self._begin(conv_id, at, queue)
        elif isinstance(event, ev.CallbackFailed) and stay is not None and stay.answered_ms:
            self._end(conv_id, at, "callback_failed")
            self.next_why[conv_id] = "callback_retry"
        elif isinstance(event, ev.CallbackAsked) and stay is not None:
            stay.channel = self.state.convs[conv_id].channel
        elif stay is not None and stay.queue != queue:
            self._end(conv_id, at, "moved")
            self._begin(conv_id, at, queue)
        elif stay is None and queue and (state != UNPLACED or (before and before[1] != queue)):
            self._begin(conv_id, at, queue)
        elif stay and stay.answered_ms and before and before[0] in SERVED and state in IN_LINE:
            self._end(conv_id, at, "requeued")
            self.next_why[conv_id] = event.why  # type: ignore[attr-defined]
            self._begin(conv_id, at, queue)
        now = self._stay(conv_id)
        begun = state == ACTIVE and (before is None or before[0] != ACTIVE)
        if now is not None and begun and not now.answered_ms:
            now.answered_ms, now.answered_by = at, self.state.convs[conv_id].owner

    def _picture(self, conv_id: int) -> tuple[str, str] | None:
        conv = self.state.convs.get(conv_id)
        return (conv.state, conv.queue) if conv else None

    def _stay(self, conv_id: int) -> Stay | None:
        stays = self.stays.get(conv_id)
        return stays[-1] if stays and not stays[-1].left_why else None

    def _begin(self, conv_id: int, at: int, queue: str) -> None:
        conv = self.state.convs[conv_id]
        stays = self.stays.setdefault(conv_id, [])
        why = self.next_why.pop(conv_id, "") if stays else "arrived"
        entered_ms = at if stays else conv.opened_ms
        stays.append(Stay(conv_id, queue, conv.channel, why, entered_ms, self.state.position))

    def _end(self, conv_id: int, at: int, why: str) -> None:
        stay = self._stay(conv_id)
        if stay is not None:
            stay.left_ms, stay.left_why, stay.last = at, why, self.state.position
        self.next_why[conv_id] = why

    def _counted(self, conv: int) -> Iterable[Leg]:
        own = [each for each in self.seen if getattr(each[2], "conv", 0) == conv]
        for number, stay in enumerate(self.stays[conv], 1):
            inside = [
                (at, event) for at_position, at, event in own if stay.first <= at_position <= (stay.last or 2**60)
            ]
            replies = [at for at, event in inside if isinstance(event, ev.Replied)]
            over_ms = stay.answered_ms or stay.left_ms
            promised = [e.answer_by_ms for _, e in inside if isinstance(e, ev.Queued) and e.answer_by_ms]
            answer_by_ms = promised[0] if promised else 0
            next_by_ms, next_replies, next_late = _next_of(inside, stay)
            yield Leg(
                conv=conv,
                leg=number,
                queue=stay.queue,
                channel=stay.channel,
                entered_ms=stay.entered_ms,
                entered_position=stay.first,
                entered_why=stay.why,
                answered_ms=stay.answered_ms,
                answered_by=stay.answered_by,
                abandoned_ms=stay.left_ms if stay.left_why == "abandoned" else 0,
                left_ms=stay.left_ms,
                left_why=stay.left_why,
                offers=sum(isinstance(event, (ev.Offered, ev.RangAlso)) for _, event in inside),
                declines=sum(isinstance(event, ev.Declined) or _stopped(event, "declined") for _, event in inside),
                lapses=sum(isinstance(event, ev.OfferLapsed) or _stopped(event, "lapsed") for _, event in inside),
                first_reply_ms=replies[0] if replies else 0,
                wait_ms=over_ms - stay.entered_ms if over_ms else 0,
                answer_by_ms=answer_by_ms,
                answered_late=0 < answer_by_ms < over_ms,
                replied_late=bool(replies) and 0 < answer_by_ms < replies[0],
                next_by_ms=next_by_ms,
                next_replies=next_replies,
                next_late=next_late,
                test=any(event.test for _, _, event in own if isinstance(event, ev.Received) and event.opened),
            )


def _stopped(event: ev.Event, why: str) -> bool:
    return isinstance(event, ev.RingStopped) and event.why == why


def _next_of(inside: list[tuple[int, ev.Event]], stay: Stay) -> tuple[int, int, int]:
    """Return what is still promised, how many promises were kept or broken by a reply, how many were broken in all."""
    pending, replies, late = 0, 0, 0
    for at, event in inside:
        if isinstance(event, ev.Received) and event.reply_by_ms and not event.opened:
            pending = event.reply_by_ms
        elif isinstance(event, ev.Replied) and pending:
            replies, late, pending = replies + 1, late + (at > pending), 0
    if stay.left_ms:
        return 0, replies, late + (0 < pending < stay.left_ms)
    return pending, replies, late


def presences_watched(entries: Iterable[ev.Entry], bundles: Mapping[str, Bundle]) -> dict[int, list[AgentTime]]:
    """Watch each agent's presence after each event."""
    state, found = State(), dict[int, list[AgentTime]]()
    for entry in entries:
        for event in entry.events:
            agent_id = getattr(event, "agent", 0)
            before = state.agents.get(agent_id)
            was = (before.presence, before.accepts) if before else None
            evolve(state, entry.at, event, bundles)
            agent = state.agents.get(agent_id)
            now = (agent.presence, agent.accepts) if agent else None
            spans = found.setdefault(agent_id, [])
            running = bool(spans) and not spans[-1].ended
            if isinstance(event, ev.SignedIn) or (now == was and running == (agent is not None)):
                continue
            if running:
                ended = "changed" if agent else "signed_out"
                spans[-1] = spans[-1].__class__(
                    **{name: getattr(spans[-1], name) for name in spans[-1].__struct_fields__}
                    | {"to_ms": entry.at, "ended": ended}
                )
            if agent:
                why = event.why  # type: ignore[attr-defined]
                spans.append(
                    AgentTime(
                        agent=agent_id,
                        number=len(spans) + 1,
                        presence=agent.presence,
                        accepts=agent.accepts,
                        why=why,
                        from_ms=entry.at,
                    )
                )
        remember(state, entry.command, entry.at)
    return {agent: spans for agent, spans in found.items() if spans}


def of_world(world: World) -> list[tuple[int, ev.Entry]]:
    """The entries of a world with their positions."""
    return numbered(1, world.entries)
