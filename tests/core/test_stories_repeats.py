"""Stories of what is said again, restored or remembered: earlier answers, recovery, time."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Made, Refused
from router.core.bundle import HOUR_MS, MINUTE_MS, Queue
from router.core.engine import Engine
from router.core.snapshot import decode_state, encode_state
from router.core.state import MEMORY_MS
from tests.core.floor_plan import Floor, at_work, bundle, desk, names
from tests.core.test_stories_floor import REST_MS
from tests.core.test_stories_outside import CALLS, CONTACTS

FIRE = {"fire": {"en": "We had to leave the house."}}


def one_of_each() -> Floor:
    """Every command once, each deciding something."""
    plain = bundle().queues
    pulled = {**plain, "general": replace(plain["general"], pull="also", related=True)}
    floor = at_work(7, running=bundle(queues=pulled, texts=FIRE, channels=CALLS, contacts=CONTACTS))
    floor.arrive(1)
    floor.accept(1)
    floor.do(cmd.ReportParty(id="party", line=1, party="customer", joined=True))
    floor.do(cmd.HoldLine(id="hold", agent=7, conv=1, on=True))
    floor.do(cmd.Note(id="note", agent=7, conv=1, message=60))
    floor.do(cmd.Reply(id="reply", agent=7, conv=1, message=61))
    floor.do(cmd.ReportDelivery(id="sent", conv=1, message=61, status="sent"))
    floor.do(cmd.LeaveLine(id="leave", line=1))
    floor.do(cmd.Transfer(id="transfer", agent=7, conv=1, queue="general"))
    floor.wait(REST_MS)
    floor.do(cmd.Decline(id="decline", agent=7, conv=1, offer=floor.state.convs[1].offer.id))
    floor.do(cmd.Take(id="take", agent=7, conv=1))
    floor.do(cmd.Park(id="park", agent=7, conv=1, until_ms=floor.at + 1))
    parked = floor.entries[-1].events[0]
    assert isinstance(parked, ev.Parked)
    floor.do(cmd.Wake(id="wake", record=parked.record))
    floor.do(cmd.Close(id="close", agent=7, conv=1))
    floor.do(cmd.ExtendWrapUp(id="a minute more", agent=7, conv=1))
    floor.do(cmd.FinishWrapUp(id="finish", agent=7, conv=1, disposition="solved"))
    floor.do(cmd.Rate(id="rate", conv=1, score=5))
    floor.do(cmd.SendCopy(id="copy", conv=1, of=1, line=99))
    floor.do(cmd.SetAside(id="aside", message=99, reason="bounce"))
    floor.do(cmd.OrderClosure(id="order", queue="night", until_ms=floor.at + HOUR_MS, by=1, reason="drill"))
    ordered(floor)
    called_back(floor)
    handed_out(floor)
    floor.do(cmd.SetPresence(id="break", agent=7, presence="break"))
    floor.do(cmd.DetachDesk(id="detach", agent=7, node="n1", desk="d1"))
    desk(floor, 7)
    floor.do(cmd.NodeLost(id="lost", node="n1"))
    floor.do(cmd.SignOut(id="out", agent=7))
    return floor


def called_back(floor: Floor) -> None:
    """Somebody is called in vain; and an emergency that was none is lifted."""
    for number, until_ms in enumerate((floor.at + HOUR_MS, 0)):
        floor.do(cmd.OrderEmergency(id=f"fire {number}", until_ms=until_ms, notice="fire", by=1, reason="drill"))
    made = floor.arrive(5)
    conv = made[0].conv  # type: ignore[attr-defined]
    floor.do(cmd.RequestCallback(id="call me", conv=conv))
    floor.accept(conv)
    floor.do(cmd.FailCallback(id="in vain", agent=7, conv=conv))


def handed_out(floor: Floor) -> None:
    """Two lines are found to be one customer's; a partner is called in vain, called again and given one of them."""
    made = floor.arrive(8)
    conv = made[0].conv  # type: ignore[attr-defined]
    floor.arrive(9)
    assert floor.do(cmd.Relate(id="relate", lines=(8, 9)))
    floor.accept(conv)
    for again in ("", " again"):
        floor.do(cmd.AskOutside(id=f"ask{again}", agent=7, conv=conv, contact="acme", role="consult"))
        if not again:
            floor.do(cmd.LetOutsideGo(id="let go", agent=7, conv=conv))
    floor.do(cmd.ReportParty(id="acme", line=8, party="outside:acme", joined=True))
    floor.do(cmd.CompleteOutside(id="hand out", agent=7, conv=conv))


def ordered(floor: Floor) -> None:
    """Every order of a supervisor once."""
    order: dict[str, Any] = {"conv": 2, "by": 8, "reason": "asked"}
    floor.arrive(2)
    floor.do(cmd.WithdrawOffer(id="withdraw", **order))
    floor.do(cmd.Reprioritise(id="hurry", priority=3, **order))
    floor.do(cmd.Move(id="move", queue="billing", **order))
    floor.do(cmd.Assign(id="assign", to_agent=7, **order))
    parked = floor.do(cmd.Park(id="later", agent=7, conv=2))[0]
    assert isinstance(parked, ev.Parked)
    later = floor.do(cmd.Replan(id="replan", record=parked.record, by=7, until_ms=floor.at + HOUR_MS))[-1]
    assert isinstance(later, ev.Parked)
    floor.do(cmd.Recall(id="recall", record=later.record, by=8, reason="asked"))
    floor.sign_in(8, abilities=())
    floor.do(cmd.TakeOver(id="take_over", **order))
    floor.do(cmd.JoinAs(id="listen", agent=7, conv=2, role="listen", reason="coaching"))
    floor.do(cmd.LeaveParty(id="enough", agent=7, conv=2))
    floor.do(cmd.Consult(id="consult", agent=8, conv=2, to_agent=7))
    floor.do(cmd.CancelConsult(id="cancel", agent=8, conv=2, to_agent=7))
    floor.do(cmd.Consult(id="again", agent=8, conv=2, to_agent=7))
    floor.do(cmd.JoinConsult(id="join", agent=7, conv=2))
    floor.do(cmd.CompleteConsult(id="complete", agent=8, conv=2, to_agent=7))
    floor.do(cmd.Close(id="over", agent=7, conv=2, disposition="solved"))
    last = floor.arrive(2)[0].conv  # type: ignore[attr-defined]
    floor.do(cmd.End(id="end", **order | {"conv": last}))
    promised = floor.arrive(3)[0].conv  # type: ignore[attr-defined]
    floor.do(cmd.Assign(id="promise", to_agent=7, forced=True, **order | {"conv": promised}))
    parked = floor.do(cmd.Park(id="promised", agent=7, conv=promised, until_ms=floor.at + HOUR_MS))[0]
    assert isinstance(parked, ev.Parked)
    floor.do(cmd.Settle(id="settle", record=parked.record, by=7, disposition="solved"))


def test_every_command_said_again_gets_the_earlier_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[cmd.Command] = []
    ask = Floor.ask
    monkeypatch.setattr(Floor, "ask", lambda self, command: (told.append(command), ask(self, command))[1])
    floor = one_of_each()
    kinds = {type(command) for command in told}
    assert kinds == {each for each in vars(cmd).values() if _is_decided(each)}
    before = encode_state(floor.state)
    for command in told:
        assert floor.engine.handle(command, floor.at) == Made(floor.state.answers[command.id].position, None)
    assert encode_state(floor.state) == before


def _is_decided(each: object) -> bool:
    return isinstance(each, type) and issubclass(each, cmd.Command) and each not in {cmd.Command, cmd.Tick}


def test_a_refused_command_is_decided_anew_when_it_comes_again() -> None:
    floor = Floor()
    command = cmd.SetPresence(id="once", agent=7, presence="available")
    assert floor.ask(command) == Refused("agent_unknown")
    floor.sign_in(7)
    assert names(floor.do(command)) == ["PresenceSet"]


def test_answers_are_remembered_for_ten_minutes_and_no_longer() -> None:
    floor = Floor()
    floor.sign_in(7)
    first = cmd.SetPresence(id="once", agent=7, presence="break")
    floor.do(first)
    floor.wait(MEMORY_MS)
    floor.do(cmd.SetPresence(id="later", agent=7, presence="available"))
    assert floor.do(first) == []
    floor.wait(1)
    floor.do(cmd.SetPresence(id="later still", agent=7, presence="available"))
    assert "once" not in floor.state.answers


def test_a_floor_restored_in_the_middle_goes_on_in_the_same_way() -> None:
    floor = at_work(7, 8, capacity=25)
    for line in range(1, 6):
        floor.arrive(line)
    floor.accept(1)
    twin = Engine(decode_state(encode_state(floor.state), floor.engine.bundles), dict(floor.engine.bundles))
    for at in range(floor.at, floor.at + 3 * HOUR_MS, MINUTE_MS):
        assert floor.engine.tick(at) == twin.tick(at)
    assert encode_state(floor.state) == encode_state(twin.state)


def test_journal_time_never_goes_back() -> None:
    floor = Floor()
    floor.arrive(1)
    floor.at -= HOUR_MS
    floor.arrive(2)
    assert floor.entries[-1].at == floor.entries[-2].at


def test_a_replica_that_never_fires_does_not_collect_dead_deadlines() -> None:
    floor = at_work(7)
    floor.arrive(1)
    floor.accept(1)
    for message in range(20_000):
        floor.do(cmd.Reply(id=f"r{message}", agent=7, conv=1, message=message))
    assert len(floor.state.deadlines.heap) < 5_000


def test_a_tick_works_off_a_slice_and_comes_again_for_the_rest() -> None:
    floor = Floor()
    for line in range(1, 301):
        floor.arrive(line)
    floor.at += HOUR_MS
    slices = []
    while 0 < floor.engine.next_due_ms() <= floor.at:
        entry = floor.engine.tick(floor.at)
        slices.append(len(entry.events) if entry else 0)
    assert slices == [64, 64, 64, 64, 44]


def test_a_queue_without_a_rest_asks_the_same_agent_again() -> None:
    floor = Floor(bundle(queues={**bundle().queues, "general": Queue(name="general", hours="office", rest_ms=0)}))
    floor.sign_in(7)
    floor.arrive(1)
    offer = floor.state.convs[1].offer
    made = floor.do(cmd.Decline(id="d", agent=7, conv=1, offer=offer.id))
    assert names(made) == ["Declined", "Queued", "Offered"]
