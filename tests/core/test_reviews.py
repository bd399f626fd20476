"""Who waits is looked at again in slices: bounded, in order, waking nobody in vain, and alike after a restart."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from router.core import commands as cmd
from router.core import events as ev
from router.core.bundle import Bundle, OffHours, Rule
from router.core.decide.reviews import EXAMINED_SLICE, REVIEW_SLICE
from router.core.engine import Engine
from router.core.snapshot import decode_state, encode_state, picture_of
from router.core.waiting import Class, Place
from tests.core.floor_plan import ABILITIES, Floor, bundle, names

WAITING = 1_600
TO_BILLING = (Rule(name="moved", when='language == "th"', queue="billing"), Rule(name="rest", queue="general"))


def crowded(waiting: int = WAITING) -> Floor:
    """A floor in whose general queue so many wait, every eighth of whom writes Thai."""
    floor = Floor()
    for line in range(1, waiting + 1):
        floor.arrive(line, language="" if line % 8 else "th")
        floor.at += 1
    return floor


def reload(floor: Floor, running: Bundle, name: str = "b2") -> list[ev.Event]:
    return floor.do(cmd.ApplyConfig(id=floor.id(), hash=name, bundle=running))


def ticks(floor: Floor) -> list[tuple[ev.Event, ...]]:
    """Let all slices be worked off; return what each came to."""
    made = []
    while floor.state.is_examining or floor.state.review:
        entry = floor.engine.tick(floor.at)
        assert entry is not None
        made.append(entry.events)
    return made


def test_a_configuration_that_places_everybody_as_before_looks_at_nobody_in_line() -> None:
    floor = crowded(50)
    queues = {name: msgspec.structs.replace(queue, weight=7) for name, queue in bundle().queues.items()}
    reload(floor, bundle(queues=queues))
    assert not floor.state.is_examining
    assert floor.state.queue_spec("general").weight == 7


def test_a_rule_that_changed_moves_those_it_concerns_the_oldest_first_and_in_slices() -> None:
    floor = crowded()
    made = reload(floor, bundle(rules=TO_BILLING))
    assert {type(event) for event in made} == {ev.ConfigApplied, ev.QueueOpened}, (
        "nobody is moved by the command itself"
    )
    slices = ticks(floor)
    moved = [event.conv for events in slices for event in events if isinstance(event, ev.Routed)]
    assert moved == list(range(8, WAITING + 1, 8))
    assert [conv.id for conv in floor.state.matching.in_order("billing")] == moved
    for events in slices:
        looked_at = [event for event in events if isinstance(event, ev.Examined)]
        assert sum(len(event.found) for event in looked_at) <= EXAMINED_SLICE
        assert sum(isinstance(event, ev.Routed) for event in events) <= REVIEW_SLICE
    assert len(slices) >= WAITING // EXAMINED_SLICE


def test_who_is_not_moved_sleeps_on() -> None:
    floor = crowded()
    asleep = len(floor.state.convs) - len(floor.state.convs.awake())
    assert asleep > WAITING // 4
    reload(floor, bundle(rules=(Rule(name="new", when='language == "zh"', queue="billing"), TO_BILLING[1])))
    ticks(floor)
    assert len(floor.state.convs) - len(floor.state.convs.awake()) == asleep


def test_a_line_that_closes_is_sent_on_in_order_and_not_in_one_command() -> None:
    plain = bundle()
    night = msgspec.structs.replace(plain.queues["general"], off_hours=OffHours(then="night"))
    floor = crowded(700)
    reload(floor, bundle(queues={**plain.queues, "general": night}))
    until_ms = floor.at + 3_600_000
    made = floor.do(cmd.OrderClosure(id="c", queue="general", until_ms=until_ms, by=9, reason="drill"))
    assert names(made) == ["ClosureOrdered", "QueueClosed"]
    slices = ticks(floor)
    sent = [event.conv for events in slices for event in events if isinstance(event, ev.Diverted)]
    assert sent == list(range(1, 701))
    assert max(sum(isinstance(event, ev.Diverted) for event in events) for events in slices) <= REVIEW_SLICE


def test_people_are_served_between_the_slices_and_a_closed_line_offers_nothing_meanwhile() -> None:
    floor = crowded(1_200)
    floor.do(cmd.OrderClosure(id="c", queue="general", until_ms=floor.at + 3_600_000, by=9, reason="drill"))
    floor.engine.tick(floor.at)
    assert floor.state.is_examining
    made = floor.sign_in(7, capacity=25, abilities=(("channel:chat", 1),))
    assert not any(isinstance(event, ev.Offered) for event in made)
    ticks(floor)
    offered = [conv for conv in floor.state.convs.values() if conv.offer is not None]
    assert [conv.queue for conv in offered] == ["night"]


def test_a_floor_restored_between_two_slices_goes_on_where_the_other_would() -> None:
    floor = crowded(1_200)
    for line in range(1, 1_200, 7):
        floor.do(cmd.LeaveLine(id=floor.id(), line=line))
    reload(floor, bundle(rules=TO_BILLING))
    floor.engine.tick(floor.at)
    assert floor.state.examined != (0, 0)
    bundles = {"b2": floor.engine.bundles["b2"]}
    other = Engine(decode_state(encode_state(floor.state), bundles), dict(bundles))
    while floor.state.is_examining or floor.state.review:
        assert other.tick(floor.at) == floor.engine.tick(floor.at)
    assert picture_of(other.state) == picture_of(floor.state)


def test_another_configuration_in_the_middle_begins_anew() -> None:
    floor = crowded(1_200)
    reload(floor, bundle(rules=TO_BILLING))
    floor.engine.tick(floor.at)
    reload(floor, bundle(), name="b3")
    ticks(floor)
    assert {conv.queue for conv in floor.state.convs.values()} == {"general"}


def test_what_is_offered_when_the_rules_change_is_not_looked_at_and_keeps_its_agent() -> None:
    floor = Floor()
    floor.sign_in(7, capacity=25, abilities=ABILITIES)
    floor.arrive(1, language="th")
    floor.arrive(2, language="th")
    reload(floor, bundle(rules=TO_BILLING))
    ticks(floor)
    assert [floor.state.convs[number].queue for number in (1, 2)] == ["general", "billing"]


def test_a_line_is_gone_through_from_any_place_whoever_left_it_or_came_late() -> None:
    chance, keys = random.Random(5), dict[int, int]()
    cls = Class(id=0, queue="q", channel="chat", needs=(), load=1, live=True)
    standing: list[Place] = []
    for conv in range(1, 900):
        keys[conv] = chance.choice((conv, conv, conv, chance.randrange(1, conv + 1)))
        standing.append((keys[conv], conv))
        cls.join(standing[-1])
        if chance.random() < 0.4:
            cls.leave(standing.pop(chance.randrange(len(standing))))
    key_of: Any = {conv: key for key, conv in standing}.__getitem__
    for _ in range(50):
        mark = (chance.randrange(900), chance.randrange(900))
        assert list(cls.in_order(key_of, mark)) == [conv for key, conv in sorted(standing) if (key, conv) > mark]
