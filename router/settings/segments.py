"""The section `segments`: groups of customers, with labels and, where they make themselves, a condition. Optional."""

from __future__ import annotations

from typing import Any

from router.core.cel import Program
from router.core.segments import Segment, segment_schema
from router.settings.conditions import condition
from router.settings.reading import Field, Scope, by_language, complete, mapped, record
from router.settings.tree import Node

LABEL_CHARS_MAX = 60
# What somebody still chooses from in one glance; groups within groups are tags.
SEGMENTS_MAX = 40


def read_segments(node: Node, scope: Scope) -> tuple[Segment, ...] | None:
    """Read segments in their order: the first whose condition holds is the one somebody is in."""
    found = mapped(_segment, most=SEGMENTS_MAX)(node, scope)
    return None if found is None else tuple(Segment(name=name, **values) for name, values in found.items())


def _when(node: Node, scope: Scope) -> str | None:
    program: Program | None = condition(node, scope, segment_schema())
    return None if program is None else program.source


_FIELDS = {"label": Field(by_language(LABEL_CHARS_MAX), "label"), "when": Field(_when, "when")}


def _segment(node: Node, scope: Scope) -> dict[str, Any] | None:
    return complete(record(node, scope, _FIELDS), _FIELDS)
