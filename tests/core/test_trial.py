"""What would be decided is what is decided: trials on copies of random floors, against the floors themselves."""

from __future__ import annotations

import random

import msgspec
import pytest

from router.core import commands as cmd
from router.core.answers import Made
from router.core.bundle import HOUR_MS
from router.core.events import AnyEvent, FactsCoded, FactsDropped, Received
from router.core.facts import Facts
from router.core.trial import PEOPLE_MAX, able_for, awaken, move_to, sketch_of, tried
from tests.core.walk import Walk
from tests.core.world import World

NEW_LINE = 7_000


def walked(seed: int, configuration: str, steps: int = 60) -> tuple[World, random.Random]:
    chance = random.Random(seed)
    world = World(judged=False)
    world.begin()
    world.apply(configuration)
    Walk(world, chance).run(steps)
    return world, chance


def decided(events: tuple[AnyEvent, ...]) -> list[AnyEvent]:
    """What was decided, without the numbers of fact sets: the copy leaves out those of others."""
    counted = [event for event in events if not isinstance(event, FactsCoded | FactsDropped)]
    return [msgspec.structs.replace(each, facts=0) if isinstance(each, Received) else each for each in counted]


@pytest.mark.parametrize("configuration", ["plain", "eager", "relieved", "skilled", "outside", "closing"])
@pytest.mark.parametrize("seed", range(8))
def test_a_trial_decides_what_the_floor_decides(configuration: str, seed: int) -> None:
    world, chance = walked(seed, configuration)
    for number in range(4):
        world.apply(configuration)
        facts = Facts(
            channel=chance.choice(world.channels),
            topics=chance.choice(((), ("bill",))),
            segment=chance.choice(("", "vip")),
        )
        line = NEW_LINE + number
        receive = cmd.Receive(
            id=f"T{number}",
            message=line,
            line=line,
            customer=line,
            channel=facts.channel,
            facts=facts,
            arrived_ms=world.at,
            seen=world.state.position,
        )
        # The copy is taken from the replica, as a screen's is: there everybody is awake.
        sketch = sketch_of(world.replica)
        assert sketch is not None
        would = tried(awaken(sketch), receive, world.at)
        answer = world.tell(receive)
        assert isinstance(answer, Made)
        assert answer.entry is not None
        assert decided(would.events) == decided(answer.entry.events)
        assert would.conv is not None
        assert would.conv.rule == world.state.convs[would.conv.id].rule
        world.wait(chance.choice((1, 5_000, 60_000)))


def test_a_trial_leaves_no_trace_on_the_floor() -> None:
    world, _ = walked(3, "plain")
    before = world.replica.position, len(world.replica.convs), world.replica.next_conv
    sketch = sketch_of(world.replica)
    assert sketch is not None
    for number in range(3):
        receive = cmd.Receive(
            id="T", message=1, line=NEW_LINE + number, customer=1, channel="chat", facts=Facts(channel="chat"),
            arrived_ms=world.at, seen=0,
        )  # fmt: skip
        assert tried(awaken(sketch), receive, world.at).events
    assert (world.replica.position, len(world.replica.convs), world.replica.next_conv) == before


def test_who_can_serve_is_told_with_how_they_stand() -> None:
    world = World(judged=False)
    world.begin()
    chat = (("channel:chat", 1),)
    for agent, capacity in ((1, 100), (2, 25), (3, 100), (4, 100)):
        world.tell(cmd.SignIn(id=world.id(), agent=agent, abilities=chat, capacity=capacity))
        world.tell(cmd.AttachDesk(id=world.id(), agent=agent, node="n1", desk="d"))
    world.tell(cmd.SetPresence(id=world.id(), agent=3, presence="break"))
    world.tell(cmd.Assign(id=world.id(), conv=_arrived(world), to_agent=2, by=9, reason="test", forced=True))
    sketch = sketch_of(world.replica)
    assert sketch is not None
    receive = cmd.Receive(
        id="T", message=1, line=NEW_LINE, customer=1, channel="chat", facts=Facts(channel="chat"),
        arrived_ms=world.at, seen=0,
    )  # fmt: skip
    would = tried(awaken(sketch), receive, world.at)
    assert would.conv is not None
    stands = {each.agent.id: each.stands for each in able_for(would.state, would.conv)}
    assert would.conv.offer is not None
    (asked,) = would.conv.offer.agents
    assert asked in {1, 4}
    assert stands == {1: "free", 4: "free", 2: "full", 3: "away"} | {asked: "asked"}


def _arrived(world: World) -> int:
    answer = world.arrive(1)
    assert isinstance(answer, Made)
    return world.state.lines[1]


def test_at_another_time_the_queues_are_open_by_their_calendars() -> None:
    world, _ = walked(5, "closing", steps=10)
    sketch = sketch_of(world.replica)
    assert sketch is not None
    night = (world.at // (24 * HOUR_MS) + 1) * 24 * HOUR_MS + 13 * HOUR_MS
    state = awaken(sketch)
    move_to(state, night)
    assert not state.queues["general"].open
    receive = cmd.Receive(
        id="T", message=1, line=NEW_LINE, customer=1, channel="chat", facts=Facts(channel="chat"),
        arrived_ms=night, seen=0,
    )  # fmt: skip
    assert "Announced" in [type(event).__name__ for event in tried(state, receive, night).events]


def test_a_floor_without_configuration_or_of_too_many_people_is_not_copied() -> None:
    assert sketch_of(World(judged=False).state) is None
    world, _ = walked(1, "plain", steps=1)
    agents = world.replica.agents
    agents.update({-number: agents.get(1) for number in range(1, PEOPLE_MAX + 2)})  # type: ignore[misc]
    assert sketch_of(world.replica) is None
