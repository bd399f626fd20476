"""A conversation from offer to wrap-up, through the API and the socket of a real floor."""

from __future__ import annotations

from router.core import commands as cmd
from tests.dashboard.office import Office, eventually


async def test_a_conversation_goes_from_offer_to_closed_through_the_desk(office: Office) -> None:
    ana = await office.desk("ana")
    socket = await ana.begin()
    conv = await office.arrives("Where is my parcel?")
    ref = office.ref(conv)
    offers = (await socket.next("desk", offers=None))["offers"]
    assert [(each["ref"], each["first_words"], each["customer"]["name"]) for each in offers] == [
        (ref, "Where is my parcel?", "Ada k1")
    ]
    assert offers[0]["why"] == [{"code": "longest_idle", "text": "You have been free the longest."}]
    assert (await ana.accept(conv)).status == 200
    work = (await socket.next("desk", work=None))["work"]
    assert (work[0]["ref"], work[0]["state"], work[0]["unread"]) == (ref, "active", 1)
    said = await ana.post(f"/conversations/{ref}/reply", {"text": "On its way.", "client_id": "c1"})
    assert said.status == 200
    story = (await ana.get(f"/conversations/{ref}/story")).body
    spoken = [(each["kind"], each["text"]) for each in story["items"] if each.get("message")]
    assert spoken == [("in", "Where is my parcel?"), ("out", "On its way.")]
    assert (await ana.post(f"/conversations/{ref}/close")).status == 200
    desk = (await ana.get("/desk")).body
    assert desk["work"][0]["state"] == "wrap_up"
    wrapped = await ana.post(f"/conversations/{ref}/wrap-up", {"disposition": "solved", "note": "Sent tracking."})
    assert wrapped.status == 200
    assert (await ana.get("/desk")).body["work"] == []
    closed = (await ana.get(f"/conversations/{ref}")).body
    assert (closed["state"], closed["disposition"], closed["last"]["text"]) == ("closed", "solved", "On its way.")
    assert (
        ref in [gone for frame in socket.frames for gone in frame.get("gone", [])]
        or ref in (await socket.next("desk", gone=None))["gone"]
    )


async def test_a_line_that_was_left_is_over_once_nobody_is_owed_an_answer(office: Office) -> None:
    ana = await office.desk("ana")
    await ana.begin()
    for key, answered in (("k1", True), ("k2", False)):
        conv = await office.arrives("Where is my parcel?", key=key)
        ref = office.ref(conv)
        assert (await ana.accept(conv)).status == 200
        if answered:
            said = {"text": "On its way.", "client_id": key}
            assert (await ana.post(f"/conversations/{ref}/reply", said)).status == 200
        assert not (await ana.get(f"/conversations/{ref}")).body["over"]
        await office.made(cmd.LeaveLine(id=f"gone-{key}", line=office.floor.state.convs[conv].line))
        shown = (await ana.get(f"/conversations/{ref}")).body
        assert (shown["over"], shown["gone"], shown["state"]) == (answered, True, "active")
        assert (await ana.post(f"/conversations/{ref}/close")).status == 200
        assert not (await ana.get(f"/conversations/{ref}")).body["over"]


async def test_a_desk_that_closes_is_detached_and_its_offer_goes_back(office: Office) -> None:
    ana = await office.desk("ana")
    socket = await ana.begin()
    conv = await office.arrives("hello")
    assert office.offer(conv)
    await socket.ws.close()
    await eventually(lambda: office.floor.state.convs[conv].state == "waiting")
    assert ana.account is not None
    assert office.floor.state.agents[ana.account.id].grace_until_ms > 0
