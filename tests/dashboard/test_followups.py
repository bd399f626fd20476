"""Follow-ups at the API: what comes back when and to whom, who sees it, and what may be done about it."""

from __future__ import annotations

from typing import Any

import msgspec

from router.core.bundle import DAY_MS, HOUR_MS, MINUTE_MS, Callback
from router.core.commands import RequestCallback
from router.node.wakes import Wakes
from router.telemetry import Telemetry
from router.views.keeper import Keeper
from router.views.promises import PROMISES_VIEW
from tests.dashboard.office import NOW_MS, SITE, Answer, Desk, Office, bundle

# The office's Thursday morning, 10:53 in Prague.
TOMORROW_MS, NEXT_WEEK_MS = NOW_MS + DAY_MS, NOW_MS + 5 * DAY_MS


async def followed(office: Office) -> None:
    """The view has read what was decided."""
    keeper = Keeper(PROMISES_VIEW, SITE, office.store)
    await keeper.begin()
    await keeper.catch_up()


async def due(office: Office, at_ms: int) -> None:
    """Time has come to there, and what is due then has come back."""
    office.clock.at = at_ms
    await Wakes(office.floor, office.store.archive, office.clock, telemetry=Telemetry()).turn()
    await followed(office)


async def parked(office: Office, desk: Desk, *, until_ms: int, key: str = "k1", note: str = "") -> str:
    """A conversation that its owner has promised to come back to."""
    conv = await office.arrives("hello", key=key)
    await desk.accept(conv)
    ref = office.ref(conv)
    if note:
        await desk.post(f"/conversations/{ref}/note", {"text": note, "client_id": f"n-{key}"})
    answer = await desk.post(f"/conversations/{ref}/park", {"until_ms": until_ms})
    assert answer.status == 200, answer.text
    await followed(office)
    return ref


async def listed(desk: Desk, asked: str = "") -> list[dict[str, Any]]:
    answer = await desk.get(f"/followups{asked}")
    assert answer.status == 200, answer.text
    return list(answer.body["items"])


async def at_desk(desk: Desk) -> list[dict[str, Any]]:
    return list((await desk.get("/desk")).body["work"])


async def told(desk: Desk, ref: str) -> list[dict[str, Any]]:
    return list((await desk.get(f"/conversations/{ref}/story")).body["items"])


async def act(desk: Desk, ref: str, deed: str, **said: Any) -> Answer:
    answer = await desk.post(f"/followups/{ref}/{deed}", {"command_id": f"{deed}1", **said})
    await followed(desk.office)
    return answer


async def test_a_follow_up_said_in_wrap_up_is_listed_with_its_promise(office: Office) -> None:
    ana = await office.desk("ana", shift=True)
    conv = await office.arrives("hello")
    await ana.accept(conv)
    ref = office.ref(conv)
    await ana.post(f"/conversations/{ref}/close")
    said = {"note": "Call about the refund", "follow_up_ms": TOMORROW_MS}
    assert (await ana.post(f"/conversations/{ref}/wrap-up", said)).status == 200
    await followed(office)
    (line,) = await listed(ana)
    assert (line["ref"], line["kind"], line["due_ms"], line["group"]) == (ref, "follow_up", TOMORROW_MS, "tomorrow")
    assert (line["note"], line["customer"]["name"], line["channel"]) == ("Call about the refund", "Ada k1", "chat")
    assert (line["owner"]["name"], line["there"], line["can"]) == ("Ana", "here", ["take", "move", "done"])
    one = (await ana.get(f"/followups/{ref}")).body
    assert (one["note"], one["noted_by"]["name"], one["outcomes"]) == (
        "Call about the refund",
        "Ana",
        ["solved", "other"],
    )
    assert one["line"] == line
    assert (await ana.get(f"/followups/{ref}/colleagues")).code == "role"


async def test_groups_are_days_of_the_sites_clock(office: Office) -> None:
    ana = await office.desk("ana", shift=True, capacity=1_000)
    midnight_ms = 1_760_047_200_000  # 10 October in Prague, two hours before it is in London
    times = (NOW_MS + MINUTE_MS, midnight_ms - 1, midnight_ms, midnight_ms + DAY_MS, midnight_ms + 3 * DAY_MS)
    for number, until_ms in enumerate(times):
        await parked(office, ana, until_ms=until_ms, key=f"k{number}")
    assert [each["group"] for each in await listed(ana)] == ["today", "today", "tomorrow", "week", "later"]
    office.clock.at += MINUTE_MS
    counts = (await ana.get("/followups/count")).body
    assert (counts["late"], counts["mine_late"], counts["mine_today"]) == (1, 1, 1)
    assert [each["group"] for each in await listed(ana)][:2] == ["late", "today"]


async def test_at_its_time_it_comes_back_to_its_owner_and_is_no_promise_any_more(office: Office) -> None:
    ana = await office.desk("ana", shift=True)
    ref = await parked(office, ana, until_ms=NOW_MS + HOUR_MS)
    await due(office, NOW_MS + HOUR_MS)
    assert await listed(ana) == []
    (mine,) = await at_desk(ana)
    assert (mine["ref"], mine["state"]) == (ref, "active")
    assert [each["detail"] for each in await told(ana, ref) if each["kind"] == "returned"] == ["due"]
    assert (await ana.get(f"/followups/{ref}")).code == "followup_over"


async def test_one_whose_owner_is_gone_is_late_and_somebody_else_takes_it_up(office: Office) -> None:
    ana = await office.desk("ana", shift=True)
    ref = await parked(office, ana, until_ms=NOW_MS + HOUR_MS)
    assert ana.account is not None
    await ana.call("DELETE", "/shift", {"forced": True})
    await office.store.accounts.change(SITE, msgspec.structs.replace(ana.account, disabled=True))
    sue = await office.desk("sue", role="supervisor")
    (line,) = await listed(sue, "?scope=all")
    assert (line["there"], line["group"]) == ("gone", "today")
    await due(office, NOW_MS + HOUR_MS)
    (line,) = await listed(sue, "?scope=all")
    assert (line["group"], line["state"], line["back_ms"]) == ("late", "waiting", NOW_MS + HOUR_MS)
    bob = await office.desk("bob", shift=True)
    await bob.accept(office.floor.state.lines[1])
    await followed(office)
    assert await listed(sue, "?scope=all") == []
    assert [each["ref"] for each in await at_desk(bob)] == [ref]


async def test_taken_up_before_its_time_it_is_on_the_desk_at_once(office: Office) -> None:
    ana = await office.desk("ana", shift=True)
    ref = await parked(office, ana, until_ms=TOMORROW_MS)
    answer = await act(ana, ref, "take")
    assert answer.status == 200, answer.text
    assert [(each["ref"], each["state"]) for each in await at_desk(ana)] == [(ref, "active")]
    assert await listed(ana) == []
    assert (await act(ana, ref, "take")).body == answer.body, "said again it gets the first answer"


async def test_who_is_not_signed_in_takes_nothing_up(office: Office) -> None:
    ana = await office.desk("ana", shift=True)
    ref = await parked(office, ana, until_ms=TOMORROW_MS)
    await ana.call("DELETE", "/shift", {"forced": True})
    assert (await act(ana, ref, "take")).code == "agent_unknown"


async def test_it_is_moved_with_a_word_why_and_nobody_undoes_who_was_faster(office: Office) -> None:
    ana = await office.desk("ana", shift=True)
    ref = await parked(office, ana, until_ms=TOMORROW_MS, note="first")
    answer = await act(ana, ref, "move", due_ms=TOMORROW_MS, until_ms=NEXT_WEEK_MS, note="They are away")
    assert answer.status == 200, answer.text
    (line,) = await listed(ana)
    assert (line["due_ms"], line["note"], line["kind"], line["group"]) == (
        NEXT_WEEK_MS,
        "They are away",
        "snoozed",
        "later",
    )
    second = await act(ana, ref, "move", command_id="m2", due_ms=TOMORROW_MS, until_ms=TOMORROW_MS + 1)
    assert (second.status, second.code) == (409, "followup_changed")
    assert (await act(ana, ref, "move", due_ms=TOMORROW_MS, until_ms=NEXT_WEEK_MS)).body == answer.body
    past = await act(ana, ref, "move", command_id="m3", due_ms=NEXT_WEEK_MS, until_ms=NOW_MS)
    assert past.code == "until_past"
    far = await act(ana, ref, "move", command_id="m4", due_ms=NEXT_WEEK_MS, until_ms=NOW_MS + 400 * DAY_MS)
    assert (far.status, far.body["error"]["field"]) == (400, "until_ms")


async def test_it_is_done_with_its_outcome_and_a_note(office: Office) -> None:
    ana = await office.desk("ana", shift=True)
    ref = await parked(office, ana, until_ms=TOMORROW_MS)
    wrong = await act(ana, ref, "done", due_ms=TOMORROW_MS, disposition="eaten")
    assert wrong.code == "disposition_unknown"
    answer = await act(ana, ref, "done", command_id="d2", due_ms=TOMORROW_MS, disposition="solved", note="Paid.")
    assert answer.status == 200, answer.text
    assert await listed(ana) == []
    assert (await ana.get(f"/conversations/{ref}")).body["state"] == "closed"
    assert [each["text"] for each in await told(ana, ref) if each["kind"] == "note"] == ["Paid."]


async def test_others_may_not_and_a_supervisor_says_why(office: Office) -> None:
    ana = await office.desk("ana", shift=True)
    bob, sue = await office.desk("bob"), await office.desk("sue", role="supervisor")
    ref = await parked(office, ana, until_ms=TOMORROW_MS)
    assert await listed(bob) == []
    assert [each["can"] for each in await listed(bob, "?scope=all")] == [[]]
    assert (await act(bob, ref, "move", due_ms=TOMORROW_MS, until_ms=NEXT_WEEK_MS)).code == "not_yours"
    assert (await act(bob, ref, "take")).code == "not_yours"
    assert (await act(sue, ref, "move", due_ms=TOMORROW_MS, until_ms=NEXT_WEEK_MS)).code == "reason_missing"
    moved = await act(sue, ref, "move", due_ms=TOMORROW_MS, until_ms=NEXT_WEEK_MS, reason="customer_asked")
    assert moved.status == 200, moved.text
    assert [each["due_ms"] for each in await listed(ana)] == [NEXT_WEEK_MS]


async def test_it_is_handed_to_a_colleague_who_serves_its_queue(office: Office) -> None:
    ana = await office.desk("ana", shift=True)
    bob, sue = await office.desk("bob", shift=True), await office.desk("sue", role="supervisor")
    blind = await office.desk("eve", channels=[])
    ref = await parked(office, ana, until_ms=NOW_MS + 2 * HOUR_MS)
    able = (await sue.get(f"/followups/{ref}/colleagues")).body
    assert {each["name"]: each["here"] for each in able} == {"Bob": True, "Sue": False}
    assert bob.account
    assert blind.account
    said = {"due_ms": NOW_MS + 2 * HOUR_MS, "reason": "owner_away", "to_agent": bob.account.id}
    assert (await act(sue, ref, "hand", **{**said, "to_agent": 999})).body["error"]["field"] == "to_agent"
    handed = await act(sue, ref, "hand", command_id="h2", **said)
    assert handed.status == 200, handed.text
    assert await listed(ana) == []
    assert [(each["ref"], each["due_ms"]) for each in await listed(bob)] == [(ref, NOW_MS + 2 * HOUR_MS)]
    await due(office, NOW_MS + 2 * HOUR_MS)
    assert [each["ref"] for each in await at_desk(bob)] == [ref]


async def test_a_supervisor_takes_up_somebody_elses(office: Office) -> None:
    ana, sue = await office.desk("ana", shift=True), await office.desk("sue", role="supervisor", shift=True)
    ref = await parked(office, ana, until_ms=TOMORROW_MS)
    assert (await act(sue, ref, "take")).code == "reason_missing"
    assert (await act(sue, ref, "take", reason="customer_asked")).status == 200
    assert [each["ref"] for each in await at_desk(sue)] == [ref]


async def test_a_call_back_belongs_to_nobody_and_whoever_serves_its_queue_may_move_it(office: Office) -> None:
    queues = bundle().queues
    general = msgspec.structs.replace(queues["general"], callback=Callback(), offer_ms=DAY_MS)
    await office.configure(bundle(queues={**queues, "general": general}))
    conv = await office.arrives("call me")
    ref, bob = office.ref(conv), await office.desk("bob")
    await office.made(RequestCallback(id="callback", conv=conv, at_ms=NOW_MS + 2 * HOUR_MS))
    await followed(office)
    (line,) = await listed(bob, "?scope=all")
    assert (line["kind"], line["owner"], line["there"]) == ("call_back", None, "")
    assert line["can"] == ["take", "move", "done"]
    moved = await act(bob, ref, "move", due_ms=line["due_ms"], until_ms=NOW_MS + 3 * HOUR_MS, reason="customer_asked")
    assert moved.status == 200, moved.text
    (line,) = await listed(bob, "?scope=all&kind=call_back")
    assert (line["kind"], line["due_ms"]) == ("call_back", NOW_MS + 3 * HOUR_MS)
    assert await listed(bob, "?scope=all&kind=snoozed") == []


async def test_pages_go_on_where_the_last_one_ended(office: Office) -> None:
    ana = await office.desk("ana", shift=True, team="north")
    office_mate = await office.desk("bob", team="north")
    stranger = await office.desk("cyd", team="south")
    refs = [await parked(office, ana, until_ms=TOMORROW_MS + n, key=f"k{n}") for n in range(5)]
    for desk, scope, wanted in (
        (ana, "mine", refs),
        (office_mate, "team", refs),
        (ana, "all", refs),
        (stranger, "team", []),
    ):
        seen: list[str] = []
        after = ""
        while True:
            page = (await desk.get(f"/followups?scope={scope}&limit=2&after={after}")).body
            seen += [each["ref"] for each in page["items"]]
            after = page["next"]
            if not after:
                break
        assert seen == wanted, scope
    assert page["team"] == "south"


async def test_what_is_not_for_my_queues_is_not_shown_and_not_counted(office: Office) -> None:
    ana = await office.desk("ana", shift=True, skills={"billing": 3})
    bob = await office.desk("bob")
    conv = await office.arrives("bill", topics=("bill",))
    await ana.accept(conv)
    await ana.post(f"/conversations/{office.ref(conv)}/park", {"until_ms": NOW_MS + HOUR_MS})
    await followed(office)
    office.clock.at += 2 * HOUR_MS
    assert await listed(bob, "?scope=all") == []
    assert (await bob.get("/followups/count")).body["late"] == 0
    assert (await ana.get("/followups/count")).body["late"] == 1
    assert (await bob.get(f"/followups/{office.ref(conv)}")).code == "not_visible"
