"""Two agents, two tabs each, broken lines, a killed server, an ended session: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.e2e.conftest import People
from tests.e2e.house import House
from tests.e2e.pages import Desk

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

BACK_MS = 60_000  # start of the server, and the longest pause of a client between two attempts
SOON_MS = 30_000
QUEUES = ("general", "billing", "orders", "complaints")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Everybody's offers ring at every desk, so that two can be asked at once."""
    ring = {"hours": "always", "offer": "2m"}
    opened = House(tmp_path_factory.mktemp("desks"), changes={"queues": {"queues": dict.fromkeys(QUEUES, ring)}})
    async with opened.serving():
        for login in ("ana", "ben"):
            opened.add_person(login, name=login.title(), skill=["billing=3", "orders=3", "complaints=3"])
        yield opened


def said_by_us(story: dict[str, Any]) -> list[str]:
    return [each["text"] for each in story["items"] if each["kind"] == "out"]


async def story_of(desk: Desk, ref: str) -> dict[str, Any]:
    found: dict[str, Any] = await desk.call("GET", f"/conversations/{ref}/story")
    return found


async def test_two_agents_with_two_tabs_lose_nothing_and_double_nothing(house: House, people: People) -> None:
    """A whole hour of bad luck in one conversation each."""
    ana, ben = await people.agent(house, "ana"), await people.agent(house, "ben")
    tabs = {ana.login: await ana.another_tab(), ben.login: await ben.another_tab()}
    refs: dict[str, str] = {}
    customers = {}
    for name in ("Marta", "Omar"):
        customers[name] = await people.customer(house, name)
        await customers[name].says(f"{name} writes")
        ringing = ana if await rings(ana, ben) else ben
        refs[ringing.login] = await accepted(ringing, tabs[ringing.login], name)
    assert set(refs) == {"ana", "ben"}, "who has one already is not asked before who has none"

    # A line that breaks while both tabs write, and the customer writes, too.
    tab = tabs["ana"]
    await tab.page.locator(f".card[data-ref='{refs['ana']}']").click()
    await ana.context.set_offline(True)
    await ana.composer.fill("Written without a line")
    await ana.composer.press("Enter")
    await tab.composer.fill("Half a sentence in the other tab")
    await ana.context.set_offline(False)
    for each in (ana, tab):
        said = each.thread.locator(".said.out:not(.pending)", has_text="Written without a line")
        await expect(said).to_have_count(1, timeout=BACK_MS)
    await expect(tab.composer).to_have_value("Half a sentence in the other tab")

    # A server that is killed in the middle of a word.
    await ben.composer.press_sequentially("Killed in the mid")
    house.kill()
    await ben.composer.press_sequentially("dle")
    await ben.composer.press("Enter")
    await expect(ben.thread.locator(".said.pending")).to_have_count(1)
    await house.start()
    await expect(ben.thread.locator(".said.out:not(.pending)", has_text="Killed in the middle")).to_have_count(
        1, timeout=BACK_MS
    )
    for each in (ana, ben, *tabs.values()):
        await expect(each.connected).to_be_visible(timeout=BACK_MS)

    # Everybody's story says each thing once.
    assert said_by_us(await story_of(ana, refs["ana"])) == ["Written without a line"]
    assert said_by_us(await story_of(ben, refs["ben"])) == ["Killed in the middle"]


async def rings(one: Desk, other: Desk) -> bool:
    """Wait until one of two desks rings; whether it is the first."""
    for _ in range(200):
        if await one.offer.count():
            return True
        if await other.offer.count():
            return False
        await asyncio.sleep(0.05)
    raise AssertionError("nobody was asked")


async def accepted(desk: Desk, tab: Desk, name: str) -> str:
    """Accept in the first tab; the card is gone in both, and the work is in both."""
    await expect(tab.offer).to_contain_text(name, timeout=SOON_MS)
    ref = await desk.accept()
    for each in (desk, tab):
        await expect(each.offer).to_have_count(0, timeout=SOON_MS)
        await expect(each.page.locator(f".card[data-ref='{ref}']")).to_be_visible(timeout=SOON_MS)
    return ref


async def test_nobody_sends_on_top_of_what_came_while_the_line_was_broken(house: House, people: People) -> None:
    ana = await people.agent(house, "ana")
    marta = await people.customer(house, "Marta")
    await marta.says("Where is my parcel?")
    await expect(ana.offer).to_contain_text("Marta")
    ref = await ana.accept()
    await ana.context.set_offline(True)
    await ana.page.evaluate("dispatchEvent(new Event('offline'))")
    await ana.composer.fill("It is lost, sorry.")
    await ana.composer.press("Enter")
    await expect(ana.thread.locator(".said.pending")).to_have_count(1)
    await marta.says("I found it!")
    # What was said more than two seconds ago has had the time to be seen by a desk that is well.
    await asyncio.sleep(2.5)
    await ana.context.set_offline(False)
    held = ana.thread.locator(".said.pending.failed")
    await expect(held).to_contain_text("Newer messages came", timeout=BACK_MS)
    await expect(ana.thread).to_contain_text("I found it!", timeout=BACK_MS)
    assert said_by_us(await story_of(ana, ref)) == []
    await held.get_by_role("button", name="Delete").click()
    await ana.reply("Wonderful!")
    assert said_by_us(await story_of(ana, ref)) == ["Wonderful!"]
    await expect(marta.log).to_contain_text("Wonderful!", timeout=SOON_MS)
    await expect(marta.log).not_to_contain_text("It is lost")


async def test_a_session_that_ends_while_one_writes_loses_nothing_in_either_tab(house: House, people: People) -> None:
    ana = await people.agent(house, "ana")
    marta = await people.customer(house, "Marta")
    await marta.says("Where is my parcel?")
    await expect(ana.offer).to_contain_text("Marta")
    ref = await ana.accept()
    tab = await ana.another_tab()
    await tab.page.locator(f".card[data-ref='{ref}']").click()
    await tab.page.click("#tab-note")
    # A draft that is saved later would say first that the session is over, before anything is sent.
    for desk, text in ((tab, "a note of mine"), (ana, "I am looking")):
        async with desk.page.expect_response(lambda answer: "/drafts/" in answer.url and answer.status == 204):
            await desk.composer.fill(text)
    await ana.context.clear_cookies()
    await ana.composer.press("Enter")
    box = ana.page.get_by_role("dialog", name="Your session has ended")
    await expect(box).to_be_visible(timeout=SOON_MS)
    await ana.sign_in()
    await expect(box).to_have_count(0, timeout=SOON_MS)
    await expect(ana.thread.locator(".said.out:not(.pending)", has_text="I am looking")).to_have_count(
        1, timeout=BACK_MS
    )
    await expect(tab.composer).to_have_value("a note of mine")
    await tab.composer.press("Enter")
    await expect(ana.thread.locator(".said.note", has_text="a note of mine")).to_have_count(1, timeout=BACK_MS)
    assert said_by_us(await story_of(ana, ref)) == ["I am looking"]


async def test_of_two_who_accept_one_gets_it_and_the_other_hears_who(house: House, people: People) -> None:
    """UI.md 8.12. The second one asks with the number of an offer that has been accepted."""
    ana, ben = await people.agent(house, "ana"), await people.agent(house, "ben")
    marta = await people.customer(house, "Marta")
    await marta.says("Where is my parcel?")
    first, second = (ana, ben) if await rings(ana, ben) else (ben, ana)
    offers = (await first.call("GET", "/desk"))["offers"]
    number, ref = offers[0]["offer"], offers[0]["ref"]
    me = await (await second.context.request.get("/api/v1/me")).json()
    headers = {"X-CSRF": me["csrf"], "Content-Type": "application/json"}
    await first.accept()
    late = await second.context.request.post(
        f"/api/v1/conversations/{ref}/accept", data={"offer": number}, headers=headers
    )
    assert (late.status, (await late.json())["error"]["code"]) == (409, "offer_gone")
    assert (await second.call("GET", "/desk"))["work"] == []
    story = await story_of(second, ref)
    assert [each["author"] for each in story["items"] if each["kind"] == "accepted"] == [first.login.title()]
