"""The desk by itself: signing in, offers, replies, notes, transfer, wrap-up, in Chromium against a fake server."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.web.conftest import Sit
from tests.web.fake_server import FakeServer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_wrong_password_is_said_and_the_right_one_opens_the_desk(sit: Sit, server: FakeServer) -> None:
    seat = await sit(signed_in=False, shift=False)
    await seat.sign_in("not this one")
    await expect(seat.page.get_by_role("alert").filter(has_text="not right")).to_be_visible()
    await seat.sign_in()
    await seat.live()
    await seat.page.get_by_role("button", name="Start shift").click()
    await expect(seat.presence).to_contain_text("Available")
    assert server.asks("/shift") == [{}]


async def test_alt_enter_accepts_an_offer_while_a_draft_stays_where_it_was(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    first = server.floor.own("Marta Kowalska")
    await seat.open(first)
    await seat.composer.press_sequentially("I am looking at")
    offer = server.floor.offer("Dao Thị Hương")
    await expect(seat.offer).to_contain_text("Dao Thị Hương")
    await expect(seat.offer).to_contain_text("free the longest")
    await seat.composer.press("Alt+Enter")
    await expect(seat.offer).to_have_count(0)
    await expect(seat.page.locator(f".card[data-ref='{offer['ref']}']")).to_be_visible()
    await expect(seat.composer).to_have_value("I am looking at")
    assert [each["offer"] for each in server.asks("/accept")] == [offer["offer"]]


async def test_the_countdown_runs_on_the_servers_time(sit: Sit, server: FakeServer) -> None:
    server.skew_ms = 300_000
    seat = await sit()
    server.floor.offer(ttl_ms=320_000)
    # The server is five minutes ahead, and so is the offer's end as this desk's clock would have it.
    await expect(seat.offer.get_by_role("img", name="seconds left")).to_contain_text("20", timeout=3_000)
