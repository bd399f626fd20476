"""A complaint between its row and its record, alike for every database. No SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from router.store.port import Complaint, ComplaintLink, ComplaintStep
from router.store.port.complaints import ComplaintWords

# What the row says by itself.
_ROWS_OWN = {"number": 0, "version": 0, "forgotten": False, "words": ComplaintWords()}
_encoder = msgspec.json.Encoder()
_complaint = msgspec.json.Decoder(Complaint)
_words = msgspec.json.Decoder(ComplaintWords)
_changes = msgspec.json.Decoder(dict[str, list[str]])


def in_json(value: object) -> str:
    """Return a plain value as JSON text."""
    return _encoder.encode(value).decode()


def coded(complaint: Complaint) -> str:
    """Return what is no word of anybody, as JSON."""
    return in_json(msgspec.structs.replace(complaint, **_ROWS_OWN))


def worded(words: ComplaintWords) -> str:
    """Return what somebody wrote, as JSON."""
    return in_json(words)


def complaint_of(row: Sequence[Any]) -> Complaint:
    """Return a complaint from (number, version, forgotten, data), and words where they were asked for."""
    number, version, forgotten, data, *words = row
    found = ComplaintWords() if not words else _words.decode(words[0])
    own = {"number": number, "version": version, "forgotten": bool(forgotten), "words": found}
    return msgspec.structs.replace(_complaint.decode(data), **own)


def step_of(row: Sequence[Any]) -> ComplaintStep:
    """Return a step from (number, command, at, agent, deed, changes, words)."""
    number, command, at, agent, deed, changes, words = row
    return ComplaintStep(
        number=number,
        command=command,
        at=at,
        agent=agent,
        deed=deed,
        changes=_changes.decode(changes),
        words=msgspec.json.decode(words, type=str),
    )


def link_of(row: Sequence[Any]) -> ComplaintLink:
    """Return a link from (complaint, conv, role, at, agent)."""
    return ComplaintLink(**dict(zip(("complaint", "conv", "role", "at", "agent"), row, strict=True)))
