"""Why a conversation went where it went, and what colleagues call its customer: through the API of a real floor."""

from __future__ import annotations

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
