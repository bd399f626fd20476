"""Conversations from the first word to the wrap-up, between real browsers, a real mail server and a real Patchbay."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.e2e.conftest import People
from tests.e2e.house import House
from tests.e2e.mail import Relay, deliver, letter, words_of
from tests.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

AFTER_OFFER_MS = 30_000  # the five seconds of an offer, with room for a busy machine
BACK_MS = 60_000  # start of the server, and the longest pause of a client between two attempts
QUEUES = ("general", "billing", "orders", "complaints")
ALWAYS_OPEN: dict[str, Any] = {"queues": {"queues": {name: {"hours": "always"} for name in QUEUES}}}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def relay() -> AsyncIterator[Relay]:
    async with Relay().running() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory, relay: Relay) -> AsyncIterator[House]:
    """A contact center that is always open, with mail both ways and agents who can serve every queue."""
    opened = House(tmp_path_factory.mktemp("house"), changes=ALWAYS_OPEN, mail_port=free_port())
    ways = {"in_port": opened.mail_port, "out_host": "127.0.0.1", "out_port": relay.port, "out_tls": "none"}
    opened.configure("channels", {"channels": {"email": ways}})
    async with opened.serving():
        for login in ("ana", "ben", "chloe"):
            opened.add_person(login, name=login.title(), skill=["billing=3", "orders=3", "complaints=3"])
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def short_house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Here an offer rings for five seconds, the shortest that is allowed."""
    changes = {"queues": {"queues": {name: {"hours": "always", "offer": "5s"} for name in QUEUES}}}
    opened = House(tmp_path_factory.mktemp("short"), changes=changes)
    async with opened.serving():
        for login in ("ana", "ben", "chloe"):
            opened.add_person(login, name=login.title(), skill=["billing=3", "orders=3", "complaints=3"])
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def closed_house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Here the office is closed, and opens on the third of January at nine."""
    opening = datetime(datetime.now(UTC).year + 1, 1, 3, tzinfo=UTC).date().isoformat()
    changes = {
        "hours": {"hours": {"desk": {opening: "09:00-12:00"}}},
        "queues": {"queues": {name: {"hours": "desk"} for name in QUEUES}},
    }
    opened = House(tmp_path_factory.mktemp("closed"), changes=changes)
    async with opened.serving():
        opened.add_person("ana", name="Ana")
        yield opened


async def test_a_chat_goes_from_the_first_word_to_the_wrap_up(house: House, people: People) -> None:
    ana = await people.agent(house, "ana")
    marta = await people.customer(house, "Marta Kowalska", "marta@example.com")
    await marta.says("My order 20418 was due on Friday and I still have nothing.")
    await expect(ana.offer).to_contain_text("Marta Kowalska")
    await expect(ana.offer).to_contain_text("My order 20418")
    await ana.accept()
    await expect(ana.thread).to_contain_text("My order 20418 was due on Friday")

    await marta.frame.locator("#text").press_sequentially("Are you there?", delay=180)
    await expect(ana.thread.locator(".typing")).to_contain_text("Marta Kowalska is typing")
    await ana.composer.press_sequentially("Let me")  # and then thinks better of it
    await expect(marta.frame.locator("#typing")).to_contain_text("Ana")
    await marta.frame.press("#text", "Enter")
    await expect(ana.thread).to_contain_text("Are you there?")

    await ana.composer.fill("Let me look at the parcel with the carrier.")
    await ana.composer.press("Enter")  # What came since she began to write is shown first.
    await expect(ana.page.locator("#alert")).to_contain_text("Not sent yet")
    await ana.composer.press("Enter")
    await expect(marta.log).to_contain_text("Let me look at the parcel with the carrier.")
    await expect(ana.thread.locator(".said.out")).to_contain_text("Read")
    await ana.note("The carrier lost it at WAW-3.")
    await ana.reply("We send a new one today.")
    await expect(marta.log).to_contain_text("We send a new one today.")
    await expect(marta.log).not_to_contain_text("WAW-3")

    await ana.page.locator(".head").get_by_role("button", name="End").click()
    await expect(ana.page.locator(".wrap-up")).to_be_visible()
    await expect(marta.log.locator("li.status").last).to_contain_text("ended")  # The wrap-up is none of hers.
    rating = marta.frame.get_by_role("button", name="5 of 5")
    await expect(rating).to_be_visible()
    await ana.page.locator(".wrap-up").get_by_text("Order changed", exact=True).click()
    await ana.page.get_by_role("button", name="Save and finish").click()
    await expect(ana.page.locator(".card")).to_have_count(0)
    await expect(marta.log.get_by_text("The chat has ended")).to_have_count(1)
    await rating.click()
    await expect(marta.frame.locator("#thanks")).to_be_visible()
    assert ana.faults.said == []
    assert marta.faults.said == []


async def test_a_form_is_answered_by_mail_and_the_answer_to_that_joins_it(
    house: House, people: People, relay: Relay
) -> None:
    ana = await people.agent(house, "ana")
    reference = await people.fills_form(house, email="ravi@example.com", about="order", text="Where is my parcel 5512?")
    confirmation = await relay.mail_to("ravi@example.com", saying="we have your message")
    assert reference in words_of(confirmation)

    await expect(ana.offer).to_contain_text("Where is my parcel 5512?")
    assert await ana.accept() == reference
    await ana.reply("It arrives tomorrow before noon.")
    answer = await relay.mail_to("ravi@example.com", saying="It arrives tomorrow before noon.")
    assert answer["From"].addresses[0].addr_spec == "support@example.com"
    assert [each.addr_spec for each in answer["To"].addresses] == ["ravi@example.com"]
    assert f"[{reference}]" in answer["Subject"]

    thanks = letter("Ravi <ravi@example.com>", f"Re: {answer['Subject']}", "Perfect, thanks.", answers=answer)
    await deliver(thanks, house.mail_port)
    await expect(ana.thread.locator(".said.in").last).to_contain_text("Perfect, thanks.")
    assert await ana.reference() == reference
    await expect(ana.page.locator(".card")).to_have_count(1)
    assert relay.count("ravi@example.com", saying="It arrives tomorrow") == 1
    await ana.finish("Information given")


async def test_a_mail_is_offered_and_answered_in_its_thread(house: House, people: People, relay: Relay) -> None:
    ana = await people.agent(house, "ana")
    question = letter("Lin Yao <lin@example.com>", "Invoice 77", "Please send the invoice again.")
    await deliver(question, house.mail_port)
    await expect(ana.offer).to_contain_text("Lin Yao")
    await expect(ana.offer).to_contain_text("Please send the invoice again.")
    reference = await ana.accept()
    await ana.reply("Here it is.")
    answer = await relay.mail_to("lin@example.com", saying="Here it is.")
    assert answer["In-Reply-To"] == question["Message-ID"]
    assert str(question["Message-ID"]) in str(answer["References"])
    assert str(answer["Subject"]).startswith("Re: Invoice 77")
    assert reference in str(answer["Subject"])

    await deliver(letter("lin@example.com", "Re: Invoice 77", "Received.", answers=answer), house.mail_port)
    await expect(ana.thread.locator(".said.in").last).to_contain_text("Received.")
    await expect(ana.page.locator(".card")).to_have_attribute("data-ref", reference)
    await ana.finish("Information given")


async def test_a_decline_and_a_time_out_move_the_offer_and_the_place_is_kept(
    people: People, short_house: House
) -> None:
    ana, ben, chloe = [await people.agent(short_house, login) for login in ("ana", "ben", "chloe")]
    marta = await people.customer(short_house, "Marta Kowalska")
    await marta.says("Where is my order?")
    await expect(ana.offer).to_be_visible()
    opened_ms = (await ana.call("GET", "/desk"))["offers"][0]["issued_ms"]
    await ana.offer.get_by_role("button", name="Decline", exact=True).click()
    await expect(ana.offer).to_have_count(0)

    await expect(ben.offer).to_contain_text("Marta Kowalska")
    await expect(chloe.offer).to_contain_text("Marta Kowalska", timeout=AFTER_OFFER_MS)
    await expect(ben.offer).to_have_count(0)
    await expect(ben.page.locator(".presence .state")).to_contain_text("Not responding")
    reference = await chloe.accept()
    conversation = await chloe.call("GET", f"/conversations/{reference}")
    assert conversation["opened_ms"] <= opened_ms
    kinds = [item["kind"] for item in (await chloe.call("GET", f"/conversations/{reference}/story"))["items"]]
    assert [kind for kind in kinds if kind in {"declined", "lapsed", "accepted"}] == ["declined", "lapsed", "accepted"]

    await ben.missed.get_by_role("button", name="Available").click()
    await expect(ben.page.locator(".presence .state")).to_contain_text("Available")
    await expect(ben.missed).to_have_count(0)
    await chloe.finish()


async def test_a_colleague_gets_it_by_the_transfer_dialog_with_a_note(house: House, people: People) -> None:
    ana = await people.agent(house, "ana")
    marta = await people.customer(house, "Marta Kowalska")
    await marta.says("A question about tents")
    reference = await ana.accept()
    ben = await people.agent(house, "ben")

    await ana.page.locator(".head").get_by_role("button", name="Transfer").click()
    dialog = ana.page.get_by_role("dialog", name="Transfer")
    await dialog.get_by_role("searchbox").fill("ben")
    await expect(dialog.locator(".target")).to_have_count(1)
    await dialog.locator(".target", has_text="Ben").click()
    await dialog.get_by_label("Note for the next person").fill("She wants the green one.")
    await dialog.get_by_role("button", name="Hand over now").click()
    await expect(dialog).to_have_count(0)

    await expect(ben.offer).to_contain_text("Marta Kowalska")
    assert await ben.accept() == reference
    await expect(ben.thread.locator(".said.note")).to_contain_text("She wants the green one.")
    await expect(ana.page.locator(".card")).to_have_count(0)
    await ben.reply("The green one is in stock.")
    await expect(marta.log).to_contain_text("The green one is in stock.")
    await expect(marta.log).not_to_contain_text("She wants")
    await ben.finish()


async def test_accepting_in_one_tab_closes_the_card_in_the_other(house: House, people: People) -> None:
    ana = await people.agent(house, "ana")
    other = await ana.another_tab()
    marta = await people.customer(house, "Marta Kowalska")
    await marta.says("A question about tents")
    await expect(other.offer).to_be_visible()
    reference = await ana.accept()
    await expect(other.offer).to_have_count(0)
    await expect(other.page.locator(f".card[data-ref='{reference}']")).to_be_visible()
    await expect(other.missed).to_have_count(0)
    await ana.finish()
    await expect(other.page.locator(".card")).to_have_count(0)


async def test_a_killed_server_loses_no_word_on_either_side(house: House, people: People) -> None:
    ana = await people.agent(house, "ana")
    marta = await people.customer(house, "Marta Kowalska")
    await marta.says("First")
    await ana.accept()
    await ana.reply("Answer one")
    await ana.composer.fill("half a sent")

    house.kill()
    await expect(ana.page.locator(".connection.live")).to_have_count(0)
    await ana.composer.press_sequentially("ence")
    await ana.composer.press("Enter")
    await expect(ana.thread.locator(".pending")).to_contain_text("half a sentence")
    await ana.composer.press_sequentially("still typing")
    await marta.says("Second")
    await marta.says("Third")
    await house.start()

    await expect(ana.page.locator(".connection.live")).to_be_visible(timeout=BACK_MS)
    await expect(ana.composer).to_have_value("still typing")
    said = ana.thread.locator(".said.in .text")
    await expect(said).to_have_text(["First", "Second", "Third"], timeout=BACK_MS)
    await expect(ana.thread.locator(".said.out .text")).to_have_text(["Answer one", "half a sentence"])
    await expect(ana.thread.locator(".pending")).to_have_count(0)
    await expect(marta.log.locator("li.out .bubble")).to_have_text(["Answer one", "half a sentence"], timeout=BACK_MS)
    await expect(marta.log.locator("li.in .bubble")).to_have_text(["First", "Second", "Third"])
    await ana.composer.fill("")
    await ana.finish()


async def test_after_closing_time_the_customer_is_told_the_opening_and_the_fallback_has_it(
    people: People, closed_house: House
) -> None:
    ana = await people.agent(closed_house, "ana")
    await ana.choose("Break")
    marta = await people.customer(closed_house, "Marta Kowalska", "marta@example.com")
    await marta.says("Where is my order?")
    told = marta.log.locator("li", has_text="opens again")
    await expect(told).to_contain_text("3 Jan")
    await ana.page.locator(".rail").get_by_role("button", name="Queues").click()
    await expect(ana.page.locator(".queue-chips .chip", has_text="Orders")).to_contain_text("opens")
    await expect(ana.page.locator(".tr", has_text="Marta Kowalska")).to_contain_text("After hours")
    await ana.page.locator(".rail").get_by_role("button", name="Desk").click()
    await ana.choose("Available")
    await expect(ana.offer).to_contain_text("After hours")
    reference = await ana.accept()
    assert (await ana.call("GET", f"/conversations/{reference}"))["queue"] == "after-hours-email"
    await ana.finish()


async def test_what_is_parked_comes_back_by_its_owner_or_by_the_customer(house: House, people: People) -> None:
    ana = await people.agent(house, "ana")
    marta = await people.customer(house, "Marta Parked", "marta.parked@example.com")
    await marta.says("Please call the carrier once more.")
    await ana.accept()
    for back in ("owner", "customer"):
        await ana.page.locator(".head").get_by_role("button", name="More").click()
        await ana.page.get_by_role("menuitem", name="Park").click()
        await ana.page.get_by_role("button", name="The customer writes").click()
        await expect(ana.page.locator(".elsewhere")).to_contain_text("Parked")
        if back == "owner":
            await ana.page.get_by_role("button", name="Take it back now").click()
        else:
            await marta.says("Is there any news?")
        await expect(ana.composer).to_be_visible()


async def test_a_customer_ends_what_is_parked_until_they_write(house: House, people: People) -> None:
    ana = await people.agent(house, "ana")
    marta = await people.customer(house, "Marta Done", "marta.done@example.com")
    await marta.says("It works again, I only wanted to say so.")
    await ana.accept()
    await ana.page.locator(".head").get_by_role("button", name="More").click()
    await ana.page.get_by_role("menuitem", name="Park").click()
    await ana.page.get_by_role("button", name="The customer writes").click()
    await expect(marta.log).to_contain_text("We have written down your request")
    await marta.frame.get_by_role("button", name="End chat").click()
    await expect(marta.log).to_contain_text("The chat has ended")
    await expect(marta.frame.get_by_role("button", name="End chat")).to_have_count(0)
    await expect(ana.page.locator(".elsewhere")).not_to_contain_text("Parked")
    await expect(ana.thread).to_contain_text("Closed: the customer left")
