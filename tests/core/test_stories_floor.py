"""Stories of the floor itself: leaders and gaps, desks and nodes, new configurations, repeats."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Made, Refused
from router.core.bundle import HOUR_MS, MINUTE_MS, Presence, Queue, Rule
from router.core.engine import Engine
from router.core.lifecycle import ACTIVE, OFFERED
from router.core.snapshot import decode_state, encode_state
from router.core.state import MEMORY_MS
from tests.core.floor_plan import ABILITIES, Floor, at_work, bundle, desk, names
from tests.core.test_stories_outside import CALLS, CONTACTS

OFFER_MS, WRAP_UP_MS, GRACE_MS, REST_MS = 20_000, 60_000, 60_000, 30_000


def lead(floor: Floor, gap_ms: int) -> list[ev.Event]:
    """A leader takes over after a gap."""
    floor.at += gap_ms
    return floor.do(cmd.TakeLead(id=floor.id(), epoch=floor.state.epoch + 1, gap_ms=gap_ms, release="test"))


def gone(floor: Floor, agent: int, node: str = "n1", name: str = "d1") -> list[ev.Event]:
    return floor.do(cmd.DetachDesk(id=floor.id(), agent=agent, node=node, desk=name))


# --- leadership ---------------------------------------------------------------------------------------------


def test_nobody_is_not_responding_because_nobody_led() -> None:
    floor = at_work(7)
    floor.arrive(1)
    lead(floor, HOUR_MS)
    desk(floor, 7)
    assert floor.wait(OFFER_MS - 1) == []
    assert floor.state.convs[1].state == OFFERED
    assert names(floor.wait(1)) == ["OfferLapsed", "PresenceSet", "Queued"]


def test_an_offer_that_no_desk_could_ring_for_is_taken_back_without_blame() -> None:
    floor = at_work(7)
    floor.arrive(1)
    lead(floor, HOUR_MS)
    assert names(floor.wait(OFFER_MS)) == ["OfferWithdrawn", "Queued"]
    assert floor.state.agents[7].presence == "available"
    assert names(desk(floor, 7)) == ["DeskAttached", "Offered"]


def test_promises_between_us_and_agents_move_on_by_the_gap() -> None:
    floor = at_work(7, 8, capacity=25)
    floor.arrive(1)
    floor.accept(1)
    floor.do(cmd.Close(id="x", agent=7, conv=1))
    floor.arrive(2)
    offer = floor.state.convs[2].offer
    floor.do(cmd.Decline(id="d", agent=8, conv=2, offer=offer.id))
    before = floor.at
    lead(floor, HOUR_MS)
    assert floor.state.convs[1].due_ms == before + WRAP_UP_MS + HOUR_MS
    assert floor.state.convs[2].resting == {8: before + REST_MS + HOUR_MS}


def test_promises_to_customers_do_not_move() -> None:
    floor = Floor()
    floor.arrive(1)
    conv = floor.state.convs[1]
    due_ms, key_ms = conv.due_ms, conv.key_ms
    lead(floor, HOUR_MS - 1)
    assert (conv.due_ms, conv.key_ms) == (due_ms, key_ms)
    assert names(floor.wait(1)) == ["Reminded"]


def test_every_desk_gets_its_grace_anew_and_no_offer_before_it_is_back() -> None:
    floor = at_work(7)
    gone(floor, 7)
    floor.wait(GRACE_MS - 1)
    lead(floor, 0)
    floor.arrive(1)
    assert floor.wait(GRACE_MS - 1) == []
    assert names(desk(floor, 7)) == ["DeskAttached", "Offered"]


# --- desks and nodes ----------------------------------------------------------------------------------------


def test_a_lost_desk_gives_its_offers_back_at_once() -> None:
    floor = at_work(7, 8)
    floor.arrive(1)
    assert names(gone(floor, 7)) == ["OfferWithdrawn", "DeskDetached", "Queued", "Offered"]
    assert floor.state.convs[1].offer.agent == 8


def test_a_desk_that_is_back_within_the_grace_changes_nothing() -> None:
    floor = at_work(7)
    floor.arrive(1)
    floor.accept(1)
    gone(floor, 7)
    floor.wait(GRACE_MS - 1)
    desk(floor, 7)
    assert floor.wait(GRACE_MS) == []
    assert floor.state.convs[1].owner == 7


def test_a_second_desk_keeps_the_agent_there() -> None:
    floor = at_work(7)
    desk(floor, 7, name="d2")
    gone(floor, 7)
    assert floor.state.agents[7].available


def test_after_the_grace_the_agent_is_gone_and_their_chats_are_queued() -> None:
    floor = at_work(7, 8)
    floor.arrive(1)
    floor.accept(1)
    gone(floor, 7)
    assert names(floor.wait(GRACE_MS)) == ["SignedOut", "Queued", "Offered"]
    assert floor.state.convs[1].offer.agent == 8


def test_after_the_grace_what_waits_for_its_customer_is_parked_and_a_wrap_up_is_over() -> None:
    floor = at_work(7)
    floor.arrive(1, channel="email")
    floor.accept(1)
    floor.do(cmd.Reply(id="r", agent=7, conv=1, message=4))
    floor.arrive(2)
    floor.accept(2)
    floor.do(cmd.Close(id="x", agent=7, conv=2))
    gone(floor, 7)
    made = floor.wait(GRACE_MS)
    assert sorted(names(made)) == ["Closed", "Parked", "SignedOut"]
    assert floor.state.convs == {}


def test_a_lost_node_takes_every_desk_it_held_and_offers_nothing_to_those() -> None:
    floor = at_work(7, 8)
    floor.sign_in(9)
    desk(floor, 9, node="n2")
    floor.arrive(1)
    made = floor.do(cmd.NodeLost(id="n", node="n1"))
    assert names(made) == ["OfferWithdrawn", "DeskDetached", "DeskDetached", "Queued", "Offered"]
    assert floor.state.convs[1].offer.agent == 9


# --- presence and the end of work ---------------------------------------------------------------------------


def test_going_on_a_break_gives_offers_back_and_keeps_what_was_begun() -> None:
    floor = at_work(7)
    floor.arrive(1)
    floor.accept(1)
    floor.arrive(2)
    made = floor.do(cmd.SetPresence(id="b", agent=7, presence="break"))
    assert names(made) == ["OfferWithdrawn", "PresenceSet", "Queued"]
    assert floor.state.convs[1].state == ACTIVE
    floor.arrive(3)
    back = floor.do(cmd.SetPresence(id="a", agent=7, presence="available"))
    assert names(back) == ["PresenceSet", "Offered", "Offered"]


def test_signing_out_is_refused_while_somebody_is_on_the_line() -> None:
    floor = at_work(7)
    floor.arrive(1)
    floor.accept(1)
    assert floor.ask(cmd.SignOut(id="o", agent=7)) == Refused("live_work_open")
    assert names(floor.do(cmd.SignOut(id="f", agent=7, forced=True))) == ["SignedOut", "Queued"]


def test_mails_do_not_keep_anybody_at_work() -> None:
    floor = at_work(7)
    floor.arrive(1, channel="email")
    floor.accept(1)
    assert names(floor.do(cmd.SignOut(id="o", agent=7))) == ["SignedOut", "Queued"]


def test_new_abilities_hold_at_once() -> None:
    floor = Floor()
    floor.sign_in(7, abilities=(("channel:chat", 1),))
    floor.arrive(1, topics=("bill",))
    assert names(floor.sign_in(7, abilities=ABILITIES)) == ["SignedIn", "Offered"]
    assert floor.do(cmd.SignIn(id="same", agent=7, abilities=ABILITIES, capacity=100)) == []


# --- configuration ------------------------------------------------------------------------------------------


def test_a_new_configuration_moves_what_rules_placed_and_keeps_the_places() -> None:
    floor = Floor()
    for line in (1, 2, 3):
        floor.arrive(line)
        floor.wait(1_000)
    floor.arrive(4, topics=("bill",))
    rules = (Rule(name="all", queue="billing"),)
    floor.do(cmd.ApplyConfig(id="b2", hash="b2", bundle=bundle(rules=rules), proposer="n1"))
    floor.wait(1)
    assert [conv.id for conv in floor.state.matching.in_order("billing")] == [1, 2, 3, 4]
    assert {conv.rule for conv in floor.state.convs.values()} <= {"all", "bills"}


def test_what_an_agent_transferred_is_not_moved_by_a_rule() -> None:
    floor = at_work(7, capacity=25)
    floor.arrive(1)
    floor.accept(1)
    floor.do(cmd.SetPresence(id="b", agent=7, presence="break"))
    floor.do(cmd.Transfer(id="t", agent=7, conv=1, queue="billing"))
    floor.do(cmd.ApplyConfig(id="b2", hash="b2", bundle=bundle(grace_ms=1)))
    floor.wait(1)
    assert floor.state.convs[1].queue == "billing"


def test_a_review_goes_in_slices_so_that_people_get_their_turn() -> None:
    floor = Floor()
    for line in range(1, 451):
        floor.arrive(line)
    floor.do(cmd.ApplyConfig(id="b2", hash="b2", bundle=bundle(rules=(Rule(name="all", queue="billing"),))))
    slices = []
    while floor.state.review or floor.state.is_examining:
        entry = floor.engine.tick(floor.at)
        assert entry is not None
        slices.extend(event.count for event in entry.events if isinstance(event, ev.Reviewed))
    assert slices == [100, 100, 100, 100, 50]
    assert [conv.id for conv in floor.state.matching.in_order()] == list(range(1, 451))


def test_the_running_configuration_applied_again_changes_nothing() -> None:
    floor = Floor()
    assert floor.do(cmd.ApplyConfig(id="again", hash="b1", bundle=bundle())) == []


def test_an_agent_starts_in_a_presence_that_accepts_where_there_is_one() -> None:
    away = {"break": Presence(name="break", accepts=False)}
    floor = Floor(bundle(presences=away))
    floor.sign_in(7)
    assert (floor.state.agents[7].presence, floor.state.agents[7].accepts) == ("break", False)
    other = Floor()
    other.do(cmd.SignIn(id="s", agent=7, abilities=ABILITIES, capacity=100, presence="break"))
    assert other.state.agents[7].presence == "break"


# --- repeats, recovery, memory ------------------------------------------------------------------------------


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
