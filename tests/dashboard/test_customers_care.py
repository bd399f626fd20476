"""Blocked senders, tests, customers with agents of their own; windows and targets as the desk shows them."""

from __future__ import annotations

from typing import Any

import msgspec

from router.core import commands as cmd
from router.core.facts import Facts
from router.store.port import Body, NewLetter
from tests.dashboard.office import NOW_MS, SITE, Desk, Office

HOUR_MS = 3_600_000


async def writes(office: Office, line: int, *, message: str, **more: Any) -> int:
    """A customer of conversation `line`'s own line writes, with what a look-up brings."""
    body = Body(direction="in", author="customer", text="hello", created_ms=office.clock.at)
    letter = NewLetter(channel="email", dedupe=message, received_ms=office.clock.at, signal=b"x", body=body)
    (kept,) = await office.store.letterbox.put(SITE, [letter])
    plain = {"channel": "email", "facts": Facts(channel="email"), "customer": line, "arrived_ms": office.clock.at}
    receive = cmd.Receive(
        id=f"L{kept.id}", message=kept.message, line=line, seen=office.floor.position, **{**plain, **more}
    )
    await office.made(receive)
    return office.floor.state.lines[line]


async def supervisor(office: Office) -> Desk:
    return await office.desk("sue", role="supervisor")


async def test_a_sender_is_blocked_listed_and_let_in_again(office: Office) -> None:
    sue = await supervisor(office)
    until_ms = NOW_MS + HOUR_MS
    block = {"kind": "email", "value": "a@x", "mark": "blocked", "reason": "abuse", "until_ms": until_ms}
    (number,) = (await sue.post("/senders", block)).body["ids"]
    (listed,) = (await sue.get("/senders")).body
    assert sue.account is not None
    assert listed == {**block, "id": number, "agent": sue.account.id, "created_ms": listed["created_ms"]}
    assert await office.store.senders.of(SITE, [("email", "a@x")], now_ms=NOW_MS) == {0: "blocked"}
    assert (await sue.call("DELETE", f"/senders/{number}", {})).status == 204
    assert (await sue.call("DELETE", f"/senders/{number}", {})).status == 404
    assert (await sue.get("/senders")).body == []


async def test_a_customer_is_blocked_by_all_they_are_known_by(office: Office) -> None:
    sue = await supervisor(office)
    conv = office.floor.state.convs[await office.arrives("buy now", key="k7")]
    body = {"customer": conv.customer, "mark": "blocked", "reason": "nuisance"}
    assert len((await sue.post("/senders", body)).body["ids"]) == 2
    asked = [("chat", "k7"), ("line", "chat:k7"), ("line", "chat:k8")]
    assert await office.store.senders.of(SITE, asked, now_ms=NOW_MS) == {0: "blocked", 1: "blocked"}


async def test_what_names_nobody_or_ends_before_it_begins_is_refused(office: Office) -> None:
    sue = await supervisor(office)
    mark = {"mark": "test", "reason": "drill"}
    for more, field in (
        ({}, "kind"),
        ({"kind": "email", "value": "a@x", "customer": 1}, "kind"),
        ({"kind": "email", "value": "a@x", "until_ms": 1}, "until_ms"),
        ({"kind": "email", "value": "a@x", "mark": "loved"}, "mark"),
        ({"customer": 999}, "customer"),
    ):
        answer = await sue.post("/senders", {**mark, **more})
        assert (answer.status, answer.body["error"]["field"]) == (400, field)


async def test_who_cares_for_a_customer_is_named_by_a_supervisor(office: Office) -> None:
    sue = await supervisor(office)
    assert sue.account is not None
    customer = office.floor.state.convs[await office.arrives("hello")].customer
    care = {"named_agent": sue.account.id, "team": "gold"}
    assert (await sue.call("PUT", f"/customers/{customer}/care", care)).body == care
    shown = (await sue.get(f"/customers/{customer}")).body["attributes"]
    assert shown == {"named_agent": str(sue.account.id), "team": "gold"}
    assert (await sue.call("PUT", f"/customers/{customer}/care", {})).status == 200
    assert (await sue.get(f"/customers/{customer}")).body["attributes"] == {}
    assert (await sue.call("PUT", f"/customers/{customer}/care", {"named_agent": 999})).status == 400
    assert (await sue.call("PUT", "/customers/999/care", care)).status == 404


async def test_the_desk_shows_the_window_and_no_answer_is_written_after_it(office: Office) -> None:
    ana = await office.desk("ana", shift=True)
    conv = await office.arrives("hello", channel="email", key="mail1")
    line = office.floor.state.convs[conv].line
    until_ms = office.clock.at + HOUR_MS
    await writes(office, line, message="again", window_ms=until_ms, replies=1)
    await ana.accept(conv)
    shown = (await ana.get(f"/conversations/{office.ref(conv)}")).body
    assert (shown["window_ms"], shown["replies_left"], shown["test"], shown["related"]) == (until_ms, 1, False, [])
    reply = {"text": "hi", "client_id": "r1"}
    assert (await ana.post(f"/conversations/{office.ref(conv)}/reply", reply)).status == 200
    refused = await ana.post(f"/conversations/{office.ref(conv)}/reply", {"text": "more", "client_id": "r2"})
    assert (refused.status, refused.body["error"]["code"]) == (409, "replies_used")
    story = (await ana.get(f"/conversations/{office.ref(conv)}/story")).body["items"]
    assert [item["text"] for item in story if item["kind"] == "out"] == ["hi"]


async def test_conversations_of_one_customer_name_each_other(office: Office) -> None:
    ana = await office.desk("ana", shift=True)
    bundle = office.floor.bundle
    assert bundle is not None
    queues = {name: msgspec.structs.replace(queue, related=True) for name, queue in bundle.queues.items()}
    await office.configure(msgspec.structs.replace(bundle, queues=queues))
    first = await office.arrives("hello", channel="email", key="mail1")
    other = await office.arrives("hello", channel="email", key="mail2")
    line = office.floor.state.convs[first].line
    ended = office.floor.state.convs[other].line
    await ana.accept(first)
    # The second one has just been opened on another line of the same customer.
    known = cmd.Acquaintance(lines=(line,))
    third = await writes(office, ended + 100, message="third", known=known)
    shown = (await ana.get(f"/conversations/{office.ref(first)}")).body
    assert shown["related"] == [office.ref(third)]
    story = (await ana.get(f"/conversations/{office.ref(first)}/story")).body["items"]
    assert [item["detail"] for item in story if item["kind"] == "related"] == [office.ref(third)]


def test_every_reason_of_an_own_agent_has_its_words() -> None:
    from dashboard.pictures import REASONS
    from router.core.decide.rounds import OWN_AGENT

    assert set(REASONS) >= OWN_AGENT
