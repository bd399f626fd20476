"""Stories of queues that are too much for their customers: full, slow, nobody there; one sentence each."""

from __future__ import annotations

from typing import Any

from router.core import commands as cmd
from router.core import events as ev
from router.core.bundle import HOUR_MS, MINUTE_MS, SECOND_MS, OffHours, Overflow, Queue
from router.core.decide.overflow import HOPS_MAX
from router.core.lifecycle import DEFERRED, OFFERED, WAITING
from tests.core.floor_plan import ABILITIES, MONDAY_MS, Floor, bundle, desk, names

CHAT_ONLY = (("channel:chat", 1),)


def floor_with(*rules: Overflow, **others: Queue) -> Floor:
    """Return a floor whose general queue has these ways out; `spare` is another open queue with a skill of its own."""
    plain = bundle()
    general = Queue(name="general", hours="office", overflow=rules, off_hours=OffHours(then="night"))
    spare = Queue(name="spare", hours="office", skills={"thai": 1})
    queues = {**plain.queues, "general": general, "spare": spare, **others}
    return Floor(bundle(queues=queues, texts={"voicemail": {"en": "Speak."}, "moved": {"en": "Elsewhere."}}))


def of(kind: type[Any], events: list[ev.Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def busy(floor: Floor, agent: int = 7, abilities: Any = ABILITIES) -> None:
    """Somebody able is signed in and takes nothing."""
    floor.sign_in(agent, abilities=abilities)
    floor.do(cmd.SetPresence(id=floor.id(), agent=agent, presence="break"))


FULL = Overflow(when="full", waiting_max=2, to="spare", notice="moved")
SLOW = Overflow(when="slow", after_ms=3 * MINUTE_MS, to="spare")
NOBODY = Overflow(when="nobody", after_ms=30 * SECOND_MS, to="spare")


def test_who_comes_to_a_full_queue_goes_to_another_in_the_old_place_and_is_told() -> None:
    floor = floor_with(FULL)
    busy(floor)
    assert [names(floor.arrive(line))[-1] for line in (1, 2)] == ["Queued", "Queued"]
    made = floor.arrive(3)
    moved = of(ev.Overflowed, made)[0]
    assert (moved.from_queue, moved.why, moved.waiting) == ("general", "overflow_full", 3)
    assert of(ev.Announced, made)[0].notice == "moved"
    assert of(ev.Queued, made)[-1].why == "overflow_full"
    conv = floor.state.convs[3]
    assert (conv.queue, conv.key_ms, conv.state) == ("spare", floor.at, WAITING)
    assert [floor.state.convs[number].queue for number in (1, 2)] == ["general", "general"]


def test_a_full_queue_sends_nobody_on_whom_somebody_takes_at_once() -> None:
    floor = floor_with(Overflow(when="full", waiting_max=0, to="spare"))
    floor.sign_in(7)
    desk(floor, 7)
    assert of(ev.Overflowed, floor.arrive(1)) == []
    assert floor.state.convs[1].state == OFFERED


def test_who_is_put_back_into_a_full_queue_keeps_their_place_there() -> None:
    floor = floor_with(FULL)
    floor.sign_in(7, capacity=25)
    for line in (1, 2, 3):
        floor.arrive(line)
    floor.wait(SECOND_MS)
    offer = floor.state.convs[1].offer
    made = floor.do(cmd.Decline(id=floor.id(), agent=7, conv=1, offer=offer.id))
    assert of(ev.Overflowed, made) == []
    assert floor.state.convs[1].queue == "general"


def test_who_has_waited_too_long_goes_to_another_queue() -> None:
    floor = floor_with(SLOW)
    busy(floor)
    floor.arrive(1)
    assert of(ev.Overflowed, floor.wait(3 * MINUTE_MS - 1)) == []
    moved = of(ev.Overflowed, floor.wait(1))[0]
    assert (moved.why, moved.wait_ms) == ("overflow_slow", 3 * MINUTE_MS)
    assert floor.state.convs[1].queue == "spare"


def test_who_would_have_to_wait_too_long_by_the_pace_of_the_queue_goes_at_once() -> None:
    floor = floor_with(SLOW)
    floor.sign_in(7, capacity=25)
    for line in range(1, 5):
        floor.arrive(line)
        floor.accept(floor.state.convs[line].id)
        floor.wait(MINUTE_MS)
        floor.do(cmd.Close(id=floor.id(), agent=7, conv=line, disposition="solved"))
    for line in range(5, 9):
        floor.arrive(line)
    made = floor.arrive(9)
    moved = of(ev.Overflowed, made)[0]
    assert moved.why == "overflow_slow"
    assert moved.waiting == 4
    assert moved.wait_ms == 4 * (4 * MINUTE_MS) // 4 > 3 * MINUTE_MS


def test_without_a_pace_the_age_of_the_first_in_line_says_how_slow_it_is() -> None:
    floor = floor_with(SLOW, spare=Queue(name="spare", hours="always"))
    busy(floor, abilities=CHAT_ONLY)
    floor.do(cmd.OrderClosure(id="shut", queue="spare", until_ms=floor.at + HOUR_MS, by=1, reason="drill"))
    floor.arrive(1)
    floor.wait(4 * MINUTE_MS)
    floor.do(cmd.OrderClosure(id="open", queue="spare", until_ms=0, by=1, reason="drill"))
    moved = of(ev.Overflowed, floor.arrive(2))[0]
    assert (moved.why, moved.wait_ms) == ("overflow_slow", 4 * MINUTE_MS)


EMPTY = Queue(name="general", hours="office", skills={"billing": 3}, overflow=(NOBODY,))
OPEN_TO_ALL = Queue(name="spare", hours="office")


def test_where_nobody_signed_in_can_serve_it_goes_where_somebody_can() -> None:
    floor = floor_with(general=EMPTY, spare=OPEN_TO_ALL)
    busy(floor, abilities=CHAT_ONLY)
    floor.arrive(1)
    assert of(ev.Overflowed, floor.wait(30 * SECOND_MS))[0].why == "overflow_nobody"


def test_it_stays_while_nobody_is_there_either_and_goes_when_somebody_is() -> None:
    floor = floor_with(general=EMPTY, spare=OPEN_TO_ALL)
    floor.arrive(1)
    assert names(floor.wait(10 * MINUTE_MS)) == ["LookedAt"] * 3
    busy(floor, abilities=CHAT_ONLY)
    assert names(floor.wait(5 * MINUTE_MS)) == ["ClassFormed", "Overflowed", "Queued"]


def test_who_is_looked_at_again_and_again_is_still_said_aloud_each_hour() -> None:
    floor = floor_with(general=EMPTY, spare=OPEN_TO_ALL)
    floor.arrive(1)
    said = of(ev.Reminded, floor.wait(2 * HOUR_MS + MINUTE_MS))
    assert [reminder.why for reminder in said] == ["waiting_long", "waiting_long"]


def test_nobody_is_sent_to_a_closed_queue() -> None:
    floor = floor_with(general=EMPTY, spare=OPEN_TO_ALL)
    busy(floor, abilities=CHAT_ONLY)
    floor.do(cmd.OrderClosure(id="shut", queue="spare", until_ms=floor.at + HOUR_MS, by=1, reason="drill"))
    floor.arrive(1)
    assert of(ev.Overflowed, floor.wait(10 * MINUTE_MS)) == []


def test_nobody_is_sent_to_a_queue_that_is_full_itself() -> None:
    full = Queue(name="spare", hours="office", overflow=(Overflow(when="full", waiting_max=1, to="night"),))
    floor = floor_with(FULL, spare=full)
    busy(floor)
    for line in range(1, 6):
        floor.arrive(line)
    assert [floor.state.convs[number].queue for number in range(1, 6)] == ["general"] * 2 + ["spare"] + ["general"] * 2


def test_nobody_goes_twice_through_a_queue() -> None:
    back = Queue(name="spare", hours="office", overflow=(Overflow(when="slow", after_ms=MINUTE_MS, to="general"),))
    floor = floor_with(SLOW, spare=back)
    busy(floor)
    floor.arrive(1)
    made = of(ev.Overflowed, floor.wait(2 * HOUR_MS))
    assert [event.from_queue for event in made] == ["general"]


def test_the_number_of_queues_that_one_is_sent_through_is_bounded() -> None:
    hops = {
        f"q{number}": Queue(
            name=f"q{number}",
            hours="office",
            overflow=(Overflow(when="slow", after_ms=MINUTE_MS, to=f"q{number + 1}"),),
        )
        for number in range(1, 9)
    }
    last = Queue(name="q9", hours="office")
    floor = floor_with(Overflow(when="slow", after_ms=MINUTE_MS, to="q1"), q9=last, **hops)
    busy(floor)
    floor.arrive(1)
    assert len(of(ev.Overflowed, floor.wait(2 * HOUR_MS))) == HOPS_MAX
    assert floor.state.convs[1].queue == f"q{HOPS_MAX}"


def test_where_the_first_queue_keeps_it_too_its_people_may_still_take_it() -> None:
    floor = floor_with(Overflow(when="slow", after_ms=MINUTE_MS, to="spare", keep=True))
    busy(floor, agent=8, abilities=(("channel:chat", 1), ("skill:thai", 1)))
    floor.arrive(1)
    floor.wait(MINUTE_MS)
    assert floor.state.convs[1].queue == "spare"
    floor.sign_in(7, abilities=CHAT_ONLY)
    assert floor.state.convs[1].offer.agent == 7


def test_only_the_named_channels_overflow() -> None:
    floor = floor_with(Overflow(when="slow", after_ms=MINUTE_MS, to="spare", channels=("email",)))
    busy(floor)
    floor.arrive(1)
    floor.arrive(2, channel="email")
    floor.wait(MINUTE_MS)
    assert [floor.state.convs[number].queue for number in (1, 2)] == ["general", "spare"]


VOICEMAIL = Overflow(when="slow", after_ms=MINUTE_MS, way="voicemail", notice="voicemail")


def test_who_may_leave_a_message_instead_is_told_once_stays_in_line_and_gives_nothing_up() -> None:
    floor = floor_with(VOICEMAIL)
    busy(floor)
    floor.arrive(1)
    made = floor.wait(50 * MINUTE_MS)
    assert names(made) == ["OverflowTold", "Announced", "LookedAt"]
    assert (made[0].way, made[0].kept, made[1].notice) == ("voicemail", "voicemail", "voicemail")
    left = floor.do(cmd.LeaveLine(id="bye", line=1))
    assert names(left) == ["CustomerLeft"]
    assert floor.state.convs[1].state == WAITING


def test_a_notice_changes_nothing_but_what_the_customer_knows() -> None:
    floor = floor_with(Overflow(when="full", waiting_max=0, way="notice", notice="moved"))
    busy(floor)
    made = floor.arrive(1)
    assert of(ev.Announced, made)[0].notice == "moved"
    assert names(floor.do(cmd.LeaveLine(id="bye", line=1))) == ["Abandoned"]


def test_who_was_answered_begins_anew_when_their_owner_has_gone() -> None:
    floor = floor_with(VOICEMAIL)
    floor.sign_in(7)
    desk(floor, 7)
    floor.arrive(1)
    floor.accept(1)
    floor.do(cmd.SignOut(id="out", agent=7, forced=True))
    busy(floor, agent=8)
    assert len(of(ev.OverflowTold, floor.wait(5 * MINUTE_MS))) == 1


def test_a_queue_that_closes_keeps_what_had_overflowed_to_it() -> None:
    floor = floor_with(FULL)
    busy(floor)
    for line in (1, 2, 3):
        floor.arrive(line)
    floor.wait(MONDAY_MS + 9 * HOUR_MS - floor.at)
    assert floor.state.convs[3].state == DEFERRED
    assert floor.state.convs[3].queue == "spare"


def test_whom_a_supervisor_moves_back_into_a_queue_that_sent_them_on_stays_there() -> None:
    floor = floor_with(SLOW)
    busy(floor)
    floor.arrive(1)
    floor.wait(3 * MINUTE_MS)
    assert floor.state.convs[1].queue == "spare"
    floor.do(cmd.Move(id="m", conv=1, queue="general", by=9, reason="asked"))
    made = floor.wait(2 * HOUR_MS)
    assert of(ev.Overflowed, made) == []
    conv = floor.state.convs[1]
    assert (conv.queue, conv.state, conv.relief.passed) == ("general", WAITING, ("general",))
    assert of(ev.Reminded, made), "nobody is forgotten there either"
