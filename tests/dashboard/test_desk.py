"""A conversation from offer to wrap-up, through the API and the socket of a real floor."""

from __future__ import annotations

from router.core import commands as cmd
from tests.dashboard.office import Desk, Office, eventually


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


async def test_a_live_line_where_nothing_waits_to_be_answered_says_what_stage_it_is_at(office: Office) -> None:
    ana = await office.desk("ana")
    await ana.begin()
    line = dict([await owned(office, ana, key) for key in ("k1", "k2", "k3")])
    answered, spoken, _unanswered = line
    assert (await ana.post(f"/conversations/{answered}/reply", {"text": "On its way.", "client_id": "m"})).status == 200
    assert [await stage(ana, ref) for ref in line] == [("", "active")] * 3
    assert ana.account is not None
    await office.made(cmd.ReportParty(id="on", line=line[spoken], party=f"agent:{ana.account.id}", joined=True))
    assert await stage(ana, spoken) == ("talking", "active")
    for number in line.values():
        await office.made(cmd.LeaveLine(id=f"gone-{number}", line=number))
    assert [await stage(ana, ref) for ref in line] == [("left", "active"), ("", "wrap_up"), ("", "active")]


async def owned(office: Office, desk: Desk, key: str) -> tuple[str, int]:
    """Return the reference and the line of a conversation that is this desk's."""
    conv = await office.arrives("Where is my parcel?", key=key)
    assert (await desk.accept(conv)).status == 200
    return office.ref(conv), office.floor.state.convs[conv].line


async def stage(desk: Desk, ref: str) -> tuple[str, str]:
    shown = (await desk.get(f"/conversations/{ref}")).body
    return shown["stage"], shown["state"]


async def test_a_desk_that_closes_is_detached_and_its_offer_goes_back(office: Office) -> None:
    ana = await office.desk("ana")
    socket = await ana.begin()
    conv = await office.arrives("hello")
    assert office.offer(conv)
    await socket.ws.close()
    await eventually(lambda: office.floor.state.convs[conv].state == "waiting")
    assert ana.account is not None
    assert office.floor.state.agents[ana.account.id].grace_until_ms > 0
