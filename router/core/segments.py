"""Segments: what a site calls groups of its customers, and the rules that put somebody into one. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from router.core.cel import Program, Schema, compile_condition
from router.core.cel_values import INT, STRING, list_of, map_of

if TYPE_CHECKING:
    from router.core.bundle import Bundle

DAY_MS = 24 * 60 * 60 * 1_000
# How far back conversations are counted: a month, a quarter, a year.
COUNTED_DAYS = (30, 90, 365)
_DIGITS_MAX = 15


class Segment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A segment with its label by language. `when`: who is in it by themselves; empty for nobody."""

    name: str
    label: dict[str, str] = {}
    when: str = ""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule of a segment may look at. `opened_ms`: when the person's conversations began."""

    language: str = ""
    channels: Sequence[str] = ()
    attributes: Mapping[str, str] = {}
    opened_ms: Sequence[int] = ()


def segment_schema() -> Schema:
    """Return what a segment's condition may look at; `numbers` are the attributes that are whole numbers."""
    return {
        "language": STRING,
        "channels": list_of(STRING),
        "tags": list_of(STRING),
        "attributes": map_of(STRING, missing=""),
        "numbers": map_of(INT),
        **{f"conversations.days{days}": INT for days in COUNTED_DAYS},
    }


class SegmentRules:
    """The rules of one bundle, in their order."""

    def __init__(self, bundle: Bundle) -> None:
        schema = segment_schema()
        self._rules: list[tuple[str, Program]] = [
            (each.name, compile_condition(each.when, schema)) for each in bundle.segments if each.when
        ]

    def __bool__(self) -> bool:
        return bool(self._rules)

    def of(self, known: Known, *, now_ms: int) -> str:
        """Return the first segment whose rule holds, empty for none."""
        ages = [now_ms - each for each in known.opened_ms]
        env = (
            known.language,
            list(known.channels),
            known.attributes.get("tags", "").split(),
            known.attributes,
            {name: int(value) for name, value in known.attributes.items() if _is_whole(value)},
            *(sum(1 for age in ages if age < days * DAY_MS) for days in COUNTED_DAYS),
        )
        return next((name for name, program in self._rules if program.holds(env)), "")


def _is_whole(value: str) -> bool:
    digits = value.removeprefix("-")
    return digits.isascii() and digits.isdecimal() and len(digits) <= _DIGITS_MAX
