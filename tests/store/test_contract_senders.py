"""Every store keeps marks on senders and histories of customers by this contract."""

from __future__ import annotations

from router.store.port import Dealing, KnownLine, NewMark, Store
from tests.store.makers import SITE, caller, commit, conversation, lead, proved


def mark(value: str, *, kind: str = "email", mark: str = "blocked", until_ms: int = 0) -> NewMark:
    return NewMark(kind=kind, value=value, mark=mark, reason="abuse", agent=9, until_ms=until_ms)


async def test_a_marked_sender_is_found_and_nobody_else(store: Store) -> None:
    await store.senders.mark(SITE, [mark("a@x"), mark("b@x", mark="test")], at=1_000)
    asked = [("email", "a@x"), ("email", "c@x"), ("phone", "a@x"), ("email", "b@x")]
    assert await store.senders.of(SITE, asked, now_ms=2_000) == {0: "blocked", 3: "test"}
    assert await store.senders.of("other", asked, now_ms=2_000) == {}
    assert await store.senders.of(SITE, [], now_ms=2_000) == {}


async def test_a_mark_that_has_expired_is_none(store: Store) -> None:
    await store.senders.mark(SITE, [mark("a@x", until_ms=5_000)], at=1_000)
    assert await store.senders.of(SITE, [("email", "a@x")], now_ms=4_999) == {0: "blocked"}
    assert await store.senders.of(SITE, [("email", "a@x")], now_ms=5_000) == {}
    assert await store.senders.marks(SITE, after=0, limit=10, now_ms=5_000) == []


async def test_a_second_mark_takes_the_place_of_the_first(store: Store) -> None:
    (first,) = await store.senders.mark(SITE, [mark("a@x")], at=1_000)
    assert await store.senders.mark(SITE, [mark("a@x", mark="test", until_ms=9_000)], at=2_000) == [first]
    (found,) = await store.senders.marks(SITE, after=0, limit=10, now_ms=2_000)
    assert (found.id, found.kind, found.value, found.mark) == (first, "email", "a@x", "test")
    assert (found.reason, found.agent, found.created_ms, found.until_ms) == ("abuse", 9, 2_000, 9_000)


async def test_a_mark_is_taken_away_once(store: Store) -> None:
    (number,) = await store.senders.mark(SITE, [mark("a@x")], at=1_000)
    assert not await store.senders.unmark("other", number)
    assert await store.senders.unmark(SITE, number)
    assert not await store.senders.unmark(SITE, number)
    assert await store.senders.of(SITE, [("email", "a@x")], now_ms=2_000) == {}


async def test_marks_are_listed_page_by_page(store: Store) -> None:
    await store.senders.mark(SITE, [mark(f"{number}@x") for number in range(5)], at=1_000)
    first = await store.senders.marks(SITE, after=0, limit=3, now_ms=1_000)
    rest = await store.senders.marks(SITE, after=first[-1].id, limit=3, now_ms=1_000)
    assert [each.value for each in (*first, *rest)] == [f"{number}@x" for number in range(5)]


async def test_a_customers_history_has_lines_and_conversations_newest_first(store: Store) -> None:
    await lead(store)
    (first,) = await store.archive.meet(SITE, [caller("a", proved("p@x"))], 1_000)
    (second,) = await store.archive.meet(SITE, [caller("b", proved("p@x"), channel="email", peer="")], 1_000)
    rows = [
        conversation(1, "closed", customer=first.customer, owner=7, opened_ms=100, changed_ms=200, closed_ms=200),
        conversation(2, "active", customer=first.customer, owner=8, opened_ms=300, changed_ms=400),
    ]
    await commit(store, conversations=rows)
    (found,) = await store.archive.histories(SITE, [first.customer, 99], limit=10)
    assert (found.customer, found.attributes) == (first.customer, {})
    assert found.lines == [
        KnownLine(id=second.line, channel="email", reachable=False),
        KnownLine(id=first.line, channel="chat", reachable=True),
    ]
    assert found.dealings == [
        Dealing(owner=8, changed_ms=400, opened_ms=300, ended=False),
        Dealing(owner=7, changed_ms=200, opened_ms=100, ended=True),
    ]


async def test_who_cares_for_a_customer_is_kept_and_taken_away(store: Store) -> None:
    (met,) = await store.archive.meet(SITE, [caller("a")], 1_000)
    assert await store.archive.give_care(SITE, met.customer, {"named_agent": "7", "team": "gold"})
    (found,) = await store.archive.histories(SITE, [met.customer], limit=10)
    assert found.attributes == {"named_agent": "7", "team": "gold"}
    assert await store.archive.give_care(SITE, met.customer, {"named_agent": None})
    (found,) = await store.archive.histories(SITE, [met.customer], limit=10)
    assert found.attributes == {"team": "gold"}
    assert not await store.archive.give_care(SITE, 99, {"team": "gold"})


async def test_what_somebody_else_has_changed_meanwhile_is_not_written_over(store: Store) -> None:
    (met,) = await store.archive.meet(SITE, [caller("a")], 1_000)
    give = store.archive.give_care
    assert await give(SITE, met.customer, {"tags": "one"}, was={"tags": ""})
    assert not await give(SITE, met.customer, {"tags": "two"}, was={"tags": ""})
    assert await give(SITE, met.customer, {"tags": None}, was={"tags": "one"})
    assert not await give(SITE, met.customer, {"tags": None}, was={"tags": "one"})
    (found,) = await store.archive.histories(SITE, [met.customer], limit=10)
    assert found.attributes == {}
