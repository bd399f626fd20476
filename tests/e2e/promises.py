"""Promises that an agent has made to customers in a house, of every kind and day. Nothing that judges lives here."""

from __future__ import annotations

import time

from playwright.async_api import expect

from tests.e2e.conftest import People
from tests.e2e.house import House
from tests.e2e.pages import Desk

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
FOLLOW_UP, SNOOZED = "follow_up", "snoozed"
PROMISED = (
    ("Hana Nováková", "Can you tell me when the lamp is back?", "Tell her when the lamp is in stock again", HOUR_MS),
    ("Viktor Lindgren", "The invoice is wrong again.", "Call him when Billing has corrected invoice 2026-1180", DAY_MS),
    ("王芳", "你好，我想换一个尺码。", "周五前确认换货", 3 * DAY_MS),
    ("Priya Nair", "I will think about the offer.", "Ask whether she wants the larger plan", 9 * DAY_MS),
)
KINDS = (SNOOZED, FOLLOW_UP, SNOOZED, FOLLOW_UP)


async def promise(people: People, house: House, desk: Desk) -> list[str]:
    """Talk to some customers and park each until a time, with a note; return their conversations."""
    refs = []
    for kind, (name, text, note, later_ms) in zip(KINDS, PROMISED, strict=True):
        customer = await people.customer(house, name)
        await customer.says(text)
        await expect(desk.offer).to_contain_text(name)
        refs.append(await desk.accept())
        await keep(desk, refs[-1], note=note, until_ms=now_ms() + later_ms, kind=kind)
        # They go away as people do, without ending anything.
        people.customers.remove(customer)
        await customer.page.context.close()
    return refs


async def keep(desk: Desk, ref: str, *, note: str, until_ms: int, kind: str = SNOOZED) -> None:
    """Promise it: at wrap-up, or by parking."""
    if kind == FOLLOW_UP:
        await desk.call("POST", f"/conversations/{ref}/close", {})
        await desk.call("POST", f"/conversations/{ref}/wrap-up", {"note": note, "follow_up_ms": until_ms})
        return
    await desk.call("POST", f"/conversations/{ref}/note", {"text": note, "client_id": f"promise-{until_ms}"})
    await desk.call("POST", f"/conversations/{ref}/park", {"until_ms": until_ms})


def now_ms() -> int:
    return int(time.time() * 1_000)
