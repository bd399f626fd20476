"""The demo's complaints: some that are open, in every stage, and weeks of closed ones. Plain rows, written once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from router.care.complaints import TABLE, due_ms, stepped
from router.care.usual import USUAL
from router.core.bundle import HOUR_MS
from router.store.port import Caller, Complaint, ComplaintStep, ComplaintWords, Store

WEEKS = 9
# Hours of the clock to acknowledge and to answer; a served floor promises by its calendar.
PROMISES = {"minor": (40, 240), "serious": (8, 120), "critical": (2, 24)}


class Tale(NamedTuple):
    """One complaint: who, about what, when it began, and what was done how many hours later."""

    name: str
    channel: str
    kind: str
    severity: str
    queue: str
    happened: str
    wish: str = ""
    hours_ago: int = 1
    deeds: tuple[tuple[str, float, str], ...] = ()
    answer: str = ""
    outcome: str = ""
    cause: str = ""
    remedy: str = ""
    amount: int = 0
    owned: bool = True


OPEN = (
    Tale(
        "Marta Kowalska", "chat", "delivery", "serious", "orders",
        "Order 20418 was due on Friday. She has written three times and was told three different dates.",
        "The parcel before Wednesday, or the money back.", hours_ago=130,
        deeds=(("acknowledge", 2, "Told her in the chat that we have it."), ("note", 5, "Stuck at the hub in Warsaw.")),
    ),
    Tale(
        "สมชาย ใจดี", "email", "product", "minor", "complaints", "ได้รับเครื่องที่มีรอยขีดข่วน กล่องบุบ", "ขอเปลี่ยนเครื่องใหม่",
        hours_ago=60, owned=False,
    ),
    Tale(
        "林佳怡", "chat", "service", "minor", "complaints", "等了四十分钟，客服没有回答就结束了会话。",
        "希望有人回电道歉。", hours_ago=20,
        deeds=(("acknowledge", 1, ""), ("examine", 3, "Wrap-up ran out while the agent was typing.")), cause="conduct",
    ),
    Tale(
        "Omar Haddad", "phone", "billing", "serious", "billing",
        "Invoice 2026-1180 was paid twice and only one payment was returned.", "The second payment back.", hours_ago=90,
        deeds=(("acknowledge", 1, ""), ("examine", 20, ""), ("answer", 40, "")), outcome="upheld",
        answer="Both payments are found; the second one is on its way back.", cause="system", remedy="refund",
        amount=129_000,
    ),
    Tale(
        "Jonas Lindqvist", "form", "privacy", "critical", "complaints",
        "A letter with somebody else's address and order came to him.", "To know who else got such letters.",
        hours_ago=1,
    ),
)  # fmt: skip
PAST = (
    ("delivery", "orders", "carrier", "upheld", "voucher"),
    ("product", "complaints", "defect", "upheld", "replacement"),
    ("billing", "billing", "information", "partly", "explanation"),
    ("delivery", "orders", "stock", "upheld", "apology"),
    ("service", "complaints", "conduct", "partly", "apology"),
    ("billing", "billing", "customer", "not_upheld", ""),
    ("delivery", "orders", "carrier", "partly", "voucher"),
)
GIVEN, FAMILY = (
    ("Ana", "Ben", "Dana", "Emil", "Fatima", "Goran", "Hana"),
    ("Novak", "Silva", "Okafor", "Larsen", "Rossi"),
)


async def tell_cases(store: Store, site: str, *, staff: Sequence[int], now_ms: int) -> None:
    """Write the demo's complaints, unless the site has any."""
    if await store.complaints.get(site, 1) is not None:
        return
    for number, tale in enumerate((*_past(), *OPEN)):
        await _tell(store, site, tale, number=number, owner=staff[number % len(staff)], now_ms=now_ms)


def _past() -> Iterator[Tale]:
    """Weeks of closed ones: two to four a week, every fifth answered too late."""
    count = 0
    for week in range(WEEKS, 0, -1):
        for nth in range(2 + week % 3):
            kind, queue, cause, outcome, remedy = PAST[count % len(PAST)]
            answered = 260.0 if count % 5 == 4 else 20.0 + 13 * nth
            deeds = (("acknowledge", 3.0, ""), ("answer", answered, ""), ("close", answered + 30, ""))
            yield Tale(
                _name(count), "email", kind, "minor", queue, "Told on the telephone, and settled since.",
                hours_ago=week * 168 + 30 * nth + 150, deeds=deeds, answer="Settled on the telephone.",
                outcome=outcome, cause=cause, remedy=remedy, amount=25_000 if remedy == "voucher" else 0,
            )  # fmt: skip
            count += 1


def _name(count: int) -> str:
    return f"{GIVEN[count % len(GIVEN)]} {FAMILY[count % len(FAMILY)]}"


async def _tell(store: Store, site: str, tale: Tale, *, number: int, owner: int, now_ms: int) -> None:
    begun_ms = now_ms - tale.hours_ago * HOUR_MS
    key = f"demo-complaint-{number}"
    caller = Caller(channel=tale.channel, key=key, peer=key, name=tale.name)
    [met] = await store.archive.meet(site, [caller], begun_ms)
    acknowledge, answer = PROMISES[tale.severity]
    one = Complaint(
        command=key, customer=met.customer, kind=tale.kind, severity=tale.severity, queue=tale.queue, about="shop",
        channel=tale.channel, currency="CZK", owner=owner if tale.owned else 0, recorder=owner, opened_ms=begun_ms,
        begun_ms=begun_ms, acknowledge_by_ms=begun_ms + acknowledge * HOUR_MS,
        answer_by_ms=begun_ms + answer * HOUR_MS, words=ComplaintWords(happened=tale.happened, wish=tale.wish),
    )  # fmt: skip
    first = ComplaintStep(command=key, at=begun_ms, agent=owner, deed="record")
    due = msgspec.structs.replace(one, due_ms=due_ms(one, USUAL))
    one = await store.complaints.record(site, due, first)
    for deed, hours, words in tale.deeds:
        at = min(begun_ms + int(hours * HOUR_MS), now_ms)
        one = await _step(store, site, one, tale, deed=deed, words=words, at=at)


async def _step(store: Store, site: str, one: Complaint, tale: Tale, *, deed: str, words: str, at: int) -> Complaint:
    told = one
    if deed in {"examine", "answer"}:
        told = msgspec.structs.replace(told, cause=tale.cause)
    if deed == "answer":
        said = msgspec.structs.replace(one.words, answer=tale.answer)
        told = msgspec.structs.replace(told, words=said, outcome=tale.outcome, remedy=tale.remedy, amount=tale.amount)
    agent = one.owner or one.recorder
    after = stepped(TABLE[deed], told, agent, now_ms=at, rules=USUAL)
    changes = {} if after.stage == one.stage else {"stage": [one.stage, after.stage]}
    step = ComplaintStep(command=f"{one.command}-{deed}", at=at, agent=agent, deed=deed, changes=changes, words=words)
    return (await store.complaints.change(site, after, step)).complaint
