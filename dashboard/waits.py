"""Who waits, as the API shows it: place, reason, and how much longer as a range. It asks nobody and counts nothing."""

from __future__ import annotations

from dashboard.shapes import Shape, Summary, WaitShape
from router.views.pace import Wait


class Waiting(Summary, frozen=True, kw_only=True):
    position_in_line: int
    why: list[str]
    wait: WaitShape | None = None


class WaitingPage(Shape, frozen=True, kw_only=True):
    items: list[Waiting]
    total: int


def wait_shape(wait: Wait | None) -> WaitShape | None:
    """Return an estimated wait as it is shown; without a basis there is none."""
    return WaitShape(**wait._asdict()) if wait is not None else None
