"""Blocking whoever writes in a conversation, at the desk: who may, for how long, and who takes it back."""

from __future__ import annotations

from typing import Any

from tests.dashboard.office import NOW_MS, SITE, Office

HOUR_MS = 3_600_000
ADA = [("chat", "k1"), ("line", "chat:k1")]


async def blocked(office: Office, *, at: int = NOW_MS) -> bool:
    return await office.store.senders.of(SITE, ADA, now_ms=at) == {0: "blocked", 1: "blocked"}


async def test_an_owner_blocks_who_writes_for_a_day_and_takes_it_back(office: Office) -> None:
    desk = await office.desk("ana", shift=True)
    conv = await office.arrives("buy now")
    await desk.accept(conv)
    at = f"/conversations/{office.ref(conv)}/block"
    assert (await desk.get(at)).body == {"stands": False, "until_ms": 0, "reason": "", "by": None, "mine": False}
    made = await desk.post(at, {"reason": "spam", "until_ms": NOW_MS + HOUR_MS})
    assert desk.account is not None
    me = {"id": desk.account.id, "name": "Ana"}
    wanted = {"stands": True, "until_ms": NOW_MS + HOUR_MS, "reason": "spam", "by": me, "mine": True}
    assert made.body == (await desk.get(at)).body == wanted
    assert await blocked(office)
    assert not await blocked(office, at=NOW_MS + HOUR_MS)
    assert office.floor.state.convs[conv].owner == desk.account.id, "the conversation stays where it is"
    assert (await desk.call("DELETE", at, {})).status == 204
    assert not await blocked(office)


async def test_an_agent_blocks_nobody_for_longer_than_a_day(office: Office) -> None:
    desk = await office.desk("ana", shift=True)
    conv = await office.arrives("buy now")
    await desk.accept(conv)
    for until_ms in (0, NOW_MS + 24 * HOUR_MS + 1, NOW_MS):
        answer = await desk.post(f"/conversations/{office.ref(conv)}/block", {"reason": "spam", "until_ms": until_ms})
        assert (answer.status, answer.body["error"]["field"]) == (400, "until_ms")
    assert not await blocked(office)


async def test_what_is_not_mine_i_do_not_block(office: Office) -> None:
    desk = await office.desk("ana", shift=True)
    conv = await office.arrives("buy now")
    answer = await desk.post(f"/conversations/{office.ref(conv)}/block", {"reason": "spam", "until_ms": NOW_MS + 9})
    assert (answer.status, answer.code) == (409, "not_yours")
    assert not await blocked(office)


async def test_a_supervisor_blocks_for_good_and_no_agent_shortens_or_lifts_it(office: Office) -> None:
    sue, desk = await office.desk("sue", role="supervisor"), await office.desk("ana", shift=True)
    conv = await office.arrives("buy now")
    await desk.accept(conv)
    at = f"/conversations/{office.ref(conv)}/block"
    made: dict[str, Any] = (await sue.post(at, {"reason": "threat", "until_ms": 0})).body
    assert (made["stands"], made["until_ms"], made["mine"]) == (True, 0, True)
    theirs = (await desk.post(at, {"reason": "spam", "until_ms": NOW_MS + HOUR_MS})).body
    assert (theirs["until_ms"], theirs["reason"], theirs["mine"]) == (0, "threat", False)
    assert (await desk.call("DELETE", at, {})).status == 204
    assert await blocked(office, at=NOW_MS + 100 * HOUR_MS)
    assert (await sue.call("DELETE", at, {})).status == 204
    assert not await blocked(office)
