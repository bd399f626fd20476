"""The web form in Chromium: without JavaScript, and with what its script adds, against the real channel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, expect

from channels import form
from channels.form.fields import CONTACT, Field, Form
from tests.channels.door import MemoryDoor
from tests.channels.site import serving
from tests.e2e.desk_page import Faults
from tests.web.modules import LANGUAGES, looks

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
LOCALES = {"en": "en-GB", "zh": "zh-CN", "th": "th-TH"}
LOOKS = looks([*product(("light", "dark"), LANGUAGES)], [("light", "th"), ("dark", "zh")])
FILES = Form(title=CONTACT.title, fields={**CONTACT.fields, "photos": Field(type="file")}, fill_ms_min=0)
QUICK = Form(title=CONTACT.title, fields=CONTACT.fields, fill_ms_min=0)


@asynccontextmanager
async def standing(
    chromium: Browser, door: MemoryDoor, name: str = "contact", **options: object
) -> AsyncIterator[Page]:
    """Stand before a form. Nothing on it may complain."""
    settings = form.Settings(forms={"contact": QUICK, "files": FILES}, chat="main", chat_queue="general")
    async with serving(form.build(settings, door, {}), "form") as client:
        door.public_url = str(client.make_url("")).rstrip("/")
        context = await chromium.new_context(base_url=door.public_url, **{"locale": "en-GB", **options})
        page, faults = await context.new_page(), Faults()
        faults.watch(page)
        await page.goto(f"/channels/form/{name}")
        yield page
        await context.close()
        said = [each for each in faults.said if "422" not in each]
        assert not said, said


FOUND = [{"title": "Where is my parcel?", "language": "en", "url": "/help/parcel?lang=en"}]


@pytest.mark.parametrize("scripts", [False, True])
async def test_the_way_to_the_help_page_stands_above_the_form_and_after_it(chromium: Browser, *, scripts: bool) -> None:
    door = MemoryDoor(helps=True)
    async with standing(chromium, door, java_script_enabled=scripts) as page:
        link = page.get_by_role("link", name="Find an answer yourself (opens in a new tab)")
        await expect(link).to_have_attribute("href", f"{door.public_url}/help?lang=en")
        await expect(page.locator(".find + form")).to_have_count(1)
        await page.fill("#email", "ada@example.com")
        await page.fill("#message", "Where is it?")
        await page.click("button[type=submit]")
        await expect(page.locator(".reference")).to_be_visible()
        await expect(link).to_have_attribute("rel", "noopener")


async def test_what_may_be_answered_already_is_shown_while_the_question_is_typed(chromium: Browser) -> None:
    door, asked = MemoryDoor(helps=True), []

    async def answer(route: Route) -> None:
        asked.append(route.request.post_data_json)
        await route.fulfill(json={"items": FOUND if "parcel" in asked[-1]["query"] else []})

    async with standing(chromium, door) as page:
        await page.route("**/help/find.json", answer)
        about = page.locator("#message")
        await about.press_sequentially("Hi there, where is the parcel?")
        link = page.locator(".answers").get_by_role("link", name="Where is my parcel? (opens in a new tab)")
        await expect(link).to_have_attribute("href", "/help/parcel?lang=en")
        await expect(link).to_have_attribute("target", "_blank")
        await expect(page.locator(".answers").get_by_role("status")).to_have_text("This may already be answered:")
        await expect(about).to_be_focused()
        assert asked[-1] == {"query": "Hi there, where is the parcel?", "language": "en", "typing": True}
        assert not await violations(page)
        await about.fill("no")
        await expect(link).to_have_count(0)
        assert not door.letters


async def test_a_form_without_a_help_page_asks_nobody(chromium: Browser) -> None:
    async with standing(chromium, MemoryDoor()) as page:
        await page.fill("#message", "Where is the parcel that I ordered?")
        await expect(page.get_by_role("link", name="Find an answer yourself")).to_have_count(0)
        await expect(page.locator(".answers")).to_have_count(0)


async def violations(page: Page) -> list[str]:
    await page.evaluate(AXE.read_text() + "\nundefined")
    found = await page.evaluate("async () => (await axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa']})).violations")
    return [f"{each['id']}: {[node['html'] for node in each['nodes']]}" for each in found]


@pytest.mark.parametrize("scripts", [False, True])
async def test_it_validates_and_posts_with_and_without_javascript(chromium: Browser, *, scripts: bool) -> None:
    """UI.md 8.40."""
    door = MemoryDoor()
    async with standing(chromium, door, java_script_enabled=scripts) as page:
        await page.fill("#message", "Where is it?")
        await page.click("button[type=submit]")
        await expect(page.locator(".summary")).to_contain_text("E-mail address: Please fill this in.")
        await expect(page.locator("#email")).to_have_attribute("aria-invalid", "true")
        await expect(page.locator("#message")).to_have_value("Where is it?")
        if scripts:
            await expect(page.locator(".summary")).to_be_focused()
            assert door.letters == []
        await page.fill("#email", "ann@example.org")
        await page.click("button[type=submit]")
        await expect(page.locator(".reference strong")).to_have_text("PB-00001")
        await expect(page.get_by_role("link", name="Somebody is there: chat now")).to_be_visible()
    assert [message.text.splitlines()[-1] for message in door.messages] == ["Where is it?"]


async def test_a_fault_is_said_when_its_field_is_left_and_goes_when_it_is_mended(chromium: Browser) -> None:
    async with standing(chromium, MemoryDoor()) as page:
        await page.fill("#email", "ann@")
        await page.locator("#message").focus()
        await expect(page.locator("#email-fault")).to_contain_text("name@example.com")
        await expect(page.locator("#email")).to_have_attribute("aria-describedby", "email-help email-fault")
        await page.fill("#email", "ann@example.org")
        await page.locator("#message").focus()
        await expect(page.locator("#email-fault")).to_have_count(0)
        await expect(page.locator("#email")).to_have_attribute("aria-describedby", "email-help")


async def test_what_was_entered_survives_a_reload_and_is_gone_when_it_has_arrived(chromium: Browser) -> None:
    async with standing(chromium, MemoryDoor()) as page:
        await page.fill("#email", "ann@example.org")
        await page.fill("#message", "Where is it?")
        await page.reload()
        await expect(page.locator("#message")).to_have_value("Where is it?")
        await page.click("button[type=submit]")
        await expect(page.locator(".reference")).to_be_visible()
        await page.goto("/channels/form/contact")
        await expect(page.locator("#message")).to_have_value("")


async def test_files_are_sent_by_the_script_too(chromium: Browser, tmp_path: Path) -> None:
    door = MemoryDoor()
    (tmp_path / "tent.txt").write_text("A tent.")
    async with standing(chromium, door, "files") as page:
        await page.fill("#email", "ann@example.org")
        await page.fill("#message", "See the picture.")
        await page.set_input_files("#photos", tmp_path / "tent.txt")
        await page.click("button[type=submit]")
        await expect(page.locator(".reference")).to_be_visible()
    assert [[file.name for file in message.attachments] for message in door.messages] == [["tent.txt"]]


@pytest.mark.parametrize(("is_open", "free"), [(False, True), (True, False)])
async def test_the_chat_is_not_offered_while_nobody_is_there(chromium: Browser, *, is_open: bool, free: bool) -> None:
    """UI.md 3.5: "Chat now" if open and free."""
    async with standing(chromium, MemoryDoor(open_now=(is_open, 0), free=free)) as page:
        await page.fill("#email", "ann@example.org")
        await page.fill("#message", "Where is it?")
        await page.click("button[type=submit]")
        await expect(page.locator(".reference")).to_be_visible()
        await expect(page.locator(".now")).to_have_count(0)


@pytest.mark.parametrize(("scheme", "language"), LOOKS)
async def test_no_view_of_the_form_has_a_fault_that_axe_knows(chromium: Browser, scheme: str, language: str) -> None:
    options = {"color_scheme": scheme, "locale": LOCALES[language], "viewport": {"width": 320, "height": 700}}
    async with standing(chromium, MemoryDoor(), "files", **options) as page:
        assert await violations(page) == []
        await page.click("button[type=submit]")
        await expect(page.locator(".summary")).to_be_visible()
        assert await violations(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
