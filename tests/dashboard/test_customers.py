"""Customers as persons at the desk: suggested, merged with one click, parted again, handed out, forgotten."""

from __future__ import annotations

import pytest

from router.store.port import Caller, Identity
from tests.dashboard.office import SITE, Desk, Office


async def customer_on(office: Office, key: str, *, channel: str = "chat") -> int:
    """Somebody writes on a line of their own; return their number."""
    return office.floor.state.convs[await office.arrives(f"hello from {key}", key=key, channel=channel)].customer


async def types(office: Office, key: str, *identities: Identity, channel: str = "chat") -> None:
    caller = Caller(channel=channel, key=key, peer=f"{key}@example.org", identities=identities)
    await office.store.archive.meet(SITE, [caller], office.clock.at)


async def two_alike(office: Office) -> tuple[int, int]:
    """Two customers, of whom one has typed what the other has proved."""
    one, two = await customer_on(office, "k1"), await customer_on(office, "k2", channel="email")
    await types(office, "k1", Identity(kind="email", value="ada@x", verified="dkim"))
    await types(office, "k2", Identity(kind="email", value="Ada@X"), channel="email")
    return one, two


async def ended(office: Office, desk: Desk, key: str) -> int:
    """Somebody whose only conversation is over."""
    customer = await customer_on(office, key)
    conv = next(conv for conv in office.floor.state.convs.values() if conv.customer == customer)
    ref = office.ref(conv.id)
    assert (await desk.post(f"/conversations/{ref}/accept", {"offer": office.offer(conv.id)})).status == 200
    assert (await desk.post(f"/conversations/{ref}/close", {})).status == 200
    assert (await desk.post(f"/conversations/{ref}/wrap-up", {"disposition": "solved"})).status == 200
    return customer


async def test_who_is_alike_is_suggested_with_what_speaks_for_it_and_merged_with_one_click(office: Office) -> None:
    sue = await office.desk("sue", role="supervisor")
    one, two = await two_alike(office)
    (likely,) = (await sue.get(f"/customers/{two}/likely")).body
    assert (likely["id"], likely["name"], likely["evidence"]) == (one, "Ada k1", ["email_proved"])
    made = (await sue.post(f"/customers/{two}/merges", {"other": one})).body
    assert made["person"] == one
    for asked in (one, two):
        shown = (await sue.get(f"/customers/{asked}")).body
        assert (shown["id"], shown["person"], shown["name"]) == (asked, one, "Ada k1")
        assert len(shown["conversations"]) == 2
    assert (await sue.get(f"/customers/{two}/likely")).body == []
    again = await sue.post(f"/customers/{one}/merges", {"other": two})
    assert (again.status, again.code) == (409, "already_one")


async def test_a_journey_is_in_order_of_beginnings_over_channels_and_merged_customers(office: Office) -> None:
    """UI.md 8.24: in time order, and both of those who were merged."""
    sue = await office.desk("sue", role="supervisor")
    began: list[tuple[int, str]] = []
    for key, channel in (("k1", "chat"), ("k2", "email"), ("k3", "chat")):
        office.clock.at += 60_000
        began.append((office.clock.at, channel))
        await office.arrives("Hello", key=f"{key}{channel}", channel=channel)
    numbers = [conv.customer for conv in sorted(office.floor.state.convs.values(), key=lambda conv: conv.id)]
    one, *others = dict.fromkeys(numbers)
    for other in others:
        assert (await sue.post(f"/customers/{one}/merges", {"other": other})).status == 200
    office.clock.at += 60_000
    await office.arrives("And one thing more", key="k1chat")
    for asked in (one, *others):
        shown = (await sue.get(f"/customers/{asked}")).body["conversations"]
        assert [(each["opened_ms"], each["channel"]) for each in shown] == began[::-1]


async def test_a_merge_is_taken_back_and_says_who_did_what(office: Office) -> None:
    sue = await office.desk("sue", role="supervisor")
    one, two = await two_alike(office)
    merge = (await sue.post(f"/customers/{one}/merges", {"other": two})).body["merge"]
    third = await customer_on(office, "k3")
    assert (await sue.call("DELETE", f"/customers/{third}/merges/{merge}", {})).status == 404
    assert (await sue.call("DELETE", f"/customers/{two}/merges/{merge}", {})).status == 204
    repeated = await sue.call("DELETE", f"/customers/{two}/merges/{merge}", {})
    assert (repeated.status, repeated.code) == (409, "merge_undone")
    (told,) = (await sue.get(f"/customers/{one}/merges")).body
    assert (told["one"], told["other"], told["why"], told["by"]["name"]) == (one, two, "by_hand", "Sue")
    assert (told["undone_by"]["name"], told["undone_ms"]) == ("Sue", office.clock.at)
    shown = (await sue.get(f"/customers/{two}")).body
    assert (shown["person"], shown["name"], len(shown["conversations"])) == (two, "Ada k2", 1)
    assert (await sue.get(f"/customers/{two}/likely")).body == []


async def test_who_is_not_the_same_person_is_suggested_no_more(office: Office) -> None:
    sue = await office.desk("sue", role="supervisor")
    one, two = await two_alike(office)
    assert (await sue.post(f"/customers/{one}/apart", {"other": two})).status == 204
    assert (await sue.get(f"/customers/{one}/likely")).body == []
    assert (await sue.post(f"/customers/{one}/merges", {"other": two})).status == 200
    refused = await sue.post(f"/customers/{one}/apart", {"other": two})
    assert (refused.status, refused.code) == (409, "already_one")


async def test_the_names_on_a_desk_change_with_who_is_who(office: Office) -> None:
    ana = await office.desk("ana")
    sue = await office.desk("sue", role="supervisor")
    named = await customer_on(office, "k1")
    nameless = await customer_on(office, "k2")
    await office.store._writer.execute("UPDATE customer SET name = '' WHERE id = ?", (nameless,))
    conv = next(conv for conv in office.floor.state.convs.values() if conv.customer == nameless)
    ref = office.ref(conv.id)
    assert (await ana.get(f"/conversations/{ref}")).body["customer"]["name"] == ""
    merge = (await sue.post(f"/customers/{named}/merges", {"other": nameless})).body["merge"]
    assert (await ana.get(f"/conversations/{ref}")).body["customer"]["name"] == "Ada k1"
    assert (await sue.call("DELETE", f"/customers/{named}/merges/{merge}", {})).status == 204
    assert (await ana.get(f"/conversations/{ref}")).body["customer"]["name"] == ""


async def test_an_agent_merges_only_whom_they_may_see(office: Office) -> None:
    ben = await office.desk("ben")
    seen = await customer_on(office, "k1")
    hidden = office.floor.state.convs[await office.arrives("my bill", key="k2", topics=("bill",))].customer
    await types(office, "k1", Identity(kind="email", value="ada@x", verified="dkim"))
    await types(office, "k2", Identity(kind="email", value="ada@x"))
    assert (await ben.get(f"/customers/{seen}")).status == 200
    assert (await ben.get(f"/customers/{hidden}")).status == 404
    assert (await ben.get(f"/customers/{seen}/likely")).body == []
    assert (await ben.post(f"/customers/{seen}/merges", {"other": hidden})).status == 404
    assert (await ben.post(f"/customers/{hidden}/merges", {"other": seen})).status == 404
    assert (await ben.get(f"/customers/{hidden}/merges")).status == 404
    also = await customer_on(office, "k3")
    assert (await ben.post(f"/customers/{seen}/merges", {"other": also})).status == 200


async def test_who_serves_a_person_sees_what_they_said_under_another_number(office: Office) -> None:
    ana, sue = await office.desk("ana", shift=True), await office.desk("sue", role="supervisor")
    hidden = await office.arrives("my bill", key="k2", topics=("bill",))
    mine = await office.arrives("hello", key="k1")
    customers = {conv: office.floor.state.convs[conv].customer for conv in (mine, hidden)}
    accepted = await ana.post(f"/conversations/{office.ref(mine)}/accept", {"offer": office.offer(mine)})
    assert accepted.status == 200
    assert (await ana.get(f"/conversations/{office.ref(hidden)}")).status == 404
    await sue.post(f"/customers/{customers[mine]}/merges", {"other": customers[hidden]})
    assert (await ana.get(f"/conversations/{office.ref(hidden)}/story")).status == 200
    journey = (await ana.get(f"/customers/{customers[mine]}")).body["conversations"]
    assert {each["ref"] for each in journey} == {office.ref(mine), office.ref(hidden)}


async def test_only_who_administers_hands_out_and_forgets(office: Office) -> None:
    ana, ada = await office.desk("ana", shift=True), await office.desk("ada", role="admin")
    sue = await office.desk("sue", role="supervisor")
    customer = await ended(office, ana, "k1")
    for desk in (ana, sue):
        assert (await desk.get(f"/customers/{customer}/export")).status == 403
        assert (await desk.post(f"/customers/{customer}/erase", {})).status == 403
    told = (await ada.get(f"/customers/{customer}/export")).body
    assert told["customer"]["name"] == "Ada k1"
    assert [message["text"] for message in told["conversations"][0]["messages"]] == ["hello from k1"]
    done = await ada.post(f"/customers/{customer}/erase", {})
    assert (done.status, done.body["customers"], done.body["messages"], done.body["waits"]) == (200, [customer], 1, "")
    assert "Ada k1" not in (await ada.get(f"/customers/{customer}/export")).text
    assert (await ada.get("/customers/99999/export")).status == 404
    assert (await ada.post("/customers/99999/erase", {})).status == 404


async def test_nobody_is_forgotten_while_they_are_served(office: Office) -> None:
    ada = await office.desk("ada", role="admin")
    customer = await customer_on(office, "k1")
    refused = await ada.post(f"/customers/{customer}/erase", {})
    assert (refused.status, refused.code) == (409, "conversations_open")


@pytest.mark.parametrize("heard", ["of it by the other node", "nothing, as of the command line"])
async def test_a_name_that_was_erased_elsewhere_leaves_the_lists_of_this_node(office: Office, heard: str) -> None:
    ana, ada = await office.desk("ana", shift=True), await office.desk("ada", role="admin")
    customer = await ended(office, ana, "k1")
    (listed,) = (await ada.get(f"/customers/{customer}")).body["conversations"]
    assert (listed["customer"]["name"], listed["last"]["text"]) == ("Ada k1", "hello from k1")
    begun = await office.store.care.begin_erase(SITE, customer, agent=0, at=office.clock.at)
    words = await office.store.care.words_of(SITE, begun.customers, after=0, limit=10)
    await office.store.care.blank(SITE, [each.id for each in words])
    if heard == "of it by the other node":
        office.changes.tell("erased")
    else:
        office.clock.at += 31_000
    (listed,) = (await ada.get(f"/customers/{customer}")).body["conversations"]
    assert listed["customer"]["name"] == ""
    assert "hello" not in str(listed)


async def test_who_is_who_is_read_again_when_another_node_has_made_two_people_one(office: Office) -> None:
    ana, ada = await office.desk("ana", shift=True), await office.desk("ada", role="admin")
    one, two = [await ended(office, ana, key) for key in ("k1", "k2")]

    async def names() -> set[str]:
        found = (await ada.get(f"/customers/{two}")).body["conversations"]
        return {each["customer"]["name"] for each in found}

    assert await names() == {"Ada k2"}
    await office.store.care.merge(SITE, one, two, why="by_hand", agent=1, at=office.clock.at)
    assert await names() == {"Ada k1", "Ada k2"}
    office.changes.tell("merged")
    assert await names() == {"Ada k1"}
