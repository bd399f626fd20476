"""Presences over the API: those that take some channels only, and the one of who has left the desk."""

from __future__ import annotations

from router.core import bundle as b
from tests.dashboard.office import Office, bundle

PRESENCES = {
    "available": b.Presence(name="available", accepts=True, label={"en": "Available"}),
    "letters": b.Presence(name="letters", accepts=True, channels=("email",), label={"en": "Letters only"}),
}


async def test_who_takes_letters_only_is_offered_no_chat_until_they_take_all_again(office: Office) -> None:
    await office.configure(bundle(presences=PRESENCES))
    ana = await office.desk("ana", shift=True)
    assert (await ana.post("/presence", {"presence": "letters"})).status == 200
    chat = await office.arrives("hello?", key="c1")
    letter = await office.arrives("Dear all", channel="email", key="e1")
    offers = (await ana.get("/desk")).body["offers"]
    assert [each["ref"] for each in offers] == [office.ref(letter)]
    assert (await ana.post("/presence", {"presence": "available"})).status == 200
    assert office.ref(chat) in {each["ref"] for each in (await ana.get("/desk")).body["offers"]}


async def test_a_supervisor_sets_it_and_takes_it_back_whole(office: Office) -> None:
    await office.configure(bundle(presences=PRESENCES))
    ana, sue = await office.desk("ana", shift=True), await office.desk("sue", role="supervisor")
    for presence, offered in (("letters", 0), ("available", 1)):
        because = {"presence": presence, "reason": "asked"}
        assert (await sue.post(f"/agents/{ana.account.id}/presence", because)).status == 200
        if not offered:
            await office.arrives("hello?", key="c1")
        assert len((await ana.get("/desk")).body["offers"]) == offered


async def test_a_shift_may_begin_with_letters_only(office: Office) -> None:
    await office.configure(bundle(presences=PRESENCES))
    ana = await office.desk("ana")
    assert (await ana.post("/shift", {"presence": "letters"})).status == 200
    abilities = dict(office.floor.state.agents[ana.account.id].abilities)
    assert [name for name in abilities if name.startswith("channel:")] == ["channel:email"]


async def test_a_desk_that_nobody_touches_is_away_for_the_teams_that_want_it(office: Office) -> None:
    away = b.Presence(name="away", accepts=False, idle_ms=300_000, teams=("north",), label={"en": "Away"})
    await office.configure(bundle(presences=PRESENCES | {"away": away}))
    ana = await office.desk("ana", shift=True, team="north")
    ben = await office.desk("ben", shift=True, team="south")
    assert (await ana.get("/config")).body["idle"] == {"presence": "away", "after_ms": 300_000}
    assert (await ben.get("/config")).body["idle"] is None
    told = {"presence": "away", "idle": True}
    assert (await ben.post("/presence", told)).code == "not_idle"
    assert (await ana.post("/presence", {"presence": "away"})).code == "not_idle"
    assert (await ana.post("/presence", told)).status == 200
    assert (await ana.get("/desk")).body["me"]["presence"] == "away"
    assert (await ana.post("/presence", {"presence": "available", "idle": True})).status == 200
    assert (await ana.post("/presence", {"presence": "letters", "idle": True})).code == "not_idle"
