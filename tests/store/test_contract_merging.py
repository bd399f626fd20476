"""Every store keeps who is one person with whom by this contract: merged and parted in any order, nothing lost."""

from __future__ import annotations

import asyncio
import random

from router.store.persons import PERSON_CUSTOMERS_MAX
from router.store.port import Caller, Met, Store
from tests.store.makers import SITE, body, caller, commit, conversation, lead, proved, row, typed


async def meet(store: Store, *callers: Caller, at: int = 1_000) -> list[Met]:
    return await store.archive.meet(SITE, callers, at)


async def merged(store: Store, one: int, other: int) -> int:
    made = await store.care.merge(SITE, one, other, why="by_hand", agent=7, at=2_000)
    assert made.refused == ""
    return made.merge


async def person(store: Store, customer: int) -> int:
    found = await store.archive.customer(SITE, customer)
    assert found is not None
    return found.person


async def strangers(store: Store, count: int) -> list[int]:
    return [met.customer for met in await meet(store, *(caller(f"k{number}") for number in range(count)))]


async def test_two_customers_are_shown_as_one_person_and_taking_it_back_restores_both(store: Store) -> None:
    one, two = await meet(
        store,
        caller("k1", proved("m@x"), name="Marta", language="pl"),
        caller("k2", typed("0812345678", "phone"), name="", channel="email"),
    )
    before = await store.archive.customers(SITE, [one.customer, two.customer])
    number = await merged(store, two.customer, one.customer)
    for asked in (one.customer, two.customer):
        shown = await store.archive.customer(SITE, asked)
        assert shown is not None
        assert (shown.id, shown.person, shown.name, shown.language) == (asked, one.customer, "Marta", "pl")
        assert list(shown.identities) == [proved("m@x"), typed("0812345678", "phone")]
        assert [line.id for line in await store.archive.lines_of(SITE, asked)] == [one.line, two.line]
    assert await store.care.unmerge(SITE, number, agent=8, at=3_000) == ""
    assert await store.archive.customers(SITE, [one.customer, two.customer]) == before
    assert [line.id for line in await store.archive.lines_of(SITE, two.customer)] == [two.line]


async def test_who_merged_and_who_took_it_back_is_kept(store: Store) -> None:
    one, two = await strangers(store, 2)
    number = await merged(store, one, two)
    assert await store.care.unmerge(SITE, number, agent=8, at=3_000) == ""
    (kept,) = await store.care.merges(SITE, two)
    assert (kept.id, kept.one, kept.other, kept.why, kept.agent, kept.at) == (number, one, two, "by_hand", 7, 2_000)
    assert (kept.undone_by, kept.undone_ms) == (8, 3_000)
    assert await store.care.merges("other", two) == []


async def test_each_refusal_of_a_merge_has_its_name(store: Store) -> None:
    one, two = await strangers(store, 2)
    number = await merged(store, one, two)
    again = await store.care.merge(SITE, two, one, why="by_hand", agent=7, at=2_500)
    assert (again.refused, again.merge) == ("already_one", number)
    assert (await store.care.merge(SITE, one, one, why="by_hand", agent=7, at=1)).refused == "already_one"
    assert (await store.care.merge(SITE, one, 999, why="by_hand", agent=7, at=1)).refused == "customer_unknown"
    assert (await store.care.merge("other", one, two, why="by_hand", agent=7, at=1)).refused == "customer_unknown"
    assert await store.care.unmerge(SITE, 999, agent=8, at=1) == "merge_unknown"
    assert await store.care.unmerge("other", number, agent=8, at=1) == "merge_unknown"
    assert await store.care.unmerge(SITE, number, agent=8, at=3_000) == ""
    assert await store.care.unmerge(SITE, number, agent=9, at=4_000) == "merge_undone"


async def test_a_person_has_only_so_many_customers(store: Store) -> None:
    many = await strangers(store, PERSON_CUSTOMERS_MAX + 1)
    for other in many[1:-1]:
        await merged(store, many[0], other)
    assert (await store.care.merge(SITE, many[0], many[-1], why="by_hand", agent=7, at=1)).refused == "too_many"
    assert await person(store, many[-1]) == many[-1]


async def test_a_chain_can_be_cut_in_the_middle(store: Store) -> None:
    a, b, c, d = await strangers(store, 4)
    await merged(store, a, b)
    middle = await merged(store, b, c)
    await merged(store, c, d)
    assert {await person(store, each) for each in (a, b, c, d)} == {a}
    assert await store.care.unmerge(SITE, middle, agent=8, at=3_000) == ""
    assert [await person(store, each) for each in (a, b, c, d)] == [a, a, c, c]


async def test_whatever_is_merged_and_parted_a_person_is_what_standing_merges_connect(store: Store) -> None:
    rng = random.Random(5)
    many = await strangers(store, 8)
    standing: dict[int, tuple[int, int]] = {}
    for at in range(1, 120):
        if standing and rng.random() < 0.45:
            number = rng.choice(sorted(standing))
            assert await store.care.unmerge(SITE, number, agent=8, at=at) == ""
            del standing[number]
        else:
            one, other = rng.sample(many, 2)
            made = await store.care.merge(SITE, one, other, why="by_hand", agent=7, at=at)
            if not made.refused:
                standing[made.merge] = (one, other)
        expected = {each: min(connected(each, standing)) for each in many}
        found = await store.archive.customers(SITE, many)
        assert {row.id: row.person for row in found} == expected


def connected(start: int, edges: dict[int, tuple[int, int]]) -> set[int]:
    reached, new = set[int](), {start}
    while new:
        reached |= new
        new = {end for edge in edges.values() if set(edge) & reached for end in edge} - reached
    return reached


async def test_conversations_and_histories_are_the_persons_and_newest_first(store: Store) -> None:
    one, two = await meet(store, caller("k1"), caller("k2", channel="email"))
    await lead(store)
    rows = [
        conversation(1, "closed", customer=one.customer, owner=7, opened_ms=100, changed_ms=200, closed_ms=200),
        conversation(2, "active", customer=two.customer, owner=8, opened_ms=150, changed_ms=300),
        conversation(3, "active", customer=one.customer, owner=9, opened_ms=350, changed_ms=400),
    ]
    await commit(store, conversations=rows)
    await merged(store, one.customer, two.customer)
    for asked in (one.customer, two.customer):
        listed = await store.archive.conversations(SITE, customer=asked, limit=2)
        assert [(row.conv, row.customer) for row in listed] == [(3, one.customer), (2, two.customer)]
        (history,) = await store.archive.histories(SITE, [asked], limit=2)
        assert history.customer == asked
        assert [line.id for line in history.lines] == [two.line, one.line]
        assert [dealing.owner for dealing in history.dealings] == [9, 8]


async def test_messages_that_come_meanwhile_stay_on_the_line_they_came_on(store: Store) -> None:
    one, two = await meet(store, caller("k1"), caller("k2", proved("b@x"), channel="email"))
    number = await merged(store, one.customer, two.customer)
    again, fresh = await meet(store, caller("k2", channel="email"), caller("k3", proved("b@x"), channel="app"))
    assert (again.line, again.customer) == (two.line, two.customer)
    assert fresh.customer == two.customer
    await store.care.unmerge(SITE, number, agent=8, at=3_000)
    assert [line.id for line in await store.archive.lines_of(SITE, two.customer)] == [two.line, fresh.line]
    assert [line.id for line in await store.archive.lines_of(SITE, one.customer)] == [one.line]


async def test_care_given_to_a_person_is_taken_away_and_what_was_there_before_comes_back(store: Store) -> None:
    one, two = await strangers(store, 2)
    await store.archive.give_care(SITE, two, {"team": "gold"})
    number = await merged(store, one, two)

    async def attributes(customer: int) -> dict[str, str]:
        (history,) = await store.archive.histories(SITE, [customer], limit=1)
        shown = await store.archive.customer(SITE, customer)
        assert shown is not None
        assert shown.attributes == history.attributes
        return dict(history.attributes)

    assert await attributes(one) == {"team": "gold"}
    assert await store.archive.give_care(SITE, two, {"team": None, "named_agent": "7"})
    assert await attributes(one) == await attributes(two) == {"named_agent": "7"}
    await store.care.unmerge(SITE, number, agent=8, at=3_000)
    assert await attributes(two) == {"team": "gold"}
    assert await attributes(one) == {"named_agent": "7"}


async def test_words_of_a_person_are_found_from_each_of_their_customers(store: Store) -> None:
    one, two = await strangers(store, 2)
    await merged(store, one, two)
    [message] = await store.archive.write(SITE, [body("with a file", extra={"files": "[]"})])
    await lead(store)
    await commit(
        store,
        conversations=[conversation(1, customer=two)],
        timeline=[row(1, "Received", message=message)],
        placed=[(message, 1, 1)],
    )
    for asked in (one, two):
        found = await store.archive.bodies_of(SITE, asked, extra="files", after=0, limit=10)
        assert [each.id for each in found] == [message]


# --- what a proof does ---------------------------------------------------------------------------------------


async def test_who_proves_to_be_two_customers_is_one_person(store: Store) -> None:
    one, two = await meet(store, caller("k1", proved("oX", "openid")), caller("k2", proved("+66", "phone")))
    (again,) = await meet(store, caller("k1", proved("oX", "openid"), proved("+66", "phone")), at=5_000)
    assert again.customer == one.customer
    assert await person(store, two.customer) == one.customer
    (edge,) = await store.care.merges(SITE, one.customer)
    assert (edge.one, edge.other, edge.why, edge.agent) == (two.customer, one.customer, "verified_phone", 0)
    await meet(store, caller("k1", proved("oX", "openid"), proved("+66", "phone")), at=6_000)
    assert len(await store.care.merges(SITE, one.customer)) == 1


async def test_who_had_proved_nothing_and_signs_in_is_who_they_were_before(store: Store) -> None:
    known, nobody = await meet(store, caller("k1", proved("a@x")), caller("k2"))
    await meet(store, caller("k2", proved("a@x")))
    assert await person(store, nobody.customer) == known.customer


async def test_somebody_else_at_a_line_that_was_left_open_is_not_who_sat_there(store: Store) -> None:
    one, two = await meet(store, caller("k1", proved("a@x")), caller("k2", proved("b@x")))
    (again,) = await meet(store, caller("k2", proved("a@x")))
    assert again.customer == two.customer
    assert await store.care.merges(SITE, one.customer) == []
    assert await store.care.alike(SITE, two.customer, limit=10) == [one.customer]


async def test_a_claim_merges_nobody(store: Store) -> None:
    one, two = await meet(store, caller("k1", proved("a@x")), caller("k2", proved("oX", "openid")))
    await meet(store, caller("k2", proved("oX", "openid"), typed("a@x")))
    assert await person(store, one.customer) != await person(store, two.customer)
    assert await store.care.merges(SITE, two.customer) == []


async def test_a_proof_does_not_merge_again_whom_a_person_has_parted(store: Store) -> None:
    one, two = await meet(store, caller("k1", proved("oX", "openid")), caller("k2", proved("+66", "phone")))
    both = caller("k1", proved("oX", "openid"), proved("+66", "phone"))
    await meet(store, both)
    (edge,) = await store.care.merges(SITE, one.customer)
    await store.care.unmerge(SITE, edge.id, agent=8, at=3_000)
    await meet(store, both)
    assert await person(store, two.customer) == two.customer
    await merged(store, one.customer, two.customer)
    assert await person(store, two.customer) == one.customer


async def test_whoever_answers_in_a_thread_proves_only_what_its_customer_was_known_by(store: Store) -> None:
    asker, colleague = await meet(
        store, caller("t1", typed("a@x"), channel="email"), caller("t2", proved("c@x"), channel="email")
    )
    [sent] = await store.archive.write(SITE, [body("answer", direction="out")])
    await lead(store)
    await commit(store, placed=[(sent, 1, asker.line)])
    await store.archive.remember_provider(SITE, sent, "<ours@x>")

    async def answers(address: str) -> Met:
        (met,) = await meet(store, caller("t9", proved(address), channel="email", replies_to=["<ours@x>"]))
        return met

    assert (await answers("c@x")).customer == asker.customer
    assert await person(store, colleague.customer) == colleague.customer
    await answers("new@x")
    (newcomer,) = await meet(store, caller("t3", proved("new@x"), channel="email"))
    assert newcomer.new_customer
    await answers("a@x")
    (asker_again,) = await meet(store, caller("t4", proved("a@x"), channel="email"))
    assert asker_again.customer == asker.customer


async def test_segment_and_language_of_a_caller_are_the_persons(store: Store) -> None:
    one, two = await meet(store, caller("k1", language="th"), caller("k2"))
    await merged(store, one.customer, two.customer)
    (again,) = await meet(store, caller("k2"))
    assert (again.customer, again.language) == (two.customer, "th")


# --- who is alike --------------------------------------------------------------------------------------------


async def test_who_shares_a_hint_is_alike_and_who_was_said_to_be_apart_is_not(store: Store) -> None:
    met = await meet(
        store,
        caller("k1", proved("a@x"), name="Marta Kowalska"),
        caller("k2", typed(" A@X ")),
        caller("k3", name="KOWALSKA Marta"),
        caller("k4", typed("b@x"), name="Somebody Else"),
        caller("k5", typed("081-2345678", "phone")),
        caller("k6", proved("+66812345678", "phone")),
    )
    marta, same, namesake, other, national, world = (each.customer for each in met)
    assert await store.care.alike(SITE, marta, limit=10) == [same, namesake]
    assert await store.care.alike(SITE, marta, limit=1) == [same]
    assert await store.care.alike(SITE, national, limit=10) == [world]
    assert await store.care.alike(SITE, other, limit=10) == []
    assert await store.care.alike("other", marta, limit=10) == []
    assert await store.care.keep_apart(SITE, marta, same, agent=7, at=2_000) == ""
    assert await store.care.alike(SITE, marta, limit=10) == [namesake]
    assert await store.care.alike(SITE, same, limit=10) == []
    await merged(store, marta, namesake)
    assert await store.care.alike(SITE, marta, limit=10) == []
    assert await store.care.alike(SITE, same, limit=10) == []


async def test_keeping_apart_is_written_down_once_and_refused_by_name(store: Store) -> None:
    one, two, three = await strangers(store, 3)
    assert await store.care.keep_apart(SITE, one, two, agent=7, at=2_000) == ""
    assert await store.care.keep_apart(SITE, two, one, agent=7, at=2_001) == ""
    (edge,) = await store.care.merges(SITE, one)
    assert (edge.why, edge.undone_by, edge.undone_ms) == ("apart", 7, 2_000)
    assert await store.care.keep_apart(SITE, one, 999, agent=7, at=2_000) == "customer_unknown"
    await merged(store, one, three)
    assert await store.care.keep_apart(SITE, one, three, agent=7, at=2_000) == "already_one"


async def test_a_name_or_an_address_learned_later_is_a_hint(store: Store) -> None:
    (one, two) = await meet(store, caller("k1", name="Marta Kowalska"), caller("k2"))
    assert await store.care.alike(SITE, two.customer, limit=10) == []
    await meet(store, caller("k2", name="Marta Kowalska"))
    assert await store.care.alike(SITE, two.customer, limit=10) == [one.customer]
    await meet(store, caller("k1", typed("m@x")), caller("k3", typed("m@x")))
    assert len(await store.care.alike(SITE, one.customer, limit=10)) == 2


# --- at the same time ----------------------------------------------------------------------------------------


async def test_merging_while_messages_arrive_loses_and_doubles_nothing(store: Store) -> None:
    one, two = await meet(store, caller("k1", proved("a@x")), caller("k2", proved("b@x")))

    async def arrives(number: int) -> Met:
        (met,) = await meet(store, caller(f"new{number}", proved("a@x" if number % 2 else "b@x")))
        return met

    async def to_and_fro() -> None:
        for at in range(1, 30):
            made = await store.care.merge(SITE, one.customer, two.customer, why="by_hand", agent=7, at=at)
            assert made.refused == ""
            assert await store.care.unmerge(SITE, made.merge, agent=7, at=at) == ""

    *met, _ = await asyncio.gather(*(arrives(number) for number in range(40)), to_and_fro())
    assert {each.customer for each in met if each} == {one.customer, two.customer}
    for known, odd in ((one, 1), (two, 0)):
        lines = [line.key for line in await store.archive.lines_of(SITE, known.customer)]
        assert len(lines) == 21
        assert all(int(key.removeprefix("new")) % 2 == odd for key in lines[1:])


async def test_many_merges_at_once_make_one_person_by_no_more_edges_than_it_takes(store: Store) -> None:
    many = await strangers(store, 6)
    pairs = [(one, other) for one in many for other in many if one < other]
    made = await asyncio.gather(
        *(store.care.merge(SITE, one, other, why="by_hand", agent=7, at=1) for one, other in pairs)
    )
    assert sum(not each.refused for each in made) == 5
    assert {each.refused for each in made} == {"", "already_one"}
    assert {await person(store, each) for each in many} == {many[0]}
