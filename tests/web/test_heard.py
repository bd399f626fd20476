"""What is said to people who listen: once, together, and never a clock (UI.md 5.4). Chromium, fake server."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from tests.web.conftest import Sit
from tests.web.fake_server import FakeServer
from tests.web.seat import Seat

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Notes everything that a region has said.
LISTEN = """() => {
    window.heard = [];
    for (const name of ["status", "alert"]) {
        const region = document.getElementById(name);
        new MutationObserver(() => { if (region.textContent) heard.push([name, region.textContent]); })
            .observe(region, { childList: true, characterData: true, subtree: true });
    }
}"""


async def listen(seat: Seat) -> None:
    await seat.page.evaluate(LISTEN)


async def heard(seat: Seat, said: str) -> list[list[str]]:
    """Wait until something was said; return all that was."""
    await seat.page.wait_for_function("(said) => heard.some(([, text]) => text.includes(said))", arg=said)
    all_of_it: list[list[str]] = await seat.page.evaluate("heard")
    return all_of_it


def looks(server: FakeServer) -> list[str | None]:
    """Return which conversations the desk has said to be on its screen."""
    return [said["ref"] for said in server.heard if said["type"] == "look"]


async def test_news_of_other_conversations_is_joined_and_not_put_off_by_more_of_it(
    sit: Sit, server: FakeServer
) -> None:
    seat = await sit()
    marta, omar, ravi = (server.floor.own(name) for name in ("Marta Kowalska", "Omar Haddad", "Ravi Shah"))
    await seat.open(ravi)
    await listen(seat)
    server.floor.hears(ravi["ref"], "The log says this itself.")
    server.floor.hears(marta["ref"], "Are you there?")
    await expect(seat.card(marta)).to_contain_text("Are you there?")
    server.floor.hears(omar["ref"], "Hello?")
    server.floor.hears(marta["ref"], "I have another question.")
    await expect(seat.card(marta)).to_contain_text("I have another question.")
    # More comes faster than every three seconds, and what came before is said all the same.
    for nth in range(40):
        server.floor.hears(omar["ref"], f"and {nth}")
        await seat.page.wait_for_timeout(500)
        if said := await seat.page.evaluate("heard"):
            break
    [[region, text]] = said
    assert (region, text.split("; ")[0]) == ("status", "Marta Kowalska: 2 new")
    assert text.split("; ")[1].startswith("Omar Haddad: ")
    assert "Ravi Shah" not in text


async def test_what_comes_into_the_open_conversation_is_said_while_another_screen_hides_it(
    sit: Sit, server: FakeServer
) -> None:
    seat = await sit()
    marta = server.floor.own("Marta Kowalska")
    await seat.open(marta)
    await seat.page.evaluate("() => { location.hash = '#/queues'; }")
    await expect(seat.page.locator(".rail [aria-current='page']")).to_contain_text("Queues")
    await listen(seat)
    server.floor.hears(marta["ref"], "Are you there?")
    assert ["status", "Marta Kowalska: 1 new"] in await heard(seat, "Marta")
    # Nor does the server hold it for read, until it is seen again.
    assert looks(server)[-1] is None
    await seat.page.evaluate("() => { location.hash = '#/desk'; }")
    await seat.open(marta)
    assert looks(server)[-1] == marta["ref"]


async def test_two_offers_at_once_are_both_said_and_each_of_them_once(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await listen(seat)
    # A page that is busy for a moment hears of both at once.
    busy = asyncio.create_task(seat.page.evaluate("() => { const end = Date.now() + 500; while (Date.now() < end); }"))
    await asyncio.sleep(0.1)
    server.floor.offer("Dao Thị Hương")
    server.floor.offer("Ravi Shah", channel="email")
    await busy
    await expect(seat.offer).to_have_count(2)
    both = "Chat from Dao Thị Hương is offered to you; E-mail from Ravi Shah is offered to you"
    await expect(seat.page.locator("#alert")).to_have_text(both)
    # A second of countdowns says nothing more.
    await seat.page.wait_for_timeout(1_500)
    assert await seat.page.evaluate("heard") == [["alert", both]]


async def test_the_seconds_in_which_a_letter_may_be_taken_back_are_not_read_out(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska", channel="email"))
    await seat.composer.fill("Dear Marta, ")
    await seat.page.get_by_role("button", name="Send and stay").click()
    undo = seat.page.locator(".thread .pending").get_by_role("button", name="Undo")
    await expect(undo).to_be_visible()
    live = "element => element.closest('[aria-live], [role=log], [role=status]').getAttribute('aria-live')"
    assert await undo.locator("xpath=preceding-sibling::span").evaluate(live) == "off"
    await undo.click()


async def test_a_state_that_changed_is_said_also_when_an_offer_was_missed(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await listen(seat)
    offer = server.floor.offer("Ravi Shah")
    await expect(seat.offer).to_be_visible()
    server.floor.lapse(offer)
    await expect(seat.missed).to_be_visible()
    await heard(seat, "Not responding")
    await seat.missed.get_by_role("button").click()
    assert (await heard(seat, "Available"))[-1] == ["status", "Available"]


async def test_what_is_shown_for_a_moment_is_said_once_in_the_region_that_was_there(
    sit: Sit, server: FakeServer
) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    await listen(seat)
    await seat.page.get_by_role("button", name="More", exact=True).last.click()
    await seat.page.get_by_role("menuitem", name="Copy a link to it").click()
    await expect(seat.toast).to_be_visible()
    said = (await seat.toast.inner_text()).strip()
    assert await heard(seat, said) == [["status", said]]
    assert await seat.toast.get_attribute("role") is None


async def test_what_would_have_moved_in_a_line_is_counted_in_silence(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    server.floor.in_line(30)
    await seat.page.evaluate("() => { location.hash = '#/queues'; }")
    await seat.page.locator(".body [role=row]").first.hover()
    count = seat.page.locator(".table-state .chip")
    await expect(count).to_contain_text("Order paused")
    assert await count.get_attribute("aria-live") == "off"


async def test_who_comes_back_finds_everything_that_was_said_and_the_pages_they_had_read(
    sit: Sit, server: FakeServer
) -> None:
    seat = await sit()
    marta = server.floor.own("Marta Kowalska", text="The first of all")
    for nth in range(70):
        server.floor.item(marta["ref"], "in", quiet=True, text=f"before {nth}", author="Marta Kowalska")
    await seat.open(marta)
    await seat.page.get_by_role("button", name="Earlier").click()
    await expect(seat.said.first).to_have_text("The first of all")
    await seat.page.evaluate("() => { location.hash = '#/queues'; }")
    await expect(seat.page.locator(".rail [aria-current='page']")).to_contain_text("Queues")
    # Nobody tells a page of what it does not show.
    for nth in range(40):
        server.floor.item(marta["ref"], "in", quiet=True, text=f"after {nth}", author="Marta Kowalska")
    asked: list[str] = []
    seat.page.on("request", lambda request: asked.append(request.url))
    await seat.page.go_back()
    everything = ["The first of all", *(f"before {n}" for n in range(70)), *(f"after {n}" for n in range(40))]
    await expect(seat.said).to_have_text(everything)
    await seat.page.wait_for_timeout(500)
    assert len([url for url in asked if "/story?" in url]) == 1
    for nth in range(60):
        server.floor.item(marta["ref"], "in", quiet=True, text=f"late {nth}", author="Marta Kowalska")
    await seat.page.evaluate("() => { location.hash = '#/queues'; }")
    await expect(seat.page.locator(".rail [aria-current='page']")).to_contain_text("Queues")
    await seat.page.go_back()
    # More than a page was missed: what was before it is asked for again, and no hole stays.
    await expect(seat.said).to_have_text([f"late {n}" for n in range(10, 60)])
    await expect(seat.page.get_by_role("button", name="Earlier")).to_be_attached()
