"""Every order, step, reserve and kind of room at once, on random floors, each choice held against a scan."""

from __future__ import annotations

import os
import random

import pytest

from router.core import commands as cmd
from router.core import events as ev
from router.core.bundle import HOUR_MS, Bundle, ChannelSpec, Closing, OffHours, Queue, Reserve, Rule, Widening
from router.core.orders import URGENT
from tests.core.floor_plan import FOREVER_MS, MONDAY_MS, Floor, bundle, desk, names
from tests.core.walk import Walk
from tests.core.world import World, daily

CHAT, EMAIL, CALL = ("channel:chat", 1), ("channel:email", 1), ("channel:call", 1)
SKILLS: tuple[ev.Needs, ...] = (
    (CALL, CHAT, EMAIL),
    (CALL, CHAT, EMAIL, ("skill:billing", 3), ("skill:thai", 1)),
    (CHAT, EMAIL, ("limit:chat", 1), ("primary:billing", 1), ("skill:billing", 2)),
    (CALL, ("primary:general", 1), ("skill:thai", 1)),
    (CHAT, EMAIL, ("limit:email", 2), ("skill:billing", 2)),
)
CHANNELS = {
    "chat": ChannelSpec(load=25, live=True),
    "email": ChannelSpec(load=10, live=False, interrupted_by=("call", "chat")),
    "call": ChannelSpec(load=60, live=True),
}
RULES = (
    Rule(name="bills", when='"bill" in topics', queue="billing", priority=1),
    Rule(name="vip", when='customer.segment == "vip"', queue="general", priority=2, skills={"thai": 1}),
    Rule(name="rest", queue="general"),
)


def mixed() -> dict[str, Bundle]:
    """Return configurations in which everything that can be chosen differs, under the names that a walk applies."""
    hours = {"office": daily(0, 14), "always": (0, FOREVER_MS), "lunch": daily(0, 2)}
    then = OffHours(then="night")

    def floor(general: Queue, billing: Queue, night: Queue, **more: object) -> Bundle:
        queues = {"general": general, "billing": billing, "night": night}
        return bundle(calendars=hours, channels=CHANNELS, rules=RULES, queues=queues, **more)

    return {
        "plain": floor(
            Queue(
                name="general",
                hours="office",
                weight=3,
                answer_within_ms={"chat": 30_000},
                off_hours=then,
                widen=(
                    Widening(after_ms=20_000, needs=(("skill:thai", 0),), priority=2),
                    Widening(after_ms=90_000, queues=("night",)),
                ),
            ),
            Queue(
                name="billing",
                hours="office",
                skills={"billing": 1},
                order="priority",
                agents=("highest_level", "fullest"),
            ),
            Queue(name="night", hours="always", order="fifo", wrap_up_ms=0),
            reserves=(Reserve(needs=(CALL,), agents=1),),
            fair_every=3,
        ),
        "skilled": floor(
            Queue(name="general", hours="office", order="deadline", answer_within_ms={"call": 20_000}, off_hours=then),
            Queue(name="billing", hours="lunch", order="age", clock="clock", closing=Closing(serve_ms=600_000)),
            Queue(name="night", hours="always", agents=("least_loaded",)),
            reserves=(Reserve(needs=(CALL,), agents=2), Reserve(needs=(("skill:thai", 1),), agents=1)),
        ),
        "dropped": floor(
            Queue(name="general", hours="lunch", weight=2, agents=("longest_idle",), off_hours=then),
            Queue(
                name="billing",
                hours="always",
                skills={"billing": 2},
                agents=("least_flexible", "packed"),
                widen=(
                    Widening(after_ms=5_000, needs=(("skill:billing", 1),)),
                    Widening(after_ms=6_000, queues=("night",)),
                ),
            ),
            Queue(name="night", hours="always", order="age"),
            fair_every=0,
        ),
        "closing": floor(
            Queue(name="general", hours="office", order="priority", closing=Closing(serve_ms=300_000), off_hours=then),
            Queue(name="billing", hours="office", order="balanced", weight=5, answer_within_ms={"email": HOUR_MS}),
            Queue(name="night", hours="office", order="fifo"),
            reserves=(Reserve(needs=(("skill:billing", 2),), agents=1),),
            fair_every=2,
        ),
    }


WALKS = {"quick": 10, "prove": 2_000}[os.environ.get("HYPOTHESIS_PROFILE", "quick")]


@pytest.mark.parametrize("seed", range(WALKS))
def test_every_choice_is_the_one_that_a_scan_makes(seed: int) -> None:
    world = World(configurations=mixed(), skills=SKILLS, channels=tuple(CHANNELS))
    world.begin()
    world.restore()
    Walk(world, random.Random(seed)).run(300)
    assert world.entries


# As the core is now, these meet every reason between them: they go first, and the others only when they no longer do.
MEETING = (0, 14, 169, 263, 272)


def test_the_walks_meet_every_reason_of_a_choice() -> None:
    """Some reasons are rare where supervisors, transfers and all else happen too, so it walks until all were met."""
    reasons = {
        *("highest_level", "least_flexible", "packed", "fullest", "least_loaded", "longest_idle"),
        *("next_in_line", "fair_turn", "most_urgent", "higher_priority", "earliest_deadline", "highest_score"),
        "few_can",
    }
    met: set[str] = set()
    for seed in (*MEETING, *range(2_000)):
        world = World(judged=False, configurations=mixed(), skills=SKILLS, channels=tuple(CHANNELS))
        world.begin()
        Walk(world, random.Random(seed)).run(300)
        met |= {why for entry in world.entries for e in entry.events if isinstance(e, ev.Offered) for why in e.why}
        if met >= reasons:
            return
    assert met >= reasons


# --- stories --------------------------------------------------------------------------------------------------------


def floor_of(*staff: tuple[int, int, ev.Needs], **changes: object) -> Floor:
    """A floor with these (agent, capacity, abilities), each at a desk."""
    floor = Floor(bundle(channels=CHANNELS, **changes))
    for agent, capacity, abilities in staff:
        floor.sign_in(agent, capacity=capacity, abilities=abilities)
        desk(floor, agent)
    return floor


def offered(events: list[ev.Event]) -> tuple[int, tuple[str, ...]]:
    """Return whom it rang at, and why; zero for nobody."""
    found = [event for event in events if isinstance(event, ev.Offered)]
    return (found[0].agent, found[0].why) if found else (0, ())


def test_whose_first_task_it_is_goes_before_the_longest_idle() -> None:
    floor = floor_of((1, 60, (CHAT,)), (2, 60, (CHAT, ("primary:general", 1))))
    assert offered(floor.arrive(1)) == (2, ("first_task", "longest_idle"))


def test_the_bilingual_is_saved_for_those_who_need_them() -> None:
    floor = floor_of((1, 25, (CHAT, ("skill:thai", 1))), (2, 25, (CHAT,)), rules=RULES)
    assert offered(floor.arrive(1)) == (2, ("least_flexible", "longest_idle"))
    assert offered(floor.arrive(2, segment="vip")) == (1, ("longest_idle",))


def test_who_also_takes_calls_is_filled_up_and_others_share_evenly() -> None:
    whole = {**CHANNELS, "call": ChannelSpec(load=100, live=True)}
    blended = Floor(bundle(channels=whole))
    for agent in (1, 2):
        blended.sign_in(agent, abilities=(CALL, CHAT))
        desk(blended, agent)
    assert [offered(blended.arrive(line))[0] for line in (1, 2, 3, 4, 5)] == [1, 1, 1, 1, 2]
    apart = floor_of((1, 100, (CHAT,)), (2, 100, (CHAT,)))
    assert [offered(apart.arrive(line))[0] for line in (1, 2, 3, 4)] == [1, 2, 1, 2]


def test_mails_give_way_to_a_call_and_wait_while_it_lasts() -> None:
    floor = floor_of((1, 60, (CALL, EMAIL)))
    floor.arrive(1, channel="email")
    floor.accept(1)
    assert offered(floor.arrive(2, channel="call")) == (1, ("longest_idle",)), "a call comes on top of a mail"
    floor.accept(2)
    assert offered(floor.arrive(3, channel="email")) == (0, ()), "a mail does not come on top of a call"
    assert 3 in [offered_conv(event) for event in floor.do(cmd.Close(id="x", agent=1, conv=2, disposition="solved"))]


def offered_conv(event: ev.Event) -> int:
    return event.conv if isinstance(event, ev.Offered) else 0


def test_an_agent_takes_no_more_of_a_channel_than_their_own_limit() -> None:
    floor = floor_of((1, 100, (CHAT, EMAIL, ("limit:chat", 1))))
    assert offered(floor.arrive(1))[0] == 1
    assert offered(floor.arrive(2))[0] == 0
    assert offered(floor.arrive(3, channel="email"))[0] == 1, "their room is there for other channels"
    floor.accept(1)
    closed = floor.do(cmd.Close(id="x", agent=1, conv=1, disposition="solved"))
    assert [offered_conv(event) for event in closed if isinstance(event, ev.Offered)] == [2]


def test_a_reserve_keeps_somebody_free_for_calls() -> None:
    staff = ((1, 60, (CALL, CHAT)), (2, 60, (CALL, CHAT)))
    floor = floor_of(*staff, reserves=(Reserve(needs=(CALL,), agents=1),))
    assert offered(floor.arrive(1))[0] == 1
    assert offered(floor.arrive(2))[0] == 1, "who has chats already takes another"
    assert offered(floor.arrive(3))[0] == 0, "the other one is kept for a call"
    assert offered(floor.arrive(4, channel="call"))[0] == 2


def test_who_a_reserve_lets_go_is_filled_in_the_same_decision() -> None:
    floor = floor_of((1, 60, (CALL, CHAT)), reserves=(Reserve(needs=(CALL,), agents=1),))
    assert offered(floor.arrive(1))[0] == 0
    assert offered(floor.sign_in(2, capacity=60, abilities=(CALL,))) == (1, ("next_in_line",))


def test_a_higher_score_overtakes_and_every_so_often_it_is_the_turn_of_the_oldest() -> None:
    rules = (Rule(name="vip", when='customer.segment == "vip"', queue="general", priority=9), RULES[2])
    floor = floor_of(rules=rules, fair_every=4)
    floor.arrive(1)
    for line in range(2, 12):
        floor.wait(1_000)
        floor.arrive(line, segment="vip")
    whys = [offered(floor.sign_in(1, capacity=25, abilities=(CHAT,)))]
    for _ in range(5):
        ringing = next(conv.id for conv in floor.state.convs.values() if conv.state == "offered")
        floor.accept(ringing)
        whys.append(offered(floor.do(cmd.Close(id=f"x{ringing}", agent=1, conv=ringing, disposition="solved"))))
    reasons = [why for _, (why,) in whys]
    assert reasons == ["most_urgent"] * 3 + ["fair_turn"] + ["next_in_line"] * 2


@pytest.mark.parametrize("order", ["balanced", "fifo", "priority", "deadline", "age"])
def test_who_is_urgent_goes_first_in_every_order(order: str) -> None:
    urgent = Rule(name="urgent", when='customer.segment == "vip"', queue="general", priority=URGENT)
    queues = {"general": Queue(name="general", hours="office", order=order)}
    floor = floor_of(rules=(urgent, RULES[2]), queues=queues)
    for line in (1, 2):
        floor.arrive(line)
        floor.wait(60_000)
    floor.arrive(3, segment="vip")
    came = floor.sign_in(1, capacity=25, abilities=(CHAT,))
    assert [e.conv for e in came if isinstance(e, ev.Offered)] == [3]


def test_a_night_does_not_count_as_waiting_where_business_time_does() -> None:
    """A mail of the night and a call of the morning: both wait since the opening, and the call's target is near."""
    hours = {"office": (MONDAY_MS, MONDAY_MS + 8 * HOUR_MS, MONDAY_MS + 24 * HOUR_MS, MONDAY_MS + 32 * HOUR_MS)}
    for clock, first in (("business", 2), ("clock", 1)):
        answer = {"email": 4 * HOUR_MS, "call": 20_000}
        queues = {"general": Queue(name="general", hours="office", answer_within_ms=answer, clock=clock)}
        floor = floor_of(queues=queues, calendars=hours, rules=RULES[2:])
        floor.wait(8 * HOUR_MS)
        assert "Deferred" in names(floor.arrive(1, channel="email"))
        floor.wait(MONDAY_MS + 24 * HOUR_MS - floor.at)
        floor.arrive(2, channel="call")
        floor.wait(5_000)
        came = floor.sign_in(1, capacity=60, abilities=(CALL, EMAIL))
        assert next(e.conv for e in came if isinstance(e, ev.Offered)) == first


# --- widening and languages -------------------------------------------------------------------------------------------


def widens(events: list[ev.Event]) -> list[int]:
    return [event.step for event in events if isinstance(event, ev.Widened)]


def test_who_may_serve_grows_step_by_step_and_the_place_is_kept() -> None:
    steps = (
        Widening(after_ms=30_000, needs=(("skill:billing", 1),)),
        Widening(after_ms=90_000, queues=("general",), priority=1),
    )
    queues = {
        "general": Queue(name="general", hours="office"),
        "billing": Queue(name="billing", hours="office", skills={"billing": 3}, widen=steps),
    }
    rules = (Rule(name="bills", when='"bill" in topics', queue="billing"), RULES[2])
    floor = floor_of((1, 25, (CHAT, ("skill:billing", 3))), (2, 25, (CHAT,)), queues=queues, rules=rules)
    floor.arrive(1, topics=("bill",))
    floor.accept(1)
    floor.arrive(2)
    floor.accept(2)
    floor.arrive(3, topics=("bill",))
    came = floor.wait(100_000)
    assert widens(came) == [1, 2]
    conv = floor.state.convs[3]
    assert (conv.cls.needs, conv.cls.priority, conv.step) == ((CHAT, ("skill:billing", 1)), 1, 2)
    assert conv.cls.also == ((CHAT,),)
    closed = floor.do(cmd.Close(id="x", agent=2, conv=2, disposition="solved"))
    assert offered(closed) == (2, ("next_in_line",)), "now the agents of the other queue may serve it"


def test_nobody_waits_for_a_skill_that_nobody_at_work_has() -> None:
    queue = Queue(name="general", hours="office", widen=(Widening(after_ms=HOUR_MS, needs=(("skill:thai", 0),)),))
    floor = floor_of((1, 25, (CHAT,)), queues={"general": queue}, rules=RULES[1:])
    floor.arrive(1, segment="vip")
    came = floor.wait(10)
    assert widens(came) == [1]
    assert offered(came) == (1, ("longest_idle",))


@pytest.mark.parametrize(("language", "asked"), [("th", 2), ("", 1), ("zh", 1)])
def test_a_customer_is_served_in_their_language_where_somebody_speaks_it(language: str, asked: int) -> None:
    later = (Widening(after_ms=20_000, needs=(("language:", 0),)),)
    queue = Queue(name="general", hours="office", language="preferred", widen=later)
    speaks = ((1, 25, (CHAT,)), (2, 25, (CHAT, ("language:th", 1), ("skill:x", 1))))
    floor = floor_of(*speaks, queues={"general": queue}, rules=RULES[2:])
    came = [*floor.arrive(1, language=language), *floor.wait(10)]
    assert offered(came)[0] == asked


def test_how_far_somebody_was_widened_outlives_a_decline_a_reload_and_a_snapshot() -> None:
    world = World(configurations=mixed(), skills=SKILLS, channels=tuple(CHANNELS))
    world.begin()
    world.arrive(1, segment="vip")
    world.wait(100_000)
    assert world.state.convs[1].step == 2
    before = world.state.convs[1].cls
    changed = mixed() | {"plain2": mixed()["plain"]}
    world.configurations.update(changed)
    world.apply("plain2")
    world.wait(1_000)
    assert (world.state.convs[1].step, world.state.convs[1].cls) == (2, before)


def test_whom_few_can_serve_goes_first_once_they_have_waited_a_fifth_as_long() -> None:
    """Two speak English; the one who also speaks Thai takes the Thai customer, whom nobody else could take."""
    rules = (
        Rule(name="thai", when='customer.segment == "vip"', queue="general", skills={"thai": 1}),
        Rule(name="rest", queue="general"),
    )
    for waited_ms, first in ((24_000, 1), (25_000, 2)):
        floor = floor_of(rules=rules)
        for agent in (7, 8):  # somebody must have come, or nobody knows who could serve them
            floor.sign_in(agent, capacity=0, abilities=(CHAT,))
        floor.arrive(1)
        floor.wait(100_000)
        floor.arrive(2, segment="vip")
        floor.wait(waited_ms)
        came = floor.sign_in(9, capacity=25, abilities=(CHAT, ("skill:thai", 1)))
        made = [event for event in came if isinstance(event, ev.Offered)]
        assert [event.conv for event in made] == [first]
        assert made[0].why == ((("most_urgent", "few_can")) if first == 2 else ("next_in_line",))


def test_who_has_first_tasks_of_their_own_has_no_others() -> None:
    rules = (
        Rule(name="thai", when='customer.segment == "vip"', queue="general", skills={"thai": 1}),
        Rule(name="rest", queue="general"),
    )
    floor = floor_of(rules=rules)
    floor.sign_in(7, capacity=0, abilities=(CHAT,))
    floor.arrive(1)
    floor.wait(1_000)
    floor.arrive(2, segment="vip")
    floor.wait(60_000)
    came = floor.sign_in(9, capacity=25, abilities=(CHAT, ("primary:billing", 1), ("skill:thai", 1)))
    assert [(event.conv, event.why) for event in came if isinstance(event, ev.Offered)] == [(1, ("next_in_line",))]
