"""The walk: one pass over the journal, each batch beside its rows, then what only the whole can tell."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import msgspec

from router.core import events as ev
from router.store.opening import open_evidence_at
from router.store.port import JournalRow
from router.verify.evidence import Evidence
from router.verify.findings import Finding, Report
from router.verify.invariants import Invariants
from router.verify.rows import Placed, Rows


def verify(
    source: Evidence | str | Path,
    site: str,
    *,
    call_channels: Collection[str] = (),
    push_channels: Collection[str] = (),
    now_ms: int = 0,
) -> Report:
    """Check one site of a store; a running one may go on meanwhile.

    `call_channels` are those whose effects go through the outbox; where `push_channels` are named, all others do.
    `now_ms` is when letters are looked at; without it the journal's end counts.
    """
    if isinstance(source, (str, Path)):
        evidence: Evidence = open_evidence_at(source)
        try:
            named = {"call_channels": call_channels, "push_channels": push_channels}
            return verify(evidence, site, **named, now_ms=now_ms)
        finally:
            evidence.close()
    report = Report(site=site)
    walked = Invariants(report)
    rows = Rows(source, report, call_channels=call_channels, push_channels=push_channels)
    for row in source.journal(site):
        rows.batch(_walk(row, walked, report))
    report.conversations, report.messages = len(walked.fold.convs), len(walked.decided)
    rows.rest(walked, now_ms=now_ms or walked.fold.at)
    return report


def _walk(row: JournalRow, walked: Invariants, report: Report) -> list[Placed]:
    """Check one journal row and its decisions; return its events with their positions."""
    fold = walked.fold
    _check_row(row, walked, report)
    try:
        entries = ev.decode_entries(row.entries)
    except msgspec.DecodeError:
        report.add(Finding(name="unreadable", position=row.first, at=row.at))
        report.end = fold.position = row.first + row.count - 1
        return []
    placed: list[Placed] = []
    for entry in entries:
        first = fold.position + 1
        placed += [Placed(first + index, entry.at, event) for index, event in enumerate(entry.events)]
        walked.entry(entry)
    report.entries += len(entries)
    if len(placed) != row.count:
        report.add(Finding(name="count_wrong", position=row.first, at=row.at))
        fold.position = row.first + row.count - 1
    report.end = fold.position
    return placed


def _check_row(row: JournalRow, walked: Invariants, report: Report) -> None:
    fold = walked.fold
    if row.first != fold.position + 1:
        report.add(Finding(name="position_gap", position=row.first, at=row.at))
        fold.position = row.first - 1
    if row.epoch < fold.epoch:
        report.add(Finding(name="epoch_back", position=row.first, at=row.at))
    fold.epoch = max(fold.epoch, row.epoch)
