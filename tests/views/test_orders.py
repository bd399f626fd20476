"""Orders: every order of a supervisor stands in the list with who and why, newest first, and nothing else does."""

from __future__ import annotations

from router.core import commands as cmd
from router.core import events as ev
from router.views.keeper import numbered
from router.views.orders import ORDERS_VIEW, TABLE, Order
from tests.core.floor_plan import Floor, at_work
from tests.views.watching import folded, of_world, rows_of, walked

BOSS = 90


def orders(floor: Floor) -> list[Order]:
    made = rows_of(folded(ORDERS_VIEW, [numbered(1, floor.entries)]), TABLE)
    return [row for row in made if isinstance(row, Order)]


def test_an_order_about_a_conversation_names_it_and_its_figure() -> None:
    floor = at_work(1)
    floor.arrive(1)
    floor.do(cmd.Reprioritise(id="p", conv=1, priority=5, by=BOSS, reason="vip"))
    (order,) = orders(floor)
    assert (order.by, order.deed, order.why, order.conv, order.figure) == (BOSS, "reprioritise", "vip", 1, 5)
    assert order.at == floor.at


def test_an_order_about_a_person_names_them() -> None:
    floor = at_work(1)
    floor.do(cmd.SetPresence(id="b", agent=1, presence="break", by=BOSS, reason="forgot"))
    floor.do(cmd.SignOut(id="s", agent=1, why="went_home", forced=True, by=BOSS))
    assert sorted((each.deed, each.why, each.agent) for each in orders(floor)) == [
        ("presence", "forgot", 1),
        ("sign_out", "went_home", 1),
    ]


def test_a_closure_and_its_lifting_are_orders_and_its_expiry_is_none() -> None:
    floor = at_work(1)
    until_ms = floor.at + 60_000
    floor.do(cmd.OrderClosure(id="c", queue="night", until_ms=until_ms, by=BOSS, reason="drill"))
    floor.do(cmd.OrderClosure(id="d", queue="night", until_ms=0, by=BOSS, reason="over"))
    floor.do(cmd.OrderClosure(id="e", queue="night", until_ms=until_ms, by=BOSS, reason="again"))
    floor.wait(60_000)
    found = [(each.deed, each.why, each.queue, each.figure) for each in sorted(orders(floor), key=lambda o: o.number)]
    assert found == [
        ("close_queue", "again", "night", until_ms),
        ("reopen_queue", "over", "night", 0),
        ("close_queue", "drill", "night", until_ms),
    ]


def test_what_agents_do_themselves_is_no_order() -> None:
    floor = at_work(1)
    floor.arrive(1)
    floor.accept(1)
    floor.do(cmd.SetPresence(id="b", agent=1, presence="break"))
    floor.do(cmd.SignOut(id="s", agent=1, forced=True))
    assert orders(floor) == []


def test_random_floors_list_each_order_once() -> None:
    for seed in range(8):
        world = walked(seed)
        said = [
            event
            for entry in world.entries
            for event in entry.events
            if isinstance(event, ev.Ordered | ev.Directed) or (isinstance(event, ev.ClosureOrdered) and event.by)
        ]
        rows = rows_of(folded(ORDERS_VIEW, [of_world(world)]), TABLE)
        assert len(rows) == len(said)
