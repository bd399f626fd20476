"""Complaints at the API: recording, every step and who may take it, what somebody may see, figures, what sounds so."""

from __future__ import annotations

import asyncio
import csv
import io
from typing import Any

from router.core.bundle import Topic
from router.core.complaints import Choice, ComplaintRules
from router.views.keeper import Keeper
from router.views.sounding import SOUNDINGS_VIEW
from tests.dashboard.office import NOW_MS, SITE, Answer, Desk, Office, bundle

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
SAID = {"kind": "service", "severity": "minor", "happened": "Nobody called me back."}


async def recorded(desk: Desk, **said: Any) -> dict[str, Any]:
    answer = await desk.post("/complaints", {"command_id": "r1", "queue": "general", **SAID, **said})
    assert answer.status == 200, answer.text
    return dict(answer.body)


async def step(desk: Desk, case: dict[str, Any], deed: str, **said: Any) -> Answer:
    body = {"deed": deed, "version": case["line"]["version"], "command_id": f"{deed}{case['line']['version']}", **said}
    return await desk.post(f"/complaints/{case['line']['number']}/steps", body)


async def done(desk: Desk, case: dict[str, Any], deed: str, **said: Any) -> dict[str, Any]:
    answer = await step(desk, case, deed, **said)
    assert answer.status == 200, answer.text
    return dict(answer.body)


async def test_a_complaint_of_a_conversation_has_its_customer_queue_and_channel(office: Office) -> None:
    ana = await office.desk("ana", shift=True)
    conv = await office.arrives("I complain")
    await ana.accept(conv)
    case = await recorded(ana, ref=office.ref(conv), queue=None, wish="A call")
    line = case["line"]
    assert (line["number"], line["queue"], line["channel"], line["stage"]) == (1, "general", "chat", "open")
    assert line["customer"] == {"id": 1, "name": "Ada k1"}
    assert line["owner"]["name"] == "Ana"
    assert (line["due"], line["due_ms"]) == ("acknowledge", NOW_MS + 2 * DAY_MS)
    assert (case["happened"], case["wish"], case["answer_by_ms"]) == (SAID["happened"], "A call", NOW_MS + 14 * DAY_MS)
    assert [(each["ref"], each["role"]) for each in case["linked"]] == [(office.ref(conv), "first")]
    assert (await ana.get(f"/conversations/{office.ref(conv)}")).body["complains"]
    of = (await ana.get(f"/conversations/{office.ref(conv)}/complaints")).body
    assert ([each["number"] for each in of["complaints"]], of["sounds"]) == ([1], False)
    assert [each["number"] for each in (await ana.get("/customers/1/complaints")).body] == [1]


async def test_a_double_click_records_one_and_a_second_recorder_is_told(office: Office) -> None:
    ana, sue = await office.desk("ana", shift=True), await office.desk("sue", role="supervisor")
    conv = await office.arrives("I complain")
    await ana.accept(conv)
    both = await asyncio.gather(*(recorded(ana, ref=office.ref(conv)) for _ in range(2)))
    assert both[0]["line"] == both[1]["line"]
    asked = {"command_id": "s1", **SAID, "ref": office.ref(conv)}
    second = await sue.post("/complaints", asked)
    assert (second.status, second.code) == (409, "complaint_recorded")
    assert (await sue.post("/complaints", {**asked, "another": True})).body["line"]["number"] == 2


async def test_a_case_goes_its_way_and_every_step_is_in_its_history(office: Office) -> None:
    ana = await office.desk("ana")
    case = await recorded(ana, mine=False)
    assert case["next"] == "acknowledge"
    office.clock.at += 1_000
    case = await done(ana, case, "acknowledge")
    assert (case["line"]["stage"], case["line"]["owner"]["name"], case["next"]) == ("acknowledged", "Ana", "examine")
    case = await done(ana, case, "examine", cause="process", words="Asked the team.")
    case = await done(ana, case, "answer", answer="I called.", outcome="upheld", remedy="voucher", amount=1_500)
    assert (case["line"]["due"], case["next"], case["amount"], case["currency"]) == ("close", "close", 1_500, "EUR")
    case = await done(ana, case, "close")
    assert (case["line"]["stage"], case["line"]["due_ms"], case["next"]) == ("closed", 0, "")
    assert [each["deed"] for each in case["steps"]] == ["record", "acknowledge", "examine", "answer", "close"]
    assert case["steps"][1]["changes"] == {"stage": ["open", "acknowledged"], "owner": ["0", str(ana.account.id)]}  # type: ignore[union-attr]
    assert case["steps"][2]["words"] == "Asked the team."
    assert case["steps"][1]["at"] == NOW_MS + 1_000
    assert (await ana.get("/complaints")).body["items"] == []
    assert [each["number"] for each in (await ana.get("/complaints?closed=true")).body["items"]] == [1]


async def test_nothing_is_closed_without_outcome_and_cause_or_answered_without_an_answer(office: Office) -> None:
    ana = await office.desk("ana")
    case = await recorded(ana)
    assert (await step(ana, case, "close")).code == "complaint_stage"
    assert (await step(ana, case, "answer")).code == "complaint_unanswered"
    assert (await step(ana, case, "withdraw")).code == "complaint_no_cause"
    case = await done(ana, case, "answer", answer="Called.")
    assert (await step(ana, case, "close")).code == "complaint_no_outcome"
    assert (await step(ana, case, "close", outcome="partly")).code == "complaint_no_cause"
    case = await done(ana, case, "close", outcome="partly", cause="unknown")
    assert (await step(ana, case, "reopen")).code == "complaint_no_words"
    office.clock.at += 5_000
    case = await done(ana, case, "reopen", words="They called again.")
    assert (case["line"]["stage"], case["line"]["reopened"], case["line"]["outcome"]) == ("examined", 1, "")
    assert case["answer_by_ms"] == NOW_MS + 5_000 + 14 * DAY_MS


async def test_a_linked_answer_is_enough(office: Office) -> None:
    ana = await office.desk("ana", shift=True)
    conv = await office.arrives("I complain")
    await ana.accept(conv)
    case = await recorded(ana)
    case = await done(ana, case, "link", ref=office.ref(conv), role="answer")
    assert case["linked"][0]["role"] == "answer"
    assert (await done(ana, case, "answer"))["line"]["stage"] == "answered"


async def test_two_who_edit_at_once_learn_that_somebody_was_faster(office: Office) -> None:
    ana, sue = await office.desk("ana"), await office.desk("sue", role="supervisor")
    case = await recorded(ana)
    await done(sue, case, "change", severity="critical")
    late = await step(ana, case, "acknowledge")
    assert (late.status, late.code) == (409, "complaint_changed")
    now = (await ana.get("/complaints/1")).body
    assert (now["steps"][-1]["by"]["name"], now["steps"][-1]["changes"]) == (
        "Sue",
        {"severity": ["minor", "critical"]},
    )
    assert now["answer_by_ms"] == NOW_MS + 2 * DAY_MS


async def test_a_note_is_written_whatever_others_write(office: Office) -> None:
    ana = await office.desk("ana")
    case = await recorded(ana)
    await done(ana, case, "acknowledge")
    noted = await done(ana, case, "note", words="Remember the dog.")
    assert [each["deed"] for each in noted["steps"]] == ["record", "acknowledge", "note"]
    tries = [step(ana, case, "note", words=f"note {number}", command_id=f"n{number}") for number in range(4)]
    assert {answer.status for answer in await asyncio.gather(*tries)} == {200}
    assert len((await ana.get("/complaints/1")).body["steps"]) == 7


async def test_the_same_step_again_changes_nothing(office: Office) -> None:
    ana = await office.desk("ana")
    case = await recorded(ana)
    first = await done(ana, case, "acknowledge")
    assert await done(ana, case, "acknowledge") == first


async def test_an_agent_sees_the_complaints_of_their_queues_and_their_own(office: Office) -> None:
    ana, bob = await office.desk("ana"), await office.desk("bob", skills={"billing": 3})
    sue = await office.desk("sue", role="supervisor")
    await recorded(sue, queue="billing", mine=False)
    assert (await ana.get("/complaints/1")).code == "not_visible"
    assert (await ana.get("/complaints")).body["items"] == []
    assert [each["number"] for each in (await bob.get("/complaints")).body["items"]] == [1]
    mine = await recorded(ana, queue="billing")
    assert mine["line"]["number"] == 2
    assert [each["number"] for each in (await ana.get("/complaints")).body["items"]] == [2]
    for nowhere in ("99", "x", "0", "1e3"):
        answer = await ana.get(f"/complaints/{nowhere}")
        assert (answer.status, answer.code) == (404, "not_visible")


async def test_an_agent_takes_nothing_that_is_somebody_elses(office: Office) -> None:
    ana, eve, sue = await office.desk("ana"), await office.desk("eve"), await office.desk("sue", role="supervisor")
    case = await recorded(ana)
    for deed in ("acknowledge", "change", "assign"):
        assert (await step(eve, case, deed)).code == "complaint_not_yours"
    assert (await step(eve, case, "take")).code == "complaint_owned"
    assert set((await eve.get("/complaints/1")).body["can"]) == {"note", "link"}
    names = [each["name"] for each in (await eve.get("/complaints/1/colleagues")).body]
    assert names == ["Ana", "Eve", "Sue"]
    eves = next(each["id"] for each in (await sue.get("/complaints/1/colleagues")).body if each["name"] == "Eve")
    case = await done(sue, case, "assign", owner=eves)
    assert (await done(eve, case, "acknowledge"))["line"]["owner"]["name"] == "Eve"


async def test_nobody_gets_what_they_cannot_see(office: Office) -> None:
    ana, sue = await office.desk("ana"), await office.desk("sue", role="supervisor")
    case = await recorded(sue, queue="billing")
    assert ana.account is not None
    answer = await step(sue, case, "assign", owner=ana.account.id)
    assert (answer.status, answer.body["error"]["field"]) == (400, "owner")


async def test_unknown_names_and_strange_fields_are_refused_with_what_there_is(office: Office) -> None:
    ana = await office.desk("ana")
    for field, value in (("kind", "weather"), ("severity", "huge"), ("queue", "nowhere"), ("about", "moon")):
        answer = await ana.post("/complaints", {"command_id": "x", "queue": "general", **SAID, field: value})
        assert (answer.status, answer.body["error"]["field"]) == (400, field), answer.text
    case = await recorded(ana)
    assert (await step(ana, case, "acknowledge", cause="process")).body["error"]["field"] == "cause"
    assert (await step(ana, case, "change", remedy="gold")).body["error"]["field"] == "remedy"
    assert (await step(ana, case, "jump")).status == 400
    assert (await step(ana, case, "link", ref="nowhere")).code == "not_visible"
    assert (await ana.post("/complaints", {"command_id": "y", **SAID, "customer": 99})).code == "customer_unknown"
    assert (await ana.post("/complaints", {"command_id": "y", **SAID, "ref": "nowhere"})).code == "not_visible"


async def test_the_list_is_filtered_and_paged_and_counted(office: Office) -> None:
    sue = await office.desk("sue", role="supervisor")
    filters: list[dict[str, Any]] = [{}, {"severity": "critical"}, {"kind": "billing", "mine": False}]
    for number, said in enumerate(filters, 1):
        await recorded(sue, command_id=f"c{number}", **said)
    first = (await sue.get("/complaints?limit=2")).body
    rest = (await sue.get(f"/complaints?limit=2&after={first['next']}")).body
    assert [each["number"] for each in (*first["items"], *rest["items"])] == [2, 1, 3]
    assert rest["next"] == ""
    for query, numbers in (
        ("severity=critical", [2]),
        ("kind=billing", [3]),
        ("owner=me", [2, 1]),
        ("owner=nobody", [3]),
        ("stage=answered", []),
        ("queue=billing", []),
    ):
        assert [each["number"] for each in (await sue.get(f"/complaints?{query}")).body["items"]] == numbers, query
    assert (await sue.get("/complaints?owner=you")).status == 400
    office.clock.at += 5 * HOUR_MS
    assert (await sue.get("/complaints/count")).body == {"open": 3, "late": 1, "mine": 2, "mine_late": 1}


async def test_figures_and_their_table_are_for_supervisors(office: Office) -> None:
    ana, sue = await office.desk("ana"), await office.desk("=sue", role="supervisor")
    assert (await ana.get("/complaints/figures")).code == (await ana.get("/complaints/export")).code == "role"
    case = await recorded(sue)
    office.clock.at += 1_000
    case = await done(sue, case, "answer", answer="Called.", outcome="upheld", cause="process")
    await done(sue, case, "close")
    found = (await sue.get("/complaints/figures?weeks=2")).body
    assert (found["opened"], found["closed"], found["answered"], found["in_time"]) == (1, 1, 1, 1)
    assert (found["median_answer_ms"], found["outcomes"], found["whole"]) == (1_000, {"upheld": 1}, True)
    assert found["causes"] == [{"cause": "process", "queue": "general", "closed": 1}]
    assert [week["opened"] for week in found["weeks"]] == [0, 1]
    table = await sue.get("/complaints/export?weeks=2")
    (row,) = csv.DictReader(io.StringIO(table.text.removeprefix("\ufeff")))
    assert (row["number"], row["cause"], row["owner"]) == ("1", "process", "'=Sue")
    assert SAID["happened"] not in table.text


async def test_what_the_site_calls_its_complaints_is_told(office: Office) -> None:
    rules = ComplaintRules(kinds=(Choice(name="lift", label={"en": "Lift"}),), topics=("bill",), currency="THB")
    await office.configure(bundle(complaints=rules))
    found = (await (await office.desk("ana")).get("/complaints/choices")).body
    assert found["kinds"] == [{"name": "lift", "label": {"en": "Lift"}, "amount": False}]
    assert (found["currency"], found["topics"]) == ("THB", ["bill"])
    assert [each["name"] for each in found["severities"]] == ["minor", "serious", "critical"]


async def test_what_sounds_like_a_complaint_is_offered_until_somebody_has_looked(office: Office) -> None:
    topic = Topic(name="complaint", when='message.text.contains("complain")')
    await office.configure(bundle(topics=(topic,), complaints=ComplaintRules(topics=("complaint",))))
    ana, sue = await office.desk("ana", shift=True), await office.desk("sue", role="supervisor")
    first, second = [await office.arrives("I complain", key=key, topics=("complaint",)) for key in ("k1", "k2")]
    await office.arrives("hello", key="k3")
    keeper = Keeper(SOUNDINGS_VIEW, SITE, office.store)
    await keeper.begin()
    await keeper.catch_up()
    assert (await ana.get("/complaints/sounding")).code == "role"
    found = (await sue.get("/complaints/sounding")).body
    assert [each["ref"] for each in found] == [office.ref(second), office.ref(first)]
    assert (found[0]["customer"]["name"], found[0]["topic"], found[0]["at"]) == ("Ada k2", "complaint", NOW_MS)
    assert (await ana.get(f"/conversations/{office.ref(first)}/complaints")).body["sounds"] is True
    await recorded(ana, ref=office.ref(first))
    assert (await sue.get(f"/conversations/{office.ref(second)}")).body["complains"]
    assert (await sue.post(f"/conversations/{office.ref(second)}/complaints/none")).status == 204
    assert not (await sue.get(f"/conversations/{office.ref(second)}")).body["complains"]
    assert (await sue.get("/complaints/sounding")).body == []
    assert (await ana.get(f"/conversations/{office.ref(second)}/complaints")).body["sounds"] is False


async def test_a_person_with_an_open_complaint_is_not_forgotten_and_then_nothing_of_them_is_left(
    office: Office,
) -> None:
    sue = await office.desk("sue", role="admin")
    conv = await office.arrives("I complain")
    case = await recorded(sue, ref=office.ref(conv))
    await sue.post(f"/conversations/{office.ref(conv)}/end", {"reason": "x"})
    refused = await sue.post("/customers/1/erase")
    assert (refused.status, refused.code) == (409, "complaints_open")
    case = await done(sue, case, "withdraw", cause="customer", words="They found it.")
    erased = await sue.post("/customers/1/erase")
    assert erased.status == 200, erased.text
    gone = (await sue.get("/complaints/1")).body
    assert (gone["happened"], gone["forgotten"], gone["can"]) == ("", True, [])
    assert {each["words"] for each in gone["steps"]} == {""}
    assert gone["line"]["customer"]["name"] == ""
    assert (await step(sue, gone, "note", words="x")).code == "complaint_forgotten"


async def test_a_late_complaint_needs_attention_on_the_wallboard(office: Office) -> None:
    sue = await office.desk("sue", role="supervisor")
    await recorded(sue)
    assert [need["code"] for need in (await sue.get("/board")).body["needs"]] == []
    due_ms = (await sue.get("/complaints/1")).body["line"]["due_ms"]
    office.clock.at = due_ms + 1
    tim = await office.desk("tim", role="supervisor")
    [need] = (await tim.get("/board")).body["needs"]
    assert (need["code"], need["severe"], need["count"], need["since_ms"]) == ("complaints_late", "warn", 1, due_ms)
