"""Every store keeps customers as a list, and who put whom into which segment, by this contract."""

from __future__ import annotations

from router.store.port import Store
from router.store.port.customers import Placed, Recent
from tests.store.customering import placing, somebody
from tests.store.makers import SITE, caller, commit, conversation, lead, row

HOSTILE = "a\0\ufdd0'"


async def test_the_last_contact_comes_first_page_by_page(store: Store) -> None:
    await lead(store)
    ada, ben = await somebody(store, "Ada", conv=1), await somebody(store, "Ben", conv=2)
    await commit(store, conversations=[conversation(3, customer=ada)])
    first = await store.customers.recent(SITE, before=(0, 0), limit=2)
    assert [each.customer for each in first] == [ada, ben]
    rest = await store.customers.recent(SITE, before=(first[-1].at, first[-1].conv), limit=2)
    assert rest == [Recent(customer=ada, conv=1, at=1_001)]
    assert await store.customers.recent("other", before=(0, 0), limit=2) == []


async def test_names_are_listed_without_regard_to_case_and_found_by_their_beginning(store: Store) -> None:
    numbers = {name: await somebody(store, name) for name in ("berta", "Anna", "anton", "สมชาย", "Zoe", "")}
    pairs = [("anna", numbers["Anna"]), ("anton", numbers["anton"]), ("berta", numbers["berta"])]
    assert await store.customers.named(SITE, prefix="", after=("", 0), limit=3) == pairs
    rest = await store.customers.named(SITE, prefix="", after=pairs[-1], limit=3)
    assert rest == [("zoe", numbers["Zoe"]), ("สมชาย", numbers["สมชาย"])]
    assert await store.customers.named(SITE, prefix="an", after=("", 0), limit=3) == pairs[:2]
    assert await store.customers.named(SITE, prefix="an", after=pairs[0], limit=3) == [pairs[1]]


async def test_a_name_as_long_as_a_letter_is_listed_by_its_beginning(store: Store) -> None:
    (met,) = await store.archive.meet(SITE, [caller("long", name=HOSTILE + "nam" * 20_000)], 1_000)
    ((name, customer),) = await store.customers.named(SITE, prefix=HOSTILE[:1], after=("", 0), limit=3)
    assert (customer, len(name) <= 100, name[0]) == (met.customer, True, "a")
    assert await store.customers.named(SITE, prefix="", after=(name, customer), limit=3) == []


async def test_somebody_is_put_into_a_segment_once_by_command(store: Store) -> None:
    ada = await somebody(store, "Ada")
    assert await store.customers.place(SITE, placing(ada)) == Placed(now="vip")
    assert await store.customers.place(SITE, placing(ada)) == Placed(now="vip")
    assert await store.customers.placings(SITE, ada, limit=9) == [placing(ada)]
    row = await store.archive.customer(SITE, ada)
    assert row is not None
    assert row.segment == "vip"
    assert await store.customers.count(SITE, ["vip", "press"], most=9) == {"vip": 1, "press": 0}
    assert await store.customers.place(SITE, placing(99)) == Placed(refused="customer_unknown")


async def test_of_two_who_change_a_segment_at_once_the_slower_is_told_who_was_faster(store: Store) -> None:
    ada = await somebody(store, "Ada")
    await store.customers.place(SITE, placing(ada))
    slower = await store.customers.place(SITE, placing(ada, "press", agent=8))
    assert slower == Placed(refused="segment_changed", now="vip", faster=7)
    after = placing(ada, "", agent=8, was="vip", at=2_000)
    assert await store.customers.place(SITE, after) == Placed(now="")
    assert [each.agent for each in await store.customers.placings(SITE, ada, limit=9)] == [8, 7]
    assert await store.customers.placed_by(SITE, [ada, 99]) == {ada: 8}


async def test_a_person_is_in_a_segment_with_all_their_numbers_and_listed_once(store: Store) -> None:
    ada, also = await somebody(store, "Ada"), await somebody(store, "Ada B.")
    ben = await somebody(store, "Ben")
    await store.care.merge(SITE, ada, also, why="by_hand", agent=7, at=1_000)
    await store.customers.place(SITE, placing(also))
    await store.customers.place(SITE, placing(ben))
    assert await store.customers.in_segment(SITE, "vip", after=0, limit=9) == [ada, ben]
    assert await store.customers.in_segment(SITE, "vip", after=ada, limit=9) == [ben]
    assert await store.customers.placed_by(SITE, [also]) == {also: 7}


async def test_a_persons_dealings_are_those_of_all_their_numbers_the_last_first(store: Store) -> None:
    await lead(store)
    ada, also = await somebody(store, "Ada", conv=1), await somebody(store, "Ada B.", conv=2)
    nobody = await somebody(store, "Ben")
    await store.care.merge(SITE, ada, also, why="by_hand", agent=7, at=1_000)
    found = await store.customers.dealt(SITE, [ada, nobody], limit=9)
    assert {one: [each.reference for each in rows] for one, rows in found.items()} == {ada: ["R2", "R1"], nobody: []}
    assert await store.customers.last_contacts(SITE, [ada, nobody]) == {ada: 1_002}


async def test_the_last_score_of_a_conversation_counts(store: Store) -> None:
    await lead(store)
    await somebody(store, "Ada", conv=1)
    await commit(store, count=2, timeline=[row(2, "Rated", detail="2"), row(3, "Rated", detail="5")])
    assert await store.customers.ratings(SITE, [1, 2]) == {1: 5}


async def test_who_has_an_address_is_found_by_it_proved_or_not(store: Store) -> None:
    ada = await somebody(store, "Ada")
    assert await store.customers.known_by(SITE, [("email", "ada@x"), ("phone", "1")], limit=9) == [ada]
    assert await store.customers.known_by(SITE, [("email", "ben@x")], limit=9) == []


async def test_why_somebody_was_in_a_segment_is_forgotten_with_them(store: Store) -> None:
    ada = await somebody(store, "Ada")
    await store.customers.place(SITE, placing(ada))
    await store.care.begin_erase(SITE, ada, agent=7, at=2_000)
    (left,) = await store.customers.placings(SITE, ada, limit=9)
    assert (left.segment, left.was, left.why) == ("", "", "")
    refused = await store.customers.place(SITE, placing(ada, command="again"))
    assert refused == Placed(refused="customer_unknown")
