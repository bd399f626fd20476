"""What people call themselves, and what they write, of any length and script: no screen is torn, none runs it."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.e2e.conftest import People
from tests.e2e.house import House
from tests.e2e.pages import Customer, Desk
from tests.e2e.test_every_screen import SCREENS, show
from tests.e2e.test_screens import standing_out

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Marks that stand above each other, a direction that is turned round, markup, no blank to break at, a joined face.
STACKED = "Z" + "\u0335\u0321\u031b\u0300" * 12 + "algo"
NAMES = {
    "turned": "\u202egnp.exe Omar \u2066Haddad",
    "markup": "<img src=x onerror=window.broken=1><script>window.broken=1</script>",
    "unbroken": "Wolfeschlegelsteinhausenbergerdorff" * 3,
    "stacked": STACKED,
    "thai": "กรุงเทพมหานครอมรรัตนโกสินทร์มหินทรายุธยามหาดิลกภพนพรัตนราชธานีบูรีรมย์",
    "face": "👩‍👩‍👧‍👦" * 12,
}
WORDS = "\u202eeh siht " + "x" * 500 + " <b onclick=window.broken=1>bold</b> " + STACKED
# What runs over the edge of its own box, and what is squeezed to a column of single letters.
SPILT = """() => [...document.querySelectorAll("main *, dialog *, aside *")].filter((each) => {
    const style = getComputedStyle(each), wide = each.clientWidth;
    if (!each.offsetParent || !each.textContent.trim() || each.closest(".unseen, select, svg")) return false;
    if (style.overflowX !== "visible") return false;
    const spilt = style.display !== "inline" && each.scrollWidth > wide + 2;
    const scrolled = each.closest(".scrolled, .body, .scroll, pre");
    const letters = [...each.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim().length > 8);
    return (spilt && !scrolled) || (letters && wide > 0 && wide < 32);
}).map((each) => `${each.tagName}.${each.getAttribute("class")} ${each.clientWidth}<${each.scrollWidth}`)"""
WIDTHS = (390, 1440)
# Where somebody wants to look: the folder that the pictures go to.
PICTURES = os.environ.get("PATCHBAY_PICTURES", "")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    changes = {"queues": {"queues": {"general": {"hours": "always", "offer": "2m"}}}}
    opened = House(tmp_path_factory.mktemp("names"), changes=changes)
    async with opened.serving():
        opened.add_person("ada", role="admin", name=NAMES["unbroken"][:60], skill=["orders=3"], capacity=200)
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def floor(house: House, chromium: Browser) -> AsyncIterator[tuple[Desk, dict[str, str], Customer]]:
    """Somebody of each name writes and is served; a complaint, a follow-up, an article, a segment are about them."""
    people = People(chromium)
    desk = await people.agent(house, "ada", reduced_motion="reduce")
    refs: dict[str, str] = {}
    for kind, name in NAMES.items():
        customer = await people.customer(house, name)
        await customer.says(WORDS)
        await expect(customer.log).to_contain_text("x" * 500)
        await expect(desk.offer).to_be_visible()
        await desk.page.keyboard.press("Alt+Enter")
        await expect(desk.page.locator(".card")).to_have_count(len(refs) + 1)
        work = (await desk.call("GET", "/desk"))["work"]
        (refs[kind],) = {each["ref"] for each in work} - set(refs.values())
    await tell_of(desk, refs)
    yield desk, refs, people.customers[0]
    await people.leave()


async def tell_of(desk: Desk, refs: dict[str, str]) -> None:
    """Fill the other rooms with the same words."""
    for kind, ref in refs.items():
        at = f"/conversations/{ref}"
        await desk.call("POST", f"{at}/reply", {"text": WORDS, "then": "stay", "client_id": f"reply-{kind}"})
        await desk.call("POST", f"{at}/note", {"text": WORDS, "client_id": f"note-{kind}"})
        case = {
            "command_id": f"case-{kind}",
            "ref": ref,
            "kind": "service",
            "severity": "minor",
            "happened": WORDS,
            "wish": WORDS,
        }
        await desk.call("POST", "/complaints", case)
    await desk.call("POST", f"/conversations/{refs['unbroken']}/park", {"until_ms": 0})
    await desk.call("POST", f"/conversations/{refs['markup']}/close", {"disposition": "resolved"})


async def torn(page: Page) -> list[str]:
    """Return what is wrong with the page as it stands."""
    await expect(page.locator(".skeleton")).to_have_count(0)
    ran = await page.evaluate("'broken' in window || document.querySelector('img[src=x], b[onclick]') !== null")
    spilt: list[str] = await page.evaluate(SPILT)
    return [*await standing_out(page), *spilt, *(["somebody's words ran as markup"] if ran else [])]


@pytest.mark.parametrize("screen", SCREENS)
async def test_no_name_tears_a_screen_or_runs(screen: str, floor: tuple[Desk, dict[str, str], Customer]) -> None:
    desk, refs, _ = floor
    everybody = range(1, len(refs) + 1)
    people = {"desk": refs.values(), "why": refs.values(), "customers": everybody, "complaints": everybody}
    places = defaultdict[str, Iterable[object]](tuple, people)
    found: dict[str, list[str]] = {}
    for width in WIDTHS:
        for place in (screen, *(f"{screen}/{each}" for each in places[screen])):
            await show(desk, place, "en", "light", width)
            if PICTURES:
                await desk.page.screenshot(path=Path(PICTURES) / f"{place.replace('/', '-')}-{width}.png")
            found |= {f"{place} at {width}": wrong for wrong in [await torn(desk.page)] if wrong}
    assert found == {}
    assert desk.faults.said == []


async def test_the_customers_page_is_not_torn_by_what_the_agent_is_called(
    floor: tuple[Desk, dict[str, str], Customer],
) -> None:
    _, _, customer = floor
    await expect(customer.log).to_contain_text("x" * 500)
    assert await customer.frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not await customer.frame.evaluate("'broken' in window")
    assert customer.faults.said == []
