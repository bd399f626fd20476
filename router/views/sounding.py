"""Soundings: which conversations were about a topic, by topic and day. A fold of committed events, nothing else.

Which topics mean anything is the reader's: what is kept is small, and a site that names a topic tomorrow finds what
was said about it today. What stays out of the figures is not kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from router.core import events as ev
from router.core.bundle import DAY_MS
from router.store.port import ViewRow, ViewSpec
from router.views.view import Sheets, View

SOUNDINGS, TOPICS = "soundings", "sounding_facts"
# More days than a calendar has in a thousand years; a topic's number times it, and a day, are one subject.
_DAYS = 400_000
_BETWEEN = " "


class Sounding(ViewRow, frozen=True, array_like=True, kw_only=True):
    """That a message of a conversation had a topic on a day (UTC). `at`: the last such message of that day."""

    topic: int
    conv: int
    at: int


class FactTopics(ViewRow, frozen=True, array_like=True, kw_only=True):
    """What must be known of a set of facts to read an event that names it."""

    facts: int
    number: int = 0
    topics: str


def subject_of(topic: str, at: int) -> int:
    """Return under what number a topic's conversations of a day are kept; renamed, it is another topic."""
    return int.from_bytes(sha256(topic.encode(errors="replace")).digest()[:4], "big") * _DAYS + at // DAY_MS


def subjects(event: ev.Event) -> Iterable[tuple[str, int]]:
    """Return the facts of what came; a conversation of a day is written and never read."""
    if isinstance(event, ev.Received):
        yield TOPICS, event.facts


def fold(sheets: Sheets, first: int, entry: ev.Entry) -> None:
    """Write what an entry says of conversations."""
    del first
    for event in entry.events:
        if isinstance(event, ev.FactsCoded):
            sheets[TOPICS].put(FactTopics(facts=event.facts, topics=_BETWEEN.join(event.content.topics)))
        elif isinstance(event, ev.Received) and not event.test:
            known = sheets[TOPICS].last(event.facts)
            for topic in known.topics.split() if known is not None else ():
                sheets[SOUNDINGS].put(Sounding(topic=subject_of(topic, entry.at), conv=event.conv, at=entry.at))


SOUNDINGS_VIEW = View(
    spec=ViewSpec(name=SOUNDINGS, version=1, tables={SOUNDINGS: Sounding, TOPICS: FactTopics}),
    subjects=subjects,
    fold=fold,
)
