"""The lists a sign opens over the composer, mentions of colleagues, and the language hint. Chromium, fake server."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, expect

from tests.web.conftest import Sit
from tests.web.fake_finding import article
from tests.web.fake_floor import now_ms
from tests.web.fake_server import FakeServer
from tests.web.looking import violations
from tests.web.seat import Seat

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def options(seat: Seat) -> Locator:
    return seat.page.locator(".suggest [role=option]")


async def test_a_slash_at_a_words_start_opens_the_saved_replies_and_enter_takes_one(
    sit: Sit, server: FakeServer
) -> None:
    """UI.md 8.20."""
    seat = await sit()
    summary = server.floor.own("Marta Kowalska")
    await seat.open(summary)
    await seat.composer.press_sequentially("So: /")
    await expect(options(seat)).to_have_count(3)
    await seat.composer.press_sequentially("tra")
    await expect(options(seat)).to_have_count(1)
    await seat.composer.press("Backspace")
    await seat.composer.press("Backspace")
    await seat.composer.press("Backspace")
    await seat.composer.press("ArrowDown")
    await expect(options(seat).nth(1)).to_have_attribute("aria-selected", "true")
    await seat.composer.press("ArrowUp")
    await seat.composer.press("Enter")
    filled = f"So: Hello Marta Kowalska, I have opened a trace for {summary['ref']}. Ines Duarte"
    await expect(seat.composer).to_have_value(filled)
    await expect(options(seat)).to_have_count(0)
    assert server.asks("/reply") == []


async def test_articles_stand_below_the_saved_replies_and_their_link_is_in_the_customers_language(
    sit: Sit, server: FakeServer
) -> None:
    server.finding.articles = [
        article(1, "parcel", {"en": "Trace a parcel", "th": "ติดตามพัสดุ"}),
        article(2, "tent", {"en": "Trace a tent"}, queues=["billing"]),
        article(3, "inside", {"en": "Trace inside"}, url=""),
        article(4, "near", {"en": "Trace an order"}, queues=["orders"]),
    ]
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska", language="th", queue="orders"))
    await seat.composer.press_sequentially("See /tra")
    groups = seat.page.locator(".suggest [role=group]")
    await expect(groups).to_have_count(2)
    await expect(groups.first).to_have_attribute("aria-label", "Saved replies")
    shown = groups.nth(1).get_by_role("option").locator("b")
    await expect(shown).to_have_text(["Trace an order", "ติดตามพัสดุ", "Trace a tent"])
    await seat.page.set_viewport_size({"width": 1280, "height": 500})
    await seat.composer.press("ArrowUp")
    await expect(options(seat).last).to_have_attribute("aria-selected", "true")
    await expect(options(seat).last).to_be_in_viewport()
    await seat.composer.press("ArrowDown")
    assert not await violations(seat.page)
    await seat.composer.press("ArrowDown")
    await seat.composer.press("ArrowDown")
    await seat.composer.press("Enter")
    await expect(seat.composer).to_have_value("See ติดตามพัสดุ\nhttps://help.example/help/parcel?lang=th")
    await seat.composer.fill("/tent")
    await seat.composer.press("Enter")
    await expect(seat.composer).to_have_value("Trace a tent\nhttps://help.example/help/tent?lang=en")
    assert server.asks("/reply") == []


async def test_escape_closes_the_list_and_keeps_the_text(sit: Sit, server: FakeServer) -> None:
    """UI.md 8.20."""
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    await seat.composer.press_sequentially("/del")
    await expect(options(seat)).to_have_count(1)
    await seat.composer.press("Escape")
    await expect(options(seat)).to_have_count(0)
    await expect(seat.composer).to_have_value("/del")
    await expect(seat.composer).to_be_focused()


@pytest.mark.parametrize("text", ["http://", "and/or", "5/6", "12:30"])
async def test_an_address_opens_no_list(sit: Sit, server: FakeServer, text: str) -> None:
    """UI.md 8.20."""
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    await seat.composer.press_sequentially("/")
    await expect(options(seat)).not_to_have_count(0)
    await seat.composer.press("Backspace")
    await seat.composer.press_sequentially(text)
    await expect(options(seat)).to_have_count(0)


async def test_a_reply_is_text_whatever_it_looks_like_and_in_the_customers_language(
    sit: Sit, server: FakeServer
) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    await seat.composer.press_sequentially("/bye")
    await expect(options(seat)).to_have_count(1)
    await seat.composer.press("Tab")
    await expect(seat.composer).to_have_value("<b>Anything</b> else?")
    await seat.composer.press("Enter")
    await expect(seat.said.last).to_have_text("<b>Anything</b> else?")


async def test_a_reply_of_another_queue_is_not_offered(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    await seat.composer.press_sequentially("/refund")
    await expect(seat.page.locator(".suggest")).to_contain_text("Nothing is called")
    # What the list has nothing for is what the writer means: Enter sends it.
    await seat.composer.press("Enter")
    await expect(seat.said.last).to_have_text("/refund")


async def test_a_colon_finds_an_emoji_and_the_buttons_open_the_same_lists(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    await seat.composer.press_sequentially("Thanks :pray")
    await expect(options(seat)).to_have_count(1)
    await seat.composer.press("Enter")
    await expect(seat.composer).to_have_value("Thanks 🙏")
    await seat.page.get_by_role("button", name="Saved replies").click()
    await expect(options(seat)).to_have_count(3)
    await options(seat).filter(has_text="Sorry for the delay").click()
    await expect(seat.composer).to_have_value("Thanks 🙏 I am sorry, Marta Kowalska.")


async def test_an_at_sign_names_a_colleague_in_a_note_and_means_nothing_in_a_reply(
    sit: Sit, server: FakeServer
) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    await seat.composer.press_sequentially("@som")
    await expect(options(seat)).to_have_count(0)
    await seat.page.click("#tab-note")
    await seat.composer.press_sequentially("@som")
    await expect(options(seat)).to_have_count(1)
    # A busy machine draws late: what is typed before it does stays in its order.
    await seat.page.evaluate("() => { window.requestAnimationFrame = (then) => setTimeout(then, 100); }")
    await seat.composer.press("Enter")
    await seat.composer.press_sequentially("please trace", delay=20)
    await seat.composer.press("Enter")
    await expect(seat.page.locator(".said.note .text")).to_have_text("@somchai please trace")
    assert [each["text"] for each in server.asks("/note")] == ["@somchai please trace"]


async def test_who_is_named_in_a_note_is_told_until_they_look(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    summary = server.floor.own("Marta Kowalska")
    other = server.floor.own("Omar Haddad")
    await seat.open(other)
    server.finding.mentions = [{"ref": summary["ref"], "by": {"id": 8, "name": "Somchai"}, "at": now_ms()}]
    server.floor.said("mention", ref=summary["ref"], by="Somchai")
    card = seat.page.locator(".card.mention")
    await expect(card).to_contain_text("Somchai mentioned you")
    await expect(seat.page.locator("#status")).to_have_text("Somchai mentioned you")
    await seat.page.reload()
    await seat.live()
    await card.click()
    await expect(seat.page.locator(".head h1")).to_have_text("Marta Kowalska")
    await expect(card).to_have_count(0)
    assert server.finding.mentions == []


@pytest.mark.parametrize(
    ("text", "seems"),
    [
        ("Der Brief ist auf dem Weg und wird für Sie gedruckt", "German"),
        ("您的订单已经发出，请耐心等待一下", "Chinese"),
        ("ขอบคุณค่ะ เราจะติดต่อกลับโดยเร็วที่สุด", "Thai"),
    ],
)
async def test_a_text_in_another_language_than_the_customers_is_hinted_at(
    sit: Sit, server: FakeServer, text: str, seems: str
) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    await seat.composer.fill(text)
    await expect(seat.page.locator(".composer .hint")).to_contain_text(f"looks like {seems}")
    await seat.composer.fill("Thank you for your patience, we will send it to you.")
    await expect(seat.page.locator(".composer .hint")).to_have_count(0)


@pytest.mark.parametrize(
    ("hours", "left", "said"),
    [(47, 4, "4 more answers"), (47, 1, "1 more answer"), (47, -1, "Answers are taken until"), (-1, 3, "writes again")],
)
async def test_until_when_the_platform_takes_answers_is_shown_where_one_writes(
    sit: Sit, server: FakeServer, hours: int, left: int, said: str
) -> None:
    """CHANNELS.md rule 6: the window is shown to the agent."""
    seat = await sit()
    window_ms = now_ms() + hours * 3_600_000
    await seat.open(server.floor.own("Marta Kowalska", channel="wechat", window_ms=window_ms, replies_left=left))
    await expect(seat.page.locator(".composer .window")).to_contain_text(said)
