"""The team over HTTP: who is there and with what, somebody's day, and skills that hold at once."""

from __future__ import annotations

from router.views.agent_time import AGENT_TIME
from router.views.keeper import Keeper
from tests.dashboard.office import SITE, Office


async def test_everybody_is_listed_and_who_is_signed_in_comes_first(office: Office) -> None:
    ana = await office.desk("ana", role="supervisor")
    await office.desk("bo")
    await office.desk("zoe", shift=True, skills={"billing": 2})
    team = (await ana.get("/team")).body
    assert [(each["name"], each["state"]) for each in team["members"]] == [
        ("Zoe", "available"), ("Ana", "offline"), ("Bo", "offline"),
    ]  # fmt: skip
    assert team["members"][0]["line"]["capacity"] == 100
    assert (team["members"][1]["line"], team["skills"], team["total"]) == (None, {"billing": 5}, 3)


async def test_a_members_state_is_that_of_the_wallboard(office: Office) -> None:
    ana = await office.desk("ana", role="supervisor")
    zoe = await office.desk("zoe", shift=True)
    await zoe.accept(await office.arrives("hello"))
    assert (await ana.get("/team")).body["members"][0]["state"] == "handling"
    await zoe.post("/presence", {"presence": "lunch"})
    lunch = (await ana.get("/team")).body["members"][0]
    assert (lunch["state"], lunch["label"], lunch["shape"]) == ("lunch", {"en": "Lunch"}, "bar")


async def test_a_day_is_the_time_in_each_presence(office: Office) -> None:
    ana = await office.desk("ana", role="supervisor")
    zoe = await office.desk("zoe", shift=True)
    office.clock.at += 60_000
    await zoe.post("/presence", {"presence": "lunch"})
    office.clock.at += 30_000
    keeper = Keeper(AGENT_TIME, SITE, office.store)
    await keeper.begin()
    await keeper.catch_up()
    assert zoe.account is not None
    day = (await ana.get(f"/team/{zoe.account.id}/day")).body
    assert [(each["presence"], each["ms"]) for each in day["stretches"]] == [("available", 60_000), ("lunch", 30_000)]


async def test_skills_hold_at_once_for_who_is_signed_in_and_for_the_next_shift(office: Office) -> None:
    ana = await office.desk("ana", role="supervisor")
    zoe = await office.desk("zoe", shift=True)
    conv = await office.arrives("a bill", topics=("bill",))
    assert office.floor.state.convs[conv].offer is None
    assert zoe.account is not None
    answer = await ana.call("PUT", f"/team/{zoe.account.id}/skills", {"skills": {"billing": 3}})
    assert answer.status == 200
    assert office.floor.state.convs[conv].offer is not None, "the work is offered in the same decision"
    account = await office.store.accounts.by_id(SITE, zoe.account.id)
    assert account is not None
    assert account.skills == {"billing": 3}


async def test_a_skill_or_a_level_that_there_is_not_is_refused_with_what_there_is(office: Office) -> None:
    ana = await office.desk("ana", role="supervisor")
    assert ana.account is not None
    for skills, said in (({"juggling": 1}, "billing"), ({"billing": 6}, "5")):
        answer = await ana.call("PUT", f"/team/{ana.account.id}/skills", {"skills": skills})
        assert answer.status == 400
        assert said in answer.body["error"]["message"]


async def test_nobody_is_no_member(office: Office) -> None:
    ana = await office.desk("ana", role="supervisor")
    assert (await ana.get("/team/999/day")).status == 404
