"""Soundings: a conversation is found by the topics of what came, once a day, whatever the numbers of its facts mean."""

from __future__ import annotations

from router.core import events as ev
from router.core.bundle import DAY_MS
from router.core.facts import Facts
from router.views.sounding import SOUNDINGS, SOUNDINGS_VIEW, Sounding, subject_of
from tests.views.watching import folded, rows_of


def received(conv: int, facts: int, *, test: bool = False) -> ev.Received:
    return ev.Received(
        conv=conv, message=1, line=1, customer=1, facts=facts, arrived_ms=1, opened=False, quiet=False, test=test
    )


def coded(facts: int, *topics: str) -> ev.FactsCoded:
    return ev.FactsCoded(facts=facts, content=Facts(channel="chat", topics=topics))


def entries(*said: tuple[int, tuple[ev.Event, ...]]) -> list[list[tuple[int, ev.Entry]]]:
    """Each entry a batch of its own, so that nothing is known but what was written."""
    return [[(number * 10, ev.Entry(at, "", events))] for number, (at, events) in enumerate(said, 1)]


def test_a_conversation_is_found_under_each_of_its_topics_once_a_day() -> None:
    rows = rows_of(
        folded(
            SOUNDINGS_VIEW,
            entries(
                (5, (coded(1, "complaint", "refund"), received(7, 1))),
                (9, (received(7, 1),)),
                (DAY_MS + 1, (received(7, 1),)),
            ),
        ),
        SOUNDINGS,
    )
    wanted = [
        Sounding(topic=subject_of(topic, at), conv=7, at=at)
        for topic in ("complaint", "refund")
        for at in (9, DAY_MS + 1)
    ]
    assert sorted(rows, key=lambda row: row.key) == sorted(wanted, key=lambda row: row.key)


def test_what_has_no_topic_or_is_a_test_is_not_kept() -> None:
    said = (5, (coded(1), coded(2, "complaint"), received(7, 1), received(8, 2, test=True)))
    assert rows_of(folded(SOUNDINGS_VIEW, entries(said)), SOUNDINGS) == []


def test_a_number_that_means_other_facts_by_now_says_these() -> None:
    rows = rows_of(
        folded(
            SOUNDINGS_VIEW,
            entries(
                (5, (coded(1, "complaint"),)), (6, (ev.FactsDropped(facts=(1,)), coded(1))), (7, (received(3, 1),))
            ),
        ),
        SOUNDINGS,
    )
    assert rows == []
