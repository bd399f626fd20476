"""A call in the desk itself: offered, taken in the browser, muted, keys pressed, held, hung up. Played, in Chromium."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.e2e.desk_page import WIDE, DeskPage, Faults
from tests.e2e.house import PASSWORD
from tests.sandbox.playing import SandboxHouse, Stand, standing

SKILLS = ["billing=3", "orders=3", "complaints=3"]
PATIENCE_MS = 60_000
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SandboxHouse]:
    made = SandboxHouse(tmp_path_factory.mktemp("sandbox"))
    (made.config / "hours.yaml").write_text("hours: {office: always, always: always}\n")
    async with made.serving():
        made.add_person("ana", skill=SKILLS, capacity=1000)
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(house: SandboxHouse, chromium: Browser) -> AsyncIterator[DeskPage]:
    """Ana's desk, at work."""
    context = await chromium.new_context(base_url=house.base, viewport=WIDE, locale="en-GB")
    made = DeskPage(context, await context.new_page(), Faults())
    made.faults.watch(made.page)
    await made.page.goto("/")
    await made.fill_in("ana", PASSWORD)
    await made.page.get_by_role("banner").get_by_role("button", name="Start shift").click(timeout=PATIENCE_MS)
    yield made
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def stand(house: SandboxHouse) -> AsyncIterator[Stand]:
    async with standing(house) as made:
        yield made


async def test_a_call_is_offered_taken_muted_held_and_hung_up_at_the_desk(stand: Stand, desk: DeskPage) -> None:
    line = await stand.opens("phone")
    await desk.offer.get_by_role("button", name="Accept").click(timeout=PATIENCE_MS)
    bar = desk.page.get_by_role("region", name="Call", exact=True)
    await expect(bar).to_contain_text("On the line", timeout=PATIENCE_MS)
    await stand.sees(line, lambda shown: shown["state"] == "talk", "talks")
    await bar.get_by_role("button", name="Mute").click(timeout=PATIENCE_MS)
    await expect(bar).to_contain_text("Muted: nobody hears you", timeout=PATIENCE_MS)
    await bar.get_by_role("button", name="Unmute").click()
    await bar.get_by_role("button", name="Keypad").click()
    await bar.get_by_role("group", name="Keypad").get_by_role("button", name="5").click()
    await stand.hears(line, "tone 5")
    await bar.get_by_role("button", name="Hold").click()
    await expect(bar).to_contain_text("On hold", timeout=PATIENCE_MS)
    await bar.get_by_role("button", name="Take off hold").click()
    await expect(bar).to_contain_text("On the line", timeout=PATIENCE_MS)
    await bar.get_by_role("button", name="Hang up").click()
    await expect(desk.page.locator(".wrap-up .outcomes")).to_be_visible(timeout=PATIENCE_MS)
    assert desk.faults.said == []
