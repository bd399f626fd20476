"""Answering: an agent's offers and short handling, day by day, against a count of the journal made in another way."""

from __future__ import annotations

from collections import Counter, defaultdict
from random import Random

import pytest

from router.core import events as ev
from router.core.bundle import DAY_MS
from router.views.answering import ANSWERING, TABLE, Answering
from tests.views.watching import cut, folded, of_world, rows_of, walked

AT = 10 * DAY_MS
COUNTED = ("rung", "accepted", "auto_answered", "pulled", "declined", "lapsed", "taken", "withdrawn", "taken_back")


def days(*entries: tuple[int, ev.Event]) -> list[Answering]:
    """Fold events, each at its own time; return the rows of agent 7."""
    numbered = [(number, ev.Entry(at, "", (event,))) for number, (at, event) in enumerate(entries, 1)]
    rows = rows_of(folded(ANSWERING, [numbered]), TABLE)
    return [row for row in rows if isinstance(row, Answering) and row.agent == 7]


def offered(conv: int = 1) -> ev.Event:
    return ev.Offered(conv, 7, conv, AT, ("longest_idle",), 1)


def accepted(conv: int = 1) -> ev.Event:
    return ev.Accepted(conv, 7, conv, AT)


def wrapped(conv: int = 1) -> ev.Event:
    return ev.WrapUpStarted(conv, 7, AT)


def declined(conv: int = 1) -> ev.Event:
    return ev.Declined(conv, 7, conv, "busy", 0)


def lapsed(conv: int = 1) -> ev.Event:
    return ev.OfferLapsed(conv, 7, conv)


def test_what_was_over_within_seconds_of_its_accept_is_counted_apart() -> None:
    (day,) = days((AT, accepted()), (AT + 9_999, wrapped()), (AT + 10_000, accepted(2)), (AT + 39_999, wrapped(2)))
    assert (day.closed, day.closed_10s, day.closed_30s, day.closed_60s) == (2, 1, 2, 2)


def test_what_was_given_away_is_not_closed_by_who_gave_it() -> None:
    (day,) = days((AT, accepted()), (AT + 1, ev.Transferred(1, 7, 0, 8, 0)), (AT + 2, wrapped()))
    assert day.closed == 0


def test_declines_in_a_row_are_counted_until_the_next_accept() -> None:
    (day,) = days((AT, declined()), (AT, declined(2)), (AT, accepted(3)), (AT, declined(4)))
    assert (day.declined, day.declined_in_a_row, day.declined_in_a_row_max) == (3, 1, 2)


def test_a_row_runs_on_over_midnight() -> None:
    first, second = days((AT, lapsed()), (AT + DAY_MS, lapsed(2)))
    assert (first.day, second.day) == (10, 11)
    assert (second.lapsed, second.lapsed_in_a_row, second.lapsed_in_a_row_max) == (1, 2, 2)


def test_a_time_out_ends_a_row_of_declines() -> None:
    (day,) = days((AT, declined()), (AT, lapsed(2)))
    assert (day.declined_in_a_row, day.lapsed_in_a_row) == (0, 1)


def test_a_round_counts_for_each_who_was_asked() -> None:
    stops = [(AT, ev.RingStopped(1, 7, 1, why)) for why in ("declined", "lapsed", "taken", "agent_away")]
    (day,) = days((AT, ev.RangAlso(1, 7, 1, ("longest_idle",))), *stops)
    assert (day.rung, day.declined, day.lapsed, day.taken, day.withdrawn) == (1, 1, 1, 1, 1)


def test_a_desk_that_accepts_and_what_is_taken_have_figures_of_their_own() -> None:
    (day,) = days((AT, ev.Accepted(1, 7, 1, AT, "auto_answer")), (AT, ev.Assigned(2, 7, "pulled", AT)))
    assert (day.accepted, day.auto_answered, day.pulled) == (0, 1, 1)


def kind_of(event: ev.Event) -> str:
    """What an event is for its agent, in the view's word."""
    if isinstance(event, ev.RingStopped):
        return event.why if event.why in {"declined", "lapsed", "taken"} else "withdrawn"
    if isinstance(event, ev.Accepted):
        return "auto_answered" if event.why else "accepted"
    if isinstance(event, ev.Assigned):
        return "pulled" if event.why == "pulled" else ""
    names = {
        ev.Offered: "rung",
        ev.RangAlso: "rung",
        ev.Declined: "declined",
        ev.OfferLapsed: "lapsed",
        ev.OfferWithdrawn: "withdrawn",
        ev.TakenBack: "taken_back",
    }
    return names.get(type(event), "")


@pytest.mark.parametrize("seed", range(12))
def test_answering_is_the_same_folded_in_any_batches_and_counted(seed: int) -> None:
    entries = of_world(walked(seed))
    whole = rows_of(folded(ANSWERING, [entries]), TABLE)
    assert rows_of(folded(ANSWERING, cut(entries, Random(seed))), TABLE) == whole
    counted: defaultdict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    for _, entry in entries:
        for event in entry.events:
            kind = kind_of(event)
            if kind:
                counted[event.agent, entry.at // DAY_MS][kind] += 1  # type: ignore[attr-defined]
    found = {row.key: {name: getattr(row, name) for name in COUNTED} for row in whole}
    for key, kinds in counted.items():
        assert {name: count for name, count in found[key].items() if count} == dict(kinds), key
