"""`python -m tests.cluster.older serve`: this release as the one before it, which lacks the newest kind of event."""

from __future__ import annotations

import operator
import runpy
from functools import reduce
from typing import get_args

import msgspec

from router.core import events

# Nothing of a test's load makes it, so an older release would do all the rest just so.
NEWEST = events.WrapUpExtended


def forget_the_newest() -> None:
    """Make the journal's reader that of the release before: a row with the newest kind of event breaks it."""
    known = tuple(kind for kind in get_args(events.AnyEvent) if kind is not NEWEST)
    events.AnyEvent = reduce(operator.or_, known)  # type: ignore[misc, assignment]
    entry = msgspec.defstruct(
        "Entry", [("at", int), ("command", str), ("events", tuple[events.AnyEvent, ...])], frozen=True, array_like=True
    )
    events._decoder = msgspec.msgpack.Decoder(list[entry])  # type: ignore[valid-type]


if __name__ == "__main__":
    forget_the_newest()
    runpy.run_module("router", run_name="__main__", alter_sys=True)
