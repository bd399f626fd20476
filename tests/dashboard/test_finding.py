"""What an agent looks for: saved replies, and colleagues whom a note tells of a conversation."""

from __future__ import annotations

from router.core.bundle import SavedReply
from tests.dashboard.office import Office, bundle

HELLO = SavedReply(name="hello", label={"en": "Greet"}, text={"en": "Hello {customer.name}"}, queues=("billing",))


async def test_saved_replies_are_the_running_configurations(office: Office) -> None:
    ana = await office.desk("ana")
    assert (await ana.get("/replies")).body == []
    await office.configure(bundle(replies={"hello": HELLO}))
    assert (await ana.get("/replies")).body == [
        {"name": "hello", "label": {"en": "Greet"}, "text": {"en": "Hello {customer.name}"}, "queues": ["billing"]}
    ]


async def test_a_note_tells_the_colleagues_it_names_until_they_have_looked(office: Office) -> None:
    ana, som = await office.desk("ana", shift=True), await office.desk("somchai")
    assert ana.account
    conv = await office.arrives("Where is my parcel?")
    assert (await ana.accept(conv)).status == 200
    ref = office.ref(conv)
    socket = await som.begin()
    note = {"text": "@somchai can you open a trace? @nobody, @ana", "client_id": "n1"}
    for _ in range(2):
        assert (await ana.post(f"/conversations/{ref}/note", note)).status == 200
    told = await socket.next("mention", ref=ref)
    assert told["by"] == "Ana"
    waiting = (await som.get("/mentions")).body
    assert [(each["ref"], each["by"]["name"]) for each in waiting] == [(ref, "Ana")]
    assert (await ana.get("/mentions")).body == []
    assert (await som.get("/drafts")).body == {}
    assert (await som.call("DELETE", f"/mentions/{ref}", {})).status == 204
    assert (await som.get("/mentions")).body == []


async def test_who_may_not_see_a_conversation_can_not_be_told_of_it(office: Office) -> None:
    ana = await office.desk("ana", shift=True, skills={"billing": 5})
    await office.desk("bill", skills={"billing": 3})
    outsider = await office.desk("otto")
    conv = await office.arrives("my bill is wrong", topics=("bill",))
    assert (await ana.accept(conv)).status == 200
    ref = office.ref(conv)
    assert [each["login"] for each in (await ana.get(f"/conversations/{ref}/colleagues")).body] == ["bill"]
    note = {"text": "@otto please look", "client_id": "n1"}
    assert (await ana.post(f"/conversations/{ref}/note", note)).status == 200
    assert (await outsider.get("/mentions")).body == []
    assert (await outsider.get(f"/conversations/{ref}/colleagues")).status == 404


async def test_customers_and_conversations_are_found_by_whom_they_concern(office: Office) -> None:
    ana, sue = await office.desk("ana", shift=True), await office.desk("sue", role="supervisor")
    conv = await office.arrives("my bill 20418 is wrong", topics=("bill",), key="k1", email="ada.k1@example.com")
    mine = await office.arrives("Where is my parcel 20418?", key="k2")
    assert (await ana.accept(mine)).status == 200
    ref = office.ref(mine)
    for asker, names in ((ana, {"Ada k2"}), (sue, {"Ada k2", "Ada k1"})):
        found = (await asker.get("/find?text=ada")).body
        assert {each["name"] for each in found["customers"]} == names
        assert found["customers"][0]["last_at"] > 0
    found = (await sue.get("/find?text=ada.k1%40example.com")).body["customers"]
    assert [(each["name"], each["known_as"]) for each in found] == [("Ada k1", "ada.k1@example.com")]
    assert [each["ref"] for each in (await ana.get(f"/find?text=%23{ref.lower()}")).body["conversations"]] == [ref]
    assert (await ana.get(f"/find?text={office.ref(conv)}")).body["conversations"] == []


async def test_messages_are_found_only_where_the_asker_may_look(office: Office) -> None:
    ana, sue = await office.desk("ana", shift=True), await office.desk("sue", role="supervisor")
    bill = await office.arrives("my bill 20418 is wrong", topics=("bill",), key="k1")
    mine = await office.arrives("Where is my parcel 20418?", key="k2")
    assert (await ana.accept(mine)).status == 200
    note = {"text": "traced as 20418-B", "client_id": "n1"}
    assert (await ana.post(f"/conversations/{office.ref(mine)}/note", note)).status == 200
    for asker, refs in ((ana, [mine, mine]), (sue, [mine, mine, bill])):
        found = (await asker.get("/find?text=20418&messages=true")).body
        assert [each["ref"] for each in found["messages"]] == [office.ref(conv) for conv in refs]
    assert found["messages"][-1]["text"] == "my bill 20418 is wrong"
    assert (await ana.get("/find?text=%20&messages=true")).body["messages"] == []
    assert (await ana.get("/find?text=" + "x" * 101)).status == 400
