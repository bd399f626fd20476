"""The section `complaints`: what they are about, how soon they are answered, how long words are kept. All optional."""

from __future__ import annotations

import re
from typing import Any

from router.core.complaints import Choice, ComplaintRules, Severity
from router.settings.reading import (
    Field,
    Scope,
    by_language,
    complete,
    duration,
    entries,
    listed,
    mapped,
    record,
    reference,
    text,
    truth,
)
from router.settings.reading import check_name as checked
from router.settings.tree import Node

LABEL_CHARS_MAX = 60
# What somebody still finds their way in, and what still fits beside each other in a table of figures.
CHOICES_MAX = 40
SEVERITIES_MAX = 8
# How long the longest promise may be: the bundle knows opening hours for 400 days.
ANSWER_MOST = "365d"
KEEP_LEAST, KEEP_MOST = "30d", "3650d"
_CURRENCY = re.compile(r"[A-Z]{3}")


def read_complaints(node: Node, scope: Scope) -> ComplaintRules | None:
    """Read the section."""
    values = record(node, scope, _FIELDS)
    return None if values is None else ComplaintRules(**values)


def _choices(node: Node, scope: Scope) -> tuple[Choice, ...] | None:
    """Read names with labels by language, in the order in which they are offered."""
    found = mapped(by_language(LABEL_CHARS_MAX), most=CHOICES_MAX)(node, scope)
    return None if found is None else tuple(Choice(name=name, label=label) for name, label in found.items())


_REMEDY = {"label": Field(by_language(LABEL_CHARS_MAX), "label"), "amount": Field(truth, "amount")}


def _remedies(node: Node, scope: Scope) -> tuple[Choice, ...] | None:
    """Read remedies: a label by language, or `label` and whether one says an amount with it."""

    def remedy(part: Node, inner: Scope) -> dict[str, Any] | None:
        group = entries(part, inner)
        if group is None or not group.entries.keys() & _REMEDY.keys():
            return None if group is None else {"label": by_language(LABEL_CHARS_MAX)(part, inner) or {}}
        return record(part, inner, _REMEDY)

    found = mapped(remedy, most=CHOICES_MAX)(node, scope)
    return None if found is None else tuple(Choice(name=name, **given) for name, given in found.items())


_SEVERITY = {
    "label": Field(by_language(LABEL_CHARS_MAX), "label"),
    "acknowledge_within": Field(duration("1m", ANSWER_MOST), "acknowledge_ms", required=True),
    "answer_within": Field(duration("1m", ANSWER_MOST), "answer_ms", required=True),
    "hours": Field(reference("calendar"), "hours"),
}


def _severities(node: Node, scope: Scope) -> tuple[Severity, ...] | None:
    """Read severities, the lightest first as they are written."""

    def severity(part: Node, inner: Scope) -> dict[str, Any] | None:
        values = complete(record(part, inner, _SEVERITY), _SEVERITY)
        if values is not None and values["answer_ms"] < values["acknowledge_ms"]:
            inner.report(part, "answer_within is shorter than acknowledge_within; an answer comes after the receipt")
            return None
        return values

    found = mapped(severity, key=checked, most=SEVERITIES_MAX)(node, scope)
    return None if found is None else tuple(Severity(name=name, **given) for name, given in found.items())


def _currency(node: Node, scope: Scope) -> str | None:
    said: str | None = text(chars_max=20)(node, scope)
    if said is None or _CURRENCY.fullmatch(said):
        return said
    scope.report(node, f"'{said}' is no currency; write its three letters, like EUR, CNY or THB")
    return None


_FIELDS = {
    "topics": Field(listed(reference("topic")), "topics"),
    "kinds": Field(_choices, "kinds"),
    "about": Field(_choices, "about"),
    "severities": Field(_severities, "severities"),
    "causes": Field(_choices, "causes"),
    "remedies": Field(_remedies, "remedies"),
    "currency": Field(_currency, "currency"),
    "close_within": Field(duration("1d", ANSWER_MOST), "close_ms"),
    "keep": Field(duration(KEEP_LEAST, KEEP_MOST), "keep_ms"),
}
