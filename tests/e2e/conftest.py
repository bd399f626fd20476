"""People who leave the floor when their test is over."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.e2e.house import House
from tests.e2e.pages import Customer, Desk


class People:
    """Everybody who takes part in one test."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.desks: list[Desk] = []
        self.customers: list[Customer] = []
        self.contexts: list[BrowserContext] = []

    async def agent(self, house: House, login: str, **options: Any) -> Desk:
        self.desks.append(await Desk.at(house, self.browser, login, **options))
        return self.desks[-1]

    async def desk(self, house: House, login: str, **options: Any) -> Desk:
        """Somebody who is on shift already, in another browser."""
        self.desks.append(await Desk.signed_in(house, self.browser, login, **options))
        return self.desks[-1]

    async def stranger(self, house: House, **options: Any) -> Page:
        """The first page, for who has not signed in."""
        context = await self.browser.new_context(base_url=house.base, **options)
        self.contexts.append(context)
        page = await context.new_page()
        await page.goto("/")
        return page

    async def customer(self, house: House, name: str, email: str = "") -> Customer:
        self.customers.append(await Customer.opens_chat(house, self.browser, name=name, email=email))
        return self.customers[-1]

    async def fills_form(self, house: House, *, email: str, about: str, text: str) -> str:
        """Fill in the web form without any JavaScript, at the pace of a person; return the reference it gives."""
        context = await self.browser.new_context(base_url=house.base, java_script_enabled=False, locale="en-GB")
        page = await context.new_page()
        await page.goto("/channels/form/contact")
        await page.fill("input[name=name]", "Ravi Shah")
        await page.fill("input[name=email]", email)
        await page.select_option("select[name=about]", about)
        # Faster than three seconds is a machine: the form is typed, not pasted.
        await page.locator("textarea").press_sequentially(text, delay=3_500 / len(text))
        await page.click("button[type=submit]")
        reference = await page.locator(".reference strong").inner_text()
        await expect(page.get_by_text("We mean to answer within 4 hours.")).to_be_visible()
        await context.close()
        return reference

    async def leave(self) -> None:
        async with contextlib.AsyncExitStack() as stack:
            for customer in self.customers:
                stack.push_async_callback(customer.leave)
            for desk in self.desks:
                stack.push_async_callback(desk.leave)
            for context in self.contexts:
                stack.push_async_callback(context.close)


@pytest_asyncio.fixture(loop_scope="session")
async def people(chromium: Browser) -> AsyncIterator[People]:
    here = People(chromium)
    yield here
    await here.leave()
