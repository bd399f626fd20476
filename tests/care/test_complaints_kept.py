"""What is kept of complaints: a person may have it, an open one is not erased, what was written goes, figures stay."""

from __future__ import annotations

from router.care.sweeping import DAY_MS, Sweeper
from router.care.usual import USUAL
from router.store.port import Complaint, ComplaintFilter, ComplaintWords
from tests.care.home import Home
from tests.care.test_complaints import bundle
from tests.store.complaining import complaint, linked, step
from tests.store.makers import SITE

ANY = ComplaintFilter()


async def complained(home: Home, customer: int, *, open_now: bool, command: str = "c1") -> Complaint:
    """Record one with the word Secret in all that somebody writes."""
    one = complaint(
        command,
        customer=customer,
        stage="open" if open_now else "closed",
        due_ms=home.clock.now if open_now else 0,
        closed_ms=0 if open_now else home.clock.now,
        opened_ms=home.clock.now,
        words=ComplaintWords(happened="A Secret parcel", wish="Secret wish", answer="Secret answer"),
    )
    noted = step(command, words="A Secret note", deed="record")
    return await home.store.complaints.record(SITE, one, noted, links=[linked(1)])


async def test_a_person_gets_their_complaints_with_every_step(home: Home) -> None:
    met = await home.meets("k", name="Zebulon")
    await home.says(met, "I complain", conv=1)
    await complained(home, met.customer, open_now=True)
    told = await home.exporter.read(met.customer)
    assert told is not None
    [case] = told["complaints"]
    assert (case["number"], case["words"]["happened"]) == (1, "A Secret parcel")
    assert [each["words"] for each in case["steps"]] == ["A Secret note"]


async def test_nobody_is_erased_while_their_complaint_is_open(home: Home) -> None:
    met = await home.meets("k", name="Zebulon")
    await home.says(met, "I complain", conv=1)
    one = await complained(home, met.customer, open_now=True)
    refused = await home.eraser.erase(met.customer, agent=9)
    assert (refused.refused, refused.open) == ("complaints_open", (str(one.number),))
    assert b"Secret" in home.on_disk()


async def test_with_the_person_goes_what_was_written_and_the_figures_stay(home: Home) -> None:
    met = await home.meets("k", name="Zebulon")
    await home.says(met, "I complain", conv=1)
    one = await complained(home, met.customer, open_now=False)
    await home.eraser.erase(met.customer, agent=9)
    left = await home.store.complaints.get(SITE, one.number)
    assert left is not None
    assert (left.forgotten, left.words) == (True, ComplaintWords())
    assert (left.kind, left.closed_ms) == (one.kind, one.closed_ms)
    assert [each.words for each in await home.store.complaints.steps(SITE, one.number, limit=9)] == [""]
    assert b"Secret" not in home.on_disk()
    found = await home.store.complaints.between(SITE, since_ms=0, until_ms=home.clock.now + 1, limit=9)
    assert [each.number for each in found] == [one.number]


async def test_a_case_follows_its_person_when_two_become_one(home: Home) -> None:
    one, other = await home.meets("k", name="Zebulon"), await home.meets("l", name="Z.")
    case = await complained(home, other.customer, open_now=False)
    await home.store.care.merge(SITE, one.customer, other.customer, why="agent", agent=9, at=home.clock.now)
    theirs = await home.store.complaints.of_person(SITE, one.customer, limit=9)
    assert [each.number for each in theirs] == [case.number]


async def test_the_daily_sweep_forgets_what_was_written_when_it_was_kept_long_enough(home: Home) -> None:
    met = await home.meets("k")
    await complained(home, met.customer, open_now=False, command="old")
    home.clock.now += DAY_MS
    await complained(home, met.customer, open_now=False, command="new")
    await complained(home, met.customer, open_now=True, command="open")
    home.clock.now += USUAL.keep_ms - 1
    sweeper = Sweeper(SITE, home.store, home.files, home.clock.now_ms, bundle=bundle)
    assert (await sweeper.sweep()).complaints == 1
    assert (await sweeper.sweep()).complaints == 0
    closed = await home.store.complaints.closed(SITE, ANY, before=(0, 0), limit=9)
    assert [(each.number, each.forgotten) for each in closed] == [(2, False), (1, True)]


async def test_it_forgets_remarks_and_reviews_that_were_kept_long_enough_too(home: Home) -> None:
    met = await home.meets("k")
    await home.says(met, "hello", conv=1)
    await home.store.reviews.remark(SITE, 1, "Too slow", at=home.clock.now)
    home.clock.now += bundle().reviews.keep_ms + 1
    sweeper = Sweeper(SITE, home.store, home.files, home.clock.now_ms, bundle=bundle)
    assert (await sweeper.sweep()).reviews == 1
    assert (await sweeper.sweep()).reviews == 0


async def test_without_a_configuration_nothing_is_forgotten(home: Home) -> None:
    await complained(home, 1, open_now=False)
    home.clock.now += 9 * USUAL.keep_ms
    assert (await home.sweeper.sweep()).complaints == 0
