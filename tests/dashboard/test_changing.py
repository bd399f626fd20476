"""Desks hear that a complaint, a review, an article has changed: what kind, and which is theirs now; no more."""

from __future__ import annotations

import asyncio

import pytest

from dashboard import changing
from tests.dashboard.office import Office
from tests.dashboard.test_complaints import done, recorded

ARTICLE = {"slug": "care", "language": "en", "title": "Care", "text": "Dry it.", "command_id": "a1"}


async def test_everybody_hears_what_kind_has_changed_and_only_the_new_owner_which(office: Office) -> None:
    ana, sue = await office.desk("ana", shift=True), await office.desk("sue", role="supervisor")
    hers, his = await ana.socket(), await sue.socket()
    case = await recorded(sue)
    assert (await hers.next("changed"))["kind"] == "complaint"
    assert "ref" not in await his.next("changed")
    await done(sue, case, "assign", owner=ana.account.id)
    assert (await hers.next("changed", ref="1"))["kind"] == "complaint"
    assert "ref" not in await his.next("changed")
    mine = (await ana.get("/complaints/1")).body
    await done(ana, mine, "acknowledge", words="We have it.")
    assert "ref" not in await hers.next("changed")


async def test_a_hundred_changes_of_a_moment_are_told_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changing, "EVERY_S", 0.05)
    ana = await office.desk("ana")
    socket = await ana.socket()
    for _ in range(100):
        office.changes.tell("review")
    office.changes.tell("article")
    office.changes.tell("what only a newer node has")
    told = [(await socket.next("changed"))["kind"] for _ in range(2)]
    assert told == ["article", "review"]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(socket.next("changed"), 0.3)


async def test_what_was_refused_or_only_read_is_told_to_nobody(office: Office) -> None:
    sue = await office.desk("sue", role="supervisor")
    heard: list[str] = []
    office.changes.hear(lambda kind, ref, agent: heard.append(kind))
    assert (await sue.get("/complaints")).status == 200
    assert (await sue.post("/complaints", {"command_id": "r1", "queue": "nowhere"})).status == 400
    assert heard == []
    await recorded(sue)
    assert heard == ["complaint"]
