"""Every dialog and screen around a conversation, as a reader meets it: axe, narrow screens, every language."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.web.conftest import Sit
from tests.web.fake_floor import ME, now_ms
from tests.web.fake_server import FakeServer
from tests.web.looking import violations
from tests.web.modules import all_words, looks
from tests.web.seat import Seat
from tests.web.test_layout import texts

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
WAIT_MS = 30_000
WAYS: dict[str, dict[str, Any]] = {
    "light": {"reduced_motion": "reduce"},
    "dark and narrow, in Chinese": {
        "color_scheme": "dark",
        "viewport": {"width": 390, "height": 844},
        "locale": "zh-CN",
    },
    "very narrow, in Thai": {"viewport": {"width": 320, "height": 640}, "locale": "th-TH"},
}
# What the fake floor says is in one language; names of a configuration are in its own words.
SAID = {"E-mail", "Web form", "Chat", "Gold", "Order", "Refunds", "Refund given", "Late"}


def prepare(server: FakeServer) -> None:
    server.me["role"] = "admin"
    server.floor.queues["billing"] |= {"waiting": 4, "staffed": 3}
    server.handing.noted = {"billing"}
    server.config["outcome_reasons"] = {"refund-given": ["damaged", "late"]}
    mark = {"id": 1, "kind": "email", "value": "a@example.com", "mark": "blocked", "reason": "spam", "agent": 7}
    server.persons.marks = [mark | {"created_ms": now_ms(), "until_ms": 0}]


async def states(seat: Seat, server: FakeServer) -> AsyncIterator[str]:
    """Bring the page into one state after another."""
    page, work = seat.page, server.floor.own("Marta Kowalska")
    ref, number = work["ref"], work["customer"]["id"]
    server.floor.customers[number]["attributes"] |= {"tags": "vip", "zone": "Asia/Bangkok"}
    await seat.card(work).click()
    await page.locator(".thread").focus()
    await page.keyboard.press("t")
    await expect(page.locator("dialog .target").first).to_be_visible(timeout=WAIT_MS)
    await page.locator("dialog .target:not(.blocked)").first.click()
    yield "transfer"
    await page.keyboard.press("Escape")
    await page.locator(".thread").focus()
    await page.keyboard.press("p")
    await page.locator("dialog .stack button").last.click(timeout=WAIT_MS)
    yield "park"
    await page.keyboard.press("Escape")
    party = {"id": 8, "name": "Somchai Prasert", "role": "consult", "until_ms": 0}
    passed = {"id": ME["id"], "name": ME["name"]}
    work |= {"channel": "phone", "participants": [party], "passed_by": passed}
    server.floor.changed(work)
    server.floor.item(ref, "transfer_returned", author="Lena Hoff", agent=9, detail="lapsed")
    await expect(page.locator(".call-bar")).to_be_visible(timeout=WAIT_MS)
    await expect(page.locator(".around .back-again")).to_be_visible(timeout=WAIT_MS)
    yield "call"
    work["channel"] = "chat"
    server.floor.moves(ref, "wrap_up", due_ms=now_ms() + 300_000)
    await page.locator(".wrap-up .choice").nth(1).click(timeout=WAIT_MS)
    await page.locator(".wrap-up .check input").check()
    yield "wrap-up"
    for name, address, sign in (
        ("why", f"#/why/{ref}", ".decision"),
        ("person", f"#/customers/{number}", ".person-page"),
        ("customers", "#/customers", ".archive table"),
        ("blocked", "#/customers/blocked", "table.list"),
    ):
        await page.evaluate("(hash) => { location.hash = hash; }", address)
        await expect(page.locator(sign).first).to_be_visible(timeout=WAIT_MS)
        yield name


@pytest.mark.parametrize("way", looks(list(WAYS), [*WAYS][1:2]))
async def test_axe_finds_nothing_and_nothing_sticks_out(sit: Sit, server: FakeServer, way: str) -> None:
    """UI.md 8.42 and 8.45, around a conversation."""
    prepare(server)
    seat = await sit(**WAYS[way])
    found = {}
    async for state in states(seat, server):
        await _still(seat.page)
        found[state] = await violations(seat.page)
        if state != "blocked":
            wide = await seat.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
            assert wide[0] <= wide[1], state
    assert {state: said for state, said in found.items() if said} == {}


async def _still(page: Page) -> None:
    """Wait until nothing fades in any more: half-faded text has too little contrast."""
    await page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished.catch(() => {})))")


@pytest.mark.parametrize("language", ["zh", "th"])
async def test_a_language_says_everything_around_a_conversation(sit: Sit, server: FakeServer, language: str) -> None:
    prepare(server)
    seat = await sit(locale={"zh": "zh-CN", "th": "th-TH"}[language])
    spoken, translated = all_words("en"), all_words(language)
    same = {text for key, text in spoken.items() if translated[key] == text}
    english = set(spoken.values()) - same - SAID
    seen: set[str] = set()
    async for _ in states(seat, server):
        seen |= await texts(seat.page)
    assert seen & english == set()
    assert not [text for text in seen if "{" in text or text in spoken], "a key is shown in place of its words"
