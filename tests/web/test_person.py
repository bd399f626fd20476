"""Who else a customer may be, as the desk shows it: one click, and one to take it back. In Chromium."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.web.conftest import Sit
from tests.web.fake_server import FakeServer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_who_is_likely_the_same_person_is_merged_with_one_click_and_parted_with_another(
    sit: Sit, server: FakeServer
) -> None:
    seat = await sit()
    work = server.floor.own("Marta Kowalska")
    number = work["customer"]["id"]
    evidence = ["email_proved", "name"]
    server.floor.likely[number] = [{"id": 900, "name": "M. Kowalska", "score": 90, "evidence": evidence}]
    await seat.open(work)
    column = seat.page.locator("aside.customer")
    await expect(column.locator(".same")).to_contain_text("M. Kowalska")
    await expect(column.locator(".same .meta")).to_have_text("same e-mail, verified · same name")
    await column.get_by_role("button", name="Same person").click()
    await expect(column.locator(".same")).to_contain_text("Merged by Ana")
    assert server.asks("/merges") == [{"other": 900}]
    await column.get_by_role("button", name="Take back").click()
    await expect(column.locator(".same")).to_have_count(0)


async def test_who_is_not_the_same_is_shown_no_more(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    work = server.floor.own("Marta Kowalska")
    number = work["customer"]["id"]
    server.floor.likely[number] = [{"id": 900, "name": "", "score": 50, "evidence": ["phone_national"]}]
    await seat.open(work)
    column = seat.page.locator("aside.customer")
    await expect(column.locator(".same")).to_contain_text("New visitor")
    await column.get_by_role("button", name="Not the same").click()
    await expect(column.locator(".same")).to_have_count(0)
    assert server.asks("/apart") == [{"other": 900}]


async def test_a_person_that_could_not_be_read_says_so_in_place_and_is_asked_for_again(
    sit: Sit, server: FakeServer
) -> None:
    """UI.md 3.1: an error is inline, and the rest keeps working."""
    seat = await sit()
    work = server.floor.own("Marta Kowalska")
    server.refusals[str(work["customer"]["id"])] = "unavailable"
    await seat.open(work)
    column = seat.page.locator("aside.customer")
    await expect(column.get_by_role("alert")).to_contain_text("Could not be read.", timeout=15_000)
    await expect(seat.composer).to_be_enabled()
    server.refusals.clear()
    await column.get_by_role("button", name="Retry").click()
    await expect(column).to_contain_text("someone@example.com", timeout=15_000)
    await expect(column.get_by_role("alert")).to_have_count(0)
