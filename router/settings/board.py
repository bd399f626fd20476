"""The section `wallboard`: what its figures count, and the limits that colour them. It decides nothing."""

from __future__ import annotations

import re
from typing import Any

from router.core.bundle import Wallboard
from router.settings.reading import Field, Scope, duration, mapped, record, refer, text, truth, whole
from router.settings.tree import Node

PERCENT_MAX = 100
_TIME = re.compile(r"([01]\d|2[0-3]):(00|15|30|45)")


def _minute(node: Node, scope: Scope) -> int | None:
    """Read a time of day as its minute. Figures are kept by the quarter of an hour."""
    said: str | None = text(chars_max=20)(node, scope)
    if said is None:
        return None
    match = _TIME.fullmatch(said)
    if match is None:
        scope.report(node, f"'{said}' is no quarter of an hour; write it quoted, like '08:00' or '05:30'")
        return None
    return int(match[1]) * 60 + int(match[2])


def _named(kind: str) -> Any:
    def check(word: str, key: Node, scope: Scope) -> str | None:
        return refer(kind, word, key, scope)

    return check


_FIELDS = {
    "day_start": Field(_minute, "day_start_minute"),
    "target": Field(whole(1, PERCENT_MAX), "target_percent"),
    "targets": Field(mapped(whole(1, PERCENT_MAX), key=_named("queue")), "target_percents"),
    "abandoned_max": Field(whole(0, PERCENT_MAX), "abandoned_percent_max"),
    "wait_max": Field(duration("1s", "1d"), "wait_ms_max"),
    "short_abandon": Field(mapped(duration("0s", "60s"), key=_named("channel")), "short_abandon_ms"),
    "count_flow_outs": Field(truth, "count_flow_outs"),
    "count_short_abandons": Field(truth, "count_short_abandons"),
    "count_abandons": Field(truth, "count_abandons"),
    "names": Field(truth, "names"),
}


def read_wallboard(node: Node, scope: Scope) -> Wallboard | None:
    """Read the section."""
    values = record(node, scope, _FIELDS)
    return None if values is None else Wallboard(**values)
