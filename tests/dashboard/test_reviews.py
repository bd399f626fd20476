"""Reviews at the API: what customers said, what is drawn, a review's life and who sees what of it, figures."""

from __future__ import annotations

import asyncio
import csv
import io

import msgspec

from tests.dashboard.office import SITE, Office
from tests.dashboard.reviewed import GOOD, WEEK_MS, do, done, floor_of, handed, served


async def test_what_customers_said_is_listed_newest_first_with_its_words_and_figures(office: Office) -> None:
    ana, sue = await floor_of(office)
    first = await served(office, ana, key="k1", score=2, words="Too slow.")
    office.clock.at += 1_000
    second = await served(office, ana, key="k2", score=5)
    page = (await sue.get("/ratings")).body
    assert [each["ref"] for each in page["items"]] == [second, first]
    line = page["items"][1]
    assert (line["score"], line["words"], line["channel"], line["queue"]) == (2, "Too slow.", "chat", "general")
    assert (line["agent"]["name"], line["customer"]["name"], line["seen_by"]) == ("Ana", "Ada k1", None)
    assert (page["counts"], page["many"], page["worded"], page["ended"]) == ([0, 1, 0, 0, 1], 2, 1, 2)
    assert page["mean"] == -1, "two are too few for a mean"


async def test_ratings_are_filtered_paged_and_marked_as_looked_at(office: Office) -> None:
    ana, sue = await floor_of(office)
    refs = [await served(office, ana, key=f"k{score}", score=score) for score in range(1, 6)]
    first = (await sue.get("/ratings?limit=2")).body
    rest = (await sue.get(f"/ratings?limit=9&after={first['next']}")).body
    assert [each["score"] for each in (*first["items"], *rest["items"])] == [5, 4, 3, 2, 1]
    assert (first["mean"], rest["next"]) == (3_000, "")
    for query, scores in (("score_max=2", [2, 1]), ("channel=email", []), ("queue=night", []), ("worded=true", [])):
        assert [each["score"] for each in (await sue.get(f"/ratings?{query}")).body["items"]] == scores, query
    assert (await sue.post(f"/ratings/{refs[0]}/seen")).status == 204
    unseen = (await sue.get("/ratings?unseen=true&score_max=2")).body["items"]
    assert [each["ref"] for each in unseen] == [refs[1]]
    assert (await sue.call("DELETE", f"/ratings/{refs[0]}/seen")).status == 204
    assert (await sue.get("/ratings?unseen=true&score_max=2")).body["many"] == 2
    assert (await sue.get("/reviews/count")).body["unseen"] == 2


async def test_an_agent_sees_their_own_ratings_only(office: Office) -> None:
    ana, sue = await floor_of(office)
    eve = await office.desk("eve")
    ref = await served(office, ana, score=1)
    assert ana.account is not None
    assert [each["ref"] for each in (await ana.get("/ratings")).body["items"]] == [ref]
    assert (await eve.get(f"/ratings?agent={ana.account.id}")).body["items"] == []
    assert (await ana.post(f"/ratings/{ref}/seen")).code == "role"
    assert (await sue.post("/ratings/nowhere/seen")).code == "not_visible"


async def test_ratings_are_counted_apart_and_an_agent_is_told_of_their_own_only(office: Office) -> None:
    ana, sue = await floor_of(office)
    eve = await office.desk("eve")
    assert ana.account is not None
    for number, score in enumerate((5, 5, 4, 1, 5)):
        await served(office, ana, key=f"k{number}", score=score)
    await served(office, ana, key="unrated")
    (line,) = (await sue.get("/ratings/split?by=agent")).body["items"]
    assert (line["of"], line["name"], line["many"], line["ended"]) == (str(ana.account.id), "Ana", 5, 6)
    assert (line["counts"], line["mean"]) == ([1, 0, 0, 1, 3], 4_000)
    for by, of in (("queue", "general"), ("channel", "chat")):
        assert [each["of"] for each in (await sue.get(f"/ratings/split?by={by}&days=7")).body["items"]] == [of], by
        assert (await eve.get(f"/ratings/split?by={by}&agent={ana.account.id}")).body["items"] == [], by
    assert (await sue.get("/ratings/split?by=words")).status == 400


async def test_a_week_is_drawn_when_it_is_over_and_what_went_badly_at_once(office: Office) -> None:
    ana, sue = await floor_of(office)
    refs = [await served(office, ana, key=f"k{number}") for number in range(3)]
    bad = await served(office, ana, key="bad", score=1)
    week = 20251006  # of NOW_MS
    now = (await sue.get(f"/reviews/to-do?week={week}")).body
    assert (now["over"], now["after"], now["before"]) == (False, 0, 20250929)
    assert [each["ref"] for each in now["agents"][0]["items"]] == [bad]
    office.clock.at += WEEK_MS
    await sue.sign_in()
    drawn = (await sue.get("/reviews/to-do")).body
    assert (drawn["week"], drawn["over"], drawn["after"]) == (week, True, 20251013)
    (agent,) = drawn["agents"]
    assert (agent["agent"]["name"], agent["done"]) == ("Ana", 0)
    assert [each["why"] for each in agent["items"]] == ["rated", "lot"]
    assert (await sue.get("/reviews/to-do")).body == drawn, "the same draw every time"
    chosen = next(ref for ref in refs if ref != agent["items"][1]["ref"])
    await handed(sue, agent["items"][1]["ref"])
    await done(sue, chosen, "begin")
    (agent,) = (await sue.get("/reviews/to-do")).body["agents"]
    assert (agent["done"], [each["stage"] for each in agent["items"]]) == (1, ["", "handed", "draft"])
    assert agent["items"][2]["why"] == "chosen"
    assert (await sue.get("/reviews/to-do?week=20251007")).body["error"]["field"] == "week"
    assert (await sue.get("/reviews/to-do?week=20991005")).status == 400


async def test_a_review_goes_its_whole_way(office: Office) -> None:
    ana, sue = await floor_of(office)
    ref = await served(office, ana, score=2, words="Slow.")
    new = (await sue.get(f"/conversations/{ref}/review")).body
    assert (new["line"], new["can"], new["card"]["name"]) == (None, ["begin"], "talk")
    assert (new["rating"]["score"], new["rating"]["words"]) == (2, "Slow.")
    case = await done(sue, ref, "begin")
    assert (case["line"]["stage"], case["line"]["why"], case["line"]["score"]) == ("draft", "rated", -1)
    case = await done(sue, ref, "save", 1, answers={"kind": 3}, notes={"kind": "Warm."}, said="Well done.")
    assert (case["line"]["version"], case["notes"], case["said"]) == (2, {"kind": "Warm."}, "Well done.")
    assert (await do(sue, ref, "hand", 2)).code == "review_open"
    case = await done(sue, ref, "hand", 2, answers=GOOD)
    assert (case["line"]["stage"], case["line"]["score"]) == ("handed", 813)
    mine = (await ana.get(f"/conversations/{ref}/review")).body
    assert (mine["can"], mine["said"]) == (["answer"], "Well done.")
    assert (await ana.get("/reviews/count")).body["to_answer"] == 1
    assert (await do(ana, ref, "answer", 3, view="differ")).code == "review_no_words"
    await done(ana, ref, "answer", 3, view="differ", words="I was right.")
    assert (await do(ana, ref, "answer", 4, view="agree")).code == "review_stage"
    assert (await sue.get("/reviews/count")).body["to_settle"] == 1
    case = await done(sue, ref, "settle", 4, words="You were.", answers={"kind": 4, "right": 1})
    assert (case["line"]["stage"], case["line"]["score"], case["settled"]) == ("settled", 1_000, "You were.")
    assert (case["settler"]["name"], case["answer"], case["can"]) == ("Sue", "I was right.", [])


async def test_a_fatal_question_makes_the_whole_nothing(office: Office) -> None:
    ana, sue = await floor_of(office)
    ref = await served(office, ana)
    assert (await handed(sue, ref, answers={"kind": 4, "right": 0}))["line"]["score"] == 0


async def test_a_draft_is_no_agents_to_see_and_nobody_reviews_their_own(office: Office) -> None:
    ana, sue = await floor_of(office)
    boss = await office.desk("boss", role="supervisor", shift=True)
    ref = await served(office, ana)
    await done(sue, ref, "begin")
    assert (await ana.get(f"/conversations/{ref}/review")).code == "not_visible"
    assert (await ana.get("/reviews")).body["items"] == []
    assert (await do(ana, ref, "save", 1)).code == "not_visible"
    await ana.call("DELETE", "/shift", {})
    own = await served(office, boss, key="k2")
    assert (await do(boss, own, "begin")).code == "review_own"
    await done(sue, own, "begin")
    hidden = (await boss.get(f"/conversations/{own}/review")).body
    assert (hidden["line"], hidden["can"]) == (None, [])
    assert [each["ref"] for each in (await boss.get("/reviews")).body["items"]] == [ref]
    assert [each["ref"] for each in (await sue.get("/reviews")).body["items"]] == [own, ref]
    office.clock.at += WEEK_MS
    await boss.sign_in()
    assert [each["agent"]["name"] for each in (await boss.get("/reviews/to-do")).body["agents"]] == ["Ana"]


async def test_who_served_it_then_sees_their_review_though_it_came_back_to_somebody_else(office: Office) -> None:
    ana, sue = await floor_of(office)
    eve = await office.desk("eve")
    assert eve.account is not None
    ref = await served(office, ana)
    case = await handed(sue, ref)
    for nowhere in (ref, "nowhere"):
        assert (await eve.get(f"/conversations/{nowhere}/review")).code == "not_visible"
        assert (await do(eve, nowhere, "begin")).code == "not_visible"
    kept = await office.store.reviews.get(SITE, 1)
    assert kept is not None
    before = msgspec.structs.replace(kept, agent=eve.account.id, command="then")
    assert await office.store.reviews.drop(SITE, 1, version=case["line"]["version"]) is False
    await done(sue, ref, "take_back", case["line"]["version"])
    assert await office.store.reviews.drop(SITE, 1, version=kept.version + 1)
    await office.store.reviews.begin(SITE, before)
    assert (await eve.get(f"/conversations/{ref}/review")).body["can"] == ["answer"]
    assert (await ana.get(f"/conversations/{ref}/review")).code == "not_visible"


async def test_two_reviewers_at_once_learn_who_was_faster(office: Office) -> None:
    ana, sue = await floor_of(office)
    tom = await office.desk("tom", role="supervisor")
    ref = await served(office, ana)
    both = await asyncio.gather(do(sue, ref, "begin"), do(tom, ref, "begin"))
    assert sorted(answer.status for answer in both) == [200, 409]
    assert next(answer.code for answer in both if answer.status == 409) == "review_begun"
    first, second = (sue, tom) if both[0].status == 200 else (tom, sue)
    assert (await second.get(f"/conversations/{ref}/review")).body["can"] == ["take"]
    assert (await do(second, ref, "save", 1, said="x")).code == "review_not_yours"
    await done(second, ref, "take", 1)
    late = await do(first, ref, "save", 1, said="Mine.")
    assert (late.status, late.code) == (409, "review_changed")
    assert (await first.get(f"/conversations/{ref}/review")).body["editor"]["name"] == second.account.name  # type: ignore[union-attr]


async def test_the_same_deed_again_changes_nothing_and_a_draft_can_go(office: Office) -> None:
    ana, sue = await floor_of(office)
    ref = await served(office, ana)
    assert await done(sue, ref, "begin") == await done(sue, ref, "begin")
    assert await done(sue, ref, "save", 1, said="x") == await done(sue, ref, "save", 1, said="x")
    case = await done(sue, ref, "hand", 2, answers=GOOD)
    assert (await do(sue, ref, "drop", 3)).code == "review_stage"
    case = await done(sue, ref, "take_back", case["line"]["version"])
    assert (await ana.get(f"/conversations/{ref}/review")).code == "not_visible"
    gone = await done(sue, ref, "drop", case["line"]["version"])
    assert (gone["line"], gone["can"]) == (None, ["begin"])
    assert await done(sue, ref, "drop", case["line"]["version"]) == gone


async def test_what_cannot_be_is_refused_by_name(office: Office) -> None:
    ana, sue = await floor_of(office)
    conv = await office.arrives("hello", key="open")
    assert (await do(sue, office.ref(conv), "begin")).code == "review_unserved"
    ref = await served(office, ana, key="k2")
    assert (await do(sue, ref, "save", 0)).code == "not_visible"
    await done(sue, ref, "begin")
    for said, field in (
        ({"answers": {"kind": 5}}, "answers"),
        ({"answers": {"moon": 1}}, "answers"),
        ({"notes": {"moon": "?"}}, "notes"),
        ({"view": "agree"}, "view"),
        ({"said": "x" * 10_001}, "said"),
    ):
        answer = await do(sue, ref, "save", 1, **said)
        assert (answer.status, answer.body["error"]["field"]) == (400, field), answer.text


async def test_figures_and_their_table_say_of_how_many_they_are(office: Office) -> None:
    ana, sue = await floor_of(office)
    refs = [await served(office, ana, key=f"k{number}") for number in range(2)]
    for ref, answers in zip(refs, (GOOD, {"kind": -1, "right": 1}), strict=True):
        await handed(sue, ref, answers=answers, said="secret")
    await done(ana, refs[0], "answer", 2, view="differ", words="No.")
    found = (await sue.get("/reviews/figures?weeks=2")).body
    assert (found["mean"], found["many"], found["whole"]) == (907, 2, True)
    assert [(week["mean"], week["many"]) for week in found["weeks"]] == [(-1, 0), (907, 2)]
    (agent,) = found["agents"]
    assert (agent["agent"]["name"], agent["team"], agent["answered"], agent["differ"]) == ("Ana", "east", 1, 1)
    assert found["teams"] == [{"team": "east", "mean": 907, "many": 2}]
    assert [(each["question"], each["mean"], each["many"]) for each in found["questions"]] == [
        ("kind", 750, 1),
        ("right", 1_000, 2),
    ]
    table = await sue.get("/reviews/export?weeks=2")
    rows = list(csv.DictReader(io.StringIO(table.text.removeprefix("\ufeff"))))
    assert [(row["agent"], row["reviewer"], row["score"]) for row in rows] == [
        ("Ana", "Sue", "813"),
        ("Ana", "Sue", "1000"),
    ]
    assert "secret" not in table.text
    assert rows[0]["handed"] == "2025-10-09T08:53:20+00:00"
