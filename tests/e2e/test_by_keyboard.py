"""A whole shift without a mouse, at the real node: the focus is never lost, and everything is reached by keys."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from tests.e2e.conftest import People
from tests.e2e.desk_page import WIDE
from tests.e2e.house import PASSWORD, House
from tests.e2e.pages import Desk

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

TABS_MAX = 60
LOST_MS_MAX = 5_000
QUEUES = ("general", "billing", "orders", "complaints")
# Who would use a mouse gets an error, which fails the test.
NO_MOUSE = """for (const name of ["mousedown", "pointerdown"])
    addEventListener(name, () => { throw new Error("a mouse"); }, true);"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    ring = {"hours": "always", "offer": "2m"}
    opened = House(tmp_path_factory.mktemp("keys"), changes={"queues": {"queues": dict.fromkeys(QUEUES, ring)}})
    async with opened.serving():
        for login in ("ana", "ben"):
            opened.add_person(login, name=login.title(), skill=["billing=3", "orders=3", "complaints=3"])
        yield opened


class Keys:
    """Ana's ten fingers."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def types(self, text: str) -> None:
        await self.page.keyboard.type(text)

    async def held(self, after: str) -> None:
        """The focus is on something that is there and can be seen."""
        await self.page.wait_for_function(
            """() => { const here = document.activeElement;
                return here && here !== document.body && here.isConnected && here.getClientRects().length > 0; }""",
            timeout=LOST_MS_MAX,
        )
        assert after

    async def reach(self, target: Locator, key: str = "Tab") -> None:
        """Go there by tabs, as somebody does who sees where the focus is."""
        await expect(target).to_be_visible()
        for _ in range(TABS_MAX):
            if await target.evaluate("(element) => element === document.activeElement"):
                return
            await self.press(key)
        raise AssertionError(f"{target} is not reached by {key}")

    async def out_of_the_text(self) -> None:
        """Into the region after the one where one writes, where single letters do something."""
        await self.press("F6")
        await self.page.wait_for_function("() => !document.activeElement.closest('input, textarea, select')")


async def test_a_whole_shift_by_keyboard(house: House, people: People) -> None:
    """Issue 7: sign in, accept, saved reply, note, consult, transfer, park, wrap-up, next, break, sign out."""
    ben = await people.agent(house, "ben")
    await ben.choose("Break")
    context = await people.browser.new_context(base_url=house.base, viewport=WIDE, locale="en-GB")
    ana = Desk(context, await context.new_page(), ben.faults, house, "ana")
    people.desks.append(ana)
    ana.faults.watch(ana.page)
    await ana.page.add_init_script(NO_MOUSE)
    await ana.page.goto("/")
    keys = Keys(ana.page)
    await begins(ana, keys)
    first = await answers(ana, keys, people, house)
    await consults(ana, keys, ben, first)
    await hands_over(ana, keys, people, house)
    await parks_and_wraps_up(ana, keys, people, house)
    await leaves(ana, keys)
    assert ana.faults.said == []


async def begins(ana: Desk, keys: Keys) -> None:
    await expect(ana.page.locator("input[name=login]")).to_be_focused()
    await keys.types("ana")
    await keys.press("Tab")
    await keys.types(PASSWORD)
    await keys.press("Enter")
    begin = ana.page.get_by_role("banner").get_by_role("button", name="Start shift")
    await keys.held("signing in")
    await keys.reach(begin)
    await keys.press("Enter")
    await expect(ana.presence).to_contain_text("Available")
    await keys.held("starting the shift")


async def answers(ana: Desk, keys: Keys, people: People, house: House) -> str:
    marta = await people.customer(house, "Marta")
    await marta.says("Where is my parcel?")
    await expect(ana.offer).to_contain_text("Marta")
    await keys.press("a")
    await expect(ana.composer).to_be_visible()
    await keys.held("accepting")
    await keys.press("r")
    await expect(ana.composer).to_be_focused()
    await keys.types("/moment")
    await expect(ana.page.locator(".suggest [aria-selected=true]")).to_contain_text("/moment")
    await keys.press("Enter")
    await expect(ana.composer).to_have_value("Thank you. Let me look into this; it takes me a minute or two.")
    await keys.press("Enter")
    await expect(marta.log).to_contain_text("Let me look into this")
    await expect(ana.composer).to_be_focused()
    await keys.out_of_the_text()
    await keys.press("n")
    await expect(ana.page.locator(".composer.noting textarea")).to_be_focused()
    await keys.types("Asked the carrier.")
    await keys.press("Enter")
    await expect(ana.thread.locator(".said.note:not(.pending)")).to_contain_text("Asked the carrier.")
    await keys.press("ArrowUp")
    await expect(ana.composer).to_have_value("Asked the carrier.")
    await keys.types(" Twice.")
    await keys.press("Enter")
    await expect(ana.thread.locator(".said.note:not(.pending)")).to_have_count(1)
    await expect(ana.thread.locator(".said.note:not(.pending)")).to_contain_text("Asked the carrier. Twice.")
    return await ana.reference()


async def consults(ana: Desk, keys: Keys, ben: Desk, ref: str) -> None:
    """Ben is asked in, comes, and gets it from her."""
    await ben.choose("Available")
    await keys.out_of_the_text()
    await keys.press("t")
    dialog = ana.page.get_by_role("dialog", name="Transfer")
    await expect(dialog.get_by_role("searchbox")).to_be_focused()
    await keys.types("Ben")
    await expect(dialog.locator(".target")).to_contain_text(["Ben"])
    await keys.press("ArrowDown")
    await expect(dialog.get_by_role("radio", name="Ben")).to_be_checked()
    await keys.reach(dialog.get_by_label("Hand over now"))
    await keys.press("ArrowDown")
    await expect(dialog.get_by_label("Ask first")).to_be_checked()
    await keys.press("Control+Enter")
    await expect(dialog).to_have_count(0)
    await keys.held("asking Ben")
    await ben.page.locator(f".card[data-ref='{ref}']").click()
    await ben.page.get_by_role("button", name="Join", exact=True).click()
    over = ana.page.get_by_role("button", name="Hand over to Ben")
    await keys.reach(over)
    await keys.press("Enter")
    await expect(ana.page.locator(f".work .card[data-ref='{ref}']")).to_have_count(0)
    await keys.held("handing over")


async def hands_over(ana: Desk, keys: Keys, people: People, house: House) -> None:
    omar = await people.customer(house, "Omar")
    await omar.says("My invoice is wrong")
    await expect(ana.offer).to_contain_text("Omar")
    await keys.press("Alt+Enter")
    await expect(ana.page.locator(".head h1")).to_have_text("Omar")
    await keys.held("accepting by Alt Enter")
    ref = await ana.reference()
    await keys.press("t")
    dialog = ana.page.get_by_role("dialog", name="Transfer")
    await expect(dialog.get_by_role("searchbox")).to_be_focused()
    await keys.types("Ben")
    await expect(dialog.locator(".target")).to_contain_text(["Ben"])
    await keys.press("ArrowDown", "Control+Enter")
    await expect(dialog).to_have_count(0)
    await expect(ana.page.locator(f".work .card[data-ref='{ref}']")).to_have_count(0)
    await keys.held("transferring")


async def parks_and_wraps_up(ana: Desk, keys: Keys, people: People, house: House) -> None:
    refs = {}
    for name in ("Lin", "Ravi"):
        customer = await people.customer(house, name)
        await customer.says(f"{name} asks")
        await expect(ana.offer).to_contain_text(name)
        await keys.press("a")
        await expect(ana.page.locator(".head h1")).to_have_text(name)
        await keys.held("accepting")
        refs[name] = await ana.reference()
    await keys.press("k")
    await expect(ana.page.locator(".head h1")).to_have_text("Lin")
    await keys.press("j")
    await expect(ana.page.locator(".head h1")).to_have_text("Ravi")
    await keys.press("p")
    dialog = ana.page.get_by_role("dialog", name="Park until…")
    await keys.reach(dialog.get_by_role("button", name="In one hour"))
    await keys.press("Enter")
    await expect(ana.page.locator(".elsewhere")).to_contain_text("Parked")
    await keys.held("parking")
    await keys.press("1")
    await expect(ana.page.locator(".head h1")).to_have_text("Lin")
    await keys.press("e")
    await expect(ana.page.locator(".wrap-up input[type=search]")).to_be_focused()
    await keys.types("resol")
    await keys.press("Enter")
    await expect(ana.page.get_by_role("radio", name="Resolved")).to_be_checked()
    await keys.press("Control+Enter")
    await expect(ana.page.locator(".elsewhere")).to_contain_text("Closed")
    await keys.held("wrapping up")
    await keys.press("j")
    await expect(ana.page.locator(".head h1")).to_have_text("Ravi")
    await keys.reach(ana.page.get_by_role("button", name="Take it back now"))
    await keys.press("Enter")
    await expect(ana.composer).to_be_visible()
    await keys.held("taking it back")
    await keys.press("e")
    await expect(ana.page.locator(".wrap-up input[type=search]")).to_be_focused()
    await keys.types("resol")
    await keys.press("Enter", "Control+Enter")
    await expect(ana.page.locator(".elsewhere")).to_contain_text("Closed")
    await keys.held("wrapping up")


async def leaves(ana: Desk, keys: Keys) -> None:
    await keys.press("Shift+S")
    await expect(ana.page.locator(".presence .menu button").first).to_be_focused()
    await keys.press("b", "Enter")
    await expect(ana.presence).to_contain_text("Break")
    await keys.held("going on a break")
    await keys.reach(ana.page.get_by_role("button", name="Account of Ana"))
    await keys.press("Enter")
    await keys.reach(ana.page.get_by_role("button", name="Sign out"))
    await keys.press("Enter")
    await expect(ana.page.locator("input[name=login]")).to_be_focused()
