"""Conversations from the first word to the wrap-up, between real browsers, a real mail server and a real Patchbay."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.e2e.conftest import People
from tests.e2e.house import House

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

QUEUES = ("general", "billing", "orders", "complaints")
ALWAYS_OPEN: dict[str, Any] = {"queues": {"queues": {name: {"hours": "always"} for name in QUEUES}}}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A contact center that is always open, with four agents who can serve every queue."""
    opened = House(tmp_path_factory.mktemp("house"), changes=ALWAYS_OPEN)
    await opened.start()
    for login in ("ana", "ben", "chloe"):
        opened.add_person(login, name=login.title(), skill=["billing=3", "orders=3", "complaints=3"])
    yield opened
    opened.stop()


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

    await ana.reply("Let me look at the parcel with the carrier.")
    await expect(marta.log).to_contain_text("Let me look at the parcel with the carrier.")
    await expect(ana.thread.locator(".said.out")).to_contain_text("Read")
    await ana.note("The carrier lost it at WAW-3.")
    await ana.reply("We send a new one today.")
    await expect(marta.log).to_contain_text("We send a new one today.")
    await expect(marta.log).not_to_contain_text("WAW-3")

    await ana.finish("Order changed")
    await expect(marta.log.locator("li.status").last).to_contain_text("ended")
    await expect(ana.page.locator(".card")).to_have_count(0)
    assert ana.faults.said == []
    assert marta.faults.said == []
