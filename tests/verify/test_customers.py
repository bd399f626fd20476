"""Journals of floors with windows, own agents, teams and related conversations: verify finds nothing wrong in them."""

from __future__ import annotations

import pytest

from router.core import events as ev
from router.verify.findings import Report
from router.verify.invariants import Invariants
from tests.core.test_customers import walked

# A walk lets hours pass at once, so what fell due in them is worked off late.
LATE = {"forgotten", "offer_overdue", "hold_overdue", "wrap_up_overdue"}


def checked(entries: list[ev.Entry]) -> Report:
    report = Report(site="main")
    walk = Invariants(report)
    for entry in entries:
        walk.entry(entry)
    return report


@pytest.mark.parametrize("seed", range(20))
def test_customers_of_all_kinds_leave_a_sound_journal(seed: int) -> None:
    report = checked(walked(seed, judged=False).entries)
    assert {finding.name for finding in report.findings} <= LATE, report.lines()


def test_an_offer_before_an_earlier_like_one_is_wrong_unless_the_customer_is_their_own() -> None:
    needs = (("channel:chat", 1),)
    start = [
        ev.SignedIn(7, needs, 100, "available"),
        ev.PresenceSet(7, "available", accepts=True, why="signed_in"),
        ev.QueueOpened("general", 0),
        ev.ClassFormed(0, "general", "chat", needs, 25, live=True),
    ]
    waiting = [
        each
        for conv in (1, 2)
        for each in (
            ev.Received(conv, conv, conv, conv, 1, conv, opened=True, quiet=False),
            ev.Routed(conv, 0, "rest", conv),
            ev.Queued(conv, 1_000_000, "arrived"),
        )
    ]
    for why, sound in (("most_urgent", False), ("same_customer", True)):
        offer = ev.Offered(2, 7, 1, 10_000, (why,), 1)
        report = checked([ev.Entry(10, "c", (*start, *waiting, offer))])
        assert [finding.name for finding in report.findings] == ([] if sound else ["out_of_order"])
