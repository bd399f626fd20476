"""The checker's own picture of a floor names each broken promise, and says nothing of a floor that kept them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.crash import floor_fold as f
from tests.crash.floor_fold import FloorFold

SIGNED_IN = [[f.SIGNED_IN, 1, [], 50, "available"], [f.SIGNED_IN, 2, [], 50, "available"]]
OPENED = [[f.CLASS_FORMED, 0, "general", "chat", [], 25, True]] + [
    event
    for conv in (1, 2, 3)
    for event in (
        [f.RECEIVED, conv, conv, 1, 1, 1, 5, True, False],
        [f.ROUTED, conv, 0, "rest", 5],
        [f.QUEUED, conv, 9],
    )
]


def offered(conv: int, agent: int = 1, offer: int = 0) -> list[Any]:
    return [f.OFFERED, conv, agent, offer or conv, 99, [], 1]


def accepted(conv: int, agent: int = 1, offer: int = 0) -> list[Any]:
    return [f.ACCEPTED, conv, agent, offer or conv, 0]


def folded(*events: list[Any]) -> FloorFold:
    fold = FloorFold()
    said = [*SIGNED_IN, *OPENED, *events]
    fold.row(1, len(said), epoch=1, entries=[[5, "c", said]])
    return fold


def test_a_floor_that_keeps_its_promises_is_not_accused() -> None:
    fold = folded(
        offered(1),
        [f.DECLINED, 1, 1, 1, "busy", 0],
        [f.QUEUED, 1, 9],
        offered(1, 2, 4),
        accepted(1, 2, 4),
        [f.REPLIED, 1, 2, 7, 1, 0],
        [f.TRANSFERRED, 1, 2, 0, 0, 0],
        [f.QUEUED, 1, 9],
        offered(2),
        accepted(2),
        offered(3),
        accepted(3),
        [f.CLOSED, 3, 1, "done", "", []],
        offered(1, 1, 9),
    )
    assert fold.found == []
    assert (fold.convs[1].state, fold.convs[2].state, fold.convs[3].state) == ("offered", "active", "closed")


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([offered(1), accepted(1), offered(1, 2)], "was offered though agent 1 owns it"),
        ([offered(1), offered(1, 2, 8)], "in two rounds at once"),
        ([offered(1, 3)], "who is not signed in"),
        ([offered(1), offered(2), offered(3)], "agent 1 was given one too many: 75 of 50"),
        ([offered(1), accepted(1, 2)], "who did not have it"),
        ([offered(1), accepted(1), [f.ASSIGNED, 1, 2, "", 0]], "has two owners, 1 and 2"),
        ([offered(1), [f.REPLIED, 1, 1, 7, 1, 0]], "which they do not own"),
        ([[f.RECEIVED, 1, 9, 1, 1, 1, 5, True, False]], "was opened twice"),
        ([[f.SIGNED_OUT, 1, "left"], offered(1)], "who is not signed in"),
    ],
)
def test_a_broken_promise_is_named(events: list[list[Any]], said: str) -> None:
    assert any(said in sentence for sentence in folded(*events).found)


def test_a_journal_that_does_not_go_on_is_named() -> None:
    fold = folded()
    end = fold.next_position
    fold.row(end + 1, 1, epoch=1, entries=[[5, "c", [offered(1)]]])
    fold.row(end + 2, 2, epoch=0, entries=[[4, "c", [accepted(1)]]])
    said = " / ".join(fold.found)
    for words in (f"goes on at {end + 1}", "says 2 events and holds 1", "an earlier leader", "time goes back"):
        assert words in said
