"""What the chat widget finds on the help page, before anybody is asked and while somebody waits."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Route, expect

from tests.channels.door import MemoryDoor
from tests.web.test_widget_page import Visit, violations, visiting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


FOUND = [
    {"title": "Where is my parcel?", "language": "en", "url": "/help/parcel?lang=en"},
    {"title": "พัสดุ", "language": "th", "url": "/help/thai?lang=en"},
]


async def finds(visit: Visit, *, items: list[dict[str, str]] | None = None, status: int = 200) -> list[object]:
    """Have a help page in front of the chat; return what is asked of it."""
    asked: list[object] = []

    async def answer(route: Route) -> None:
        asked.append(route.request.post_data_json)
        await route.fulfill(status=status, json={"items": FOUND if items is None else items})

    visit.door.helps = True
    await visit.page.route("**/help/find.json", answer)
    return asked


async def test_an_answer_is_found_by_the_keyboard_before_anybody_is_asked(chromium: Browser) -> None:
    async with visiting(chromium) as visit:
        asked = await finds(visit)
        await visit.opens()
        search = visit.chat.get_by_role("search", name="Find an answer yourself")
        await search.get_by_role("searchbox").fill("parcel")
        await search.get_by_role("searchbox").press("Enter")
        first = search.get_by_role("link", name="Where is my parcel? (opens in a new tab)")
        await expect(first).to_have_attribute("href", "/help/parcel?lang=en")
        assert [await first.get_attribute(name) for name in ("target", "rel")] == ["_blank", "noopener"]
        await expect(search.get_by_role("status")).to_have_text("Answers found: 2")
        await expect(search.locator("a[lang=th]")).to_contain_text("พัสดุ")
        await expect(search.get_by_role("link", name="All answers")).to_have_attribute(
            "href", f"{visit.door.public_url}/help?lang=en"
        )
        await expect(visit.chat.locator("#begin")).to_be_visible()
        assert asked == [{"query": "parcel", "language": "en"}]
        assert not visit.door.letters
        assert not await violations(visit.page)


async def test_who_waits_finds_an_answer_meanwhile_and_is_not_interrupted(chromium: Browser) -> None:
    async with visiting(chromium) as visit:
        await finds(visit)
        await visit.talks()
        search = visit.chat.get_by_role("search")
        await expect(search).to_be_hidden()
        visit.turns("waiting")
        await search.get_by_role("searchbox").fill("parcel")
        visit.turns("active", "Ines")
        await expect(visit.chat.locator("#standing")).to_be_hidden()
        await expect(search.get_by_role("searchbox")).to_be_focused()
        await visit.chat.locator("#text").focus()
        await expect(search).to_be_hidden()


async def test_after_hours_an_answer_is_offered_and_what_is_kept_does_not_hide_it(chromium: Browser) -> None:
    door = MemoryDoor(open_now=(False, 1_800_000_900_000), texts={"closed-now": "We open on Monday."})
    async with visiting(chromium, door) as visit:
        await finds(visit, items=[])
        await visit.opens()
        search = visit.chat.get_by_role("search")
        await search.get_by_role("searchbox").fill("xyzzy")
        await search.get_by_role("button", name="Search").click()
        await expect(search.get_by_role("status")).to_contain_text("We found nothing for “xyzzy”")
        await visit.chat.locator("#email").fill("ada@example.com")
        await visit.chat.locator("#start").click()
        await visit.writes("Hello")
        visit.turns("deferred")
        await expect(search).to_be_visible()


async def test_a_search_that_is_refused_says_so_and_without_a_help_page_there_is_none(chromium: Browser) -> None:
    async with visiting(chromium) as visit:
        await finds(visit, status=429)
        await visit.opens()
        search = visit.chat.get_by_role("search")
        await search.get_by_role("searchbox").fill("parcel")
        await search.get_by_role("searchbox").press("Enter")
        await expect(search.get_by_role("status")).to_contain_text("Please wait a moment")
    async with visiting(chromium) as visit:
        await visit.opens()
        await expect(visit.chat.get_by_role("search")).to_have_count(0)
