"""The store's rows against the journal: stories, messages, conversations, letters, effects, the snapshot."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from router.core import events as ev
from router.store.port import ConversationRow, Letter, TimelineRow
from router.verify.evidence import Evidence
from router.verify.findings import Finding, Report
from router.verify.fold import HELD, UNPLACED, WAITING, Conversation
from router.verify.invariants import Invariants

UNDECIDED_MS = 60_000
"""How long a letter may wait while the floor is led; it is submitted again after two seconds."""

# What was said must be in the story; other steps are told where people want to see them.
MUST_BE_TOLD = (ev.Received, ev.Replied, ev.Noted, ev.Announced, ev.OutsideAsked)


class Placed(NamedTuple):
    """An event with its position and time."""

    position: int
    at: int
    event: Any


class Rows:
    """Holds one site's rows against its journal."""

    def __init__(
        self, evidence: Evidence, report: Report, *, call_channels: Collection[str], push_channels: Collection[str] = ()
    ) -> None:
        self._evidence = evidence
        self._report = report
        self._call_channels = frozenset(call_channels)
        self._push_channels = frozenset(push_channels)
        self._effects = {position for position, _ in evidence.effects(report.site)}

    # --- beside the journal, batch by batch -----------------------------------------------------------------

    def batch(self, placed: list[Placed]) -> None:
        """Check what a commit must have written with its events."""
        if not placed:
            return
        self._stories(placed)
        self._messages(placed)
        self._calls(placed)

    def _stories(self, placed: list[Placed]) -> None:
        rows = self._evidence.timeline(self._report.site, first=placed[0].position, last=placed[-1].position)
        told = {(row.position, row.conv) for row in rows}
        by_position = {one.position: one for one in placed}
        for row in rows:
            one = by_position[row.position]
            if not _agrees(row, one):
                self._found("story_wrong", one, conv=row.conv)
        for one in placed:
            if isinstance(one.event, MUST_BE_TOLD) and (one.position, one.event.conv) not in told:
                self._found("story_missing", one, conv=one.event.conv)

    def _messages(self, placed: list[Placed]) -> None:
        wanted = [(one, _message(one.event)) for one in placed if _message(one.event)]
        there = self._evidence.messages(self._report.site, sorted({message for _, message in wanted}))
        for one, message in wanted:
            conv = getattr(one.event, "conv", 0)
            if message not in there:
                self._found("message_missing", one, conv=conv, message=message)
            elif conv and not isinstance(one.event, ev.DeliveryReported) and there[message][0] != conv:
                self._found("message_misplaced", one, conv=conv, message=message)

    def _calls(self, placed: list[Placed]) -> None:
        said = [one for one in placed if isinstance(one.event, (ev.Replied, ev.Announced)) or _is_written(one.event)]
        if not said or not (self._call_channels or self._push_channels):
            return
        lines = sorted({one.event.line for one in said})
        channels = self._evidence.channels(self._report.site, lines)
        for one in said:
            if self._calls_out(channels.get(one.event.line, "")) and one.position not in self._effects:
                self._found("effect_missing", one, conv=one.event.conv)

    def _calls_out(self, channel: str) -> bool:
        """Whether what is said on a channel leaves through the outbox: those of entries with names of their own do."""
        others = bool(channel and self._push_channels) and channel not in self._push_channels
        return channel in self._call_channels or others

    # --- after the journal's end ----------------------------------------------------------------------------

    def rest(self, walked: Invariants, *, now_ms: int) -> None:
        """Check what only the whole journal can tell."""
        self._conversations(walked.fold.convs)
        self._letters(walked.decided, now_ms=now_ms)
        for position in sorted(self._effects):
            if position > self._report.end:
                self._report.add(Finding(name="effect_beyond_journal", position=position))
        snapshot = self._evidence.snapshot(self._report.site)
        if snapshot is not None and snapshot > self._report.end:
            self._report.add(Finding(name="snapshot_ahead", position=snapshot))

    def _conversations(self, convs: dict[int, Conversation]) -> None:
        seen = set()
        for row in self._evidence.conversations(self._report.site):
            seen.add(row.conv)
            conv = convs.get(row.conv)
            for name in _row_faults(row, conv) if conv is not None else ("row_unknown",):
                position = conv.since if conv is not None else 0
                self._report.add(Finding(name=name, position=position, at=row.changed_ms, conv=row.conv))
        for number in sorted(convs.keys() - seen):
            self._report.add(Finding(name="row_missing", position=convs[number].since, conv=number))

    def _letters(self, decided: dict[int, int], *, now_ms: int) -> None:
        report = self._report
        for letter, reason in self._evidence.letters(report.site):
            report.letters_waiting += letter.state == "new"
            report.letters_quarantined += letter.state == "quarantined"
            name = _letter_fault(letter, reason, decided=decided, report=report, now_ms=now_ms)
            if name:
                finding = Finding(name=name, position=letter.position, at=letter.received_ms, letter=letter.id)
                report.add(finding)

    def _found(self, name: str, one: Placed, *, conv: int, message: int = 0) -> None:
        self._report.add(Finding(name=name, position=one.position, at=one.at, conv=conv, message=message))


def _agrees(row: TimelineRow, one: Placed) -> bool:
    """A story row repeats its event; of the message only where the event is about one."""
    event = one.event
    same_message = not isinstance(event, MUST_BE_TOLD) or row.message == _message(event)
    told = (row.kind, row.conv, row.at)
    return same_message and told == (type(event).__name__, getattr(event, "conv", 0), one.at)


def _is_written(event: Any) -> bool:
    """Whether an outside party is written to; one that is called is on the conversation's own line."""
    return isinstance(event, ev.OutsideAsked) and bool(event.message)


def _message(event: Any) -> int:
    return int(getattr(event, "message", 0) or getattr(event, "note", 0))


def _row_faults(row: ConversationRow, conv: Conversation) -> list[str]:
    """A hold is shown as waiting, or by its own name."""
    states = {conv.state, WAITING} if conv.state in {HELD, UNPLACED} else {conv.state}
    checks = (
        ("row_state", row.state in states),
        ("row_owner", row.owner == conv.owner),
        ("row_queue", row.queue == conv.queue),
    )
    return [name for name, agrees in checks if not agrees]


def _letter_fault(letter: Letter, reason: str, *, decided: dict[int, int], report: Report, now_ms: int) -> str:
    """Return what is wrong with a letter, empty when nothing is."""
    if letter.state == "settled":
        if letter.position > report.end:
            return "letter_beyond_journal"
        return "message_lost" if letter.message and letter.message not in decided and not reason else ""
    if letter.state != "new":
        return ""
    if letter.message in decided and letter.message:
        return "letter_not_settled"
    return "letter_undecided" if now_ms - letter.received_ms > UNDECIDED_MS else ""
