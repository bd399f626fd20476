"""Every store keeps complaints by this contract."""

from __future__ import annotations

import asyncio

import msgspec

from router.store.port import ComplaintCount, ComplaintFilter, ComplaintWords, Store
from tests.store.complaining import ANY, complain, complaint, linked, step
from tests.store.makers import SITE, caller, proved

WORDS = ComplaintWords(happened="nul \0 ไทย 中文 😀", wish="quote ' \"")


async def test_a_complaint_is_read_as_it_was_recorded(store: Store) -> None:
    made = await store.complaints.record(
        SITE, complaint("c1", words=WORDS), step("c1", words="x"), links=[linked(4), linked(5, "later")]
    )
    assert (made.number, made.version, made.words) == (1, 1, WORDS)
    assert await store.complaints.get(SITE, 1) == made
    assert await store.complaints.get("other", 1) is None
    assert await store.complaints.get(SITE, 2) is None
    (first,) = await store.complaints.steps(SITE, 1, limit=9)
    assert (first.number, first.deed, first.words, first.agent) == (1, "recorded", "x", 7)
    assert [(each.conv, each.role, each.agent) for each in await store.complaints.links(SITE, 1)] == [
        (4, "first", 7),
        (5, "later", 7),
    ]


async def test_a_double_click_records_one(store: Store) -> None:
    both = await asyncio.gather(*(complain(store, "twice") for _ in range(2)))
    assert both[0] == both[1]
    assert len(await store.complaints.steps(SITE, both[0].number, limit=9)) == 1
    assert (await store.complaints.count(SITE, ANY, now_ms=0)).open == 1


async def test_of_two_who_record_one_conversation_alone_at_once_the_second_gets_the_first(store: Store) -> None:
    async def record(command: str, conv: int, *, alone: bool = True) -> str:
        asked = complaint(command), step(command)
        return (await store.complaints.record(SITE, *asked, links=[linked(conv)], alone=alone)).command

    both = await asyncio.gather(*(record(command, 4) for command in ("a", "b")))
    assert both in (["a", "a"], ["b", "b"])
    assert await record(both[0], 4) == both[0]
    assert await record("c", 5) == "c"
    assert await record("d", 4, alone=False) == "d"
    first = await store.complaints.get(SITE, 1)
    assert first is not None
    await store.complaints.change(SITE, msgspec.structs.replace(first, due_ms=0, closed_ms=9), step("close"))
    assert await record("e", 4) == "d", "the other is still open"


async def test_a_change_is_a_step_and_a_version(store: Store) -> None:
    made = await complain(store, "x")
    changed = msgspec.structs.replace(made, stage="acknowledged", owner=3, acknowledged_ms=5)
    done = await store.complaints.change(
        SITE, changed, step("two", deed="acknowledged", agent=3, changes={"stage": ["open", "acknowledged"]})
    )
    assert done.changed
    assert done.complaint == msgspec.structs.replace(changed, version=2)
    _, second = await store.complaints.steps(SITE, made.number, limit=9)
    assert (second.number, second.changes) == (2, {"stage": ["open", "acknowledged"]})
    assert await store.complaints.steps(SITE, made.number, after=1, limit=9) == [second]


async def test_who_comes_second_changes_nothing_and_learns_who_was_faster(store: Store) -> None:
    made = await complain(store, "x")
    mine, theirs = (msgspec.structs.replace(made, owner=owner) for owner in (3, 4))
    first = await store.complaints.change(SITE, mine, step("a", agent=3))
    second = await store.complaints.change(SITE, theirs, step("b", agent=4))
    assert (first.changed, second.changed, second.faster) == (True, False, 3)
    assert second.complaint == first.complaint
    assert len(await store.complaints.steps(SITE, made.number, limit=9)) == 2


async def test_two_at_once_are_one_winner(store: Store) -> None:
    made = await complain(store, "x")
    tries = [
        store.complaints.change(SITE, msgspec.structs.replace(made, owner=owner), step(f"try{owner}", agent=owner))
        for owner in range(1, 6)
    ]
    done = await asyncio.gather(*tries)
    assert sum(each.changed for each in done) == 1
    winner = next(each.complaint.owner for each in done if each.changed)
    assert {each.faster for each in done if not each.changed} == {winner}


async def test_a_known_command_changes_nothing_more(store: Store) -> None:
    made = await complain(store, "x")
    first = await store.complaints.change(SITE, msgspec.structs.replace(made, owner=3), step("a", agent=3))
    again = await store.complaints.change(SITE, msgspec.structs.replace(made, owner=3), step("a", agent=3))
    assert again == first
    assert len(await store.complaints.steps(SITE, made.number, limit=9)) == 2


async def test_what_is_due_next_comes_first_and_goes_on_page_by_page(store: Store) -> None:
    for number, due_ms in enumerate((30, 10, 20, 20), 1):
        await store.complaints.record(SITE, complaint(f"c{number}", due_ms=due_ms), step(f"c{number}"))
    first = await store.complaints.due(SITE, ANY, after=(0, 0), limit=2)
    rest = await store.complaints.due(SITE, ANY, after=(first[-1].due_ms, first[-1].number), limit=9)
    assert [each.number for each in (*first, *rest)] == [2, 3, 4, 1]
    assert {each.words for each in first} == {ComplaintWords()}


async def test_closed_ones_are_listed_apart_the_newest_first(store: Store) -> None:
    for number in range(1, 5):
        given = {"due_ms": 0, "closed_ms": number * 10, "stage": "closed"} if number > 1 else {}
        await store.complaints.record(SITE, complaint(f"c{number}", **given), step(f"c{number}"))
    first = await store.complaints.closed(SITE, ANY, before=(0, 0), limit=2)
    rest = await store.complaints.closed(SITE, ANY, before=(first[-1].closed_ms, first[-1].number), limit=9)
    assert [each.number for each in (*first, *rest)] == [4, 3, 2]
    assert [each.number for each in await store.complaints.due(SITE, ANY, after=(0, 0), limit=9)] == [1]


async def test_each_filter_keeps_what_it_says(store: Store) -> None:
    given = ({"kind": "staff"}, {"severity": "high"}, {"queue": "billing"}, {"owner": 5}, {"stage": "examined"})
    for number, one in enumerate(given, 1):
        await store.complaints.record(SITE, complaint(f"c{number}", **one), step(f"c{number}"))
    for number, one in enumerate(given, 1):
        found = await store.complaints.due(SITE, ComplaintFilter(**one), after=(0, 0), limit=9)  # type: ignore[arg-type]
        assert [each.number for each in found] == [number]
    nobodys = await store.complaints.due(SITE, ComplaintFilter(owner=0), after=(0, 0), limit=9)
    assert [each.number for each in nobodys] == [1, 2, 3, 5]


async def test_who_sees_some_queues_sees_these_and_their_own(store: Store) -> None:
    for number, one in enumerate(({}, {"queue": "billing"}, {"owner": 5}, {"recorder": 5}), 1):
        await store.complaints.record(SITE, complaint(f"c{number}", **one), step(f"c{number}"))
    wanted = ComplaintFilter(queues=["billing"], seer=5)
    found = await store.complaints.due(SITE, wanted, after=(0, 0), limit=9)
    assert [each.number for each in found] == [2, 3, 4]
    nothing = ComplaintFilter(queues=[], seer=6)
    assert await store.complaints.due(SITE, nothing, after=(0, 0), limit=9) == []
    counted = await store.complaints.count(SITE, wanted, now_ms=10_000)
    assert counted == ComplaintCount(open=3, late=3, mine=1, mine_late=1)
    assert await store.complaints.count(SITE, wanted, now_ms=8_999) == ComplaintCount(open=3, mine=1)


async def test_a_merged_person_has_the_complaints_of_both(store: Store) -> None:
    (one,) = await store.archive.meet(SITE, [caller("a", proved("p@x"))], 1)
    (other,) = await store.archive.meet(SITE, [caller("b", proved("q@x"))], 1)
    for number, customer in enumerate((one.customer, other.customer), 1):
        await store.complaints.record(SITE, complaint(f"c{number}", customer=customer), step(f"c{number}"))
    merged = await store.care.merge(SITE, one.customer, other.customer, why="by_hand", agent=1, at=5)
    for customer in (one.customer, other.customer):
        found = await store.complaints.of_person(SITE, customer, limit=9)
        assert [each.number for each in found] == [2, 1]
    await store.care.unmerge(SITE, merged.merge, agent=1, at=6)
    assert [each.number for each in await store.complaints.of_person(SITE, one.customer, limit=9)] == [1]


async def test_conversations_say_what_they_belong_to(store: Store) -> None:
    made = await store.complaints.record(SITE, complaint("c1"), step("c1"), links=[linked(4)])
    await store.complaints.change(SITE, made, step("c2"), links=[linked(5, "later")], unlinked=[4])
    await store.complaints.none_of(SITE, 6, agent=2, at=3)
    await store.complaints.none_of(SITE, 6, agent=2, at=3)
    await store.complaints.none_of(SITE, 5, agent=2, at=3)
    found = await store.complaints.of_conversations(SITE, [4, 5, 6])
    assert [(each.complaint, each.conv, each.role) for each in found] == [(0, 6, "none"), (1, 5, "later")]


async def test_a_link_may_get_another_role(store: Store) -> None:
    made = await store.complaints.record(SITE, complaint("c1"), step("c1"), links=[linked(4)])
    await store.complaints.change(SITE, made, step("c2"), links=[linked(4, "answer")])
    assert [each.role for each in await store.complaints.links(SITE, made.number)] == ["answer"]


async def test_a_period_has_what_was_open_in_it(store: Store) -> None:
    rows = (
        {"opened_ms": 10, "closed_ms": 20, "due_ms": 0},
        {"opened_ms": 10, "closed_ms": 120, "due_ms": 0},
        {"opened_ms": 110, "closed_ms": 900, "due_ms": 0},
        {"opened_ms": 10, "due_ms": 5},
        {"opened_ms": 950, "due_ms": 5},
    )
    for number, one in enumerate(rows, 1):
        await store.complaints.record(SITE, complaint(f"c{number}", **one), step(f"c{number}"))
    found = await store.complaints.between(SITE, since_ms=100, until_ms=200, limit=9)
    assert [each.number for each in found] == [2, 3, 4]


async def test_what_was_written_is_forgotten_and_figures_stay(store: Store) -> None:
    old = await store.complaints.record(
        SITE, complaint("c1", closed_ms=50, due_ms=0, stage="closed", words=WORDS), step("c1", words="x")
    )
    await store.complaints.record(SITE, complaint("c2", closed_ms=90, due_ms=0, words=WORDS), step("c2", words="y"))
    await complain(store, "open")
    assert await store.complaints.forget(SITE, closed_before_ms=60, limit=9) == 1
    assert await store.complaints.forget(SITE, closed_before_ms=60, limit=9) == 0
    found = await store.complaints.get(SITE, old.number)
    assert found == msgspec.structs.replace(old, words=ComplaintWords(), forgotten=True)
    assert [each.words for each in await store.complaints.steps(SITE, old.number, limit=9)] == [""]
    kept = await store.complaints.get(SITE, 2)
    assert kept is not None
    assert kept.words == WORDS
    again = await store.complaints.change(SITE, found, step("again"))
    assert not again.changed
    await store.care.scrub()


async def test_a_person_with_an_open_complaint_is_not_forgotten(store: Store) -> None:
    (met,) = await store.archive.meet(SITE, [caller("a", proved("p@x"))], 1)
    made = await store.complaints.record(
        SITE, complaint("c1", customer=met.customer, words=WORDS), step("c1", words="x")
    )
    begun = await store.care.begin_erase(SITE, met.customer, agent=1, at=5)
    assert (begun.refused, list(begun.open)) == ("complaints_open", ["1"])
    closed = msgspec.structs.replace(made, stage="closed", due_ms=0, closed_ms=9)
    await store.complaints.change(SITE, closed, step("c2", words="y"))
    assert (await store.care.begin_erase(SITE, met.customer, agent=1, at=10)).refused == ""
    found = await store.complaints.get(SITE, made.number)
    assert found is not None
    assert (found.words, found.forgotten, found.closed_ms) == (ComplaintWords(), True, 9)
    assert [each.words for each in await store.complaints.steps(SITE, made.number, limit=9)] == ["", ""]
