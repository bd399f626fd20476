"""Why a conversation went where it went, and what colleagues call its customer: through the API of a real floor."""

from __future__ import annotations

import pytest

from tests.dashboard.office import Office


async def test_every_decision_is_told_with_the_reasons_that_were_journalled(office: Office) -> None:
    ana = await office.desk("ana")
    await ana.begin()
    conv = await office.arrives("Where is my parcel?")
    ref = office.ref(conv)
    assert (await ana.accept(conv)).status == 200
    assert (await ana.post(f"/conversations/{ref}/note", {"text": "odd", "client_id": "c1"})).status == 200
    told = (await ana.get(f"/conversations/{ref}/why")).body
    assert [each["kind"] for each in told["items"]] == ["Received", "Routed", "Queued", "Offered", "Accepted"]
    routed, offered = told["items"][1], told["items"][3]
    assert routed["rule"]
    assert routed["version"] == office.floor.state.bundle_hash[:12]
    assert (offered["why"], offered["among"], offered["agent"]["name"]) == (["longest_idle"], 1, "Ana")
    assert told["facts"]["channel"]
    assert not told["more"]
    page = (await ana.get(f"/conversations/{ref}/why?limit=2")).body
    assert page["more"]


async def test_who_was_passed_over_is_told_with_how_they_stood_at_that_moment(office: Office) -> None:
    sue = await office.desk("sue", role="supervisor")
    for login, presence in (("ana", "available"), ("ben", "available"), ("cara", "lunch")):
        desk = await office.desk(login)
        assert (await desk.post("/shift", {"presence": presence})).status == 200
    mail_only = await office.desk("dan", channels=("email",))
    await mail_only.begin()
    conv = await office.arrives("Where is my parcel?")
    ref = office.ref(conv)
    offered = next(
        each for each in (await sue.get(f"/conversations/{ref}/why")).body["items"] if each["kind"] == "Offered"
    )
    path = f"/conversations/{ref}/passed-over"
    expected = {"ana": "asked", "ben": "free", "cara": "away"}
    for _ in range(2):
        told = (await sue.get(f"{path}?seq={offered['seq']}")).body
        assert {each["agent"]["name"].lower(): each["stands"] for each in told["items"]} == expected
        assert told["items"][0]["stands"] == "asked"
        assert (told["able"], told["unable"]) == (3, 1)
    assert (await sue.get(f"{path}?seq={offered['seq'] - 1}")).status == 404
    assert (await sue.get(f"{path}?seq=999999")).status == 404


async def test_a_decision_too_far_from_any_picture_of_the_floor_is_refused_by_name(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    sue = await office.desk("sue", role="supervisor", shift=True)
    ref = office.ref(await office.arrives("Where is my parcel?"))
    offered = [each["seq"] for each in (await sue.get(f"/conversations/{ref}/why")).body["items"]][3]
    monkeypatch.setattr("router.floor.history.EVENTS_MAX", 2)
    answer = await sue.get(f"/conversations/{ref}/passed-over?seq={offered}")
    assert (answer.status, answer.body["error"]["code"]) == (409, "too_far_back")


async def test_a_transfer_names_both_and_its_giver_sees_what_becomes_of_it(office: Office) -> None:
    ana, ben = await office.desk("ana"), await office.desk("ben")
    await ana.begin()
    conv = await office.arrives("Hello")
    ref = office.ref(conv)
    assert (await ana.accept(conv)).status == 200
    await ben.begin()
    assert ben.account is not None
    assert (await ana.post(f"/conversations/{ref}/transfer", {"to_agent": ben.account.id})).status == 200
    told = (await ana.get(f"/conversations/{ref}/why")).body["items"]
    passed = next(each for each in told if each["kind"] == "Transferred")
    assert (passed["agent"]["name"], passed["to_agent"]["name"]) == ("Ana", "Ben")
    seen = (await ana.get(f"/conversations/{ref}")).body
    assert (seen["state"], seen["passed_by"]["name"]) == ("offered", "Ana")


async def test_tags_are_put_on_and_taken_off_and_are_an_attribute(office: Office) -> None:
    ana = await office.desk("ana")
    await ana.begin()
    conv = await office.arrives("Hello")
    assert (await ana.accept(conv)).status == 200
    customer = (await ana.get(f"/conversations/{office.ref(conv)}")).body["customer"]["id"]
    at = f"/customers/{customer}/tags"
    assert (await ana.post(at, {"add": ["reseller", "北京"]})).body == {"tags": ["reseller", "北京"]}
    assert (await ana.post(at, {"add": ["reseller"], "remove": ["北京"]})).body == {"tags": ["reseller"]}
    assert (await ana.get(f"/customers/{customer}")).body["attributes"]["tags"] == "reseller"
    refused = await ana.post(at, {"add": ["two words"]})
    assert (refused.status, refused.body["error"]["field"]) == (400, "add")
    assert (await ana.post(at, {"remove": ["reseller"]})).body == {"tags": []}
    assert (await ana.post("/customers/999999/tags", {"add": ["x"]})).status == 404


async def test_targets_say_what_blocks_them(office: Office) -> None:
    ana, ben = await office.desk("ana"), await office.desk("ben")
    await ana.begin()
    conv = await office.arrives("Hello")
    assert (await ana.accept(conv)).status == 200
    assert (await ben.post("/shift", {"presence": "lunch"})).status == 200
    told = (await ana.get(f"/conversations/{office.ref(conv)}/targets")).body
    assert [each["name"] for each in told["queues"] if each["same"]] == [office.floor.state.convs[conv].queue]
    assert [(each["name"], each["accepts"], each["room"]) for each in told["agents"]] == [("Ben", False, False)]
    assert {"name", "level_max", "staffed", "free"} == set(told["skills"][0])


async def test_who_is_asked_in_hears_it_at_once_and_that_it_is_over(office: Office) -> None:
    ana, ben = await office.desk("ana"), await office.desk("ben")
    await ana.begin()
    conv = await office.arrives("Hello")
    ref = office.ref(conv)
    assert (await ana.accept(conv)).status == 200
    socket = await ben.begin()
    assert ben.account is not None
    assert (await ana.post(f"/conversations/{ref}/consult", {"to_agent": ben.account.id})).status == 200
    asked = (await socket.next("desk", taking_part=None))["taking_part"]
    assert [(each["ref"], each["role"], each["by"]["name"]) for each in asked] == [(ref, "consult", "Ana")]
    assert asked[0]["until_ms"] > 0
    assert (await ben.post(f"/conversations/{ref}/consult/join")).status == 200
    assert (await socket.next("desk", taking_part=None))["taking_part"][0]["until_ms"] == 0
    assert (await ben.post(f"/conversations/{ref}/consult/leave")).status == 200
    assert (await socket.next("desk", taking_part=None))["taking_part"] == []
