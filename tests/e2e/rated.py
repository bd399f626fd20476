"""Conversations that customers have rated and somebody has reviewed, in a house. Nothing that judges lives here."""

from __future__ import annotations

from playwright.async_api import expect

from tests.e2e.conftest import People
from tests.e2e.house import House
from tests.e2e.pages import Desk

RATED = (
    ("Elena Petrova", "My lamp came broken.", 1, "I had to ask three times, and nobody read what I had written."),
    ("Tom Walker", "When do you open on Saturday?", 5, "Quick and friendly, thank you!"),
    ("陈静", "请问可以改地址吗？", 4, ""),
    ("Kwame Mensah", "Where is my refund?", 2, "Solved, but I waited too long."),
    ("มาลี ศรีสุข", "สินค้ามีสีอื่นไหมคะ", 5, "บริการดีมากค่ะ"),
    ("Lucía Ramos", "Do you have the red jacket in size M?", 5, ""),
)
POINTS = {"greeting": 1, "understood": 2, "solved": 3, "correct": 1, "tone": 3, "identity": -1}


async def rate(people: People, house: House, login: str) -> list[str]:
    """Serve some customers, who say how it was; return their conversations. Whoever served them goes home."""
    desk, refs = await people.agent(house, login), []
    for name, text, score, words in RATED:
        customer = await people.customer(house, name)
        await customer.says(text)
        await expect(desk.offer).to_contain_text(name)
        refs.append(await desk.accept())
        await desk.reply("Good day! Let me look into this.")
        await expect(customer.log).to_contain_text("Let me look into this.")
        for deed, said in (("close", {}), ("wrap-up", {"disposition": "resolved"})):
            await desk.call("POST", f"/conversations/{refs[-1]}/{deed}", said)
        await customer.frame.get_by_role("button", name=f"{score} of 5").click()
        await expect(customer.frame.locator("#thanks")).to_be_visible()
        if words:
            await customer.frame.fill("#remark-text", words)
            await customer.frame.click("#remark button")
            await expect(customer.frame.locator("#remark")).to_be_hidden()
    await desk.leave()
    people.desks.remove(desk)
    return refs


async def review(desk: Desk, ref: str, *, said: str) -> None:
    """Begin a review, give points and words, and keep it as a draft."""
    path = f"/conversations/{ref}/review"
    await desk.call("POST", path, {"deed": "begin", "command_id": "begin"})
    kept = {"answers": POINTS, "said": said, "notes": {"understood": "She had given the number already."}}
    await desk.call("POST", path, {"deed": "save", "version": 1, "command_id": "save", **kept})
