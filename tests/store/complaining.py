"""Complaints for the store's tests, with everything that does not matter filled in."""

from __future__ import annotations

from typing import Any

from router.store.port import (
    Complaint,
    ComplaintFilter,
    ComplaintLink,
    ComplaintStep,
    ComplaintWords,
    Store,
)
from tests.store.makers import SITE

ANY = ComplaintFilter()


def complaint(command: str, **given: Any) -> Complaint:
    plain = {
        "customer": 1,
        "kind": "delivery",
        "severity": "normal",
        "queue": "orders",
        "opened_ms": 1_000,
        "begun_ms": 1_000,
        "due_ms": 9_000,
        "recorder": 7,
        "words": ComplaintWords(happened="broken", wish="a new one"),
    }
    return Complaint(command=command, **{**plain, **given})


def step(command: str, **given: Any) -> ComplaintStep:
    return ComplaintStep(command=command, **{"at": 1_000, "agent": 7, "deed": "recorded", **given})


def linked(conv: int, role: str = "first") -> ComplaintLink:
    return ComplaintLink(complaint=0, conv=conv, role=role)


async def complain(store: Store, words: str) -> Complaint:
    """Record one with something in every table."""
    said = ComplaintWords(happened=words, wish=words)
    made = complaint("complain", words=said)
    return await store.complaints.record(SITE, made, step("complain", words=words), links=[linked(1)])


async def ask_of_complaints(store: Store) -> None:
    """Ask everything there is to ask, with something to be found."""
    complaints = store.complaints
    made = await complaints.record(SITE, complaint("asked"), step("asked"), links=[linked(1)])
    await complaints.change(SITE, made, step("again", deed="noted"), links=[linked(2)], unlinked=[1])
    await complaints.change(SITE, made, step("late", deed="noted"))
    wanted = ComplaintFilter(owner=1, seer=1, queues=["orders"], stage="open")
    await complaints.steps(SITE, made.number, limit=5)
    await complaints.links(SITE, made.number)
    await complaints.due(SITE, wanted, after=(0, 0), limit=5)
    await complaints.closed(SITE, ANY, before=(0, 0), limit=5)
    await complaints.count(SITE, wanted, now_ms=5)
    await complaints.of_person(SITE, 1, limit=5)
    await complaints.of_conversations(SITE, [1, 2])
    await complaints.none_of(SITE, 3, agent=1, at=5)
    await complaints.between(SITE, since_ms=0, until_ms=1_500, limit=5)
    await complaints.forget(SITE, closed_before_ms=5, limit=5)
