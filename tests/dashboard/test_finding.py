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
