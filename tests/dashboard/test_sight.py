"""Who may see what: their own, their customers', what waits in their queues; supervisors all; nobody a password."""

from __future__ import annotations

import pytest

from tests.dashboard.office import Office


async def test_an_agent_sees_what_waits_in_queues_they_can_serve(office: Office) -> None:
    ana, bill = await office.desk("ana"), await office.desk("bill", skills={"billing": 3})
    plain = office.ref(await office.arrives("hello", key="k1"))
    money = office.ref(await office.arrives("my bill", key="k2", topics=("bill",)))
    assert [each["ref"] for each in (await ana.get("/waiting")).body["items"]] == [plain]
    assert [each["ref"] for each in (await bill.get("/waiting")).body["items"]] == [plain, money]
    assert (await ana.get(f"/conversations/{money}")).code == "not_visible"
    assert (await bill.get(f"/conversations/{money}")).status == 200


@pytest.mark.parametrize("skills", [{}, {"billing": 2}, {"bills": 5}])
async def test_a_level_too_low_sees_nothing_of_a_queue(office: Office, skills: dict[str, int]) -> None:
    ana = await office.desk("ana", skills=skills)
    money = office.ref(await office.arrives("my bill", topics=("bill",)))
    for path in (f"/conversations/{money}", f"/conversations/{money}/story", f"/conversations/{money}/targets"):
        assert (await ana.get(path)).status == 404
    assert (await ana.post(f"/conversations/{money}/note", {"text": "x", "client_id": "c"})).status == 404


async def test_who_serves_a_customer_sees_all_of_their_story(office: Office) -> None:
    ana, bill = await office.desk("ana"), await office.desk("bill", skills={"billing": 3})
    await bill.begin()
    past = office.ref(await office.arrives("my bill", channel="chat", key="k1", topics=("bill",)))
    await bill.post(f"/conversations/{past}/accept", {"offer": 1})
    await bill.post(f"/conversations/{past}/close", {"disposition": "solved"})
    await bill.call("DELETE", "/shift", {"forced": True})
    customer = (await bill.get(f"/conversations/{past}")).body["customer"]["id"]
    assert (await ana.get(f"/conversations/{past}")).status == 404
    assert (await ana.get(f"/customers/{customer}")).status == 404
    await ana.begin()
    now = await office.arrives("again", channel="email", key="k1")
    await ana.accept(now)
    assert (await ana.get(f"/conversations/{past}")).status == 200
    refs = {each["ref"] for each in (await ana.get(f"/customers/{customer}")).body["conversations"]}
    assert refs == {past, office.ref(now)}


async def test_ones_own_past_stays_visible(office: Office) -> None:
    ana = await office.desk("ana")
    await ana.begin()
    conv = await office.arrives("hello")
    await ana.accept(conv)
    await ana.post(f"/conversations/{office.ref(conv)}/close", {"disposition": "solved"})
    assert (await ana.get(f"/conversations/{office.ref(conv)}")).body["state"] == "closed"


async def test_a_supervisor_sees_everything(office: Office) -> None:
    sue = await office.desk("sue", role="supervisor", channels=())
    money = await office.arrives("my bill", topics=("bill",))
    assert (await sue.get(f"/conversations/{office.ref(money)}")).status == 200
    assert (await sue.get("/waiting")).body["total"] == 1
    customer = office.floor.state.convs[money].customer
    assert (await sue.get(f"/customers/{customer}")).body["name"] == "Ada k1"


async def test_a_hidden_conversation_looks_like_none(office: Office) -> None:
    ana = await office.desk("ana")
    money = office.ref(await office.arrives("my bill", topics=("bill",)))
    hidden, nowhere = await ana.get(f"/conversations/{money}"), await ana.get("/conversations/0000000000")
    assert (hidden.status, hidden.body) == (nowhere.status, nowhere.body)


async def test_nobodys_password_is_ever_told(office: Office) -> None:
    sue = await office.desk("sue", role="admin")
    await sue.begin()
    for path in ("/me", "/agents", "/desk", "/config"):
        assert "argon2" not in (await sue.get(path)).text


async def test_the_waiting_list_is_paged_in_the_routers_order(office: Office) -> None:
    ana = await office.desk("ana")
    refs = []
    for number in range(7):
        office.clock.at += 1_000
        refs.append(office.ref(await office.arrives("hello", key=f"k{number}")))
    pages = [(await ana.get(f"/waiting?limit=3&after={after}")).body for after in (0, 3, 6, 9)]
    assert [each["ref"] for page in pages for each in page["items"]] == refs
    assert [each["position_in_line"] for page in pages for each in page["items"]] == list(range(1, 8))
    assert {page["total"] for page in pages} == {7}


async def test_the_waiting_list_says_why(office: Office) -> None:
    sue = await office.desk("sue", role="supervisor", channels=())
    money = office.ref(await office.arrives("my bill", key="k1", topics=("bill",)))
    ana = await office.desk("ana", capacity=25)
    await ana.begin()
    first = await office.arrives("hello", key="k2")
    await ana.accept(first)
    second = office.ref(await office.arrives("hello", key="k3"))
    found = {each["ref"]: each["why"] for each in (await sue.get("/waiting")).body["items"]}
    assert found == {money: ["nobody_can_serve"], second: ["all_busy"]}
