"""Events to the rows their commit writes with them: story, conversations, effects, deliveries. Pure; no store here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from channels.contract import Capabilities
from router.core import events as ev
from router.core.record import Record, encode_record
from router.core.state import Conv, State
from router.floor.effects import fetches, lane_of, wanted
from router.store.port import Commit, ConversationRow, Delivery, NewEffect, Settled, TimelineRow

Told = dict[str, Any]
# What a story says of a message that an outside party wrote.
FROM_OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Names:
    """What rows need beside the states: outside names, the channel of a line, what each channel can do."""

    reference: Callable[[int], str]
    channel_of: Mapping[int, str]
    capabilities: Mapping[str, Capabilities]


@dataclass(slots=True)
class Walk:
    """Goes through a batch and knows, at each event, the line, queue and customer's presence of a conversation."""

    before: State
    after: State
    lines: dict[int, int] = field(default_factory=dict)
    queues: dict[int, str] = field(default_factory=dict)
    formed: dict[int, str] = field(default_factory=dict)
    gone: dict[int, bool] = field(default_factory=dict)
    left: dict[int, tuple[Record, ev.Event, int]] = field(default_factory=dict)
    touched: dict[int, int] = field(default_factory=dict)

    def line(self, conv: int) -> int:
        """Return the current line, 0 where the conversation is not in the core."""
        known = self.before.convs.get(conv)
        return self.lines.get(conv) or (known.line if known else 0)

    def queue(self, conv: int) -> str:
        """Return the queue at this event."""
        known = self.before.convs.get(conv)
        return self.queues.get(conv) or (known.queue if known else "")

    def released(self, conv: int) -> bool:
        """Return whether nobody has to be rung off any more: the customer left, or wrap-up had begun."""
        known = self.before.convs.get(conv)
        return self.gone.get(conv, known is not None and (known.gone or known.state == "wrap_up"))

    def step(self, event: Any, at: int) -> None:
        """Take note of an event before its rows are made."""
        conv = getattr(event, "conv", 0)
        if not conv:
            self._formed(event)
            return
        self.touched[conv] = at
        if isinstance(event, (ev.Routed, ev.Diverted, ev.Transferred, ev.Overflowed)):
            self.queues[conv] = self._queue_of(event.cls)
        elif isinstance(event, ev.Received):
            self._heard(event)
        elif isinstance(event, ev.Replied):
            self.lines[conv] = event.line
        elif isinstance(event, ev.WindowClosed):
            self.lines[conv] = event.to_line or self.line(conv)
        elif isinstance(event, ev.CallbackAsked):
            self.lines[conv], self.queues[conv] = event.line, self._queue_of(event.cls)
        elif isinstance(event, ev.CallbackReached):
            self.gone[conv] = False
        elif isinstance(event, ev.Returned):
            self.lines[conv], self.queues[conv] = event.record.line, event.record.queue
            self.gone[conv] = False
            self.left.pop(conv, None)
        elif isinstance(event, (ev.Parked, ev.Closed, ev.Abandoned)):
            self.left[conv] = (event.record, event, at)

    def _formed(self, event: Any) -> None:
        if isinstance(event, ev.ClassFormed):
            self.formed[event.cls] = event.queue

    def _queue_of(self, cls: int) -> str:
        """Return a class's queue at this event: its number may have been another's before, or become another's."""
        return self.formed.get(cls) or self.before.matching.classes[cls].queue

    def _heard(self, event: ev.Received) -> None:
        if not event.quiet:
            self.lines[event.conv], self.gone[event.conv] = event.line, False

    def is_outside(self, conv: int, line: int) -> bool:
        """Return whether somebody else than the customer writes on a line."""
        inside = self.after.convs.get(conv) or self.before.convs.get(conv)
        return inside is not None and line in inside.outside_lines

    def passed(self, event: Any) -> None:
        """Take note of an event after its rows have been made."""
        if isinstance(event, (ev.CustomerLeft, ev.WrapUpStarted)):
            self.gone[event.conv] = True


def commit_of(
    entries: Sequence[ev.Entry],
    before: State,
    after: State,
    *,
    names: Names,
    letters: Mapping[str, int],
    epoch: int,
) -> Commit:
    """Return one durable batch with all its rows. `before` is the committed state, `after` the decided one."""
    walk = Walk(before, after)
    timeline: list[TimelineRow] = []
    effects: list[NewEffect] = []
    settled: list[Settled] = []
    position = before.position
    for entry in entries:
        for event in entry.events:
            position += 1
            walk.step(event, entry.at)
            timeline += _story(walk, event, position=position, at=entry.at)
            effects += _effects(walk, event, position=position, names=names)
            walk.passed(event)
        if entry.command in letters:
            settled.append(Settled(letter=letters[entry.command], position=position, reason=_set_aside(entry)))
    events = [event for entry in entries for event in entry.events]
    return Commit(
        epoch=epoch,
        first=before.position + 1,
        count=len(events),
        at=entries[-1].at,
        entries=ev.encode_entries(list(entries)),
        timeline=timeline,
        conversations=_conversations(walk, names),
        deliveries=[
            Delivery(message=e.message, status=e.status, reason=e.reason)
            for e in events
            if isinstance(e, ev.DeliveryReported) and e.message
        ],
        effects=effects,
        settled=settled,
        placed=_placed(walk, events),
    )


def lines_of(entries: Iterable[ev.Entry], before: State, after: State) -> set[int]:
    """Return the lines whose channel must be known before rows can be made."""
    walk, lines = Walk(before, after), set[int]()
    for entry in entries:
        for event in entry.events:
            walk.step(event, entry.at)
            line = getattr(event, "line", 0) or walk.line(getattr(event, "conv", 0))
            if line:
                lines.add(line)
    return lines


# --- the story --------------------------------------------------------------------------------------------

# What people see of an event, as fields of its row. An event that is not here tells nobody anything.
STORY: dict[type[ev.Event], Callable[[Any, str], Told]] = {
    ev.Received: lambda e, queue: {"message": e.message, "detail": _how_received(e)},
    ev.Routed: lambda e, queue: {"detail": e.rule},
    ev.Diverted: lambda e, queue: {"detail": queue},
    ev.Reclassed: lambda e, queue: {"detail": e.why},
    ev.WindowClosed: lambda e, queue: {"detail": f"line:{e.to_line}" if e.to_line else ""},
    ev.Related: lambda e, queue: {"detail": f"conversation:{e.other}"},
    ev.Queued: lambda e, queue: {"detail": queue, "until_ms": e.due_ms},
    ev.Widened: lambda e, queue: {"detail": str(e.step), "until_ms": e.due_ms},
    ev.HeldFor: lambda e, queue: {"agent": e.agent, "until_ms": e.until_ms, "detail": e.why},
    ev.Deferred: lambda e, queue: {"detail": e.queue, "until_ms": e.until_ms},
    ev.Announced: lambda e, queue: {"notice": e.notice, "until_ms": e.until_ms, "detail": e.queue},
    ev.Offered: lambda e, queue: {"agent": e.agent, "until_ms": e.until_ms, "detail": ",".join(e.why)},
    ev.Accepted: lambda e, queue: {"agent": e.agent, "detail": e.why},
    ev.Assigned: lambda e, queue: {"agent": e.agent, "detail": e.why},
    ev.Declined: lambda e, queue: {"agent": e.agent, "detail": e.reason},
    ev.OfferLapsed: lambda e, queue: {"agent": e.agent},
    ev.OfferWithdrawn: lambda e, queue: {"agent": e.agent, "detail": e.why},
    ev.RangAlso: lambda e, queue: {"agent": e.agent, "detail": ",".join(e.why)},
    ev.RingStopped: lambda e, queue: {"agent": e.agent, "detail": " ".join(filter(None, (e.why, e.reason)))},
    ev.TakenBack: lambda e, queue: {"agent": e.agent, "detail": e.why},
    ev.Escalated: lambda e, queue: {"agent": e.agent, "detail": e.why, "until_ms": e.due_ms},
    ev.Replied: lambda e, queue: {"message": e.message, "agent": e.agent},
    ev.Noted: lambda e, queue: {"message": e.message, "agent": e.agent},
    ev.DeliveryReported: lambda e, queue: {"message": 0, "detail": _how_delivered(e)},
    ev.Rated: lambda e, queue: {"detail": str(e.score)},
    ev.CopyWanted: lambda e, queue: {},
    ev.Reminded: lambda e, queue: {"detail": e.why, "until_ms": e.due_ms},
    ev.Transferred: lambda e, queue: {
        "agent": e.agent,
        "message": e.note,
        "detail": f"agent:{e.to_agent}" if e.to_agent else queue,
    },
    ev.Parked: lambda e, queue: {"agent": e.agent, "until_ms": e.until_ms, "detail": e.actor},
    ev.Returned: lambda e, queue: {"detail": e.why},
    ev.CustomerLeft: lambda e, queue: {"detail": e.why},
    ev.Abandoned: lambda e, queue: {"detail": e.why},
    ev.Overflowed: lambda e, queue: {"detail": queue},
    ev.OverflowTold: lambda e, queue: {"detail": e.way},
    ev.CallbackAsked: lambda e, queue: {"agent": e.by, "until_ms": e.at_ms, "detail": e.mode},
    ev.CustomerCalled: lambda e, queue: {"until_ms": e.until_ms, "detail": str(e.attempt)},
    ev.CallbackReached: lambda e, queue: {},
    ev.CallbackFailed: lambda e, queue: {"agent": e.agent, "detail": e.why},
    ev.WrapUpExtended: lambda e, queue: {"agent": e.agent, "until_ms": e.until_ms},
    ev.WrapUpKept: lambda e, queue: {"agent": e.agent, "until_ms": e.follow_up_ms, "detail": e.disposition},
    ev.WrapUpStarted: lambda e, queue: {"agent": e.agent, "until_ms": e.until_ms},
    ev.Closed: lambda e, queue: {"agent": e.agent, "detail": e.disposition or e.why},
    ev.LineHeld: lambda e, queue: {"agent": e.agent, "detail": "on" if e.on else "off"},
    ev.TransferReturned: lambda e, queue: {"agent": e.agent, "detail": e.why},
    ev.ParticipantAsked: lambda e, queue: {"agent": e.agent, "until_ms": e.until_ms, "detail": e.role},
    ev.ParticipantJoined: lambda e, queue: {"agent": e.agent, "detail": e.role},
    ev.ParticipantLeft: lambda e, queue: {"agent": e.agent, "detail": e.why},
    ev.LegLost: lambda e, queue: {"agent": e.agent, "until_ms": e.until_ms, "detail": e.why},
    ev.OutsideAsked: lambda e, queue: {
        "agent": e.by,
        "message": e.message,
        "until_ms": e.until_ms,
        "detail": f"{e.contact} {e.role}",
    },
    ev.OutsideJoined: lambda e, queue: {"detail": e.contact, "until_ms": e.due_ms},
    ev.OutsideLeft: lambda e, queue: {"detail": f"{e.contact} {e.why}"},
    ev.HandedOut: lambda e, queue: {
        "agent": e.agent,
        "message": e.note,
        "until_ms": e.until_ms,
        "detail": e.contact,
    },
    ev.Ordered: lambda e, queue: {"agent": e.by, "detail": f"{e.deed} {e.why}"},
    ev.PartyReported: lambda e, queue: {"detail": f"{e.party} {'joined' if e.joined else 'left'}"},
}


def _how_received(event: ev.Received) -> str:
    if event.opened:
        return "opened"
    return "quiet" if event.quiet else "joined"


def _how_delivered(event: ev.DeliveryReported) -> str:
    return f"{event.status} {event.reason}".strip()


def _story(walk: Walk, event: Any, *, position: int, at: int) -> list[TimelineRow]:
    tell = STORY.get(type(event))
    if tell is None:
        return []
    line = getattr(event, "line", 0) or walk.line(event.conv)
    told = tell(event, walk.queue(event.conv))
    if isinstance(event, ev.Received) and walk.is_outside(event.conv, line):
        told["detail"] = FROM_OUTSIDE
    return [TimelineRow(position=position, conv=event.conv, line=line, kind=type(event).__name__, at=at, **told)]


# --- effects, conversations, places -------------------------------------------------------------------------


def _effects(walk: Walk, event: Any, *, position: int, names: Names) -> list[NewEffect]:
    conv = getattr(event, "conv", 0)
    line = getattr(event, "line", 0) or walk.line(conv)
    channel = names.channel_of.get(line, "")
    can = names.capabilities.get(channel)
    want = wanted(event, can, released=walk.released(conv)) if can else None
    return [
        NewEffect(
            position=position,
            lane=lane_of(each, line),
            channel=channel,
            effect=each.effect,
            conv=conv,
            line=line,
            message=each.message,
            notice=each.notice,
            until_ms=each.until_ms,
        )
        for each in (*([want] if want else ()), *fetches(event))
    ]


def _conversations(walk: Walk, names: Names) -> list[ConversationRow]:
    rows = []
    for conv, at in walk.touched.items():
        inside = walk.after.convs.get(conv)
        if inside is not None:
            rows.append(_open_row(inside, at, names))
        elif conv in walk.left:
            rows.append(_left_row(*walk.left[conv], names))
    return rows


def _open_row(conv: Conv, at: int, names: Names) -> ConversationRow:
    return ConversationRow(
        conv=conv.id,
        reference=names.reference(conv.id),
        customer=conv.customer,
        line=conv.line,
        channel=conv.channel,
        state=conv.state,
        queue=conv.queue,
        owner=conv.owner,
        opened_ms=conv.opened_ms,
        changed_ms=at,
        due_ms=conv.due_ms,
    )


def _left_row(record: Record, event: ev.Event, at: int, names: Names) -> ConversationRow:
    ended = not isinstance(event, ev.Parked)
    return ConversationRow(
        conv=record.conv,
        reference=names.reference(record.conv),
        customer=record.customer,
        line=record.line,
        channel=record.channel,
        state=record.state,
        queue=record.queue,
        owner=record.owner,
        opened_ms=record.opened_ms,
        changed_ms=at,
        due_ms=event.until_ms if isinstance(event, ev.Parked) else 0,
        closed_ms=at if ended else 0,
        disposition=event.disposition if isinstance(event, ev.Closed) else "",
        record=encode_record(record),
    )


def _placed(walk: Walk, events: Iterable[ev.Event]) -> list[tuple[int, int, int]]:
    placed = []
    for event in events:
        if isinstance(event, (ev.Received, ev.Replied, ev.OutsideAsked)) and event.message:
            placed.append((event.message, event.conv, event.line))
        elif isinstance(event, ev.Noted):
            placed.append((event.message, event.conv, walk.line(event.conv)))
        elif isinstance(event, (ev.Transferred, ev.HandedOut)) and event.note:
            placed.append((event.note, event.conv, walk.line(event.conv)))
    return placed


def _set_aside(entry: ev.Entry) -> str:
    return next((event.reason for event in entry.events if isinstance(event, ev.MessageSetAside)), "")
