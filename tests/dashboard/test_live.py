"""What the socket tells: offers, lines, stories, typing, and a configuration that is broken."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from dashboard.hub import QUEUES_EVERY_S
from router.core import commands as cmd
from tests.dashboard.office import Office, Socket, eventually


async def test_a_new_desk_is_told_to_fetch_itself(office: Office) -> None:
    socket = await (await office.desk("ana")).socket()
    assert socket.welcome["resync"] is True
    assert socket.welcome["seq"] == office.floor.position
    assert socket.welcome["version"].startswith("0.1.0-")


async def test_signing_in_attaches_every_tab_and_shows_oneself(office: Office) -> None:
    ana = await office.desk("ana")
    first, second = await ana.socket(), await ana.socket()
    await ana.post("/shift")
    for socket in (first, second):
        assert (await socket.next("desk", me=None))["me"]["presence"] == "available"
    assert ana.account is not None
    agent = office.floor.state.agents[ana.account.id]
    await eventually(lambda: len(agent.desks) == 2)
    await first.ws.close()
    await eventually(lambda: len(agent.desks) == 1)
    assert agent.available


async def test_after_signing_out_of_the_floor_there_is_no_me(office: Office) -> None:
    ana = await office.desk("ana")
    socket = await ana.begin()
    await ana.call("DELETE", "/shift", {})
    while True:
        frame = await socket.next("desk", me=None)
        if frame["me"] is None:
            break


async def test_an_offer_that_lapses_is_withdrawn_on_the_desk(office: Office) -> None:
    ana = await office.desk("ana")
    socket = await ana.begin()
    conv = await office.arrives("hello")
    offered = (await socket.next("desk", offers=None))["offers"][0]
    office.clock.at = offered["until_ms"] + 1
    withdrawn = (await socket.next("desk", withdrawn=None))["withdrawn"]
    assert withdrawn == [{"offer": offered["offer"], "ref": office.ref(conv), "why": "lapsed"}]
    assert (await socket.next("desk", me=None))["me"]["presence"] == "not_responding"


async def test_only_the_asked_agent_hears_of_an_offer(office: Office) -> None:
    ana, ben = await office.desk("ana"), await office.desk("ben")
    await ana.begin()
    socket = await ben.begin()
    await ben.post("/presence", {"presence": "lunch"})
    conv = await office.arrives("for ana alone")
    await ana.accept(conv)
    await ben.post("/presence", {"presence": "available"})
    while (await socket.next("desk", me=None))["me"]["presence"] != "available":
        continue
    assert office.ref(conv) not in json.dumps(socket.frames)
    assert "for ana alone" not in json.dumps(socket.frames)


async def test_queue_lines_come_at_most_four_times_a_second(office: Office) -> None:
    socket = await (await office.desk("ana")).socket()
    started = asyncio.get_running_loop().time()
    for number in range(40):
        await office.arrives("hello", key=f"k{number}")
    while True:
        frame = await socket.next("desk", queues=None)
        if frame["queues"][0]["waiting"] == 40:
            break
    spent_s = asyncio.get_running_loop().time() - started
    told = [each for each in socket.frames if "queues" in each]
    assert len(told) <= spent_s / QUEUES_EVERY_S + 1
    assert [line["name"] for line in told[-1]["queues"]] == ["general"]


async def test_the_looked_at_story_goes_on_and_shows_what_became_of_a_reply(office: Office) -> None:
    ana = await office.desk("ana")
    socket = await ana.begin()
    conv = await office.arrives("first", channel="email")
    ref = office.ref(conv)
    await ana.accept(conv)
    await socket.say(type="look", ref=ref)
    assert await next_items(socket, "in", text="first")
    await office.arrives("second", channel="email")
    assert len(await next_items(socket, "in", text="second")) == 1
    said = await ana.post(f"/conversations/{ref}/reply", {"text": "answer", "client_id": "c9"})
    (out,) = await next_items(socket, "out")
    assert (out["client"], out["status"], out["author"]) == ("c9", "queued", "Ana")
    report = cmd.ReportDelivery(id="r1", conv=conv, message=said.body["message"], status="failed", reason="5.1.1")
    await office.made(report)
    (failed,) = await next_items(socket, "out", status="failed")
    assert (failed["seq"], failed["detail"]) == (out["seq"], "5.1.1")


async def next_items(socket: Socket, kind: str, **has: Any) -> list[dict[str, Any]]:
    """Return the next items like this. A known one may come again, as it is now."""
    while True:
        frame = await socket.next("story")
        found = [each for each in frame["items"] if {"kind": kind, **has}.items() <= each.items()]
        if found:
            return found


async def test_what_its_owner_looks_at_is_read(office: Office) -> None:
    ana = await office.desk("ana")
    socket = await ana.begin()
    conv = await office.arrives("hello")
    await ana.accept(conv)
    assert (await ana.get("/desk")).body["work"][0]["unread"] == 1
    await socket.say(type="look", ref=office.ref(conv))
    while (await socket.next("desk", work=None))["work"][0]["unread"] != 0:
        continue
    assert (await ana.get("/desk")).body["work"][0]["unread"] == 0


async def test_a_supervisor_may_watch_a_story_that_is_nobodys(office: Office) -> None:
    sue = await office.desk("sue", role="supervisor")
    socket = await sue.socket()
    conv = await office.arrives("anybody?")
    await socket.say(type="look", ref=office.ref(conv))
    await socket.next("story")
    await office.arrives("hello??")
    assert await next_items(socket, "in", text="hello??")
    await socket.say(type="look", ref=None)
    await socket.say(type="ping")
    await socket.next("pong")
    await office.arrives("unseen")
    await socket.say(type="ping")
    await socket.next("pong")
    assert "unseen" not in json.dumps(socket.frames)


async def test_a_story_one_may_not_see_stays_closed(office: Office) -> None:
    socket = await (await office.desk("ana")).socket()
    conv = await office.arrives("secret bill", topics=("bill",))
    await socket.say(type="look", ref=office.ref(conv))
    await socket.say(type="ping")
    await socket.next("pong")
    assert "secret" not in json.dumps(socket.frames)


async def test_a_long_text_is_cut_in_the_frame_and_whole_in_the_story(office: Office) -> None:
    ana = await office.desk("ana")
    socket = await ana.begin()
    conv = await office.arrives("x" * 90_000)
    await ana.accept(conv)
    await socket.say(type="look", ref=office.ref(conv))
    (item,) = await next_items(socket, "in")
    assert item["cut"] is True
    assert len(item["text"]) < 10_000
    whole = (await ana.get(f"/conversations/{office.ref(conv)}/story")).body["items"]
    assert len(next(each for each in whole if each["kind"] == "in")["text"]) == 90_000


async def test_no_frame_is_larger_than_promised(office: Office) -> None:
    ana = await office.desk("ana", capacity=1_000)
    socket = await ana.begin()
    for _ in range(25):
        conv = await office.arrives("ไทย" * 1_900, key="same")
    await ana.accept(conv)
    await socket.say(type="look", ref=office.ref(conv))
    seen = set[int]()
    while len(seen) < 25:
        frame = await socket.next("story")
        assert len(json.dumps(frame, ensure_ascii=False).encode()) <= 64 * 1024
        seen |= {each["seq"] for each in frame["items"] if each["kind"] == "in"}


async def test_typing_is_passed_on_both_ways(office: Office) -> None:
    ana, ben = await office.desk("ana"), await office.desk("ben", skills={"billing": 5})
    socket = await ana.begin()
    conv = await office.arrives("hello")
    await ana.accept(conv)
    line = office.floor.state.convs[conv].line
    office.signs.typed(line, True)
    assert (await socket.next("typing"))["ref"] == office.ref(conv)
    told: list[bool] = []
    office.signs.hold(line, told.append)
    other = await ben.socket()
    await other.say(type="typing", ref=office.ref(conv), on=True)
    await other.say(type="ping")
    await other.next("pong")
    assert told == []
    await socket.say(type="typing", ref=office.ref(conv), on=True)
    await eventually(lambda: told == [True])


async def test_a_broken_configuration_is_shown_to_those_who_can_mend_it(office: Office) -> None:
    ana, sue = await office.desk("ana"), await office.desk("sue", role="supervisor")
    agents, supervisors = await ana.socket(), await sue.socket()
    office.problems.append("site.yaml:8:3: write `phone`")
    assert (await supervisors.next("banner"))["text"] == "site.yaml:8:3: write `phone`"
    late = await sue.socket()
    assert (await late.next("banner"))["kind"] == "settings"
    office.problems.clear()
    while "text" in await supervisors.next("banner"):
        continue
    await agents.say(type="ping")
    await agents.next("pong")
    assert "banner" not in {frame["type"] for frame in agents.frames}
