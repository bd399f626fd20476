"""Handing a conversation on, asking first, parking: the dialogs of the desk in Chromium."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, expect

from tests.web.conftest import Sit
from tests.web.fake_floor import Record, now_ms
from tests.web.fake_server import FakeServer
from tests.web.seat import Seat

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
WAIT_MS = 30_000


async def handing(sit: Sit, server: FakeServer, **options: object) -> tuple[Seat, Record, Locator]:
    """Open the transfer dialog of one conversation, by its key."""
    seat = await sit(**options)
    work = server.floor.own("Marta Kowalska")
    await seat.open(work)
    await seat.page.locator(".thread").focus()
    await seat.page.keyboard.press("t")
    dialog = seat.page.get_by_role("dialog", name="Transfer")
    await expect(dialog.locator(".target").first).to_be_visible(timeout=WAIT_MS)
    return seat, work, dialog


async def test_targets_say_who_is_free_who_waits_and_how_long(sit: Sit, server: FakeServer) -> None:
    server.floor.queues["billing"] |= {"waiting": 4, "staffed": 3, "free": 0}
    _, _, dialog = await handing(sit, server)
    billing = dialog.locator(".target", has_text="Billing")
    await expect(billing).to_contain_text("0 of 3 free · 4 waiting · 2 to 5 min")
    await expect(dialog.locator(".target", has_text="Orders")).not_to_contain_text("min")
    await expect(dialog.locator(".target", has_text="Somchai")).to_contain_text("free now")
    await expect(dialog.locator(".target", has_text="Omar Diallo")).to_contain_text("busy")


async def test_the_same_queue_stands_first_and_then_what_is_used_most(sit: Sit, server: FakeServer) -> None:
    """The default order of UI.md 3.1."""
    seat, work, dialog = await handing(sit, server)
    await expect(dialog.locator("section").first.locator(".target").first).to_contain_text("Orders")
    await dialog.locator(".target", has_text="Billing").click()
    await dialog.get_by_role("button", name="Hand over now").click()
    await expect(dialog).to_have_count(0, timeout=WAIT_MS)
    other = server.floor.own("Omar Haddad")
    await seat.open(other)
    await seat.page.keyboard.press("t")
    used = seat.page.get_by_role("region", name="Used most")
    await expect(used.locator(".target")).to_contain_text("Billing", timeout=WAIT_MS)
    assert server.asks("/transfer")[0]["queue"] == "billing"
    assert work["ref"] in server.floor.closed


async def test_closed_and_absent_targets_stay_and_say_why(sit: Sit, server: FakeServer) -> None:
    """UI.md 8.22, its first half."""
    _, _, dialog = await handing(sit, server)
    closed = dialog.locator(".target", has_text="Returns")
    await expect(closed).to_contain_text("closed until")
    await expect(closed).to_contain_text("(Europe/Prague)")
    await expect(closed.get_by_role("radio")).to_be_disabled()
    away = dialog.locator(".target", has_text="Lena Hoff")
    await expect(away).to_contain_text("Break for 12 min")
    await expect(away.get_by_role("radio")).to_be_disabled()
    await expect(dialog.locator(".target", has_text="Thai")).to_contain_text("nobody with it is here")


async def test_what_nobody_took_comes_back_with_a_red_line(sit: Sit, server: FakeServer) -> None:
    """UI.md 8.22, its second half."""
    seat, work, dialog = await handing(sit, server)
    await dialog.locator(".target", has_text="Somchai").click()
    await dialog.get_by_label("Tell the customer").first.uncheck()
    await seat.page.keyboard.press("Control+Enter")
    away = seat.page.locator(".around .away")
    await expect(away).to_contain_text("Waiting for Somchai Prasert 0:0", timeout=WAIT_MS)
    server.floor.closed[work["ref"]]["state"] = "offered"
    server.floor.item(work["ref"], "offered", agent=8)
    await expect(away).to_contain_text("Offered to Somchai Prasert 0:", timeout=WAIT_MS)
    server.handing.comes_back(work["ref"], "lapsed")
    back = seat.page.locator(".around .back-again")
    await expect(back).to_contain_text("Came back to you: Somchai Prasert did not take it", timeout=WAIT_MS)
    await expect(seat.page.locator(".composer textarea")).to_be_visible()
    assert server.asks("/transfer")[0]["to_agent"] == 8


async def test_a_note_goes_along_and_is_asked_for_where_the_queue_wants_one(sit: Sit, server: FakeServer) -> None:
    server.handing.noted = {"billing"}
    seat = await sit()
    work = server.floor.own("Marta Kowalska")
    server.floor.item(work["ref"], "note", text="Wants a refund for two items.", author="Ines Duarte", agent=7)
    await seat.open(work)
    await seat.page.get_by_role("button", name="Transfer").click()
    dialog = seat.page.get_by_role("dialog", name="Transfer")
    note = dialog.get_by_label("Note for the next person")
    await expect(note).to_have_value("Wants a refund for two items.", timeout=WAIT_MS)
    await note.fill("")
    await dialog.locator(".target", has_text="Billing").click()
    go = dialog.get_by_role("button", name="Hand over now")
    await expect(go).to_be_disabled()
    await expect(dialog).to_contain_text("Write a note for the next person first.")
    await note.fill("Charged twice.")
    await go.click()
    await expect(dialog).to_have_count(0, timeout=WAIT_MS)
    assert server.asks("/transfer")[0]["note"] == "Charged twice."


async def test_the_customer_is_told_in_their_language_in_words_that_may_be_changed(
    sit: Sit, server: FakeServer
) -> None:
    seat, work, dialog = await handing(sit, server)
    await dialog.locator(".target", has_text="Billing").click()
    told = dialog.locator("textarea.told")
    await expect(told).to_have_value("I am handing you over to Billing. They can see everything we have written.")
    await told.fill("Billing will help you in a moment.")
    await dialog.get_by_role("button", name="Hand over now").click()
    await expect(dialog).to_have_count(0, timeout=WAIT_MS)
    assert [each["text"] for each in server.asks("/reply")] == ["Billing will help you in a moment."]
    order = [path.rpartition("/")[2] for _, path, _ in server.asked if work["ref"] in path and "drafts" not in path]
    assert order.index("reply") < order.index("transfer")
    assert seat.faults.said == []


async def test_a_colleague_is_asked_first_and_takes_over_when_both_agree(sit: Sit, server: FakeServer) -> None:
    seat, work, dialog = await handing(sit, server)
    await dialog.get_by_label("Ask first").check()
    await dialog.locator(".target", has_text="Somchai").click()
    await dialog.get_by_role("button", name="Ask first").click()
    party = seat.page.locator(".party", has_text="Somchai Prasert")
    await expect(party).to_contain_text("rings 0:", timeout=WAIT_MS)
    assert server.asks("/consult")[0]["to_agent"] == 8
    there = {"id": 8, "name": "Somchai Prasert", "role": "consult", "until_ms": 0}
    server.handing.taken(work["ref"], [there])
    await expect(party).to_contain_text("takes part", timeout=WAIT_MS)
    await party.get_by_role("button", name="Hand over to Somchai Prasert").click()
    await expect(seat.card(work)).to_have_count(0, timeout=WAIT_MS)
    assert server.asks("/complete")[0]["to_agent"] == 8


async def test_a_refusal_keeps_the_dialog_and_everything_in_it(sit: Sit, server: FakeServer) -> None:
    seat, _, dialog = await handing(sit, server)
    server.refusals["transfer"] = "queue_closed"
    await dialog.locator(".target", has_text="Billing").click()
    await dialog.get_by_label("Tell the customer").first.uncheck()
    await dialog.get_by_label("Note for the next person").fill("Kept.")
    await dialog.get_by_role("button", name="Hand over now").click()
    await expect(seat.toast).to_contain_text("closed", timeout=WAIT_MS)
    await expect(dialog.get_by_label("Note for the next person")).to_have_value("Kept.")


async def test_escape_discards_no_text_and_cancel_does(sit: Sit, server: FakeServer) -> None:
    seat, _, dialog = await handing(sit, server)
    await dialog.locator(".target", has_text="Billing").click()
    said = dialog.locator("textarea.told")
    await expect(said).to_have_value(re.compile("."))
    await said.fill("A colleague of billing knows more.")
    await dialog.get_by_label("Note for the next person").fill("She has the invoice.")
    for leaves, note in (("Escape", "She has the invoice."), ("Cancel", "")):
        if leaves == "Escape":
            await seat.page.keyboard.press("Escape")
        else:
            await dialog.get_by_role("button", name="Cancel").click()
        await expect(dialog).to_have_count(0)
        await seat.page.locator(".head").get_by_role("button", name="Transfer").click()
        await expect(dialog.get_by_label("Note for the next person")).to_have_value(note)
        own = "A colleague of billing knows more." if note else ""
        await expect(said).to_have_value(own)


async def test_the_list_is_searched_and_chosen_by_keyboard(sit: Sit, server: FakeServer) -> None:
    seat, _, dialog = await handing(sit, server)
    await expect(dialog.get_by_role("searchbox")).to_be_focused()
    await seat.page.keyboard.type("somc")
    await expect(dialog.locator(".target")).to_have_count(1)
    await seat.page.keyboard.press("ArrowDown")
    await expect(dialog.get_by_role("radio", name="Somchai")).to_be_checked()
    await dialog.get_by_role("searchbox").fill("zzz")
    await expect(dialog).to_contain_text("Nothing matches “zzz”")


async def test_a_conversation_is_parked_until_a_chosen_day_and_time(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    work = server.floor.own("Marta Kowalska")
    await seat.open(work)
    await seat.page.locator(".thread").focus()
    await seat.page.keyboard.press("p")
    dialog = seat.page.get_by_role("dialog", name="Park until…")
    await dialog.get_by_role("button", name="Choose a day and time").click(timeout=WAIT_MS)
    await dialog.get_by_role("button", name="Month after").click()
    await dialog.locator(".day-of-month:not(.outside)", has_text="15").first.click()
    await dialog.get_by_label("Time").fill("14:30")
    await dialog.get_by_role("button", name="Park", exact=True).click()
    await expect(dialog).to_have_count(0, timeout=WAIT_MS)
    until = server.asks("/park")[0]["until_ms"]
    said = await seat.page.evaluate(
        "(at) => { const d = new Date(at); return [d.getDate(), d.getHours(), d.getMinutes()]; }", until
    )
    assert said == [15, 14, 30]


async def test_a_double_click_parks_once(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    server.late_s["park"] = 1.0
    await seat.page.locator(".thread").focus()
    await seat.page.keyboard.press("p")
    dialog = seat.page.get_by_role("dialog", name="Park until…")
    await dialog.get_by_role("button", name="The customer writes").dblclick(timeout=WAIT_MS)
    await expect(dialog).to_have_count(0, timeout=WAIT_MS)
    assert len(server.asks("/park")) == 1


async def test_who_presses_again_while_a_dialog_is_fetched_does_not_close_it(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    await seat.page.evaluate("""() => new MutationObserver((_, watch) => {
        const dialog = document.querySelector("dialog");
        if (!dialog) return;
        watch.disconnect();
        window.beside = (later) => {
            const click = new MouseEvent("click", { bubbles: true, detail: 1 });
            if (later) Object.defineProperty(click, "timeStamp", { value: performance.now() + later });
            dialog.dispatchEvent(click);
        };
        window.beside(0);
    }).observe(document.body, { childList: true, subtree: true })""")
    await seat.page.locator(".thread").focus()
    await seat.page.keyboard.press("p")
    dialog = seat.page.get_by_role("dialog", name="Park")
    await expect(dialog.get_by_role("button", name="The customer writes")).to_be_visible(timeout=WAIT_MS)
    await seat.page.evaluate("window.beside(2_000)")
    await expect(dialog).to_have_count(0)


async def test_a_double_click_ends_once(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    await seat.page.get_by_role("button", name="End", exact=True).dblclick(timeout=WAIT_MS)
    await expect(seat.page.get_by_role("button", name="End", exact=True)).to_have_count(0, timeout=WAIT_MS)
    assert len(server.asks("/close")) == 1


async def test_a_double_click_holds_and_hangs_up_once(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska", channel="phone"))
    bar = seat.page.locator(".call-bar")
    await bar.get_by_role("button", name="Hold", exact=True).dblclick(timeout=WAIT_MS)
    await expect(bar).to_contain_text("On hold", timeout=WAIT_MS)
    assert [each["on"] for each in server.asks("/hold")] == [True]
    await bar.get_by_role("button", name="Hang up").dblclick()
    await expect(bar).to_have_count(0, timeout=WAIT_MS)
    assert len(server.asks("/close")) == 1


async def test_whoever_has_hung_up_is_not_put_on_hold(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska", channel="phone", gone=True))
    bar = seat.page.locator(".call-bar")
    await expect(bar).to_contain_text("The customer has hung up", timeout=WAIT_MS)
    await expect(bar.get_by_role("button", name="Hold", exact=True)).to_have_count(0)
    await expect(bar.get_by_role("button", name="Hang up")).to_be_enabled()


@pytest.mark.parametrize(("name", "path"), [("Hand over to", "/consult/complete"), ("Let go", "/consult/let-go")])
async def test_a_double_click_hands_over_or_lets_a_colleague_go_once(
    sit: Sit, server: FakeServer, name: str, path: str
) -> None:
    seat = await sit()
    work = server.floor.own("Marta Kowalska")
    await seat.open(work)
    server.handing.taken(work["ref"], [{"id": 8, "name": "Somchai Prasert", "role": "consult", "until_ms": 0}])
    party = seat.page.locator(".party")
    await party.get_by_role("button", name=name).dblclick(timeout=WAIT_MS)
    await expect(party).to_have_count(0, timeout=WAIT_MS)
    assert len(server.asks(path)) == 1


@pytest.mark.parametrize(("calendar", "year"), [("buddhist", 2569), ("gregory", 2026)])
async def test_a_thai_desk_counts_years_as_its_site_does(
    sit: Sit, server: FakeServer, calendar: str, year: int
) -> None:
    """UI.md 8.50, in the pickers of dates."""
    server.config["calendar"] = calendar
    seat = await sit(locale="th-TH")
    await seat.page.clock.install()
    await seat.open(server.floor.own("Marta Kowalska"))
    await seat.page.locator(".thread").focus()
    await seat.page.keyboard.press("p")
    await seat.page.get_by_role("button", name="เลือกวันและเวลา").click(timeout=WAIT_MS)
    shown = await seat.page.locator(".moment .month").inner_text()
    now = await seat.page.evaluate("new Date().getFullYear()")
    assert str(now + year - 2026) in shown


async def test_who_is_asked_in_sees_it_ring_joins_and_leaves(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    work = server.floor.own("Marta Kowalska")
    ref = work["ref"]
    party = {"id": 7, "name": "Ines Duarte", "role": "consult", "until_ms": now_ms() + 20_000}
    theirs = {"owner": {"id": 8, "name": "Somchai Prasert"}, "participants": [party]}
    server.floor.closed[ref] = server.floor.work.pop(ref) | theirs
    asked = {"ref": ref, "role": "consult", "by": {"id": 8, "name": "Somchai Prasert"}, "until_ms": party["until_ms"]}
    server.floor.said("desk", gone=[ref], taking_part=[asked])
    card = seat.page.locator(".card", has_text="Somchai Prasert asks you in")
    await card.click(timeout=WAIT_MS)
    await seat.page.locator(".party").get_by_role("button", name="Join").click(timeout=WAIT_MS)
    assert len(server.asks("/consult/join")) == 1
    server.floor.said("desk", taking_part=[asked | {"until_ms": 0}])
    await expect(seat.page.locator(".card", has_text="With Somchai Prasert")).to_be_visible(timeout=WAIT_MS)
    server.floor.said("desk", taking_part=[])
    await expect(seat.page.get_by_text("With colleagues")).to_have_count(0, timeout=WAIT_MS)


async def test_the_focus_is_never_under_a_heading_that_sticks(sit: Sit, server: FakeServer) -> None:
    """UI.md 5.4: what has the focus is seen, also when it comes from below."""
    seat, _, dialog = await handing(sit, server)
    await seat.page.set_viewport_size({"width": 1000, "height": 420})
    hidden = await dialog.locator(".targets").evaluate("""(box) => {
        const radios = [...box.querySelectorAll("input:not(:disabled)")];
        if (box.scrollHeight < box.clientHeight + 60) return ["nothing to scroll"];
        box.scrollTop = box.scrollHeight;
        return radios.reverse().filter((radio) => {
            radio.focus();
            const { x, y, width, height } = radio.getBoundingClientRect();
            return document.elementFromPoint(x + width / 2, y + height / 2) !== radio
                || document.elementFromPoint(x + width / 2, y - 3)?.closest("h3");
        }).map((radio) => radio.parentElement.innerText);
    }""")
    assert hidden == []
