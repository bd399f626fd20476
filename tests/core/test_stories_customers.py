"""Stories of customers who were here before: their own agent, their team, who comes again, several lines at once."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from router.core import commands as cmd
from router.core import events as ev
from router.core.bundle import HOUR_MS, MINUTE_MS, Affinity, Queue, Repeat, Rule
from router.core.lifecycle import HELD, OFFERED, WAITING
from tests.core.floor_plan import ABILITIES, Floor, bundle, names

HOLD_MS = 30_000
OWN = Affinity(hold_ms=HOLD_MS, within_ms=HOUR_MS)


def floor_of(*agents: int, rules: tuple[Rule, ...] = (), capacity: int = 25, **words: Any) -> Floor:
    plain = bundle()
    queue = Queue(name="general", hours="always", **words)
    queues = {**plain.queues, "general": queue}
    floor = Floor(bundle(queues=queues, **({"rules": rules} if rules else {})))
    for agent in agents:
        floor.sign_in(agent, capacity=capacity)
    return floor


def write(floor: Floor, line: int, *, facts: dict[str, Any] | None = None, **known: Any) -> list[ev.Event]:
    """A message whose look-up knows something of its customer."""
    message = floor.message(line, **(facts or {}))
    return floor.do(msgspec.structs.replace(message, known=cmd.Acquaintance(**known)))


def offered(floor: Floor, conv: int) -> tuple[int, tuple[str, ...]]:
    """Return at whom a conversation rings, and why."""
    asked = floor.state.convs[conv].offer
    assert asked is not None
    return asked.agent, asked.why


def test_the_last_agent_is_asked_before_who_has_been_idle_longer() -> None:
    floor = floor_of(1, 2, affinity={"last_agent": OWN})
    write(floor, 1, last_agent=2, last_ms=floor.at - HOUR_MS)
    assert offered(floor, 1) == (2, ("last_agent",))


def test_a_last_agent_of_too_long_ago_is_nobodys() -> None:
    floor = floor_of(1, 2, affinity={"last_agent": OWN})
    write(floor, 1, last_agent=2, last_ms=floor.at - HOUR_MS - 1)
    assert offered(floor, 1)[0] == 1


def test_without_the_word_nobody_is_anybodys() -> None:
    floor = floor_of(1, 2)
    write(floor, 1, last_agent=2, last_ms=floor.at, named_agent=2)
    assert offered(floor, 1)[0] == 1


def test_a_full_agent_is_waited_for_and_then_the_queue_has_it_in_its_old_place() -> None:
    floor = floor_of(2, affinity={"last_agent": OWN})
    floor.arrive(9)
    floor.accept(1)
    floor.sign_in(1, capacity=25)
    made = write(floor, 1, last_agent=2, last_ms=floor.at)
    held = made[-1]
    assert held == ev.HeldFor(2, 2, floor.at + HOLD_MS, "last_agent")
    made = floor.wait(HOLD_MS)
    assert names(made) == ["Queued", "Offered"]
    assert made[0].why == "hold_over"  # type: ignore[attr-defined]
    assert offered(floor, 2)[0] == 1
    assert floor.state.convs[2].key_ms == floor.state.convs[2].opened_ms


def test_a_full_agent_who_gets_room_in_time_has_it_for_the_same_reason() -> None:
    floor = floor_of(2, affinity={"last_agent": OWN})
    floor.arrive(9)
    floor.accept(1)
    write(floor, 1, last_agent=2, last_ms=floor.at)
    assert floor.state.convs[2].state == HELD
    floor.do(cmd.Close(id="c", agent=2, conv=1, disposition="solved"))
    assert offered(floor, 2) == (2, ("last_agent",))


@pytest.mark.parametrize(("when_away", "state"), [("skip", OFFERED), ("hold", HELD)])
def test_an_agent_on_a_break_is_waited_for_only_by_rule(when_away: str, state: str) -> None:
    floor = floor_of(1, 2, affinity={"named_agent": Affinity(hold_ms=HOLD_MS, when_away=when_away)})
    floor.do(cmd.SetPresence(id="b", agent=2, presence="break"))
    write(floor, 1, named_agent=2)
    assert floor.state.convs[1].state == state


def test_an_agent_who_is_not_there_or_cannot_do_it_is_passed_over() -> None:
    floor = floor_of(1, affinity={"named_agent": Affinity(when_away="hold")})
    write(floor, 1, named_agent=7)
    assert offered(floor, 1)[0] == 1
    floor = floor_of(1, affinity={"named_agent": Affinity(when_away="hold")})
    floor.sign_in(2, abilities=(("channel:email", 1),))
    write(floor, 1, named_agent=2)
    assert offered(floor, 1)[0] == 1


def test_the_named_agent_comes_before_the_last_one() -> None:
    floor = floor_of(1, 2, 3, affinity={"last_agent": OWN, "named_agent": OWN})
    write(floor, 1, last_agent=2, last_ms=floor.at, named_agent=3)
    assert offered(floor, 1) == (3, ("named_agent",))


def test_a_rule_has_its_own_time_to_look_back() -> None:
    rule = Rule(name="rest", queue="general", affinity={"last_agent": Affinity(within_ms=10 * HOUR_MS)})
    floor = floor_of(1, 2, affinity={"last_agent": OWN}, rules=(rule,))
    write(floor, 1, last_agent=2, last_ms=floor.at - 2 * HOUR_MS)
    assert offered(floor, 1) == (2, ("last_agent",))


def test_who_declined_rests_and_it_goes_to_the_queue() -> None:
    floor = floor_of(1, 2, affinity={"last_agent": OWN})
    write(floor, 1, last_agent=2, last_ms=floor.at)
    asked = floor.state.convs[1].offer
    floor.do(cmd.Decline(id="d", agent=2, conv=1, offer=asked.id))
    assert offered(floor, 1)[0] == 1


# --- teams --------------------------------------------------------------------------------------------------


def with_team(hold_ms: int = MINUTE_MS, when_away: str = "skip") -> Floor:
    return floor_of(1, affinity={"team": Affinity(hold_ms=hold_ms, when_away=when_away)})


GOLD = tuple(sorted((*ABILITIES, ("team:gold", 1))))


def test_the_customers_team_is_waited_for_and_then_anybody_may_have_it() -> None:
    floor = with_team()
    floor.sign_in(2, capacity=24, abilities=GOLD)
    made = write(floor, 1, team="gold")
    routed = next(event for event in made if isinstance(event, ev.Routed))
    assert routed.why == "team"
    assert floor.state.convs[1].state == WAITING
    made = floor.wait(MINUTE_MS)
    assert [event.why for event in made if isinstance(event, ev.Reclassed)] == ["team_hold_over"]
    assert offered(floor, 1)[0] == 1


def test_somebody_of_the_team_with_room_has_it_at_once() -> None:
    floor = with_team()
    floor.sign_in(2, abilities=GOLD)
    write(floor, 1, team="gold")
    assert offered(floor, 1)[0] == 2


def test_a_team_of_which_nobody_is_there_is_waited_for_only_by_rule() -> None:
    for when_away, state in (("skip", OFFERED), ("hold", WAITING)):
        floor = with_team(when_away=when_away)
        write(floor, 1, team="gold")
        assert floor.state.convs[1].state == state


# --- who comes again ------------------------------------------------------------------------------------------


def test_who_comes_again_within_the_time_goes_up() -> None:
    floor = floor_of(repeat=Repeat(within_ms=HOUR_MS, priority=2, head_start_ms=10 * MINUTE_MS))
    for line, ago_ms, priority in ((1, HOUR_MS, 2), (2, HOUR_MS + 1, 0)):
        made = write(floor, line, contacts=(floor.at - ago_ms,))
        routed = next(event for event in made if isinstance(event, ev.Routed))
        conv = floor.state.convs[line]
        assert (routed.why, conv.cls.priority) == ("repeat" if priority else "", priority)
        assert conv.opened_ms - conv.key_ms == (10 * MINUTE_MS if priority else 0)


def test_the_rules_word_about_repeats_comes_before_the_queues() -> None:
    rules = (
        Rule(
            name="vip", when='customer.segment == "vip"', queue="general", repeat=Repeat(within_ms=HOUR_MS, priority=9)
        ),
        Rule(name="rest", queue="general"),
    )
    floor = floor_of(repeat=Repeat(within_ms=HOUR_MS, priority=1), rules=rules)
    write(floor, 1, facts={"segment": "vip"}, contacts=(floor.at,))
    write(floor, 2, contacts=(floor.at,))
    assert [floor.state.convs[conv].cls.priority for conv in (1, 2)] == [9, 1]


# --- one customer on several lines -----------------------------------------------------------------------------


def test_a_second_conversation_goes_to_who_has_the_first() -> None:
    floor = floor_of(1, capacity=100, affinity={"same_customer": OWN}, related=True)
    floor.arrive(1)
    floor.accept(1)
    floor.sign_in(2)
    made = write(floor, 2, lines=(1,))
    assert [event for event in made if isinstance(event, ev.Related)] == [ev.Related(2, 1), ev.Related(1, 2)]
    assert offered(floor, 2) == (1, ("same_customer",))


def test_where_they_are_only_told_of_each_other_it_goes_to_anybody() -> None:
    floor = floor_of(1, capacity=100, related=True)
    floor.arrive(1)
    floor.accept(1)
    floor.sign_in(2)
    write(floor, 2, lines=(1,))
    assert offered(floor, 2)[0] == 2
    assert (floor.state.convs[1].related, floor.state.convs[2].related) == ((2,), (1,))


def test_what_waits_of_the_same_customer_rings_with_the_other_before_who_came_earlier() -> None:
    floor = floor_of(related=True)
    for line in (1, 8, 9):
        floor.arrive(line)
    write(floor, 2, lines=(1,))
    floor.sign_in(1, capacity=50)
    assert (offered(floor, 1), offered(floor, 4)) == ((1, ("next_in_line",)), (1, ("same_customer",)))
    assert [floor.state.convs[conv].state for conv in (2, 3)] == [WAITING, WAITING]


def test_room_that_comes_later_goes_to_the_same_customer_too() -> None:
    floor = floor_of(1, capacity=50, related=True)
    for line in (1, 7, 8):
        floor.arrive(line)
    for conv in (1, 2):
        floor.accept(conv)
    write(floor, 2, lines=(1,))
    floor.do(cmd.Close(id="c", agent=1, conv=2, disposition="solved"))
    assert offered(floor, 4) == (1, ("same_customer",))


def test_a_closing_window_goes_before_the_same_customer() -> None:
    floor = floor_of(related=True)
    floor.arrive(1)
    hurried = floor.message(9)
    floor.do(msgspec.structs.replace(hurried, window_ms=floor.at + 1_000))
    floor.wait(900)
    write(floor, 2, lines=(1,))
    floor.sign_in(1, capacity=50)
    assert {floor.state.convs[conv].state for conv in (1, 2)} == {OFFERED}
    assert floor.state.convs[3].state == WAITING


def test_a_parked_one_that_comes_back_is_told_too() -> None:
    floor = floor_of(1, capacity=100, related=True)
    floor.arrive(1)
    floor.accept(1)
    parked = floor.do(cmd.Park(id="p", agent=1, conv=1))[0]
    assert isinstance(parked, ev.Parked)
    floor.arrive(2)
    message = floor.message(1, record=parked.record)
    made = floor.do(msgspec.structs.replace(message, known=cmd.Acquaintance(lines=(2,))))
    assert ev.Related(1, 2) in made


def test_of_many_open_ones_only_a_few_are_told() -> None:
    floor = floor_of(related=True)
    for line in range(1, 10):
        floor.arrive(line)
    made = write(floor, 10, lines=tuple(range(1, 10)))
    assert len([event for event in made if isinstance(event, ev.Related)]) == 10


def relate(floor: Floor, *lines: int) -> list[ev.Event]:
    return floor.do(cmd.Relate(id=floor.id(), lines=lines))


def test_customers_found_to_be_one_have_their_open_conversations_told_of_each_other_once() -> None:
    floor = floor_of(related=True)
    for line in (1, 2, 3):
        write(floor, line)
    made = relate(floor, 3, 1, 8)
    assert made == [ev.Related(1, 3), ev.Related(3, 1)]
    assert relate(floor, 1, 3) == []
    assert relate(floor, 2, 9) == []
    assert relate(floor, 1, 2, 3) == [ev.Related(1, 2), ev.Related(2, 1), ev.Related(2, 3), ev.Related(3, 2)]


def test_who_is_found_to_be_one_with_an_agents_customer_is_the_next_that_agent_gets() -> None:
    floor = floor_of(1, capacity=50, related=True)
    for line in (1, 7, 8):
        floor.arrive(line)
    for conv in (1, 2):
        floor.accept(conv)
    floor.arrive(2)
    relate(floor, 1, 2)
    floor.do(cmd.Close(id="c", agent=1, conv=2, disposition="solved"))
    assert offered(floor, 4) == (1, ("same_customer",))


def test_who_was_taken_for_one_by_mistake_is_told_no_longer() -> None:
    floor = floor_of(related=True)
    for line in (1, 2, 3):
        write(floor, line)
    relate(floor, 1, 2, 3)
    made = floor.do(cmd.Relate(id="apart", lines=(1, 3), apart=(2,)))
    assert made == [ev.Unrelated(1, 2), ev.Unrelated(2, 1), ev.Unrelated(3, 2), ev.Unrelated(2, 3)]
    assert [floor.state.convs[conv].related for conv in (1, 2, 3)] == [(3,), (), (1,)]
    assert floor.do(cmd.Relate(id="again", lines=(1, 3), apart=(2,))) == []


def test_a_queue_that_does_not_ask_for_it_tells_nobody() -> None:
    floor = floor_of()
    for line in (1, 2):
        write(floor, line)
    assert relate(floor, 1, 2) == []


# --- and after a new configuration ---------------------------------------------------------------------------


def reloaded(floor: Floor, **changes: Any) -> list[ev.Event]:
    """Another configuration that moves nobody by itself, but makes the rules be asked again."""
    running = floor.state.bundle
    rules = (Rule(name="extra", when='"none" in topics', queue="general"), *running.rules)
    fresh = msgspec.structs.replace(running, rules=rules, **changes)
    floor.do(cmd.ApplyConfig(id=floor.id(), hash=f"b{floor.id()}", bundle=fresh))
    return floor.wait(1)


def test_who_was_raised_for_coming_again_stays_so_when_the_rules_are_asked_again() -> None:
    floor = floor_of(repeat=Repeat(within_ms=HOUR_MS, priority=2))
    write(floor, 1, contacts=(floor.at - 1,))
    assert names(reloaded(floor)) == ["Examined"]
    assert (floor.state.convs[1].cls.priority, floor.state.convs[1].raised) == (2, 2)


def test_who_was_raised_and_is_moved_by_a_rule_keeps_what_they_were_raised_by() -> None:
    floor = floor_of(repeat=Repeat(within_ms=HOUR_MS, priority=2))
    write(floor, 1, contacts=(floor.at - 1,))
    floor.do(cmd.ApplyConfig(id="b2", hash="b2", bundle=bundle(rules=(Rule(name="all", queue="night", priority=3),))))
    floor.wait(1)
    conv = floor.state.convs[1]
    assert (conv.queue, conv.cls.priority, conv.raised) == ("night", 5, 2)


def test_a_team_is_waited_for_no_shorter_because_the_rules_are_asked_again() -> None:
    floor = with_team()
    floor.sign_in(2, abilities=GOLD, capacity=25)
    floor.arrive(9)
    floor.accept(1)
    floor.arrive(8)
    floor.accept(2)
    write(floor, 1, team="gold")
    waits = floor.state.convs[3]
    assert ("team:gold", 1) in waits.cls.needs
    reloaded(floor)
    assert ("team:gold", 1) in floor.state.convs[3].cls.needs
    made = floor.wait(MINUTE_MS)
    assert [event.why for event in made if isinstance(event, ev.Reclassed)] == ["team_hold_over"]


def test_a_team_that_no_queue_waits_for_any_more_holds_nobody() -> None:
    floor = with_team(when_away="hold")
    write(floor, 1, team="gold")
    assert ("team:gold", 1) in floor.state.convs[1].cls.needs
    queue = msgspec.structs.replace(floor.state.bundle.queues["general"], affinity={})
    reloaded(floor, queues={**floor.state.bundle.queues, "general": queue})
    assert floor.state.convs[1].state == OFFERED


def test_what_raised_somebody_goes_with_them_when_they_are_parked() -> None:
    floor = floor_of(1, repeat=Repeat(within_ms=HOUR_MS, priority=2))
    write(floor, 1, contacts=(floor.at - 1,))
    floor.accept(1)
    parked = floor.do(cmd.Park(id="p", agent=1, conv=1, until_ms=0))[0]
    assert isinstance(parked, ev.Parked)
    assert parked.record.raised == 2
    floor.do(floor.message(1, record=parked.record))
    assert floor.state.convs[1].raised == 2
