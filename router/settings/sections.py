"""The sections that are tables of plain values: site, limits, skills, queues, presences, reasons, texts."""

from __future__ import annotations

import re
from collections.abc import Mapping as Map
from typing import Any

from router.core.bundle import Closing, OffHours, Queue
from router.core.cel import did_you_mean
from router.core.rules import DEFAULT_NOTICE
from router.settings.choosing import check_queue, check_widening, queue_fields, with_preferences
from router.settings.customers import QUEUE_FIELDS, gathered
from router.settings.offers import OFFER_FIELDS, check_offers
from router.settings.reading import (
    Field,
    Scope,
    by_language,
    complete,
    duration,
    entries,
    kind_of,
    listed,
    mapped,
    name,
    one_of,
    record,
    refer,
    reference,
    text,
    there_is,
    whole,
)
from router.settings.relief import RELIEF_FIELDS, check_overflow, check_relief
from router.settings.transfers import TRANSFER_FIELDS, check_transfers
from router.settings.tree import Mapping, Node, Scalar, Sequence
from router.settings.wrapping import WRAPPING_FIELDS

LEVEL_MAX = 100
CAPACITY_MAX = 10_000
LABEL_CHARS_MAX = 80
FAIR_EVERY_MAX = 1_000

# In which a site's screens count their years; files and exports are always ISO.
CALENDARS = ("buddhist", "gregory")

# Notices that the router and its channels tell by themselves; a configuration may define more, and name them in
# `closed` of a queue and `confirm` of a channel.
NOTICES = (DEFAULT_NOTICE, "leave-message", "received", "closing", "in-line")
# And those that may be: what they begin is offered only where there is one.
MAY_BE = ("chat-copy",)
PLACEHOLDERS = ("opens", "queue", "reference")

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_BRACES = re.compile(r"\{([^{}]*)\}|[{}]")


def read_languages(node: Node, scope: Scope) -> tuple[str, ...] | None:
    """Read the site's languages, the first being the one for customers whose own is unknown."""
    found: tuple[str, ...] | None = listed(_language, most=50)(node, scope)
    if found == () and isinstance(node, Sequence) and not node.items:
        scope.report(node, "name at least one language, like [en]")
    return found or None


def _language(node: Node, scope: Scope) -> str | None:
    value: str | None = text(chars_max=35)(node, scope)
    if value is not None and not _LANGUAGE.fullmatch(value):
        scope.report(node, f"'{value}' is no language; write a code like en, zh or th")
        return None
    return value


def read_site(node: Node, scope: Scope) -> dict[str, Any] | None:
    """Read who and where this contact center is."""
    table = {
        "id": Field(name, "site", required=True),
        "name": Field(text(chars_max=LABEL_CHARS_MAX), "name"),
        "zone": Field(one_of("time zone", scope.names["zone"] or ()), "zone", required=True),
        "languages": Field(read_languages, "languages", required=True),
        "calendar": Field(one_of("calendar", CALENDARS), "calendar"),
    }
    return complete(record(node, scope, table), table)


def read_limits(node: Node, scope: Scope) -> dict[str, Any]:
    """Read the limits that hold for the whole floor."""
    table = {
        "grace": Field(duration("5s", "1h"), "grace_ms"),
        "reopen": Field(duration("0s", "90d"), "reopen_ms"),
        "capacity": Field(whole(1, CAPACITY_MAX), "capacity"),
        "fair_every": Field(whole(0, FAIR_EVERY_MAX), "fair_every"),
    }
    return record(node, scope, table) or {}


def read_skills(node: Node, scope: Scope) -> dict[str, int]:
    """Read skills, each with its highest level or the names of its levels, lowest first."""
    return mapped(_levels)(node, scope) or {}


def _levels(node: Node, scope: Scope) -> int | None:
    if isinstance(node, Sequence):
        words = listed(text(chars_max=LABEL_CHARS_MAX), most=LEVEL_MAX)(node, scope)
        return len(words) if words else None
    level: int | None = whole(1, LEVEL_MAX)(node, scope)
    return level


def needed_skills(node: Node, scope: Scope) -> dict[str, int] | None:
    """Read `billing: 3`: skills that are defined, at levels that they have."""
    group = entries(node, scope)
    if group is None:
        return None
    found: dict[str, int] = {}
    known = scope.names["skill"]
    levels: Map[str, int] = known if isinstance(known, dict) else {}
    for word, part in group.entries.items():
        skill = refer("skill", word, group.keys[word], scope)
        level: int | None = whole(1, levels.get(word, LEVEL_MAX))(part, scope)
        if skill is not None and level is not None:
            found[skill] = level
    return found


def _by_channel(node: Node, scope: Scope) -> dict[str, int] | None:
    def channel(word: str, key: Node, inner: Scope) -> str | None:
        return refer("channel", word, key, inner)

    found: dict[str, int] | None = mapped(duration("1s", "90d"), key=channel)(node, scope)
    return found


def _closing(node: Node, scope: Scope) -> Closing | None:
    """Read what becomes of those in line at closing time: `fall-back`, or `serve: 10m`."""
    if isinstance(node, Scalar) and node.value == "fall-back":
        return Closing()
    if not isinstance(node, Mapping):
        scope.report(node, f"expected fall-back, or {{serve: 10m}}, found {kind_of(node)}")
        return None
    table = {"serve": Field(duration("1s", "24h"), "serve_ms", required=True)}
    values = complete(record(node, scope, table), table)
    return None if values is None else Closing(**values)


def _off_hours(node: Node, scope: Scope) -> OffHours | None:
    """Read `chat: leave-message, then: after-hours`: what each channel is told, and which queue takes over."""
    group = entries(node, scope)
    if group is None:
        return None
    notices: dict[str, str] = {}
    then = ""
    for word, part in group.entries.items():
        if word == "then":
            then = reference("queue")(part, scope) or ""
            continue
        channel = refer("channel", word, group.keys[word], scope)
        notice = reference("text")(part, scope)
        if channel is not None and notice is not None:
            notices[channel] = notice
    return OffHours(notices=notices, then=then)


def read_queues(node: Node, scope: Scope) -> dict[str, Queue]:
    """Read all queues; fallbacks must not go in a circle."""
    table = {
        "label": Field(by_language(LABEL_CHARS_MAX), "label"),
        "hours": Field(reference("calendar"), "hours", required=True),
        "skills": Field(needed_skills, "skills"),
        "weight": Field(whole(1, 1_000), "weight"),
        "answer_within": Field(_by_channel, "answer_within_ms"),
        "offer": Field(duration("5s", "10m"), "offer_ms"),
        "wrap_up": Field(duration("0s", "4h"), "wrap_up_ms"),
        "hold": Field(duration("0s", "24h"), "hold_ms"),
        "rest": Field(duration("0s", "1h"), "rest_ms"),
        "remind": Field(duration("30s", "7d"), "remind_ms"),
        "park": Field(duration("1m", "365d"), "park_ms"),
        **queue_fields(needed_skills),
        "closing": Field(_closing, "closing"),
        "closed": Field(_off_hours, "off_hours"),
        **QUEUE_FIELDS,
        **OFFER_FIELDS,
        **TRANSFER_FIELDS,
        **RELIEF_FIELDS,
        **WRAPPING_FIELDS,
    }

    def queue(part: Node, inner: Scope) -> dict[str, Any] | None:
        values = complete(record(part, inner, table), table)
        if values is not None:
            check_queue(part, values, inner)
            check_offers(part, values, inner)
            check_relief(part, values, inner)
        return None if values is None else with_preferences(values)

    values = mapped(queue)(node, scope) or {}
    queues = {word: Queue(name=word, **gathered(given)) for word, given in values.items()}
    if isinstance(node, Mapping):
        _check_circles(node, queues, scope)
        check_transfers(node, queues, scope)
        check_widening(node, queues, scope)
        check_overflow(node, queues, scope)
    return queues


def _check_circles(node: Mapping, queues: dict[str, Queue], scope: Scope) -> None:
    for start in queues:
        chain = [start]
        while (then := queues[chain[-1]].off_hours.then) in queues and then not in chain:
            chain.append(then)
        if then != start:
            continue
        queue = node.entries[start]
        closed = queue.entries.get("closed") if isinstance(queue, Mapping) else None
        at = closed.entries["then"] if isinstance(closed, Mapping) else queue
        circle = " → ".join([*chain, start])
        scope.report(at, f"off-hours go in a circle: {circle}; let one of them end without `then`")


def read_reasons(node: Node, scope: Scope) -> tuple[str, ...]:
    """Read a list of names (reasons for declining)."""
    return listed(name)(node, scope) or ()


def read_texts(node: Node, scope: Scope) -> dict[str, dict[str, str]]:
    """Read what customers are told, by notice and language."""
    found = mapped(_notice)(node, scope) or {}
    for notice in NOTICES:
        if isinstance(node, Mapping) and notice not in node.entries:
            scope.report(node, f"the text '{notice}' is missing; it is told to customers without being asked for")
    return found


def _notice(node: Node, scope: Scope) -> dict[str, str] | None:
    def language(word: str, key: Node, inner: Scope) -> str | None:
        return refer("language", word, key, inner)

    found: dict[str, str] | None = mapped(_sentence, key=language)(node, scope)
    if not isinstance(node, Mapping):
        return found
    spoken = tuple(scope.names["language"] or ())
    missing = [word for word in spoken if word not in node.entries]
    if missing and missing[0] == spoken[0]:
        scope.report(node, f"no text in '{missing[0]}', the site's first language; add it")
    elif missing:
        scope.findings.warn(node, f"no text in {', '.join(missing)}; those customers read the first language")
    return found


def _sentence(node: Node, scope: Scope) -> str | None:
    """Read a text with placeholders, each of them known."""
    said: str | None = text()(node, scope)
    for match in _BRACES.finditer(said or ""):
        word = match[1]
        if word in PLACEHOLDERS:
            continue
        known = ", ".join(f"{{{placeholder}}}" for placeholder in PLACEHOLDERS)
        hint = did_you_mean(word or "", PLACEHOLDERS) or there_is([known])
        scope.report(node, f"no placeholder '{match[0]}'{hint}", offset=match.start())
        return None
    return said
