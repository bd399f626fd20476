"""The team over HTTP: who is there and with what, somebody's day, and skills that hold at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from dashboard.team.rosters import kept_ms, planned
from router.settings.zones import zone_of
from router.views.agent_time import AGENT_TIME, AgentTime
from router.views.keeper import Keeper
from router.views.occupancy import OCCUPANCY
from router.views.view import View
from tests.dashboard.office import SITE, Desk, Office

HOUR_MS = 3_600_000


async def catch_up(office: Office, *views: View) -> None:
    for view in views:
        keeper = Keeper(view, SITE, office.store)
        await keeper.begin()
        await keeper.catch_up()


async def day_of(ana: Desk, zoe: Desk) -> dict[str, object]:
    assert zoe.account is not None
    body: dict[str, object] = (await ana.get(f"/team/{zoe.account.id}/day")).body
    return body


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
    accepted_ms = office.clock.at
    office.clock.at += 90_000
    handling = (await ana.get("/team")).body["members"][0]
    assert (handling["state"], handling["since_ms"]) == ("handling", accepted_ms)
    await zoe.post("/presence", {"presence": "lunch"})
    lunch = (await ana.get("/team")).body["members"][0]
    assert (lunch["state"], lunch["label"], lunch["shape"]) == ("lunch", {"en": "Lunch"}, "bar")


async def test_a_day_is_the_time_in_each_presence(office: Office) -> None:
    ana = await office.desk("ana", role="supervisor")
    zoe = await office.desk("zoe", shift=True)
    office.clock.at += 60_000
    await zoe.post("/presence", {"presence": "lunch"})
    office.clock.at += 30_000
    await catch_up(office, AGENT_TIME)
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


async def test_occupancy_is_handling_and_wrap_up_of_all_time_that_was_theirs_to_work(office: Office) -> None:
    """UI.md 4: Occupancy."""
    ana = await office.desk("ana", role="supervisor")
    zoe = await office.desk("zoe", shift=True)
    office.clock.at += 60_000
    await zoe.accept(await office.arrives("hello"))
    office.clock.at += 120_000
    await zoe.post("/presence", {"presence": "lunch"})
    office.clock.at += 30_000
    await catch_up(office, OCCUPANCY)
    expected = {"handling_ms": 120_000, "wrapping_ms": 0, "available_ms": 60_000}
    for _ in range(2):
        team = (await ana.get("/team")).body
        assert {each["name"]: each["busy"] for each in team["members"]} == {"Zoe": expected, "Ana": None}
    assert (await day_of(ana, zoe))["busy"] == expected


async def test_a_new_day_begins_without_occupancy(office: Office) -> None:
    ana = await office.desk("ana", role="supervisor")
    zoe = await office.desk("zoe", shift=True)
    await zoe.accept(await office.arrives("hello"))
    began_ms = [(await day_of(ana, zoe))["from_ms"]]
    while len(began_ms) < 2:
        office.clock.at += HOUR_MS
        if (day := await day_of(ana, zoe))["from_ms"] != began_ms[0]:
            began_ms.append(day["from_ms"])
    await zoe.post("/presence", {"presence": "lunch"})
    await catch_up(office, OCCUPANCY)
    since = office.clock.at - cast(int, began_ms[1])
    expected = {"handling_ms": since, "wrapping_ms": 0, "available_ms": 0}
    assert (await day_of(ana, zoe))["busy"] == (expected if since else None)


async def test_who_is_planned_and_not_there_is_told_with_until_when(office: Office) -> None:
    ana = await office.desk("ana", role="supervisor")
    zoe = await office.desk("zoe")
    assert zoe.account is not None
    week = {day: ["00:00-23:59"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    assert (await ana.call("PUT", f"/team/{zoe.account.id}/roster", {"roster": week})).status == 200
    member = next(each for each in (await ana.get("/team")).body["members"] if each["name"] == "Zoe")
    assert member["line"] is None
    assert member["planned"]["from_ms"] <= office.clock.at < member["planned"]["to_ms"]
    await zoe.post("/shift", {})
    office.clock.at += 10 * 60_000
    await catch_up(office, AGENT_TIME)
    day = await day_of(ana, zoe)
    assert (day["kept_ms"], day["roster"]) == (10 * 60_000, week)
    assert isinstance(day["planned_ms"], int)
    assert day["planned_ms"] >= 10 * 60_000


async def test_a_plan_that_is_no_hours_of_a_day_is_refused(office: Office) -> None:
    ana = await office.desk("ana", role="supervisor")
    assert ana.account is not None
    for roster in (
        {"mon": ["9-17"]},
        {"mon": ["25:00-26:00"]},
        {"noday": ["09:00-17:00"]},
        {"mon": ["09:00-17:00"] * 7},
    ):
        answer = await ana.call("PUT", f"/team/{ana.account.id}/roster", {"roster": roster})
        assert (answer.status, answer.body["error"]["code"]) == (400, "bad_request"), roster


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000)


@pytest.mark.parametrize(
    ("roster", "zone", "expected"),
    [
        ({"mon": ("09:00-12:00", "12:00-17:00")}, "UTC", [("2026-03-30T09:00", "2026-03-30T17:00")]),
        ({"sun": ("22:00-06:00",)}, "UTC", [("2026-03-30T00:00", "2026-03-30T06:00")]),
        ({"mon": ("22:00-06:00",)}, "UTC", [("2026-03-30T22:00", "2026-03-31T00:00")]),
        ({"mon": ("09:00-17:00",)}, "Asia/Kathmandu", [("2026-03-30T03:15", "2026-03-30T11:15")]),
        ({"tue": ("09:00-17:00",)}, "UTC", []),
    ],
)  # fmt: skip
def test_a_plan_is_by_the_sites_clock_also_over_midnight(
    roster: dict[str, tuple[str, ...]], zone: str, expected: list[tuple[str, str]]
) -> None:
    start = at("2026-03-30T00:00")
    found = planned(roster, zone_of(zone), from_ms=start, to_ms=start + 24 * HOUR_MS)
    assert found == [(at(begin), at(end)) for begin, end in expected]


def test_on_the_night_when_clocks_change_a_shift_is_as_long_as_it_really_is() -> None:
    start = at("2026-03-28T12:00")
    found = planned({"sat": ("22:00-06:00",)}, zone_of("Europe/Berlin"), from_ms=start, to_ms=start + 24 * HOUR_MS)
    assert [timedelta(milliseconds=end - begin) for begin, end in found] == [timedelta(hours=7)]


def test_kept_is_what_of_the_plan_they_were_there_and_not_silent() -> None:
    spans = [
        AgentTime(
            agent=1, number=1, presence="available", accepts=True, why="", from_ms=50, to_ms=150, ended="changed"
        ),
        AgentTime(
            agent=1, number=2, presence="not_responding", accepts=False, why="", from_ms=150, to_ms=170, ended="x"
        ),
        AgentTime(agent=1, number=3, presence="lunch", accepts=False, why="", from_ms=170),
    ]
    assert kept_ms([(100, 200), (300, 400)], spans, 320) == 50 + 30 + 20


async def planned_of(ana: Desk, zoe: Desk, roster: dict[str, object]) -> dict[str, object]:
    assert zoe.account is not None
    answer = await ana.call("PUT", f"/team/{zoe.account.id}/roster", roster)
    assert answer.status == 200, answer.body
    body: dict[str, object] = answer.body
    return body


def a_day(office: Office) -> str:
    """Today at the site."""
    return datetime.fromtimestamp(office.clock.at / 1_000, zone_of(office.floor.bundle.zone)).date().isoformat()  # type: ignore[union-attr]


async def test_a_date_goes_before_its_weekday_also_to_be_free(office: Office) -> None:
    ana, zoe = await office.desk("ana", role="supervisor"), await office.desk("zoe")
    week = {day: ["00:00-23:59"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    assert (await planned_of(ana, zoe, {"roster": week}))["plan"]
    day = await planned_of(ana, zoe, {"roster": week, "dates": {a_day(office): []}})
    assert (day["plan"], day["dates"], day["roster"]) == ([], {a_day(office): []}, week)
    again = await planned_of(ana, zoe, {"roster": week})
    assert again["dates"] == {a_day(office): []}, "whoever changes the week alone keeps the dates"
    assert (await planned_of(ana, zoe, {"roster": week, "dates": {}}))["plan"]


async def test_a_date_that_has_long_passed_is_forgotten_and_one_that_is_none_is_refused(office: Office) -> None:
    ana, zoe = await office.desk("ana", role="supervisor"), await office.desk("zoe")
    assert (await planned_of(ana, zoe, {"roster": {}, "dates": {"2001-01-01": ["09:00-12:00"]}}))["dates"] == {}
    assert zoe.account is not None
    for wrong in ("2026-02-30", "24.12.2026", "mon"):
        answer = await ana.call("PUT", f"/team/{zoe.account.id}/roster", {"roster": {}, "dates": {wrong: []}})
        assert answer.status == 400, wrong


async def test_a_sheet_plans_many_at_once_and_only_the_days_it_names(office: Office) -> None:
    ana, zoe = await office.desk("ana", role="supervisor"), await office.desk("zoe")
    await planned_of(ana, zoe, {"roster": {"tue": ["10:00-11:00"]}})
    lines = (
        "\ufefflogin;day;hours",
        "zoe;mon;09:00-12:00 13:00-17:00",
        f"ZOE;{a_day(office)};",
        "",
        "ana;FRI;22:00-06:00",
    )
    sheet = "\r\n".join(lines)
    answer = await ana.call("POST", "/team/rosters", {"sheet": sheet})
    assert (answer.status, answer.body) == (200, {"members": 2, "days": 3})
    day = await day_of(ana, zoe)
    assert day["roster"] == {"tue": ["10:00-11:00"], "mon": ["09:00-12:00", "13:00-17:00"]}
    assert day["dates"] == {a_day(office): []}
    assert (await day_of(ana, ana))["roster"] == {"fri": ["22:00-06:00"]}


@pytest.mark.parametrize(
    ("sheet", "said"),
    [
        ("login,day,hours\n", "no line"),
        ("login,day,hours\nzoe,mon,9-17\n", "line 2: the third column is no hours"),
        ("zoe,someday,09:00-17:00", "line 1: the second column is no day"),
        ("zoe,2026-02-30,09:00-17:00", "line 1: the second column is no day"),
        ("login,day,hours\nzoe,mon,09:00-17:00\nnobody,mon,09:00-17:00", "line 3: nobody has this login"),
        ("zoe,mon", "line 1: there is no third column"),
        ("zoe,mon,09:00-10:00,11:00-12:00", "line 1: there are 4 columns"),
        ("zoe,mon," + "x" * 600, "line 1: there are 3 columns"),
    ],
)
async def test_a_sheet_with_a_fault_changes_nothing_and_names_the_line(office: Office, sheet: str, said: str) -> None:
    ana, zoe = await office.desk("ana", role="supervisor"), await office.desk("zoe")
    answer = await ana.call("POST", "/team/rosters", {"sheet": sheet})
    assert answer.status == 400
    assert said in answer.body["error"]["message"]
    assert (await day_of(ana, zoe))["roster"] == {}


async def test_a_sheet_is_a_supervisors(office: Office) -> None:
    zoe = await office.desk("zoe")
    assert (await zoe.call("POST", "/team/rosters", {"sheet": "zoe,mon,"})).status == 403
