"""Readers of the values that only a scenario has: numbers, laws of time, rates by time of day."""

from __future__ import annotations

import re
from datetime import date, timedelta, tzinfo
from typing import Any

from router.core.bundle import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from router.planning.scenario import START_MS, Duration, Rate
from router.settings.reading import Field, Reader, Scope, complete, duration, entries, kind_of, one_of, record
from router.settings.tree import Mapping, Node, Scalar
from router.settings.zones import day_of, first_ms

SPREAD_MAX = 10.0
# A scenario beyond this is no contact center: the core would be asked a thousand times each simulated second.
PER_SECOND_MAX = 1_000.0

_RATE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*/\s*(s|m|h|d)")
_UNITS_MS = {"s": SECOND_MS, "m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS}
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def number(least: float, most: float) -> Reader:
    """Read a number, whole or not, within bounds."""

    def read(node: Node, scope: Scope) -> float | None:
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            scope.report(node, f"expected a number from {least:g} to {most:g}, found {kind_of(node)}")
            return None
        if not least <= value <= most:
            scope.report(node, f"{value:g} is out of bounds; write {least:g} to {most:g}")
            return None
        return float(value)

    return read


def law(node: Node, scope: Scope) -> Duration | None:
    """Read `240s` (exponential with this mean), or `{mean: 240s, law: lognormal, spread: 1.3}`."""
    if not isinstance(node, Mapping):
        mean_ms: int | None = duration("1ms", "30d")(node, scope)
        return None if mean_ms is None else Duration(mean_ms)
    table = {
        "mean": Field(duration("1ms", "30d"), "mean_ms", required=True),
        "law": Field(one_of("law", ("exponential", "lognormal", "fixed")), "law"),
        "spread": Field(number(0.01, SPREAD_MAX), "spread"),
    }
    values = complete(record(node, scope, table), table)
    if values is None:
        return None
    if "spread" in values and values.get("law") != "lognormal":
        scope.report(node.entries["spread"], "only the lognormal law has a spread; add `law: lognormal`")
        return None
    return Duration(**values)


def rate(zone: tzinfo, horizon_ms: int) -> Reader:
    """Read `48/m`, or rates from times of day on: `{"00:00": 2/h, "08:00": 50/h}`, in a zone, for each day of a run."""

    def read(node: Node, scope: Scope) -> Rate | None:
        if not isinstance(node, Mapping):
            per_ms = _per_ms(node, scope)
            return None if per_ms is None else Rate(((START_MS, per_ms),))
        daily = _daily(node, scope)
        return None if not daily else _expanded(daily, zone, horizon_ms)

    return read


def _per_ms(node: Node, scope: Scope) -> float | None:
    said: Any = node.value if isinstance(node, Scalar) else None
    match = _RATE.fullmatch(said) if isinstance(said, str) else None
    if match is None:
        scope.report(node, "expected a rate; write it like 30/h, 1.5/m or 0.2/s")
        return None
    per_ms = float(match[1]) / _UNITS_MS[match[2]]
    if per_ms * SECOND_MS > PER_SECOND_MAX:
        scope.report(node, f"{said} is more than {PER_SECOND_MAX:g}/s; no floor has so many")
        return None
    return per_ms


def _daily(node: Mapping, scope: Scope) -> list[tuple[int, float]]:
    """Return (minute of the day, rate) in order; nothing when anything in it is wrong."""
    group = entries(node, scope)
    found: list[tuple[int, float]] = []
    wrong = group is None or not group.entries
    for word, part in node.entries.items():
        match, per_ms = _CLOCK.fullmatch(word), _per_ms(part, scope)
        if match is None:
            scope.report(node.keys[word], f"'{word}' is no time of day; write it like \"08:00\"")
        wrong = wrong or match is None or per_ms is None
        if match is not None and per_ms is not None:
            found.append((int(match[1]) * 60 + int(match[2]), per_ms))
    if not node.entries:
        scope.report(node, 'no rate here; write it like {"00:00": 2/h, "08:00": 50/h}')
    return [] if wrong else sorted(found)


def _expanded(daily: list[tuple[int, float]], zone: tzinfo, horizon_ms: int) -> Rate:
    first, last = day_of(START_MS, zone) - timedelta(days=1), day_of(START_MS + 2 * horizon_ms, zone)
    days: list[date] = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    pieces = sorted((first_ms(day, minute, zone), per_ms) for day in days for minute, per_ms in daily)
    before = [per_ms for from_ms, per_ms in pieces if from_ms <= START_MS]
    return Rate(((START_MS, before[-1]), *(piece for piece in pieces if piece[0] > START_MS)))
