"""Ops' own tests, `checks`: a message at a time, and where it must land. Read strictly, run on the files alone."""

from __future__ import annotations

import re
from collections.abc import Mapping as Map
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from router.core.bundle import DAY_MS, Bundle
from router.core.calendar import is_open
from router.core.facts import Facts
from router.core.rules import Ruleset, Topics, fall_back
from router.settings.expansion import expand
from router.settings.reading import (
    Field,
    Scope,
    complete,
    entries,
    kind_of,
    listed,
    mapped,
    record,
    reference,
    text,
    truth,
)
from router.settings.tree import Node, Scalar, Sequence
from router.settings.zones import last_ms, to_ms, zone_of

if TYPE_CHECKING:
    from router.settings.loading import Loaded

CHECKS_MAX = 2_000
NOTHING = "nothing"

_WHEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}")


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What a check pretends that a customer sends."""

    channel: str
    text: str = ""
    subject: str = ""
    language: str = ""
    segment: str = ""
    kind: str = "message"
    attributes: dict[str, str] = {}


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """What must come of it; None is not asked. `then` is the queue that takes over when `queue` is closed."""

    queue: str | None = None
    rule: str | None = None
    open: bool | None = None
    told: str | None = None
    then: str | None = None
    deferred: bool | None = None
    topics: tuple[str, ...] | None = None


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One test of ops."""

    name: str
    file: str
    line: int
    at: int
    message: Message
    expect: Expectation


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one check: a sentence for each expectation that failed."""

    name: str
    file: str
    line: int
    failures: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether everything came as expected."""
        return not self.failures

    def __str__(self) -> str:
        said = "; ".join(self.failures) or "as expected"
        return f"{self.file}:{self.line}: {self.name}: {said}"


def read_checks(node: Node, scope: Scope, *, zone: str) -> tuple[Check, ...]:
    """Read the list of checks; times are the site's."""
    if not isinstance(node, Sequence):
        scope.report(node, f"expected a list of checks, found {kind_of(node)}")
        return ()
    if len(node.items) > CHECKS_MAX:
        scope.report(node, f"more than {CHECKS_MAX} checks; keep those that tell something")
        return ()
    table = {
        "name": Field(text(chars_max=200), "name", required=True),
        "when": Field(lambda part, inner: _when(part, inner, zone), "at", required=True),
        "message": Field(_message, "message", required=True),
        "expect": Field(_expectation, "expect", required=True),
    }
    read = [(part, complete(record(part, scope, table), table)) for part in node.items]
    return tuple(Check(file=part.file, line=part.line, **values) for part, values in read if values is not None)


def _when(node: Node, scope: Scope, zone: str) -> int | None:
    said = node.value if isinstance(node, Scalar) else None
    try:
        moment = datetime.fromisoformat(said) if isinstance(said, str) and _WHEN.fullmatch(said) else None
    except ValueError:
        moment = None
    if moment is None:
        scope.report(node, "expected a date and time of the site's zone, like 2026-12-24T20:00")
        return None
    local = zone_of(zone)
    at = to_ms(moment.replace(tzinfo=local))
    shown = datetime.fromtimestamp(at / 1000, UTC).astimezone(local).replace(tzinfo=None)
    if shown != moment:
        passed = last_ms(moment.date(), moment.hour * 60 + moment.minute, local)
        after = datetime.fromtimestamp(passed / 1000, UTC).astimezone(local)
        scope.report(node, f"the clock leaps over this time; write {after:%Y-%m-%dT%H:%M} or later")
        return None
    return at


def _message(node: Node, scope: Scope) -> Message | None:
    def key(word: str, at: Node, inner: Scope) -> str | None:
        del at, inner
        return word

    table = {
        "channel": Field(reference("channel"), "channel", required=True),
        "text": Field(text(), "text"),
        "subject": Field(text(), "subject"),
        "language": Field(text(chars_max=35), "language"),
        "segment": Field(text(chars_max=100), "segment"),
        "kind": Field(text(chars_max=100), "kind"),
        "attributes": Field(mapped(text(), key=key), "attributes"),
    }
    values = complete(record(node, scope, table), table)
    return None if values is None else Message(**values)


def _expectation(node: Node, scope: Scope) -> Expectation | None:
    table = {
        "queue": Field(reference("queue"), "queue"),
        "rule": Field(reference("rule"), "rule"),
        "open": Field(truth, "open"),
        "told": Field(_told, "told"),
        "then": Field(reference("queue"), "then"),
        "deferred": Field(truth, "deferred"),
        "topics": Field(listed(reference("topic")), "topics"),
    }
    values = record(node, scope, table)
    group = entries(node, scope) if values is not None else None
    if group is not None and not group.entries:
        scope.report(node, "nothing is expected; write at least a queue")
    return None if values is None else Expectation(**values)


def _told(node: Node, scope: Scope) -> str | None:
    if isinstance(node, Scalar) and node.value == NOTHING:
        return NOTHING
    value: str | None = reference("text")(node, scope)
    return value


def run_checks(loaded: Loaded) -> list[CheckResult]:
    """Run the checks of a configuration. Hours are expanded around each check's own day, so none grows stale."""
    days: dict[int, tuple[Bundle, Ruleset]] = {}
    topics = Topics(loaded.bundle)
    results: list[CheckResult] = []
    for check in loaded.checks:
        day = check.at // DAY_MS
        if day not in days:
            bundle = _around(loaded, day)
            days[day] = bundle, Ruleset(bundle)
        came = _outcome(*days[day], topics, check)
        results.append(
            CheckResult(name=check.name, file=check.file, line=check.line, failures=_failures(check.expect, came))
        )
    return results


def _around(loaded: Loaded, day: int) -> Bundle:
    start_ms, end_ms = (day - 1) * DAY_MS, (day + 2) * DAY_MS
    calendars = {name: expand(hours, start_ms, end_ms) for name, hours in loaded.hours.items()}
    return msgspec.structs.replace(loaded.bundle, calendars=calendars)


def _outcome(bundle: Bundle, ruleset: Ruleset, topics: Topics, check: Check) -> Map[str, Any]:
    message = check.message
    found = topics.of(message.text, message.subject, message.language)
    facts = Facts(
        channel=message.channel,
        language=message.language,
        segment=message.segment,
        kind=message.kind,
        topics=found,
        attributes=tuple(sorted(message.attributes.items())),
    )
    placement = ruleset.place(facts, check.at)

    def opened(queue: str) -> bool:
        return is_open(bundle.calendars[bundle.queues[queue].hours], check.at)

    ends = fall_back(bundle, placement.queue, message.channel, opened)
    return {
        "queue": placement.queue,
        "rule": placement.rule,
        "open": opened(placement.queue),
        "told": ends.notice or NOTHING,
        "then": ends.queue,
        "deferred": ends.deferred,
        "topics": found,
    }


_SENTENCES: Map[str, str] = {
    "queue": "expected queue {wanted}, came to {came}",
    "rule": "expected rule '{wanted}', matched '{came}'",
    "open": "expected open to be {wanted}, is {came}",
    "told": "expected to be told {wanted}, is told {came}",
    "then": "expected to end in queue {wanted}, ends in {came}",
    "deferred": "expected deferred to be {wanted}, is {came}",
    "topics": "expected topics {wanted}, found {came}",
}


def _failures(expect: Expectation, came: Map[str, Any]) -> tuple[str, ...]:
    failed: list[str] = []
    for key, sentence in _SENTENCES.items():
        wanted = getattr(expect, key)
        wanted = tuple(sorted(wanted)) if key == "topics" and wanted is not None else wanted
        if wanted is not None and wanted != came[key]:
            failed.append(sentence.format(wanted=_said(wanted), came=_said(came[key])))
    return tuple(failed)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(value) or "none" if isinstance(value, tuple) else str(value)
