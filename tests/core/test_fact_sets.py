"""Fact sets: kept once, never dropped while somebody has them, and not for long after the last one has gone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from router.core import commands as cmd
from router.core import events as ev
from router.core.bundle import HOUR_MS
from router.core.evolve import replay
from router.core.fact_sets import DROPPED_AT_ONCE, UNUSED_MAX, FactSets
from router.core.facts import Facts
from router.core.snapshot import decode_state, encode_state, picture_of
from router.core.state import State
from tests.core.floor_plan import Floor, at_work, bundle

MOST = UNUSED_MAX + DROPPED_AT_ONCE


def facts(number: int) -> Facts:
    return Facts(channel="chat", attributes=(("order", str(number)),))


@given(st.lists(st.tuples(st.sampled_from(("come", "go")), st.integers(0, 40)), max_size=300))
def test_a_set_is_there_as_long_as_somebody_has_it(steps: list[tuple[str, int]]) -> None:
    sets, having = FactSets(), list[int]()
    for step, pick in steps:
        if step == "come":
            number = sets.number_of.get(facts(pick)) or sets.next_number
            if number == sets.next_number:
                sets.code(number, facts(pick))
            sets.take(number)
            having.append(number)
        elif having:
            sets.give_back(having.pop(pick % len(having)))
        assert set(having) == set(sets.users)
        assert set(sets.by_number) == set(having) | set(sets.unused)
        assert set(having).isdisjoint(sets.unused)
        assert {number: content for content, number in sets.number_of.items()} == sets.by_number


def test_the_longest_unused_go_first_and_their_numbers_never_come_again() -> None:
    sets = FactSets()
    for number in range(1, MOST + 1):
        assert not sets.superfluous()
        sets.code(number, facts(number))
    sets.take(1)
    sets.code(MOST + 1, facts(MOST + 1))
    going = sets.superfluous()
    assert going == tuple(range(2, 2 + DROPPED_AT_ONCE))
    for number in going:
        sets.drop(number)
    assert not sets.superfluous()
    assert sets.next_number == MOST + 2
    assert 1 in sets.by_number


def orders(floor: Floor, first: int, last: int) -> None:
    """Customers of an order each, one after the other, each served and gone before the next."""
    for number in range(first, last + 1):
        floor.arrive(number, attributes=(("order", str(number)),))
        conv = floor.state.next_conv - 1
        floor.accept(conv)
        floor.do(cmd.Close(id=floor.id(), agent=1, conv=conv, disposition="solved"))


def test_a_fact_that_never_comes_again_is_not_kept_for_ever() -> None:
    floor = at_work(1)
    orders(floor, 1, 2 * MOST)
    assert len(floor.state.facts.by_number) <= MOST + 1
    dropped = [event for entry in floor.entries for event in entry.events if isinstance(event, ev.FactsDropped)]
    assert sum(len(event.facts) for event in dropped) + len(floor.state.facts.by_number) == 2 * MOST


def test_a_replica_and_a_restored_floor_drop_the_same_ones() -> None:
    floor = at_work(1)
    orders(floor, 1, MOST - 10)
    restored = decode_state(encode_state(floor.state), {"b1": bundle()})
    before = len(floor.entries)
    orders(floor, MOST - 9, MOST + 100)
    for entry in floor.entries[before:]:
        replay(restored, entry, {"b1": bundle()})
    replica = State()
    for entry in floor.entries:
        replay(replica, entry, {"b1": bundle()})
    assert picture_of(replica) == picture_of(restored) == picture_of(floor.state)


def test_a_parked_conversation_brings_its_facts_back_after_they_were_dropped() -> None:
    floor = at_work(1)
    floor.arrive(1, attributes=(("order", "parked"),))
    floor.accept(1)
    parked = floor.do(cmd.Park(id="p", agent=1, conv=1, until_ms=floor.at + 2 * HOUR_MS))
    record = next(event.record for event in parked if isinstance(event, ev.Parked))
    orders(floor, 2, 2 * MOST)
    assert record.facts not in floor.state.facts.number_of
    floor.do(cmd.Wake(id="w", record=record))
    assert floor.state.facts.by_number[floor.state.convs[1].facts] == record.facts
