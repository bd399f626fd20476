"""What is done with a conversation less often, by its More menu: asking somebody in, saving it as a file, blocking."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from tests.web.conftest import Sit
from tests.web.fake_floor import now_ms
from tests.web.fake_server import FakeServer
from tests.web.looking import violations
from tests.web.seat import Seat

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
WAIT_MS = 15_000
DAY_MS = 86_400_000


async def chooses(seat: Seat, item: str, dialog: str) -> Locator:
    """Choose an item of the menu; return the dialog that it opens."""
    await seat.page.locator(".head").get_by_role("button", name="More").click()
    await seat.page.get_by_role("menuitem", name=item).click()
    opened = seat.page.get_by_role("dialog", name=dialog)
    await expect(opened).to_be_visible(timeout=WAIT_MS)
    return opened


async def test_a_colleague_is_added_where_somebody_is_on_the_line(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    dialog = await chooses(seat, "Add a colleague", "Transfer")
    await expect(dialog.get_by_label("Ask first")).to_be_checked(timeout=WAIT_MS)
    await seat.page.keyboard.press("Escape")
    await seat.open(server.floor.own("Omar Haddad", channel="email"))
    await seat.page.locator(".head").get_by_role("button", name="More").click()
    await expect(seat.page.get_by_role("menuitem", name="Park")).to_be_visible(timeout=WAIT_MS)
    await expect(seat.page.get_by_role("menuitem", name="Add a colleague")).to_have_count(0)


async def test_a_conversation_is_saved_whole_with_times_of_utc_and_notes_only_if_wanted(
    sit: Sit, server: FakeServer
) -> None:
    """UI.md 8.50: exports stay ISO."""
    seat = await sit(locale="th-TH")
    server.config["calendar"] = "buddhist"
    work = server.floor.own("Marta Kowalska", text="Where is my parcel?")
    for number in range(230):
        server.floor.item(work["ref"], "in", text=f"line {number}", author="Marta Kowalska", quiet=True)
    server.floor.item(work["ref"], "note", text="She is angry.", author="Ines Duarte", agent=7, quiet=True)
    server.floor.item(work["ref"], "out", text="On its way.", author="Ines Duarte", agent=7, quiet=True)
    await seat.page.evaluate("localStorage.setItem('patchbay:language', 'en')")
    await seat.page.reload()
    await seat.live()
    await seat.open(work)
    plain = await saved(seat, work["ref"])
    assert [line for line in plain.splitlines() if line.startswith("line ")] == [f"line {n}" for n in range(230)]
    assert plain.count("Where is my parcel?") == plain.count("On its way.") == 1
    assert "She is angry" not in plain
    assert re.search(r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ  Ines Duarte\nOn its way\.$", plain, re.MULTILINE)
    assert f"#{work['ref']}" in plain.splitlines()[0]
    assert "Ines Duarte (internal note)\nShe is angry." in await saved(seat, work["ref"], notes=True)


async def saved(seat: Seat, ref: str, *, notes: bool = False) -> str:
    """Save the conversation on the screen as a file; return what is in it."""
    dialog = await chooses(seat, "Save the conversation as a file", "Save as a file")
    if notes:
        await dialog.get_by_label("With internal notes").check()
    async with seat.page.expect_download(timeout=WAIT_MS) as coming:
        await dialog.get_by_role("button", name="Save").click()
    file = await coming.value
    assert file.suggested_filename == f"conversation-{ref}.txt"
    await expect(dialog).to_have_count(0, timeout=WAIT_MS)
    return Path(await file.path()).read_text()


async def test_who_writes_is_blocked_for_a_day_by_an_agent_and_let_in_again(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    dialog = await chooses(seat, "Block the sender…", "Block Marta Kowalska")
    await expect(dialog.get_by_label("24 hours")).to_be_checked()
    await expect(dialog.get_by_label("For good")).to_have_count(0)
    assert await violations(seat.page) == []
    await dialog.get_by_label("Abusive").check()
    await dialog.get_by_role("button", name="Block").click()
    await expect(seat.toast).to_contain_text("Blocked until", timeout=WAIT_MS)
    (asked,) = server.asks("/block")
    assert asked["reason"] == "abusive"
    assert now_ms() < asked["until_ms"] < now_ms() + DAY_MS
    dialog = await chooses(seat, "Block the sender…", "Block Marta Kowalska")
    await expect(dialog).to_contain_text("By Ines Duarte: Abusive.")
    await dialog.get_by_role("button", name="Take back").click()
    await expect(seat.toast).to_contain_text("Not blocked any more", timeout=WAIT_MS)
    assert server.more.blocked == {}


async def test_who_supervises_may_block_for_good(sit: Sit, server: FakeServer) -> None:
    server.me["role"] = "supervisor"
    seat = await sit(viewport={"width": 390, "height": 844})
    await seat.open(server.floor.own("Marta Kowalska"))
    dialog = await chooses(seat, "Block the sender…", "Block Marta Kowalska")
    await dialog.get_by_label("For good").check()
    await dialog.get_by_role("button", name="Block").click()
    await expect(seat.toast).to_contain_text("Blocked for good", timeout=WAIT_MS)
    assert [each["until_ms"] for each in server.asks("/block")] == [0]
    assert await seat.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
