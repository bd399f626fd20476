"""Trainings and seasons come and go: a floor's profiles and classes are those of today, not of its history."""

from __future__ import annotations

from channels.contract import Capabilities
from router.core import commands as cmd
from router.core import events as ev
from router.core.bundle import Bundle, Queue, Rule
from router.core.evolve import replay
from router.core.snapshot import decode_state, encode_state, picture_of
from router.core.state import State
from router.floor.rows import Names, commit_of
from tests.core.floor_plan import ABILITIES, Floor, at_work, bundle, desk

CHAT = Capabilities(delivery="push", live=True, load=25)


def season(number: int) -> Bundle:
    """A configuration with a queue of its own."""
    plain, name = bundle(), f"season-{number}"
    queues = {**plain.queues, name: Queue(name=name, hours="always", wrap_up_ms=0)}
    return bundle(queues=queues, rules=(Rule(name="season", queue=name),))


def apply(floor: Floor, number: int) -> None:
    floor.do(cmd.ApplyConfig(id=f"season {number}", hash=f"s{number}", bundle=season(number)))
    floor.wait(1)


def serve(floor: Floor, line: int) -> int:
    """Somebody comes, is served and goes; return the number of their class."""
    floor.arrive(line)
    conv = floor.state.next_conv - 1
    cls = int(floor.state.convs[conv].cls.id)
    floor.accept(conv)
    owner = floor.state.convs[conv].owner
    floor.do(cmd.Close(id=floor.id(), agent=owner, conv=conv, disposition="solved"))
    return cls


def masks_agree(floor: Floor) -> bool:
    """Whether classes and profiles say the same of each other as abilities and needs do."""
    matching = floor.state.matching
    return all(
        (cls.profiles >> profile.id & 1)
        == (profile.classes >> cls.id & 1)
        == all(dict(profile.abilities).get(name, -1) >= level for name, level in cls.needs)
        for cls in matching.classes
        for profile in matching.profiles
        if profile.agents
    )


def test_a_training_a_day_leaves_one_profile_for_each_that_somebody_has() -> None:
    floor = at_work(1, 2)
    for day in range(50):
        skilled = (*ABILITIES, ("skill:training", day))
        floor.sign_in(1, abilities=tuple(sorted(skilled)))
        serve(floor, day + 1)
        assert masks_agree(floor)
    assert len(floor.state.matching.profiles) <= 3
    assert {profile.agents for profile in floor.state.matching.by_abilities.values()} == {1}


def test_who_has_gone_takes_their_profile_along_and_the_next_one_gets_its_place() -> None:
    floor = at_work(1)
    floor.do(cmd.SignOut(id="out", agent=1))
    assert not floor.state.matching.by_abilities
    floor.sign_in(2, abilities=(("channel:chat", 1),))
    desk(floor, 2)
    assert len(floor.state.matching.profiles) == 1
    assert masks_agree(floor)
    floor.arrive(1)
    assert floor.state.convs[1].offer.agent == 2


def test_a_season_a_month_leaves_the_classes_of_today() -> None:
    floor = at_work(1)
    for number in range(40):
        apply(floor, number)
        serve(floor, number + 1)
        assert masks_agree(floor)
    assert len(floor.state.matching.classes) <= 2
    assert {cls.queue for cls in floor.state.matching.by_key.values()} <= {"season-38", "season-39"}


def test_a_class_that_somebody_still_has_keeps_its_number() -> None:
    floor = at_work(1)
    apply(floor, 1)
    floor.arrive(1)
    floor.accept(1)
    apply(floor, 2)
    serve(floor, 2)
    assert floor.state.convs[1].queue == "season-1"
    assert [cls.queue for cls in floor.state.matching.classes] == ["season-1", "season-2"]


def test_a_replica_and_a_restored_floor_have_the_same_classes() -> None:
    floor = at_work(1)
    for number in range(6):
        apply(floor, number)
        serve(floor, number + 1)
    bundles = {"b1": bundle(), **{f"s{number}": season(number) for number in range(6)}}
    replica = State()
    for entry in floor.entries:
        replay(replica, entry, bundles)
    assert picture_of(replica) == picture_of(floor.state)
    assert picture_of(decode_state(encode_state(replica), bundles)) == picture_of(floor.state)


def test_rows_name_the_queue_that_a_number_meant_at_each_event_of_one_commit() -> None:
    floor = at_work(1)
    apply(floor, 0)
    serve(floor, 1)
    before, bundles = State(), {"b1": bundle(), **{f"s{number}": season(number) for number in range(3)}}
    for entry in floor.entries:
        replay(before, entry, bundles)
    done = len(floor.entries)
    for number in (1, 2):
        apply(floor, number)
        serve(floor, number + 1)
    batch = floor.entries[done:]
    formed = [event.cls for entry in batch for event in entry.events if isinstance(event, ev.ClassFormed)]
    assert len(set(formed)) < len(formed) or formed[0] < len(before.matching.classes), "a number came again"
    names = Names(str, {1: "chat", 2: "chat", 3: "chat"}, {"chat": CHAT})
    commit = commit_of(batch, before, floor.state, names=names, letters={}, epoch=1)
    assert [row.detail for row in commit.timeline if row.kind == "Queued"] == ["season-1", "season-2"]
