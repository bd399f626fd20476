"""The keyboard map of UI.md 5.1 in Chromium, fake server: on every layout, and only where a key has a meaning."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.web.conftest import Sit
from tests.web.fake_server import FakeServer
from tests.web.seat import Seat

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PRESS = """(given) => {
    const target = document.activeElement ?? document.body;
    target.dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...given }));
}"""


async def press(seat: Seat, key: str, code: str, **more: bool) -> None:
    """Press a key of a layout that this machine need not have."""
    await seat.page.evaluate(PRESS, {"key": key, "code": code, **more})


async def nowhere(seat: Seat) -> None:
    await seat.page.locator(".work h1").click()


async def test_a_thai_keyboard_has_capitals_digits_and_the_sheet_by_their_place(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    first, second = server.floor.own("Marta Kowalska"), server.floor.own("Omar Haddad")
    await seat.open(first)
    await nowhere(seat)
    await press(seat, "/", "Digit2")
    await expect(seat.page.locator(".head h1")).to_have_text(second["customer"]["name"])
    await press(seat, "ๅ", "Digit1")
    await expect(seat.page.locator(".head h1")).to_have_text(first["customer"]["name"])
    await press(seat, "ฦ", "Slash", shiftKey=True)
    await expect(seat.page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    await seat.page.keyboard.press("Escape")
    await nowhere(seat)
    await press(seat, "ฆ", "KeyS", shiftKey=True)
    await expect(seat.page.get_by_role("menuitem", name="Available")).to_be_focused()


async def test_capitals_are_shift_and_not_caps_lock(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    await nowhere(seat)
    await press(seat, "S", "KeyS")
    await expect(seat.page.locator(".presence .menu")).to_have_count(0)
    await press(seat, "N", "KeyN")
    await expect(seat.page.locator(".composer.noting textarea")).to_be_focused()


async def test_the_state_is_chosen_by_shift_s_and_a_first_letter(sit: Sit) -> None:
    seat = await sit()
    await nowhere(seat)
    await seat.page.keyboard.press("Shift+S")
    await seat.page.keyboard.press("b")
    await expect(seat.page.get_by_role("menuitem", name="Break", exact=True)).to_be_focused()
    await seat.page.keyboard.press("Enter")
    await expect(seat.presence).to_contain_text("Break")


async def test_letters_do_nothing_to_a_conversation_that_another_screen_hides(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    first, second = server.floor.own("Marta Kowalska"), server.floor.own("Omar Haddad")
    await seat.open(first)
    await nowhere(seat)
    await seat.page.keyboard.press("g")
    await seat.page.keyboard.press("w")
    await expect(seat.page.locator(".wall-view")).to_be_visible(timeout=30_000)
    for key in ("j", "2", "t", "p", "e"):
        await seat.page.keyboard.press(key)
    await expect(seat.page.locator("dialog")).to_have_count(0)
    await seat.page.keyboard.press("g")
    await seat.page.keyboard.press("d")
    await expect(seat.page.locator(".head h1")).to_have_text(first["customer"]["name"])
    assert server.asks("close") == []
    assert {"type": "look", "ref": second["ref"]} not in server.heard


async def test_g_and_a_letter_name_a_screen(sit: Sit) -> None:
    seat = await sit()
    for letter, screen in (("q", "Queues"), ("w", "Wallboard"), ("r", "Rules"), ("d", "Desk")):
        await seat.page.keyboard.press("g")
        await seat.page.keyboard.press(letter)
        await expect(seat.page.locator(".rail [aria-current='page']")).to_contain_text(screen)


async def test_no_key_means_anything_while_an_input_method_composes(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    server.floor.offer("Ravi Shah")
    await expect(seat.offer).to_be_visible()
    await nowhere(seat)
    for key, code in (("a", "KeyA"), ("d", "KeyD"), ("n", "KeyN"), ("t", "KeyT"), ("e", "KeyE"), ("?", "Slash")):
        await press(seat, key, code, isComposing=True)
    await press(seat, "Enter", "Enter", isComposing=True, altKey=True)
    await press(seat, "k", "KeyK", isComposing=True, ctrlKey=True)
    await expect(seat.offer).to_be_visible()
    await expect(seat.page.locator("dialog, .composer.noting, .results")).to_have_count(0)
    assert server.asks("accept") == server.asks("decline") == server.asks("close") == []


async def test_escape_in_the_search_goes_back_to_where_one_wrote(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    await seat.composer.fill("I will look")
    await seat.page.keyboard.press("Control+k")
    await expect(seat.page.locator(".results")).to_be_visible()
    await seat.page.keyboard.press("ArrowDown")
    await seat.page.keyboard.press("Escape")
    await expect(seat.page.locator(".results")).to_have_count(0)
    await expect(seat.composer).to_be_focused()
    await expect(seat.composer).to_have_value("I will look")


async def test_a_dialog_asked_for_by_the_search_goes_back_to_where_one_wrote(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    await seat.composer.focus()
    await seat.page.keyboard.press("Control+k")
    await seat.page.keyboard.type("keyboard")
    await seat.page.locator(".results").get_by_role("option", name="Keyboard").first.click()
    await expect(seat.page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    await seat.page.keyboard.press("Escape")
    await expect(seat.composer).to_be_focused()


async def test_escape_closes_the_top_layer_only(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    await seat.composer.fill("I will")
    await seat.page.get_by_role("button", name="Transfer").click()
    dialog = seat.page.get_by_role("dialog")
    await expect(dialog.get_by_role("searchbox")).to_be_focused()
    # Nothing opens behind a dialog, to be closed with it.
    await seat.page.keyboard.press("Control+k")
    await expect(seat.page.locator(".results")).to_have_count(0)
    await expect(dialog.get_by_role("searchbox")).to_be_focused()
    await seat.page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await seat.page.keyboard.press("Escape")
    await expect(seat.composer).to_have_value("I will")
    await expect(seat.page.locator(".head h1")).to_have_text("Marta Kowalska")


async def test_a_dialog_begins_in_its_first_field_of_any_kind(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.page.get_by_role("button", name="Account of").click()
    await seat.page.get_by_role("button", name="Settings").click()
    await expect(seat.page.get_by_role("dialog", name="Settings").get_by_label("Language")).to_be_focused()


async def test_a_key_that_is_held_answers_one_offer(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    server.floor.offer("Dao Thị Hương")
    server.floor.offer("Ravi Shah")
    await expect(seat.offer).to_have_count(2)
    await nowhere(seat)
    await seat.page.keyboard.down("d")
    await seat.page.keyboard.down("d")
    await expect(seat.offer).to_have_count(1)
    await seat.page.keyboard.up("d")
    await seat.page.keyboard.down("Alt")
    await press(seat, "Enter", "Enter", altKey=True, repeat=True)
    await seat.page.keyboard.up("Alt")
    await expect(seat.offer).to_have_count(1)
    assert (len(server.asks("decline")), server.asks("accept")) == (1, [])


async def test_who_has_a_reader_click_for_them_keeps_a_place_too(sit: Sit, server: FakeServer) -> None:
    """A click that no pointer made: what has gone gives the focus to what stands nearest, without any key."""
    seat = await sit()
    work = server.floor.own("Marta Kowalska")
    await seat.open(work)
    end = seat.page.get_by_role("button", name="End", exact=True)
    await seat.page.get_by_role("tab", name="Note").evaluate("(tab) => { tab.focus(); tab.click(); }")
    await expect(seat.page.get_by_role("tab", name="Note")).to_be_focused()
    await end.evaluate("(button) => button.focus()")
    server.floor.moves(work["ref"], "closed")
    await expect(end).to_have_count(0)
    await expect(seat.page.locator(":focus")).to_have_count(1)
