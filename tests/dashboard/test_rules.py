"""The rules' screen through the API: what runs, what is wrong with the files, each rule's matches, versions, weeks."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from router.core.bundle import DAY_MS, HOUR_MS
from tests.dashboard.office import Office
from tests.dashboard.rulehouse import RuleHouse, rule


@pytest.fixture
async def house(office: Office, tmp_path: Path) -> RuleHouse:
    return await RuleHouse.open(office, tmp_path / "config")


async def test_the_page_says_what_runs_and_that_the_files_are_the_same(house: RuleHouse) -> None:
    ana = await house.office.desk("ana")
    page = (await ana.get("/rules")).body
    running, disk = page["running"], page["disk"]
    assert (running["way"], running["by"], running["at"]) == ("files", None, house.office.clock.at)
    assert (disk["state"], disk["problems"], disk["content"]) == ("same", [], running["content"])
    assert page["counts"]["rules"] == 5
    assert page["counts"]["files"] == len(page["files"]) == len(list(house.folder.iterdir()))
    rules = {each["name"]: each["sections"] for each in page["files"]}["rules.yaml"]
    assert rules == [{"name": "rules", "line": 3, "entries": 5}]


async def test_a_broken_file_is_told_with_its_place_and_what_to_write(house: RuleHouse) -> None:
    """UI.md 8.33, the server's half: routing goes on as it was, and mending the file clears it."""
    ana = await house.office.desk("ana")
    before = (await ana.get("/rules")).body["running"]
    house.change(
        "rules.yaml", "queue: complaints\n    skills: {complaints: 3}", "queue: complainst\n    skills: {complaints: 3}"
    )
    await house.look()
    page = (await ana.get("/rules")).body
    (problem,) = page["disk"]["problems"]
    assert (problem["file"], problem["line"], problem["column"]) == ("rules.yaml", 6, 12)
    assert "complainst" in problem["message"]
    assert "did you mean 'complaints'" in problem["hint"]
    assert problem["source"].strip() == "queue: complainst"
    assert (page["disk"]["state"], page["running"]) == ("refused", before)
    assert {each["name"]: each["problems"] for each in page["files"]}["rules.yaml"] == 1
    house.change("rules.yaml", "complainst", "complaints")
    await house.look()
    assert (await ana.get("/rules")).body["disk"]["state"] == "same"


async def test_only_supervisors_have_files_read_again_and_versions_put_back(house: RuleHouse) -> None:
    ana = await house.office.desk("ana")
    assert (await ana.post("/rules/check", {})).code == "role"
    version = (await ana.get("/rules/versions")).body[0]
    refused = await ana.post(f"/rules/versions/{version['name']}/apply", {"reason": "test"})
    assert refused.code == "role"
    boss = await house.office.desk("boss", role="supervisor")
    house.change("rules.yaml", "queue: billing", "queue: bling")
    assert (await boss.post("/rules/check", {})).body["state"] == "refused"


async def test_rules_stand_in_order_with_condition_target_and_matches(house: RuleHouse) -> None:
    office = house.office
    await office.arrives("Where is my parcel?", key="a", topics=("order",))
    await office.arrives("And mine?", key="b", topics=("order",))
    office.clock.at += 2 * HOUR_MS
    await office.arrives("hello", key="c")
    await house.follow()
    ana = await office.desk("ana")
    page = (await ana.get("/rules")).body
    assert [each["number"] for each in page["rules"]] == [1, 2, 3, 4, 5]
    vip = rule(page, "complaints of VIPs")
    assert (vip["joined"], vip["when"]) == ("&&", ['customer.segment == "vip"', '"complaint" in topics'])
    assert (vip["file"], vip["line"], vip["queue"], vip["skills"], vip["head_start_ms"]) == (
        "rules.yaml", 4, "complaints", {"complaints": 3}, 600_000,
    )  # fmt: skip
    assert (vip["matched"], vip["last_ms"]) == (0, 0)
    assert rule(page, "orders")["matched"] == 2
    assert rule(page, "orders")["last_ms"] == office.clock.at - 2 * HOUR_MS
    office.clock.at += DAY_MS
    page = (await (await office.desk("ben")).get("/rules")).body
    assert (rule(page, "orders")["matched"], rule(page, "orders")["last_ms"] > 0) == (0, True)
    assert page["segments"] == ["vip"]
    assert page["attributes"] == {"about": ["invoice", "order"]}


async def test_a_rule_knows_since_when_it_stands_as_it_does(house: RuleHouse) -> None:
    """UI.md 8.35: `never matched, 41 days` counts from here."""
    office, began = house.office, house.office.clock.at
    office.clock.at += 41 * DAY_MS
    house.change("rules.yaml", 'attributes.about == "order"', 'attributes.about == "order" || kind == "order"')
    await house.look()
    ana = await office.desk("ana")
    page = (await ana.get("/rules")).body
    assert rule(page, "complaints")["since_ms"] == began
    assert rule(page, "orders")["since_ms"] == office.clock.at


async def test_a_rule_that_can_never_match_says_which_catches_it(house: RuleHouse) -> None:
    """UI.md 8.35: shadowed rules are marked, here and as a warning of the check."""
    ana = await house.office.desk("ana")
    parcels = """  - {name: parcels, when: '!!("order" in topics)', queue: general}\n"""
    nobody = """  - {name: nobody, when: 'channel == "chat" && channel == "form"', queue: general}\n\n"""
    last = "  - name: everything else"
    house.change("rules.yaml", last, parcels + nobody + last)
    await house.look()
    page = (await ana.get("/rules")).body
    assert page["disk"]["state"] == "same"
    assert [(each["number"], each["caught_by"]) for each in page["rules"] if each["never"]] == [(5, [4]), (6, [])]
    said = [each["message"] + each["hint"] for each in page["disk"]["warnings"]]
    assert said == [
        "can never match: the rule in line 18 catches all of it",
        "can never match: nothing fulfils this condition",
    ]


async def test_an_earlier_version_is_put_back_with_who_and_why(house: RuleHouse) -> None:
    office = house.office
    boss = await office.desk("boss", role="supervisor")
    first = (await boss.get("/rules/versions")).body[0]
    office.clock.at += HOUR_MS
    house.change("rules.yaml", "head_start: 10m", "head_start: 20m")
    await house.look()
    second = (await boss.get("/rules")).body["running"]
    assert second["content"] != first["content"]
    office.clock.at += HOUR_MS
    said = {"reason": "wrong-head-start", "command_id": "once"}
    applied = await boss.post(f"/rules/versions/{first['name']}/apply", said)
    assert applied.status == 200
    again = await boss.post(f"/rules/versions/{first['name']}/apply", said)
    assert again.status == 200
    await house.look()
    page = (await boss.get("/rules")).body
    assert (page["running"]["content"], page["running"]["way"]) == (first["content"], "rollback")
    assert (page["running"]["by"]["name"], page["running"]["reason"]) == ("Boss", "wrong-head-start")
    assert page["disk"]["state"] == "other"
    assert rule(page, "complaints of VIPs")["head_start_ms"] == 600_000
    ways = [(each["way"], each["reason"]) for each in (await boss.get("/rules/versions")).body]
    assert ways[:3] == [("rollback", "wrong-head-start"), ("files", ""), ("files", "")]
    assert (await boss.post("/rules/versions/0123/apply", {"reason": "x"})).code == "version_unknown"
    house.change("rules.yaml", "head_start: 20m", "head_start: 30m")
    await house.look()
    assert rule((await boss.get("/rules")).body, "complaints of VIPs")["head_start_ms"] == 1_800_000


async def test_what_runs_and_the_disk_are_compared_line_by_line(house: RuleHouse) -> None:
    ana = await house.office.desk("ana")
    assert (await ana.get("/rules/diff")).body == {"files": []}
    house.change("rules.yaml", "head_start: 10m", "head_start: ten")
    (house.folder / "more.yaml").write_text("# nothing yet\n")
    changed, added = sorted(
        (await ana.get("/rules/diff?after=disk")).body["files"], key=lambda each: each["change"], reverse=True
    )
    lines = {file["name"]: file for file in (changed, added)}["rules.yaml"]["lines"]
    assert [(line["kind"], line["text"].split("#")[0].strip()) for line in lines if line["kind"] in {"in", "out"}] == [
        ("out", "head_start: 10m"),
        ("in", "head_start: ten"),
    ]
    assert {(file["name"], file["change"]) for file in (changed, added)} == {
        ("rules.yaml", "changed"),
        ("more.yaml", "added"),
    }


async def test_files_of_a_version_are_read_and_downloaded(house: RuleHouse) -> None:
    ana = await house.office.desk("ana")
    text = (await ana.get("/rules/file?name=rules.yaml")).body["text"]
    assert text == (house.folder / "rules.yaml").read_text()
    assert (await ana.get("/rules/file?name=../secret")).code == "not_found"
    async with ana.http.get(f"{ana.base}/api/v1/rules/archive") as answer:
        assert answer.status == 200
        assert "attachment" in answer.headers["Content-Disposition"]
        archive = zipfile.ZipFile(io.BytesIO(await answer.read()))
    assert archive.read("rules.yaml").decode() == text


async def test_a_message_is_tried_and_its_trace_told(house: RuleHouse) -> None:
    office = house.office
    ana = await office.desk("ana", skills={"orders": 2, "complaints": 1}, shift=True)
    tried = (await ana.post("/rules/try", {"channel": "chat", "text": "Where is my parcel?", "language": "en"})).body
    assert (tried["rule"], tried["queue"], tried["facts"]["topics"]) == ("orders", "orders", ["order"])
    assert [(each["name"], each["holds"]) for each in tried["trace"]][-1] == ("orders", True)
    assert tried["later"] == 1
    assert tried["trace"][0]["parts"][0] == {
        "text": 'customer.segment == "vip"', "holds": False, "failed": False,
        "looked": [{"name": "customer.segment", "value": '""'}],
    }  # fmt: skip
    assert {"kind": "skill", "name": "orders", "level": 1} in tried["needs"]
    wrong = await ana.post("/rules/try", {"channel": "pigeon"})
    assert (wrong.code, wrong.body["error"]["field"]) == ("channel_unknown", "channel")
    assert (await ana.post("/rules/try", {"channel": "chat", "customer": 1})).code == "role"
    boss = await office.desk("boss", role="supervisor")
    assert (await boss.post("/rules/try", {"channel": "chat", "customer": 99})).code == "customer_unknown"


async def test_at_night_the_trial_says_what_the_customer_hears(house: RuleHouse) -> None:
    ana = await house.office.desk("ana", skills={"orders": 2}, shift=True)
    night = house.office.clock.at // DAY_MS * DAY_MS + DAY_MS + 2 * HOUR_MS
    tried = (await ana.post("/rules/try", {"channel": "chat", "text": "hello", "at_ms": night})).body
    assert (tried["closed_by"], tried["queue"], tried["ends_in"]) == ("hours", "general", "after-hours-email")
    told = [step for step in tried["steps"] if step["kind"] == "told"]
    assert told[0]["notice"] == "leave-message"
    assert told[0]["text"]["en"].startswith("Our chat is closed")
    assert tried["asked"]["name"] == "Ana"


async def test_a_real_conversation_is_explained_with_the_version_of_its_moment(house: RuleHouse) -> None:
    office = house.office
    ana = await office.desk("ana", skills={"orders": 2}, shift=True)
    ref = office.ref(await office.arrives("parcel", topics=("order",)))
    await house.follow()
    version = (await ana.get("/rules")).body["running"]["content"]
    office.clock.at += HOUR_MS
    house.change("rules.yaml", "head_start: 10m", "head_start: 20m")
    await house.look()
    placed = (await ana.get(f"/conversations/{ref}/placed")).body
    assert (placed["past"], placed["rule"], placed["version"]) == (True, "orders", version)
    assert placed["version"] != (await ana.get("/rules")).body["running"]["content"]
    assert (await ana.get("/conversations/nowhere/placed")).code == "not_visible"


async def test_each_calendar_is_a_week_with_its_queues(house: RuleHouse) -> None:
    ana = await house.office.desk("ana")
    christmas = 1_798_131_600_000  # 2026-12-24T17:00Z
    found = (await ana.get(f"/rules/weeks?at_ms={christmas}")).body["weeks"]
    office = next(week for week in found if week["calendar"] == "office")
    assert [(day["date"], day["why"]) for day in office["days"]] == [
        ("2026-12-21", "week"), ("2026-12-22", "week"), ("2026-12-23", "date"), ("2026-12-24", "holiday"),
        ("2026-12-25", "holiday"), ("2026-12-26", "holiday"), ("2026-12-27", "week"),
    ]  # fmt: skip
    assert office["days"][0]["spans"] == [[480, 720], [780, 1080]]
    assert office["days"][3]["spans"] == []
    assert {queue["name"] for queue in office["queues"]} == {"general", "billing", "orders", "complaints"}
    always = next(week for week in found if week["calendar"] == "always")
    assert always["days"][0]["spans"] == [[0, 1440]]


async def test_a_closure_and_an_emergency_are_said_of_their_queues(house: RuleHouse) -> None:
    office = house.office
    boss = await office.desk("boss", role="supervisor")
    until = office.clock.at + HOUR_MS
    assert (await boss.post("/queues/after-hours-email/closure", {"until_ms": until, "reason": "drill"})).status == 200
    found = (await boss.get("/rules/weeks")).body["weeks"]
    queue = next(week for week in found if week["calendar"] == "always")["queues"][0]
    assert (queue["open"], queue["closed_by"]) == (False, "closure")
    said = {"until_ms": until, "notice": "closed-now", "reason": "fire"}
    assert (await boss.post("/emergency", said)).status == 200
    found = (await boss.get("/rules/weeks")).body["weeks"]
    assert {queue["closed_by"] for week in found for queue in week["queues"]} == {"emergency"}
