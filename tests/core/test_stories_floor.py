"""Stories of the floor itself: leaders and gaps, desks and nodes, new configurations."""

from __future__ import annotations

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Refused
from router.core.bundle import HOUR_MS, Presence, Rule
from router.core.lifecycle import ACTIVE, OFFERED
from tests.core.floor_plan import ABILITIES, Floor, at_work, bundle, desk, names

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
