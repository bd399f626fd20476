"""What long random walks found, told small: somebody waited although somebody could take them, or out of turn."""

from __future__ import annotations

from typing import Any

import msgspec

from router.core import commands as cmd
from router.core import events as ev
from router.core.bundle import DAY_MS, HOUR_MS, MINUTE_MS, Callback, OffHours, Queue, Reserve, Rule
from router.core.lifecycle import HELD, OFFERED, WAITING
from tests.core.floor_plan import MONDAY_MS, Floor, bundle, names

CHAT, EMAIL = ("channel:chat", 1), ("channel:email", 1)
RULES = (Rule(name="others", when='"bill" in topics', queue="other"), Rule(name="rest", queue="general"))


def floor_of(general: Queue, **more: Any) -> Floor:
    other = Queue(name="other", hours="always", wrap_up_ms=0)
    return Floor(bundle(queues={"general": general, "other": other}, rules=RULES, **more))


def states(floor: Floor, *convs: int) -> list[str]:
    return [floor.state.convs[conv].state for conv in convs]


def test_everybody_a_round_rang_at_is_matched_when_its_customer_asks_to_be_called() -> None:
    """It rings at three, on another channel at one: the other two used to stay free, and others waited."""
    floor = floor_of(Queue(name="general", hours="always", ring=3, callback=Callback(mode="agent_first")))
    for agent in (1, 2, 3):
        floor.sign_in(agent, capacity=25, abilities=(CHAT, EMAIL) if agent == 1 else (CHAT,))
    floor.arrive(1)
    for line in (2, 3):
        floor.arrive(line, topics=("bill",))
    assert states(floor, 1, 2, 3) == [OFFERED, WAITING, WAITING]
    floor.do(cmd.RequestCallback(id="call", conv=1, channel="email", to_line=9))
    assert states(floor, 1, 2, 3) == [OFFERED] * 3


def test_who_asks_to_be_called_on_another_channel_does_not_pass_who_waits_on_it() -> None:
    floor = floor_of(Queue(name="general", hours="always", callback=Callback(mode="agent_first")))
    floor.arrive(1, channel="email")
    floor.wait(1_000)
    floor.arrive(2)
    floor.wait(2 * MINUTE_MS)
    floor.sign_in(1, capacity=25, abilities=(CHAT, EMAIL))
    assert states(floor, 1, 2) == [WAITING, OFFERED]
    made = floor.do(cmd.RequestCallback(id="call", conv=2, channel="email", to_line=9))
    assert [event.conv for event in made if isinstance(event, ev.Offered)] == [1, 2]


def test_whom_a_reserve_lets_go_takes_who_waited_behind_it_first() -> None:
    """Who declines has nothing in hand then, which lets the other go: theirs is the oldest, not what was declined."""
    reserve = Reserve(needs=(CHAT,), agents=1)
    floor = floor_of(Queue(name="general", hours="always", wrap_up_ms=0), reserves=(reserve,))
    floor.sign_in(1, capacity=35, abilities=(CHAT, EMAIL))
    floor.arrive(1)
    floor.accept(1)
    floor.sign_in(2, capacity=10, abilities=(CHAT, EMAIL))
    for line in (2, 3):
        floor.arrive(line, channel="email")
        if line == 2:
            decline(floor, 2)
        floor.wait(1_000)
    assert states(floor, 2, 3) == [WAITING, OFFERED]
    floor.do(cmd.Close(id="end", agent=1, conv=1, disposition="solved"))
    made = decline(floor, 3)
    assert [event.conv for event in made if isinstance(event, ev.Offered)] == [2], names(made)


def decline(floor: Floor, conv: int) -> list[ev.Event]:
    offer = floor.state.convs[conv].offer
    return floor.do(cmd.Decline(id=f"no{conv}", agent=offer.agent, conv=conv, offer=offer.id, reason="busy"))


def test_a_message_with_a_short_window_ends_a_hold_in_time() -> None:
    absent = Queue(name="general", hours="always", owner_absent_ms=DAY_MS, wrap_up_ms=0)
    floor = floor_of(absent)
    floor.sign_in(1, abilities=(CHAT, EMAIL))
    floor.arrive(1, channel="email")
    floor.accept(1)
    parked = floor.do(cmd.Park(id="park", agent=1, conv=1, until_ms=floor.at + HOUR_MS))[0]
    assert isinstance(parked, ev.Parked)
    floor.do(cmd.SignOut(id="out", agent=1))
    floor.do(cmd.Wake(id="wake", record=parked.record))
    assert states(floor, 1) == [HELD]
    floor.sign_in(2, abilities=(CHAT, EMAIL))
    write = floor.message(1, channel="email")
    floor.do(msgspec.structs.replace(write, window_ms=floor.at + 20 * MINUTE_MS))
    assert floor.state.convs[1].due_ms == floor.at + 15 * MINUTE_MS
    floor.wait(15 * MINUTE_MS)
    assert states(floor, 1) == [OFFERED]


def test_of_several_that_come_back_at_once_the_one_whose_window_closes_is_asked_for_first() -> None:
    """Both were offered to one who goes; there is room for one at the other desk."""
    floor = floor_of(Queue(name="general", hours="always", wrap_up_ms=0))
    floor.arrive(1, channel="email")
    write = floor.message(2, channel="email")
    floor.do(msgspec.structs.replace(write, window_ms=floor.at + 20_000))
    floor.wait(16_000)
    floor.sign_in(1, capacity=20, abilities=(CHAT, EMAIL))
    floor.sign_in(2, capacity=10, abilities=(CHAT, EMAIL))
    assert states(floor, 1, 2) == [OFFERED, OFFERED]
    made = floor.do(cmd.SignOut(id="out", agent=1, forced=True))
    assert [event.conv for event in made if isinstance(event, ev.Offered)] == [2]


def test_who_comes_back_to_this_line_is_asked_for_before_who_is_sent_to_it_from_a_closed_queue() -> None:
    """Both rang at one who does not answer; one of the queues has closed meanwhile, and its fallback is the other."""
    general = Queue(name="general", hours="office", off_hours=OffHours(then="night"))
    night = Queue(name="night", hours="always", wrap_up_ms=0)
    rules = (Rule(name="bills", when='"bill" in topics', queue="night"), Rule(name="rest", queue="general"))
    running = bundle(queues={"general": general, "night": night}, rules=rules)
    floor = Floor(running, at=MONDAY_MS + 8 * HOUR_MS - 5_000)
    floor.sign_in(1, capacity=20, abilities=(CHAT, EMAIL))
    floor.arrive(1, channel="email", topics=("bill",))
    floor.wait(1)
    floor.arrive(2, channel="email")
    floor.sign_in(2, capacity=10, abilities=(CHAT, EMAIL))
    assert states(floor, 1, 2) == [OFFERED, OFFERED]
    made = floor.wait(MINUTE_MS)
    first = next(event for event in made if isinstance(event, ev.Offered))
    assert (first.conv, first.agent) == (1, 2)
