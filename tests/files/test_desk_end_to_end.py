"""Files both ways between a desk, a chat and a mailbox, in Chromium against the real command."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.e2e.conftest import People, people
from tests.e2e.house import House
from tests.e2e.mail import Relay, deliver, letter
from tests.ports import free_port

__all__ = ["people"]
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

QUEUES = ("general", "billing", "orders", "complaints")
ALWAYS_OPEN: dict[str, Any] = {"queues": {"queues": {name: {"hours": "always"} for name in QUEUES}}}
# One red dot.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def relay() -> AsyncIterator[Relay]:
    async with Relay().running() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory, relay: Relay) -> AsyncIterator[House]:
    opened = House(tmp_path_factory.mktemp("house"), changes=ALWAYS_OPEN, mail_port=free_port())
    ways = {"in_port": opened.mail_port, "out_host": "127.0.0.1", "out_port": relay.port, "out_tls": "none"}
    opened.configure("channels", {"channels": {"email": ways}})
    async with opened.serving():
        opened.add_person("ana", name="Ana", skill=["billing=3", "orders=3", "complaints=3"])
        yield opened


async def test_a_picture_and_a_paper_go_both_ways(house: House, people: People, tmp_path: Path) -> None:
    picture, paper = tmp_path / "broken kettle.png", tmp_path / "账单.pdf"
    picture.write_bytes(PNG)
    paper.write_bytes(b"%PDF-1.7\n" + b"x" * 5_000)
    ana = await people.agent(house, "ana")
    customer = await people.customer(house, "Ravi")
    await customer.frame.set_input_files("#file", str(picture))
    reference = await ana.accept()
    shown = ana.thread.locator(".said.in img")
    await expect(shown).to_have_attribute("alt", "broken kettle.png")
    await expect(shown).to_have_js_property("naturalWidth", 1)
    await ana.page.set_input_files(".attach input", [str(paper), str(picture)])
    await expect(ana.page.locator(".attach .chip button")).to_have_count(2)
    await ana.page.reload()
    await ana.page.locator(f".card[data-ref='{reference}']").click()
    await expect(ana.page.locator(".attach .chip button")).to_have_count(2)
    await ana.reply("here it is")
    await expect(ana.page.locator(".attach .chip")).to_have_count(0)
    await expect(customer.frame.locator(".out img")).to_have_js_property("naturalWidth", 1)
    link = customer.frame.locator(".out a.file", has_text="账单.pdf")
    address = await link.evaluate("link => link.href")
    got = await customer.page.context.request.get(address)
    assert (got.status, await got.body()) == (200, paper.read_bytes())
    assert "sandbox" in got.headers["content-security-policy"]
    assert (await ana.context.request.get(address.replace("&t=", "&t=0"))).status == 404


async def test_a_file_by_mail_is_served_and_one_leaves_as_a_part(
    house: House, people: People, tmp_path: Path, relay: Relay
) -> None:
    paper = tmp_path / "ใบแจ้งหนี้.pdf"
    paper.write_bytes(b"%PDF-1.7\n" + b"y" * 3_000)
    ana = await people.agent(house, "ana")
    mail = letter("Mai <mai@customer.example>", "My kettle", "It is broken, see the picture.")
    mail.add_attachment(PNG, maintype="image", subtype="png", filename="kettle.png")
    await deliver(mail, house.mail_port)
    await ana.accept()
    shown = ana.thread.locator(".said.in img[alt='kettle.png']")
    await expect(shown).to_have_js_property("naturalWidth", 1)
    await ana.page.set_input_files(".attach input", str(paper))
    await expect(ana.page.locator(".attach .chip button")).to_have_count(1)
    await ana.reply("Here is the bill")
    sent = await relay.mail_to("mai@customer.example", saying="Here is the bill")
    (part,) = sent.iter_attachments()
    assert (part.get_filename(), part.get_content_type()) == ("ใบแจ้งหนี้.pdf", "application/pdf")
    assert part.get_payload(decode=True) == paper.read_bytes()


async def test_a_picture_that_is_pasted_is_attached_and_not_written(house: House, people: People) -> None:
    ana = await people.agent(house, "ana")
    customer = await people.customer(house, "Ravi")
    await customer.says("Can you show me where?")
    await ana.accept()
    await ana.composer.fill("Here: ")
    await ana.composer.evaluate(
        """(area, bytes) => {
            const clipboardData = new DataTransfer();
            clipboardData.items.add(new File([new Uint8Array(bytes)], "image.png", { type: "image/png" }));
            area.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }""",
        list(PNG),
    )
    await expect(ana.page.locator(".attach .chip")).to_contain_text("image.png")
    await expect(ana.page.locator(".attach .chip button")).to_have_count(1)
    await expect(ana.composer).to_have_value("Here: ")
    await ana.composer.press("Enter")
    await expect(customer.frame.locator(".out img")).to_have_js_property("naturalWidth", 1)
