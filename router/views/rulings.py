"""Rulings: which rule placed how many conversations in each hour, and which configuration held since when. A fold of
committed events; what stays out of the figures is not counted."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from router.core import events as ev
from router.core.bundle import HOUR_MS
from router.store.port import ViewRow, ViewSpec
from router.views.view import Sheets, View

NAME, MATCHES, APPLIED = "rulings", "matches", "applied"
# Versions in two lists: what people changed, and the daily extension of what ran.
BY_PEOPLE, EXTENDED = 0, 1
EXTENSION = "extension"


class Matches(ViewRow, frozen=True, array_like=True, kw_only=True):
    """How many conversations a rule placed in one hour (of UTC), and the last time it did."""

    rule: int
    hour: int
    name: str
    matched: int
    last_ms: int


class Applied(ViewRow, frozen=True, array_like=True, kw_only=True):
    """One configuration that began to hold. `number` is the position of its event, negative: the newest comes first."""

    ledger: int
    number: int
    at: int
    name: str
    proposer: str
    by: int = 0
    why: str = ""


def number_of(rule: str) -> int:
    """Return the number under which a rule's matches are kept; renamed, it is another rule."""
    return int.from_bytes(sha256(rule.encode(errors="replace")).digest()[:6], "big")


def subjects(event: ev.Event) -> Iterable[tuple[str, int]]:
    """Return the rule that placed a conversation; a version is written and never changed."""
    if isinstance(event, ev.Routed):
        yield MATCHES, number_of(event.rule)


def fold(sheets: Sheets, first: int, entry: ev.Entry) -> None:
    """Count the rules that placed what an entry opened, and write down what was applied."""
    opened: set[int] = set()
    for position, event in enumerate(entry.events, first):
        if isinstance(event, ev.Received) and event.opened and not event.test:
            opened.add(event.conv)
        elif isinstance(event, ev.Routed) and event.conv in opened:
            opened.discard(event.conv)
            _count(sheets, event.rule, entry.at)
        elif isinstance(event, ev.ConfigApplied):
            sheets[APPLIED].put(
                Applied(
                    ledger=EXTENDED if event.proposer == EXTENSION else BY_PEOPLE,
                    number=-position,
                    at=entry.at,
                    name=event.hash,
                    proposer=event.proposer,
                    by=event.by,
                    why=event.why,
                )
            )


def _count(sheets: Sheets, rule: str, at: int) -> None:
    number, hour = number_of(rule), at // HOUR_MS
    last = sheets[MATCHES].last(number)
    matched = last.matched if last is not None and last.hour == hour else 0
    sheets[MATCHES].put(Matches(rule=number, hour=hour, name=rule, matched=matched + 1, last_ms=at))


RULINGS_VIEW = View(
    spec=ViewSpec(name=NAME, version=1, tables={MATCHES: Matches, APPLIED: Applied}), subjects=subjects, fold=fold
)
